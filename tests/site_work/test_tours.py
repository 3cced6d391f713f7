from functools import wraps
from unittest.mock import patch

from odoo.api import SUPERUSER_ID
from odoo.tests import tagged

from ..carrier.carrier_case import CarrierCase
from ..common import TourCase
from ..workflow.common import WorkflowCase

CODES = {"apple": "2000000000015", "berry": "2000000000022", "cheese": "2000000000039"}


class SiteWorkTourCase(TourCase, CarrierCase, WorkflowCase):
    """A clerk of a store with a phone and a hand scanner."""

    browser_size = "360x740"

    def setUp(self):
        super().setUp()
        self.clerk = self.make_user("phone-clerk", "oms.group_site_operator")
        self.near.user_ids = self.clerk
        self.cheese = self.make_product("Cheese", barcode=CODES["cheese"])
        self.apple.barcode = CODES["apple"]
        self.berry.barcode = CODES["berry"]
        shelf = self.near.warehouse_id.lot_stock_id
        self.shelves = self.env["stock.location"].create(
            [
                {"name": f"Shelf {name}", "barcode": f"SHELF-{name}", "location_id": shelf.id}
                for name in "AB"
            ]
        )
        for product, place in zip(self.apple + self.berry, self.shelves, strict=True):
            self.env["stock.quant"]._update_available_quantity(product, place, 10)

    def release_to_phone(self, *lines):
        """Return an order whose goods the clerk's store ships by the demo carrier."""
        customer = self.make_partner(
            "Phone Customer",
            (48.85, 2.35),
            street="Rue de la Paix 12",
            city="Paris",
            zip="75002",
            country_id=self.env.ref("base.fr").id,
        )
        order = self.make_order(
            *lines, partner_id=customer.id, carrier_id=self.method.id, confirm=False
        )
        order.action_confirm()
        return order

    def run_tasks_when_asked(self):
        """Do outside what is to be done there when the screen looks whether it was done."""
        model = type(self.env["oms.site.work"])
        original = model.get_detail

        @wraps(original)
        def get_detail(model, *args, **kwargs):
            model.env(user=SUPERUSER_ID).ref("oms.cron_run_tasks").method_direct_trigger()
            return original(model, *args, **kwargs)

        patcher = patch.object(model, "get_detail", get_detail)
        patcher.start()
        self.addCleanup(patcher.stop)

    def start_work(self, tour):
        self.start_tour_surely("/odoo/oms-site-work", tour, login=self.clerk.login)
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestSiteWorkTours(SiteWorkTourCase):
    def test_opens_with_the_work(self):
        """Who only works at a site finds the screen first, who follows orders finds these."""
        root, work = (self.env.ref(f"oms.menu_{name}") for name in ("root", "site_work"))
        operator = self.make_user("order-operator", "oms.group_order_operator")
        for user, first in ((self.clerk, work), (operator, self.env.ref("oms.menu_orders"))):
            menus = self.env["ir.ui.menu"].with_user(user).load_menus(False)
            self.assertEqual(menus[root.id]["children"][0], first.id)
            self.assertIn(work.id, menus[root.id]["children"])

    def test_accept_pick_pack_label_ship(self):
        """A clerk takes an order from the list to the carrier."""
        self.near.auto_accept = False
        order = self.release_to_phone((self.apple, 2), (self.berry, 1))
        fulfillment = order.oms_fulfillment_ids
        self.assertEqual(fulfillment.site_id, self.near)
        self.assertEqual(fulfillment.work_state, "todo")
        self.run_tasks_when_asked()
        self.start_work("oms_site_work_ship")
        self.assertEqual(fulfillment.state, "shipped")
        self.assertEqual(fulfillment.accepted_by_id, self.clerk)
        self.assertEqual(order.order_line.mapped("qty_delivered"), [2, 1])
        parcel = fulfillment.picking_ids.oms_parcel_ids
        self.assertTrue(parcel.label_id)
        self.assertEqual(parcel.package_id.shipping_weight, 1.5)
        self.assertBalanced(order)

    def test_reject(self):
        """What a site gives back is sourced elsewhere, and the reason does its work."""
        self.make_step(self.source, event="fulfillment.rejected")
        self.stock(self.apple, (self.middle, 5))
        order = self.release_to_phone((self.apple, 2))
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 2})
        self.start_work("oms_site_work_reject")
        self.assertEqual(order.oms_fulfillment_ids.state, "rejected")
        self.env.ref("oms.cron_run_events").method_direct_trigger()
        self.assertEqual(self.plan(order), {("MID", "Apple"): 2})
        rejection = self.env["oms.rejection"].search([("order_id", "=", order.id)])
        self.assertEqual(rejection.reason_id, self.env.ref("oms.reason_not_in_stock"))
        self.assertEqual(rejection.user_id, self.clerk)
        self.assertBalanced(order)

    def test_lost_connection(self):
        """What is done without a connection arrives once, in order, also after a reload."""
        order = self.release_to_phone((self.apple, 3), (self.berry, 2))
        self.start_work("oms_site_work_offline")
        fulfillment = order.oms_fulfillment_ids
        self.assertEqual(fulfillment.work_state, "packed")
        scans = self.env["oms.scan"].search([("fulfillment_id", "=", fulfillment.id)], order="id")
        done = [(scan.kind, scan.barcode, scan.outcome) for scan in scans]
        apple, berry = (("scan", CODES[name], "ok") for name in ("apple", "berry"))
        self.assertEqual(done, [apple, apple, berry, apple, berry, ("pack", False, "ok")])
        self.assertEqual(len(set(scans.mapped("uuid"))), 6)
        self.assertBalanced(order)
