from odoo import api, models
from odoo.fields import Domain


class OmsSiteWork(models.AbstractModel):
    """Waves on the screen of a site."""

    _inherit = "oms.site.work"

    @api.model
    def _prepare_card(self, fulfillment, now):
        card = super()._prepare_card(fulfillment, now)
        wave = fulfillment.wave_id
        if wave:
            card["wave"] = {"id": wave.id, "name": wave.name, "bin": fulfillment.wave_bin}
        return card

    @api.model
    def _get_work_domain(self, site, filters):
        domain = super()._get_work_domain(site, filters)
        if filters.get("wave_id"):
            domain &= Domain("wave_id", "=", filters["wave_id"])
        return domain
