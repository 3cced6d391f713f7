from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...engine.sourcing import HotWaxRule

SORT_SELECTION = [
    ("proximity", "Nearest first"),
    ("inventory", "Most stock first"),
    ("remaining", "Most room for orders today first"),
    ("custom", "By priority of the list"),
    ("weeks_of_supply", "Most weeks of supply first"),
]
#: What may be chosen: of the strategy's company, or of any where it is shared among companies.
OF_COMPANY = "[('company_id', 'in', company_id and [company_id] or allowed_company_ids)]"
SORT_FIELDS = ("sort_1", "sort_2", "sort_3")


class OmsStrategyRule(models.Model):
    """An inventory rule of a HotWax routing: which facilities are tried, in which order."""

    _name = "oms.strategy.rule"
    _description = "Inventory Rule of a Sourcing Strategy"
    _order = "strategy_id, sequence, id"

    strategy_id = fields.Many2one("oms.strategy", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="strategy_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    name = fields.Char(required=True, translate=True)
    network_ids = fields.Many2many(
        "oms.network",
        "oms_strategy_rule_network_rel",
        "rule_id",
        "network_id",
        string="Facility Groups",
        domain=OF_COMPANY,
        help="Facilities of these networks are tried; all of the channel when empty.",
    )
    excluded_network_ids = fields.Many2many(
        "oms.network",
        "oms_strategy_rule_excluded_rel",
        "rule_id",
        "network_id",
        string="Excluded Groups",
        domain=OF_COMPANY,
        help="Facilities of these networks are left out.",
    )
    max_kilometers = fields.Float(
        string="Proximity (km)",
        digits=(16, 1),
        help="Facilities farther from the address are left out; 0 is any distance.",
    )
    safety_stock = fields.Float(
        string="Brokering Safety Stock",
        digits="Product Unit",
        help="Facilities that have fewer units of a product available give nothing of it.",
    )
    gate = fields.Selection(
        [("at_least", "At least that many"), ("more_than", "More than that many")],
        string="Safety Stock Is Met By",
        required=True,
        default="at_least",
    )
    sort_1 = fields.Selection(SORT_SELECTION, string="Sort By", default="proximity")
    sort_2 = fields.Selection(SORT_SELECTION, string="Then By")
    sort_3 = fields.Selection(SORT_SELECTION, string="Last By")
    weeks = fields.Float(
        string="Weeks of Supply",
        digits=(6, 1),
        help="More than zero where facilities are sorted by weeks of supply. How many they are "
        "does not change the order: the stock is divided by the sales of a week.",
    )
    all_available = fields.Boolean(
        string="Only If All Is There",
        help="Nothing is allocated unless the facilities together have all that is open.",
    )
    ignore_order_limit = fields.Boolean(
        help="Facilities that have as many orders as they may are tried too.",
    )
    partial = fields.Boolean(
        string="Partial Allocation",
        help="Where no facility has everything, each gives what it has.",
    )
    partial_kits = fields.Boolean(
        string="Split Combos", help="The products of a combo may come from several facilities."
    )
    min_value = fields.Float(
        string="Least Value of a Part",
        digits=(16, 2),
        help="What a facility gives, and what then remains, is worth at least this much in the "
        "currency of the strategy.",
    )
    then = fields.Selection(
        [("next_rule", "Go on to the next rule"), ("queue", "Wait: no further rule is tried")],
        string="What Is Left",
        required=True,
        default="next_rule",
    )

    _amounts_check = models.Constraint(
        "CHECK (COALESCE(max_kilometers, 0) >= 0 AND COALESCE(safety_stock, 0) >= 0 "
        "AND COALESCE(weeks, 0) >= 0 AND COALESCE(min_value, 0) >= 0)",
        "Distances, quantities, weeks and values of an inventory rule cannot be negative.",
    )

    @api.constrains(*SORT_FIELDS, "weeks")
    def _check_sorts(self):
        for rule in self:
            sorts = rule._get_sorts()
            if len(set(sorts)) < len(sorts):
                raise ValidationError(
                    self.env._("The rule %s sorts twice by the same: choose each once.", rule.name)
                )
            if "weeks_of_supply" in sorts and not rule.weeks:
                raise ValidationError(
                    self.env._(
                        "The rule %s sorts by weeks of supply, which is ignored without a number "
                        "of weeks: enter one above zero.",
                        rule.name,
                    )
                )

    def _get_sorts(self):
        return tuple(self[name] for name in SORT_FIELDS if self[name])

    def _prepare_rule(self):
        """Put the rule into the engine's words.

        :rtype: HotWaxRule
        """
        self.ensure_one()
        groups = self.network_ids
        return HotWaxRule(
            name=self.name,
            sites=frozenset(groups.site_ids.ids) if groups else None,
            excluded=frozenset(self.excluded_network_ids.site_ids.ids),
            max_kilometers=self.max_kilometers or None,
            all_available=self.all_available,
            ignore_order_limit=self.ignore_order_limit,
            safety_stock=self.safety_stock,
            gate_is_inclusive=self.gate == "at_least",
            sorts=self._get_sorts(),
            weeks=self.weeks,
            partial=self.partial,
            partial_kits=self.partial_kits,
            min_value=self.min_value,
            then=self.then,
        )


class OmsStrategySite(models.Model):
    """The priority of a site for one strategy."""

    _name = "oms.strategy.site"
    _description = "Priority of a Site in a Sourcing Strategy"
    _order = "strategy_id, priority, id"
    _rec_name = "site_id"

    strategy_id = fields.Many2one("oms.strategy", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="strategy_id.company_id", store=True, index=True)
    site_id = fields.Many2one(
        "oms.site", required=True, ondelete="cascade", index=True, domain=OF_COMPANY
    )
    priority = fields.Integer(
        required=True, default=1, help="1 is the best; sites may share a priority."
    )
    is_preferred = fields.Boolean(
        string="Preferred", help="Ranked before all others where preferred sites come first."
    )

    _site_uniq = models.UniqueIndex(
        "(strategy_id, site_id)", "Each site has one priority in a strategy."
    )
    _priority_check = models.Constraint(
        "CHECK (priority >= 1)", "Priorities begin with 1, the best."
    )
