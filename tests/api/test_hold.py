from odoo.tests import tagged

from odoo.addons.oms.models.api.error import ApiError, get_code

from .common import ApiCase


@tagged("post_install", "-at_install")
class TestHold(ApiCase):
    def setUp(self):
        super().setUp()
        # Holds are committed in transactions of their own.
        self.enterContext(self.enter_registry_test_mode())

    def hold(self, *lines, **kwargs):
        asked = [
            {"product": product, "site": site, "quantity": quantity}
            for product, site, quantity in lines
        ]
        return self.api.hold(lines=asked, **kwargs)

    def assertRefused(self, code, call, *args, field=None, **kwargs):
        with self.assertRaises(Exception) as caught:
            call(*args, **kwargs)
        self.assertEqual(get_code(caught.exception), code, caught.exception)
        if field:
            self.assertEqual(caught.exception.field, field)
        return caught.exception

    def available(self):
        return self.api.availability(products=["Apple"])["products"][0]["available"]

    def test_life_of_a_hold(self):
        self.stock(self.apple, (self.near, 3))
        held = self.hold(("Apple", "NEAR", 2), minutes=15, reference="cart 1")
        [hold] = held["holds"]
        self.assertEqual((hold["product"], hold["site"], hold["quantity"]), ("Apple", "NEAR", 2))
        self.assertRegex(held["expires_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(self.available(), 1)
        longer = self.api.extend(holds=[hold["id"]], minutes=120)
        self.assertGreater(longer["expires_at"], held["expires_at"])
        self.assertEqual(self.api.release(holds=[hold["id"]]), {"released": [hold["id"]]})
        self.assertEqual(self.available(), 3)
        self.assertEqual(self.api.release(holds=[hold["id"]]), {"released": []})
        self.assertRefused("ended", self.api.extend, holds=[hold["id"]], minutes=5)

    def test_all_or_none(self):
        self.stock(self.apple, (self.near, 3))
        self.stock(self.berry, (self.near, 1))
        self.assertRefused("shortage", self.hold, ("Apple", "NEAR", 2), ("Berry", "NEAR", 2))
        self.assertEqual(self.available(), 3)
        # The same goods twice are asked for together.
        self.assertRefused("shortage", self.hold, ("Apple", "NEAR", 2), ("Apple", "NEAR", 2))

    def test_bad_input(self):
        self.stock(self.apple, (self.near, 3))
        elsewhere = self.make_site("Elsewhere", "ELSE")
        self.stock(self.apple, (elsewhere, 3))
        self.berry.sale_ok = False
        for code, field, line in (
            ("not_found", "lines.0.product", ("Nothing", "NEAR", 1)),
            ("not_found", "lines.0.site", ("Apple", "ELSE", 1)),
            ("not_sellable", "lines.0.product", ("Berry", "NEAR", 1)),
            ("invalid", "lines.0.quantity", ("Apple", "NEAR", 0)),
            ("invalid", "lines.0.quantity", ("Apple", "NEAR", -1)),
            ("invalid", "lines.0.quantity", ("Apple", "NEAR", 1e9)),
            ("invalid", "lines.0.quantity", ("Apple", "NEAR", float("nan"))),
            ("invalid", "lines.0.quantity", ("Apple", "NEAR", True)),
            ("invalid", "lines.0.quantity", ("Apple", "NEAR", "1")),
        ):
            with self.subTest(line=line):
                self.assertRefused(code, self.hold, line, field=field)
        self.assertRefused("invalid", self.hold, ("Apple", "NEAR", 1), minutes=1e5 + 1)
        self.assertRefused("invalid", self.hold, ("Apple", "NEAR", 1), minutes=99_999)

    def test_nobody_elses_holds(self):
        self.stock(self.apple, (self.near, 3))
        other = self.make_channel("Other", "TOTHER")
        [theirs] = self.env["oms.claim"]._hold(
            [(self.apple.id, self.near.id, 1.0)], "cart", 5, "x", other
        )
        self.assertRefused("not_found", self.api.extend, holds=[theirs], minutes=5)
        self.assertRefused("not_found", self.api.release, holds=[theirs])
        order = self.make_order((self.apple, 1))
        for claim in order.order_line.oms_claim_ids.ids:
            self.assertRefused("not_found", self.api.release, holds=[claim])
        self.assertEqual(self.env["oms.claim"].browse(theirs).state, "active")

    def test_shares_of_others_are_not_told(self):
        self.stock(self.apple, (self.near, 3))
        rival = self.make_channel("Secret rival", "TRIVAL")
        self.env["oms.allocation"].create(
            {"channel_id": rival.id, "product_id": self.apple.id, "kind": "protected", "amount": 2}
        )
        error = self.assertRefused("shortage", self.hold, ("Apple", "NEAR", 2))
        self.assertNotIn("rival", error.told)
        self.assertNotIn("rival", str(ApiError("shortage", error.told)))
