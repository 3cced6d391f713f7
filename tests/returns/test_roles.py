"""Who sees which returns, and who decides on them."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import ReturnCase


@tagged("post_install", "-at_install")
class TestRoles(ReturnCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls.make_user("return-clerk", "oms.group_site_operator")
        cls.seller = cls.make_user("return-seller", "sales_team.group_sale_salesman")
        cls.far.user_ids = cls.clerk

    def setUp(self):
        super().setUp()
        self.order = self.deliver((self.apple, 4), user_id=False)
        self.here = self.ask(self.order, (self.apple, 1), site_id=self.far.id)
        self.there = self.ask(self.order, (self.apple, 1), site_id=self.near.id)

    def seen(self, user, model="oms.return"):
        return self.env[model].with_user(user).search([])

    def test_clerk_sees_what_comes_to_the_own_site(self):
        self.assertIn(self.here, self.seen(self.clerk))
        self.assertNotIn(self.there, self.seen(self.clerk))
        self.assertNotIn(self.there.line_ids, self.seen(self.clerk, "oms.return.line"))
        self.assertIn(self.here.line_ids, self.seen(self.clerk, "oms.return.line"))
        # What came here instead of there is seen here, too.
        item = self.there._receive([{"product_id": self.apple.id, "quantity": 1}], self.far)
        self.assertIn(self.there, self.seen(self.clerk))
        self.assertIn(item, self.seen(self.clerk, "oms.return.item"))

    def test_clerk_takes_in_and_does_not_decide(self):
        own = self.here.with_user(self.clerk)
        items = own._receive([{"product_id": self.apple.id, "quantity": 1}])
        self.assertEqual(items.env.user, self.clerk)
        self.assertEqual(items.user_id, self.clerk)
        own._inspect([{"item_id": items.id}])
        self.assertEqual(own.state, "closed")
        self.assertEqual(items.inspector_id, self.clerk)
        for name in ("action_authorize", "action_cancel", "action_settle", "action_accept_all"):
            with self.subTest(name=name), self.assertRaises(AccessError):
                getattr(own, name)()

    def test_nobody_writes_by_hand(self):
        for user in (self.clerk, self.seller):
            for record in (self.here, self.here.line_ids):
                with self.subTest(user=user.login, model=record._name):
                    with self.assertRaises(AccessError):
                        record.with_user(user).write({"note": "x"})
                    with self.assertRaises(AccessError):
                        record.with_user(user).unlink()

    def test_seller_sees_own_orders(self):
        self.assertIn(self.here, self.seen(self.seller))
        other = self.make_user("return-other", "sales_team.group_sale_salesman")
        self.order.user_id = other
        self.assertNotIn(self.here, self.seen(self.seller))
        self.assertIn(self.here, self.seen(other))
        with self.assertRaises(AccessError):
            self.env["oms.return"].with_user(self.seller)._request(
                {
                    "order_id": self.order.id,
                    "lines": [{"product_id": self.apple.id, "quantity": 1}],
                }
            )
        record = (
            self.env["oms.return"]
            .with_user(other)
            ._request(
                {"order_id": self.order.id, "lines": [{"product_id": self.apple.id, "quantity": 1}]}
            )
        )
        self.assertEqual(record.state, "authorized")
        record.action_cancel()
        self.assertEqual(record.state, "cancelled")

    def test_companies(self):
        company = self.env["res.company"].create({"name": "Other"})
        user = self.make_user(
            "return-foreign",
            "oms.group_order_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.assertFalse(self.seen(user))
        self.assertFalse(self.seen(user, "oms.return.line"))
        self.assertNotIn(self.policy, self.seen(user, "oms.return.policy"))

    def test_customers_see_none_directly(self):
        customer = self.make_user("return-customer", "base.group_portal")
        with self.assertRaises(AccessError):
            self.seen(customer)

    def test_policies(self):
        manager = self.make_user("return-manager", "oms.group_order_manager")
        self.policy.with_user(manager).days = 14
        with self.assertRaises(AccessError):
            self.policy.with_user(self.seller).days = 99
        reason = self.env["oms.return.reason"].with_user(self.seller)
        self.assertTrue(reason.search([]))
        with self.assertRaises(AccessError):
            reason.create({"name": "x", "code": "X"})
