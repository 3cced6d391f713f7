from odoo import api, fields, models, tools

from ..words import by_count


class OmsTransitBand(models.Model):
    """How long parcels travel over a distance, until real lead times are known."""

    _name = "oms.transit.band"
    _inherit = ["oms.settings.mixin"]
    _description = "Transit Time by Distance"
    _order = "kilometers, id"
    _rec_name = "kilometers"

    kilometers = fields.Float(
        string="Up To (km)",
        digits=(16, 1),
        required=True,
        help="Great-circle distance from the site to the customer. What is farther than the last "
        "band takes as long as the last band.",
    )
    days = fields.Float(
        string="Days Under Way",
        required=True,
        help="From the moment at which a parcel leaves the site until it is delivered.",
    )
    company_id = fields.Many2one(
        "res.company",
        index=True,
        help="Empty: for all companies that have no bands of their own.",
    )

    _positive_check = models.Constraint(
        "CHECK (kilometers > 0 AND days >= 0)",
        "A band reaches farther than 0 km and takes no less than 0 days.",
    )
    _band_uniq = models.UniqueIndex(
        "(COALESCE(company_id, 0), kilometers)", "There is a band up to this distance already."
    )

    @api.depends("kilometers", "days")
    def _compute_display_name(self):
        for band in self:
            words = {"km": f"{band.kilometers:g}", "days": f"{band.days:g}"}
            band.display_name = by_count(
                band.days,
                self.env._("up to %(km)s km: %(days)s day", **words),
                self.env._("up to %(km)s km: %(days)s days", **words),
            )

    @api.model
    @tools.ormcache("company_id")
    def _get_bands(self, company_id):
        """Return the bands of a company, or the shared ones where it has none.

        :return: distances up to which they reach, ascending, and days
        :rtype: tuple[tuple[float, ...], tuple[float, ...]]
        """
        # sudo: how long parcels travel is nobody's secret
        bands = self.sudo().search([("company_id", "in", (company_id, False))])
        own = bands.filtered("company_id") or bands
        return tuple(own.mapped("kilometers")), tuple(own.mapped("days"))
