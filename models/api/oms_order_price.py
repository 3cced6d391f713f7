from odoo import api, fields, models

from .outcome import Outcome


class OmsOrderPlacing(models.AbstractModel):
    """Lines, prices and taxes of orders as the channel gave them."""

    _inherit = "oms.order.placing"

    # === LINES === #

    @api.model
    def _prepare_lines(self, given, lookup, position):
        lines = [
            fields.Command.create(
                {
                    "product_id": lookup.products[line.product].id,
                    "product_uom_qty": line.quantity,
                    "discount": line.discount,
                    "oms_external_ref": line.id,
                    **self._prepare_price(
                        given, line.unit_price, line.tax_rate, lookup,
                        lookup.products[line.product], position,
                    ),
                }
            )
            for line in given.lines
        ]  # fmt: skip
        if given.shipping:
            product = self.env.ref("oms.product_shipping")
            vals = {"product_id": product.id, "product_uom_qty": 1.0}
            if given.shipping.name:
                vals["name"] = given.shipping.name
            vals |= self._prepare_price(
                given, given.shipping.price, given.shipping.tax_rate, lookup, product, position
            )
            lines.append(fields.Command.create(vals))
        return lines

    @api.model
    def _prepare_price(self, given, price, rate, lookup, product, position):
        """Return price and tax of a line as the channel gave them; nothing where it gave none.

        A price with tax is made one without, or the other way round, where the company has no tax
        of the rate that is meant so.
        """
        vals = {}
        # Those that Odoo will take where the channel says nothing.
        taxes = position.map_tax(product.taxes_id._filter_taxes_by_company(product.env.company))
        if rate is not None:
            found = lookup.taxes.get(self._write_rate(rate), self.env["account.tax"])
            meant = found.filtered(lambda tax: tax.price_include == given.prices_include_tax)
            taxes = ((meant or found) & taxes)[:1] or (meant or found)[:1]
            vals["tax_ids"] = [fields.Command.set(taxes.ids)]
        if price is not None:
            percent = sum(tax.amount for tax in taxes if tax.amount_type == "percent")
            included = bool(taxes) and all(tax.price_include for tax in taxes)
            if given.prices_include_tax and taxes and not included:
                price /= 1 + percent / 100
            elif not given.prices_include_tax and included:
                price *= 1 + percent / 100
            vals["price_unit"] = price
        return vals

    # === TOTALS === #

    @api.model
    def _get_difference(self, given, order):
        """Return by how much the channel's total is above Odoo's, zero within the tolerance."""
        if given.total is None:
            return 0.0
        difference = order.currency_id.round(given.total - order.amount_total)
        tolerance = order.oms_channel_id.total_tolerance
        return 0.0 if abs(difference) <= tolerance + order.currency_id.rounding / 2 else difference

    @api.model
    def _settle(self, channel, given, order, difference, accepted):
        """Do with another total what the channel's rule says.

        :return: whether the order can be confirmed
        :rtype: bool
        """
        if channel.total_policy == "adjust":
            order.order_line = [
                fields.Command.create(
                    {
                        "product_id": self.env.ref("oms.product_difference").id,
                        "product_uom_qty": 1.0,
                        "price_unit": difference,
                        "tax_ids": [fields.Command.clear()],
                    }
                )
            ]
            return True
        return channel.total_policy == "accept" or given.reference in accepted

    @api.model
    def _explain_difference(self, given, order):
        message = self.env._(
            "The channel says %(theirs)s in all, Odoo %(ours)s. Check prices and taxes, or accept "
            "the total of Odoo, and try again.",
            theirs=order.currency_id.format(given.total),
            ours=order.currency_id.format(order.amount_total),
        )
        return Outcome("parked", None, "other_total", message)
