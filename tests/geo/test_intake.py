from odoo.tests import tagged

from odoo.addons.oms.engine.geography import great_circle_km

from ..api.common import ApiCase
from ..common import PARIS


@tagged("post_install", "-at_install")
class TestIntake(ApiCase):
    """Orders of channels, which say postcodes and seldom coordinates."""

    def setUp(self):
        super().setUp()
        self.enterContext(self.enter_registry_test_mode())
        self.stock(self.apple, (self.near, 50), (self.far, 50))

    def place(self, reference, **address):
        ship_to = {"name": "Ada", "street": "1 rue", "zip": "75001", "country": "FR", **address}
        [placed] = self.api.place_orders(
            orders=[
                {
                    "reference": reference,
                    "ship_to": ship_to,
                    "lines": [{"product": "Apple", "quantity": 1, "unit_price": 1.0}],
                }
            ]
        )["orders"]
        self.assertEqual(placed["status"], "placed", placed)
        return self.env["sale.order"].search([("name", "=", placed["order"])])

    def test_placed_by_postcode(self):
        first = self.place("G-1")
        address = first.partner_shipping_id
        self.assertEqual(address.oms_place_precision, "zip")
        away = great_circle_km(address.partner_latitude, address.partner_longitude, *PARIS)
        self.assertLess(away, 5.0)
        self.assertEqual(first._oms_get_open_fulfillments().site_id, self.near)

    def test_same_address_again(self):
        """Coordinates that were found make no other address of the same one."""
        first, second = self.place("G-1"), self.place("G-2")
        self.assertEqual(first.partner_shipping_id, second.partner_shipping_id)
        exact = self.place("G-3", latitude=48.8611, longitude=2.3364)
        self.assertNotEqual(exact.partner_shipping_id, first.partner_shipping_id)
        self.assertFalse(exact.partner_shipping_id.oms_place_precision)
        self.assertEqual(exact.partner_shipping_id.partner_latitude, 48.8611)

    def test_no_query_for_each_address(self):
        """The addresses of a batch are looked up together."""
        Customers = self.env["oms.import.customers"]
        Partner = self.env["res.partner"]
        france = self.env.ref("base.fr")
        vals = {
            number: {
                "name": f"N {number}",
                "country_id": france.id,
                "zip": f"{75001 + number % 20}",
                "city": "Paris",
                "partner_latitude": 0.0,
                "partner_longitude": 0.0,
            }
            for number in range(40)
        }
        Customers._create(Partner, dict(list(vals.items())[:2]))
        self.env.flush_all()
        with self.assertQueryCount(20):
            made = Customers._create(Partner, dict(list(vals.items())[2:]))
            self.env.flush_all()
        self.assertEqual(set(made.mapped("oms_place_precision")), {"zip"})
