from psycopg2 import IntegrityError

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import OmsCase


@tagged("post_install", "-at_install")
class TestFulfillment(OmsCase):
    """What one site does for one order."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 3), (cls.far, 4))
        cls.order = cls.make_order((cls.apple, 5))
        cls.near_part = cls.order.oms_fulfillment_ids.filtered(lambda f: f.site_id == cls.near)
        cls.far_part = cls.order.oms_fulfillment_ids - cls.near_part

    def test_what_it_knows(self):
        self.assertRecordValues(
            self.near_part,
            [
                {
                    "name": f"{self.order.name}/NEAR",
                    "order_id": self.order.id,
                    "partner_id": self.customer.id,
                    "channel_id": self.channel.id,
                    "company_id": self.company.id,
                    "decision_id": self.order.oms_decision_ids.id,
                    "date_order": self.order.date_order,
                    "state": "released",
                    "unit_count": 3,
                    "kilometers": 0,
                }
            ],
        )
        self.assertEqual(self.near_part.line_ids.sale_line_id, self.order.order_line)
        self.assertAlmostEqual(self.far_part.kilometers, 660.9, delta=1)

    def test_reference_of_its_own(self):
        references = self.order.oms_fulfillment_ids.reference_id
        self.assertEqual(len(references), 2)
        for part in self.order.oms_fulfillment_ids:
            self.assertEqual(part.reference_id.name, part.name)
            self.assertEqual(part.picking_ids.reference_ids, part.reference_id)
        self.assertEqual(references.sale_ids, self.order)
        self.assertEqual(self.order.stock_reference_ids, references)

    def test_transfers(self):
        self.assertEqual(self.near_part.picking_count, 1)
        picking = self.near_part.picking_ids
        self.assertEqual(picking.oms_fulfillment_id, self.near_part)
        self.assertEqual(picking.sale_id, self.order)
        self.assertEqual(picking.partner_id, self.customer)
        self.assertEqual(self.near_part.action_view_pickings()["res_id"], picking.id)
        self.assertEqual(self.near_part.move_ids, picking.move_ids)

    def test_moves_of_the_rest_are_known_after_a_part_has_left(self):
        first = self.near_part.move_ids
        self.ship(self.near_part.picking_ids, 1, backorder=True)
        rest = self.near_part.picking_ids.filtered("backorder_id").move_ids
        self.assertTrue(rest)
        self.assertEqual(self.near_part.move_ids, first | rest)

    def test_states_through_its_life(self):
        self.ship(self.near_part.picking_ids, 1, backorder=True)
        self.assertEqual(self.near_part.state, "released")
        self.assertEqual(self.near_part.line_ids.quantity_done, 1)
        self.ship(self.near_part.picking_ids.filtered("backorder_id"))
        self.assertEqual(self.near_part.state, "shipped")
        self.assertEqual(self.near_part.line_ids.quantity_done, 3)
        self.far_part.picking_ids.action_cancel()
        self.assertEqual(self.far_part.state, "rejected")
        self.cancel(self.order)
        self.assertEqual(self.near_part.state, "shipped")
        # That the site gave its part back stays on record.
        self.assertEqual(self.far_part.state, "rejected")

    def test_planned_before_moves(self):
        part = self.env["oms.fulfillment"].create(
            {"name": "planned", "order_id": self.order.id, "site_id": self.middle.id}
        )
        self.env["oms.fulfillment.line"].create(
            {
                "fulfillment_id": part.id,
                "sale_line_id": self.order.order_line.id,
                "product_id": self.apple.id,
                "quantity": 1,
            }
        )
        self.assertEqual(part.state, "planned")

    def test_return_does_not_change_it(self):
        self.ship(self.near_part.picking_ids)
        receipt = self.take_back(self.near_part.picking_ids, 2)
        self.assertFalse(receipt.oms_fulfillment_id)
        self.assertEqual(self.near_part.state, "shipped")
        self.assertEqual(self.near_part.line_ids.quantity_done, 3)
        self.assertEqual(self.near_part.picking_count, 1)

    def test_shipped_by_weight(self):
        """More may leave than was planned."""
        self.ship(self.near_part.picking_ids, 4)
        self.assertEqual(self.near_part.line_ids.quantity_done, 4)
        self.assertEqual(self.near_part.state, "shipped")
        self.assertEqual(self.order.oms_state, "sourced")

    def test_orders_of_the_same_name(self):
        """Odoo lets two orders bear one name, e.g. the one that a marketplace gave them."""
        other = self.make_order((self.apple, 1), name=self.order.name)
        self.env.flush_all()
        self.assertEqual(other.oms_state, "sourced")
        self.assertEqual(other.oms_fulfillment_ids.name, self.far_part.name)
        self.assertNotEqual(other.picking_ids, self.far_part.picking_ids)

    def test_open_work_of_a_site(self):
        self.assertEqual(self.near.open_fulfillment_count, 1)
        self.ship(self.near_part.picking_ids)
        self.env.flush_all()
        self.near.invalidate_recordset()
        self.assertEqual(self.near.open_fulfillment_count, 0)

    def test_site_with_work_cannot_be_deleted(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.near.unlink()
