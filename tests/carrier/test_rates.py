from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import new_test_user, tagged

from odoo.addons.oms.connectors.carrier import ADAPTERS, Rate
from odoo.addons.oms.connectors.outcome import Ok, Unknown

from ..common import OmsCase
from .carrier_case import CarrierCase, FakeCarrier


class Teller(FakeCarrier):
    """A carrier outside that charges 5 for a parcel, and 1 for each kilogram."""

    def __init__(self):
        super().__init__()
        self.asked = []
        self.silent = False

    def rates(self, account, shipment):
        self.asked.append(shipment)
        if self.silent:
            return Unknown("nobody answers")
        [parcel] = shipment.parcels
        return Ok(
            (
                Rate("slow", "Slow", 5.0 + parcel.weight, "EUR", 3.0),
                Rate("fast", "Fast", 15.0 + parcel.weight, "EUR"),
            )
        )


@tagged("post_install", "-at_install")
class TestRates(CarrierCase):
    def setUp(self):
        super().setUp()
        self.carrier = Teller()
        self.enterContext(patch.dict(ADAPTERS, {"chronopost": self.carrier}))
        self.account.write({"adapter": "chronopost", "base_url": "https://chrono.example.com"})
        self.account.invalidate_recordset()
        self.method.oms_service_code = "slow"
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.dear = self.env.company.currency_id != euro

    def in_company(self, amount):
        euro, own = self.env.ref("base.EUR"), self.env.company.currency_id
        return euro._convert(amount, own, self.env.company, fields.Date.today())

    def rate(self, order):
        answer = self.method.rate_shipment(order)
        self.assertTrue(answer["success"])
        return answer["price"]

    def test_known_after_a_task_asked(self):
        order = self.release().sale_id
        self.assertAlmostEqual(self.rate(order), 6.0, msg="the price that is set")
        self.assertEqual(self.carrier.asked, [], "nobody is called while somebody waits")
        self.rate(order)
        self.run_tasks()
        [shipment] = self.carrier.asked
        self.assertEqual((shipment.receiver.zip, shipment.parcels[0].weight), ("75002", 0.5))
        # Two apples of 250 grams.
        self.assertAlmostEqual(self.rate(order), self.in_company(5.5))
        self.method.oms_service_code = "fast"
        self.assertAlmostEqual(self.rate(order), self.in_company(15.5))
        self.method.oms_service_code = "none"
        self.assertAlmostEqual(self.rate(order), 6.0)
        self.assertEqual(len(self.carrier.asked), 1)

    def test_the_price_of_a_method_of_all_companies_is_in_one_currency(self):
        """Whoever asks, at work in whichever company: the main company's, as in Odoo."""
        order = self.release().sale_id
        main = self.env["res.company"]._get_main_company()
        self.method.company_id = False
        yen = self.env.ref("base.JPY")
        yen.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": yen.id, "rate": 150.0, "company_id": main.id}
        )
        other = self.env["res.company"].create({"name": "Tokyo", "currency_id": yen.id})
        self.env.user.company_ids |= other
        expected = main.currency_id._convert(
            6.0, order.currency_id, order.company_id, fields.Date.today()
        )
        for company in (other, main):
            price = self.method.with_company(company).oms_rate_shipment(order)["price"]
            self.assertAlmostEqual(price, expected, msg=company.name)

    def test_each_site_is_a_shipment_of_its_own(self):
        self.stock(self.apple, (self.near, 2), (self.far, 8))
        order = self.make_order((self.apple, 10), confirm=False)
        order.carrier_id = self.method
        order.partner_shipping_id.write(
            {"street": "Rue 1", "city": "Paris", "zip": "75002", "country_id": 75}
        )
        order.partner_shipping_id.country_id = self.env.ref("base.fr")
        order.action_confirm()
        self.assertEqual(len(order.oms_fulfillment_ids), 2)
        self.assertAlmostEqual(self.rate(order), 12.0, msg="the price that is set, twice")
        self.run_tasks()
        self.assertEqual(sorted(each.parcels[0].weight for each in self.carrier.asked), [0.5, 2.0])
        self.assertAlmostEqual(self.rate(order), self.in_company(5.5 + 7.0))

    def test_visible_on_the_transfer(self):
        picking = self.release()
        self.assertFalse(picking.oms_rate_text)
        clerk = new_test_user(self.env, "rate_clerk", "stock.group_stock_user")
        picking.with_user(clerk).action_oms_rates()
        self.run_tasks()
        self.assertEqual(
            picking.with_user(clerk).oms_rate_text.splitlines(),
            ["Slow: 5.50 EUR, 3 days", "Fast: 15.50 EUR"],
        )
        self.assertEqual(len(self.carrier.asked), 1)

    def test_every_package_counts(self):
        picking = self.release(6)
        packages = self.env["stock.package"].create([{"name": "A"}, {"name": "B"}])
        line = picking.move_ids.move_line_ids
        line.copy({"quantity": 4, "result_package_id": packages[1].id})
        line.write({"quantity": 2, "result_package_id": packages[0].id})
        picking.action_oms_rates()
        self.run_tasks()
        # 0.5 and 1 kilogram.
        self.assertIn("Slow: 11.50 EUR", picking.oms_rate_text)

    def test_a_silent_carrier(self):
        self.carrier.silent = True
        order = self.release().sale_id
        self.rate(order)
        self.run_tasks()
        self.assertAlmostEqual(self.rate(order), 6.0)
        kept = self.env["oms.carrier.rate"].search([])
        self.assertEqual(kept.error, "nobody answers")
        self.run_tasks()
        self.assertEqual(len(self.carrier.asked), 1)

    def test_old_rates_are_asked_for_anew(self):
        order = self.release().sale_id
        self.rate(order)
        self.run_tasks()
        kept = self.env["oms.carrier.rate"].search([])
        old = fields.Datetime.now() - timedelta(days=2)
        kept.write({"answered_at": old, "next_ask": old})
        self.assertAlmostEqual(self.rate(order), self.in_company(5.5))
        self.run_tasks()
        self.assertEqual(len(self.carrier.asked), 2)
        operator = new_test_user(self.env, "rate_operator", "oms.group_order_operator")
        self.assertIn("Slow", kept.with_user(operator).rate_text)
        self.assertFalse(kept.with_user(operator).has_access("write"))

    def test_the_demo_carrier_is_in_the_program(self):
        self.account.write({"adapter": "simulator"})
        self.method.oms_service_code = "standard"
        order = self.release().sale_id
        # 4.20 for a parcel and 0.55 a kilogram.
        self.assertAlmostEqual(self.rate(order), self.in_company(round(4.2 + 0.275, 2)))


@tagged("post_install", "-at_install")
class TestOwnRules(OmsCase):
    """Odoo's own carriers, rated by what each site ships."""

    def test_by_shipment(self):
        product = self.env["product.product"].create(
            {"name": "Delivery", "type": "service", "taxes_id": [(5,)]}
        )
        rules = [
            (0, 0, {
                "variable": "quantity", "operator": ">=", "max_value": 0.0,
                "list_base_price": 2.0, "list_price": 1.0, "variable_factor": "quantity",
            })
        ]  # fmt: skip
        prices = {"base_on_rule": {2.0 + 2, 2.0 + 8}, "fixed": {5.0}}
        for kind, expected in prices.items():
            method = self.env["delivery.carrier"].create(
                {
                    "name": kind, "delivery_type": kind, "product_id": product.id,
                    "fixed_price": 5.0, "price_rule_ids": rules, "invoice_policy": "real",
                }
            )  # fmt: skip
            self.stock(self.apple, (self.near, 2), (self.far, 8))
            order = self.make_order((self.apple, 10), confirm=False)
            order.carrier_id = method
            order.action_confirm()
            self.assertEqual(len(order.picking_ids), 2)
            for picking in order.picking_ids:
                picking.move_ids.picked = True
                picking.button_validate()
            self.assertEqual(set(order.picking_ids.mapped("carrier_price")), expected, kind)
            charged = order.order_line.filtered("is_delivery")
            self.assertAlmostEqual(
                sum(charged.mapped("price_unit")), 14.0 if kind != "fixed" else 10.0
            )
