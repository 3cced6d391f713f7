from datetime import datetime, timedelta

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import freeze_time, tagged

from odoo.addons.oms.engine.availability import Flow, available_to_promise

from .overview_case import OverviewCase

NOW = datetime(2024, 3, 4, 10)


def day(number):
    return NOW + timedelta(days=number)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestOverview(OverviewCase):
    """What the page of a product shows of its stock."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.tz = "UTC"

    # === BUILDERS === #

    def move(self, site, product, quantity, date):
        return self.make_open_move(product, site, quantity, date)

    def days(self, overview, name):
        """Return the days on which a number is not what it was the day before, or not zero."""
        numbers = [(each["date"] or "now", each[name]) for each in overview["days"]]
        if name in ("supply", "demand"):
            return {date: number for date, number in numbers if number}
        before = [None, *(number for _date, number in numbers)]
        return {
            date: number
            for (date, number), last in zip(numbers, before, strict=False)
            if number != last
        }

    # === SITES === #

    def test_sites(self):
        self.stock(self.apple, (self.near, 5), (self.far, 2))
        self.make_order((self.apple, 3))
        self.move(self.far, self.apple, 4, day(2))
        self.env["oms.claim"].create(
            {"product_id": self.apple.id, "site_id": self.far.id, "quantity": 1}
        )
        overview = self.overview()
        near, middle, far = (self.row(overview, site) for site in self.sites)
        self.assertEqual((near["on_hand"], near["demand"], near["available"]), (5, 3, 2))
        self.assertEqual((near["reserved"], near["kind"]), (3, "warehouse"))
        self.assertEqual((far["claimed"], far["incoming"], far["available"]), (1, 4, 1))
        self.assertEqual((near["some"], middle["some"]), (True, False))
        self.assertEqual(overview["total"], 3)
        self.assertEqual(overview["unit"], self.apple.uom_id.name)
        self.assertFalse(overview["hint"])

    def test_a_site_in_debt_takes_nothing_from_others(self):
        self.stock(self.apple, (self.near, 3), (self.far, -2))
        overview = self.overview()
        self.assertEqual(self.row(overview, self.far)["available"], -2)
        self.assertEqual(overview["total"], 3)

    def test_no_noise_of_floats(self):
        self.apple.uom_id = self.env.ref("uom.product_uom_kgm")
        for quantity in (0.1, 0.2):
            self.move(self.near, self.apple, quantity, day(2))
        self.assertEqual(self.row(self.overview(), self.near)["incoming"], 0.3)

    # === THE FUTURE === #

    def test_days(self):
        """What comes and goes on which day, and what can be promised of it."""
        self.stock(self.apple, (self.near, 5))
        self.move(self.near, self.apple, -4, day(3))
        self.move(self.near, self.apple, 10, day(5))
        overview = self.overview()
        self.assertEqual(len(overview["days"]), 1 + 31)
        self.assertEqual(
            self.days(overview, "projected"), {"now": 5, "2024-03-07": 1, "2024-03-09": 11}
        )
        self.assertEqual(self.days(overview, "promisable"), {"now": 1, "2024-03-09": 11})
        self.assertEqual(self.days(overview, "supply"), {"2024-03-09": 10})
        self.assertEqual(self.days(overview, "demand"), {"2024-03-07": 4})

    def test_every_day_follows_the_rule(self):
        flows = {}
        for site, start in ((self.near, 4), (self.far, 1)):
            self.stock(self.apple, (site, start))
            flows[site] = start, []
            for number, quantity in ((1, -3), (2, 2), (4, -4), (6, 5), (9, -1)):
                self.move(site, self.apple, quantity, day(number))
                flows[site][1].append(Flow(day(number), quantity))
        told = self.overview(horizon_days=10)["days"]
        ends = [NOW, *(datetime(2024, 3, 4, 23, 59) + timedelta(n) for n in range(10)), day(10)]
        expected = [
            sum(max(available_to_promise(*flows[site], at, day(10)), 0) for site in flows)
            for at in ends
        ]
        self.assertEqual([each["promisable"] for each in told], expected)

    def test_safety_stock_is_held_back_on_its_days(self):
        """A part is kept back until a day, and from another day on too little is not promised."""
        self.stock(self.apple, (self.near, 10), (self.far, 2))
        self.move(self.near, self.apple, -5, day(8))
        self.env["oms.safety.stock"].create(
            [
                {"site_id": self.near.id, "quantity": 1, "date_to": "2024-03-06"},
                {
                    "product_id": self.apple.id,
                    "quantity": 3,
                    "operator": "below",
                    "date_from": "2024-03-10",
                },
            ]
        )
        overview = self.overview()
        self.assertEqual(
            self.days(overview, "promisable"),
            {"now": 4 + 2, "2024-03-07": 5 + 2, "2024-03-10": 5},
        )
        for number in (1, 4, 7, 9):
            at = datetime(2024, 3, 4 + number, 23, 59)
            by_site = self.env["oms.position"]._get_promisable(self.apple, self.sites, at)
            [told] = [each for each in overview["days"] if each["date"] == f"{at:%Y-%m-%d}"]
            self.assertEqual(told["promisable"], sum(by_site.values()))

    def test_days_are_the_users(self):
        """Half past ten in the evening in Paris is the next day in Auckland."""
        self.move(self.near, self.apple, 1, datetime(2024, 3, 6, 21, 30))
        for zone, date in (("Europe/Paris", "2024-03-06"), ("Pacific/Auckland", "2024-03-07")):
            told = self.overview(self.apple.with_context(tz=zone))
            self.assertEqual(self.days(told, "supply"), {date: 1})

    def test_one_site(self):
        self.stock(self.apple, (self.near, 5), (self.far, 2))
        self.move(self.near, self.apple, -4, day(3))
        overview = self.overview(site_id=self.far.id)
        self.assertEqual(self.days(overview, "projected"), {"now": 2})
        self.assertFalse(overview["events"])
        self.assertEqual(self.row(overview, self.near)["on_hand"], 5)

    def test_beyond_the_horizon(self):
        self.move(self.near, self.apple, 3, day(40))
        self.assertFalse(self.overview()["events"])
        self.assertEqual(len(self.overview(horizon_days=90)["events"]), 1)

    def test_a_transfer_goes_and_comes(self):
        self.stock(self.apple, (self.near, 5))
        move = self.move(self.near, self.apple, -2, day(1))
        move.location_dest_id = move.location_final_id = self.far.warehouse_id.lot_stock_id
        overview = self.overview()
        self.assertEqual([event["supply"] for event in overview["events"]], [False, True])
        self.assertEqual(self.days(overview, "projected"), {"now": 5})

    # === EVENTS === #

    def test_events_name_their_documents(self):
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 3))
        [event] = self.overview()["events"]
        self.assertEqual(
            [document["name"] for document in event["documents"]],
            [order.name, order.picking_ids.name],
        )
        self.assertEqual((event["supply"], event["quantity"]), (False, 3))
        self.assertEqual(event["covered"], "now")

    def test_who_may_not_read_a_document_is_not_told_of_it(self):
        self.stock(self.apple, (self.near, 5))
        seller = self.make_user("own-orders", "sales_team.group_sale_salesman")
        self.make_order((self.apple, 3), user_id=self.env.user.id)
        [event] = self.overview(user=seller)["events"]
        self.assertNotIn("sale.order", [document["model"] for document in event["documents"]])

    def test_overdue(self):
        """What should have come counts from tomorrow on, what should have gone at once."""
        self.move(self.near, self.apple, 3, day(-2))
        self.move(self.near, self.apple, -1, day(-3))
        overview = self.overview()
        self.assertTrue(all(event["overdue"] for event in overview["events"]))
        self.assertEqual(self.days(overview, "demand"), {"now": 1})
        self.assertEqual(self.days(overview, "supply"), {"2024-03-05": 3})
        self.assertEqual(overview["events"][1]["due"], "2024-03-02 10:00:00")

    def test_first_ordered_is_first_covered(self):
        self.stock(self.apple, (self.near, 2))
        late = self.move(self.near, self.apple, -2, day(1))
        early = self.move(self.near, self.apple, -2, day(6))
        never = self.move(self.near, self.apple, -2, day(7))
        for move, number in ((early, -3), (late, -2), (never, -1)):
            move.oms_ordered_at = day(number)
        self.move(self.near, self.apple, 3, day(4))
        covered = {
            event["due"]: event["covered"]
            for event in self.overview()["events"]
            if not event["supply"]
        }
        self.assertEqual(
            covered,
            {
                "2024-03-05 10:00:00": "2024-03-08 10:00:00",
                "2024-03-10 10:00:00": "now",
                "2024-03-11 10:00:00": False,
            },
        )

    # === PRODUCTS WITHOUT STOCK, AND VARIANTS === #

    def test_nothing_anywhere(self):
        overview = self.overview()
        self.assertFalse(any(row["some"] for row in overview["sites"]))
        self.assertEqual((overview["total"], overview["event_count"]), (0, 0))

    def test_products_without_stock_say_why(self):
        loose = self.make_product("Loose goods", is_storable=False)
        service = self.make_product("Gift wrap", type="service", is_storable=False)
        self.assertIn("Track Inventory", self.overview(loose)["hint"])
        self.assertIn("service", self.overview(service)["hint"])
        nothing = self.make_product("Nothing").product_tmpl_id
        nothing.product_variant_ids.active = False
        self.assertIn("no variant", nothing.get_stock_overview()["hint"])

    def test_variants(self):
        """The page of a product sums its variants, or shows the one that is chosen."""
        attribute = self.env["product.attribute"].create(
            {"name": "Size", "value_ids": [Command.create({"name": size}) for size in "SL"]}
        )
        template = self.env["product.template"].create(
            {
                "name": "Shirt",
                "type": "consu",
                "is_storable": True,
                "attribute_line_ids": [
                    Command.create(
                        {"attribute_id": attribute.id, "value_ids": attribute.value_ids.ids}
                    )
                ],
            }
        )
        small, large = template.product_variant_ids
        self.stock(small, (self.near, 3))
        self.stock(large, (self.near, -1), (self.far, 2))
        self.move(self.far, large, -1, day(1))
        overview = template.get_stock_overview()
        self.assertEqual(len(overview["products"]), 2)
        self.assertEqual(self.row(overview, self.near)["on_hand"], 2)
        self.assertEqual(self.row(overview, self.near)["available"], 3)
        self.assertEqual(overview["total"], 4)
        self.assertEqual(overview["events"][0]["product"], large.display_name)
        self.assertEqual(template.get_stock_overview(product_id=small.id)["total"], 3)
        with self.assertRaisesRegex(ValidationError, "no variant"):
            template.get_stock_overview(product_id=self.apple.id)

    # === CHANNELS === #

    def channels(self, overview):
        return {each["name"]: each["sellable"] for each in overview["channels"]}

    def test_channels(self):
        """Each channel can sell what its sites have, less what is kept for others."""
        self.stock(self.apple, (self.near, 6), (self.far, 4))
        phone = self.make_channel("Phone", "TPHONE")
        self.env["oms.allocation"].create(
            {"channel_id": phone.id, "product_id": self.apple.id, "kind": "protected", "amount": 3}
        )
        overview = self.overview()
        told = self.channels(overview)
        self.assertEqual((told["Web"], told["Phone"]), (7, 10))
        [web] = [each for each in overview["channels"] if each["name"] == "Web"]
        self.assertEqual(web["terms"][0]["quantity"], 10)
        self.assertEqual(web["terms"][-1]["quantity"], 7)
        adding = [term for term in web["terms"] if term["kind"] in ("stock", "held")]
        self.assertEqual(sum(term["quantity"] for term in adding), 7)

    def test_channels_of_other_peoples_sites_are_not_told(self):
        self.stock(self.apple, (self.near, 6), (self.far, 4))
        clerk = self.make_user("channel-clerk", "oms.group_site_operator")
        (self.near + self.middle).user_ids = clerk
        small = self.env["oms.network"].create({"name": "Small", "site_ids": self.near.ids})
        self.make_channel("Corner", "TCORNER", network_ids=small.ids)
        self.assertEqual(self.channels(self.overview(user=clerk)), {"Corner": 6})

    def test_channels_of_one_product_only(self):
        self.assertFalse(self.overview(self.apple + self.berry)["channels"])
        service = self.make_product("Gift wrap", type="service", is_storable=False)
        self.assertFalse(self.overview(service)["channels"])

    # === INPUT, RIGHTS, COST === #

    def test_bad_input(self):
        weighed = self.make_product("Weighed", uom_id=self.env.ref("uom.product_uom_kgm").id)
        for product, kwargs, sentence in (
            (self.apple, {"site_id": 2**30}, "names no site"),
            (self.apple, {"horizon_days": 0}, "from 1 to 180"),
            (self.apple, {"horizon_days": "soon"}, "from 1 to 180"),
            (self.apple + weighed, {}, "several units"),
        ):
            with self.assertRaisesRegex(ValidationError, sentence):
                self.overview(product, **kwargs)

    def test_other_companies(self):
        company = self.env["res.company"].create({"name": "Other"})
        other = self.make_site("Elsewhere", "ELSE", company=company)
        self.stock(self.apple, (other, 9), (self.near, 1))
        user = self.make_user("overview-operator", "oms.group_order_operator")
        overview = self.overview(user=user)
        self.assertEqual(overview["total"], 1)
        self.assertNotIn(other.id, [row["id"] for row in overview["sites"]])
        with self.assertRaisesRegex(ValidationError, "names no site"):
            self.overview(user=user, site_id=other.id)

    def test_users_see_their_own_sites(self):
        self.stock(self.apple, (self.near, 3), (self.far, 2))
        self.move(self.far, self.apple, 4, day(2))
        clerk = self.make_user("overview-clerk", "oms.group_site_operator")
        self.near.user_ids = clerk
        overview = self.overview(user=clerk)
        self.assertEqual([row["id"] for row in overview["sites"]], self.near.ids)
        self.assertEqual((overview["total"], overview["event_count"]), (3, 0))
        with self.assertRaisesRegex(ValidationError, "names no site"):
            self.overview(user=clerk, site_id=self.far.id)

    def test_who_may_read_it(self):
        for login, group in (
            ("overview-stock", "stock.group_stock_user"),
            ("overview-seller", "sales_team.group_sale_salesman"),
        ):
            self.overview(user=self.make_user(login, group))
        for login, group in (
            ("overview-portal", "base.group_portal"),
            ("overview-employee", "base.group_user"),
        ):
            user = self.make_user(login, group)
            with self.assertRaises(AccessError):
                self.overview(user=user)
            with self.assertRaises(AccessError):
                self.apple.product_tmpl_id.with_user(user).get_stock_overview()

    def test_number_of_queries(self):
        """Thirty more sites, orders and receipts cost no statement more."""
        self.stock(self.apple, (self.near, 50))
        self.make_order((self.apple, 1))
        self.move(self.far, self.apple, 1, day(1))

        def count():
            self.env.invalidate_all()
            with self.queries() as statements:
                self.overview()
            return len(statements)

        count()
        few = count()
        for number in range(10):
            site = self.make_site(f"Site {number}", f"S{number}")
            self.stock(self.apple, (site, 1))
            self.make_order((self.apple, 1))
            self.move(site, self.apple, 1, day(number))
            self.make_channel(f"Channel {number}", f"C{number}")
        # New sites have what is kept of them read again.
        count()
        self.assertEqual(count(), few)
        self.assertLess(few, 40)
