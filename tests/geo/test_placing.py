from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.oms.engine.geography import great_circle_km

from ..common import MARSEILLE, PARIS, OmsCase


@tagged("post_install", "-at_install")
class TestPlacing(OmsCase):
    """Addresses of orders and sites get their coordinates from their postcodes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.france = cls.env.ref("base.fr")

    def make_address(self, code="75001", city="Paris", **vals):
        vals = {"country_id": self.france.id, "zip": code, "city": city, **vals}
        return self.make_partner("Address", **vals)

    def assertNear(self, record, coordinates, names=("partner_latitude", "partner_longitude")):
        self.assertLess(great_circle_km(*(record[name] for name in names), *coordinates), 8.0)

    def test_order_places_its_address(self):
        address = self.make_address()
        self.assertFalse(address.partner_latitude)
        order = self.make_order((self.apple, 1), confirm=False, partner_id=address.id)
        self.assertNear(address, PARIS)
        self.assertEqual(address.oms_place_precision, "zip")
        self.assertFalse(order.oms_place_hint)
        other = self.make_address("13001", "Marseille")
        order.partner_shipping_id = other
        self.assertNear(other, MARSEILLE)

    def test_given_coordinates_stay(self):
        address = self.make_address(partner_latitude=48.9, partner_longitude=2.3)
        self.make_order((self.apple, 1), confirm=False, partner_id=address.id)
        self.assertEqual((address.partner_latitude, address.partner_longitude), (48.9, 2.3))
        self.assertFalse(address.oms_place_precision)
        # The next street is not elsewhere; Marseille is.
        address.zip = "75002"
        self.assertEqual(address.partner_latitude, 48.9)
        address.write({"zip": "13001", "city": "Marseille"})
        self.assertNear(address, MARSEILLE)
        self.assertEqual(address.oms_place_precision, "zip")

    def test_address_that_changes(self):
        address = self.make_address()
        self.make_order((self.apple, 1), confirm=False, partner_id=address.id)
        address.write({"zip": "13001", "city": "Marseille"})
        self.assertNear(address, MARSEILLE)
        address.write({"zip": "", "city": "Nowhere-les-Bains"})
        self.assertFalse(address.partner_latitude or address.oms_place_precision)
        address.write({"zip": "75001", "partner_latitude": 48.85, "partner_longitude": 2.35})
        self.assertEqual(address.partner_latitude, 48.85)
        self.assertFalse(address.oms_place_precision)

    def test_wiped_coordinates(self):
        """Odoo's geocoder wipes coordinates when the street changes."""
        address = self.make_address()
        address._oms_place()
        address.write({"street": "2 rue", "partner_latitude": 0.0, "partner_longitude": 0.0})
        self.assertNear(address, PARIS)
        self.assertEqual(address.oms_place_precision, "zip")
        address.street = "3 rue"
        self.assertNear(address, PARIS)

    def test_poisoned_coordinates_are_mended(self):
        """Odoo marks by 1000 what its geocoder cannot find."""
        address = self.make_address(partner_latitude=1000.0, partner_longitude=1000.0)
        self.make_order((self.apple, 1), confirm=False, partner_id=address.id)
        self.assertNear(address, PARIS)

    def test_unknown_postcode_is_told(self):
        """Too rough a place is not kept as the address', and the order says what to mend."""
        wrong = self.make_address("75999", "")
        order = self.make_order((self.apple, 1), confirm=False, partner_id=wrong.id)
        self.assertFalse(wrong.partner_latitude)
        self.assertIn("75999 of France is not known", order.oms_place_hint)
        unplaced = self.env.ref("oms.view_order_search_place")
        self.assertIn("partner_shipping_id.partner_latitude", unplaced.arch)
        domain = [
            ("partner_shipping_id.partner_latitude", "=", 0),
            ("partner_shipping_id.partner_longitude", "=", 0),
        ]
        self.assertIn(order, self.env["sale.order"].search(domain))
        for vals, words in (
            ({"zip": False}, "neither postcode nor city"),
            ({"city": "Nowhere-les-Bains"}, "are called Nowhere-les-Bains"),
            ({"country_id": self.env.ref("base.aq").id}, "No postcodes of Antarctica"),
            ({"country_id": False}, "no country"),
        ):
            wrong.write(vals)
            self.assertIn(words, order.oms_place_hint)
        wrong.write({"country_id": self.france.id, "zip": "75001"})
        self.assertFalse(order.oms_place_hint)
        self.assertNotIn(order, self.env["sale.order"].search(domain))

    def test_nearest_site_by_postcode(self):
        """An order that only says its postcode comes from the nearest site."""
        self.stock(self.apple, (self.near, 5), (self.far, 5))
        for code, site in (("75001", self.near), ("13001", self.far)):
            order = self.make_order((self.apple, 1), partner_id=self.make_address(code, "").id)
            self.assertEqual(order._oms_get_open_fulfillments().site_id, site)
            self.assertIn(f"where its postcode {code} is", order.oms_decision_ids[:1].note)

    def test_rough_places_are_used_all_the_same(self):
        address = self.make_address("75999", "")
        place = address._oms_locate()[address.id]
        self.assertEqual(place.precision, "prefix")
        self.assertLess(great_circle_km(place.latitude, place.longitude, *PARIS), 10.0)

    def test_too_far_before_there_is_an_order(self):
        """A promise leaves out the same sites as the order that follows it."""
        self.far.max_kilometers = 100.0
        Order, Partner = self.env["sale.order"], self.env["res.partner"]
        for code, barred in (("75001", self.far), ("13001", None), ("", None), ("75999", None)):
            asked = Partner.new({"name": "?", "country_id": self.france.id, "zip": code})
            order = Order.new({"partner_id": asked.id, "partner_shipping_id": asked.id})
            found = self.sites._find_too_far(order).get(order, {})
            self.assertEqual(list(found), [barred] if barred else [])

    def test_many_orders_few_queries(self):
        addresses = self.env["res.partner"]
        for code in ("75001", "13001", "69001", "31000"):
            addresses += self.make_address(code, "")
        addresses[:2]._oms_place()
        self.env.flush_all()
        self.assertEqual(len(addresses._oms_locate()), 4)
        self.env.invalidate_all()
        addresses.mapped("country_id.code")
        with self.assertQueryCount(1):
            addresses._oms_locate()

    def test_who_orders_need_not_write_addresses(self):
        seller = new_test_user(self.env, "geo_seller", groups="sales_team.group_sale_salesman")
        address = self.make_address()
        order = (
            self.env["sale.order"]
            .with_user(seller)
            .create({"partner_id": self.customer.id, "partner_shipping_id": address.id})
        )
        self.assertNear(address, PARIS)
        self.assertFalse(order.oms_place_hint)

    # === SITES AND BUTTONS === #

    def test_sites_by_button(self):
        site = self.make_site("Lost", "LOST")
        site.partner_id.write({"country_id": self.france.id, "zip": "13001"})
        site.write({"latitude": 0, "longitude": 0})
        nowhere = self.make_site("Nowhere", "NOWH")
        action = (site + nowhere).action_locate()
        self.assertNear(site, MARSEILLE, ("latitude", "longitude"))
        self.assertIn("1 placed, 1 not placed", action["params"]["message"])
        self.assertIn("Nowhere: The address has no country", action["params"]["message"])
        with self.assertRaisesRegex(UserError, "coordinates already"):
            site.action_locate()

    def test_partners_by_button(self):
        known, unknown = self.make_address(), self.make_address("75999", "")
        message = (known + unknown).action_oms_place()["params"]["message"]
        self.assertIn("1 placed, 1 not placed", message)
        self.assertIn("75999", message)
        self.assertNear(known, PARIS)

    # === ROLES === #

    def test_roles(self):
        Postcode = self.env["oms.geo.postcode"]
        made = Postcode.create(
            {"country_id": self.env.ref("base.aq").id, "zip": "1", "latitude": -80, "longitude": 0}
        )
        for login, groups in (
            ("geo_operator", "oms.group_order_operator"),
            ("geo_site", "oms.group_site_operator"),
        ):
            user = new_test_user(self.env, login, groups=groups)
            self.assertTrue(made.with_user(user).zip)
            for do in (
                lambda record: record.write({"latitude": 1}),
                lambda record: record.unlink(),
                lambda record: record.action_remove_countries(),
                lambda record: record.copy({"zip": "2"}),
            ):
                with self.assertRaises(AccessError):
                    do(made.with_user(user))
        portal = new_test_user(self.env, "geo_portal", groups="base.group_portal")
        with self.assertRaises(AccessError):
            made.with_user(portal).read(["zip"])
        channel_user = new_test_user(self.env, "geo_channel", groups="oms.group_channel_user")
        with self.assertRaises(AccessError):
            made.with_user(channel_user).read(["zip"])
        manager = new_test_user(self.env, "geo_manager", groups="oms.group_order_manager")
        made.with_user(manager).latitude = -79
        made.with_user(manager).action_remove_countries()
        self.assertFalse(made.exists())
        self.assertTrue(Postcode.search_count([("country_id", "=", self.france.id)]))
