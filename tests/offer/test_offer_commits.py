from functools import partial

from psycopg2.errors import SerializationFailure

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.transaction import retrying
from ..inventory.gate_case import GateCase


@tagged("post_install", "-at_install")
class TestOfferCommits(GateCase):
    """Offers accepted by several stores at once, really committed."""

    def setUp(self):
        super().setUp()
        with self.committed() as env:
            own = env["oms.site"].browse(self.site)
            self.kind = own.kind
            everywhere = env["stock.warehouse"].with_context(active_test=False)
            warehouse = everywhere.search([("code", "=", "GATE2")], limit=1)
            warehouse = warehouse or everywhere.create(
                {"name": "ZZ Gate", "code": "GATE2", "company_id": own.company_id.id}
            )
            warehouse.active = True
            other = warehouse.oms_site_ids
            self.other = other.id
            (own + other).write({"kind": "store"})
            env["oms.network"].browse(self.network).site_ids = [Command.link(other.id)]
            env["oms.channel"].browse(self.channel).write({"offer_count": 2})
            env["stock.quant"]._update_available_quantity(
                env["product.product"].browse(self.product), warehouse.lot_stock_id, 3
            )
            self.pair = (own + other).ids
        self.addCleanup(self.give_back)
        self.order_id = self.order(2, confirm=True)

    def give_back(self):
        with self.committed() as env:
            env["oms.site"].browse(self.site).kind = self.kind
            env["sale.order"].browse(self.order_id).exists()._action_cancel()
            env["stock.quant"].search([("product_id", "=", self.product)]).unlink()
            env["oms.site"].browse(self.other).warehouse_id.active = False

    def accept(self, env, site_id):
        offer = env["oms.offer"].search(
            [("order_id", "=", self.order_id), ("site_id", "=", site_id)]
        )
        result = offer._accept()
        env.flush_all()
        return result.site_id.id

    def check(self, winner):
        """One store has it, and everything that was ordered is there once."""
        with self.committed() as env:
            order = env["sale.order"].browse(self.order_id)
            states = {offer.site_id.id: offer.state for offer in order.oms_offer_ids}
            [loser] = [site for site in self.pair if site != winner]
            self.assertEqual(states, {winner: "accepted", loser: "lost"})
            released = order.oms_fulfillment_ids.filtered(lambda each: each.state == "released")
            self.assertEqual(released.site_id.ids, [winner])
            self.assertEqual(sum(order.picking_ids.move_ids.mapped("product_qty")), 2.0)
            product = env["product.product"].browse(self.product)
            available = env["oms.site"].browse(self.pair)._get_available(product)
            self.assertEqual(available[winner, product.id], 1.0)
            self.assertEqual(available[loser, product.id], 3.0)

    def test_two_accept_at_once(self):
        for first_site, second_site in (self.pair, self.pair[::-1]):
            with self.subTest(first=first_site):
                with self.registry.cursor() as first, self.registry.cursor() as second:
                    late = self.open(second)
                    self.assertEqual(
                        late["oms.offer"].search_count([("order_id", "=", self.order_id)]), 2
                    )
                    self.assertEqual(self.accept(self.open(first), first_site), first_site)
                    first.commit()
                    with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                        self.accept(late, second_site)
                    second.rollback()
                # Odoo runs the request again, and it is told who was faster.
                with self.committed() as env, self.assertRaisesRegex(UserError, "was faster"):
                    retrying(env, partial(self.accept, site_id=second_site))
                self.check(first_site)
            with self.committed() as env:
                env["sale.order"].browse(self.order_id)._action_cancel()
            self.order_id = self.order(2, confirm=True)

    def test_threads_at_once(self):
        def work(env, site_id):
            return retrying(env, lambda own: self.accept(own, site_id), tries=20)

        with mute_logger("odoo.sql_db"):
            finishes = [self.start(lambda env, id_=id_: work(env, id_)) for id_ in self.pair]
            outcomes = [finish() for finish in finishes]
        won = [outcome for outcome in outcomes if not isinstance(outcome, Exception)]
        lost = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        self.assertEqual(len(won), 1, outcomes)
        self.assertIsInstance(lost[0], UserError)
        self.check(won[0])

    def test_time_runs_out_while_somebody_accepts(self):
        with self.committed() as env:
            fulfillment = env["oms.offer"].search([("order_id", "=", self.order_id)]).fulfillment_id
            fulfillment.write({"offer_seconds": 0.0, "offer_until": "2020-01-01"})
            fulfillment_id = fulfillment.id

        def time_out(env):
            done = env["oms.fulfillment"].browse(fulfillment_id)._time_out()
            env.flush_all()
            return done

        with self.registry.cursor() as first, self.registry.cursor() as second:
            late = self.open(second)
            self.assertEqual(late["oms.fulfillment"].browse(fulfillment_id).offer_state, "open")
            self.accept(self.open(first), self.other)
            first.commit()
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                time_out(late)
            second.rollback()
        with self.committed() as env:
            self.assertFalse(retrying(env, time_out))
        self.check(self.other)
