from odoo import api, models
from odoo.fields import Domain


class OmsSiteWork(models.AbstractModel):
    """What of orders is not worked on at the screen: Odoo delivers kits and the like by itself."""

    _inherit = "oms.site.work"

    @api.model
    def _prepare_detail(self, fulfillment):
        return {**super()._prepare_detail(fulfillment), "beside": self._prepare_beside(fulfillment)}

    @api.model
    def _prepare_beside(self, fulfillment):
        """Return what the site delivers of the order in transfers of Odoo's own.

        :return: ``product``, ``quantity`` as ordered, ``uom`` and names of the ``transfers``
        :rtype: list[dict]
        """
        return [
            {
                "product": line.product_id.display_name,
                "quantity": line.product_uom_qty,
                "uom": line.product_uom_id.name,
                "transfers": moves.picking_id.mapped("name"),
            }
            for line, moves in self._get_native_moves(fulfillment).grouped("sale_line_id").items()
        ]

    @api.model
    def _get_native_moves(self, fulfillment):
        # sudo: of work that the user may read, what goes to the customer beside it
        moves = fulfillment.sudo().order_id.order_line._oms_get_native_moves()
        warehouse = fulfillment.sudo().site_id.warehouse_id
        return moves.filtered(lambda move: move.location_id.warehouse_id == warehouse)

    @api.model
    def explain(self, site_id, text):
        """Say why the number of an order or transfer of a site leads to no work of the screen.

        :param int site_id: ``oms.site``
        :param str text: what was typed or scanned
        :return: a sentence, or nothing if there is no such order or transfer
        :rtype: str
        :raise AccessError: the user does not work there
        """
        self._check_works()
        site = self.env["oms.site"].browse(site_id)
        site.check_access("read")
        text = (text or "").strip()
        if not (text and site.warehouse_id):
            return ""
        named = Domain("picking_id.name", "=ilike", text) | Domain(
            "sale_line_id.order_id.name", "=ilike", text
        )
        # sudo: whoever works at the site may know what Odoo delivers from it
        moves = (
            self.env["stock.move"]
            .sudo()
            .search(
                Domain(
                    [
                        ("location_id.warehouse_id", "=", site.sudo().warehouse_id.id),
                        ("sale_line_id", "!=", False),
                        ("state", "not in", ("draft", "done", "cancel")),
                    ]
                )
                & named,
                limit=100,
            )
        )
        moves &= moves.sale_line_id._oms_get_native_moves()
        if not moves:
            return ""
        return self.env._(
            "%(products)s of %(order)s is delivered in Inventory, not at this screen: open "
            "%(transfers)s there.",
            products=", ".join(moves.sale_line_id.product_id.mapped("display_name")),
            order=", ".join(moves.sale_line_id.order_id.mapped("name")),
            transfers=", ".join(moves.picking_id.mapped("name")),
        )

    # === WRONG CODES === #

    @api.model
    def _tell_unknown(self, fulfillment, code):
        """Goods may be of the order, but not of this work: parts of a kit."""
        moves = self._get_native_moves(fulfillment)
        gtin = self._split_gs1(fulfillment, code).get("product")
        seen = self._read_product(moves.product_id, code)
        if gtin and not seen:
            seen = self._read_gtin(moves.product_id, gtin)
        if not seen:
            return super()._tell_unknown(fulfillment, code)
        moves = moves.filtered(lambda move: move.product_id == seen.product)
        return self.env._(
            "%(product)s is for %(kit)s, which goes with %(transfers)s in Inventory: put it back.",
            product=seen.product.display_name,
            kit=", ".join(moves.sale_line_id.product_id.mapped("display_name")),
            transfers=", ".join(moves.picking_id.mapped("name")),
        )
