import dataclasses

import numpy as np

from odoo import fields, models

from ...engine import carbon
from ...engine.sourcing import CostPart, MissingCost

#: So many days late is as late as can be.
LATEST_DAYS = 365.0


class OmsStrategy(models.Model):
    """What a plan costs: each part in the strategy's currency, and in a unit of its own."""

    _inherit = "oms.strategy"

    # === COSTS === #

    def _prepare_costs(self, case, least_missing):
        """Translate the strategy into the engine's cost parts for one order.

        :param Case case: the order and the sites before it
        :param least_missing: the least that can be missing of each line if anything is, in the
            unit of its product, shape (L,)
        :return: the cost parts and what leaving units unfilled costs, in the strategy's currency
        :rtype: tuple[tuple[CostPart, ...], MissingCost]
        """
        self.ensure_one()
        parts = [part for part in self._prepare_parts(case) if part]
        missing = self._prepare_missing_cost(parts, case, least_missing)
        return tuple(self._join_open_parcels(parts, case)), missing

    def _prepare_parts(self, case):
        """Return the parts of the costs as if no parcel were open yet; None for what is not priced.

        :rtype: list[CostPart | None]
        """
        extra = self._get_extra_costs(case.sites)
        none, zero = np.zeros(len(case.sites)), np.zeros(case.shape)
        one, each = np.ones(len(case.sites)), np.ones(case.shape)
        return [
            CostPart("parcel", self.parcel_cost + extra[:, 0], zero, "parcels", one, zero),
            CostPart("handling", none, (self.unit_cost + extra[:, 1]) * each, "units", none, each),
            CostPart(
                "distance",
                none,
                self.unit_km_cost * case.kilometers * each,
                "km",
                case.kilometers,
                zero,
            ),
            self.split_cost
            and CostPart("split", self.split_cost * one, zero, "parcels", one, zero, True),
            self._prepare_weight_part(case),
            self._prepare_carbon_part(case),
            self._prepare_lateness_part(case),
            self._prepare_stock_value_part(case),
            self._prepare_workload_part(case),
            self._prepare_scarcity_part(case),
        ]

    def _join_open_parcels(self, parts, case):
        """Make parcels free that are packed anyway, but for the days they are late.

        What is beside a parcel that is packed anyway is a split, the first as well.
        """
        joined = np.isin(case.sites.ids, case.open_sites.ids)
        for part in parts:
            if case.open_sites and part.name != "lateness":
                part = dataclasses.replace(
                    part,
                    per_parcel=np.where(joined, 0.0, part.per_parcel),
                    amount_per_parcel=np.where(joined, 0.0, part.amount_per_parcel),
                    first_free=False,
                )
            yield part

    def _get_extra_costs(self, sites):
        """Return what a parcel and a unit cost more at each site, in the strategy's currency.

        :return: shape (S, 2)
        """
        extra = np.array(
            [(site.parcel_cost, site.unit_cost) for site in sites], dtype=float
        ).reshape(len(sites), 2)
        for company, of_company in sites.grouped("company_id").items():
            rate = self._get_rate_from(company.currency_id, company)
            extra[np.isin(sites.ids, of_company.ids)] *= rate
        return extra

    def _get_rate_from(self, currency, company):
        """Return what a unit of a currency is worth in the strategy's today."""
        return currency._get_conversion_rate(
            currency, self.currency_id, company, fields.Date.context_today(self)
        )

    def _prepare_missing_cost(self, parts, case, least_missing):
        """Say what leaving units unfilled costs, by the shortage policy.

        :param list[CostPart] parts: costs as if no parcel were open
        """
        none = np.zeros(len(case.sites))
        dearest_unit = sum((part.per_unit for part in parts), np.zeros(case.shape)).max(
            axis=1, initial=0.0
        )
        if self.shortage_policy == "price":
            return MissingCost(
                self.missing_factor * self.parcel_cost, self.missing_factor * dearest_unit
            )
        dearest_parcel = float(sum((part.per_parcel for part in parts), none).max(initial=0.0))
        # Half a kilogram must weigh as much as the parcel that would be opened for it.
        parcel_share = dearest_parcel / np.minimum(least_missing, 1.0)
        return MissingCost(0.0, self.missing_factor * (parcel_share + dearest_unit))

    # === THE PARTS === #

    def _get_weights(self, case):
        """Return the weight of a unit of each product, the strategy's default where unknown.

        :return: kilograms, shape (L,)
        """
        unit = case.facts.unit_kg
        return np.array([product.weight * unit or self.default_weight for product in case.products])

    def _prepare_weight_part(self, case):
        if not self.has_rates:
            return None
        parcel, kilogram, _missed = self.rate_ids._quote(case.sites, case.kilometers, case.partner)
        weights = self._get_weights(case)[:, None]
        none, each = np.zeros(len(case.sites)), np.ones(case.shape)
        return CostPart("weight", parcel, weights * kilogram, "kg", none, weights * each)

    def _prepare_carbon_part(self, case):
        if not self._weighs_carbon():
            return None
        kg = self._get_emissions(case)
        none = np.zeros(len(case.sites))
        money = carbon.price(kg, self.carbon_price)
        return CostPart("carbon", none, money, "kg CO2e", none, kg)

    def _weighs_carbon(self):
        return bool(self.emission_factor_id)

    def _get_emissions(self, case):
        """Return what a unit of each line emits from each site to the address.

        :return: kg CO2e, shape (L, S)
        """
        each = self._get_kg_per_kg(case.sites, case.kilometers)
        return self._get_weights(case)[:, None] * each

    def _get_kg_per_kg(self, sites, kilometers, default=None):
        """Return what a kilogram of goods emits from each site to the address.

        :param kilometers: from each site, shape (S,)
        :param default: ``oms.emission.factor`` of transport where neither site nor strategy says
        :return: kg CO2e, shape (S,)
        """
        kg = np.zeros(len(sites))
        for place, site in enumerate(sites):
            transport = site.emission_factor_id or self.emission_factor_id or default
            hub = site.hub_factor_id or self.hub_factor_id
            kg[place] = carbon.transport_kg(
                1.0, kilometers[place], transport._get_transport()
            ) + carbon.hub_kg(1.0, hub.intensity)
        return kg

    def _get_days(self, case):
        """Tell the days until a parcel from each site arrives, shape (S,).

        By opening hours, capacity, handling time and transit times where these are set, by the
        estimates of the strategy where not.
        """
        return case.sites._get_ready_days(
            fields.Datetime.now(),
            case.kilometers,
            float(case.quantities.sum()),
            case.facts.rooms,
            handling_days=self.handling_days,
            kilometers_per_day=self.transit_km_per_day,
        )

    def _prepare_lateness_part(self, case):
        if not self.late_day_cost or case.promised_days is None:
            return None
        late = self._get_days(case) - case.promised_days
        # A site that sends nothing for now is late, not impossible.
        days = np.clip(late, 0.0, LATEST_DAYS)
        zero = np.zeros(case.shape)
        return CostPart("lateness", self.late_day_cost * days, zero, "days", days, zero)

    def _prepare_stock_value_part(self, case):
        """Price what a unit would still earn where it is, more than if nobody bought it."""
        if not self.stock_value_factor:
            return None
        rates = {
            company: self._get_rate_from(company.currency_id, company)
            for company in case.sites.company_id
        }
        earned = np.array(
            [
                [
                    case.facts.earnings.get((site.id, product.id), 0.0) * rates[site.company_id]
                    for site in case.sites
                ]
                for product in case.products
            ]
        ).reshape(case.shape)
        none = np.zeros(len(case.sites))
        money = self.stock_value_factor * earned
        return CostPart("stock_value", none, money, self.currency_id.name, none, earned)

    def _prepare_workload_part(self, case):
        if not self.workload_cost:
            return None
        days = np.array([self._get_workload_days(site, case.facts) for site in case.sites]).reshape(
            len(case.sites)
        )
        zero = np.zeros(case.shape)
        return CostPart("workload", self.workload_cost * days, zero, "days of work", days, zero)

    def _get_daily_units(self, site):
        """Return how many units a site works off in a day, by what it says itself if it does."""
        return site.capacity_units or self.workload_capacity

    def _get_workload_days(self, site, facts):
        """Return how much work a site has before it, in days.

        Its open units, or how much of its day for orders of now is taken if that is more: a site
        that counts its orders may be full with few units.
        """
        backlog = facts.open_units.get(site.id, 0.0) / self._get_daily_units(site)
        room = facts.rooms and facts.rooms.rooms.get(site)
        if not room or not room.days:
            return backlog
        return max(
            backlog,
            float(room.orders[0] / room.most_orders),
            float(room.units[0] / room.most_units),
        )

    def _prepare_scarcity_part(self, case):
        if not self.scarcity_factor:
            return None
        prices, known = np.zeros(case.shape), case.facts.scarcity.get(self.id, {})
        for row, product in enumerate(case.products):
            for column, site_id in enumerate(case.sites.ids):
                prices[row, column] = known.get((site_id, product.id), 0.0)
        none = np.zeros(len(case.sites))
        return CostPart(
            "scarcity",
            none,
            self.scarcity_factor * prices,
            self.currency_id.name,
            none,
            prices,
        )

    # === WHAT A READER SHOULD KNOW === #

    def _get_cost_notes(self, case):
        """Say what was assumed to price an order, a sentence each.

        :rtype: list[str]
        """
        notes = []
        if self.has_rates or self.has_tariff or self._weighs_carbon():
            light = [product.display_name for product in case.products if not product.weight]
            if light:
                notes.append(
                    self.env._(
                        "Without a weight, counted as %(weight)s kg a unit: %(products)s.",
                        weight=f"{self.default_weight:g}",
                        products=", ".join(dict.fromkeys(light)),
                    )
                )
        if self.has_rates and self.rate_source == "table":
            missed = self.rate_ids._quote(case.sites, case.kilometers, case.partner)[2]
            if missed.any():
                notes.append(
                    self.env._(
                        "No rate holds the way from %s to the address: the dearest of the table "
                        "counts.",
                        ", ".join(
                            site.name for site, miss in zip(case.sites, missed, strict=True) if miss
                        ),
                    )
                )
        if self.stock_value_factor and case.facts.unvalued:
            notes.append(
                self.env._(
                    "The retail value of stock does not count: nothing says what time and storage "
                    "cost at %s. Make a policy in Configuration ‣ Disposition Policies.",
                    ", ".join(case.facts.unvalued),
                )
            )
        today = fields.Date.context_today(self)
        outdated = (self.emission_factor_id + self.hub_factor_id).filtered(
            lambda factor: not factor._is_valid_on(today)
        )
        if outdated:
            notes.append(
                self.env._(
                    "Reckoned by an emission factor that does not hold today: %s.",
                    ", ".join(outdated.mapped("name")),
                )
            )
        return notes
