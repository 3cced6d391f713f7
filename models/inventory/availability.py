from odoo import models


class OmsSite(models.Model):
    _inherit = "oms.site"

    def _get_available(self, products):
        """Return what can still be promised of some products at these sites, now.

        Available is what the positions say: on hand, less open demand, less claims. It is read
        after a flush, in one query for all sites and products.

        :param products: ``product.product`` recordset
        :return: quantity in the product's unit of measure by (site id, product id); pairs with
            nothing left are absent
        :rtype: dict[tuple[int, int], float]
        """
        if not self.ids or not products.ids:
            return {}
        positions = self.env["oms.position"]._get_kept(self.ids, products.ids)
        available = {
            (site_id, product_id): on_hand - demand - claimed
            for product_id, site_id, on_hand, _reserved, demand, _incoming, claimed in positions
        }
        return {key: quantity for key, quantity in available.items() if quantity > 1e-9}
