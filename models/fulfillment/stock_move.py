from odoo import fields, models


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
