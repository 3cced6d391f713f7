from functools import wraps
from unittest.mock import patch

from odoo.tests import tagged

from ..common import TourCase
from ..offer.common import OfferCase
from .test_tours import SiteWorkTourCase


@tagged("post_install", "-at_install")
class TestDialogTours(SiteWorkTourCase):
    def make_lots(self, name, barcode, tracking, **quantities):
        product = self.make_product(name, tracking=tracking, barcode=barcode)
        for lot_name, quantity in quantities.items():
            lot = self.env["stock.lot"].create(
                {"name": lot_name.replace("_", "-"), "product_id": product.id}
            )
            self.stock(product, (self.near, quantity), lot_id=lot)
        return product

    def test_lots_short_unpack_take_over(self):
        """What is not as it should be is told on the screen, and mended there."""
        milk = self.make_lots("Milk", "2000000000053", "lot", LOT_1=5)
        radio = self.make_lots("Radio", "2000000000060", "serial", SN_1=1, SN_2=1)
        order = self.release_to_phone((self.apple, 3), (milk, 2), (radio, 1))
        fulfillment = order.oms_fulfillment_ids
        reserved = fulfillment.move_ids.filtered(lambda move: move.product_id == radio).lot_ids
        self.assertEqual(reserved.name, "SN-1")
        anna = self.make_user("anna", "oms.group_site_operator", name="Anna")
        self.near.user_ids += anna
        fulfillment.with_user(anna)._start()
        self.start_work("oms_site_work_dialogs")
        self.assertEqual(fulfillment.work_state, "packed")
        self.assertFalse(fulfillment.worker_id)
        taken = fulfillment.move_ids.move_line_ids
        self.assertEqual(
            sorted((line.product_id.name, line.lot_id.name, line.quantity) for line in taken),
            [("Apple", False, 1), ("Milk", "LOT-1", 2), ("Radio", "SN-2", 1)],
        )
        self.assertEqual(len(taken.result_package_id), 1)
        rejection = self.env["oms.rejection"].search([("order_id", "=", order.id)])
        self.assertEqual(rejection.reason_id, self.env.ref("oms.reason_not_in_stock"))
        self.assertEqual(rejection.quantity, 2)
        self.assertBalanced(order)


@tagged("post_install", "-at_install")
class TestOfferTour(TourCase, OfferCase):
    browser_size = "360x740"

    def test_first_that_accepts(self):
        """One offer is won with the phone, the other one somebody else accepted just before."""
        clerks = {
            site: self.make_user(f"clerk-{site.code}", "oms.group_site_operator")
            for site in self.sites
        }
        for site, clerk in clerks.items():
            site.user_ids = clerk
        won, lost = (
            self.make_order(
                (self.apple, 2), user_id=False, partner_id=self.make_partner(name, (48.85, 2.35)).id
            )
            for name in ("First Come", "Too Late")
        )
        work = type(self.env["oms.site.work"])
        original = work.apply

        @wraps(original)
        def apply(model, operations):
            mine = {each.get("fulfillment_id") for each in operations}
            offer = self.offer(lost, self.middle)
            if offer and lost.oms_fulfillment_ids.id in mine:
                offer.with_user(clerks[self.middle]).action_accept()
            return original(model, operations)

        with patch.object(work, "apply", apply):
            self.start_tour_surely(
                "/odoo/oms-site-work", "oms_site_work_offer", login=clerks[self.near].login
            )
        self.env.invalidate_all()
        self.assertEqual(self.works_at(won), self.near)
        self.assertEqual(self.works_at(lost), self.middle)
