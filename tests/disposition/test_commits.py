"""Two people dispose of the same goods at the same moment, really committed."""

from psycopg2.errors import SerializationFailure

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.transaction import retrying
from ..returns import test_commits


@tagged("post_install", "-at_install")
class TestDispositionCommits(test_commits.GateCase):
    sold = test_commits.TestCommits.sold
    clean_returns = test_commits.TestCommits.clean_returns
    request = test_commits.TestCommits.request
    receive = test_commits.TestCommits.receive

    def setUp(self):
        super().setUp()
        self.order_id = self.order(2, confirm=True)
        self.addCleanup(self.clean_returns)
        self.addCleanup(self.clean_moves)
        with self.committed() as env:
            picking = self.sold(env).picking_ids
            picking.move_ids.picked = True
            picking._action_done()
        with self.committed() as env:
            record_id = self.request(env, 2)
            self.receive(env, record_id, 2)
            record = env["oms.return"].browse(record_id)
            grade = env.ref("oms.grade_d")
            record._inspect([{"item_id": i.id, "grade_id": grade.id} for i in record.item_ids])
            self.ids = record.disposition_ids.ids
            self.assertEqual(set(record.disposition_ids.mapped("state")), {"proposed"})

    def clean_moves(self):
        with self.committed() as env:
            # What is done cannot be deleted in Odoo's own way.
            env.cr.execute("DELETE FROM stock_scrap WHERE product_id = %s", [self.product])
            env.cr.execute("DELETE FROM stock_move_line WHERE product_id = %s", [self.product])
            env.cr.execute(
                "UPDATE stock_move SET state = 'cancel' WHERE product_id = %s", [self.product]
            )

    def dispositions(self, env):
        return env["oms.disposition"].browse(self.ids)

    def scrap(self, env):
        self.dispositions(env).action_accept()
        env.flush_all()

    def sell(self, env):
        self.dispositions(env)._choose("sell", env["oms.site"], "It is fine")
        env.flush_all()

    def at_once(self, first, second):
        """Run two transactions that both began before either was committed.

        :return: why the second, run again with what the first did, was refused
        """
        with self.registry.cursor() as cr:
            late = self.open(cr)
            self.assertEqual(set(self.dispositions(late).mapped("state")), {"proposed"})
            with self.committed() as early:
                first(early)
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                second(late)
            cr.rollback()
        with self.committed() as env, self.assertRaises(UserError) as refused:
            retrying(env, second)
        return refused.exception.args[0]

    def check(self):
        """The goods went one way, once."""
        with self.committed() as env:
            found = self.dispositions(env)
            self.assertEqual(set(found.mapped("state")), {"done"})
            self.assertEqual(sum(found.move_ids.mapped("quantity")), 2)
            return set(found.mapped("kind"))

    def test_two_accept(self):
        refused = self.at_once(self.scrap, self.scrap)
        self.assertIn("cannot be accepted", refused)
        self.assertNotIn("sell", self.check())

    def test_one_accepts_and_one_decides_otherwise(self):
        refused = self.at_once(self.scrap, self.sell)
        self.assertIn("cannot be decided on otherwise", refused)
        self.assertNotIn("sell", self.check())

    def test_one_decides_otherwise_and_one_accepts(self):
        refused = self.at_once(self.sell, self.scrap)
        self.assertIn("cannot be accepted", refused)
        self.assertEqual(self.check(), {"sell"})
