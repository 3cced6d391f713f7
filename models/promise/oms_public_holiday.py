from odoo import api, fields, models
from odoo.exceptions import ValidationError


class OmsPublicHoliday(models.Model):
    """A day on which nothing is delivered in a country, or in a state of it.

    Holidays of sites are the time off of their opening hours; these are the holidays of customers.
    """

    _name = "oms.public.holiday"
    _inherit = ["oms.settings.mixin"]
    _description = "Public Holiday"
    _order = "date desc, country_id, state_id, id"

    name = fields.Char(required=True, translate=True)
    date = fields.Date(required=True, index=True)
    country_id = fields.Many2one(
        "res.country",
        compute="_compute_country_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="cascade",
        help="Empty: in all countries.",
    )
    state_id = fields.Many2one(
        "res.country.state",
        domain="[('country_id', '=?', country_id)]",
        index="btree_not_null",
        ondelete="cascade",
        help="Empty: in the whole country. Counts for destinations whose address names the state.",
    )

    _date_uniq = models.UniqueIndex(
        "(date, COALESCE(country_id, 0), COALESCE(state_id, 0))",
        "This holiday of the country or state is there already.",
    )

    @api.depends("state_id")
    def _compute_country_id(self):
        for holiday in self.filtered("state_id"):
            holiday.country_id = holiday.state_id.country_id

    @api.constrains("country_id", "state_id")
    def _check_state(self):
        for holiday in self.filtered("state_id"):
            if holiday.state_id.country_id != holiday.country_id:
                raise ValidationError(
                    self.env._(
                        "%(state)s is no state of %(country)s.",
                        state=holiday.state_id.name,
                        country=holiday.country_id.name or self.env._("all countries"),
                    )
                )
