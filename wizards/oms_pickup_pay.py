from odoo import api, fields, models

from ..models.counter.payment_provider import COUNTER_SELECTION


class OmsPickupCollect(models.TransientModel):
    """What is not paid yet is paid before it is handed over."""

    _inherit = "oms.pickup.collect"

    currency_id = fields.Many2one(related="order_id.currency_id")
    due = fields.Monetary(
        string="To Be Paid",
        compute="_compute_due",
        help="What the customer still owes once he has taken the goods.",
    )
    means = fields.Selection(COUNTER_SELECTION, string="Paid", help="How the customer pays.")
    given = fields.Monetary(string="Cash Given", help="What the customer handed over.")
    change = fields.Monetary(compute="_compute_change", help="What he gets back.")
    payment_reference = fields.Char(string="Receipt", help="What the card terminal printed.")

    @api.depends("fulfillment_id", "line_ids.quantity", "line_ids.fulfillment_line_id")
    def _compute_due(self):
        for wizard in self:
            fulfillment = wizard.fulfillment_id._origin
            due = 0.0
            if fulfillment and fulfillment._is_paid_at_counter():
                due = fulfillment._get_counter_due(wizard._get_taken())
            wizard.due = due

    @api.depends("due", "given", "means")
    def _compute_change(self):
        for wizard in self:
            cash = wizard.means == "cash" and wizard.given
            wizard.change = max(wizard.given - wizard.due, 0.0) if cash else 0.0

    def action_confirm(self):
        """Take the money first, where something is to be paid and it is said how.

        :raises UserError: it is not said, or too little cash was given
        """
        self.ensure_one()
        if self.means and not self.currency_id.is_zero(self.due):
            given = self.given or None if self.means == "cash" else None
            self.fulfillment_id._take_money(
                self.means, self.due, given, self.payment_reference or None
            )
        return super().action_confirm()
