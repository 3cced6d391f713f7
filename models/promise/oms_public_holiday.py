from odoo import fields, models


class OmsPublicHoliday(models.Model):
    """A day on which nothing is delivered in a country.

    Holidays of sites are the time off of their opening hours; these are the holidays of customers.
    """

    _name = "oms.public.holiday"
    _inherit = ["oms.settings.mixin"]
    _description = "Public Holiday"
    _order = "date desc, country_id, id"

    name = fields.Char(required=True, translate=True)
    date = fields.Date(required=True, index=True)
    country_id = fields.Many2one(
        "res.country", index="btree_not_null", ondelete="cascade", help="Empty: in all countries."
    )

    _date_uniq = models.UniqueIndex(
        "(date, COALESCE(country_id, 0))", "This holiday of the country is there already."
    )
