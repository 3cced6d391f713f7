from odoo import fields, models
from odoo.exceptions import UserError

from .oms_promise_token import get_zip_key
from .promise_case import PICKED_UP, SERVICES, Ask, BasketItem

#: Stores of which a seller is told.
STORES = 5
#: What changes what a promise was made for.
PROMISED_FOR = {
    "order_line",
    "partner_id",
    "partner_shipping_id",
    "oms_service",
    "oms_collect_site_id",
    "carrier_id",
}


class SaleOrder(models.Model):
    """Quotations whose customer wants to know when the goods come."""

    _inherit = "sale.order"

    def action_oms_promise(self):
        """Show every way to get the goods of the quotation, for the seller to choose one.

        :return: a window action
        :rtype: dict
        :raises UserError: nothing is to be delivered, or the channel is not orchestrated
        """
        self.ensure_one()
        self.check_access("write")
        return self.env["oms.promise.choice"]._open(self)

    def _oms_find_ways(self):
        """Find the ways to get the goods of the quotation.

        :return: what was asked, and the ways
        :rtype: tuple[Ask, list]
        :raises UserError: see :meth:`action_oms_promise`
        """
        # sudo: as for sourcing, who sells need not see other sites' stock
        order = self.sudo().with_company(self.company_id)
        channel = order.oms_channel_id
        if not channel.orchestrated:
            raise UserError(self.env._("Orders of this channel are delivered as in Odoo alone."))
        items = order._oms_get_basket()
        if not items:
            raise UserError(self.env._("Nothing is to be delivered yet: add a product."))
        ask = Ask(
            channel,
            tuple(items),
            order.partner_shipping_id,
            frozenset(SERVICES),
            channel._get_carriers(),
            None,
            STORES,
            amount=order._oms_get_amount(),
        )
        return ask, order.env["oms.promising"]._find_ways(ask)

    def _oms_get_amount(self):
        """Return what the order is worth as Odoo compares it with the amount from which on its
        delivery is free: with tax and all services but delivery, in the currency of the company.

        :rtype: float
        """
        self.ensure_one()
        return self._oms_convert(self._compute_amount_total_without_delivery())

    def _oms_convert(self, amount):
        """Return an amount of the order in the currency of its company, not rounded."""
        return self.currency_id._convert(
            amount,
            self.company_id.currency_id,
            self.company_id,
            self.date_order or fields.Date.context_today(self),
            round=False,
        )

    def _oms_get_basket(self):
        """Return the goods of the order, at their prices in the currency of the company.

        :return: :class:`~.promise_case.BasketItem` of each line
        :rtype: list
        """
        self.ensure_one()
        items = []
        for line in self.order_line.filtered(lambda line: line.product_id.type == "consu"):
            unit = line.product_id.uom_id
            units = line._oms_get_qty_ordered()
            if unit.compare(units, 0.0) > 0:
                items.append(
                    BasketItem(
                        len(items),
                        line.product_id,
                        units,
                        self._oms_convert(line.price_subtotal) / units,
                        bool(line.route_ids),
                    )
                )
        return items

    def _oms_get_asked(self):
        """Return what a promise is made for: channel, goods and destination."""
        # sudo: see _oms_find_ways
        order = self.sudo()
        basket = order.env["oms.promise.token"]._sum_up(order._oms_get_basket())
        partner = order.partner_shipping_id
        return (
            order.oms_channel_id.id,
            tuple(map(tuple, basket)),
            partner.country_id.code or "",
            get_zip_key(partner.zip),
        )

    def _oms_take_promise(self, promised):
        """Have the order delivered as promised.

        :param promised: ``Promised``, what a token says; None if it says nothing
        :raises UserError: it was made for something else, or has ended
        """
        self.ensure_one()
        if (
            not promised
            or promised.valid_until < fields.Datetime.now()
            or self._oms_get_asked()
            != (promised.channel_id, promised.basket, promised.country, promised.zip)
        ):
            raise UserError(
                self.env._(
                    "The quotation was changed, or this is too long ago to be promised: ask again "
                    "when it can come."
                )
            )
        vals = {
            "oms_service": promised.service,
            "oms_collect_site_id": promised.site_id if promised.service in PICKED_UP else False,
            "carrier_id": promised.carrier_id or False,
            **self.env["oms.promise.token"]._prepare_order_vals(promised),
        }
        if promised.promised:
            # sudo: the channel says in whose time zone the day is meant
            channel = self.sudo().oms_channel_id
            vals["commitment_date"] = self.env["oms.order.placing"]._get_due(
                channel, promised.promised
            )
        self.write(vals)

    def write(self, vals):
        watched = self.browse()
        if vals.keys() & PROMISED_FOR and "oms_promised_plan" not in vals:
            # sudo: who changes a quotation need not see what was promised of it
            watched = self.sudo().filtered(
                lambda order: order.state in ("draft", "sent") and order.oms_promised_plan
            )
        before = {order: order._oms_get_chosen() for order in watched}
        res = super().write(vals)
        changed = watched.filtered(lambda order: order._oms_get_chosen() != before[order])
        if changed:
            changed._oms_drop_promise(keep_date="commitment_date" in vals)
        return res

    def _oms_drop_promise(self, keep_date):
        """Forget what was promised of quotations: it was another order.

        :param bool keep_date: whether the date stays even though it is the promised one
        """
        vals = {"oms_promised_plan": False, "oms_promised_parts": False, "oms_promise_key": False}
        promised = self.browse()
        if not keep_date:
            promised = self.filtered(lambda order: order._oms_has_promised_date())
            promised.write({**vals, "commitment_date": False})
        (self - promised).write(vals)

    def _oms_has_promised_date(self):
        """Tell whether the date of the order is the day that was promised of it, no other one."""
        told = self._oms_get_told_date()
        return bool(told and self.commitment_date) and (
            self.commitment_date
            == self.env["oms.order.placing"]._get_due(self.oms_channel_id, told)
        )

    def _oms_get_chosen(self):
        """Return what a promise was made for, and how the goods come by it."""
        way = self.oms_service, self.oms_collect_site_id.id, self.carrier_id.id
        return *self._oms_get_asked(), *way
