import numpy as np

from odoo import api, fields, models

from ...engine.sourcing import CostPart, Rule, Rules, Tariff

#: Name of the part of the costs that is charged for whole shipments.
RATES = "rates"
#: Delivery methods whose price Odoo knows without asking anybody.
AT_HAND = ("fixed", "base_on_rule")


class OmsStrategy(models.Model):
    """What carriers charge for all that a site ships together."""

    _inherit = "oms.strategy"

    rate_source = fields.Selection(
        [
            ("table", "The rate table"),
            ("carriers", "Ask the carriers' rates"),
        ],
        string="Rates Come From",
        required=True,
        default="table",
        tracking=True,
        help="Carriers' rates are those of the delivery methods in Odoo, reckoned for whatever "
        "each site would ship. Where no delivery method has a price, the rate table counts, and "
        "the decision says so.",
    )
    carrier_ids = fields.Many2many(
        "delivery.carrier",
        "oms_strategy_carrier_rel",
        "strategy_id",
        "carrier_id",
        string="Carriers",
        help="The delivery methods that are asked; all that deliver to the address when empty. An "
        "order for which one was chosen goes by that one.",
    )
    carrier_price = fields.Selection(
        [
            ("cost", "Without margin and free delivery"),
            ("customer", "As customers pay"),
        ],
        string="Carriers' Prices",
        required=True,
        default="cost",
        tracking=True,
        help="What is added to a carrier's rate for customers, or waived of it, is no cost of the "
        "delivery: free delivery would even make splits look free.",
    )
    carrier_sites = fields.Integer(
        string="Sites Asked For",
        default=5,
        tracking=True,
        help="Carriers that are asked over the network are asked for the nearest sites only.",
    )
    carrier_seconds = fields.Float(
        string="Most Seconds of Asking",
        default=3.0,
        digits=(6, 1),
        tracking=True,
        help="After so many seconds no further carrier is asked over the network for an order; the "
        "rate table counts for the rest.",
    )
    has_tariff = fields.Boolean(compute="_compute_has_tariff", store=True)

    _asking_check = models.Constraint(
        "CHECK (COALESCE(carrier_sites, 0) BETWEEN 0 AND 50 "
        "AND COALESCE(carrier_seconds, 0) BETWEEN 0 AND 60)",
        "Carriers are asked for at most 50 sites and for at most 60 seconds.",
    )

    @api.depends(
        "rate_source",
        "rate_ids.carrier_id",
        "rate_ids.max_weight",
        "rate_ids.max_units",
        "rate_ids.max_volume",
    )
    def _compute_has_tariff(self):
        # Kept, so that orders of strategies without rates need not look for them.
        for strategy in self:
            strategy.has_tariff = (
                strategy.rate_source == "carriers" or strategy.rate_ids._has_brackets()
            )

    # === FOR THE ENGINE === #

    def _prepare_weight_part(self, case):
        # What is charged for whole shipments is no sum over units: see _prepare_tariff.
        return None if self.has_tariff else super()._prepare_weight_part(case)

    def _prepare_tariff(self, case, ask=True):
        """Return what carriers charge for whatever each site would ship, if anything.

        :param Case case: the order and the sites before it
        :param bool ask: ask carriers over the network, too
        :rtype: Tariff | None
        """
        self.ensure_one()
        if not self.has_tariff:
            return None
        table = self.rate_ids._get_cards(case.sites, case.kilometers, case.partner)
        dearest = (self.rate_ids._get_dearest_card(),) if self.rate_ids else ()
        asked = [()] * len(case.sites)
        if self.rate_source == "carriers":
            asked = self._get_carrier_cards(case, ask)
        cards, choices = {}, []
        packed = self._get_packed(case)
        for place, site in enumerate(case.sites):
            if site in case.open_sites and not packed[place].any():
                # Nobody knows what its parcel holds: what is added is charged no further parcel.
                choices.append(())
                continue
            levels = [asked[place], table[place] or dearest]
            choices.append(
                tuple(
                    tuple(cards.setdefault(card, len(cards)) for card in level)
                    for level in levels
                    if level
                )
            )
        return Tariff(
            RATES,
            tuple(cards),
            tuple(choices),
            self._get_weights(case),
            np.array([max(product.volume, 0.0) for product in case.products]),
            self._get_taxed_values(case),
            packed,
        )

    def _prepare_missing_cost(self, parts, case, least_missing):
        tariff = self._prepare_tariff(case)
        if tariff is not None:
            # Leaving a unit out must not be cheaper than what the whole order costs to ship.
            most = np.full(len(case.sites), tariff.most(case.quantities))
            parts = [*parts, CostPart(RATES, most, np.zeros(case.shape))]
        return super()._prepare_missing_cost(parts, case, least_missing)

    def _get_packed(self, case):
        """Return the weight, volume, units and value of what sites ship of the order anyway.

        :return: shape (S, 4)
        """
        packed = np.zeros((len(case.sites), 4))
        if not case.open_sites or not case.order:
            return packed
        place = {site_id: index for index, site_id in enumerate(case.sites.ids)}
        for part in case.order._oms_get_open_fulfillments().line_ids:
            index = place.get(part.site_id.id)
            if index is None or part.quantity <= 0:
                continue
            product, line = part.product_id, part.sale_line_id
            weight = product.weight * case.facts.unit_kg or self.default_weight
            value = self._get_taxed_value(line, product, case.order.company_id)
            each = np.array([weight, max(product.volume, 0.0), 1.0, value])
            packed[index] += each * part.quantity
        return packed

    def _get_taxed_values(self, case):
        """Return what a unit of each line is sold for with taxes, as carriers' rules count it.

        :return: in the strategy's currency, shape (L,)
        """
        lines = case.lines or [self.env["sale.order.line"]] * len(case.products)
        return np.array(
            [
                self._get_taxed_value(line, product, case.order and case.order.company_id)
                for line, product in zip(lines, case.products, strict=True)
            ]
        )

    def _get_taxed_value(self, line, product, company):
        units = line.product_uom_id and line.product_uom_id._compute_quantity(
            line.product_uom_qty, product.uom_id, round=False
        )
        company = company or self.env.company
        if units and line.price_total > 0:
            rate = self._get_rate_from(line.currency_id or self.currency_id, company)
            return line.price_total / units * rate
        return max(product.lst_price, 0.0) * self._get_rate_from(product.currency_id, company)

    # === CARRIERS' RULES === #

    def _get_carriers(self, case):
        """Return the delivery methods that may carry an order.

        :rtype: odoo.models.Model
        """
        order = case.order
        # sudo: delivery methods are configuration; who sources need not have sales rights
        Carrier = self.env["delivery.carrier"].sudo()
        carriers = order.carrier_id.sudo() or self.carrier_ids.sudo()
        if not carriers:
            domain = [("company_id", "in", [False, order.company_id.id])]
            carriers = Carrier.search(domain, order="sequence, id")
        return carriers.filtered(
            lambda carrier: (
                carrier.active
                and carrier._match_address(case.partner)
                and carrier._match_must_have_tags(order)
                and carrier._match_excluded_tags(order)
            )
        )

    def _get_carrier_cards(self, case, ask):
        """Return the rate cards of the carriers that fetch parcels at each site.

        :param bool ask: ask carriers over the network, too
        :rtype: list[tuple[Rules, ...]]
        """
        found = [[] for _site in case.sites]
        for carrier in self._get_carriers(case):
            kind = carrier.delivery_type
            at_hand = self._get_carrier_card(carrier, case) if kind in AT_HAND else None
            for place, site in enumerate(case.sites):
                if site.carrier_ids and carrier not in site.carrier_ids.sudo():
                    continue
                card = at_hand
                if kind not in AT_HAND:
                    card = self._get_quoted_card(carrier, site, case, ask)
                if card:
                    found[place].append(card)
        return [tuple(cards) for cards in found]

    def _get_carrier_card(self, carrier, case):
        """Put a delivery method into the engine's words, in the strategy's currency.

        :rtype: Rules
        """
        company = carrier.company_id or case.order.company_id or self.env.company
        rate = self._get_rate_from(company.currency_id, company)
        as_paid = self.carrier_price == "customer"
        if carrier.delivery_type == "fixed":
            rules = (Rule("quantity", ">=", 0.0, carrier.fixed_price * rate),)
        else:
            factor = 1.0 + carrier.margin if as_paid else 1.0
            added = carrier.fixed_margin if as_paid else 0.0
            rules = tuple(
                self._get_price_rule(line, rate, factor, added, case.facts.unit_kg)
                for line in carrier.price_rule_ids
            )
        free = as_paid and carrier.free_over and carrier.delivery_type == "fixed"
        if free and self._get_order_total(case) >= carrier.amount * rate:
            rules = (Rule("quantity", ">=", 0.0, 0.0),)
        return Rules(
            rules,
            max_weight=carrier.max_weight * case.facts.unit_kg or np.inf,
            max_volume=carrier.max_volume or np.inf,
        )

    def _get_price_rule(self, line, rate, factor, added, unit_kg):
        """Put a price rule into the engine's words.

        :param rate: what the rule's currency is worth in the strategy's
        :param factor: by which margins raise prices
        :param added: what margins add to them
        :param unit_kg: kilograms in the unit in which products say their weight
        """
        # The engine counts in kg and in the strategy's currency.
        measures = {"weight": unit_kg, "wv": unit_kg, "price": rate}
        scale = measures.get(line.variable_factor, 1.0)
        return Rule(
            line.variable,
            line.operator,
            line.max_value * measures.get(line.variable, 1.0),
            (line.list_base_price * factor + added) * rate,
            line.list_price * factor * rate / scale,
            line.variable_factor,
        )

    def _get_order_total(self, case):
        """Return what the order comes to with taxes and without delivery, in its own currency."""
        order = case.order
        rate = self._get_rate_from(order.currency_id or self.currency_id, order.company_id)
        return order._compute_amount_total_without_delivery() * rate

    # === WHAT A READER SHOULD KNOW === #

    def _get_cost_notes(self, case):
        notes = super()._get_cost_notes(case)
        if self.rate_source == "carriers":
            notes += self._get_carrier_notes(case)
        return notes

    def _can_plan_together(self):
        # A batch of thousands of orders must not wait for carriers that are asked one by one.
        return super()._can_plan_together() and self.rate_source == "table"
