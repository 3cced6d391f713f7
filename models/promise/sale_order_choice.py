from odoo import models
from odoo.exceptions import UserError

from .promise_case import PICKED_UP, SERVICES, Ask, BasketItem

#: Stores of which a seller is told.
STORES = 5


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
        items = []
        for line in order.order_line.filtered(lambda line: line.product_id.type == "consu"):
            unit = line.product_id.uom_id
            units = line.product_uom_id._compute_quantity(
                line.product_uom_qty, unit, rounding_method="HALF-UP"
            )
            if unit.compare(units, 0.0) > 0:
                items.append(
                    BasketItem(len(items), line.product_id, units, line.price_subtotal / units)
                )
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
        )
        return ask, order.env["oms.promising"]._find_ways(ask)

    def _oms_take_promise(self, promised):
        """Have the order delivered as promised.

        :param Promised promised: what a token says
        """
        self.ensure_one()
        vals = {
            "oms_service": promised.service,
            "oms_collect_site_id": promised.site_id if promised.service in PICKED_UP else False,
            "carrier_id": promised.carrier_id or False,
            "oms_promised_plan": [list(row) for row in promised.plan],
        }
        if promised.promised:
            # sudo: the channel says in whose time zone the day is meant
            channel = self.sudo().oms_channel_id
            vals["commitment_date"] = self.env["oms.order.placing"]._get_due(
                channel, promised.promised
            )
        self.write(vals)
