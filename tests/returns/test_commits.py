"""Returns of the same goods at the same moment, really committed."""

from psycopg2.errors import SerializationFailure

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.transaction import retrying
from ..inventory.gate_case import GateCase


@tagged("post_install", "-at_install")
class TestCommits(GateCase):
    def setUp(self):
        super().setUp()
        self.order_id = self.order(3, confirm=True)
        self.addCleanup(self.clean_returns)
        with self.committed() as env:
            picking = self.sold(env).picking_ids
            picking.move_ids.picked = True
            picking._action_done()
            self.assertEqual(self.sold(env).order_line.qty_delivered, 3)

    def sold(self, env):
        return env["sale.order"].browse(self.order_id)

    def clean_returns(self):
        with self.committed() as env:
            order = self.sold(env)
            moves = order.oms_return_ids.picking_ids.move_ids | order.order_line.move_ids
            order.oms_return_ids.unlink()
            # What is done cannot be deleted in Odoo's own way.
            env.cr.execute("DELETE FROM stock_move_line WHERE move_id = ANY(%s)", [moves.ids])
            env.cr.execute("UPDATE stock_move SET state = 'cancel' WHERE id = ANY(%s)", [moves.ids])
            env.invalidate_all()

    def request(self, env, quantity):
        order = self.sold(env)
        line = {"sale_line_id": order.order_line.id, "quantity": quantity}
        record = env["oms.return"]._request(
            {"order_id": order.id, "lines": [line], "site_id": self.site}
        )
        env.flush_all()
        return record.id

    def receive(self, env, record_id, quantity):
        record = env["oms.return"].browse(record_id)
        record._receive([{"line_id": record.line_ids.id, "quantity": quantity}])
        env.flush_all()

    def at_once(self, first, second):
        """Run two transactions that both began before either was committed.

        :return: why the second, run again with what the first did, was refused
        """
        with self.registry.cursor() as cr:
            late = self.open(cr)
            # It sees the world as it is now, and goes on seeing it.
            self.assertEqual(self.sold(late).order_line.qty_delivered, 3)
            with self.committed() as early:
                first(early)
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                second(late)
            cr.rollback()
        with self.committed() as env:
            try:
                retrying(env, second)
            except UserError as error:
                return error.args[0]
        return None

    def delivered(self):
        with self.committed() as env:
            return self.sold(env).order_line.qty_delivered

    def test_two_ask_for_the_same_goods(self):
        refused = self.at_once(lambda env: self.request(env, 2), lambda env: self.request(env, 2))
        self.assertIn("more than can be returned: 1", refused)
        with self.committed() as env:
            self.assertEqual(self.sold(env).oms_return_ids.line_ids.mapped("quantity"), [2])

    def test_two_ask_and_there_is_enough(self):
        self.assertIsNone(
            self.at_once(lambda env: self.request(env, 2), lambda env: self.request(env, 1))
        )

    def test_two_take_in_the_same_goods(self):
        with self.committed() as env:
            record = self.request(env, 3)
        refused = self.at_once(
            lambda env: self.receive(env, record, 2), lambda env: self.receive(env, record, 2)
        )
        self.assertIn("more than the customer can have: 1", refused)
        self.assertEqual(self.delivered(), 1)

    def test_taken_in_here_and_in_odoo(self):
        with self.committed() as env:
            record = self.request(env, 3)

        def validate(env):
            picking = env["oms.return"].browse(record).picking_ids
            picking.move_ids.picked = True
            picking._action_done()
            env.flush_all()

        refused = self.at_once(lambda env: self.receive(env, record, 3), lambda env: validate(env))
        self.assertEqual(self.delivered(), 0, refused)

    def test_taken_in_against_cancelled(self):
        with self.committed() as env:
            record = self.request(env, 3)
        refused = self.at_once(
            lambda env: self.receive(env, record, 1),
            lambda env: env["oms.return"].browse(record)._cancel(),
        )
        self.assertIn("came already", refused)
        self.assertEqual(self.delivered(), 2)

    def inspect(self, env, record_id, place):
        """Judge one of the things that came, as the office or a site does."""
        record = env["oms.return"].browse(record_id)
        record._inspect([{"item_id": record.item_ids.sorted("id")[place].id}])
        env.flush_all()

    def test_two_judge_the_last_two_things(self):
        """Each sees that the other one's is open: one of them has to go on with the return."""
        with self.committed() as env:
            record = self.request(env, 2)
            self.receive(env, record, 1)
            self.receive(env, record, 1)
            self.assertEqual(env["oms.return"].browse(record).state, "received")
        with self.registry.cursor() as cr:
            late = self.open(cr)
            self.assertEqual(late["oms.return"].browse(record).state, "received")
            with self.committed() as early:
                self.inspect(early, record, 0)
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                self.inspect(late, record, 1)
            cr.rollback()
        with self.committed() as env:
            retrying(env, lambda own: self.inspect(own, record, 1))
        with self.committed() as env:
            self.assertEqual(env["oms.return"].browse(record).state, "closed")

    def test_two_take_in_goods_of_nobody(self):
        """No order line makes one of two wait there; the return itself does."""
        with self.committed() as env:
            blind = env["oms.return"].create(
                {"origin": "blind", "way": "dropoff", "state": "authorized", "site_id": self.site}
            )
            self.addCleanup(self.clean_blind, blind.id)

        def take_in(env):
            record = env["oms.return"].browse(blind.id)
            record._receive([{"product_id": self.product, "quantity": 1, "unexpected": True}])
            env.flush_all()

        with self.registry.cursor() as cr:
            late = self.open(cr)
            self.assertFalse(late["oms.return"].browse(blind.id).item_ids)
            with self.committed() as early:
                take_in(early)
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                take_in(late)
            cr.rollback()

    def clean_blind(self, record_id):
        with self.committed() as env:
            record = env["oms.return"].browse(record_id)
            moves = record.picking_ids.move_ids
            pickings = record.picking_ids
            record.unlink()
            env.cr.execute("DELETE FROM stock_move_line WHERE move_id = ANY(%s)", [moves.ids])
            env.cr.execute("UPDATE stock_move SET state = 'cancel' WHERE id = ANY(%s)", [moves.ids])
            env.invalidate_all()
            moves.unlink()
            pickings.unlink()
