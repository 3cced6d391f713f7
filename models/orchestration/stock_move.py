from odoo import api, models

#: What Odoo looks at of the stock from which it reserves.
RESERVING_FIELDS = (
    "product_id",
    "location_id",
    "lot_id",
    "package_id",
    "owner_id",
    "in_date",
    "quantity",
    "reserved_quantity",
)


class StockMove(models.Model):
    """What orders are released for is reserved together.

    Odoo looks up the same stock several times for each move, and writes states, transfers and
    batches anew after each. Released are many at once, so that is done once for all of them; what
    comes out is the same.
    """

    _inherit = "stock.move"

    def _action_assign(self, force_qty=False):
        if self.env.context.get("oms_launch") != "release":
            return super()._action_assign(force_qty=force_qty)
        reserving = self.filtered(lambda move: not move._should_bypass_reservation())
        # Odoo keeps it up to date itself: a quant that is made meanwhile is added.
        quants = self.env["stock.quant"]._get_quants_by_products_locations(
            reserving.product_id, reserving.location_id
        )
        self.env["stock.quant"].union(*quants.values()).fetch(RESERVING_FIELDS)
        changed = set()
        moves = self.with_context(quants_cache=quants, oms_changed_moves=changed)
        res = super(StockMove, moves)._action_assign(force_qty=force_qty)
        self.browse(changed)._recompute_state()
        return res

    def _recompute_state(self):
        changed = self.env.context.get("oms_changed_moves")
        if changed is None:
            return super()._recompute_state()
        changed.update(self.ids)
        return None

    def _search_picking_for_assignation(self):
        # Transfers are found by their reference, and that of a fulfillment is its own.
        lines = self.sudo().oms_fulfillment_line_id.fulfillment_id.line_ids
        released = self.env.context.get("oms_launch") == "release"
        if released and lines and not lines.move_ids.picking_id:
            return self.env["stock.picking"]
        return super()._search_picking_for_assignation()

    def _trigger_scheduler(self):
        # Odoo looks for the rule of each move by itself; for most goods there is none to be found.
        without = self.env.context.get("oms_without_reordering", ())
        moves = self.filtered(lambda move: move.product_id.id not in without)
        return super(StockMove, moves)._trigger_scheduler()

    @api.model
    def _oms_get_without_reordering(self, products):
        """Return of which products no stock is reordered by itself anywhere.

        :param products: ``product.product`` recordset
        :return: ids
        :rtype: frozenset[int]
        """
        # sudo: whatever the user may see, Odoo decides by his rights which rules are looked at
        rules = self.env["stock.warehouse.orderpoint"].sudo()
        domain = [("product_id", "in", products.ids), ("trigger", "=", "auto")]
        found = rules.search_fetch(domain, ["product_id"])
        return frozenset((products - found.product_id).ids)
