"""What a seller sees of a quotation, and chooses."""

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
        action = order.with_user(self.seller).action_oms_promise()
        choice = self.env[action["res_model"]].with_user(self.seller).browse(action["res_id"])
        Form(choice)
        [option] = choice.option_ids.filtered(
            lambda each: (
                each.service == service
                and code in (None, each.carrier_id.oms_code, each.site_id.code)
            )
        )
        option.action_choose()
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
