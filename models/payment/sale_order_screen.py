from werkzeug.urls import url_encode

from odoo import api, fields, models


class SaleOrder(models.Model):
    """The payment of an order on its screen, and on its customer's."""

    _inherit = "sale.order"

    oms_pay_authorized = fields.Monetary(
        related="oms_payment_plan_ids.available",
        string="Still Authorized",
        groups="base.group_user",
    )
    oms_pay_captured = fields.Monetary(
        related="oms_payment_plan_ids.captured", string="Captured", groups="base.group_user"
    )
    oms_pay_refunded = fields.Monetary(
        related="oms_payment_plan_ids.refunded", string="Refunded", groups="base.group_user"
    )
    oms_pay_voided = fields.Monetary(
        related="oms_payment_plan_ids.voided", string="Let Go", groups="base.group_user"
    )
    oms_pay_charged_back = fields.Monetary(
        related="oms_payment_plan_ids.charged_back",
        string="Taken Back by the Bank",
        groups="base.group_user",
    )
    oms_pay_due = fields.Monetary(
        related="oms_payment_plan_ids.due", string="Still Due", groups="base.group_user"
    )
    oms_pay_expires_at = fields.Datetime(
        related="oms_payment_plan_ids.expires_at",
        string="Authorization Expires",
        groups="base.group_user",
    )
    oms_pay_receivable = fields.Monetary(
        related="oms_payment_plan_ids.receivable", string="Owed", groups="base.group_user"
    )
    oms_pay_problem = fields.Char(
        related="oms_payment_plan_ids.problem", string="Payment Problem", groups="base.group_user"
    )
    oms_pay_url = fields.Char(
        string="Payment Link",
        compute="_compute_oms_pay_url",
        help="Where the customer pays what is still due.",
        groups="base.group_user",
    )

    @api.depends("oms_payment_plan_ids.due", "oms_payment_plan_ids.available")
    def _compute_oms_pay_url(self):
        for order in self:
            # sudo: the token of the page is for whoever gets the link
            own = order.sudo()
            if not own.access_token:
                # Made with the plan: a screen that only reads cannot make one.
                order.oms_pay_url = False
                continue
            plan = own.oms_payment_plan_id
            amount = order.currency_id.round(
                max(plan.due - plan.available - plan.capturing, 0.0) or plan.due
            )
            query = url_encode({"payment_amount": amount})
            order.oms_pay_url = f"{own.get_base_url()}{own.get_portal_url()}&{query}"

    def action_view_oms_payment(self):
        """Open the payment of the order.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Payment"),
            "res_model": "oms.payment.plan",
            "res_id": self.oms_payment_plan_id.id,
            "view_mode": "form",
        }
