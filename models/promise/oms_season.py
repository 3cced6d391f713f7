from datetime import date

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from ...engine.promise import Season

MONTH_SELECTION = [
    ("1", "January"),
    ("2", "February"),
    ("3", "March"),
    ("4", "April"),
    ("5", "May"),
    ("6", "June"),
    ("7", "July"),
    ("8", "August"),
    ("9", "September"),
    ("10", "October"),
    ("11", "November"),
    ("12", "December"),
]
#: Every year that is a leap year has every day that a season can begin or end on.
LEAP_YEAR = 2024


class OmsSeason(models.Model):
    """A time of year in which sites and carriers take longer, or less long, than usual.

    How long things take is learned of each season by itself. Seasons of the same name are one.
    """

    _name = "oms.season"
    _description = "Season"
    _inherit = ["oms.settings.mixin"]
    _order = "sequence, id"

    name = fields.Char(
        required=True,
        help="Seasons of the same name are one: what is learned in one counts in the others.",
    )
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10, help="Of seasons that overlap, the first one counts.")
    company_id = fields.Many2one("res.company", index=True, help="Empty: for all companies.")
    yearly = fields.Boolean(string="Each Year", default=True)
    first_month = fields.Selection(MONTH_SELECTION, string="From Month", default="11")
    first_day = fields.Integer(string="From Day", default=15)
    last_month = fields.Selection(MONTH_SELECTION, string="To Month", default="12")
    last_day = fields.Integer(string="To Day", default=24, help="The last day of the season.")
    date_from = fields.Date(string="From")
    date_to = fields.Date(string="To", help="The last day of the season.")
    period = fields.Char(compute="_compute_period", help="Which days are in the season.")
    lane_count = fields.Integer(
        string="Ways Learned",
        compute="_compute_lane_count",
        compute_sudo=True,
        help="Steps on ways of which something was seen in the season.",
    )

    _dates_check = models.Constraint(
        "CHECK (yearly OR (date_from IS NOT NULL AND date_to IS NOT NULL AND "
        "date_from <= date_to))",
        "A season that does not come back each year needs a first day, and a last one not before "
        "it.",
    )
    _months_check = models.Constraint(
        "CHECK (NOT yearly OR (first_month IS NOT NULL AND last_month IS NOT NULL))",
        "A season that comes back each year needs the months in which it begins and ends.",
    )

    # === COMPUTE AND CONSTRAINT METHODS === #

    @api.depends(
        "yearly", "first_month", "first_day", "last_month", "last_day", "date_from", "date_to"
    )
    def _compute_period(self):
        for season in self:
            ends = season._get_ends()
            if not all(ends):
                season.period = False
                continue
            form = "d MMM" if season.yearly else "d MMM y"
            first, last = (format_date(self.env, end, date_format=form) for end in ends)
            words = {"first": first, "last": last}
            season.period = (
                self.env._("%(first)s to %(last)s, each year", **words)
                if season.yearly
                else self.env._("%(first)s to %(last)s", **words)
            )

    def _compute_lane_count(self):
        counts = dict(
            self.env["oms.lead.lane"]._read_group(
                [("season", "in", self.mapped("name")), *self._get_company_domain()],
                ["season"],
                ["__count"],
            )
        )
        for season in self:
            season.lane_count = counts.get(season.name, 0)

    def _get_company_domain(self):
        return [("company_id", "in", self.env.companies.ids)]

    @api.constrains("yearly", "first_month", "first_day", "last_month", "last_day")
    def _check_days(self):
        for season in self:
            if season.yearly and not all(season._get_ends()):
                raise ValidationError(
                    self.env._(
                        "%s begins or ends on a day that its month does not have.", season.name
                    )
                )

    def _get_ends(self):
        """Return the first day and the last one, those of a yearly season in some leap year.

        :return: None in place of a day that there is not
        :rtype: tuple[date | None, date | None]
        """
        self.ensure_one()
        if not self.yearly:
            return self.date_from or None, self.date_to or None
        return (
            _get_day(self.first_month, self.first_day),
            _get_day(self.last_month, self.last_day),
        )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        seasons = super().create(vals_list)
        self._learn_soon()
        return seasons

    def write(self, vals):
        res = super().write(vals)
        self._learn_soon()
        return res

    def unlink(self):
        res = super().unlink()
        self._learn_soon()
        return res

    @api.model
    def _learn_soon(self):
        """Have lead times learned anew by the seasons that there are now."""
        cron = self.env.ref("oms.cron_learn_lead_times", raise_if_not_found=False)
        if cron:
            # sudo: who says what seasons there are has no rights on scheduled actions
            cron.sudo()._trigger()

    # === SEASONS OF A COMPANY === #

    @api.model
    def _get_seasons(self, company_id):
        """Return the seasons of a company in the words of the engine, those that win first.

        :rtype: tuple[Season, ...]
        """
        # sudo: what time of year it is is no secret of anybody
        seasons = self.sudo().search([("company_id", "in", (company_id, False))])
        return tuple(season._get_season() for season in seasons)

    def _get_season(self):
        first, last = self._get_ends()
        if self.yearly:
            return Season(self.name, (first.month, first.day), (last.month, last.day))
        return Season(self.name, first, last)

    # === ACTION METHODS === #

    def action_view_lanes(self):
        """Open what was learned of the seasons, way by way.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_lead_lane")
        action["domain"] = [("season", "in", self.mapped("name")), *self._get_company_domain()]
        return action


def _get_day(month, day):
    try:
        return date(LEAP_YEAR, int(month), day)
    except (TypeError, ValueError):
        return None
