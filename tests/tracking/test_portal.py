"""What customers see of their orders' ways, and nobody else's."""

from datetime import timedelta
from unittest.mock import patch

from lxml import html

from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.oms.connectors.carrier import ADAPTERS

from ..carrier.carrier_case import FakeCarrier
from ..common import OmsCase

NASTY = "<img src=x onerror=alert(1)>"


@tagged("post_install", "-at_install")
class TestPortal(OmsCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "tracked_customer", "base.group_portal")
        cls.stranger = new_test_user(cls.env, "tracked_stranger", "base.group_portal")
        cls.customer = cls.user.partner_id
        cls.customer.write({"partner_latitude": 48.8566, "partner_longitude": 2.3522})
        cls.stock(cls.apple, (cls.near, 20))
        cls.order = cls.make_order((cls.apple, 2))
        cls.part = cls.order.oms_fulfillment_ids
        picking = cls.order.picking_ids
        picking.move_ids.picked = True
        with patch.dict(ADAPTERS, {"simulator": FakeCarrier()}):
            picking.button_validate()
        cls.account = cls.env["oms.carrier.account"].create(
            {"name": "Carrier", "adapter": "simulator"}
        )
        cls.parcel = cls.env["oms.parcel"].create(
            {
                "picking_id": picking.id,
                "account_id": cls.account.id,
                "tracking_number": "TRACK-1",
                "tracking_url": "https://carrier.example.com/TRACK-1",
            }
        )
        cls.promise()
        cls.event("in_transit", 20, NASTY, f"Hub {NASTY}")
        cls.event("out_for_delivery", 2, "With the driver", "Paris")

    @classmethod
    def promise(cls):
        cls.part.promise_ids.unlink()
        cls.env["oms.promise"].create(
            {
                "order_id": cls.order.id,
                "fulfillment_id": cls.part.id,
                "promised_date": fields.Date.today() + timedelta(days=3),
                "tz": "Europe/Paris",
            }
        )

    @classmethod
    def event(cls, status, hours, text, place):
        cls.env["oms.tracking.event"].create(
            {
                "parcel_id": cls.parcel.id,
                "status": status,
                "moment": fields.Datetime.now() - timedelta(hours=hours),
                "text": text,
                "place": place,
            }
        )
        cls.parcel._follow_events()

    def path(self, token=None):
        path = f"/my/orders/{self.order.id}/tracking"
        return f"{path}?access_token={token}" if token else path

    def open_page(self, path):
        response = self.url_open(path)
        self.assertEqual(response.status_code, 200, response.text[:500])
        return html.fromstring(response.text)

    def test_own_order(self):
        self.authenticate("tracked_customer", "tracked_customer")
        page = self.open_page(self.path())
        [shipment] = page.find_class("o_oms_shipment")
        text = " ".join(shipment.text_content().split())
        self.assertIn("TRACK-1", text)
        self.assertIn("Out for delivery", text)
        self.assertIn("Expected by", text)
        self.assertIn("With the driver", text)
        links = [link.get("href") for link in shipment.iter("a")]
        self.assertEqual(links, ["https://carrier.example.com/TRACK-1"])
        for name in (self.near.name, self.near.code, self.part.name, self.order.picking_ids.name):
            self.assertNotIn(name, page.text_content(), "from where is nobody's business")

    def test_nothing_told_is_markup(self):
        self.authenticate("tracked_customer", "tracked_customer")
        page = self.open_page(self.path())
        self.assertFalse(page.xpath("//img[@src='x']"))
        self.assertIn(NASTY, page.text_content())

    def test_links_that_are_none(self):
        for url in ("javascript:alert(1)", "data:text/html,x", "//carrier", "https://", "x"):
            self.parcel.tracking_url = url
            self.assertEqual(self.parcel._get_safe_url(), "", url)

    def test_by_the_link_of_a_mail(self):
        page = self.open_page(self.part.get_tracking_url())
        self.assertTrue(page.find_class("o_oms_shipment"))
        headers = self.url_open(self.part.get_tracking_url()).headers
        self.assertEqual(headers["Referrer-Policy"], "no-referrer")

    def test_goods_to_be_collected(self):
        """Where the customer chose a store it is named, with the way to the code."""
        self.near.collects = True
        order = self.make_order(
            (self.apple, 1), oms_service="collect", oms_collect_site_id=self.near.id
        )
        [view] = order._oms_get_shipment_views()
        self.assertEqual((view.place, view.code_url, view.status), ("Near", "", "In preparation"))
        part = order.oms_fulfillment_ids
        part._pick()
        part._make_ready()
        [view] = order._oms_get_shipment_views()
        self.assertIn("/oms/pickup/", view.code_url)

    def test_others_see_nothing(self):
        token = self.order._portal_ensure_token()
        wrong = ("x" * 36, token[:-1], "")
        for login in (None, "tracked_stranger"):
            self.authenticate(login, login)
            for path in (self.path(), *(self.path(each) for each in wrong)):
                with self.subTest(login=login, path=path):
                    page = html.fromstring(self.url_open(path).text)
                    self.assertFalse(page.find_class("o_oms_shipment"))
                    self.assertNotIn("TRACK-1", page.text_content())

    def test_home(self):
        self.authenticate("tracked_customer", "tracked_customer")
        self.assertIn("/my/shipments", self.url_open("/my/home").text)
        counts = self.make_jsonrpc_request("/my/counters", {"counters": ["oms_shipment_count"]})
        self.assertEqual(counts, {"oms_shipment_count": 1})
        page = self.open_page("/my/shipments")
        self.assertIn(self.order.name, page.text_content())
        self.authenticate("tracked_stranger", "tracked_stranger")
        self.assertNotIn(self.order.name, self.open_page("/my/shipments").text_content())

    def test_on_the_page_of_the_order(self):
        self.authenticate("tracked_customer", "tracked_customer")
        page = self.open_page(f"/my/orders/{self.order.id}")
        [section] = page.xpath("//div[@id='oms_shipments']")
        self.assertIn("Out for delivery", section.text_content())

    def test_nothing_to_follow(self):
        quotation = self.make_order((self.apple, 1), confirm=False)
        token = quotation._portal_ensure_token()
        path = f"/my/orders/{quotation.id}/tracking?access_token={token}"
        self.assertEqual(self.url_open(path).status_code, 404)

    def test_steps(self):
        [view] = self.order._oms_get_shipment_views()
        self.assertEqual([step.done for step in view.steps], [True, True, True, False])
        self.event("delivered", 1, "", "")
        self.part._set_delivered()
        [view] = self.order._oms_get_shipment_views()
        self.assertTrue(all(step.done for step in view.steps))
        self.assertEqual((view.status, view.tone, view.expected), ("Delivered", "success", None))

    def test_the_last_of_several_parcels_counts(self):
        self.parcel.copy({"tracking_number": "TRACK-2", "state": "created"})
        [view] = self.order._oms_get_shipment_views()
        self.assertEqual([step.done for step in view.steps], [True, True, False, False])
        self.assertEqual(len(view.parcels), 2)

    def test_local_times(self):
        """Noon in UTC in winter is one o'clock in Paris."""
        self.parcel.event_ids.unlink()
        self.env["oms.tracking.event"].create(
            {
                "parcel_id": self.parcel.id,
                "status": "in_transit",
                "moment": "2026-01-05 12:00:00",
            }
        )
        view = self.parcel._get_parcel_view("Europe/Paris")
        self.assertIn("1:00", view.events[0].at)
