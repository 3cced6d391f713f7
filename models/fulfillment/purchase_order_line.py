from contextlib import contextmanager

from odoo import api, fields, models


class PurchaseOrderLine(models.Model):
    """What a supplier sends to a customer for one fulfillment."""

    _inherit = "purchase.order.line"

    oms_fulfillment_line_id = fields.Many2one(
        "oms.fulfillment.line",
        string="Fulfillment Line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_user",
    )

    @api.model
    def _prepare_purchase_order_line_from_procurement(
        self,
        product_id,
        product_qty,
        product_uom,
        location_dest_id,
        name,
        origin,
        company_id,
        values,
        po,
    ):
        vals = super()._prepare_purchase_order_line_from_procurement(
            product_id,
            product_qty,
            product_uom,
            location_dest_id,
            name,
            origin,
            company_id,
            values,
            po,
        )
        return vals | self._oms_get_reasons(values)

    def _find_candidate(
        self,
        product_id,
        product_qty,
        product_uom,
        location_id,
        name,
        origin,
        company_id,
        values,
    ):
        reasons = self._oms_get_reasons(values)
        # sudo: who orders need not see what it is for
        same = self.filtered(
            lambda line: all(line.sudo()[name].id == key for name, key in reasons.items())
        )
        return super(PurchaseOrderLine, same)._find_candidate(
            product_id, product_qty, product_uom, location_id, name, origin, company_id, values
        )

    def _prepare_stock_move_vals(self, picking, price_unit, product_uom_qty, product_uom):
        vals = super()._prepare_stock_move_vals(picking, price_unit, product_uom_qty, product_uom)
        # sudo: who buys need not see what it is for
        reasons = {name: self.sudo()[name].id for name in self._oms_get_reason_fields()}
        return vals | {name: key for name, key in reasons.items() if key}

    @api.model
    def _oms_get_reason_fields(self):
        """Return the fields that say what is bought for, which lines and moves both have.

        :rtype: tuple[str]
        """
        return ("oms_fulfillment_line_id",)

    @api.model
    def _oms_get_reasons(self, values):
        """Return what a procurement is for: only what is bought for the same is one line.

        :param dict values: of the procurement
        :return: ids or False by field
        :rtype: dict
        """
        reasons = {name: values.get(name, False) for name in self._oms_get_reason_fields()}
        if values.get("move_dest_ids"):
            # Goods for a warehouse that pulls them are no drop-shipment.
            del reasons["oms_fulfillment_line_id"]
        return reasons

    def unlink(self):
        with self._oms_watch_given_back():
            return super().unlink()

    def _oms_get_quantity(self):
        """Return what is asked of suppliers and in no transfer yet, in the product's unit.

        :rtype: float
        """
        return sum(
            line.product_uom_id._compute_quantity(line.product_qty, line.product_id.uom_id)
            for line in self
            if line.state in ("draft", "sent", "to approve")
        )

    @contextmanager
    def _oms_watch_given_back(self):
        """Raise an event for orders of which more is open after the block; see ``stock.move``."""
        # sudo: who buys need not see fulfillments
        parts = self.sudo().filtered(lambda line: line._oms_get_quantity()).oms_fulfillment_line_id
        with parts._watch_given_back():
            yield
