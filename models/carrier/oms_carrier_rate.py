from pydantic import TypeAdapter

from odoo import api, fields, models
from odoo.tools import SQL

from ...connectors.carrier import ADAPTERS, Parcel, Rate, Shipment
from ...connectors.outcome import Ok
from .oms_carrier_account import INSIDE
from .oms_carrier_buy import SHIPMENT

#: How rates are kept.
RATES = TypeAdapter(tuple[Rate, ...])
#: Kilograms up to which parcels cost the same, as far as what is kept goes; above, by tens.
BRACKETS = (0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 25.0, 30.0, 31.5)
#: Characters of a postcode that say in which zone it is.
ZONE_DIGITS = 2


class OmsCarrierRate(models.Model):
    """What a carrier's services cost from a site to a zone, for a parcel up to some weight."""

    _name = "oms.carrier.rate"
    _description = "Carrier Rates"
    _inherit = "oms.carrier.cache"
    _order = "account_id, site_id, country_code, zone, weight"

    _ask_kind = "carrier.rates"
    _one_for = SQL("account_id, COALESCE(site_id, 0), country_code, zone, weight")

    site_id = fields.Many2one("oms.site", readonly=True, ondelete="cascade", index=True)
    country_code = fields.Char(string="Country", required=True, readonly=True, size=2)
    zone = fields.Char(readonly=True, help="First characters of the postcode.")
    weight = fields.Float(
        string="Up To (kg)", digits=(16, 1), required=True, readonly=True, help="Of a parcel."
    )
    shipment = fields.Json(
        readonly=True, groups="base.group_system", help="What the carrier is asked for."
    )
    rates = fields.Json(string="What Was Told", readonly=True)
    rate_text = fields.Text(string="Rates", compute="_compute_rate_text")

    _rate_uniq = models.UniqueIndex(
        "(account_id, COALESCE(site_id, 0), country_code, zone, weight)",
        "The rates from a site to a zone are kept once.",
    )

    @api.depends("rates")
    def _compute_rate_text(self):
        for kept in self:
            kept.rate_text = self._tell_rates(kept._read_rates())

    @api.model
    def _tell_rates(self, rates):
        return "\n".join(
            self.env._(
                "%(name)s: %(price).2f %(currency)s%(days)s",
                name=rate.name,
                price=rate.price,
                currency=rate.currency,
                days="" if rate.days is None else self.env._(", %g days", rate.days),
            )
            for rate in rates
        )

    def _read_rates(self):
        return RATES.validate_python(self.rates or (), strict=False)

    # === WHAT IS KNOWN === #

    @api.model
    def _find_rates(self, account, site, sender, receiver, weights, *, ask=True):
        """Return what a carrier's services cost for a shipment, as far as that is known.

        :param account: ``oms.carrier.account`` that can be asked for rates
        :param site: ``oms.site`` that sends, may be empty
        :param Address sender: where the site is
        :param Address receiver: where it goes
        :param list weights: kilograms of each parcel
        :param bool ask: whether a task asks for what is not known, or no more
        :return: :class:`~connectors.carrier.Rate` of each service, of all parcels together; None
            where they are not known
        :rtype: tuple | None
        """
        if not weights:
            return None
        if account.adapter in INSIDE:
            # It is in the program, and nothing to keep.
            parcels = tuple(Parcel(str(place), weight) for place, weight in enumerate(weights))
            outcome = ADAPTERS[account.adapter].rates(
                account._prepare_account(), self._prepare_shipment(sender, receiver, parcels)
            )
            return outcome.value if isinstance(outcome, Ok) else None
        known = {
            bracket: self._find_parcel(account, site, sender, receiver, bracket, ask)
            for bracket in dict.fromkeys(map(get_bracket, weights))
        }
        if None in known.values():
            return None
        total = {}
        for weight in weights:
            for rate in known[get_bracket(weight)]:
                total.setdefault(rate.service, []).append(rate)
        return tuple(
            Rate(
                service,
                rates[0].name,
                round(sum(rate.price for rate in rates), 2),
                rates[0].currency,
                rates[0].days,
            )
            for service, rates in total.items()
            # What takes only some of the parcels takes none.
            if len(rates) == len(weights)
        )

    @api.model
    def _find_parcel(self, account, site, sender, receiver, bracket, ask):
        """Return the rates of one parcel; None where they are not known."""
        zone = "".join(receiver.zip.upper().split())[:ZONE_DIGITS]
        kept = self.search(
            [
                ("account_id", "=", account.id),
                ("site_id", "=", site.id),
                ("country_code", "=", receiver.country),
                ("zone", "=", zone),
                ("weight", "=", bracket),
            ]
        )
        if ask and not kept._is_fresh() and kept._may_ask():
            kept = kept or self._make(
                account,
                site_id=site.id or None,
                country_code=receiver.country,
                zone=zone,
                weight=bracket,
            )
            parcels = (Parcel("1", bracket),)
            shipment = self._prepare_shipment(sender, receiver, parcels)
            kept.shipment = SHIPMENT.dump_python(shipment, mode="json")
            kept._ask_later()
        return kept._read_rates() if kept._is_known() else None

    @api.model
    def _prepare_shipment(self, sender, receiver, parcels):
        return Shipment("rate", sender, receiver, parcels, "", fields.Date.context_today(self))

    # === ASKING === #

    def _get_ask_title(self):
        # sudo: the name of an account is no secret
        return self.env._(
            "Rates of %(account)s to %(country)s %(zone)s",
            account=self.sudo().account_id.name,
            country=self.country_code,
            zone=self.zone or "",
        )

    def _get_ask_arguments(self):
        return {**super()._get_ask_arguments(), "shipment": self.shipment}

    def _prepare_answer(self, answer):
        return {"rates": RATES.dump_python(answer, mode="json")}


class OmsCarrierRates(models.AbstractModel):
    """Asking a carrier what its services cost."""

    _name = "oms.carrier.rates"
    _description = "Ask for Rates"
    _inherit = "oms.carrier.asking"
    _kept = "oms.carrier.rate"

    def _get_title(self):
        return self.env._("Ask for rates")

    def _prepare_call(self, task):
        account = self._get_account(task)
        adapter, asked = account._get_adapter(), account._prepare_account()
        shipment = SHIPMENT.validate_python(task.arguments["shipment"])

        def call():
            outcome = self._ask(adapter.rates, asked, shipment)
            if isinstance(outcome, Ok):
                return Ok({"answer": RATES.dump_python(outcome.value, mode="json")})
            return Ok({"error": outcome.text})

        return call

    def _read_answer(self, data):
        return RATES.validate_python(data, strict=False)


def get_bracket(weight):
    """Return up to which kilograms a parcel costs the same.

    :param float weight: kilograms
    """
    for bracket in BRACKETS:
        if weight <= bracket + 1e-9:
            return bracket
    return -(-weight // 10.0) * 10.0
