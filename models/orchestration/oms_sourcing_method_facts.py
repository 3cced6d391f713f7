import dataclasses
from collections import Counter, defaultdict
from datetime import datetime, time, timezone
from zoneinfo import ZoneInfo

import numpy as np

from odoo import fields, models
from odoo.tools import SQL

from ...engine.sourcing import Facts as MethodFacts


class OmsSourcing(models.AbstractModel):
    """Gathers what the rules of the field's methods look at, where a strategy has such a rule."""

    _inherit = "oms.sourcing"

    def _gather_facts(self, strategies, orders, demands, sites_by_order):
        facts = super()._gather_facts(strategies, orders, demands, sites_by_order)
        used = strategies._get_all_used()
        gates = used.filtered(lambda each: "iom" in each._get_methods() and each.iom_safety_stock)
        busy = used.filtered(lambda each: "iom" in each._get_methods() and each.iom_lines_per_day)
        picky = used.filtered(lambda each: "d365" in each._get_methods() and each.d365_max_rejects)
        if not (gates or busy or picky):
            return facts
        sites = self.env["oms.site"].union(*sites_by_order.values())
        lines = self.env["sale.order.line"].union(
            *(demand.line for order in orders for demand in demands[order])
        )
        return dataclasses.replace(
            facts,
            on_hand=self._read_on_hand(sites, lines.product_id) if gates else {},
            lines_today=self._count_lines_today(sites) if busy else {},
            rejects=self._count_rejects(lines) if picky else {},
        )

    def _read_on_hand(self, sites, products):
        """Return what the sites have on hand, whatever of it is promised.

        :rtype: dict[tuple[int, int], float]
        """
        self.env["stock.quant"].flush_model(["product_id", "location_id", "quantity"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT place.oms_position_site_id, quant.product_id, SUM(quant.quantity)
                  FROM stock_quant quant
                  JOIN stock_location place ON place.id = quant.location_id
                 WHERE quant.product_id = ANY(%s) AND place.oms_position_site_id = ANY(%s)
              GROUP BY place.oms_position_site_id, quant.product_id
                """,
                products.ids,
                sites.ids,
            )
        )
        return {(site_id, product_id): float(total) for site_id, product_id, total in rows}

    def _count_lines_today(self, sites):
        """Count the order lines that sites were given today, each in its own time zone.

        :rtype: dict[int, int]
        """
        now = fields.Datetime.now().replace(tzinfo=timezone.utc)
        begins = {}
        for site in sites:
            zone = ZoneInfo(site.tz or "UTC")
            midnight = datetime.combine(now.astimezone(zone).date(), time.min, zone)
            begins[site.id] = midnight.astimezone(timezone.utc).replace(tzinfo=None)
        if not begins:
            return {}
        self.env["oms.fulfillment.line"].flush_model(["fulfillment_id"])
        self.env["oms.fulfillment"].flush_model(["site_id", "state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT fulfillment.site_id, COUNT(*)
                  FROM oms_fulfillment_line line
                  JOIN oms_fulfillment fulfillment ON fulfillment.id = line.fulfillment_id
                  JOIN unnest(%s, %s::timestamp[]) AS day (site_id, begins)
                    ON day.site_id = fulfillment.site_id AND line.create_date >= day.begins
                 WHERE fulfillment.state NOT IN ('rejected', 'cancelled')
              GROUP BY fulfillment.site_id
                """,
                list(begins),
                list(begins.values()),
            )
        )
        return dict(rows)

    def _count_rejects(self, lines):
        """Count how often sites gave back what was planned of some order lines.

        :rtype: dict[int, int]
        """
        # sudo: rejections count, whoever causes sourcing
        rejections = (
            self.env["oms.rejection"]
            .sudo()
            .search_fetch(
                [("order_id", "in", lines.order_id._origin.ids), ("state", "=", "valid")],
                ["fulfillment_line_id"],
            )
        )
        return dict(Counter(rejections.fulfillment_line_id.mapped("sale_line_id.id")))

    # === ONE ORDER === #

    def _prepare_method_facts(self, strategy, case, method, priced_by=None):
        """Put into the engine's words what a method looks at besides costs.

        :param strategy: ``oms.strategy`` whose parameters count
        :param str method: key of the method
        :param priced_by: ``oms.strategy`` whose weights and emission factors count, if another
        :rtype: MethodFacts
        """
        priced_by = priced_by or strategy
        default = case.order.warehouse_id
        days = priced_by._get_days(case)
        more = {
            "hotwax": self._prepare_hotwax_facts,
            "iom": self._prepare_iom_facts,
            "d365": self._prepare_d365_facts,
        }.get(method)
        return MethodFacts(
            priority=strategy._get_priorities(case.sites),
            kilometers=case.kilometers,
            is_store=strategy._get_stores(case),
            is_preferred=strategy._get_preferred(case.sites),
            is_default=[bool(default) and site.warehouse_id == default for site in case.sites],
            days=np.where(np.isinf(days), np.nan, days),
            carbon_per_unit=priced_by._get_emissions(case) if priced_by._weighs_carbon() else None,
            values=priced_by._get_values(case),
            no_split=[strategy.no_split_hard and strategy._must_not_split(case)]
            * len(case.products),
            **(more(strategy, case) if more else {}),
        )

    def _prepare_d365_facts(self, strategy, case):
        if not strategy.d365_max_rejects:
            return {}
        return {"rejects": [case.facts.rejects.get(line.id, 0) for line in case.lines]}

    def _prepare_iom_facts(self, strategy, case):
        facts = {}
        if strategy.iom_safety_stock:
            facts["min_stock"] = np.where(
                np.array([product.is_storable for product in case.products], dtype=bool)[:, None],
                strategy.iom_safety_stock,
                np.zeros(case.shape),
            )
            facts["on_hand"] = [
                [
                    max(case.facts.on_hand.get((site_id, product.id), 0.0), 0.0)
                    for site_id in case.sites.ids
                ]
                for product in case.products
            ]
        if strategy.iom_respect_timings:
            now = fields.Datetime.now().replace(tzinfo=timezone.utc)
            facts["past_cut_off"] = [site._is_past_cut_off(now) for site in case.sites]
        if strategy.iom_lines_per_day:
            facts["remaining_lines"] = [
                max(strategy.iom_lines_per_day - case.facts.lines_today.get(site_id, 0), 0)
                for site_id in case.sites.ids
            ]
        return facts

    def _prepare_hotwax_facts(self, strategy, case):
        rooms = case.facts.rooms.rooms if case.facts.rooms else {}
        open_orders, max_orders = np.zeros(len(case.sites)), np.full(len(case.sites), np.inf)
        for place, site in enumerate(case.sites):
            room = rooms.get(site)
            if room and room.days:
                left = min(room.most_orders - room.orders[0], room.open_left)
                open_orders[place] = room.orders[0]
                max_orders[place] = room.orders[0] + max(left, 0.0)
            if "capacity" in getattr(case.lenient.get(site), "reasons", ()):
                max_orders[place] = open_orders[place]
        facts = {
            "open_orders": open_orders,
            "max_orders": max_orders,
            "kits": self._get_combos(case.lines),
        }
        if strategy._sorts_by_supply():
            facts["weeks_of_supply"] = self._get_weeks_of_supply(strategy, case)
        return facts

    def _get_combos(self, lines):
        """Number the combos of an order: the same number for each product of one, 0 for others."""
        numbers = defaultdict(lambda: len(numbers) + 1)
        return [
            numbers[line.linked_line_id] if line.combo_item_id and line.linked_line_id else 0
            for line in lines
        ]

    def _get_weeks_of_supply(self, strategy, case):
        """Return how many weeks of sales the stock lasts, NaN for what never sold, shape (L, S)."""
        shelves = case.facts.shelves.get(strategy.sales_weeks, {})
        weeks = np.full(case.shape, np.nan)
        for row, product in enumerate(case.products):
            for column, site_id in enumerate(case.sites.ids):
                shelf = shelves.get((site_id, product.id))
                if shelf and shelf.weekly > 0:
                    weeks[row, column] = max(shelf.on_hand, 0.0) / shelf.weekly
        return weeks


class OmsStrategy(models.Model):
    _inherit = "oms.strategy"

    def _sorts_by_supply(self):
        """Tell whether a rule of the strategy sorts facilities by weeks of supply."""
        return "hotwax" in self._get_methods() and any(
            "weeks_of_supply" in rule._get_sorts() for rule in self.rule_ids
        )


class OmsSite(models.Model):
    _inherit = "oms.site"

    def _is_past_cut_off(self, now):
        """Tell whether what the site is asked for now waits for its next day.

        :param datetime.datetime now: aware
        """
        self.ensure_one()
        local = now.astimezone(ZoneInfo(self.tz or "UTC"))
        return bool(self.cutoff_hour) and local.hour + local.minute / 60 >= self.cutoff_hour
