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
        in_five_days = fields.Datetime.now() + timedelta(days=5)
        self.make_open_move(self.apple, self.far, 7, in_five_days)
        template = self.apple.product_tmpl_id
        self.start_tour_surely(
            f"/odoo/m-product.template/{template.id}", "oms_product_stock", login="tour-stock"
        )
