"""Prices with and without tax, under taxes of every kind, against the channel's own arithmetic."""

import random
from decimal import ROUND_HALF_UP, Decimal

from odoo.tests import tagged

from .common import ApiCase

#: Amounts of one unit of the company's currency: what the rounding of each currency is.
ROUNDINGS = {"own": Decimal("0.01"), "JPY": Decimal(1), "KWD": Decimal("0.001")}


@tagged("post_install", "-at_install")
class TestOrderTaxes(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["account.tax"].search([("type_tax_use", "=", "sale")]).active = False
        cls.channel.write({"total_tolerance": 0.0, "total_policy": "park"})
        for name in ("JPY", "KWD"):
            currency = cls.env.ref(f"base.{name}")
            currency.write({"active": True, "rounding": float(ROUNDINGS[name])})
            currency.rate_ids = [(0, 0, {"name": "2020-01-01", "rate": 3.7})]
            cls.env["product.pricelist"].create({"name": name, "currency_id": currency.id})

    def setUp(self):
        super().setUp()
        self.enterContext(self.enter_registry_test_mode())

    def make_tax(self, amount, included, kind="percent", **vals):
        return self.env["account.tax"].create(
            {
                "name": f"{kind} {amount} {included} {random.random()}",
                "amount": amount,
                "amount_type": kind,
                "type_tax_use": "sale",
                "price_include_override": "tax_included" if included else "tax_excluded",
                **vals,
            }
        )

    def place(self, *orders):
        self.env.flush_all()
        return self.api.place_orders(orders=list(orders))["orders"]

    def find(self, reference):
        return self.env["sale.order"].search(
            [("oms_channel_id", "=", self.channel.id), ("oms_external_ref", "=", reference)]
        )

    def round(self, amount, currency):
        step = ROUNDINGS[currency]
        return (amount / step).quantize(Decimal(1), ROUND_HALF_UP) * step

    # === RANDOM MIXES === #

    def make_mixes(self, dice):
        """Return products by their taxes, each as (kind, amount, whether it is in the price)."""

        def draw(kind, amounts):
            amount, included = dice.choice(amounts), dice.random() < 0.5
            return (kind, amount, included), self.make_tax(amount, included, kind)

        products = []
        for number in range(16):
            parts, taxes = [], self.env["account.tax"]
            for kind, amounts, chance in (
                ("fixed", (0.25, 1.0), 0.3),
                ("percent", (5.5, 19.0, 20.0, 7.7), 0.8),
                ("percent", (1.5, 9.975), 0.3),
                ("division", (10.0, 20.0), 0.2),
            ):
                if dice.random() < chance:
                    part, tax = draw(kind, amounts)
                    parts.append(part)
                    taxes |= tax
            if number % 4 == 0:
                children = [self.make_tax(9.0, number % 8 == 0, type_tax_use="none") for _ in "ab"]
                parts += [("percent", 9.0, number % 8 == 0)] * 2
                taxes |= self.env["account.tax"].create(
                    {
                        "name": f"Group {number} {random.random()}",
                        "amount_type": "group",
                        "type_tax_use": "sale",
                        "children_tax_ids": [(6, 0, [child.id for child in children])],
                    }
                )
            name = f"Taxed {number}"
            self.make_product(name, taxes_id=[(6, 0, taxes.ids)])
            products.append((name, parts))
        return products

    def tax(self, net, quantity, parts, currency):
        """Return the taxes on a net amount, each rounded: the channel's arithmetic."""
        total = Decimal(0)
        for kind, amount, _included in parts:
            rate = Decimal(str(amount))
            value = {
                "percent": net * rate / 100,
                "division": net * rate / (100 - rate),
                "fixed": rate * quantity,
            }[kind]
            total += self.round(value, currency)
        return total

    def given(self, dice, number, products):
        currency = dice.choice(["own", "own", "JPY", "KWD"])
        with_tax = dice.random() < 0.6
        digits = -ROUNDINGS[currency].as_tuple().exponent
        lines, total = [], Decimal(0)
        for name, parts in dice.sample(products, dice.randint(1, 4)):
            quantity = Decimal(dice.choice([1, 1, 2, 3, 7]))
            price = Decimal(dice.randint(500, 20_000)).scaleb(-digits if digits else 0)
            price = max(price, Decimal(8))
            discount = Decimal(dice.choice(["0", "0", "10", "33.33", "12.345"]))
            shown = self.round(price * (1 - discount / 100) * quantity, currency)
            total += shown
            if not with_tax:
                total += self.tax(shown, quantity, parts, currency)
            lines.append(
                {
                    "product": name,
                    "quantity": float(quantity),
                    "unit_price": float(price),
                    "discount": float(discount),
                }
            )
        order = {
            "reference": f"T-{number}",
            "customer": {"id": "tax"},
            "ship_to": {"country": "FR", "city": "Paris"},
            "prices_include_tax": with_tax,
            "lines": lines,
            "total": float(total),
        }
        return order if currency == "own" else order | {"currency": currency}

    def check(self, seed, rounding, count=40):
        self.company.tax_calculation_rounding_method = rounding
        dice = random.Random(seed)
        products = self.make_mixes(dice)
        orders = [self.given(dice, f"{seed}-{number}", products) for number in range(count)]
        if rounding == "round_globally":
            # Odoo then rounds taxes that are not in prices once for each order, and so do shops.
            orders = [order for order in orders if order["prices_include_tax"]]
        answers = self.place(*orders)
        for order, answer in zip(orders, answers, strict=True):
            with self.subTest(order=order):
                self.assertEqual(answer["status"], "placed", answer["error"])
                self.assertAlmostEqual(answer["total"], order["total"], 6)
                if order["prices_include_tax"]:
                    self.assert_lines(order)

    def assert_lines(self, order):
        placed = self.find(order["reference"])
        name = order.get("currency", "own")
        for sent, line in zip(order["lines"], placed.order_line, strict=True):
            shown = Decimal(str(sent["unit_price"])) * Decimal(str(sent["quantity"]))
            shown *= 1 - Decimal(str(sent["discount"])) / 100
            self.assertAlmostEqual(line.price_total, float(self.round(shown, name)), 6)
        self.assertAlmostEqual(placed.amount_total, placed.amount_untaxed + placed.amount_tax, 6)

    def test_rounded_per_line(self):
        self.check(1, "round_per_line")

    def test_rounded_globally(self):
        self.check(2, "round_globally")

    # === SINGLE CASES === #

    def test_no_net_price_comes_to_it(self):
        """3 at 9.99 with 20 %: 24.97 or 24.98 without tax would be 29.96 or 29.98 with it."""
        self.apple.taxes_id = self.make_tax(20.0, False)
        for rounding in ("round_per_line", "round_globally"):
            self.company.tax_calculation_rounding_method = rounding
            [answer] = self.place(
                {
                    "reference": rounding,
                    "ship_to": {"country": "FR"},
                    "prices_include_tax": True,
                    "lines": [{"product": "Apple", "quantity": 3, "unit_price": 9.99}],
                    "shipping": {"price": 4.99, "tax_rate": 20.0},
                    "total": 34.96,
                }
            )
            self.assertEqual((answer["status"], answer["total"]), ("placed", 34.96))
            line = self.find(rounding).order_line[0]
            self.assertAlmostEqual(line.price_total, 29.97)
            self.assertAlmostEqual(line.price_tax, 5.0, delta=0.011)
            self.assertAlmostEqual(line.price_unit, 8.325)

    def test_the_invoice_says_the_same(self):
        self.apple.write({"taxes_id": self.make_tax(20.0, False), "invoice_policy": "order"})
        self.place(
            {
                "reference": "I-1",
                "ship_to": {"country": "FR"},
                "prices_include_tax": True,
                "lines": [{"product": "Apple", "quantity": 3, "unit_price": 9.99}],
                "total": 29.97,
            }
        )
        self.assertAlmostEqual(self.find("I-1")._create_invoices().amount_total, 29.97)

    def test_a_quantity_that_changes(self):
        """The kept amounts end with the quantity, and the price goes on."""
        self.apple.taxes_id = self.make_tax(20.0, False)
        self.place(
            {
                "reference": "Q-1",
                "ship_to": {"country": "FR"},
                "prices_include_tax": True,
                "lines": [{"product": "Apple", "quantity": 3, "unit_price": 12.0}],
                "total": 36.0,
            }
        )
        order = self.find("Q-1")
        order.order_line.product_uom_qty = 2
        self.assertAlmostEqual(order.amount_total, 24.0)

    def test_groups_have_a_rate(self):
        """18 % that are 9 % and 9 %; the product's own tax of a rate goes first."""
        children = [self.make_tax(9.0, False, type_tax_use="none") for _ in "ab"]
        group = self.env["account.tax"].create(
            {
                "name": "Group of 18 %",
                "amount_type": "group",
                "type_tax_use": "sale",
                "children_tax_ids": [(6, 0, [child.id for child in children])],
            }
        )
        other, own = self.make_tax(18.0, True), self.make_tax(18.0, False)
        line = {"product": "Apple", "quantity": 1, "unit_price": 118.0, "tax_rate": 18.0}
        for number, (product_tax, expected) in enumerate(
            ((group, group), (own, own), (self.env["account.tax"], other))
        ):
            self.apple.taxes_id = product_tax
            [answer] = self.place(
                {
                    "reference": f"G-{number}",
                    "ship_to": {"country": "FR"},
                    "prices_include_tax": True,
                    "lines": [line],
                    "total": 118.0,
                }
            )
            self.assertEqual(answer["status"], "placed", answer["error"])
            order = self.find(f"G-{number}")
            self.assertEqual(order.order_line.tax_ids, expected)
            self.assertAlmostEqual(order.amount_untaxed, 100.0)
