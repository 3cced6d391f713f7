from odoo.tests import Form, tagged

from .share_case import ShareCase


@tagged("post_install", "-at_install")
class TestSellable(ShareCase):
    """The screen that explains what each channel can sell."""

    def explain(self, channel, product=None):
        rows = channel._explain_sellable(product or self.apple)
        self.assertEqual({row["channel_id"] for row in rows} - {channel.id}, set())
        return [(row["kind"], row["label"], row["quantity"]) for row in rows]

    def test_term_by_term(self):
        self.stock(self.apple, (self.near, 12), (self.far, 4))
        self.share(self.market, "protected", 5)
        self.share(self.channel, "capped", 9)
        self.share(self.channel, "protected", 1, site_id=self.near.id)
        self.order(self.channel, (self.apple, 3))
        self.hold((self.apple, self.near, 1), channel=self.channel)
        self.assertEqual(
            self.explain(self.channel),
            [
                ("stock", "On hand", 16),
                ("stock", "Open demand", -3),
                ("stock", "Claims", -1),
                ("available", "Available to promise", 12),
                ("held", "Set aside for Market at all sites: 5, 0 sold", -5),
                ("left", "Left for this channel", 7),
                ("limit", "Limit of Web at all sites: 9, 4 sold", 5),
                ("own", "Set aside for Web at Near: 1, 4 sold", 0),
                ("sellable", "Can be sold", 5),
            ],
        )

    def test_sums(self):
        """What is added up comes to what is said, whatever the shares."""
        self.stock(self.apple, (self.near, 12), (self.middle, 6), (self.far, 4))
        self.share(self.shops, "percent", 50)
        self.share(self.north, "percent", 40)
        self.share(self.market, "protected", 4, site_id=self.far.id)
        self.share(self.market, "protected", 9)
        self.market.network_ids = self.env["oms.network"].create(
            {"name": "Two", "site_ids": [(6, 0, (self.near + self.far).ids)]}
        )
        self.order(self.south, (self.apple, 3))
        for channel in self.channel + self.market + self.north + self.south:
            rows = self.explain(channel)
            total = 0
            for kind, _label, quantity in rows:
                if kind in ("stock", "held"):
                    total += quantity
                elif kind in ("available", "left"):
                    self.assertAlmostEqual(total, quantity)
            self.assertEqual(rows[-1][2], self.sellable(channel))

    def test_safety_stock(self):
        """What is kept back is shared out to nobody."""
        self.stock(self.apple, (self.near, 10))
        self.env["oms.safety.stock"].create({"product_id": self.apple.id, "quantity": 4})
        self.share(self.market, "percent", 50)
        rows = self.explain(self.channel)
        self.assertIn(("stock", "Safety stock", -4), rows)
        self.assertEqual(rows[-1][2], 3)

    def test_cut_share(self):
        self.stock(self.apple, (self.near, 10))
        self.share(self.market, "protected", 8)
        self.stock(self.apple, (self.near, -4))
        labels = [label for _kind, label, _quantity in self.explain(self.channel)]
        self.assertIn(
            "Set aside for Market at all sites: 8, 0 sold; cut to 6 that are there", labels
        )

    def test_goods_without_shares(self):
        self.stock(self.apple, (self.near, 10), (self.far, -2))
        self.assertEqual(
            self.explain(self.channel),
            [
                ("stock", "On hand", 8),
                ("stock", "Promised beyond the stock of a site", 2),
                ("available", "Available to promise", 10),
                ("sellable", "Can be sold", 10),
            ],
        )
        service = self.make_product("Advice", type="service", is_storable=False)
        self.assertEqual(self.channel._explain_sellable(service), [])

    def test_dialog(self):
        self.stock(self.apple, (self.near, 10))
        self.share(self.market, "fixed", 4)
        user = self.make_user("sally", "sales_team.group_sale_salesman")
        action = self.apple.with_user(user).action_view_oms_sellable()
        form = Form(self.env["oms.sellable"].with_user(user).with_context(**action["context"]))
        lines = [(line["kind"], line["label"], line["quantity"]) for line in form.line_ids._records]
        self.assertIn(("channel", "Web", 6), lines)
        self.assertIn(("channel", "Market", 4), lines)
        form.channel_id = self.market
        self.assertEqual(form.line_ids._records[0]["label"], "Market")
        self.assertEqual(
            self.apple.product_tmpl_id.action_view_oms_sellable()["context"],
            {"default_product_id": self.apple.id},
        )
