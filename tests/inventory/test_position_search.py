from odoo.tests import tagged

from ..common import OmsCase


@tagged("post_install", "-at_install")
class TestPositionSearch(OmsCase):
    """The screen of positions is filtered by what is said of their sites."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 3), (cls.middle, -1), (cls.far, 2))
        cls.network.site_ids = cls.near + cls.middle
        cls.env.flush_all()

    def search(self, *domain, user=None):
        positions = self.env["oms.position"].with_user(user or self.env.user)
        return positions.search([("product_id", "=", self.apple.id), *domain]).site_id

    def test_by_channel(self):
        """A channel's sites are those of its networks, or all sites of its company."""
        everywhere = self.make_channel("Everywhere", "TALL", network_ids=False)
        for channel, sites in (
            (self.channel, self.near + self.middle),
            (everywhere, self.sites),
            (self.channel + everywhere, self.sites),
        ):
            self.assertEqual(self.search(("channel_ids", "in", channel.ids)), sites)
        self.assertEqual(self.search(("channel_ids", "ilike", "TWEB")), self.near + self.middle)
        self.assertEqual(
            self.search(("channel_ids", "=", self.channel.id)), self.near + self.middle
        )
        self.assertEqual(self.search(("channel_ids", "not in", self.channel.ids)), self.far)
        self.assertFalse(self.search(("channel_ids", "ilike", "no such channel")))
        [position] = self.env["oms.position"].search(
            [("product_id", "=", self.apple.id), ("site_id", "=", self.far.id)]
        )
        self.assertIn(everywhere, position.channel_ids)
        self.assertNotIn(self.channel, position.channel_ids)

    def test_by_network(self):
        self.assertEqual(
            self.search(("network_ids", "in", self.network.ids)), self.near + self.middle
        )
        self.assertEqual(self.search(("network_ids", "ilike", "Test net")), self.near + self.middle)
        self.assertEqual(self.search(("network_ids", "not in", self.network.ids)), self.far)
        self.assertEqual(self.search(("network_ids", "=", False)), self.far)

    def test_order_of_joins(self):
        """PostgreSQL looks for the best order of joins when a filter adds further relations."""
        self.env.cr.execute("SET LOCAL join_collapse_limit = 8")
        self.assertEqual(self.search(("product_id", "ilike", self.apple.name)), self.sites)
        self.env.cr.execute("SHOW join_collapse_limit")
        self.assertEqual(self.env.cr.fetchone(), ("10",))
        self.env.cr.execute("SET LOCAL join_collapse_limit = 12")
        self.search(("product_id", "ilike", self.apple.name))
        self.env.cr.execute("SHOW join_collapse_limit")
        self.assertEqual(self.env.cr.fetchone(), ("12",), "who wants more has got it")

    def test_by_kind_and_category(self):
        self.far.kind = "store"
        self.assertEqual(self.search(("kind", "=", "store")), self.far)
        Category = self.env["product.category"]
        food = Category.create({"name": "Food"})
        self.apple.categ_id = Category.create({"name": "Fruit", "parent_id": food.id})
        self.assertEqual(self.search(("product_id.categ_id", "child_of", food.id)), self.sites)
        other = Category.create({"name": "Other"})
        self.assertFalse(self.search(("product_id.categ_id", "child_of", other.id)))

    def test_below_zero(self):
        self.assertEqual(self.search(("available", "<", 0)), self.middle)

    def test_all_filters_and_panels(self):
        """Every filter that the screen offers can be applied, every panel be filled."""
        Position = self.env["oms.position"]
        views = Position.get_views([(False, "search"), (False, "list")])
        arch = views["views"]["search"]["arch"]
        for name in ("kind", "channel_ids", "network_ids"):
            self.assertIn(f'<field name="{name}"', arch)
        with self.queries() as statements:
            kinds = Position.search_panel_select_range("kind", expand=True, enable_counters=False)
            for name in ("channel_ids", "network_ids"):
                found = Position.search_panel_select_multi_range(
                    name, expand=True, enable_counters=False
                )
                self.assertTrue(found["values"])
        self.assertIn("store", [value["id"] for value in kinds["values"]])
        self.assertFalse([each for each in statements if "oms_position" in each])

    def test_site_operator(self):
        clerk = self.make_user("searching-clerk", "oms.group_site_operator")
        self.near.user_ids = clerk
        self.env.flush_all()
        everything = ("channel_ids", "in", self.channel.ids)
        self.assertEqual(self.search(everything, user=clerk), self.near)
