import numpy as np

from odoo import api, fields, models
from odoo.exceptions import ValidationError

METHOD_SELECTION = [
    ("balanced", "Balanced: least cost by all parts"),
    ("cheapest", "Cheapest: least cost of carriers and picking"),
    ("fastest", "Fastest: complete as early as can be"),
    ("greenest", "Greenest: least carbon, then cost"),
    ("fewest_splits", "Fewest splits, then nearest"),
    ("ship_from_store_first", "Ship from store first, then cost"),
    ("nearest", "Nearest site, line by line"),
    ("whole_order_first", "Nearest site with all, else line by line"),
    ("fewest_sites", "Site that covers most, until done"),
    ("first_non_tie", "First rule that is no tie"),
    ("d365", "Dynamics 365 Commerce"),
    ("iom", "Dynamics 365 Intelligent Order Management"),
    ("hotwax", "HotWax Commerce"),
    ("magento_priority", "Magento: priority of sources"),
    ("magento_distance", "Magento: distance of sources"),
]


class OmsStrategyStage(models.Model):
    """One attempt of a chain: by which method, from which sites, and when its plan is taken."""

    _name = "oms.strategy.stage"
    _description = "Stage of a Sourcing Strategy"
    _order = "strategy_id, sequence, id"

    strategy_id = fields.Many2one("oms.strategy", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="strategy_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True, translate=True)
    method = fields.Selection(
        METHOD_SELECTION, help="How sites are chosen; as the strategy does when empty."
    )
    substrategy_id = fields.Many2one(
        "oms.strategy",
        string="By Strategy",
        ondelete="restrict",
        index="btree_not_null",
        help="Take method, limits and stages of this strategy; prices stay those of the strategy "
        "in which the stage is.",
    )
    max_kilometers = fields.Float(
        string="Within (km)", digits=(16, 1), help="Sites within this radius; 0 is any distance."
    )
    late_limited = fields.Boolean(
        string="Limit Lateness", help="Only sites whose parcels arrive in time, or so late."
    )
    late_days = fields.Float(
        string="Days Late Tolerated",
        digits=(6, 1),
        help="If lateness is limited: how many days after the promised date parcels may arrive.",
    )
    network_ids = fields.Many2many(
        "oms.network",
        "oms_strategy_stage_network_rel",
        "stage_id",
        "network_id",
        string="Networks",
        help="Sites of these networks; all sites of the channel when empty.",
    )
    date_from = fields.Datetime(
        string="From", help="The stage is passed over before; always there when empty."
    )
    date_to = fields.Datetime(string="Until", help="The stage is passed over from then on.")
    accept = fields.Selection(
        [
            ("full", "Only if everything is filled"),
            ("any", "If anything is filled"),
            ("part", "What it fills; the rest goes on to the next"),
        ],
        string="Take Its Plan",
        required=True,
        default="full",
        help="If no stage is taken, the order waits.",
    )

    _amounts_check = models.Constraint(
        "CHECK (COALESCE(max_kilometers, 0) >= 0 AND COALESCE(late_days, 0) >= 0)",
        "Neither a radius nor days late can be negative.",
    )

    _dates_check = models.Constraint(
        "CHECK (date_from IS NULL OR date_to IS NULL OR date_from < date_to)",
        "A stage must begin before it ends.",
    )

    @api.constrains("substrategy_id", "strategy_id")
    def _check_cycle(self):
        self.strategy_id._check_stages()

    def _filter_valid(self, moment):
        """Keep the stages that hold at a moment.

        :param datetime.datetime moment: UTC, naive
        """
        return self.filtered(
            lambda stage: (
                (not stage.date_from or stage.date_from <= moment)
                and (not stage.date_to or moment < stage.date_to)
            )
        )

    def _get_sites(self, case, days):
        """Tell which sites a stage may use, shape (S,).

        :param days: until a parcel of each site arrives, shape (S,)
        """
        mask = np.ones(len(case.sites), dtype=bool)
        if self.max_kilometers:
            mask &= case.kilometers <= self.max_kilometers
        if self.late_limited and case.promised_days is not None:
            mask &= days <= case.promised_days + self.late_days + 1e-9
        if self.network_ids:
            mask &= np.isin(case.sites.ids, self.network_ids.site_ids.ids)
        return mask


class OmsStrategy(models.Model):
    _inherit = "oms.strategy"

    method = fields.Selection(
        METHOD_SELECTION,
        required=True,
        default="balanced",
        tracking=True,
        help="How sites are chosen. The first six find the best plan for their aim; the others "
        "follow the rules of the field step by step. All fill what they can within the limits, "
        "and all plans are priced by the costs here.",
    )
    stage_ids = fields.One2many(
        "oms.strategy.stage",
        "strategy_id",
        string="Stages",
        copy=True,
        help="Tried one after the other until a plan is taken; without stages the method decides "
        "at once.",
    )
    has_stages = fields.Boolean(compute="_compute_has_stages", store=True)
    used_stage_ids = fields.One2many(
        "oms.strategy.stage", "substrategy_id", string="Stages That Go by It"
    )

    @api.depends("stage_ids")
    def _compute_has_stages(self):
        # Kept, so that orders of strategies without stages need not look for them.
        for strategy in self:
            strategy.has_stages = bool(strategy.stage_ids)

    def _check_stages(self):
        """Refuse strategies whose stages lead back to themselves.

        :raises ValidationError: naming the circle
        """
        for strategy in self:
            strategy._walk_stages([])

    def _walk_stages(self, path):
        if self in path:
            circle = " → ".join(s.name for s in [*path[path.index(self) :], self])
            raise ValidationError(
                self.env._(
                    "The stages lead in a circle: %s. Let the last of them go by a method instead.",
                    circle,
                )
            )
        for strategy in self.stage_ids.substrategy_id:
            strategy._walk_stages([*path, self])

    def _get_all_used(self):
        """Return the strategies by which these may decide, themselves included."""
        used, more = self, self
        while more:
            more = more.filtered("has_stages").stage_ids.substrategy_id - used
            used += more
        return used
