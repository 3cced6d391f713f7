from odoo import fields, models
from odoo.exceptions import UserError


class StockMove(models.Model):
    _inherit = "stock.move"

    # Copied on purpose: backorders and the moves that a push rule makes stay in the fulfillment.
    oms_fulfillment_line_id = fields.Many2one(
        "oms.fulfillment.line",
        string="Fulfillment Line",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_user",
    )

    def _action_done(self, cancel_backorder=False):
        self._oms_check_no_kits()
        # sudo: who ships need not see what it is for
        fulfillments = self.sudo().oms_fulfillment_line_id.fulfillment_id
        moves = super()._action_done(cancel_backorder=cancel_backorder)
        fulfillments._deliver_arrived()
        return moves

    def _oms_check_no_kits(self):
        """Make sure that nothing that a fulfillment ships became a kit after it was planned.

        Odoo takes such moves apart while it validates them, and then fails on what it deleted.

        :raises UserError: something did
        """
        # sudo: see above
        for move in self.sudo().filtered("oms_fulfillment_line_id"):
            if move.state not in ("done", "cancel") and move.product_id._oms_is_kit(
                move.company_id
            ):
                raise UserError(
                    self.env._(
                        "%(product)s became a kit after it was planned for %(order)s, and cannot "
                        "be shipped like that: have the site give it back, take it off the order "
                        "and enter it anew.",
                        product=move.product_id.display_name,
                        order=move.oms_fulfillment_line_id.sale_line_id.order_id.name,
                    )
                )

    def _action_cancel(self):
        # sudo: who cancels a move need not see what it is for
        fulfillments = self.sudo().oms_fulfillment_line_id.fulfillment_id
        res = super()._action_cancel()
        fulfillments._deliver_arrived()
        return res

    def _oms_filter_left(self):
        """Keep the moves by which goods left for the customer."""
        return self.filtered(
            lambda move: move.state == "done" and move.location_dest_id._is_outgoing()
        )

    def _oms_filter_ahead(self):
        """Keep the moves that go on towards the customer, and those that got there.

        Of a delivery of several steps that is what the first step has brought on its way.
        """
        return self.filtered(
            lambda move: (
                move.state not in ("draft", "cancel")
                and not move.origin_returned_move_id
                and (
                    move.location_dest_id
                    if move.state == "done"
                    else move.location_final_id or move.location_dest_id
                )._is_outgoing()
            )
        )
