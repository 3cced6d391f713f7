"""What a seller sees of a quotation, and chooses."""

from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import PromiseCase


@tagged("post_install", "-at_install")
class TestPromiseChoice(PromiseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 5), (cls.middle, 5))
        cls.customer.write({"country_id": cls.france.id, "zip": "75001", "city": "Paris"})
        cls.seller = cls.make_user("seller", "sales_team.group_sale_salesman_all_leads")

    def choose(self, order, service, code=None):
        option = self.find(order, service, code)
        option.action_choose()
        return option

    def find(self, order, service, code=None):
        action = order.with_user(self.seller).action_oms_promise()
        choice = self.env[action["res_model"]].with_user(self.seller).browse(action["res_id"])
        Form(choice)
        [option] = choice.option_ids.filtered(
            lambda each: (
                each.service == service
                and code in (None, each.carrier_id.oms_code, each.site_id.code)
            )
        )
        return option

    def test_a_method(self):
        order = self.make_order((self.apple, 3), confirm=False)
        option = self.choose(order, "home", "express")
        self.assertEqual((option.price, option.parcel_count), (9.9, 1))
        self.assertEqual(option.source, "3 from Near")
        self.assertEqual((order.oms_service, order.carrier_id), ("home", self.express))
        self.assertEqual(order.commitment_date.date(), option.promised)
        # A better place turns up, but this is what the customer was told.
        order.action_confirm()
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 3})

    def test_a_store(self):
        order = self.make_order((self.apple, 3), confirm=False)
        self.choose(order, "collect", "MID")
        self.assertEqual((order.oms_service, order.oms_collect_site_id), ("collect", self.middle))
        order.action_confirm()
        self.assertEqual(self.plan(order), {("MID", "Apple"): 3})

    def test_nothing_to_choose(self):
        order = self.make_order(confirm=False)
        with self.assertRaisesRegex(UserError, "add a product"):
            order.with_user(self.seller).action_oms_promise()
        self.channel.orchestrated = False
        with self.assertRaisesRegex(UserError, "Odoo alone"):
            order.with_user(self.seller).action_oms_promise()

    def test_what_was_chosen_is_what_is_scored(self):
        order = self.make_order((self.apple, 3), confirm=False)
        option = self.choose(order, "home", "express")
        order.action_confirm()
        order._oms_promise()
        promise = order.oms_promise_ids.filtered("current")
        self.assertEqual(promise.promised_date, option.promised)
        self.assertEqual(promise.earliest_date, option.earliest)
        self.assertEqual(promise.confidence, self.channel.promise_confidence)

    def test_more_than_was_chosen_is_sourced_whole(self):
        order = self.make_order((self.apple, 3), confirm=False)
        self.choose(order, "home", "express")
        line = order.order_line
        order.order_line = [Command.update(line.id, {"name": "Apples"})]
        self.assertTrue(order.oms_promised_plan)
        order.order_line = [Command.update(line.id, {"product_uom_qty": 7})]
        self.assertFalse(order.oms_promised_plan)
        order.action_confirm()
        self.assertEqual(sum(self.plan(order).values()), 7)

    def test_what_does_not_hold_any_more_is_not_chosen(self):
        order = self.make_order((self.apple, 3), confirm=False)
        option = self.find(order, "home", "express")
        order.order_line.product_uom_qty = 4
        with self.assertRaisesRegex(UserError, "ask again"):
            option.action_choose()
        order.order_line.product_uom_qty = 3
        option.token = "x" * 40
        with self.assertRaisesRegex(UserError, "ask again"):
            option.action_choose()
        option = self.find(order, "home", "express")
        later = fields.Datetime.now() + timedelta(days=31)
        self.patch(fields.Datetime, "now", lambda *args: later)
        with self.assertRaisesRegex(UserError, "ask again"):
            option.action_choose()
        self.assertFalse(order.oms_promised_plan)

    def test_free_from_an_amount_with_tax_in_the_currency_of_the_company(self):
        """Ten pieces of 10 in another currency, 20 % tax: half as much again in the company's."""
        tax = self.env["account.tax"].create({"name": "A fifth", "amount": 20.0})
        company, other = self.env.company, self.env.ref("base.JPY")
        other.active = True
        other.rate_ids.unlink()
        rate = self.env["res.currency.rate"].create(
            {"currency_id": other.id, "name": "2020-01-01", "rate": 2.0, "company_id": company.id}
        )
        pricelist = self.env["product.pricelist"].create({"name": "Other", "currency_id": other.id})
        order = self.make_order((self.apple, 2), confirm=False)
        order.pricelist_id = pricelist
        line = order.order_line
        line.write({"price_unit": 50.0, "tax_ids": tax.ids})
        self.env["sale.order.line"].create(
            {
                "order_id": order.id,
                "product_id": self.make_product("Wrapping", type="service").id,
                "price_unit": 20.0,
                "tax_ids": tax.ids,
            }
        )
        self.assertEqual((order.currency_id, order.amount_total), (other, 144.0))
        for amount, price in ((72.0, 0.0), (72.5, 9.9)):
            self.express.write({"free_over": True, "amount": amount})
            self.assertEqual(self.find(order, "home", "express").price, price, amount)
            # As Odoo itself says.
            own = self.express.rate_shipment(order)["price"]
            self.assertAlmostEqual(own, 2.0 * price, delta=0.5)
        rate.rate = 1.0
        self.assertEqual(self.find(order, "home", "express").price, 0.0)
