import json
from collections import defaultdict
from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.tools import SQL

from . import kpi_sql
from .oms_proposal import MOVING_KINDS

#: Days of which it is looked at what was wanted and what was missing.
FILL_DAYS = 28
#: Weeks that are reckoned back when a plan has its first figures.
BACK_WEEKS = 26
#: What the row of all sites is filed under.
WHOLE = None


class OmsFlowKpi(models.Model):
    """Figures are kept once a day, and again after each run.

    Those of a day are one row for the plan and one for each of its sites, however often they are
    taken. When a plan has its first ones, the weeks before are reckoned back, so that it can be
    compared with how it was without it.
    """

    _inherit = "oms.flow.kpi"

    @api.model
    def _cron_measure(self):
        """Keep the figures of all plans, and forget constraints that have run out."""
        self.env["oms.flow.constraint"]._forget_outdated()
        self._measure(self.env["oms.flow.plan"].search([("active", "=", True)]))

    @api.model
    def _measure(self, plans):
        """Keep the figures of plans as they are now.

        :param plans: ``oms.flow.plan``
        :return: the rows of the plans, without those of their sites
        :rtype: oms.flow.kpi
        """
        self.env.flush_all()
        known = {
            plan for [plan] in self._read_group([("plan_id", "in", plans.ids)], groupby=["plan_id"])
        }
        found = self.browse()
        for plan in plans:
            day, begin = self._get_day(plan)
            rows = self._get_rows(plan, day, begin)
            if plan not in known:
                rows += self._get_past_rows(plan, day, begin)
            found |= self._store(plan, rows)
        if plans:
            self.env.cr.execute(SQL(kpi_sql.PHASES, plans=plans.ids))
        self.invalidate_model()
        today = {plan: self._get_day(plan)[0] for plan in plans}
        return found.filtered(lambda kpi: not kpi.site_id and kpi.day == today[kpi.plan_id])

    @api.model
    def _get_day(self, plan):
        """Return which day it is in the time zone of a plan's company, and when it began, in UTC.

        :rtype: tuple[datetime.date, datetime.datetime]
        """
        zone = pytz.timezone(plan.company_id.partner_id.tz or self.env.user.tz or "UTC")
        day = pytz.utc.localize(fields.Datetime.now()).astimezone(zone).date()
        begin = zone.localize(datetime.combine(day, time.min))
        return day, begin.astimezone(pytz.utc).replace(tzinfo=None)

    # === TODAY === #

    @api.model
    def _get_rows(self, plan, day, begin):
        """Return the figures of a plan and of its sites today.

        :param datetime.datetime begin: when the day began, in UTC
        :rtype: list[dict]
        """
        stock, ages = self._read_stock(plan), self._read_ages(plan)
        wanted = self._read_wanted(plan, [day])
        flows = self._read_flows(plan, begin)
        return [
            {
                "site_id": site_id,
                "day": day,
                **self._prepare_stock(*stock.get(site_id, (0.0, 0.0))),
                **self._prepare_wanted(
                    stock.get(site_id, (0.0, 0.0))[0], *wanted.get((site_id, day), (0.0, 0.0, 0))
                ),
                "age_days": self._divide(*reversed(ages.get(site_id, (0.0, 0.0)))),
                **flows[site_id],
                "is_backfilled": False,
            }
            for site_id in (WHOLE, *plan._get_sites().ids)
        ]

    @api.model
    def _prepare_stock(self, units, value):
        return {"stock_units": units, "stock_value": value}

    @api.model
    def _prepare_wanted(self, units, wanted, missing, days):
        """Return what was wanted, as it is kept.

        :param float units: in stock
        :param float wanted: units, in so many days
        :param float missing: of them
        """
        daily = wanted / days if days and days > 0 else 0.0
        return {
            "wanted_units": wanted,
            "missing_units": missing,
            "daily_units": daily,
            "fill_rate": 100.0 * (1.0 - missing / wanted) if wanted > 0 else None,
            "cover_days": self._divide(units, daily),
        }

    @api.model
    def _divide(self, above, below):
        return above / below if below else None

    @api.model
    def _get_parameters(self, plan):
        """Return what all selects want to know of a plan."""
        goods = SQL("TRUE")
        if plan.categ_ids:
            goods = SQL(
                """
                position.product_id IN (
                    SELECT own.id FROM product_product own
                      JOIN product_template kept ON kept.id = own.product_tmpl_id
                     WHERE kept.categ_id = ANY(%s))
                """,
                self.env["product.category"].search([("id", "child_of", plan.categ_ids.ids)]).ids,
            )
        return {
            "sites": plan._get_sites().ids,
            "company": plan.company_id.id,
            "cost_of": str(plan.company_id.id),
            "goods": goods,
            "now": fields.Datetime.now(),
        }

    @api.model
    def _read_sums(self, query, plan):
        """Return two numbers by site id, and their sums by ``WHOLE``."""
        found = {WHOLE: (0.0, 0.0)}
        for site_id, one, two in self.env.execute_query(SQL(query, **self._get_parameters(plan))):
            found[site_id] = one, two
            found[WHOLE] = found[WHOLE][0] + one, found[WHOLE][1] + two
        return found

    @api.model
    def _read_stock(self, plan):
        """Return units and value in stock, by site id."""
        return self._read_sums(kpi_sql.STOCK, plan)

    @api.model
    def _read_ages(self, plan):
        """Return units, and their days times units, by site id."""
        return self._read_sums(kpi_sql.AGE, plan)

    @api.model
    def _read_wanted(self, plan, days):
        """Return units wanted, missing of them, and in how many days, by site id and day.

        :param list days: dates; looked at are the four weeks before each
        """
        found = defaultdict(lambda: (0.0, 0.0, 0))
        query = SQL(kpi_sql.WANTED, asked=days, days=FILL_DAYS, **self._get_parameters(plan))
        for site_id, day, wanted, missing, count in self.env.execute_query(query):
            found[site_id, day] = wanted, missing, count
            before = found[WHOLE, day]
            found[WHOLE, day] = before[0] + wanted, before[1] + missing, count
        return found

    @api.model
    def _read_flows(self, plan, begin):
        """Return what became of a plan's proposals since a moment, and what is open, by site id."""
        Proposal = self.env["oms.proposal"]
        own = [("plan_id", "=", plan.id)]
        nothing = {
            "open_proposals": 0, "open_gain": 0.0, "transfers": 0, "transfer_units": 0.0,
            "purchases": 0, "gain": 0.0, "carbon_kg": 0.0,
        }  # fmt: skip
        found = defaultdict(nothing.copy)
        for site, count, gain in Proposal._read_group(
            [*own, ("state", "=", "proposed")], ["site_id"], ["__count", "gain:sum"]
        ):
            for key in {WHOLE, site.id or WHOLE}:
                found[key]["open_proposals"] += count
                found[key]["open_gain"] += gain
        accepted = [*own, ("state", "in", ("accepted", "done")), ("decided_at", ">=", begin)]
        for site, kind, count, units, gain, carbon in Proposal._read_group(
            accepted, ["site_id", "kind"], ["__count", "quantity:sum", "gain:sum", "carbon_kg:sum"]
        ):
            for key in {WHOLE, site.id or WHOLE}:
                found[key]["gain"] += gain
                if kind in MOVING_KINDS:
                    found[key]["transfers"] += count
                    found[key]["transfer_units"] += units
                    found[key]["carbon_kg"] += carbon
                elif kind == "purchase":
                    found[key]["purchases"] += count
        return found

    # === BEFORE === #

    @api.model
    def _get_past_rows(self, plan, day, begin):
        """Return the figures of the weeks before a plan's first ones, as far as orders tell.

        Before the first stock came to the plan's sites nobody kept it in Odoo: no figures are
        better than noughts.

        :param datetime.datetime begin: when today began, in UTC
        :rtype: list[dict]
        """
        [[first]] = self.env.execute_query(
            SQL("SELECT MIN(day) FROM oms_demand WHERE company_id = %s", plan.company_id.id)
        )
        weeks = [
            number
            for number in range(BACK_WEEKS, 0, -1)
            if first and day - timedelta(weeks=number) >= first + timedelta(days=FILL_DAYS)
        ]
        if not weeks:
            return []
        days = [day - timedelta(weeks=number) for number in weeks]
        moments = [begin - timedelta(weeks=number) for number in weeks]
        stock = self._read_past_stock(plan, moments)
        wanted = self._read_wanted(plan, days)
        return [
            {
                "site_id": site_id,
                "day": each,
                **self._prepare_stock(*stock[site_id][place]),
                **self._prepare_wanted(stock[site_id][place][0], *wanted[site_id, each]),
                "open_proposals": 0,
                "transfers": 0,
                "purchases": 0,
                "is_backfilled": True,
            }
            for place, each in enumerate(days)
            if any(units > 0 for units, _value in stock[WHOLE][: place + 1])
            for site_id in (WHOLE, *plan._get_sites().ids)
        ]

    @api.model
    def _read_past_stock(self, plan, moments):
        """Return units and value at some moments, by site id.

        :param list moments: in UTC, ascending
        :rtype: dict[int | None, list[tuple]]
        """
        changes = defaultdict(lambda: [(0.0, 0.0)] * (len(moments) + 1))
        query = SQL(
            kpi_sql.CHANGES, moments=moments, first=moments[0], **self._get_parameters(plan)
        )
        for site_id, passed, units, value in self.env.execute_query(query):
            for key in (site_id, WHOLE):
                before = changes[key][passed]
                changes[key][passed] = before[0] + units, before[1] + value
        now, found = self._read_stock(plan), {}
        for site_id in (WHOLE, *plan._get_sites().ids):
            units, value = now.get(site_id, (0.0, 0.0))
            levels = []
            for passed in range(len(moments), 0, -1):
                units -= changes[site_id][passed][0]
                value -= changes[site_id][passed][1]
                levels.append((max(units, 0.0), max(value, 0.0)))
            found[site_id] = levels[::-1]
        return found

    @api.model
    def _store(self, plan, rows):
        """Write figures, in place of those of the same day and site.

        :param list rows: values
        :rtype: oms.flow.kpi
        """
        self.env.cr.execute(
            SQL(
                kpi_sql.STORE,
                plan=plan.id,
                network=plan.network_id.id,
                company=plan.company_id.id,
                uid=self.env.uid,
                now=fields.Datetime.now(),
                rows=json.dumps(rows, default=str),
            )
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())


class OmsFlowRun(models.Model):
    _inherit = "oms.flow.run"

    def _stage_measure(self):
        """Keep the figures of the plan after the run."""
        self.env["oms.flow.kpi"]._measure(self.plan_id)
