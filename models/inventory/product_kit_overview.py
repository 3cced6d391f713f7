from collections import defaultdict

from odoo import models

from .oms_position_read import Question


class ProductProduct(models.Model):
    """What the page of a product shows of kits."""

    _inherit = "product.product"

    def _oms_drop_kits(self, kits, positions, sites):
        """Leave out what lies around of products that are put together when they ship.

        :param dict kits: by (company id, product id)
        """
        if not kits:
            return positions
        companies = {site.id: site.company_id.id for site in sites}
        return [
            each for each in positions if (companies[each.site_id], each.product_id) not in kits
        ]

    def _oms_add_kits(self, kits, rows, sites):
        """Add to the sites how many kits their parts make up there, and which part limits them."""
        by_site = defaultdict(dict)
        Position = self.env["oms.position"]
        Position._put_kits(Question(self, sites), kits, None, by_site)
        for row in rows:
            found = [at_sites[row["id"]] for at_sites in by_site.values() if row["id"] in at_sites]
            row["available"] = self._oms_round(
                row["available"] + sum(each["available"] for each in found)
            )
            row["some"] = row["some"] or bool(found)
            row["limits"] = []
            if found and len(self) == 1:
                row["limits"] = [
                    {**part, "available": self._oms_round(part["available"])}
                    for part in Position._prepare_parts(found[0], ("on_hand",))["parts"]
                ]

    def _oms_prepare_kit_parts(self, kits):
        """Return the parts of these products, if all of them are kits.

        :rtype: list[dict]
        """
        if {product_id for _company_id, product_id in kits} != set(self.ids):
            return []
        parts = self.browse(dict.fromkeys(part for kit in kits.values() for part in kit.per_kit))
        # sudo: who may see a kit may know what it is made of
        return [{"id": part.id, "name": part.display_name} for part in parts.sudo()]
