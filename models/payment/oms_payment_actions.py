from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class OmsPaymentPlan(models.Model):
    """What people do by hand with the payment of an order."""

    _inherit = "oms.payment.plan"

    may_operate = fields.Boolean(compute="_compute_may_operate")

    @api.depends_context("uid")
    def _compute_may_operate(self):
        self.may_operate = self._is_operator()

    @api.model
    def _is_operator(self):
        groups = ("oms.group_order_manager", "account.group_account_invoice")
        return self.env.su or any(self.env.user.has_group(group) for group in groups)

    def write(self, vals):
        # What a plan tells follows from its payments; only how it is paid is chosen.
        if not self.env.su and (others := set(vals) - {"policy_id"}):
            raise AccessError(
                self.env._("Nobody writes this of a payment: %s.", ", ".join(sorted(others)))
            )
        return super().write(vals)

    def _check_operator(self):
        """Return the plans with the rights of the system, for whoever may decide on them.

        :raises AccessError: the user is neither order manager nor in accounting
        """
        self.check_access("read")
        if not self._is_operator():
            raise AccessError(
                self.env._("Order managers and accounting decide on the payments of orders.")
            )
        # sudo: plans and payments follow from what is decided, and nobody writes them by hand
        return self.sudo()

    def action_capture_due(self):
        """Capture what is due for what has left.

        :return: a notification that tells what came of it
        :rtype: dict
        """
        return self._tell([plan._capture_due() for plan in self._check_operator()])

    def action_void_rest(self):
        """Let go of what is authorized where nothing more will leave.

        :return: a notification that tells what came of it
        :rtype: dict
        """
        return self._tell([plan._void_rest() for plan in self._check_operator()])

    def action_authorize_open(self):
        """Have what is open authorized by the payment method that the customer saved.

        :return: a notification that tells what came of it
        :rtype: dict
        :raises UserError: there is none
        """
        return self._tell([plan._authorize_open() for plan in self._check_operator()])

    def action_operate(self):
        """Ask for the amount of an operation named in the context (``operation``).

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        self._check_operator()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Payment of %s", self.display_name),
            "res_model": "oms.payment.operation",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_plan_id": self.id,
                "default_operation": self.env.context.get("operation", "capture"),
            },
        }

    def action_payment_link(self):
        """Open Odoo's dialog that makes a payment link for the customer.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sale.action_sale_order_generate_link"
        )
        action["context"] = {"active_id": self.order_id.id, "active_model": "sale.order"}
        return action

    def action_view_order(self):
        """Open the order.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.order_id.id,
            "view_mode": "form",
        }

    def _tell(self, texts):
        said = " ".join(text for text in texts if text)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if said else "info",
                "message": said or self.env._("There is nothing to do."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    oms_task_state = fields.Selection(
        related="oms_task_id.state", string="Asked", related_sudo=True, groups="base.group_user"
    )

    def action_oms_retry(self):
        """Ask again for operations that were refused, or whose task is stuck.

        What was refused is asked for as a new operation, within the same bounds.

        :raises AccessError: the user is neither order manager nor in accounting
        :raises UserError: none of them can be tried again
        """
        self.oms_plan_id._check_operator()
        # sudo: checked above
        transactions = self.sudo()
        stuck = transactions.filtered(
            lambda each: (
                each._oms_is_under_way() and each.oms_task_id.state in ("stuck", "rejected")
            )
        )
        refused = transactions.filtered(
            lambda each: each.state == "error" and each.source_transaction_id and each.oms_plan_id
        )
        if not (stuck or refused):
            raise UserError(
                self.env._("Only what was refused, or is stuck, can be asked for again.")
            )
        if stuck:
            stuck.oms_task_id.action_retry()
        for transaction in refused:
            transaction._oms_ask_anew()

    def _oms_ask_anew(self):
        """Ask for a refused operation again, as a new one."""
        self.ensure_one()
        source = self.source_transaction_id
        source._oms_lock()
        vals = {"oms_fulfillment_id": self.oms_fulfillment_id.id}
        if self._oms_is_for_return():
            vals["oms_return_id"] = self.oms_return_id.id
        parts = [(source, abs(self.amount))]
        return self.oms_plan_id._operate(self.oms_operation, parts, **vals)
