from dataclasses import dataclass
from fractions import Fraction

from odoo import models

from ...engine import settlement


@dataclass(frozen=True)
class TaxedAmounts:
    """A line with its taxes, in steps of its currency.

    :param total: with taxes
    :param taxes: ids of its taxes, in the order in which they are reckoned
    :param tax_amounts: what each comes to
    :param bases: what each is reckoned on; None for reverse charges, that come to nothing
    """

    total: int
    taxes: tuple[int, ...]
    tax_amounts: tuple[int, ...]
    bases: tuple[int | None, ...]

    @property
    def untaxed(self):
        """What it comes to without taxes."""
        return self.total - sum(self.tax_amounts)

    def negated(self):
        """Return the same below zero."""
        return TaxedAmounts(
            -self.total,
            self.taxes,
            tuple(-tax for tax in self.tax_amounts),
            tuple(base if base is None else -base for base in self.bases),
        )

    def until(self, share):
        """Return what a share of it comes to, rounded.

        :param Fraction share: between 0 and 1
        """
        line = settlement.Line(0, self.total, Fraction(1), self.tax_amounts, spread=True)
        untaxed, *taxes = line.until(share)
        return TaxedAmounts(
            untaxed + sum(taxes),
            self.taxes,
            tuple(taxes),
            tuple(base if base is None else settlement.divide(share * base) for base in self.bases),
        )

    def less(self, others):
        """Return what is left after others, tax by tax.

        :param others: :class:`TaxedAmounts`; taxes that are not among these are left out
        """
        taxes = dict(zip(self.taxes, self.tax_amounts, strict=True))
        bases = dict(zip(self.taxes, self.bases, strict=True))
        total = self.total
        for other in others:
            total -= other.total
            for key, tax, base in zip(other.taxes, other.tax_amounts, other.bases, strict=True):
                if key in taxes:
                    taxes[key] -= tax
                    bases[key] = None if bases[key] is None else bases[key] - (base or 0)
        return TaxedAmounts(total, self.taxes, tuple(taxes.values()), tuple(bases.values()))


class AccountTax(models.Model):
    _inherit = "account.tax"

    def _oms_read_base_line(self, base_line, step):
        """Return the amounts of a line whose taxes were reckoned and rounded by Odoo.

        :param dict base_line: see ``_prepare_base_line_for_taxes_computation``
        :param step: :class:`settlement.Step` of the currency
        :rtype: TaxedAmounts
        """
        details = base_line["tax_details"]
        untaxed = step.count(details["total_excluded_currency"])
        untaxed += step.count(details["delta_total_excluded_currency"])
        taxes, bases = {}, {}
        for tax_data in details["taxes_data"]:
            key = tax_data["tax"].id
            # Reverse charges come twice, once below zero.
            taxes[key] = taxes.get(key, 0) + step.count(tax_data["tax_amount_currency"])
            bases.setdefault(key, step.count(tax_data["base_amount_currency"]))
            if tax_data["is_reverse_charge"]:
                taxes[key], bases[key] = 0, None
        return TaxedAmounts(
            total=untaxed + sum(taxes.values()),
            taxes=tuple(taxes),
            tax_amounts=tuple(taxes.values()),
            bases=tuple(bases[key] for key in taxes),
        )

    def _oms_prepare_exact(self, vals, currency, amounts, step):
        """Return values that keep the amounts of an invoice line as they are given.

        As Odoo does for down payments. Whoever changes price, discount or quantity of the line
        has it reckoned anew.

        :param dict vals: of the invoice line: ``price_unit``, ``discount``, ``quantity``
        :param currency: of the invoice
        :param TaxedAmounts amounts: of the line
        :param step: :class:`settlement.Step` of the currency
        :return: ``extra_tax_data``
        :rtype: dict
        """
        known = vals.get("extra_tax_data") or {}
        exact = {
            "currency_id": currency.id,
            "price_unit": vals["price_unit"],
            "discount": vals.get("discount") or 0.0,
            "quantity": vals["quantity"],
            "manual_total_excluded_currency": step.amount(amounts.untaxed),
            # Odoo reads the amounts of a line without taxes only when there is something here.
            "manual_tax_amounts": {"0": {}},
        }
        for key, tax_amount, base in zip(
            amounts.taxes, amounts.tax_amounts, amounts.bases, strict=True
        ):
            exact["manual_tax_amounts"][str(key)] = (
                {}
                if base is None
                else {
                    "tax_amount_currency": step.amount(tax_amount),
                    "base_amount_currency": step.amount(base),
                }
            )
        if known.get("computation_key"):
            exact["computation_key"] = known["computation_key"]
        return exact
