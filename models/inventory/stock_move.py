from collections import defaultdict

from odoo import fields, models
from odoo.tools import SQL
from odoo.tools.sql import column_exists, create_column

#: What tells why goods move, where the addons for it are installed.
DOCUMENT_PATHS = (
    "sale_line_id.order_id",
    "purchase_line_id.order_id",
    "production_id",
    "raw_material_production_id",
    "picking_id",
)


class StockMove(models.Model):
    _inherit = "stock.move"

    oms_channel_id = fields.Many2one(
        "oms.channel",
        string="Channel",
        related="sale_line_id.order_id.oms_channel_id",
        store=True,
        index=False,
        groups="base.group_user",
        help="Channel of the order for which the goods move.",
    )
    oms_ordered_at = fields.Datetime(
        string="Ordered",
        related="sale_line_id.order_id.date_order",
        store=True,
        groups="base.group_user",
        help="When the goods were ordered: who ordered first is promised first.",
    )

    # What a channel sold of a product since a moment.
    _oms_sold_idx = models.Index(
        "(product_id, oms_channel_id, oms_ordered_at) WHERE oms_channel_id IS NOT NULL"
    )

    def _auto_init(self):
        """Fill the two columns in one statement: there may be millions of moves."""
        missing = not column_exists(self.env.cr, self._table, "oms_channel_id")
        if missing:
            create_column(self.env.cr, self._table, "oms_channel_id", "integer")
            create_column(self.env.cr, self._table, "oms_ordered_at", "timestamp")
            # Orders from before the addon have no channel.
            known = column_exists(self.env.cr, "sale_order", "oms_channel_id")
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE stock_move move
                       SET oms_ordered_at = sale.date_order, oms_channel_id = %s
                      FROM sale_order_line line
                      JOIN sale_order sale ON sale.id = line.order_id
                     WHERE move.sale_line_id = line.id
                    """,
                    SQL("sale.oms_channel_id") if known else SQL("NULL"),
                )
            )
        return super()._auto_init()

    def _action_done(self, cancel_backorder=False):
        moves = super()._action_done(cancel_backorder=cancel_backorder)
        moves.filtered(
            lambda move: move.state == "done" and move.location_dest_id.warehouse_id
        ).product_id._oms_wake_waiting_orders()
        return moves

    def _action_cancel(self):
        freed = self.filtered(
            lambda move: (
                move.state not in ("draft", "done", "cancel") and move.location_id.warehouse_id
            )
        ).product_id
        res = super()._action_cancel()
        freed._oms_wake_waiting_orders()
        return res

    def _oms_get_documents(self):
        """Return the orders and transfers behind the moves, those that the user may read.

        :return: ``model``, ``id`` and ``name`` of each, the most telling first, by move id
        :rtype: dict[int, list[dict]]
        """
        documents = defaultdict(list)
        for path in DOCUMENT_PATHS:
            if path.partition(".")[0] not in self._fields:
                continue
            # sudo: which documents there are; the user's own rights decide which are told
            behind = {move.id: move.sudo().mapped(path).ids[:1] for move in self}
            readable = self.sudo().mapped(path).with_env(self.env)._filtered_access("read")
            readable.fetch(["name"])
            names = {document.id: document.name for document in readable}
            for move_id, ids in behind.items():
                documents[move_id] += [
                    {"model": readable._name, "id": key, "name": names[key]}
                    for key in ids
                    if key in names
                ]
        return documents

    def _oms_lower_demand(self, quantity):
        """Lower what an open move asks for, as Odoo does when it merges a negative move.

        :param float quantity: how much less, in the unit of the move; all of it cancels the move
        """
        self.ensure_one()
        reserved = self.state in ("assigned", "partially_available")
        self.product_uom_qty -= quantity
        if self.product_uom.is_zero(self.product_uom_qty):
            self._action_cancel()
            return
        if reserved:
            # A lowered demand below what was reserved drops the whole reservation.
            self._action_assign()
        self.product_id._oms_wake_waiting_orders()
