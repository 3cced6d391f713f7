from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .share_case import ShareCase


@tagged("post_install", "-at_install")
class TestAllocationRoles(ShareCase):
    """Managers give shares, salespeople and stock users see them, channels' systems do not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.given = cls.share(cls.channel, "capped", 5)

    def as_user(self, groups, **vals):
        return self.make_user("someone", groups, **vals)

    def test_manager(self):
        user = self.as_user("oms.group_order_manager")
        with Form(self.env["oms.allocation"].with_user(user)) as form:
            form.channel_id = self.market
            form.kind = "percent"
            form.amount = 20
            form.product_id = self.apple
        self.assertEqual(form.record.amount, 20)
        self.shops.with_user(user).name = "Retail"
        self.given.with_user(user).unlink()

    def test_readers(self):
        for groups in ("sales_team.group_sale_salesman", "stock.group_stock_user"):
            user = self.make_user(groups, groups)
            share = self.given.with_user(user)
            self.assertIn("Web", share.display_name)
            self.assertEqual(share.uom_name, "Units")
            self.assertEqual(self.shops.with_user(user).channel_ids, self.north + self.south)
            for record in (share, self.shops.with_user(user)):
                with self.assertRaises(AccessError):
                    record.active = False

    def test_channel_system(self):
        user = self.as_user("oms.group_channel_user")
        self.channel.user_ids = user
        for record in (self.given, self.shops):
            with self.assertRaises(AccessError):
                record.with_user(user).read(["display_name"])
        with self.assertRaises(AccessError):
            self.channel.with_user(user).read(["allocation_ids"])

    def test_another_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        user = self.as_user(
            "oms.group_order_manager", company_id=other.id, company_ids=[(6, 0, other.ids)]
        )
        for record in (self.given, self.shops):
            with self.assertRaises(AccessError):
                record.with_user(user).read(["display_name"])
