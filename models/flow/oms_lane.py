import math
from datetime import timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import ValidationError

#: How many days ahead the next departure of a lane is looked for.
LOOKAHEAD_DAYS = 60


class OmsLane(models.Model):
    """A way on which goods may go from one site to another, what it costs and how long it takes.

    Where there is no lane nothing is proposed. All money is in the currency of the company.
    """

    _name = "oms.lane"
    _description = "Lane between Sites"
    _inherit = ["mail.thread"]
    _order = "origin_id, site_id, id"
    _check_company_auto = True

    origin_id = fields.Many2one(
        "oms.site",
        string="From",
        required=True,
        ondelete="cascade",
        index=True,
        check_company=True,
        domain=[("warehouse_id", "!=", False)],
        tracking=True,
    )
    site_id = fields.Many2one(
        "oms.site",
        string="To",
        required=True,
        ondelete="cascade",
        index=True,
        check_company=True,
        domain=[("warehouse_id", "!=", False)],
        tracking=True,
    )
    company_id = fields.Many2one(
        related="origin_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    active = fields.Boolean(default=True)
    allowed = fields.Boolean(
        default=True,
        tracking=True,
        help="Goods may go this way. Without it the lane is kept, and nothing is proposed on it.",
    )
    days = fields.Float(
        string="Days on the Road",
        default=1.0,
        digits=(8, 2),
        tracking=True,
        help="From leaving one site until the goods can be sold at the other.",
    )
    kilometers = fields.Float(
        digits=(10, 1),
        compute="_compute_kilometers",
        compute_sudo=True,
        help="As the crow flies; unknown without coordinates of both sites.",
    )
    shipment_cost = fields.Monetary(
        string="Cost of a Shipment",
        tracking=True,
        help="Once for all that goes together; zero where a truck goes anyway.",
    )
    kg_cost = fields.Float(string="Cost per kg", digits=(16, 6), tracking=True)
    unit_cost = fields.Float(
        string="Cost per Unit",
        digits=(16, 6),
        tracking=True,
        help="Handling at both ends and transport that goes by pieces.",
    )
    kg_carbon = fields.Float(
        string="kg CO2e per kg",
        digits=(16, 6),
        tracking=True,
        help="Emissions of moving a kilogram over the lane.",
    )
    minimum_units = fields.Float(
        string="Smallest Shipment",
        digits="Product Unit",
        tracking=True,
        help="Units of all goods together below which nothing is sent; 0: any quantity.",
    )
    capacity_kg = fields.Float(
        string="Room (kg)", digits="Stock Weight", tracking=True, help="0 is no limit."
    )
    capacity_units = fields.Float(
        string="Room (Units)", digits="Product Unit", tracking=True, help="0 is no limit."
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        string="Goes On",
        check_company=True,
        help="Working days and hours on which goods leave. Empty: the calendar of the site from "
        "which they go; without one every day.",
    )
    next_departure_at = fields.Datetime(
        string="Next Departure", compute="_compute_next_departure_at"
    )
    proposal_count = fields.Integer(compute="_compute_proposal_count")
    note = fields.Char()

    _lane_uniq = models.UniqueIndex(
        "(origin_id, site_id)", "There is a lane between these sites already; it may be archived."
    )
    _ends_check = models.Constraint(
        "CHECK (origin_id != site_id)", "A lane leads from one site to another one."
    )
    _costs_check = models.Constraint(
        "CHECK (LEAST(COALESCE(shipment_cost, 0), COALESCE(kg_cost, 0), COALESCE(unit_cost, 0), "
        "COALESCE(kg_carbon, 0), COALESCE(minimum_units, 0), COALESCE(capacity_kg, 0), "
        "COALESCE(capacity_units, 0)) >= 0)",
        "Costs, emissions and quantities of a lane are not negative.",
    )
    _days_check = models.Constraint(
        "CHECK (COALESCE(days, 0) BETWEEN 0 AND 365)", "A way takes from 0 to 365 days."
    )
    _minimum_check = models.Constraint(
        "CHECK (COALESCE(capacity_units, 0) = 0 OR COALESCE(minimum_units, 0) <= capacity_units)",
        "The smallest shipment of a lane is larger than its room.",
    )

    # === COMPUTE METHODS === #

    @api.depends("origin_id.name", "site_id.name")
    def _compute_display_name(self):
        # sudo: the site at the other end is named to whoever sees the lane
        for lane in self.sudo():
            lane.display_name = f"{lane.origin_id.name or ''} → {lane.site_id.name or ''}"

    @api.depends(
        "origin_id.latitude", "origin_id.longitude", "site_id.latitude", "site_id.longitude"
    )
    def _compute_kilometers(self):
        for lane in self:
            lane.kilometers = lane.origin_id._get_kilometers_between(lane.site_id) or 0.0

    # No @api.depends on the clock.
    @api.depends("calendar_id", "origin_id")
    def _compute_next_departure_at(self):
        now = fields.Datetime.now()
        for lane in self:
            lane.next_departure_at = lane.origin_id and lane._get_departure(now)

    def _compute_proposal_count(self):
        counts = dict(
            self.env["oms.proposal"]._read_group(
                [("lane_id", "in", self.ids), ("state", "=", "proposed")], ["lane_id"], ["__count"]
            )
        )
        for lane in self:
            lane.proposal_count = counts.get(lane, 0)

    # === CONSTRAINTS === #

    @api.constrains("origin_id", "site_id")
    def _check_ends(self):
        for lane in self:
            if lane.origin_id.company_id != lane.site_id.company_id:
                raise ValidationError(
                    self.env._(
                        "%(lane)s leads into another company: goods go there by an order between "
                        "companies.",
                        lane=lane.display_name,
                    )
                )
            for site in (lane.origin_id, lane.site_id):
                if not site.warehouse_id:
                    raise ValidationError(
                        self.env._(
                            "%s keeps no stock in Odoo: lanes lead between sites that have a "
                            "warehouse.",
                            site.name,
                        )
                    )

    @api.constrains("days", "shipment_cost", "kg_cost", "unit_cost", "kg_carbon")
    def _check_numbers(self):
        for lane in self:
            numbers = lane.days, lane.shipment_cost, lane.kg_cost, lane.unit_cost, lane.kg_carbon
            if not all(map(math.isfinite, numbers)):
                raise ValidationError(
                    self.env._("Days and costs of %s must be numbers.", lane.display_name)
                )

    # === BUSINESS METHODS === #

    def _get_departure(self, moment):
        """Return when goods that are ready at a moment leave.

        :param datetime moment: UTC without time zone
        :return: likewise; False where the calendar has no working time within two months
        """
        self.ensure_one()
        # sudo: the calendar of a site matters to all who plan
        origin = self.origin_id.sudo()
        calendar = self.sudo().calendar_id or origin.resource_calendar_id
        if not calendar:
            return moment
        start = moment.replace(tzinfo=ZoneInfo("UTC"))
        hours = calendar._work_intervals_batch(
            start,
            start + timedelta(days=LOOKAHEAD_DAYS),
            # Days off of another company are none of this one.
            domain=[
                ("time_type", "=", "leave"),
                ("company_id", "in", (False, origin.company_id.id)),
            ],
        )
        first = next(iter(hours[False]), None)
        if first is None:
            return False
        return first[0].astimezone(ZoneInfo("UTC")).replace(tzinfo=None)

    def _get_arrival(self, moment):
        """Return when goods that are ready at a moment are at the other site.

        :param datetime moment: UTC without time zone
        :return: likewise; False if they never leave
        """
        self.ensure_one()
        leaves = self._get_departure(moment)
        return leaves and leaves + timedelta(days=self.days)

    # === ACTION METHODS === #

    def action_view_proposals(self):
        """Open what is proposed on the lanes.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_proposal")
        action["domain"] = [("lane_id", "in", self.ids)]
        return action
