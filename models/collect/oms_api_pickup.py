from odoo import api, models


class OmsApi(models.AbstractModel):
    """Stores that get from other sites what they lack are told as such."""

    _inherit = "oms.api"

    @api.model
    def _get_wanted_elsewhere(self, channel, sites, items):
        found = super()._get_wanted_elsewhere(channel, sites, items)
        stores = sites.filtered(
            lambda site: (
                site.ship_to_store
                and site.warehouse_id
                and "collect" in self._get_services(site, None)
            )
        )
        senders = channel._get_sourcing_sites().filtered(
            lambda site: site.warehouse_id and not site.is_offline
        )
        products = {str(item.product.id): item.product for item in items}
        if not stores or not senders or not products:
            return found
        answers = self._get_availability(channel, products, senders.mapped("code"), by_site=True)
        for store in stores:
            found[store] = {}
            for name, answer in answers.items():
                if answer["available"] is None:
                    continue
                own = sum(
                    each["available"]
                    for each in answer["sites"] or ()
                    if each["site"] == store.code
                )
                found[store][products[name]] = max(answer["available"] - own, 0.0)
        return found
