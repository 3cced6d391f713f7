import numpy as np

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...engine.sourcing import D365, IOM, FirstNonTie, HotWax
from ...engine.sourcing.presets.dom import RULES as D365_RULES
from .oms_strategy_rule import OF_COMPANY

TIE_SELECTION = [
    ("preferred", "Preferred sites of the list"),
    ("coverage", "Fills more lines alone"),
    ("default", "Warehouse of the order"),
    ("distance", "Nearer"),
    ("priority", "Better priority"),
]
TIE_FIELDS = ("tie_rule_1", "tie_rule_2", "tie_rule_3", "tie_rule_4", "tie_rule_5")
#: Methods that look at the priorities of sites.
RANKED_METHODS = ("d365", "magento_priority", "magento_distance", "first_non_tie", "hotwax")
HARD = "Hard: kept to always. Otherwise it is given up in the second pass, for what is left."


class OmsStrategy(models.Model):
    """Parameters of those methods that follow the rules of their makers."""

    _inherit = "oms.strategy"

    method_keys = fields.Char(
        compute="_compute_method_keys", help="The methods of the strategy and its stages."
    )
    rank_ids = fields.One2many(
        "oms.strategy.site",
        "strategy_id",
        string="Priorities of Sites",
        copy=True,
        help="Empty: the priorities of the sites themselves count. Sites that are not listed come "
        "last; Dynamics 365 Commerce does not ask them.",
    )
    rule_ids = fields.One2many(
        "oms.strategy.rule",
        "strategy_id",
        string="Inventory Rules",
        copy=True,
        help="Tried one after the other. Empty: the nearest facility that has the whole order, "
        "else parts from the facilities by distance.",
    )

    # === DYNAMICS 365 COMMERCE === #

    d365_max_locations = fields.Selection(
        [("any", "Any"), ("1", "1"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5")],
        string="Maximum Locations",
        required=True,
        default="any",
        tracking=True,
        help="With a number an order is filled wholly by at most so many locations, or waits.",
    )
    d365_partial_orders = fields.Boolean(
        string="Fulfill Partial Orders",
        default=True,
        tracking=True,
        help="Lines with enough stock are filled although others of the order are not. Only with "
        "any number of locations.",
    )
    d365_partial_lines = fields.Boolean(
        string="Fulfill Partial Lines",
        default=True,
        tracking=True,
        help="A line is filled as far as there is stock. Only with partial orders.",
    )
    d365_partial_hard = fields.Boolean(string="Hard: Partial Orders", default=True, help=HARD)
    d365_rank_by = fields.Selection(
        [("cost", "Costs of the strategy"), ("distance", "Distance")],
        string="Between Equals",
        required=True,
        default="cost",
        tracking=True,
        help="What decides among plans that fill as much from as few locations of as good "
        "priority. In Dynamics 365 costs take the place of distance as soon as there are any.",
    )
    d365_local_kilometers = fields.Float(
        string="Local Store Region Radius",
        digits=(16, 1),
        tracking=True,
        help="Locations within so many kilometers of the customer count as equally near.",
    )
    d365_max_rejects = fields.Integer(
        string="Maximum Rejects",
        tracking=True,
        help="Lines that were given back so often are not sourced any more; 0 is any number.",
    )

    # === INTELLIGENT ORDER MANAGEMENT === #

    iom_restrict_partial = fields.Boolean(
        string="Restrict Partial Orders",
        tracking=True,
        help="An order is filled wholly or not at all; lines always are.",
    )
    iom_partial_hard = fields.Boolean(string="Hard: Restrict Partial", default=True, help=HARD)
    iom_respect_timings = fields.Boolean(
        string="Respect Cut-Off",
        tracking=True,
        help="Sources are not asked after their cut-off of the day.",
    )
    iom_timings_hard = fields.Boolean(string="Hard: Cut-Off", default=True, help=HARD)
    iom_lines_per_day = fields.Integer(
        string="Order Lines per Day",
        tracking=True,
        help="A source is not asked once it was given so many order lines on the day, in its time "
        "zone; 0 is any number.",
    )
    iom_lines_hard = fields.Boolean(string="Hard: Order Lines", default=True, help=HARD)
    iom_safety_stock = fields.Float(
        string="Safety Stock Gate",
        digits="Product Unit",
        tracking=True,
        help="A source with fewer units of a product on hand gives nothing of it; one with more "
        "may give all that is available.",
    )
    iom_safety_hard = fields.Boolean(string="Hard: Safety Stock", default=True, help=HARD)

    # === OTHERS === #

    store_network_ids = fields.Many2many(
        "oms.network",
        "oms_strategy_store_network_rel",
        "strategy_id",
        "network_id",
        string="Stores",
        domain=OF_COMPANY,
        help="The sites of these networks are asked first; all stores when empty.",
    )
    store_max_kilometers = fields.Float(
        string="Stores Within",
        digits=(16, 1),
        tracking=True,
        help="Stores farther from the address are asked like any other site; 0 is any distance.",
    )
    tie_rule_1 = fields.Selection(TIE_SELECTION, string="First Rule", default="preferred")
    tie_rule_2 = fields.Selection(TIE_SELECTION, string="Second Rule", default="coverage")
    tie_rule_3 = fields.Selection(TIE_SELECTION, string="Third Rule", default="default")
    tie_rule_4 = fields.Selection(TIE_SELECTION, string="Fourth Rule")
    tie_rule_5 = fields.Selection(TIE_SELECTION, string="Fifth Rule")

    _options_check = models.Constraint(
        "CHECK (COALESCE(d365_local_kilometers, 0) >= 0 AND COALESCE(d365_max_rejects, 0) >= 0 "
        "AND COALESCE(iom_lines_per_day, 0) >= 0 AND COALESCE(iom_safety_stock, 0) >= 0 "
        "AND COALESCE(store_max_kilometers, 0) >= 0)",
        "Distances, quantities and numbers of a method cannot be negative.",
    )

    @api.depends("method", "stage_ids.method", "stage_ids.substrategy_id")
    def _compute_method_keys(self):
        for strategy in self:
            strategy.method_keys = " ".join(sorted(strategy._get_methods()))

    @api.constrains("d365_max_locations", "d365_partial_orders", "d365_partial_lines")
    def _check_d365(self):
        for strategy in self:
            if strategy.d365_max_locations != "any":
                # What is partial does not matter then.
                continue
            if strategy.d365_partial_lines and not strategy.d365_partial_orders:
                raise ValidationError(
                    self.env._(
                        "%s: partial lines need partial orders, as an order with a partial line "
                        "is partial itself.",
                        strategy.name,
                    )
                )

    @api.constrains("method", *TIE_FIELDS)
    def _check_tie_rules(self):
        for strategy in self:
            rules = strategy._get_tie_rules()
            if strategy.method == "first_non_tie" and not rules:
                raise ValidationError(
                    self.env._("%s: choose at least one rule to rank sites by.", strategy.name)
                )
            if len(set(rules)) < len(rules):
                raise ValidationError(
                    self.env._(
                        "%s: a rule that was a tie is one again the second time; choose each rule "
                        "once.",
                        strategy.name,
                    )
                )

    # === FOR THE ENGINE === #

    def _get_methods(self):
        """Return the keys of the methods that count here, not those within other strategies.

        :rtype: set[str]
        """
        if not self.has_stages:
            return {self.method}
        own = self.stage_ids.filtered(lambda stage: not stage.substrategy_id)
        return {stage.method or self.method for stage in own} - {False}

    def _get_tie_rules(self):
        return tuple(self[name] for name in TIE_FIELDS if self[name])

    def _ignores_order_limit(self):
        """Tell whether a rule asks facilities that have as many orders as they may."""
        return "hotwax" in self._get_methods() and any(self.rule_ids.mapped("ignore_order_limit"))

    def _prepare_options(self, method):
        """Put the parameters of a method into the engine's words.

        :param str method: key of the method
        :return: the options, None where the method has none
        """
        prepare = {
            "d365": self._prepare_d365,
            "iom": self._prepare_iom,
            "hotwax": self._prepare_hotwax,
            "first_non_tie": lambda: FirstNonTie(self._get_tie_rules() or FirstNonTie().rules),
        }.get(method)
        return prepare and prepare()

    def _prepare_d365(self):
        is_any = self.d365_max_locations == "any"
        hard = set(D365_RULES)
        if not self.d365_partial_hard:
            hard.discard("partial_orders")
        return D365(
            max_locations=None if is_any else int(self.d365_max_locations),
            partial_orders=self.d365_partial_orders,
            partial_lines=self.d365_partial_lines,
            max_rejects=self.d365_max_rejects or None,
            by_distance=self.d365_rank_by == "distance",
            local_kilometers=self.d365_local_kilometers,
            hard=frozenset(hard),
        )

    def _prepare_iom(self):
        soft = {
            "partial": not self.iom_partial_hard,
            "timings": not self.iom_timings_hard,
            "order_lines": not self.iom_lines_hard,
            "min_stock": not self.iom_safety_hard,
        }
        return IOM(
            restrict_partial=self.iom_restrict_partial,
            respect_timings=self.iom_respect_timings,
            soft=frozenset(name for name, is_soft in soft.items() if is_soft),
        )

    def _prepare_hotwax(self):
        rules = tuple(rule._prepare_rule() for rule in self.rule_ids)
        return HotWax(rules) if rules else HotWax()

    # === FACTS === #

    def _get_priorities(self, sites):
        """Return the priority of each site, 0 for those without one.

        :rtype: list[int]
        """
        if not self.rank_ids:
            return [max(site.sequence, 1) for site in sites]
        ranks = {rank.site_id.id: rank.priority for rank in self.rank_ids}
        return [ranks.get(site_id, 0) for site_id in sites.ids]

    def _get_preferred(self, sites):
        """Tell which sites are preferred, shape (S,)."""
        preferred = self.rank_ids.filtered("is_preferred").site_id
        return np.isin(sites.ids, preferred.ids)

    def _get_stores(self, case):
        """Tell which sites count as stores, shape (S,)."""
        if self.store_network_ids:
            stores = np.isin(case.sites.ids, self.store_network_ids.site_ids.ids)
        else:
            stores = np.array([site.kind == "store" for site in case.sites], dtype=bool)
        if self.store_max_kilometers:
            stores &= case.kilometers <= self.store_max_kilometers
        return stores

    # === IN WORDS === #

    def _get_option_notes(self):
        """Say by which parameters the methods of a strategy decide, a sentence each.

        :rtype: list[str]
        """
        describe = {
            "d365": self._describe_d365,
            "iom": self._describe_iom,
            "hotwax": self._describe_hotwax,
            "first_non_tie": self._describe_ties,
        }
        methods = sorted(self._get_methods() & set(describe))
        return [describe[method]() for method in methods]

    def _describe_d365(self):
        if self.d365_max_locations != "any":
            words = [self.env._("whole orders from at most %s locations", self.d365_max_locations)]
        elif not self.d365_partial_orders:
            words = [self.env._("whole orders")]
        elif not self.d365_partial_lines:
            words = [self.env._("partial orders of whole lines")]
        else:
            words = [self.env._("partial orders and lines")]
        if not self.d365_partial_hard:
            words.append(self.env._("anything in the second pass"))
        if self.d365_max_rejects:
            words.append(
                self.env._("no lines that were given back %s times", self.d365_max_rejects)
            )
        if self.d365_rank_by == "distance":
            words.append(self.env._("distance decides between equals"))
        if self.d365_rank_by == "distance" and self.d365_local_kilometers:
            words.append(self.env._("equally near within %s km", f"{self.d365_local_kilometers:g}"))
        return self.env._("Dynamics 365 Commerce: %s.", ", ".join(words))

    def _describe_iom(self):
        words = [
            self.env._("whole orders only")
            if self.iom_restrict_partial
            else self.env._("whole lines")
        ]
        if self.iom_respect_timings:
            words.append(self.env._("no sources past their cut-off"))
        if self.iom_lines_per_day:
            words.append(self.env._("%s order lines a day", self.iom_lines_per_day))
        if self.iom_safety_stock:
            words.append(self.env._("nothing below %s on hand", f"{self.iom_safety_stock:g}"))
        return self.env._("Intelligent Order Management: %s.", ", ".join(words))

    def _describe_hotwax(self):
        rules = self.rule_ids.mapped("name") or [
            self.env._("nearest facility with all"),
            self.env._("parts by distance"),
        ]
        numbered = (f"{number}. {name}" for number, name in enumerate(rules, start=1))
        return self.env._("HotWax rules: %s.", "; ".join(numbered))

    def _describe_ties(self):
        labels = dict(self._fields["tie_rule_1"]._description_selection(self.env))
        rules = self._get_tie_rules() or FirstNonTie().rules
        return self.env._("Sites ranked by: %s.", "; ".join(labels[rule] for rule in rules))
