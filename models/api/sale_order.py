import hashlib
import json

from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    oms_channel_total = fields.Monetary(
        string="Total of the Channel",
        copy=False,
        readonly=True,
        help="What the customer pays according to the channel, with tax.",
        groups="base.group_user",
    )
    oms_channel_with_tax = fields.Boolean(
        string="Prices of the Channel with Tax",
        copy=False,
        readonly=True,
        help="The channel's prices of this order are with tax.",
        groups="base.group_user",
    )
    oms_change_ids = fields.One2many(
        "oms.order.change",
        "order_id",
        string="Changes by the Channel",
        groups="oms.group_order_operator",
    )

    def _oms_get_revision(self):
        """Return what tells two contents of an order apart, whoever changed it.

        :return: 16 hexadecimal digits
        :rtype: str
        """
        self.ensure_one()
        address = self.partner_shipping_id
        content = {
            "state": self.state,
            "note": self.note or "",
            "wanted": str(self.commitment_date or ""),
            "way": [self.oms_service, self.oms_collect_site_id.id, self.carrier_id.id],
            "address": [
                *(
                    address[name] or ""
                    for name in ("name", "street", "zip", "city", "email", "phone")
                ),
                address.state_id.id,
                address.country_id.id,
            ],
            "lines": [
                [
                    line.product_id.id,
                    line.oms_external_ref or "",
                    line.product_uom_id.id,
                    f"{line.product_uom_qty:.6f}",
                    f"{line.price_unit:.6f}",
                    f"{line.discount:.4f}",
                    line.tax_ids.ids,
                ]
                for line in self.order_line.sorted("id")
            ],
        }
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    oms_external_ref = fields.Char(
        string="External Line",
        copy=False,
        help="By what the channel knows the line.",
        groups="base.group_user",
    )
    oms_channel_price = fields.Float(
        string="Price of the Channel",
        copy=False,
        readonly=True,
        min_display_digits="Product Price",
        help="For one unit of the product, before discount, as the channel gave it.",
        groups="base.group_user",
    )

    def _oms_get_qty_shipped(self):
        """Return what went to the customer and was not lost: less cannot be ordered any more.

        :return: quantity in the product's unit; what came back counts as shipped
        :rtype: float
        """
        self.ensure_one()
        unit = self.product_id.uom_id
        delivered = self.product_uom_id._compute_quantity(
            self.qty_delivered, unit, rounding_method="HALF-UP"
        )
        if not self._oms_is_orchestrated():
            return max(delivered, 0.0)
        outgoing, _incoming = self._get_outgoing_incoming_moves(strict=True)
        shipped = sum(
            move.product_uom._compute_quantity(move.quantity, unit, rounding_method="HALF-UP")
            for move in outgoing
            if move.state == "done"
        )
        lost = sum(self.oms_fulfillment_line_ids.mapped("quantity_lost"))
        return unit.round(max(shipped - lost, 0.0))

    def _oms_get_qty_ordered(self):
        """Return the quantity ordered, in the product's unit."""
        self.ensure_one()
        return self.product_uom_id._compute_quantity(
            self.product_uom_qty, self.product_id.uom_id, rounding_method="HALF-UP"
        )
