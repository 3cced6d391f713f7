"""What was wanted, where it was wanted: against a loop over the orders in plain Python."""

from collections import defaultdict
from contextlib import suppress
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ...engine.geography import great_circle_km
from ...models.inventory.oms_claim_hold import OmsClaim
from ...models.inventory.refusal import Shortage
from ..common import LYON, MARSEILLE, ORLEANS, PARIS
from .demand_case import DemandCase


class TestDemand(DemandCase):
    def test_where_it_was_wanted_not_where_it_was_shipped(self):
        self.stock(self.apple, (self.far, 10.0))
        order = self.make_order((self.apple, 3.0))
        self.assertEqual(order.oms_fulfillment_ids.site_id, self.far)
        rows = self.count()
        self.assertEqual(rows, {(self.apple, self.near, date(2024, 3, 4), "orders"): (3.0, 0.0)})

    def test_what_nobody_could_serve_counts(self):
        order = self.make_order((self.apple, 2.0))
        self.assertEqual([*self.count().values()], [(2.0, 2.0)])
        self.stock(self.apple, (self.near, 5.0))
        order.order_line._oms_source_and_release("manual")
        self.assertEqual(order.oms_state, "sourced")
        self.assertEqual([*self.count().values()], [(2.0, 0.0)])

    def test_where_it_is_collected(self):
        self.far.collects = True
        self.stock(self.apple, (self.near, 5.0), (self.far, 5.0))
        self.make_order((self.apple, 1.0), oms_service="collect", oms_collect_site_id=self.far.id)
        self.assertEqual([key[1] for key in self.count()], [self.far])
        self.assertEqual(self.env["oms.demand"].search([]).mapped("local"), [1.0])

    def test_where_a_seller_took_the_order(self):
        """Who stands in a store and has it sent home wanted it there."""
        self.make_order((self.apple, 1.0), oms_seller_site_id=self.far.id)
        self.assertEqual([key[1] for key in self.count()], [self.far])

    def test_days_at_both_ends_of_the_world(self):
        """Midnight of summer time: the same moment is of three days."""
        for site, zone in ((self.near, "Pacific/Kiritimati"), (self.far, "Pacific/Pago_Pago")):
            site.tz = zone
            self.make_order(
                (self.apple, 1.0), oms_seller_site_id=site.id, date_order="2024-03-31 10:30:00"
            )
        days = [date(2024, 3, 29) + timedelta(days=number) for number in range(5)]
        self.assertEqual(
            {key[1]: key[2] for key in self.count(*days)},
            {self.near: date(2024, 4, 1), self.far: date(2024, 3, 30)},
        )
        # Counting a day anew leaves the others alone.
        self.assertEqual(len(self.count(date(2024, 3, 30))), 2)
        self.assertEqual(len(self.count(date(2024, 4, 1))), 2)

    def test_in_the_time_zone_of_the_site(self):
        self.near.tz = "Asia/Tokyo"
        self.make_order((self.apple, 1.0), date_order="2024-03-04 20:00:00")
        self.assertEqual(
            [key[2] for key in self.count(date(2024, 3, 4), date(2024, 3, 5))],
            [date(2024, 3, 5)],
        )

    def test_in_the_unit_of_the_product(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self.make_order((self.apple, 2.0, {"product_uom_id": dozen.id}))
        self.assertEqual([*self.count().values()], [(24.0, 24.0)])

    def test_services_and_what_is_not_kept_in_stock_are_no_demand(self):
        advice = self.make_product("Advice", type="service", is_storable=False)
        paper = self.make_product("Paper", is_storable=False)
        self.make_order((self.apple, 1.0), (advice, 1.0), (paper, 1.0))
        self.assertEqual([key[0] for key in self.count()], [self.apple])

    def test_customers_who_are_on_no_map(self):
        self.stock(self.apple, (self.middle, 5.0))
        lost = self.make_partner("Nowhere")
        order = self.make_order((self.apple, 1.0), partner_id=lost.id)
        self.assertEqual(order.oms_fulfillment_ids.site_id, self.middle)
        self.assertEqual([key[1] for key in self.count()], [self.middle])

    def test_kits_are_their_parts(self):
        parts = [
            {"kit": self.berry.id, "part": self.apple.id, "ratio": 2.5},
            {"kit": self.berry.id, "part": self.cherry().id, "ratio": 1.0},
        ]
        self.patch(type(self.demand), "_get_parts", lambda self, company: parts)
        self.make_order((self.berry, 2.0), (self.apple, 1.0))
        rows = self.count()
        self.assertEqual(
            {key[0].name: value[0] for key, value in rows.items()}, {"Apple": 6.0, "Cherry": 2.0}
        )

    def test_what_was_cancelled_for_want_of_stock(self):
        """What waits is lost when it is cancelled; what somebody could have had is not."""
        self.stock(self.apple, (self.near, 2.0))
        order = self.make_order((self.apple, 5.0))
        self.assertEqual(order.oms_state, "partial")
        order._action_cancel()
        rows = self.demand.search([("product_id", "=", self.apple.id)])
        self.assertEqual(rows.mapped("source"), ["unserved"])
        self.assertEqual((rows.quantity, rows.lost, rows.site_id), (3.0, 3.0, self.near))
        self.assertEqual(len(self.count()), 1)

    def test_a_part_that_is_cancelled_for_want_of_stock(self):
        self.stock(self.apple, (self.near, 2.0))
        order = self.make_order((self.apple, 5.0))
        order._oms_cancel_open()
        rows = self.count()
        wanted = {key[3]: value for key, value in rows.items()}
        self.assertEqual(wanted, {"orders": (2.0, 0.0), "unserved": (3.0, 3.0)})

    def test_orders_that_customers_cancel_are_no_demand(self):
        self.stock(self.apple, (self.near, 5.0))
        self.make_order((self.apple, 5.0))._action_cancel()
        self.assertFalse(self.count())

    def test_what_a_site_did_not_find(self):
        self.stock(self.apple, (self.near, 5.0), (self.middle, 5.0))
        order = self.make_order((self.apple, 2.0))
        self.assertEqual(order.oms_fulfillment_ids.site_id, self.near)
        reason = self.env.ref("oms.reason_not_in_stock")
        order.oms_fulfillment_ids._reject(reason)
        self.assertEqual([*self.count().values()], [(2.0, 2.0)])

    def test_refused_baskets(self):
        self.stock(self.apple, (self.near, 2.0))
        for _again in range(2):
            self.demand._record_refused([(self.apple.id, self.near.id, 5.0)], "1/cart-7")
        self.demand._record_refused([(self.apple.id, self.near.id, 3.0)], "1/cart-8")
        rows = self.demand.search([("product_id", "=", self.apple.id)])
        self.assertEqual(sorted(rows.mapped("quantity")), [1.0, 3.0])
        self.assertEqual(set(rows.mapped("source")), {"refused"})

    def test_refused_hold_is_remembered_after_the_rollback(self):
        def refuse(*_args):
            raise Shortage("Nothing is there.")

        # The gate works in a transaction of its own, which knows nothing of this test's goods.
        self.patch(OmsClaim, "_hold", refuse)
        asked = [(self.apple.id, self.near.id, 5.0)]
        with suppress(Shortage):
            self.env["oms.claim"]._hold(asked, "cart", 5.0, "cart", self.channel)
            self.fail("Nothing is there, but it was held.")
        self.assertTrue(self.env.cr.postrollback._funcs)
        self.env.cr.postrollback.clear()

    def test_counted_anew_when_orders_change(self):
        order = self.make_order((self.apple, 2.0))
        self.count()
        order.order_line.product_uom_qty = 7.0
        now = datetime(2024, 3, 9)
        days = self.demand._find_changed_days(self.company, now)
        self.assertIn(date(2024, 3, 4), days)
        self.assertEqual([*self.count(*days).values()], [(7.0, 7.0)])
        self.assertEqual([*self.count(*days).values()], [(7.0, 7.0)])

    def changed(self):
        return self.demand._find_changed_days(self.company, datetime(2024, 3, 9))

    def remember(self):
        """Have it be so that all was counted a minute ago."""
        self.env.flush_all()
        self.demand._remember_counted_by(self.company)
        later = fields.Datetime.now() + timedelta(minutes=1)
        self.env["ir.config_parameter"].set_param("oms.demand_counted_at", later.isoformat())
        self.env["oms.demand.day"].search([]).unlink()

    def test_orders_that_are_dated_anew_or_deleted(self):
        order, gone = (self.make_order((self.apple, number)) for number in (2.0, 3.0))
        self.assertEqual([*self.count().values()], [(5.0, 5.0)])
        self.remember()
        self.assertEqual(self.changed(), [])
        order.date_order = "2024-03-20 10:00:00"
        self.assertIn(date(2024, 3, 4), self.changed())
        gone._action_cancel()
        gone.unlink()
        self.count(*self.changed(), date(2024, 3, 20))
        rows = self.demand.search([("source", "=", "orders"), ("product_id", "=", self.apple.id)])
        self.assertEqual([(row.day, row.quantity) for row in rows], [(date(2024, 3, 20), 2.0)])

    def test_a_site_that_closes_leaves_its_customers_to_the_next(self):
        self.make_order((self.apple, 2.0))
        self.count()
        self.remember()
        self.assertEqual(self.changed(), [])
        self.near.active = False
        self.assertIn(date(2024, 3, 4), self.changed(), "all of it is counted anew")
        rows = self.count(*self.changed())
        self.assertEqual([key[1] for key in rows], [self.middle])

    def test_what_is_sold_without_an_order(self):
        """As at tills: what leaves for customers and is of no order."""
        self.make_sold(self.apple, self.far, 5.0)
        self.stock(self.apple, (self.far, 12.0))
        move = self.env["stock.move"].create(
            {
                "product_id": self.apple.id,
                "product_uom_qty": 1.0,
                "product_uom": self.env.ref("uom.product_uom_dozen").id,
                "location_id": self.far.warehouse_id.lot_stock_id.id,
                "location_dest_id": self.env.ref("stock.stock_location_customers").id,
            }
        )
        move._action_confirm()
        move._action_assign()
        move.picked = True
        move._action_done()
        self.stock(self.berry, (self.near, 5.0))
        order = self.make_order((self.berry, 1.0))
        order.picking_ids.move_ids.quantity = 1.0
        order.picking_ids.button_validate()
        self.assertEqual(order.picking_ids.mapped("state"), ["done"])
        moves = self.env["stock.move"].search([("state", "=", "done")])
        moves.date = datetime(2024, 3, 4, 23, 30)
        rows = self.count(date(2024, 3, 4), date(2024, 3, 5))
        self.assertEqual(rows[self.apple, self.far, date(2024, 3, 5), "counter"], (17.0, 0.0))
        self.assertEqual(
            {key[0]: key[3] for key in rows}, {self.apple: "counter", self.berry: "orders"}
        )
        self.remember()
        self.env.cr.execute(
            SQL(
                "UPDATE stock_move SET write_date = %s WHERE id = %s",
                fields.Datetime.now() + timedelta(minutes=5),
                move.id,
            )
        )
        self.assertIn(date(2024, 3, 5), self.changed())

    def test_lines_below_zero_and_orders_to_come(self):
        tomorrow = fields.Datetime.now() + timedelta(days=400)
        self.make_order((self.apple, 2.0), (self.apple, -1.0))
        self.make_order((self.berry, 2.0), date_order=tomorrow)
        rows = self.count(*self.demand._find_changed_days(self.company, fields.Datetime.now()))
        days = {key[0]: (key[2], value[0]) for key, value in rows.items()}
        self.assertEqual(days[self.berry][1], 2.0)
        self.assertGreater(days[self.berry][0], fields.Date.today())
        rows = {key[0]: value[0] for key, value in self.count().items()}
        self.assertEqual(rows, {self.apple: 2.0, self.berry: 2.0})
        # What is to come is no past yet.
        today = fields.Date.today()
        self.assertEqual(self.demand._get_weeks(self.berry, self.near, today, 4), [0.0] * 4)

    def test_against_a_loop(self):
        places = [PARIS, ORLEANS, MARSEILLE, LYON, (48.2, 2.0), (44.0, 5.0)]
        customers = [self.make_partner(f"C{number}", spot) for number, spot in enumerate(places)]
        self.far.tz = "America/New_York"
        expected = defaultdict(float)
        for number in range(24):
            customer = customers[number % len(customers)]
            moment = datetime(2024, 3, 4, 1, 30) + timedelta(hours=5 * number)
            product = (self.apple, self.berry)[number % 2]
            self.make_order((product, number + 1.0), partner_id=customer.id, date_order=moment)
            spot = places[number % len(places)]
            site = min(
                self.sites,
                key=lambda site, spot=spot: great_circle_km(*spot, site.latitude, site.longitude),
            )
            day = moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(site.tz)).date()
            expected[product, site, day] += number + 1.0
        days = [date(2024, 3, 2) + timedelta(days=number) for number in range(10)]
        self.assertEqual(
            {key[:3]: value[0] for key, value in self.count(*days).items()}, dict(expected)
        )

    def test_the_job_counts_what_changed_and_forecasts_it(self):
        self.patch(self.env.registry["ir.cron"], "_commit_progress", lambda *_args, **_kw: 1.0)
        now = fields.Datetime.now()
        order = self.make_order((self.apple, 2.0), date_order=now - timedelta(days=40))
        late = self.make_order((self.berry, 3.0), date_order=now - timedelta(days=3))
        self.demand._cron_count()
        wanted = self.demand.search([("product_id", "in", (self.apple + self.berry).ids)])
        self.assertEqual(sorted(wanted.mapped("quantity")), [2.0, 3.0])
        forecast = self.env["oms.forecast"].search([("product_id", "=", self.berry.id)])
        self.assertEqual((forecast.site_id, forecast.mean > 0.0), (self.near, True))
        # What was not written since is not counted again.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sale_order SET write_date = %s WHERE id = %s",
            (now - timedelta(days=9), order.id),
        )
        self.env.cr.execute(
            "UPDATE sale_order_line SET write_date = %s WHERE order_id = %s",
            (now - timedelta(days=9), order.id),
        )
        days = self.demand._find_changed_days(self.company, now)
        self.assertIn(late.date_order.date(), days)
        self.assertNotIn((now - timedelta(days=40)).date(), days)

    def test_as_many_queries_for_many_orders_as_for_few(self):
        for _number in range(2):
            self.make_order((self.apple, 1.0))
        self.count()
        self.env.flush_all()
        with self.profile_queries() as few:
            self.demand._count(self.company, [date(2024, 3, 4)])
        for _number in range(10):
            self.make_order((self.apple, 1.0), (self.berry, 2.0))
        self.env.flush_all()
        with self.profile_queries() as many:
            self.demand._count(self.company, [date(2024, 3, 4)])
        self.assertEqual(len(few), len(many))

    def profile_queries(self):
        from contextlib import contextmanager

        @contextmanager
        def counting():
            calls, execute = [], type(self.env.cr).execute

            def counted(cr, query, *args, **kwargs):
                calls.append(query)
                return execute(cr, query, *args, **kwargs)

            self.env.invalidate_all()
            self.patch(type(self.env.cr), "execute", counted)
            yield calls
            self.patch(type(self.env.cr), "execute", execute)

        return counting()

    # === RIGHTS === #

    def test_only_what_people_were_told_is_written_by_hand(self):
        self.make_order((self.apple, 2.0))
        self.count()
        planner = self.make_user("planner", "oms.group_flow_planner")
        counted = self.demand.search([("source", "=", "orders")]).with_user(planner)
        with self.assertRaisesRegex(UserError, "change the order"):
            counted.quantity = 5.0
        with self.assertRaisesRegex(UserError, "change the order"):
            counted.unlink()
        values = {"product_id": self.apple.id, "site_id": self.near.id, "quantity": 4.0}
        with self.assertRaisesRegex(UserError, "by hand"):
            counted.create({**values, "source": "orders"})
        told = counted.create(values)
        self.assertEqual((told.source, told.lost, told.company_id), ("manual", 4.0, self.company))
        told.quantity = 6.0
        told.unlink()

    def test_who_sees_what(self):
        rows = self.demand.create(
            [
                {"product_id": self.apple.id, "site_id": site.id, "quantity": 1.0}
                for site in self.sites
            ]
        )
        clerk = self.make_user("clerk", "oms.group_site_operator")
        self.near.user_ids = clerk
        self.assertEqual(
            self.demand.with_user(clerk).search([("id", "in", rows.ids)]).site_id, self.near
        )
        operator = self.make_user("operator", "oms.group_order_operator")
        self.assertEqual(self.demand.with_user(operator).search([("id", "in", rows.ids)]), rows)
        for user in (clerk, operator):
            with self.assertRaises(AccessError):
                rows[0].with_user(user).quantity = 2.0
        other = self.env["res.company"].create({"name": "Other"})
        stranger = self.make_user(
            "stranger",
            "oms.group_flow_planner",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        self.assertFalse(self.demand.with_user(stranger).search([("id", "in", rows.ids)]))
        nobody = self.make_user("nobody", "base.group_user")
        with self.assertRaises(AccessError):
            self.demand.with_user(nobody).search([])
