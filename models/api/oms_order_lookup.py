from odoo import api, models

from .outcome import Lookup, Outcome


class OmsOrderPlacing(models.AbstractModel):
    """What the words of a channel mean, and what is missing to place its orders."""

    _inherit = "oms.order.placing"

    @api.model
    def _look_up(self, channel, given):
        """Find all that orders name, in a few queries for all of them."""
        return self._look_up_words(
            channel,
            products={line.product for each in given for line in each.lines},
            countries={each.ship_to.country for each in given},
            rates={self._write_rate(rate) for each in given for rate in self._get_rates(each)},
            currencies={each.currency for each in given if each.currency},
        )

    @api.model
    def _look_up_words(self, channel, products, countries, rates, currencies=()):
        """Find what words of a channel mean; see :class:`Lookup`.

        :param channel: ``oms.channel``
        :param set products: internal references, barcodes or codes of the channel
        :param set countries: codes or names of countries, or codes of the channel
        :param set rates: tax rates in percent, as texts
        :param currencies: codes of currencies
        :rtype: Lookup
        """
        Code = self.env["oms.channel.code"]
        known = Code._get_known(channel, "product", products)
        known |= self.env["oms.position"]._match_products(list(products - known.keys()))
        found = Code._get_known(channel, "country", countries)
        found |= self.env["oms.import.handler"]._find_countries(countries - found.keys())
        return Lookup(
            known,
            found,
            self._find_taxes(channel, rates) | Code._get_known(channel, "tax", rates),
            self._find_pricelists(channel, set(currencies)),
            {},
        )

    @api.model
    def _get_rates(self, given):
        """Return the tax rates that an order names, in percent; no tax is none to look for."""
        priced = [*given.lines, given.shipping] if given.shipping else given.lines
        return {each.tax_rate for each in priced if each.tax_rate}

    @api.model
    def _write_rate(self, rate):
        return f"{rate:g}"

    @api.model
    def _find_taxes(self, channel, rates):
        """Return the sales taxes of rates, those with and those without tax in the price.

        Some countries have groups of taxes, such as 9 % and 9 %, for one rate.

        :return: ``account.tax`` recordset by rate as text, in the order of the company's
        :rtype: dict
        """
        percents = {float(rate) for rate in rates}
        if not percents:
            return {}
        taxes = self.env["account.tax"].search(
            [
                *self.env["account.tax"]._check_company_domain(channel.company_id),
                ("type_tax_use", "=", "sale"),
                "|",
                ("amount_type", "=", "group"),
                "&",
                ("amount_type", "=", "percent"),
                ("amount", "in", list(percents)),
            ]
        )
        found = taxes.grouped(lambda tax: self._write_rate(self._get_rate(tax)))
        return {rate: found[rate] for rate in rates if rate in found}

    @api.model
    def _get_rate(self, tax):
        """Return the percentage of a tax; of a group, that of its parts together."""
        if tax.amount_type == "percent":
            return tax.amount
        parts = tax.children_tax_ids
        # What is taken from the tax before it, or is no percentage, has no rate to be named.
        simple = all(
            part.amount_type == "percent" and not part.include_base_amount for part in parts
        )
        return round(sum(parts.mapped("amount")), 6) if simple else -1.0

    @api.model
    def _find_pricelists(self, channel, currencies):
        """Return what makes an order one in a currency: nothing for that of the company.

        :return: ``product.pricelist`` by code of the currency
        :rtype: dict
        """
        found = self.env["product.pricelist"].search(
            [
                ("currency_id.name", "in", list(currencies)),
                ("company_id", "in", (False, channel.company_id.id)),
            ],
            order="sequence DESC, id DESC",
        )
        return {pricelist.currency_id.name: pricelist for pricelist in found} | {
            channel.company_id.currency_id.name: self.env["product.pricelist"]
        }

    @api.model
    def _get_refusal(self, channel, given, lookup):
        """Return why an order cannot be placed as it is, or None.

        :rtype: Outcome | None
        """
        sold = {
            code for code, product in lookup.products.items() if product.active and product.sale_ok
        }
        unknown = [("product", line.product) for line in given.lines if line.product not in sold]
        if not lookup.countries.get(given.ship_to.country):
            unknown.append(("country", given.ship_to.country))
        unknown += [
            ("tax", self._write_rate(rate))
            for rate in sorted(self._get_rates(given))
            if self._write_rate(rate) not in lookup.taxes
        ]
        if unknown:
            unknown = tuple(dict.fromkeys(unknown))
            names = ", ".join(f"{code}" for _kind, code in unknown)
            message = self.env._(
                "Nobody knows, or nobody may sell: %s. Somebody has to choose in Odoo what is "
                "meant, or to mend it there; then the order can be tried again.",
                names,
            )
            return Outcome("parked", None, f"unknown_{unknown[0][0]}", message, unknown)
        if given.currency and given.currency not in lookup.pricelists:
            message = self.env._(
                "There is no pricelist in %s: make one, and try again.", given.currency
            )
            return Outcome("parked", None, "unknown_currency", message)
        return None
