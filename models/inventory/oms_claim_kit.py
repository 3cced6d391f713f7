from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.tools import float_round


class OmsClaim(models.Model):
    """Holds of kits are holds of their parts."""

    _inherit = "oms.claim"

    @api.model
    def _replace_kits(self, requests):
        """Return requests that ask for the parts of kits instead of the kits.

        :param requests: (product id, site id, quantity in the product's unit)
        :raises ValidationError: not a whole number of kits, or there is nothing to hold of one
        """
        if not self.env["product.product"]._oms_knows_kits():
            return requests
        # sudo: who asks for goods may know which company has the site, and what a kit is made of
        products = self.env["product.product"].sudo().browse({each[0] for each in requests})
        sites = self.env["oms.site"].sudo().browse({each[1] for each in requests}).exists()
        kits = products.exists()._oms_get_kits(sites.company_id)
        if not kits:
            return requests
        companies = {site.id: site.company_id.id for site in sites}
        replaced = []
        for product_id, site_id, quantity in requests:
            kit = kits.get((companies.get(site_id), product_id))
            if kit:
                self._check_kit(products.browse(product_id), kit, quantity)
                replaced += [
                    (part, site_id, needed)
                    for part, needed in self._get_needed(kit, quantity).items()
                ]
            else:
                replaced.append((product_id, site_id, quantity))
        return replaced

    @api.model
    def _get_needed(self, kit, count):
        """Return what so many kits need, by part; of tiny amounts a hold takes the least step."""
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return {
            part: float_round(kit.needed(part, count), precision_digits=digits)
            or float_round(per_kit * count, precision_digits=digits, rounding_method="UP")
            for part, per_kit in kit.per_kit.items()
        }

    @api.model
    def _check_kit(self, product, kit, quantity):
        """Make sure that something can be held of a kit.

        :raises ValidationError: not a whole number, or there is nothing to hold
        """
        if not kit.per_kit:
            raise ValidationError(
                self.env._(
                    "Nothing can be held of %s: it is a kit without parts whose stock is tracked.",
                    product.display_name,
                )
            )
        if abs(quantity - round(quantity)) > 1e-9:
            raise ValidationError(
                self.env._(
                    "%(quantity)s of %(product)s cannot be held: kits are only held whole.",
                    quantity=quantity,
                    product=product.display_name,
                )
            )
