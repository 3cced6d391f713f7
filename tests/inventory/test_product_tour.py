from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..common import TourCase


@tagged("post_install", "-at_install")
class TestProductTour(TourCase):
    """A user looks at the stock of a product in the browser."""

    def test_product_page(self):
        self.make_user("tour-stock", "stock.group_stock_user")
        self.stock(self.apple, (self.near, 30), (self.far, 12))
        self.make_order((self.apple, 4))
        warehouse = self.far.warehouse_id
        receipt = self.env["stock.picking"].create(
            {
                "picking_type_id": warehouse.in_type_id.id,
                "location_id": self.env.ref("stock.stock_location_suppliers").id,
                "location_dest_id": warehouse.lot_stock_id.id,
                "move_ids": [
                    fields.Command.create(
                        {
                            "product_id": self.apple.id,
                            "product_uom_qty": 7,
                            "location_id": self.env.ref("stock.stock_location_suppliers").id,
                            "location_dest_id": warehouse.lot_stock_id.id,
                        }
                    )
                ],
            }
        )
        receipt.action_confirm()
        receipt.move_ids.date = fields.Datetime.now() + timedelta(days=5)
        template = self.apple.product_tmpl_id
        self.start_tour_surely(
            f"/odoo/m-product.template/{template.id}", "oms_product_stock", login="tour-stock"
        )
