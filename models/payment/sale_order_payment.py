from psycopg2.errors import SerializationFailure, UniqueViolation

from odoo import api, fields, models

from .oms_payment_plan import LEDGER_ONLY


class SaleOrder(models.Model):
    """What is asked of an order's payment: capture, void, refund, authorize anew."""

    _inherit = "sale.order"

    oms_payment_plan_ids = fields.One2many(
        "oms.payment.plan", "order_id", string="Payment Plans", groups="base.group_user"
    )
    oms_payment_plan_id = fields.Many2one(
        "oms.payment.plan",
        string="Payment",
        compute="_compute_oms_payment_plan_id",
        compute_sudo=True,
        help="How the order is paid, and how far that is.",
        groups="base.group_user",
    )
    oms_payment_state = fields.Selection(
        related="oms_payment_plan_ids.state", string="Payment State", groups="base.group_user"
    )

    @api.depends("oms_payment_plan_ids")
    def _compute_oms_payment_plan_id(self):
        for order in self:
            order.oms_payment_plan_id = order.oms_payment_plan_ids[:1]

    def _oms_ensure_payment_plans(self):
        """Return the payment plans of the orders, made where there are none.

        :return: ``oms.payment.plan``, in the order of the orders
        :raises psycopg2.errors.SerializationFailure: somebody else has just made one; the caller is
            run again, and finds it
        """
        # sudo: plans follow from what happens, whoever causes it
        plans = self.env["oms.payment.plan"].sudo()
        known = plans.search([("order_id", "in", self.ids)]).grouped("order_id")
        missing = self.sudo().filtered(lambda order: order not in known)
        # The key of the page where it is paid: screens that only read cannot make one.
        for order in missing:
            order._portal_ensure_token()
        # What is made with an order has nothing to tell.
        quiet = plans.with_context(mail_create_nolog=True, mail_create_nosubscribe=True)
        quiet = quiet.with_context(tracking_disable=True)
        try:
            made = quiet.create([{"order_id": order.id} for order in missing])
        except UniqueViolation as error:
            raise SerializationFailure(str(error)) from error
        made = made.with_env(plans.env).grouped("order_id")
        return plans.union(*(known.get(order) or made[order] for order in self.sudo()))

    # === WHAT HAPPENS === #

    def _action_confirm(self):
        res = super()._action_confirm()
        # sudo: see above
        self.sudo().filtered("oms_channel_id.orchestrated")._oms_ensure_payment_plans()
        return res

    def _oms_raise_payment(self, event):
        """Raise an event of the orders whose workflow does something about it; it runs later.

        :param str event: key of the event
        """
        self._oms_filter_heeding(event)._oms_raise(event)._run_later()

    def _oms_filter_heeding(self, event):
        """Return those whose workflow does something about an event."""
        # sudo: the workflow of a channel is nobody's secret
        return self.filtered(
            lambda order: order.sudo().oms_channel_id.workflow_id._has_steps([event])
        )

    def _oms_tell_shipped(self):
        """Have done what the workflows say when goods leave; without one they are captured."""
        self._oms_raise_payment("fulfillment.shipped")
        for plan in self._oms_filter_plain()._oms_ensure_payment_plans():
            plan._capture_due()
        self._oms_end_plain()

    def _oms_tell_lowered(self):
        """Have done what the workflows say when less is to leave than was ordered."""
        heeded = self._oms_filter_heeding("order.changed")
        # There is nothing more to source of what was lowered.
        heeded.with_context(oms_lowered=True)._oms_raise("order.changed")._run()
        self._oms_end_plain()

    def _oms_filter_plain(self):
        """Return those whose channel has no workflow, and takes money by itself."""
        # sudo: the workflow of a channel is nobody's secret
        channels = self.sudo().oms_channel_id
        plain = channels.filtered(lambda each: each.orchestrated and not each.workflow_id)
        return self.filtered(lambda order: order.sudo().oms_channel_id in plain)

    def _oms_end_plain(self):
        """Let go of what never leaves, and give back what was paid for it, without a workflow."""
        # sudo: how an order is paid does not depend on who changes it
        for plan in self._oms_filter_plain().sudo().oms_payment_plan_ids:
            plan._void_rest()
            plan._refund_surplus()

    def _action_cancel(self):
        res = super()._action_cancel()
        self._oms_end_plain()
        return res

    # === WHAT IS ASKED === #

    def _oms_request_capture(self, amount, fulfillment=None):
        """Have an amount captured of what is authorized for the order.

        The captures are made in this transaction, and the provider is asked after its end.

        :param float amount: above zero, in the currency of the order
        :param fulfillment: ``oms.fulfillment`` that is paid by it
        :return: the captures, ``payment.transaction``; none where the order is paid otherwise
        :raises UserError: less than that is authorized and neither captured nor voided
        """
        plan = self._oms_hold_payment()
        if plan.method in LEDGER_ONLY:
            return self.env["payment.transaction"]
        parts = plan._split_open(amount, "capture")
        return plan._operate("capture", parts, oms_fulfillment_id=fulfillment and fulfillment.id)

    def _oms_request_void(self, amount=None):
        """Have an amount let go of what is authorized for the order.

        :param float amount: in the currency of the order; all that is open when None
        :return: the voids, ``payment.transaction``
        :raises UserError: less than that is open
        """
        plan = self._oms_hold_payment()
        if amount is None:
            amount = plan._get_capturable()
            if plan.currency_id.is_zero(amount):
                return self.env["payment.transaction"]
        parts = plan._split_open(amount, "void")
        return plan._operate("void", parts)

    def _oms_request_refund(self, amount, return_=None):
        """Have an amount given back of what was captured for the order.

        First of the captures that paid for what comes back, then of the others, newest first.

        :param float amount: above zero, in the currency of the order
        :param return_: ``oms.return`` that is settled by it
        :return: the refunds, ``payment.transaction``
        :raises UserError: less than that was captured and not given back
        """
        plan = self._oms_hold_payment()
        parts = plan._split_refund(amount, return_)
        vals = {"oms_return_id": return_.id} if return_ else {}
        return plan._operate("refund", parts, **vals)

    def _oms_request_authorization(self, amount, token):
        """Have an amount authorized by a saved payment method of the customer.

        :param float amount: above zero, in the currency of the order
        :param token: ``payment.token``
        :return: the authorization, ``payment.transaction``
        :raises UserError: the payment method cannot be used for the order
        """
        plan = self._oms_hold_payment()
        return plan._authorize(amount, token)

    def _oms_hold_payment(self):
        """Return the order's payment plan, held by this transaction with all of its payments."""
        self.ensure_one()
        plan = self._oms_ensure_payment_plans()
        # Of an order without any payment there is nothing else that two could hold.
        plan._hold()
        plan.transaction_ids._oms_lock()
        return plan


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _oms_reduce_excess(self):
        res = super()._oms_reduce_excess()
        self.order_id._oms_tell_lowered()
        return res
