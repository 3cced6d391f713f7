"""Two clerks and a dying server at one return, really committed."""

from itertools import count
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.transaction import retrying
from ..inventory.gate_case import GateCase

_numbers = count(1)
KEY = "commit-return-of-nobody"


class Killed(BaseException):
    """The process ends here."""


@tagged("post_install", "-at_install")
class TestReceiptCommits(GateCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.clean_returns)
        with self.committed() as env:
            env["oms.site"].browse(self.site).takes_returns = True
            self.assertEqual(self.apply(env, self.operation("receive")), ["ok"])

    def clean_returns(self):
        with self.committed() as env:
            env["oms.return"].search([("receipt_key", "=", KEY)]).unlink()

    def operation(self, kind="item", **values):
        return {
            "uuid": f"commit-return-{self.product}-{next(_numbers)}",
            "return_key": KEY,
            "site_id": self.site,
            "kind": f"return_{kind}",
            "product_id": self.product,
            **values,
        }

    def apply(self, env, *operations):
        answers = env["oms.site.work"].apply(list(operations))
        env.flush_all()
        return [answer["outcome"] for answer in answers]

    def counted(self):
        with self.committed() as env:
            record = env["oms.return"].search([("receipt_key", "=", KEY)])
            return record.receipt_item_ids.mapped("quantity")

    def meet(self, first_told, second_told):
        """Let a second clerk, who has seen the return before, do something after the first."""
        with self.registry.cursor() as first, self.registry.cursor() as second:
            late = self.open(second)
            self.assertTrue(late["oms.return"].search([("receipt_key", "=", KEY)]).name)
            self.assertEqual(self.apply(self.open(first), first_told), ["ok"])
            first.commit()
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                self.apply(late, second_told)
            second.rollback()
        with self.committed() as env:
            return retrying(env, lambda own: self.apply(own, second_told))

    def test_what_two_count_at_once_adds_up(self):
        self.assertEqual(self.meet(self.operation(), self.operation(quantity=2)), ["ok"])
        self.assertEqual(self.counted(), [3])

    def test_the_same_told_twice_at_once_is_counted_once(self):
        told = self.operation()
        self.assertEqual(self.meet(told, told), ["repeated"])
        self.assertEqual(self.counted(), [1])

    def test_what_is_taken_off_twice_at_once_goes_once(self):
        with self.committed() as env:
            self.apply(env, self.operation())
        less = [self.operation(quantity=-1), self.operation(quantity=-1)]
        self.assertEqual(self.meet(*less), ["refused"])
        self.assertEqual(self.counted(), [])

    def test_a_server_that_dies_has_done_nothing(self):
        """Dead between two operations of one call: told again, each is done once."""
        told = [self.operation(), self.operation("grade")]
        with self.committed() as env:
            told[1]["grade_id"] = env["oms.grade"]._get_best().id
        model = self.registry["oms.site.work"]

        def die(*_args):
            raise Killed

        with self.registry.cursor() as cr:
            with patch.object(model, "_apply_return_grade", die), self.assertRaises(Killed):
                self.apply(self.open(cr), *told)
            cr.rollback()
        self.assertEqual(self.counted(), [])
        with self.committed() as env:
            self.assertEqual(self.apply(env, *told), ["ok", "ok"])
            self.assertEqual(self.apply(env, *told), ["repeated", "repeated"])
        self.assertEqual(self.counted(), [1])
