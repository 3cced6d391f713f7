import contextlib

from psycopg2 import OperationalError
from psycopg2.errors import SerializationFailure

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.collect.oms_pickup_try import MOST_WRONG
from ...models.transaction import retrying
from ..inventory.gate_case import GateCase


@tagged("post_install", "-at_install")
class TestPickupCommits(GateCase):
    """Two clerks at one counter, really committed."""

    def setUp(self):
        super().setUp()
        with self.committed() as env:
            site = env["oms.site"].browse(self.site)
            self.before = {"collects": site.collects, "reserves": site.reserves}
            site.write({"collects": True, "reserves": True})
            env["oms.channel"].browse(self.channel).pickup_identity = "never"
        self.addCleanup(self.restore)

    def restore(self):
        with self.committed() as env:
            # Odoo lets nobody delete what is done.
            for table in ("stock_move_line", "stock_move"):
                env.cr.execute(f"DELETE FROM {table} WHERE product_id = %s", [self.product])
            env["sale.order"].search([("partner_id", "=", self.customer)]).write(
                {"oms_service": "home", "oms_collect_site_id": False}
            )
            env["oms.site"].browse(self.site).write(self.before)

    def make(self, service):
        """Make something that waits for its customer; return its id."""
        order_id = self.order(2)
        with self.committed() as env:
            order = env["sale.order"].browse(order_id)
            order.write({"oms_service": service, "oms_collect_site_id": self.site})
            if service == "collect":
                order.action_confirm()
                order.oms_fulfillment_ids._pick()
            else:
                order._oms_reserve()
            order.oms_fulfillment_ids._make_ready()
            return order.oms_fulfillment_ids.id

    def run_two(self, fulfillment_id, name):
        """Let two clerks do the same at once; return what the second is told."""
        with self.registry.cursor() as first, self.registry.cursor() as second:
            late = self.open(second)["oms.fulfillment"].browse(fulfillment_id)
            self.assertEqual(late.pickup_state, "ready")  # its snapshot is taken
            getattr(self.open(first)["oms.fulfillment"].browse(fulfillment_id), name)()
            first.commit()
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                getattr(late, name)()
            second.rollback()
        with self.committed() as env, self.assertRaises(UserError) as caught:
            retrying(
                env, lambda own: getattr(own["oms.fulfillment"].browse(fulfillment_id), name)()
            )
        return str(caught.exception)

    def get_gone(self):
        with self.committed() as env:
            return 3 - sum(
                env["stock.quant"]
                .search(
                    [
                        ("product_id", "=", self.product),
                        ("location_id", "=", self.place(env).id),
                    ]
                )
                .mapped("quantity")
            )

    def test_two_clerks_hand_over(self):
        told = self.run_two(self.make("collect"), "_collect")
        self.assertIn("was handed over already", told)
        self.assertEqual(self.get_gone(), 2)

    def test_two_clerks_sell(self):
        told = self.run_two(self.make("reserve"), "_sell")
        self.assertIn("was handed over already", told)
        self.assertEqual(self.get_gone(), 2)

    def test_wrong_codes_count_though_all_is_rolled_back(self):
        with self.committed() as env:
            user_id = env["res.users"].create({"name": "Gate", "login": "gate-clerk"}).id
        self.addCleanup(self.forget, user_id)
        for _number in range(MOST_WRONG):
            with self.registry.cursor() as cr, contextlib.suppress(UserError):
                self.open(cr)["oms.fulfillment"].with_user(user_id)._find_by_code("ZZZZZZZZ")
                cr.rollback()
        with self.committed() as env:
            self.assertIn(
                "Too many", env["oms.pickup.try"].with_user(user_id)._get_pause_sentence()
            )

    def forget(self, user_id):
        with self.committed() as env:
            user = env["res.users"].browse(user_id)
            partner = user.partner_id
            user.unlink()
            partner.unlink()

    def test_collected_while_the_job_gives_it_up(self):
        fulfillment_id = self.make("collect")
        with self.registry.cursor() as first, self.registry.cursor() as second:
            late = self.open(second)["oms.fulfillment"].browse(fulfillment_id)
            self.assertEqual(late.pickup_state, "ready")
            self.open(first)["oms.fulfillment"].browse(fulfillment_id)._collect()
            first.commit()
            with mute_logger("odoo.sql_db"), self.assertRaises(OperationalError):
                late._expire_pickup()
            second.rollback()
        with self.committed() as env:
            fulfillment = env["oms.fulfillment"].browse(fulfillment_id)
            self.assertEqual(
                (fulfillment.pickup_state, fulfillment.pickup_expired_at), ("collected", False)
            )
        self.assertEqual(self.get_gone(), 2)
