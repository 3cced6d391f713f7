from datetime import datetime, timedelta
from unittest.mock import patch

import numpy as np

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .lead_truth import BEGIN, HANDLING_SPREAD, TRANSIT_SPREAD, World, date_in_paris, share_within
from .promise_case import HistoryCase, paris

DAY = timedelta(days=1)


@tagged("post_install", "-at_install")
class TestLeadLearning(HistoryCase):
    """What is learned of fulfillments whose distributions are known."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.express = cls.make_carrier("Express")
        carriers = cls.post + cls.express
        carriers.oms_delivers_sunday = True
        cls.orders = {
            (carrier, code): cls.make_way(carrier, code)
            for carrier in (cls.express, cls.post)
            for code in ("10000", "20000", "30000")
        }
        cls.env["oms.lead.observation"].search([]).unlink()

    def setUp(self):
        super().setUp()
        self.world = World(np.random.default_rng(7), self.orders, self.sites)

    def fill(self, number=3000, days=120):
        """Make the history of some days from the beginning of the world on."""
        drawn = self.world.draw(number, 0.0, days)
        self.make_history(self.world.rows(drawn))
        return drawn

    def promise(self, drawn, channel, moment):
        """Promise dates for what was drawn."""
        return self.Lead._get_dates(
            [
                self.ask(released, site, way[0], zip=way[1])
                for site, way, released, *_moments in drawn
            ],
            channel,
            moment,
        )

    def pin(self, channel, drawn, found, parts):
        """Write down promises and, with the moment at which it will be known, what came of them."""
        values = [
            (
                parts[row].order_id.id,
                parts[row].id,
                channel.id,
                self.company.id,
                row[0].id,
                "home",
                row[2],
                dates.promised,
                dates.confidence,
                dates.basis,
                "Europe/Paris",
                False,
                "kept" if date_in_paris(row[4]) <= dates.promised else "late",
                row[4],
            )
            for row, dates in zip(drawn, found, strict=True)
        ]
        self.env.cr.execute(
            SQL(
                "INSERT INTO oms_promise (order_id, fulfillment_id, channel_id, company_id, "
                "site_id, service, made_at, promised_date, confidence, basis, tz, current, state, "
                "arrived_at) VALUES %s",
                SQL(", ").join(SQL("%s", each) for each in values),
            )
        )

    def test_what_is_learned_is_near_the_truth(self):
        self.fill()
        models = self.learn(BEGIN + 150 * DAY)
        lanes = models["handling"].lane_ids
        self.assertEqual(lanes.site_id, self.sites)
        for lane in lanes:
            truth = self.world.handling[lane.site_id]
            self.assertAlmostEqual(lane.median / truth, 1.0, delta=0.12)
            within = share_within(lane.late, truth, HANDLING_SPREAD)
            self.assertAlmostEqual(within, 0.9, delta=0.035)
        lanes = models["transit"].lane_ids
        self.assertEqual(len(lanes), 18)
        kept = []
        for lane in lanes:
            code = next(zip_code for zip_code in ("10", "20", "30") if zip_code in lane.region)
            truth = self.world.transit[lane.carrier_id, f"{code}000"]
            self.assertAlmostEqual(lane.median / truth, 1.0, delta=0.12)
            kept.append(share_within(lane.late, truth, TRANSIT_SPREAD))
            # Of some 170 parcels: a tenth of the days either way, twice what chance does.
            self.assertAlmostEqual(kept[-1], 0.9, delta=0.08)
        self.assertAlmostEqual(np.mean(kept), 0.9, delta=0.02)
        self.assertEqual(set(lanes.mapped("basis")), {"lane"})
        self.assertEqual(sum(lanes.mapped("count")), models["transit"].count)
        self.assertEqual(models["transit"].count, 3000)

    def test_promises_of_a_later_time_are_kept_as_often_as_they_say(self):
        """Promises are made day by day; each rests on what was known the evening before."""
        self.fill()
        later = self.world.draw(1800, 120.0, 60)
        parts = dict(zip(later, self.make_history(self.world.rows(later)), strict=True))
        channels = {
            confidence: self.make_channel(
                f"C{confidence}", f"C{confidence}", promise_confidence=confidence
            )
            for confidence in (0.8, 0.9, 0.95)
        }
        kept = {confidence: [] for confidence in channels}
        days = {confidence: [] for confidence in channels}
        early = []
        for first in range(120, 180, 4):
            begin = BEGIN + first * DAY
            self.learn(begin)
            chunk = [row for row in later if begin <= row[2] < begin + 4 * DAY]
            for confidence, channel in channels.items():
                found = self.promise(chunk, channel, begin)
                self.pin(channel, chunk, found, parts)
                for row, dates in zip(chunk, found, strict=True):
                    self.assertEqual((dates.basis, dates.confidence), ("lane", confidence))
                    kept[confidence].append(date_in_paris(row[4]) <= dates.promised)
                    days[confidence].append((dates.promised - date_in_paris(row[2])).days)
                    early.append(date_in_paris(row[4]) < dates.earliest)
        for confidence, outcomes in kept.items():
            self.assertAlmostEqual(np.mean(outcomes), confidence, delta=0.02)
        self.assertLess(np.mean(early), 0.12, "little comes before the earliest date")
        # One number of days for all would have to be far longer.
        needed = [(date_in_paris(row[4]) - date_in_paris(row[2])).days for row in later]
        self.assertLess(np.mean(days[0.9]), 0.88 * np.quantile(needed, 0.9))

    def test_what_is_still_under_way_counts(self):
        """After two weeks only the fast ones have come; to look at them alone would flatter."""
        way = (self.express, "20000")
        order, rng = self.world.orders[way], np.random.default_rng(3)
        rows = []
        for begun in np.sort(rng.uniform(0.0, 14.0, 500)).tolist():
            shipped = BEGIN + timedelta(days=begun)
            lasted = 10.0 * np.exp(rng.normal(0.0, 0.4))
            rows.append((order, self.near, shipped, shipped, shipped + timedelta(days=lasted)))
        self.make_history(rows)
        moment = BEGIN + 15 * DAY
        lane = self.learn(moment)["transit"].lane_ids
        self.assertLess(lane.count, 250)
        self.assertGreater(lane.open_count, 250)
        self.assertAlmostEqual(lane.median, 10.0, delta=1.5)
        # The same without those that are under way.
        self.env["oms.lead.observation"].search([]).unlink()
        self.env["oms.lead.model"].search([]).unlink()
        self.env["oms.fulfillment"].search([("delivered_at", ">", moment)]).unlink()
        lane = self.learn(moment)["transit"].lane_ids
        self.assertLess(lane.median, 8.0)

    def test_nobody_waits_for_word_of_a_carrier_that_never_tells(self):
        drawn = self.world.draw(400, 0.0, 40)
        rows = [
            (*row[:4], None if row[0].carrier_id == self.post else row[4])
            for row in self.world.rows(drawn)
        ]
        self.make_history(rows)
        lanes = self.learn(BEGIN + 60 * DAY)["transit"].lane_ids
        self.assertEqual(set(lanes.mapped("basis")) - {"group"}, {"lane"})
        silent = lanes.filtered(lambda lane: lane.carrier_id == self.post)
        self.assertLess(max(silent.mapped("median")), 8.0)

    def test_learned_twice_counts_once(self):
        self.fill(800, 60)
        moment = BEGIN + 50 * DAY
        once = self.learn(moment)["transit"]
        state, count = once.state, once.count
        again = self.learn(moment)["transit"]
        self.assertEqual((again.state, again.count), (state, count))
        done = self.env["oms.lead.observation"].search_count(
            [("step", "=", "transit"), ("state", "=", "done"), ("counted", "=", True)]
        )
        self.assertEqual(count, done)

    def test_killed_in_between_and_run_again(self):
        self.fill(800, 60)
        self.learn(BEGIN + 30 * DAY)
        Model = type(self.env["oms.lead.model"])

        class Killed(Exception):
            pass

        def die(*args):
            raise Killed

        savepoint = self.env.cr.savepoint(flush=True)
        with patch.object(Model, "_write_lanes", die), self.assertRaises(Killed):
            self.learn(BEGIN + 45 * DAY)
        savepoint.rollback()
        savepoint.close(rollback=False)
        self.env.invalidate_all()
        after_all = {step: each.state for step, each in self.learn(BEGIN + 45 * DAY).items()}
        # The same history in another life, in which nobody was killed.
        self.env["oms.lead.observation"].search([]).unlink()
        self.env["oms.lead.model"].search([]).unlink()
        self.learn(BEGIN + 30 * DAY)
        undisturbed = {step: each.state for step, each in self.learn(BEGIN + 45 * DAY).items()}
        self.assertEqual(after_all, undisturbed)

    def test_nothing_is_known_before_it_happened(self):
        """What the future holds makes no difference to what is learned."""
        drawn = self.fill(800, 60)
        moment = BEGIN + 40 * DAY
        known = {step: each.state for step, each in self.learn(moment).items()}
        self.env["oms.lead.observation"].search([]).unlink()
        self.env["oms.lead.model"].search([]).unlink()
        self.env["oms.fulfillment"].search([("site_id", "in", self.sites.ids)]).unlink()
        self.make_history(
            [
                (order, site, *(each if each <= moment else None for each in moments))
                for order, site, *moments in self.world.rows(drawn)
                if moments[0] <= moment
            ]
        )
        self.assertEqual({step: each.state for step, each in self.learn(moment).items()}, known)

    def test_what_was_sent_before_anybody_told_of_deliveries_says_nothing(self):
        """Some begin to tell of deliveries months after they began to send."""
        told = BEGIN + 60 * DAY
        rows = self.world.rows(self.world.draw(3000, 0.0, 100))
        self.make_history(
            [
                (order, site, released, shipped, delivered if released >= told else None)
                for order, site, released, shipped, delivered in rows
                if released >= told or shipped < told
            ]
        )
        lanes = self.learn(BEGIN + 130 * DAY)["transit"].lane_ids
        self.assertEqual(len(lanes), 18)
        kept = []
        for lane in lanes:
            code = next(zip_code for zip_code in ("10", "20", "30") if zip_code in lane.region)
            truth = self.world.transit[lane.carrier_id, f"{code}000"]
            self.assertAlmostEqual(lane.median / truth, 1.0, delta=0.2)
            kept.append(share_within(lane.late, truth, TRANSIT_SPREAD))
        self.assertAlmostEqual(np.mean(kept), 0.9, delta=0.04)

    def test_word_that_comes_late_counts_once(self):
        rows = self.world.rows(self.world.draw(300, 0.0, 30))
        late = self.make_history(rows)[100]
        delivered = late.delivered_at
        late.delivered_at = False
        self.learn(BEGIN + 50 * DAY)
        observation = self.env["oms.lead.observation"].search(
            [("fulfillment_id", "=", late.id), ("step", "=", "transit")]
        )
        self.assertEqual((observation.state, observation.counted), ("open", False))
        late.delivered_at = delivered
        model = self.learn(BEGIN + 52 * DAY)["transit"]
        self.assertEqual((observation.state, observation.counted), ("done", True))
        self.assertEqual(model.count, 300)
        self.learn(BEGIN + 54 * DAY)
        self.assertEqual(model.count, 300)

    def test_learning_all_anew(self):
        self.fill(600, 60)
        models = self.learn(BEGIN + 50 * DAY)
        before = {step: each.state for step, each in models.items()}
        manager = new_test_user(self.env, "manager", groups="oms.group_order_manager")
        operator = new_test_user(self.env, "operator", groups="oms.group_order_operator")
        transit = models["transit"]
        with self.assertRaises(AccessError):
            transit.with_user(operator).action_learn_anew()
        with self.assertRaises(AccessError):
            transit.with_user(operator).action_learn()
        with self.at(BEGIN + 50 * DAY):
            transit.with_user(manager).action_learn_anew()
        self.assertEqual(transit.state, before["transit"])
        self.assertFalse(transit.with_user(manager).has_access("write"))
        with self.assertRaises(AccessError):
            transit.with_user(manager).read(["state"])

    def test_damaged_state_is_learned_anew(self):
        self.fill(400, 40)
        model = self.learn(BEGIN + 50 * DAY)["transit"]
        state, count = model.state, model.count
        model.state = {"version": 0}
        self.env["oms.settings.mixin"]._forget_settings()
        with self.assertLogs("odoo.addons.oms.models.promise", "WARNING"):
            dates = self.dates(BEGIN + 51 * DAY)
        self.assertEqual(dates.basis, "group", "of both together something is known")
        with self.assertLogs("odoo.addons.oms.models.promise", "WARNING"):
            self.learn(BEGIN + 51 * DAY)
        self.assertEqual(model.count, count)
        self.assertAlmostEqual(model.state["base"], state["base"])

    def test_another_company_learns_and_sees_nothing_of_it(self):
        self.fill(600, 60)
        self.learn(BEGIN + 50 * DAY)
        other = self.env["res.company"].create({"name": "Other"})
        site = self.make_site("Theirs", "THEIRS", company=other)
        self.assertFalse(self.learn(BEGIN + 50 * DAY, other)["transit"].lane_ids)
        dates = self.dates(BEGIN + 50 * DAY, site=site)
        self.assertEqual(dates.basis, "configured")
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="oms.group_order_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        for name in ("oms.lead.lane", "oms.lead.observation"):
            self.assertFalse(self.env[name].with_user(stranger).search([]))
        seen = self.env["oms.lead.model"].with_user(stranger).search([])
        self.assertEqual(seen.company_id, other)

    def test_what_was_given_up_is_no_arrival(self):
        rows = self.world.rows(self.world.draw(200, 0.0, 30))
        fulfillments = self.make_history(rows)
        cancelled = fulfillments[:50]
        self.env.cr.execute(
            "UPDATE oms_fulfillment SET state = 'cancelled', shipped_at = NULL, "
            "delivered_at = NULL, write_date = released_at + INTERVAL '1 hour' WHERE id IN %s",
            [cancelled._ids],
        )
        self.env.invalidate_all()
        model = self.learn(BEGIN + 50 * DAY)["handling"]
        self.assertEqual(model.count, 200, "all were looked at")
        dropped = self.env["oms.lead.observation"].search(
            [("step", "=", "handling"), ("state", "=", "dropped")]
        )
        self.assertEqual(dropped.fulfillment_id, cancelled)
        self.assertEqual(sum(model.lane_ids.mapped("count")), 150)

    def test_pickups_and_opening_hours_are_no_handling(self):
        """What waits for the site to open was not prepared slowly."""
        self.near.resource_calendar_id = self.make_calendar(*((day, 9, 18) for day in range(5)))
        self.env["oms.site.pickup"].create({"site_id": self.near.id, "hour": 17})
        order = self.world.orders[self.post, "10000"]
        # Released on a Friday evening, shipped on Monday at noon, delivered on Tuesday at noon.
        moments = (
            paris(2026, 3, 20, 20, 0),
            paris(2026, 3, 23, 12, 0),
            paris(2026, 3, 24, 12, 0),
        )
        [fulfillment] = self.make_history([(order, self.near, *moments)])
        self.learn(datetime(2026, 4, 1))
        by_step = {
            each.step: each
            for each in self.env["oms.lead.observation"].search(
                [("fulfillment_id", "=", fulfillment.id)]
            )
        }
        self.assertEqual(by_step["handling"].started, paris(2026, 3, 23, 9, 0))
        self.assertAlmostEqual(by_step["handling"].days, 3 / 24)
        self.assertEqual(by_step["transit"].started, paris(2026, 3, 23, 17, 0))
        self.assertAlmostEqual(by_step["transit"].days, 19 / 24)

    def test_learned_dates_are_quick_for_fifty_sites(self):
        self.fill(600, 60)
        self.learn(BEGIN + 50 * DAY)
        sites = self.env["oms.site"].union(
            *(self.make_site(f"S{number}", f"S{number:02}") for number in range(50))
        )
        carriers = [self.post, self.express]
        moment = BEGIN + 51 * DAY
        asks = [self.ask(moment, site, carrier) for site in sites for carrier in carriers]
        # What is written to sites has what is kept of them forgotten.
        self.env.flush_all()
        first = self.Lead._get_dates(asks, self.channel, moment)
        self.assertEqual({each.basis for each in first}, {"group"})
        with self.assertQueryCount(0):
            self.assertEqual(self.Lead._get_dates(asks, self.channel, moment), first)

    def test_what_no_carrier_tells_of_is_not_read_for_ever(self):
        rows = self.world.rows(self.world.draw(60, 0.0, 30))
        parts = self.make_history([(*row[:4], None) for row in rows])
        self.learn(BEGIN + 60 * DAY)
        Model = self.env["oms.lead.model"]

        def read(day):
            seen = Model._read_fulfillments(self.company, BEGIN + day * DAY)
            return parts & parts.browse(each.id for each in seen)

        self.assertEqual(read(61), parts, "nobody wrote down when they were written")
        # As they are in life: written when they were shipped.
        self.env.cr.execute(
            "UPDATE oms_fulfillment SET write_date = shipped_at WHERE id IN %s", [parts._ids]
        )
        self.assertFalse(read(61))
        told = parts[0]
        self.env.cr.execute(
            "UPDATE oms_fulfillment SET delivered_at = %s, write_date = %s WHERE id = %s",
            [BEGIN + 61 * DAY, BEGIN + 61 * DAY, told.id],
        )
        self.assertEqual(read(62), told)
        self.assertEqual(len(read(121)), 60, "they are given up then, all but what is told of late")
        self.learn(BEGIN + 125 * DAY)
        self.assertFalse(read(140) - told)

    def test_a_day_is_over_by_the_calendar_of_the_destination(self):
        order = next(iter(self.orders.values()))
        order.oms_channel_id = self.channel
        Promise, day = self.env["oms.promise"].sudo(), datetime(2026, 6, 1)
        made = {
            zone: Promise.create(
                {
                    "order_id": order.id,
                    "promised_date": day.date(),
                    "confidence": self.channel.promise_confidence,
                    "basis": "lane",
                    "tz": zone,
                    "made_at": day - 5 * DAY,
                }
            )
            for zone in ("Europe/Paris", "UTC", "America/Los_Angeles")
        }
        self.env.flush_all()

        def late_at(*parts):
            rows = self.env["oms.lead.model"]._read_promises(self.channel, datetime(*parts))
            return [state for _part, _day, state, _made in rows].count("late")

        self.assertEqual(len(made), 3)
        self.assertEqual(late_at(2026, 6, 1, 21, 0), 0)
        self.assertEqual(late_at(2026, 6, 1, 22, 30), 1, "past midnight in Paris")
        self.assertEqual(late_at(2026, 6, 2, 3, 0), 2, "still the first in Los Angeles")
        self.assertEqual(late_at(2026, 6, 2, 7, 30), 3)
