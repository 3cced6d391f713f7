import random
from datetime import datetime, timedelta

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import freeze_time, tagged

from odoo.addons.oms.engine.availability import Flow, available_to_promise

from ..common import OmsCase

NOW = datetime(2024, 3, 4, 10)


def day(number):
    return NOW + timedelta(days=number)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestPromisable(OmsCase):
    """What can be promised now and at a moment to come, and what the reading API says of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.positions = cls.env["oms.position"]

    def flow(self, site, product, quantity, date):
        """Make an open receipt (above zero) or delivery (below zero) of a site."""
        warehouse = site.warehouse_id
        kind = warehouse.in_type_id if quantity > 0 else warehouse.out_type_id
        outside = self.env.ref(
            "stock.stock_location_suppliers" if quantity > 0 else "stock.stock_location_customers"
        )
        source, target = (
            (outside, warehouse.lot_stock_id) if quantity > 0 else (warehouse.lot_stock_id, outside)
        )
        picking = self.env["stock.picking"].create(
            {
                "picking_type_id": kind.id,
                "location_id": source.id,
                "location_dest_id": target.id,
                "scheduled_date": date,
                "move_ids": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_qty": abs(quantity),
                            "location_id": source.id,
                            "location_dest_id": target.id,
                            "date": date,
                        }
                    )
                ],
            }
        )
        picking.action_confirm()
        picking.move_ids.date = date
        return picking

    def promisable(self, product, number, **kwargs):
        kwargs.setdefault("horizon_days", 30)
        found = self.positions._get_promisable(product, self.sites, day(number), **kwargs)
        return {site: found.get((site.id, product.id), 0.0) for site in self.sites}

    def test_against_the_rule(self):
        """The database's answer is the engine's, for random receipts, deliveries and claims."""
        draw = random.Random(30)
        for case in range(6):
            product = self.make_product(f"Random {case}")
            flows = {site: [] for site in self.sites}
            stock = {site: draw.randint(1, 9) for site in self.sites}
            for site in self.sites:
                self.stock(product, (site, stock[site]))
            for _flow in range(8):
                site, quantity = draw.choice(self.sites), draw.choice((-3, -2, -1, 1, 2, 3))
                at = draw.randrange(0, 20)
                self.flow(site, product, quantity, day(at))
                flows[site].append(Flow(day(at), quantity))
            for number in (0, 3, 11, 19):
                expected = {
                    site: available_to_promise(stock[site], flows[site], day(number), day(20))
                    for site in self.sites
                }
                self.assertEqual(self.promisable(product, number, horizon_days=20), expected)

    def test_now_is_not_what_comes(self):
        """What can be claimed at once is on the shelf; a receipt lets a later order wait for it."""
        self.stock(self.apple, (self.near, 3))
        self.flow(self.near, self.apple, -2, day(9))
        self.flow(self.near, self.apple, 5, day(4))
        available = self.near._get_available(self.apple)
        self.assertEqual(available[self.near.id, self.apple.id], 1)
        self.assertEqual(self.promisable(self.apple, 0)[self.near], 3)
        self.assertEqual(self.promisable(self.apple, 5)[self.near], 6)

    def test_late_receipt(self):
        """What should have come counts from a day after now, not before."""
        self.flow(self.near, self.apple, 5, day(-3))
        self.assertEqual(self.promisable(self.apple, 0)[self.near], 0)
        self.assertEqual(self.promisable(self.apple, 2)[self.near], 5)

    def test_receipt_after_the_horizon(self):
        self.flow(self.near, self.apple, 5, day(25))
        self.assertEqual(self.promisable(self.apple, 10, horizon_days=20)[self.near], 0)
        self.assertEqual(self.promisable(self.apple, 26)[self.near], 5)

    def test_transfer_on_the_road(self):
        """Goods between two sites leave the one and reach the other at their dates."""
        self.stock(self.apple, (self.near, 5))
        transit = self.company.internal_transit_location_id
        out = self.flow(self.near, self.apple, -4, day(2))
        out.move_ids.location_dest_id = transit
        out.move_ids.location_final_id = self.far.warehouse_id.lot_stock_id
        self.assertEqual(self.promisable(self.apple, 1)[self.near], 1)
        self.assertEqual(self.promisable(self.apple, 1)[self.far], 0)
        self.assertEqual(self.promisable(self.apple, 3)[self.far], 4)

    def test_who_ordered_first(self):
        """Demand and claims of those who ordered later are not in the way of an earlier order."""
        self.stock(self.apple, (self.near, 5))
        first = self.make_order((self.apple, 2))
        second = self.make_order((self.apple, 3))
        first.date_order, second.date_order = day(-2), day(-1)
        self.assertEqual(self.promisable(self.apple, 0)[self.near], 0)
        self.assertEqual(self.promisable(self.apple, 0, before=day(-1))[self.near], 3)
        self.assertEqual(self.promisable(self.apple, 0, before=day(-2))[self.near], 5)

    def test_claims_count_at_any_time(self):
        self.stock(self.apple, (self.near, 5))
        for expires_at in (day(-1), day(1)):
            self.env["oms.claim"].create(
                {
                    "product_id": self.apple.id,
                    "site_id": self.near.id,
                    "quantity": 2,
                    "origin": "cart",
                    "expires_at": expires_at,
                }
            )
        self.assertEqual(self.promisable(self.apple, 0)[self.near], 3)

    # === API === #

    def ask(self, *products, user=None, **kwargs):
        positions = self.positions.with_user(user) if user else self.positions
        return positions.get_availability(list(products), **kwargs)

    def test_by_reference_site_and_network(self):
        self.stock(self.apple, (self.near, 3), (self.far, 2))
        [answer] = self.ask("Apple")
        self.assertEqual((answer["product"], answer["available"]), ("Apple", 5))
        self.assertEqual(answer["unit"], self.apple.uom_id.name)
        self.assertEqual(self.ask("Apple", sites=["NEAR"])[0]["available"], 3)
        self.assertEqual(self.ask(self.apple.id, sites=[self.far.id])[0]["available"], 2)
        self.network.site_ids -= self.far
        self.assertEqual(self.ask("Apple", networks=["Test network"])[0]["available"], 3)
        self.assertEqual(self.ask("Apple", channel="TWEB")[0]["available"], 3)

    def test_detail(self):
        self.stock(self.apple, (self.near, 3))
        self.make_order((self.apple, 2))
        [answer] = self.ask("Apple", detail=True)
        [site] = answer["sites"]
        self.assertEqual(
            (site["site"], site["on_hand"], site["demand"], site["available"]), ("NEAR", 3, 2, 1)
        )

    def test_in_the_order_asked(self):
        self.stock(self.berry, (self.near, 1))
        answers = self.ask("Berry", "Apple", self.berry.id)
        self.assertEqual(
            [answer["product"] for answer in answers], ["Berry", "Apple", self.berry.id]
        )
        self.assertEqual([answer["available"] for answer in answers], [1, 0, 1])

    def test_a_site_in_debt_takes_nothing_from_others(self):
        self.stock(self.apple, (self.near, 3), (self.far, -2))
        self.assertEqual(self.ask("Apple")[0]["available"], 3)

    def test_goods_that_are_not_tracked(self):
        service = self.make_product("Gift wrap", is_storable=False)
        self.assertIsNone(self.ask(service.id)[0]["available"])

    def test_at_a_date(self):
        self.stock(self.apple, (self.near, 1))
        self.flow(self.near, self.apple, 5, day(4))
        self.assertEqual(self.ask("Apple", at="2024-03-04 10:00:00")[0]["available"], 1)
        self.assertEqual(self.ask("Apple", at="2024-03-10 00:00:00")[0]["available"], 6)

    def test_bad_input(self):
        archived = self.make_product("Archived", active=False)
        twice = self.make_product("Twice")
        self.make_product("Twice")
        for products, kwargs, sentence in (
            ([], {}, "list of 1 to"),
            ("Apple", {}, "list of 1 to"),
            (["Nothing"], {}, "Unknown, archived or ambiguous products: Nothing"),
            ([archived.id], {}, "Unknown, archived"),
            ([twice.default_code], {}, "Unknown, archived"),
            ([True], {}, "Unknown, archived"),
            ([["Apple"], {"id": 1}, 1.5], {}, r"Unknown, .*: \['Apple'\], {'id': 1}, 1.5\."),
            ([2**31 + 5], {}, "Unknown, archived"),
            (["Apple"], {"channel": "NOBODY"}, "NOBODY names no"),
            (["Apple"], {"sites": ["NOWHERE"]}, "NOWHERE names no"),
            (["Apple"], {"networks": [2**30]}, "names no"),
            (["\0"], {}, "Unknown, archived"),
            (["Apple"], {"sites": ["\0"]}, "names no"),
            (["Apple"], {"horizon_days": True}, "from 1 to 180"),
            (["Apple"], {"sites": [{"id": 1}]}, "{'id': 1} names no"),
            (["Apple"], {"at": "soon"}, "soon is no moment"),
            (["Apple"], {"at": "2024-03-01 10:00:00"}, "not between now and the horizon"),
            (["Apple"], {"at": "2024-09-10 10:00:00"}, "not between now and the horizon"),
            (["Apple"], {"horizon_days": 181}, "from 1 to 180"),
            (["Apple"], {"horizon_days": 0}, "from 1 to 180"),
            (["Apple"], {"horizon_days": "ten"}, "from 1 to 180"),
        ):
            with self.assertRaisesRegex(ValidationError, sentence):
                self.positions.get_availability(products, **kwargs)

    def test_users_see_their_own_sites(self):
        self.stock(self.apple, (self.near, 3), (self.far, 2))
        clerk = self.make_user("reading-clerk", "oms.group_site_operator")
        self.near.user_ids = clerk
        self.assertEqual(self.ask("Apple", user=clerk)[0]["available"], 3)
        with self.assertRaises(ValidationError):
            self.ask("Apple", user=clerk, sites=["FAR"])

    def test_who_may_not_read_stock(self):
        """Nobody from outside; a channel's own system asks the channel API."""
        for login, group in (("system", "oms.group_channel_user"), ("guest", "base.group_portal")):
            user = self.make_user(f"reading-{login}", group)
            self.channel.user_ids += user
            for channel in (None, "TWEB"):
                with self.assertRaises(AccessError):
                    self.ask("Apple", user=user, channel=channel)

    def test_other_companies(self):
        other = self.env["res.company"].create({"name": "Other company"})
        site = self.make_site("Elsewhere", "ELSE", company=other)
        self.stock(self.apple, (site, 9), (self.near, 1))
        user = self.make_user("reading-operator", "oms.group_order_operator")
        self.assertEqual(self.ask("Apple", user=user)[0]["available"], 1)
        with self.assertRaises(ValidationError):
            self.ask("Apple", user=user, sites=["ELSE"])

    def test_number_of_queries(self):
        """A hundred products cost as many statements as one."""
        products = [self.make_product(f"Many {number}").id for number in range(100)]
        self.ask(products[0])
        self.env.invalidate_all()
        with self.queries() as one:
            self.ask(products[0], detail=True)
        self.env.invalidate_all()
        with self.queries() as hundred:
            self.ask(*products, detail=True)
        self.assertEqual(len(hundred), len(one))
