from odoo import api, models
from odoo.exceptions import UserError

from ..site_work.answer import Answer


class OmsSiteWork(models.AbstractModel):
    """Cash and cards at the counter."""

    _inherit = "oms.site.work"

    @api.model
    def _prepare_detail(self, fulfillment):
        detail = super()._prepare_detail(fulfillment)
        if "pickup" in detail and fulfillment._is_paid_at_counter():
            # sudo: what is due is told to whoever hands over
            order = fulfillment.sudo().order_id
            detail["payment"] = {
                "due": fulfillment._get_counter_due(),
                "paid": order.oms_payment_plan_id.captured,
                "total": order.amount_total,
                "currency": {
                    "name": order.currency_id.name,
                    "symbol": order.currency_id.symbol,
                    "position": order.currency_id.position,
                    "digits": order.currency_id.decimal_places,
                },
            }
        return detail

    @api.model
    def _get_actions(self, fulfillment):
        actions = super()._get_actions(fulfillment)
        actions["pay"] = bool(
            (actions.get("collect") or actions.get("sell"))
            and fulfillment._is_paid_at_counter()
            and fulfillment._get_counter_due()
        )
        return actions

    @api.model
    def _apply_pay(self, fulfillment, operation):
        """Take money of the customer.

        Keys: ``means`` (``cash`` or ``card``), ``amount``, ``given`` in cash, ``reference`` of the
        card terminal.
        """
        given = operation.get("given")
        payment, change = fulfillment._take_money(
            str(operation.get("means") or ""),
            self._read_money(operation.get("amount")),
            None if given in (None, "") else self._read_money(given),
            str(operation.get("reference") or "")[:100],
        )
        currency = payment.currency_id
        text = self.env._("%s taken.", currency.format(payment.amount))
        if change:
            text += " " + self.env._("Change: %s.", currency.format(change))
        return Answer(text, changes={"payment": payment.id})

    @api.model
    def _read_money(self, amount):
        """Return an amount of an operation.

        :raise UserError: it is none
        """
        right = isinstance(amount, int | float) and not isinstance(amount, bool)
        if not right or not 0 <= amount < 1e9:
            raise UserError(self.env._("This is no amount: %s.", amount))
        return float(amount)

    @api.model
    def _undo_pay(self, fulfillment, target):
        payment = self.env["payment.transaction"].sudo().browse(target.changes["payment"])
        fulfillment._give_back_money(payment)
        return Answer(
            self.env._(
                "Taken back: give %s to the customer.", payment.currency_id.format(payment.amount)
            )
        )
