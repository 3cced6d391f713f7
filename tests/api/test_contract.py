from odoo.tests import tagged

from odoo.addons.oms.models.api.error import ApiError

from .common import ApiCase


@tagged("post_install", "-at_install")
class TestAvailability(ApiCase):
    """What the facade says, called in Python as Odoo's RPC does."""

    def ask(self, *products, **kwargs):
        answer = self.api.availability(products=list(products), **kwargs)
        return answer["products"]

    def test_agrees_with_the_position(self):
        self.stock(self.apple, (self.near, 3), (self.far, 2.5))
        [answer] = self.ask("Apple")
        self.assertEqual((answer["available"], answer["unit"]), (5.5, "Units"))
        self.assertIsNone(answer["sites"])
        self.assertIsNone(answer["error"])

    def test_each_product_by_itself(self):
        self.berry.sale_ok = False
        self.make_product("Twice A", barcode="TWICE")
        self.make_product("TWICE")
        service = self.make_product("Help", type="service", is_storable=False)
        answers = self.ask("Apple", "Berry", "TWICE", "Unknown", "Apple", service.default_code)
        codes = [answer["error"] and answer["error"]["code"] for answer in answers]
        self.assertEqual(codes, [None, "not_sellable", "not_found", "not_found", None, None])
        self.assertIsNone(answers[5]["available"])

    def test_sites_of_the_channel_only(self):
        elsewhere = self.make_site("Elsewhere", "ELSE")
        self.stock(self.apple, (elsewhere, 9), (self.near, 1))
        [answer] = self.ask("Apple", by_site=True)
        self.assertEqual(answer["available"], 1)
        with self.assertRaises(ApiError) as caught:
            self.ask("Apple", sites=["NEAR", "ELSE"])
        self.assertEqual((caught.exception.code, caught.exception.field), ("not_found", "sites.1"))

    def test_no_site_is_not_every_site(self):
        with self.assertRaises(ApiError) as caught:
            self.ask("Apple", sites=[])
        self.assertEqual((caught.exception.code, caught.exception.field), ("invalid", "sites"))

    def test_several_channels(self):
        other = self.make_channel("Other", "TOTHER")
        with self.assertRaises(ApiError) as caught:
            self.api.ping(channel="TOTHER")
        self.assertEqual(caught.exception.code, "forbidden")
        other.user_ids = self.system
        with self.assertRaises(ApiError) as caught:
            self.api.ping()
        self.assertEqual((caught.exception.code, caught.exception.field), ("invalid", "channel"))
        self.assertEqual(self.api.ping(channel="TOTHER")["channel"], "TOTHER")
        other.active = False
        self.assertEqual(self.api.ping()["channel"], "TWEB")

    def test_moments(self):
        for at, fits in (
            ("2000-01-01T00:00:00Z", False),
            ("9999-12-31T23:59:59-12:00", False),
            (12, False),
            ("tomorrow", False),
        ):
            with self.subTest(at=at), self.assertRaises(Exception) as caught:
                self.ask("Apple", at=at)
            self.assertFalse(fits)
            self.assertIn(type(caught.exception).__name__, ("ApiError", "ValidationError"))

    def test_number_of_statements(self):
        """Twenty products cost as many statements as one."""
        products = [self.make_product(f"Many {number}") for number in range(20)]
        codes = [product.default_code for product in products]
        self.ask(*codes)
        self.env.invalidate_all()
        with self.queries() as one:
            self.ask(codes[0])
        self.env.invalidate_all()
        with self.queries() as twenty:
            self.ask(*codes)
        self.assertEqual(len(twenty), len(one))
        self.assertLessEqual(len(one), 17, "\n".join(one))
