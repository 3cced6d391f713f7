from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged

from .common import KitCase


@tagged("post_install", "-at_install")
class TestProduction(KitCase):
    """What is being manufactured is supply, and what goes into it is demand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls.make_bill(cls.apple, (cls.bolt, 2), type="normal")
        cls.stock(cls.bolt, (cls.near, 10))

    def produce(self, quantity, start):
        production = self.env["mrp.production"].create(
            {
                "product_id": self.apple.id,
                "bom_id": self.bill.id,
                "product_qty": quantity,
                "picking_type_id": self.near.warehouse_id.manu_type_id.id,
                "date_start": start,
            }
        )
        production.action_confirm()
        return production

    def position(self, product):
        positions = self.env["oms.position"]._get_positions(self.near.ids, product.ids)
        return positions[0] if positions else None

    def test_supply(self):
        start = fields.Datetime.now() + timedelta(days=2)
        production = self.produce(3, start)
        supply = self.env["oms.supply"].search([("product_id", "=", self.apple.id)])
        self.assertEqual(
            (supply.kind, supply.quantity, supply.site_id), ("production", 3, self.near)
        )
        self.assertEqual(supply.expected_at, production.move_finished_ids.date)
        self.assertEqual(supply.action_open_document()["res_model"], "mrp.production")
        self.assertEqual(supply.action_open_document()["res_id"], production.id)
        self.assertEqual(self.position(self.apple).incoming, 3)
        self.assertEqual(self.position(self.bolt).demand, 6)
        self.assertEqual(self.position(self.bolt).available, 4)

    def test_promised_from_when_it_is_made(self):
        start = fields.Datetime.now() + timedelta(days=2)
        production = self.produce(3, start)
        finished = production.move_finished_ids.date

        def at(moment):
            return self.ask(self.apple, at=fields.Datetime.to_string(moment))["available"]

        self.assertEqual(self.ask(self.apple)["available"], 0)
        self.assertEqual(at(finished - timedelta(hours=1)), 0)
        self.assertEqual(at(finished + timedelta(hours=1)), 3)

    def test_made(self):
        production = self.produce(3, fields.Datetime.now())
        production.qty_producing = 3
        production.set_qty_producing()
        production.button_mark_done()
        self.assertEqual(production.state, "done")
        self.assertFalse(self.env["oms.supply"].search([("product_id", "=", self.apple.id)]))
        apple, bolt = self.position(self.apple), self.position(self.bolt)
        self.assertEqual((apple.on_hand, apple.incoming, apple.available), (3, 0, 3))
        self.assertEqual((bolt.on_hand, bolt.demand, bolt.available), (4, 0, 4))

    def test_cancelled(self):
        production = self.produce(3, fields.Datetime.now())
        production.action_cancel()
        self.assertFalse(self.env["oms.supply"].search([("product_id", "=", self.apple.id)]))
        self.assertEqual(self.position(self.bolt).available, 10)

    def test_kits_within_what_is_made(self):
        """A kit among the components is taken apart by Odoo; its parts are the demand."""
        kit = self.make_kit("Set", (self.bolt, 2), (self.nut, 1))
        self.stock(self.nut, (self.near, 10))
        self.bill.bom_line_ids = [
            Command.clear(),
            Command.create({"product_id": kit.id, "product_qty": 1}),
        ]
        self.produce(3, fields.Datetime.now())
        self.assertEqual(self.position(self.bolt).demand, 6)
        self.assertEqual(self.position(self.nut).demand, 3)
        self.assertEqual(self.ask(kit)["available"], 2)
