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
        positions = self.env["oms.position"]._get_positions(self.ids, products.ids)
        return {
            (position.site_id, position.product_id): position.available
            for position in positions
            if position.available > 1e-9
        }
