from datetime import timedelta

import numpy as np
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .lead_truth import BEGIN, World, date_in_paris
from .promise_case import HistoryCase, paris

DAY = timedelta(days=1)
#: The season of the tests by days of the world: 1 March to 15 April, in each year.
SEASON_DAYS = (59, 105)
SLOWER = 1.7


def pace(day):
    first, last = SEASON_DAYS
    return SLOWER if first <= day % 365 < last else 1.0


@tagged("post_install", "-at_install")
class TestSeason(HistoryCase):
    """What is said of seasons, and who may say it."""

    def setUp(self):
        super().setUp()
        self.env["oms.season"].search([]).unlink()

    def season(self, name="Peak", **vals):
        return self.env["oms.season"].create({"name": name, **vals})

    def name_on(self, *parts, company=None):
        Lead = self.env["oms.lead.time"]
        day = (paris(*parts) - paris(1970, 1, 1)).days
        return Lead._get_season(Lead._get_book(), (company or self.company).id, day)

    def test_seasons_come_back_each_year_or_once(self):
        peak = self.season()
        self.assertEqual(peak.period, "15 Nov to 24 Dec, each year")
        self.assertEqual(self.name_on(2026, 11, 15, 12), "Peak")
        self.assertEqual(self.name_on(2030, 12, 24, 12), "Peak")
        self.assertEqual(self.name_on(2026, 12, 25, 12), "")
        once = self.season("Move", yearly=False, date_from="2027-05-01", date_to="2027-05-09")
        self.assertEqual(once.period, "1 May 2027 to 9 May 2027")
        self.assertEqual(self.name_on(2027, 5, 9, 12), "Move")
        self.assertEqual(self.name_on(2028, 5, 9, 12), "")

    def test_of_overlapping_seasons_the_first_counts(self):
        self.season(sequence=2)
        sale = self.season(
            "Sale", yearly=False, date_from="2026-11-20", date_to="2026-11-30", sequence=1
        )
        self.assertEqual(self.name_on(2026, 11, 25, 12), "Sale")
        sale.sequence = 3
        self.assertEqual(self.name_on(2026, 11, 25, 12), "Peak")
        sale.sequence = 1
        sale.active = False
        self.assertEqual(self.name_on(2026, 11, 25, 12), "Peak")

    def test_companies_have_their_own(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.season(company_id=other.id)
        self.assertEqual(self.name_on(2026, 12, 1, 12), "")
        self.assertEqual(self.name_on(2026, 12, 1, 12, company=other), "Peak")
        shared = self.season("Shared", sequence=20)
        self.assertEqual(self.name_on(2026, 12, 1, 12), "Shared")
        operator = new_test_user(self.env, "operator", groups="oms.group_order_operator")
        self.assertEqual(self.env["oms.season"].with_user(operator).search([]), shared)
        with self.assertRaises(AccessError):
            shared.with_user(operator).name = "Mine"
        manager = new_test_user(self.env, "manager", groups="oms.group_order_manager")
        shared.with_user(manager).name = "Ours"
        self.assertEqual(self.name_on(2026, 12, 1, 12), "Ours")

    def test_days_that_there_are_not(self):
        with self.assertRaisesRegex(ValidationError, "its month does not have"):
            self.season(first_month="2", first_day=30)
        with self.assertRaisesRegex(ValidationError, "its month does not have"):
            self.season(last_day=0)
        self.season("Leap", first_month="2", first_day=29, last_month="3", last_day=1)
        for vals in ({}, {"date_from": "2026-05-02", "date_to": "2026-05-01"}):
            with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
                self.season("Once", yearly=False, **vals)

    def test_learning_is_called_for(self):
        cron = self.env.ref("oms.cron_learn_lead_times")
        Trigger = self.env["ir.cron.trigger"]
        before = Trigger.search_count([("cron_id", "=", cron.id)])
        self.season()
        self.assertEqual(Trigger.search_count([("cron_id", "=", cron.id)]), before + 1)


@tagged("post_install", "-at_install")
class TestSeasonLearning(HistoryCase):
    """What is promised by season, where the truth is known."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.express = cls.make_carrier("Express")
        (cls.post + cls.express).oms_delivers_sunday = True
        cls.orders = {
            (carrier, code): cls.make_way(carrier, code)
            for carrier in (cls.express, cls.post)
            for code in ("10000", "20000")
        }
        cls.env["oms.lead.observation"].search([]).unlink()
        cls.env["oms.season"].search([]).unlink()
        cls.season = cls.env["oms.season"].create(
            {
                "name": "Sale",
                "company_id": cls.company.id,
                "first_month": "3",
                "first_day": 1,
                "last_month": "4",
                "last_day": 15,
            }
        )

    def setUp(self):
        super().setUp()
        self.world = World(np.random.default_rng(11), self.orders, self.sites)

    def promise(self, drawn, moment):
        return self.Lead._get_dates(
            [
                self.ask(released, site, way[0], zip=way[1])
                for site, way, released, *_moments in drawn
            ],
            self.channel,
            moment,
            0.9,
        )

    def judge(self, drawn, step=4):
        """Promise what was drawn as it comes; return shares kept and days promised."""
        kept, days, left = [], [], list(drawn)
        begin = BEGIN + (drawn[0][2] - BEGIN).days * DAY
        while left:
            end = begin + step * DAY
            chunk = [row for row in left if row[2] < end]
            left = left[len(chunk) :]
            self.learn(begin)
            for row, dates in zip(chunk, self.promise(chunk, begin), strict=True):
                kept.append(date_in_paris(row[4]) <= dates.promised)
                days.append((dates.promised - date_in_paris(row[2])).days)
            begin = end
        return np.mean(kept), np.mean(days)

    def test_promises_by_season_are_kept_and_others_are_shorter_for_it(self):
        """A year and a season later: the second time, the season is known before it begins."""
        first, last = (365 + day for day in SEASON_DAYS)
        before = self.world.draw(4000, 0.0, first - 2.0, pace)
        inside = self.world.draw(2400, float(first), last - first - 4.0, pace)
        after = self.world.draw(1200, last + 1.0, 25.0, pace)
        self.make_history(self.world.rows([*before, *inside, *after]))
        share, _days = self.judge(inside)
        self.assertAlmostEqual(share, 0.9, delta=0.02)
        share, days = self.judge(after)
        self.assertAlmostEqual(share, 0.9, delta=0.02)
        seasons = self.env["oms.lead.lane"].search([("model_id.company_id", "=", self.company.id)])
        self.assertEqual(set(seasons.mapped("season")), {"", "Sale"})
        self.assertEqual(
            self.season.lane_count, len(seasons.filtered(lambda lane: lane.season == "Sale"))
        )
        ratio = np.mean(
            [
                slow.median / usual.median
                for slow in seasons.filtered(lambda lane: lane.season == "Sale")
                for usual in seasons
                if usual.season == ""
                and (slow.step, slow.site_id, slow.carrier_id, slow.region)
                == (usual.step, usual.site_id, usual.carrier_id, usual.region)
                and slow.step != "total"
            ]
        )
        self.assertAlmostEqual(ratio, SLOWER, delta=0.17)
        # The same without seasons: all of the year is alike.
        self.season.active = False
        for name in ("oms.lead.observation", "oms.lead.model"):
            self.env[name].search([("company_id", "=", self.company.id)]).unlink()
        pooled, _days = self.judge(inside)
        self.assertLess(pooled, 0.86)
        _share, longer = self.judge(after)
        self.assertLess(days, longer - 0.3)

    def test_what_seasons_there_are_may_change(self):
        self.make_history(self.world.rows(self.world.draw(1500, 0.0, 150.0, pace)))
        moment = BEGIN + 160 * DAY
        models = self.learn(moment)
        known = {step: (model.state, model.count) for step, model in models.items()}
        Observation = self.env["oms.lead.observation"]
        mine = [("company_id", "=", self.company.id)]
        self.assertEqual(set(Observation.search(mine).mapped("season")), {"", "Sale"})
        self.season.active = False
        self.learn(moment)
        self.assertEqual(set(Observation.search(mine).mapped("season")), {""})
        for step, (state, count) in known.items():
            self.assertNotEqual(models[step].state, state)
            self.assertEqual(models[step].count, count)
        # As if nobody had ever said otherwise.
        self.season.active = True
        self.learn(moment)
        for step, (state, count) in known.items():
            self.assertEqual((models[step].state, models[step].count), (state, count))
        # Another name of the same days is another season; learned once, not again each night.
        self.season.name = "Spring"
        self.learn(moment)
        self.assertEqual(set(Observation.search(mine).mapped("season")), {"", "Spring"})
        version = models["transit"].version
        self.learn(moment)
        self.assertEqual(models["transit"].version, version)

    def test_a_season_that_takes_in_no_observation_changes_nothing(self):
        self.make_history(self.world.rows(self.world.draw(300, 0.0, 50.0)))
        models = self.learn(BEGIN + 55 * DAY)
        state = models["transit"].state
        self.env["oms.season"].create({"name": "Summer", "first_month": "7", "last_month": "8"})
        self.learn(BEGIN + 55 * DAY)
        self.assertEqual(models["transit"].state, state)
