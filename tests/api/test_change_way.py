from odoo.tests import tagged

from .change_case import ChangeCase


@tagged("post_install", "-at_install")
class TestChangeWay(ChangeCase):
    """How the goods come, and what they cost, is changed."""

    # === THE WAY TO THE CUSTOMER === #

    def test_collected_instead(self):
        """What no site has begun comes from the store where the customer collects."""
        self.far.collects = True
        self.place(self.given())
        order = self.find()
        self.assertEqual(set(self.plan(order)), {("NEAR", "Apple"), ("NEAR", "Berry")})
        answer = self.change(collect_at="FAR", lines=[{"id": "a", "quantity": 4}])
        self.assertEqual((answer["status"], answer["error"]), ("changed", None))
        self.assertEqual((order.oms_service, order.oms_collect_site_id), ("collect", self.far))
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 4, ("FAR", "Berry"): 2})
        self.assertBalanced(order)
        self.assertFalse(order.oms_conflict)
        self.assertEqual(self.change("2", service="home")["status"], "changed")
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 4, ("NEAR", "Berry"): 2})
        order.picking_ids.filtered(lambda p: p.state != "cancel").printed = True
        self.assertEqual(self.change("3", collect_at="FAR")["status"], "changed")
        self.assertTrue(order.oms_conflict)
        self.assertBalanced(order)

    def test_ways_that_are_not_there(self):
        self.place(self.given())
        for more, code, field in (
            ({"method": "Pigeon"}, "unknown_method", "method"),
            ({"collect_at": "NEAR"}, "unknown_store", "collect_at"),
            ({"service": "collect"}, "invalid", "service"),
        ):
            answer = self.change(**more)
            self.assertEqual((answer["status"], answer["error"]["code"]), ("refused", code))
            self.assertEqual(answer["error"]["field"], f"changes.0.{field}")

    def test_another_way_is_another_revision(self):
        self.near.collects = True
        self.place(self.given())
        before = self.revision()
        answer = self.change(collect_at="NEAR")
        self.assertEqual(answer["status"], "changed", answer)
        self.assertNotEqual(self.revision(), before)
        self.assertEqual(self.revision(), answer["revision"])
        answer = self.change("2", service="home", if_revision=before)
        self.assertEqual((answer["status"], answer["error"]["code"]), ("conflict", "conflict"))
        self.assertEqual(self.find().oms_collect_site_id, self.near)

    def test_what_waits_goes_another_way(self):
        self.near.collects = True
        self.place(self.given(lines=[{"id": "a", "product": "SKU-9", "quantity": 2}]))
        self.change(collect_at="NEAR", lines=[{"id": "a", "product": "Apple"}])
        self.assertEqual(self.find().oms_collect_site_id, self.near)

    # === MONEY === #

    def test_prices(self):
        tax = self.env["account.tax"].create(
            {
                "name": "20 %",
                "amount": 20.0,
                "type_tax_use": "sale",
                "price_include_override": "tax_excluded",
            }
        )
        self.apple.taxes_id = tax
        line = {"id": "a", "product": "Apple", "quantity": 3, "unit_price": 9.99}
        self.place(self.given(lines=[line], prices_include_tax=True, total=29.97))
        self.assertEqual(self.find().amount_total, 29.97)
        answer = self.change(lines=[{"id": "a", "quantity": 7}], total=69.93)
        self.assertEqual((answer["status"], answer["total"]), ("changed", 69.93))
        answer = self.change(
            "2",
            lines=[
                {"id": "a", "unit_price": 8.88, "discount": 10.0},
                {"id": "n", "product": "Apple", "quantity": 1, "unit_price": 1.01},
            ],
            shipping={"price": 4.99},
            total=61.94,
        )
        self.assertEqual((answer["status"], answer["total"]), ("changed", 61.94))
        answer = self.change("3", shipping={"price": 0.0}, total=56.95)
        self.assertEqual((answer["status"], answer["total"]), ("changed", 56.95))
        answer = self.change("4", lines=[{"id": "a", "tax_rate": 3.21}])
        self.assertEqual(
            (answer["error"]["code"], answer["error"]["field"]),
            ("unknown_tax", "changes.0.lines.0.tax_rate"),
        )

    def test_prices_that_were_sent_without_tax_stay_without(self):
        """A later change sends prices with tax, and says nothing of the other line's."""
        tax = self.env["account.tax"].create(
            {
                "name": "20 %",
                "amount": 20.0,
                "type_tax_use": "sale",
                "price_include_override": "tax_excluded",
            }
        )
        (self.apple | self.berry).taxes_id = tax
        self.place(self.given())
        self.change("1", prices_include_tax=True, lines=[{"id": "a", "unit_price": 12.0}])
        answer = self.change("2", lines=[{"id": "b", "quantity": 3}])
        self.assertEqual(answer["status"], "changed")
        self.assertEqual((self.line("a").price_unit, self.line("b").price_unit), (10.0, 4.0))
        self.assertAlmostEqual(answer["total"], 3 * 12.0 + 3 * 4.0 * 1.2)

    def test_another_total(self):
        self.place(self.given(total=36.5))
        more = {"lines": [{"id": "a", "quantity": 4}]}
        answer = self.change(**more, total=45.0)
        self.assertEqual((answer["status"], answer["error"]["code"]), ("refused", "other_total"))
        self.assertEqual(self.line("a").product_uom_qty, 3)
        self.channel.total_policy = "adjust"
        for number, total in enumerate((45.0, 45.5, 46.0)):
            answer = self.change(str(number), **more, total=total)
            self.assertEqual((answer["status"], answer["total"]), ("changed", total))
        self.channel.total_policy = "accept"
        answer = self.change("9", lines=[{"id": "a", "quantity": 3}], total=1.0)
        self.assertEqual((answer["status"], answer["total"]), ("changed", 36.5))
