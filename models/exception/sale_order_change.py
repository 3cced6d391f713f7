from odoo import fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date


class SaleOrder(models.Model):
    """What a user decides about the goods of an order that nobody can serve."""

    _inherit = "sale.order"

    oms_backorder = fields.Boolean(
        string="May Wait",
        copy=False,
        readonly=True,
        tracking=True,
        help="Somebody accepted that the order waits: it is no exception until it is too late.",
        groups="base.group_user",
    )
    oms_backorder_until = fields.Date(
        string="May Wait Until",
        copy=False,
        readonly=True,
        help="When the order becomes an exception again; empty: it waits for stock.",
        groups="base.group_user",
    )

    def _oms_get_open_lines(self):
        return self._oms_get_orchestrated_lines().filtered(
            lambda line: line.product_id.uom_id.compare(line.oms_qty_open, 0.0) > 0
        )

    def _oms_accept_waiting(self, until=False, note=None):
        """Accept that what is open waits, until stock comes or until a date.

        :param datetime.date until: when somebody has to decide again
        :raise UserError: nothing waits
        :raise ValidationError: the date has passed
        """
        self._oms_check_decidable()
        waiting = self.filtered(lambda order: order.oms_state in ("waiting", "partial"))
        if not waiting:
            raise UserError(self.env._("No selected order waits."))
        if until and until < fields.Date.context_today(self):
            raise ValidationError(self.env._("Choose a day to come."))
        waiting.sudo().write({"oms_backorder": True, "oms_backorder_until": until})
        # Its parked events ask for the same decision.
        events = waiting.sudo().oms_event_ids
        events.filtered(
            lambda event: event.state == "parked" and event.event == "fulfillment.rejected"
        )._discard()
        for order in waiting:
            text = (
                self.env._("May wait until %s.", format_date(self.env, until))
                if until
                else self.env._("May wait for stock.")
            )
            order._oms_note(f"{text} {note or ''}".strip())

    def _oms_stop_waiting(self):
        """Have somebody decide again on orders that were allowed to wait."""
        self.filtered("oms_backorder").write({"oms_backorder": False, "oms_backorder_until": False})

    def _oms_cancel_open(self, note=None):
        """Take what is open off the orders; what sites serve is left alone.

        :raise UserError: nothing is open
        """
        self._oms_check_decidable()
        lines = self._oms_get_open_lines()
        if not lines:
            raise UserError(self.env._("Nothing is open that could be cancelled."))
        with self._oms_unlocked():
            for line in lines:
                what = f"{line.oms_qty_open:g} {line.product_id.display_name}"
                line._oms_lower_by(line.oms_qty_open)
                line.order_id._oms_note(
                    self.env._("Cancelled: %(what)s. %(note)s", what=what, note=note or "").strip()
                )

    def _oms_cancel_orders(self, note=None):
        """Cancel the orders, with what sites have not shipped of them."""
        self.check_access("write")
        for order in self:
            order.with_context(disable_cancel_warning=True).action_cancel()
            order._oms_note(self.env._("Cancelled as an exception. %s", note or "").strip())

    def _oms_substitute(self, product, substitute, keep_price=True, note=None):
        """Ship another product for what is open of one.

        :param product: ``product.product`` of which something is open
        :param substitute: ``product.product`` to ship instead, as much of it
        :param bool keep_price: the customer pays what was agreed; else the price of the new one
        :raise UserError: nothing of the product is open
        :raise ValidationError: the substitute is the same, no goods, or measured otherwise
        """
        self._oms_check_decidable()
        if substitute == product or substitute.type != "consu" or not substitute.sale_ok:
            raise ValidationError(
                self.env._("Choose other goods that are sold to ship for %s.", product.display_name)
            )
        if not substitute.uom_id._has_common_reference(product.uom_id):
            raise ValidationError(
                self.env._(
                    "%(substitute)s is measured in %(unit)s and cannot stand for %(product)s.",
                    substitute=substitute.display_name,
                    unit=substitute.uom_id.name,
                    product=product.display_name,
                )
            )
        lines = self._oms_get_open_lines().filtered(lambda line: line.product_id == product)
        if not lines:
            raise UserError(self.env._("Nothing of %s is open.", product.display_name))
        for line in lines:
            with line.order_id._oms_unlocked():
                line._oms_substitute(substitute, keep_price, note)
