"""Two people and a dying server, really committed."""

from itertools import count
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.transaction import retrying
from ..inventory.gate_case import GateCase

_numbers = count(1)


class Killed(BaseException):
    """The process ends here."""


@tagged("post_install", "-at_install")
class TestWorkCommits(GateCase):
    def setUp(self):
        super().setUp()
        self.order_id = self.order(2, confirm=True)
        with self.committed() as env:
            work = env["sale.order"].browse(self.order_id).oms_fulfillment_ids
            self.work_id, self.line_id = work.id, work.line_ids.id
        self.addCleanup(self.clean_scans)

    def clean_scans(self):
        with self.committed() as env:
            env["oms.scan"].search([("fulfillment_id", "=", self.work_id)]).unlink()
            lines = env["oms.fulfillment"].browse(self.work_id).line_ids.move_ids.move_line_ids
            packages = lines.result_package_id
            lines.result_package_id = False
            packages.unlink()

    def operation(self, kind="set_picked", **values):
        return {
            "uuid": f"commit-{self.work_id}-{next(_numbers)}",
            "fulfillment_id": self.work_id,
            "kind": kind,
            "line_id": self.line_id,
            "quantity": 2,
            **values,
        }

    def apply(self, env, *operations):
        answers = env["oms.site.work"].apply(list(operations))
        env.flush_all()
        return [answer["outcome"] for answer in answers]

    def picked(self):
        with self.committed() as env:
            work = env["oms.fulfillment"].browse(self.work_id)
            lines = work.line_ids.move_ids.move_line_ids
            return sum(lines.filtered("picked").mapped("quantity")), work.work_state

    def test_who_comes_second_is_run_again_on_what_the_first_did(self):
        with self.registry.cursor() as first, self.registry.cursor() as second:
            late = self.open(second)
            self.assertTrue(late["oms.fulfillment"].browse(self.work_id).name)
            self.assertEqual(self.apply(self.open(first), self.operation()), ["ok"])
            first.commit()
            scan = self.operation("scan", barcode="anything")
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                self.apply(late, scan)
            second.rollback()
        with self.committed() as env:
            self.assertEqual(retrying(env, lambda own: self.apply(own, scan)), ["refused"])
        self.assertEqual(self.picked(), (2, "picked"))

    def test_the_same_told_twice_at_once_is_done_once(self):
        told = self.operation(quantity=1)
        with self.registry.cursor() as first, self.registry.cursor() as second:
            late = self.open(second)
            self.assertTrue(late["oms.fulfillment"].browse(self.work_id).name)
            self.assertEqual(self.apply(self.open(first), told), ["ok"])
            first.commit()
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                self.apply(late, told)
            second.rollback()
        with self.committed() as env:
            self.assertEqual(retrying(env, lambda own: self.apply(own, told)), ["repeated"])
        self.assertEqual(self.picked(), (1, "accepted"))

    def test_a_server_that_dies_has_done_nothing(self):
        """Dead between two operations of one call: told again, each is done once."""
        told = [self.operation(quantity=1), self.operation(), self.operation("pack")]
        model = self.registry["oms.site.work"]

        def die(*_args):
            raise Killed

        with self.registry.cursor() as cr:
            with patch.object(model, "_apply_pack", die), self.assertRaises(Killed):
                self.apply(self.open(cr), *told)
            cr.rollback()
        self.assertEqual(self.picked(), (0, "accepted"))
        with self.committed() as env:
            self.assertEqual(self.apply(env, *told), ["ok"] * 3)
            self.assertEqual(self.apply(env, *told), ["repeated"] * 3)
        self.assertEqual(self.picked(), (2, "packed"))
