from collections import defaultdict

from odoo import models


class SaleOrderLine(models.Model):
    """Kits of an order leave from the site at which their parts were held."""

    _inherit = "sale.order.line"

    def _oms_ship_kits_from(self, claims):
        """Have Odoo ship kits of orders to be confirmed from where their parts were held.

        Odoo ships all kits of a line from one warehouse: that of the site where most of them were
        held.

        :param claims: ``oms.claim`` recordset of the parts, given back in this transaction and
            their guards taken
        :raises UserError: the site has not the parts for all kits of the lines
        """
        held = defaultdict(lambda: defaultdict(float))
        for claim in claims.filtered(lambda claim: claim.state == "released"):
            held[claim.site_id][claim.product_id.id] += claim.quantity
        kits = self.product_id._oms_get_kits(self.company_id) if held else {}
        taken = defaultdict(float)
        for line in self:
            kit = kits.get((line.company_id.id, line.product_id.id))
            if not kit or line.state not in ("draft", "sent"):
                continue
            site = max(held, key=lambda site: kit.most(held[site]))
            if not (site.warehouse_id and kit.most(held[site])):
                continue
            count = line.product_uom_id._compute_quantity(
                line.product_uom_qty, line.product_id.uom_id, rounding_method="HALF-UP"
            )
            line.warehouse_id = site.warehouse_id
            for part, needed in claims._get_needed(kit, count).items():
                held[site][part] -= needed
                taken[part, site.id] += needed
        self.env["oms.position"]._check_available(taken)
