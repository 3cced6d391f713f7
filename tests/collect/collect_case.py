"""Builders of the tests of stores to which customers come."""

from datetime import datetime
from unittest.mock import patch

from odoo import fields
from odoo.tests import HttpCase

from ..common import OmsCase

NOW = datetime(2024, 3, 4, 9, 0)  # a Monday, 10:00 in Paris


class CollectCase(OmsCase):
    """A store near the customer where orders are collected and goods reserved, and its clerk."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.store = cls.near
        cls.store.write({"collects": True, "reserves": True, "tz": "Europe/Paris"})
        cls.middle.write({"collects": True, "reserves": True, "tz": "Europe/Paris"})
        cls.customer.write({"name": "Ada", "email": "ada@example.com", "phone": "+33612345678"})
        cls.stock(cls.apple, (cls.store, 10), (cls.middle, 10))
        cls.stock(cls.berry, (cls.store, 10))
        cls.clerk = cls.make_user("store-clerk", "oms.group_site_operator", name="Anna")
        cls.store.user_ids = cls.clerk
        cls.channel.pickup_identity = "never"

    def setUp(self):
        super().setUp()
        # Wrong codes are written down apart from what is rolled back.
        if not isinstance(self, HttpCase):
            self.enterContext(self.enter_registry_test_mode())

    def at(self, moment=NOW):
        """Let it be a moment for whoever asks Odoo."""
        return patch.object(fields.Datetime, "now", lambda *args: moment)

    def collect_order(self, *lines, site=None, **vals):
        """Make a confirmed order to be collected in the store."""
        return self.make_order(
            *(lines or [(self.apple, 2)]),
            oms_service="collect",
            oms_collect_site_id=(site or self.store).id,
            **vals,
        )

    def make_ready(self, *lines, storage="Shelf A", **vals):
        """Make an order whose goods wait in the store; return its fulfillment."""
        fulfillment = self.collect_order(*lines, **vals).oms_fulfillment_ids
        fulfillment.with_user(self.clerk)._pick()
        fulfillment.with_user(self.clerk)._make_ready(storage)
        return fulfillment

    def reserve(self, *lines, site=None, **vals):
        """Make a quotation of which the store keeps the goods; return its fulfillment."""
        order = self.make_order(
            *(lines or [(self.apple, 2)]),
            confirm=False,
            oms_service="reserve",
            oms_collect_site_id=(site or self.store).id,
            **vals,
        )
        return order._oms_reserve()

    def available(self, product, site=None):
        site = site or self.store
        self.env.flush_all()
        return site._get_available(product).get((site.id, product.id), 0.0)

    def on_hand(self, product, site=None):
        quants = self.env["stock.quant"].search(
            [
                ("product_id", "=", product.id),
                ("location_id", "child_of", (site or self.store).warehouse_id.lot_stock_id.id),
            ]
        )
        return sum(quants.mapped("quantity"))

    def mails(self, fulfillment):
        """Return the messages that customers were sent of a fulfillment, the oldest first."""
        return self.env["mail.mail"].search(
            [("model", "=", "oms.fulfillment"), ("res_id", "in", fulfillment.ids)], order="id"
        )

    def run_pickup_cron(self):
        self.env.flush_all()
        self.env.ref("oms.cron_pickup").method_direct_trigger()
        self.env.invalidate_all()

    def events(self, order):
        return order.sudo().oms_event_ids.sorted("id").mapped("event")


class TransferCase(CollectCase):
    """The store has 10 apples, the site in the middle 10, the far one 10."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.far, 10))
        cls.store.ship_to_store = True

    def parts(self, order):
        """Return the store's fulfillment and those of the sites that send to it."""
        there = order.oms_fulfillment_ids.filtered(lambda f: f.site_id == self.store)
        return there, order.oms_fulfillment_ids - there

    def send(self, fulfillment):
        fulfillment._pick()
        fulfillment._hand_over()

    def receive(self, fulfillment, quantity=None):
        picking = fulfillment.picking_ids.filtered(
            lambda p: p.picking_type_code == "incoming" and p.state == "assigned"
        )
        self.ship(picking, quantity)

    def assertWhole(self, order):
        """Ordered is what is open, claimed, in moves to the customer, or on its way here."""
        self.env.flush_all()
        for line in order.order_line:
            moves = line.move_ids.filtered(
                lambda m: m.state != "cancel" and m.location_dest_id.usage == "customer"
            )
            claimed = line.oms_claim_ids.filtered(lambda c: c.state == "active")
            parts = line.oms_fulfillment_line_ids
            self.assertAlmostEqual(
                line.product_uom_qty,
                line.oms_qty_open
                + sum(claimed.mapped("quantity"))
                + sum(moves.mapped("product_qty"))
                + sum(parts.mapped("quantity_on_way")),
            )
            self.assertFalse(claimed)
