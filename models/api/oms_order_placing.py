import logging
from typing import NamedTuple

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import email_normalize

from ..intake.rows import Address, Buyer
from ..inventory.oms_claim_hold import HOLD_ORIGINS
from .error import get_correlation_id

_logger = logging.getLogger(__name__)

#: Orders need somebody who is told the truth about stock: these are tried again as a whole.
AGAIN = (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, ConcurrencyError)


class Outcome(NamedTuple):
    """What became of an order that was sent.

    :param str status: as in ``contract.PlacedOrder``
    :param order: ``sale.order`` of the transaction that places, or None
    :param str code: why not, as in ``error.STATUSES``
    :param str message: why not, in words
    :param tuple unknown: (kind, code) pairs that somebody has to say what they are
    :param str name: number of the order, for those whose transaction does not see it
    :param float total: of the order, in its currency, likewise
    """

    status: str
    order: object = None
    code: str = ""
    message: str = ""
    unknown: tuple = ()
    name: str | None = None
    total: float | None = None

    def tell(self):
        """Return the outcome with what is told of the order, as it stands now."""
        if not self.order:
            return self
        return self._replace(name=self.order.name, total=self.order.amount_total)


class Lookup(NamedTuple):
    """What the words of a channel mean; see ``_look_up``."""

    products: dict
    countries: dict
    taxes: dict
    pricelists: dict


class OmsOrderPlacing(models.AbstractModel):
    """Makes confirmed orders of what a channel sent."""

    _name = "oms.order.placing"
    _description = "Placing of Channel Orders"

    @api.model
    def _place(self, channel, given, hashes, accepted=()):
        """Make and confirm orders; each is placed whole or parked.

        :param channel: ``oms.channel``, whose rights are the caller's
        :param list given: ``GivenOrder`` of each, none of which is there already
        :param dict hashes: fingerprint by reference
        :param accepted: references of orders whose total may be another one
        :return: ``Outcome`` by reference
        :rtype: dict
        """
        lookup = self._look_up(channel, given)
        outcomes, good = {}, []
        for each in given:
            refusal = self._get_refusal(channel, each, lookup)
            if refusal:
                outcomes[each.reference] = refusal
            else:
                good.append(each)
        return outcomes | self._place_good(channel, good, lookup, hashes, accepted)

    # === WHAT THE CHANNEL MEANS === #

    @api.model
    def _look_up(self, channel, given):
        """Find all that orders name, in a few queries for all of them."""
        Code = self.env["oms.channel.code"]
        lines = [line for each in given for line in each.lines]
        codes = {line.product for line in lines}
        products = Code._get_known(channel, "product", codes)
        products |= self.env["oms.position"]._match_products(list(codes - products.keys()))
        names = {each.ship_to.country for each in given}
        countries = Code._get_known(channel, "country", names)
        countries |= self.env["oms.import.handler"]._find_countries(names - countries.keys())
        rates = {self._write_rate(rate) for each in given for rate in self._get_rates(each)}
        return Lookup(
            products,
            countries,
            self._find_taxes(channel, rates) | Code._get_known(channel, "tax", rates),
            self._find_pricelists(channel, {each.currency for each in given if each.currency}),
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

        :return: ``account.tax`` recordset by rate as text, in the order of the company's
        :rtype: dict
        """
        taxes = self.env["account.tax"].search(
            [
                *self.env["account.tax"]._check_company_domain(channel.company_id),
                ("type_tax_use", "=", "sale"),
                ("amount_type", "=", "percent"),
                ("amount", "in", [float(rate) for rate in rates]),
            ]
        )
        return taxes.grouped(lambda tax: self._write_rate(tax.amount))

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
                "Nobody knows, or nobody may sell: %s. Say on the screen of channel codes what is "
                "meant, or mend it in Odoo, and try again.",
                names,
            )
            return Outcome("parked", None, f"unknown_{unknown[0][0]}", message, unknown)
        if given.currency and given.currency not in lookup.pricelists:
            message = self.env._(
                "There is no pricelist in %s: make one, and try again.", given.currency
            )
            return Outcome("parked", None, "unknown_currency", message)
        return None

    # === ORDERS === #

    @api.model
    def _place_good(self, channel, given, lookup, hashes, accepted):
        """Place orders together and, if that fails, each by itself."""
        if not given:
            return {}
        try:
            with self.env.cr.savepoint():
                return self._place_together(channel, given, lookup, hashes, accepted)
        except AGAIN:
            raise
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            if len(given) > 1:
                outcomes = {}
                for each in given:
                    outcomes |= self._place_good(channel, [each], lookup, hashes, accepted)
                return outcomes
            return {given[0].reference: self._explain_failure(error)}

    @api.model
    def _explain_failure(self, error):
        if isinstance(error, UserError):
            return Outcome("parked", None, "failed", str(error))
        correlation_id = get_correlation_id()
        _logger.error("An order could not be placed [%s]", correlation_id, exc_info=error)
        message = self.env._(
            "A fault of the server, see its log under %s. Try again when it is mended.",
            correlation_id,
        )
        return Outcome("parked", None, "internal", message)

    @api.model
    def _place_together(self, channel, given, lookup, hashes, accepted):
        orders = self._create_orders(channel, given, lookup, hashes)
        outcomes, confirmed = {}, self.env["sale.order"]
        for each, order in zip(given, orders, strict=True):
            difference = self._get_difference(each, order)
            if difference and not self._settle(channel, each, order, difference, accepted):
                outcomes[each.reference] = self._explain_difference(each, order)
                order.unlink()
                continue
            outcomes[each.reference] = Outcome("placed", order)
            if each.holds and self._confirm_held(channel, each, order):
                continue
            confirmed += order
        if confirmed:
            confirmed.action_confirm()
        return outcomes

    @api.model
    def _confirm_held(self, channel, given, order):
        """Confirm an order with the goods of its cart; tell whether they were still held."""
        claims = self.env["oms.claim"].search(
            [
                ("id", "in", given.holds),
                ("channel_id", "=", channel.id),
                ("origin", "in", HOLD_ORIGINS),
                ("state", "=", "active"),
            ]
        )
        if not claims:
            return False
        try:
            with self.env.cr.savepoint():
                order._oms_confirm_held(claims)
        except UserError as error:
            # The customer has ordered: what the cart lost is looked for elsewhere.
            _logger.info("Order %s goes without its holds: %s", order.name, error)
            return False
        return True

    @api.model
    def _create_orders(self, channel, given, lookup, hashes):
        buyers = [self._prepare_buyer(channel, each) for each in given]
        customers = self.env["oms.import.customers"]._find_or_create(
            channel.company_id, [(channel, buyer) for buyer in buyers], lookup.countries
        )
        now = fields.Datetime.now()
        return (
            self.env["sale.order"]
            .with_context(mail_create_nosubscribe=True)
            .create(
                [
                    {
                        "company_id": channel.company_id.id,
                        "partner_id": customer.id,
                        # Guests share a customer, whose address is that of the first of them.
                        "partner_invoice_id": (address if buyer.is_guest else customer).id,
                        "partner_shipping_id": address.id,
                        "oms_channel_id": channel.id,
                        "oms_external_ref": each.reference,
                        "oms_content_hash": hashes[each.reference],
                        "oms_channel_total": each.total,
                        "client_order_ref": each.reference,
                        "date_order": min(each.ordered_at or now, now),
                        "pricelist_id": self._get_pricelist_id(each, lookup),
                        "note": each.note or False,
                        "user_id": False,
                        "order_line": self._prepare_lines(
                            each, lookup, self._find_position(channel, each, customer, address)
                        ),
                    }
                    for each, buyer, (customer, address) in zip(
                        given, buyers, customers, strict=True
                    )
                ]
            )
        )

    @api.model
    def _get_pricelist_id(self, given, lookup):
        return lookup.pricelists[given.currency].id if given.currency else False

    @api.model
    def _find_position(self, channel, given, customer, address):
        """Return the fiscal position of an order, where it decides on the taxes in its prices."""
        Position = self.env["account.fiscal.position"].with_company(channel.company_id)
        if all(line.unit_price is None or line.tax_rate is not None for line in given.lines):
            return Position
        return Position._get_fiscal_position(
            customer.with_env(self.env), address.with_env(self.env)
        )

    @api.model
    def _prepare_buyer(self, channel, given):
        customer, ship_to = given.customer, given.ship_to
        mail = email_normalize(customer.email or "") or ""
        return Buyer(
            known_as=customer.id or mail or "guest",
            name=customer.name or ship_to.name or "",
            delivery_name=ship_to.name or customer.name or "",
            address=Address(
                ship_to.street or "",
                ship_to.zip or "",
                ship_to.city or "",
                ship_to.state or "",
                ship_to.country,
                ship_to.latitude,
                ship_to.longitude,
            ),
            email=customer.email or "",
            phone=ship_to.phone or customer.phone or "",
            match_mail=mail if channel.match_mail and not customer.id else "",
            is_guest=not (customer.id or mail),
        )

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
