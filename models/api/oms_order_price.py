from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import float_round

from .outcome import Outcome


class Price(NamedTuple):
    """A price as the customer was shown it.

    :param float amount: for one unit of the product, before discount
    :param float discount: in percent
    :param bool with_tax: whether the taxes are in it
    """

    amount: float
    discount: float
    with_tax: bool


class OmsOrderPlacing(models.AbstractModel):
    """Lines, prices and taxes of orders as the channel gave them."""

    _inherit = "oms.order.placing"

    # === LINES === #

    @api.model
    def _prepare_lines(self, given, lookup, position):
        currency = self._get_currency(given, lookup)
        lines = [
            self._prepare_line(given, line, lookup, position, currency) for line in given.lines
        ]
        if given.shipping:
            product = self.env.ref("oms.product_shipping")
            vals = {"product_id": product.id, "product_uom_qty": 1.0}
            if given.shipping.name:
                vals["name"] = given.shipping.name
            price = Price(given.shipping.price, 0.0, given.prices_include_tax)
            rate = given.shipping.tax_rate
            taxes = self._find_line_taxes(price.with_tax, rate, lookup, product, position)
            vals |= self._prepare_price(price, 1.0, taxes, product, product.uom_id, currency)
            lines.append(vals)
        return [fields.Command.create(vals) for vals in lines]

    @api.model
    def _prepare_line(self, given, line, lookup, position, currency):
        """Return the values of an order line.

        :param given: ``GivenOrder``, or what else says whether prices are with tax
        :param GivenLine line: the line
        """
        product = lookup.products[line.product]
        vals = {
            "product_id": product.id,
            "product_uom_qty": line.quantity,
            "discount": line.discount,
            "oms_external_ref": line.id,
        }
        taxes = self._find_line_taxes(
            given.prices_include_tax, line.tax_rate, lookup, product, position
        )
        if line.tax_rate is not None:
            vals["tax_ids"] = [fields.Command.set(taxes.ids)]
        if line.unit_price is not None:
            price = Price(line.unit_price, line.discount, given.prices_include_tax)
            vals |= self._prepare_price(
                price, line.quantity, taxes, product, product.uom_id, currency
            )
        return vals

    @api.model
    def _find_line_taxes(self, with_tax, rate, lookup, product, position):
        """Return the taxes of a line: those of the rate that the channel gave, or the product's.

        Of several of a rate, one of the product's own is taken first, and then one that is in
        the price, or not, as the channel means it.
        """
        own = position.map_tax(product.taxes_id._filter_taxes_by_company(self.env.company))
        if rate is None:
            return own
        found = lookup.taxes.get(self._write_rate(rate), self.env["account.tax"])
        meant = found.filtered(lambda tax: not self._is_converted(tax, with_tax))
        for taxes in (meant & own, found & own, meant):
            if taxes:
                return taxes[:1]
        return found[:1]

    # === PRICES === #

    @api.model
    def _is_converted(self, taxes, with_tax):
        """Tell whether a price means something else to the taxes than to the channel."""
        parts, _groups = taxes._flatten_taxes_and_sort_them()
        return any(part.price_include != with_tax for part in parts)

    @api.model
    def _prepare_price(self, price, quantity, taxes, product, unit, currency):
        """Return what makes Odoo come to the amounts of the channel.

        Each tax reads a price as the tax says: with it or without. Where the channel means it
        otherwise, Odoo's own engine makes the price one that is read right, and the amounts of
        the line are kept beside it in the way in which Odoo keeps those of down payments, until
        quantity, price or taxes change: no price without 20 % of tax comes to 29.97 with it.

        :param Price price: for one unit
        :param float quantity: of the line
        :param taxes: ``account.tax`` of the line
        :param unit: ``uom.uom`` in which quantity and price are
        :return: values of an order line
        :rtype: dict
        """
        digits = self.env["decimal.precision"].precision_get("Discount")
        discount = float_round(price.discount, precision_digits=digits)
        left = 1 - discount / 100
        vals = {
            "discount": discount,
            "price_unit": price.amount,
            "tax_ids": [fields.Command.set(taxes.ids)],
            "extra_tax_data": False,
            "oms_channel_price": price.amount,
        }
        reduced = price.amount * (1 - price.discount / 100)
        converted = self._is_converted(taxes, price.with_tax)
        if converted:
            reads = reduced if left else price.amount
            read = self._get_read_price(reads, price.with_tax, taxes, product, unit)
            vals["price_unit"] = read / (left or 1)
        elif left and discount != price.discount:
            vals["price_unit"] = reduced / left
        # Rounded once for an order, prices with several taxes lose a cent beside those without.
        globally = self.env.company.tax_calculation_rounding_method == "round_globally"
        if converted or (globally and price.with_tax and taxes):
            vals["extra_tax_data"] = self._keep_amounts(
                price._replace(amount=reduced), quantity, taxes, product, unit, currency, vals
            )
        return vals

    @api.model
    def _get_read_price(self, amount, with_tax, taxes, product, unit):
        """Return what the taxes read as a price, unrounded."""
        details = taxes._get_tax_details(
            amount,
            1.0,
            rounding_method="round_globally",
            product=product,
            product_uom=unit,
            special_mode=self._get_mode(with_tax),
        )
        return details["total_excluded"] + sum(
            data["tax_amount"]
            for data in details["taxes_data"]
            if data["tax"].price_include and not data["tax"].has_negative_factor
        )

    @api.model
    def _get_mode(self, with_tax):
        return "total_included" if with_tax else "total_excluded"

    @api.model
    def _keep_amounts(self, price, quantity, taxes, product, unit, currency, vals):
        """Return the amounts of a line as Odoo keeps what it is not to compute again.

        :param Price price: with its discount taken off
        :param dict vals: price and discount of the line
        :return: the line's ``extra_tax_data``
        :rtype: dict
        """
        engine, company = self.env["account.tax"], self.env.company
        line = engine._prepare_base_line_for_taxes_computation(
            None,
            price_unit=price.amount,
            quantity=quantity,
            tax_ids=taxes,
            product_id=product,
            product_uom_id=unit,
            currency_id=currency,
            special_mode=self._get_mode(price.with_tax),
        )
        engine._add_tax_details_in_base_line(line, company, "round_per_line")
        engine._round_base_lines_tax_details([line], company)
        engine._fix_base_lines_tax_details_on_manual_tax_amounts([line], company)
        # In the currency of the company they follow from the rate of the day.
        line |= {
            "price_unit": vals["price_unit"],
            "discount": vals["discount"],
            "manual_total_excluded": None,
            "manual_tax_amounts": {
                tax_id: {
                    name: amount for name, amount in amounts.items() if name.endswith("_currency")
                }
                for tax_id, amounts in (line["manual_tax_amounts"] or {}).items()
            },
        }
        return engine._export_base_line_extra_tax_data(line)

    # === TOTALS === #

    @api.model
    def _get_currency(self, given, lookup):
        """Return the currency of an order's prices."""
        company = self.env.company
        pricelist = given.currency and lookup.pricelists[given.currency]
        return pricelist.currency_id if pricelist else company.currency_id

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
