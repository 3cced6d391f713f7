from odoo import api, fields, models
from odoo.exceptions import UserError


class OmsPaymentOperation(models.TransientModel):
    """Asks for the amount of a payment operation."""

    _name = "oms.payment.operation"
    _description = "Payment Operation"

    plan_id = fields.Many2one("oms.payment.plan", required=True, readonly=True)
    currency_id = fields.Many2one(related="plan_id.currency_id")
    operation = fields.Selection(
        [("capture", "Capture"), ("void", "Let go"), ("refund", "Refund")],
        required=True,
        default="capture",
    )
    most = fields.Monetary(
        string="At Most", compute="_compute_most", help="What there is of it at the moment."
    )
    amount = fields.Monetary(
        compute="_compute_amount", store=True, readonly=False, precompute=True, required=True
    )

    @api.depends("plan_id", "operation")
    def _compute_most(self):
        for wizard in self:
            refund = wizard.operation == "refund"
            wizard.most = wizard.plan_id.refundable if refund else wizard.plan_id.available

    @api.depends("plan_id", "operation")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = wizard.most

    def action_apply(self):
        """Ask for the operation; the provider is asked when this is committed.

        :return: a notification
        :rtype: dict
        :raises UserError: there is less than the amount
        """
        self.ensure_one()
        plan = self.plan_id._check_operator()
        order = plan.order_id
        if self.operation == "capture":
            made = order._oms_request_capture(self.amount)
        elif self.operation == "void":
            made = order._oms_request_void(self.amount)
        else:
            made = order._oms_request_refund(self.amount)
        if not made:
            raise UserError(
                self.env._("No bank is asked for %s: it is paid otherwise.", order.name)
            )
        plan.message_post(
            body=self.env._(
                "%(who)s asked for it: %(what)s",
                who=self.env.user.display_name,
                what=", ".join(each._oms_get_task_name() for each in made),
            )
        )
        return {"type": "ir.actions.act_window_close"}
