from odoo import api, models
from odoo.fields import Domain


class OmsSiteWork(models.AbstractModel):
    """What the screen of a site offers to choose from."""

    _inherit = "oms.site.work"

    @api.model
    def _prepare_card(self, fulfillment, now):
        carrier = self._get_card_carrier(fulfillment)
        return {**super()._prepare_card(fulfillment, now), "carrier_id": carrier.id or None}

    @api.model
    def _prepare_detail(self, fulfillment):
        weights = self.env["product.template"]._get_weight_uom_name_from_ir_config_parameter()
        return {
            **super()._prepare_detail(fulfillment),
            "weight_uom": weights,
            "package_types": self._prepare_package_types(fulfillment.sudo()),
        }

    @api.model
    def _prepare_package_types(self, fulfillment):
        """Return the kinds of packages that the carrier of a fulfillment takes."""
        carrier = self._get_card_carrier(fulfillment)
        domain = Domain("company_id", "in", [False, fulfillment.company_id.id])
        domain &= Domain("package_carrier_type", "in", ["none", carrier.delivery_type])
        # sudo: which packages there are is told to whoever packs
        kinds = self.env["stock.package.type"].sudo().search_fetch(domain, ["name"])
        return [{"id": kind.id, "name": kind.name} for kind in kinds]
