from odoo import api, fields, models

from ...engine.sourcing import Explanation
from ..words import by_count

TRIGGER_SELECTION = [
    ("confirm", "Order confirmed"),
    ("change", "Quantity raised"),
    ("stock", "Stock came"),
    ("rejected", "A site gave goods back"),
    ("manual", "Asked by a user"),
    ("workflow", "Asked by a workflow"),
    ("forced", "Sites chosen by a user"),
    ("offline", "Work taken back from a site"),
    ("lost", "A parcel was lost"),
    ("receipt", "A receipt is late"),
    ("address", "Delivery address changed"),
    ("date", "Promised for an earlier date"),
    ("better", "A better plan was looked for"),
    ("wave", "Sourced together in a wave"),
    ("offer", "No site accepted"),
]


class OmsDecision(models.Model):
    """One sourcing run for one order, with what it saw and why it decided so."""

    _name = "oms.decision"
    _description = "Sourcing Decision"
    _order = "id desc"
    _rec_name = "order_id"

    order_id = fields.Many2one(
        "sale.order", required=True, readonly=True, ondelete="cascade", index=True
    )
    partner_id = fields.Many2one(related="order_id.partner_shipping_id", string="Delivered To")
    company_id = fields.Many2one(related="order_id.company_id", store=True, precompute=True)
    channel_id = fields.Many2one(
        "oms.channel", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    strategy_id = fields.Many2one("oms.strategy", readonly=True, ondelete="restrict")
    trigger = fields.Selection(TRIGGER_SELECTION, required=True, readonly=True)
    outcome = fields.Selection(
        [("full", "Everything sourced"), ("partial", "Part waits"), ("none", "Nothing to source")],
        required=True,
        readonly=True,
    )
    split = fields.Boolean(readonly=True, help="The order ships from more than one site.")
    site_ids = fields.Many2many(
        "oms.site",
        "oms_decision_site_rel",
        "decision_id",
        "site_id",
        string="Chosen Sites",
        readonly=True,
    )
    parcel_count = fields.Integer(string="Parcels", readonly=True, aggregator="sum")
    candidate_count = fields.Integer(string="Sites Considered", readonly=True, aggregator="avg")
    units = fields.Float(
        string="Units Asked", digits="Product Unit", readonly=True, aggregator="sum"
    )
    unfilled_units = fields.Float(digits="Product Unit", readonly=True, aggregator="sum")
    kilometers = fields.Float(
        string="Distance (km)",
        digits=(16, 1),
        readonly=True,
        help="Sum over the parcels of the great-circle distance from the site to the customer.",
    )
    currency_id = fields.Many2one("res.currency", readonly=True)
    cost = fields.Monetary(
        readonly=True, aggregator="sum", help="What the plan costs, without the penalty."
    )
    penalty = fields.Monetary(
        string="Penalty for Unfilled",
        readonly=True,
        aggregator="sum",
        help="What the strategy counts for the units that nobody ships.",
    )
    lower_bound = fields.Monetary(
        readonly=True,
        aggregator="sum",
        help="No plan whatsoever has a lower sum of cost and penalty.",
    )
    gap = fields.Float(
        string="Gap to Optimum",
        digits=(16, 6),
        readonly=True,
        aggregator="avg",
        help="How much dearer the plan could be than the best possible one; zero is proven "
        "to be optimal.",
    )
    duration_ms = fields.Float(
        string="Duration (ms)", digits=(16, 3), readonly=True, aggregator="avg"
    )
    note = fields.Text(readonly=True, help="What a reader of the decision should know.")
    costs = fields.Json(readonly=True)
    amounts = fields.Json(readonly=True, help="The parts of the cost in units of their own.")
    problem = fields.Json(readonly=True, help="The stock and the costs as they were seen.")
    plan = fields.Json(readonly=True, help="What was chosen, line by line.")
    circumstances = fields.Json(
        readonly=True,
        help="What else was seen and may matter to other strategies: room of the sites, reasons "
        "against them, stock that the strategy kept back.",
    )
    explanation = fields.Json(
        compute="_compute_explanation",
        help="Worked out when it is looked at: the same problem and plan always give the same.",
    )
    considered = fields.Json(
        string="What Was Considered",
        compute="_compute_considered",
        help="The explanation in words, with the names of the sites.",
    )

    @api.depends("order_id.name", "create_date")
    def _compute_display_name(self):
        for decision in self:
            decision.display_name = f"{decision.order_id.name} #{decision.id}"

    @api.depends("explanation", "costs", "amounts")
    def _compute_considered(self):
        for decision in self:
            decision.considered = decision.explanation and decision._prepare_considered(
                decision.explanation
            )

    # === EXPLANATION === #

    def _prepare_considered(self, data):
        """Put the stored explanation into words for the screen.

        :param dict data: what ``Explanation.to_dict`` gave
        :return: ``costs`` (label, amount) of the plan, ``rows`` of sites with verdict and
            sentence, ``others`` (sentence), ``runner_up`` (sentence), ``currency_id``
        :rtype: dict
        """
        self.ensure_one()
        explanation = Explanation.from_dict(data)
        labels = self._get_cost_labels()
        # sudo: whoever may read the decision may read the names of the sites in it
        sites = self.env["oms.site"].sudo().with_context(active_test=False)
        keys = [verdict.site for verdict in explanation.verdicts if isinstance(verdict.site, int)]
        runner_up = explanation.runner_up
        if runner_up:
            keys += [assignment.site for assignment in runner_up.plan.assignments]
        names = {site.id: site.display_name for site in sites.search([("id", "in", keys)])}
        return {
            "currency_id": self.currency_id.id,
            "costs": [(labels.get(key, key), amount) for key, amount in self.costs],
            "amounts": self._prepare_amounts(labels),
            "rows": [
                {
                    "site_id": verdict.site,
                    "site": self._get_verdict_name(verdict, names),
                    "code": verdict.code,
                    "quantity": verdict.quantity,
                    "coverage": verdict.coverage,
                    "costs": [(labels.get(key, key), amount) for key, amount in verdict.costs],
                    "alone_cost": verdict.alone_cost,
                    "extra_cost": verdict.extra_cost,
                    "reason": self._get_verdict_sentence(verdict, names),
                }
                for verdict in explanation.verdicts
            ],
            "others": self._get_others_sentence(dict(explanation.others)),
            "runner_up": runner_up and self._get_runner_up_sentence(runner_up, names),
        }

    def _get_verdict_name(self, verdict, names):
        """Return the name of a site, or of several that are only counted."""
        if isinstance(verdict.site, int):
            return names.get(verdict.site, self.env._("deleted site"))
        counted = {key: name for key, name, *_why in (self.problem or {}).get("barred", ())}
        return counted.get(verdict.site) or self.env._("Further sites")

    def _get_cost_labels(self):
        return {
            "parcel": self.env._("Parcels"),
            "handling": self.env._("Handling"),
            "distance": self.env._("Distance"),
            "split": self.env._("Splits"),
            "weight": self.env._("Rates by weight"),
            "rates": self.env._("Rates by parcel"),
            "carbon": self.env._("Carbon"),
            "lateness": self.env._("Lateness"),
            "stock_value": self.env._("Retail value of stock"),
            "workload": self.env._("Workload"),
            "scarcity": self.env._("Scarcity"),
            "missing": self.env._("Unfilled"),
        }

    def _prepare_amounts(self, labels):
        """Say each part of the cost in its own unit.

        :return: text like '12.5 kg CO2e' by label
        :rtype: dict
        """
        units = {
            "parcels": (self.env._("parcel"), self.env._("parcels")),
            "units": (self.env._("unit"), self.env._("units")),
            "km": (self.env._("km"), self.env._("km")),
            "kg": (self.env._("kg"), self.env._("kg")),
            "kg CO2e": (self.env._("kg CO2e"), self.env._("kg CO2e")),
            "days": (self.env._("day late"), self.env._("days late")),
            "days of work": (self.env._("day of work"), self.env._("days of work")),
        }
        shown = {}
        for key, amount, unit in self.amounts or ():
            amount = round(amount, 3)
            words = by_count(amount, *units.get(unit, (unit, unit)))
            shown[labels.get(key, key)] = f"{amount:g} {words}"
        return shown

    def _get_verdict_sentence(self, verdict, names):
        """Say in a sentence why a site was chosen or lost."""
        if verdict.code == "chosen":
            return by_count(
                verdict.quantity,
                self.env._("Ships 1 unit."),
                self.env._("Ships %s units.", f"{verdict.quantity:g}"),
            )
        if verdict.code == "no_stock":
            return self.env._("Has nothing of what was ordered.")
        if verdict.code == "dominated":
            return self.env._(
                "%s is at least as good for everything in this order.",
                names.get(verdict.dominated_by, self.env._("Another site")),
            )
        if verdict.code == "tie":
            return self.env._("Costs the same; lost because of its priority.")
        if verdict.code == "barred":
            return verdict.detail or self.env._("Was not asked.")
        if verdict.code == "limited":
            return self._get_limited_sentence(verdict)
        if verdict.extra_cost is None:
            return self.env._("No plan can use it.")
        if verdict.extra_cost < 0:
            # Rules of thumb do not look for the cheapest plan.
            amount = self.currency_id.format(-verdict.extra_cost)
            return self.env._("A plan with it would cost %s less.", amount)
        amount = self.currency_id.format(verdict.extra_cost)
        if verdict.extra_is_bound:
            return self.env._("The best plan found with it costs %s more.", amount)
        return self.env._("The best plan with it costs %s more.", amount)

    def _get_limited_sentence(self, verdict):
        """Say which limit keeps a site out."""
        limits = {
            "max_sites": self.env._("the most sites of an order"),
            "max_sites_per_line": self.env._("the most sites of a line"),
            "whole_lines": self.env._("lines are filled wholly or not at all"),
            "whole_order": self.env._("orders are filled wholly or not at all"),
            "together": self.env._("what ships together"),
            "min_value": self.env._("the least value of a shipment"),
            "unit_capacity": self.env._("the capacity of the site"),
            "carbon": self.env._("the carbon cap"),
            "carrier": self.env._("no carrier takes what it would ship"),
        }
        limit = limits.get(verdict.reason, verdict.reason)
        if not limit:
            return self.env._("A limit keeps it out.")
        return self.env._("A limit keeps it out: %s.", limit)

    def _get_others_sentence(self, others):
        """Say how many sites are not listed one by one, and why they lost."""
        texts = {
            "no_stock": self.env._("with nothing of what was ordered: %s"),
            "dominated": self.env._("nowhere better than another site: %s"),
            "costlier": self.env._("dearer: %s"),
            "tie": self.env._("lost by priority: %s"),
            "limited": self.env._("kept out by a limit: %s"),
            "barred": self.env._("not asked: %s"),
        }
        parts = [texts[code] % count for code, count in others.items() if count]
        return parts and self.env._("Further sites, %s.", "; ".join(parts))

    def _get_runner_up_sentence(self, runner_up, names):
        used = dict.fromkeys(assignment.site for assignment in runner_up.plan.assignments)
        sites = ", ".join(names.get(key, "?") for key in used) or self.env._("none")
        margin = self.currency_id.format(abs(runner_up.margin))
        if runner_up.margin < 0:
            # Rules of thumb do not look for the cheapest plan.
            return self.env._(
                "Another choice of sites, %(sites)s, would cost %(margin)s less.",
                sites=sites,
                margin=margin,
            )
        return self.env._(
            "The second best choice of sites, %(sites)s, costs %(margin)s more.",
            sites=sites,
            margin=margin,
        )

    # === ACTION METHODS === #

    def action_view_order(self):
        """Open the order that the decision is about.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.order_id.id,
            "view_mode": "form",
        }

    def action_replay(self):
        """Open the decision worked out again under other strategies; nothing is changed.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_test_drive")
        action["name"] = self.env._("Replay of %s", self.display_name)
        action["context"] = {"default_decision_id": self.id, "dialog_size": "extra-large"}
        return action
