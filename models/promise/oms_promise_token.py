import binascii
import hashlib
import secrets
from datetime import UTC, date, datetime
from typing import NamedTuple

from odoo import api, models
from odoo.tools.misc import hash_sign, verify_hash_signed

SCOPE = "oms.promise"
VERSION = 2


class Promised(NamedTuple):
    """What a token says.

    :param int channel_id: on which it was promised
    :param str service: see ``promise_case.SERVICE_SELECTION``
    :param carrier_id: ``delivery.carrier`` id or None
    :param site_id: where the customer comes, or who alone gives; None where that is open
    :param tuple basket: (product id, quantity) pairs, sorted
    :param tuple plan: (product id, site id, quantity) of what is there
    :param tuple parts: (site id, earliest, promised, confidence, basis) of each part, dated or not
    :param str country: code of the country where goods go
    :param str zip: postcode, without blanks and in upper case
    :param earliest: first day on which all can be there, or None
    :param promised: day by which all is there, or None
    :param datetime valid_until: UTC, naive
    :param str key: by which what is held for it is found
    """

    channel_id: int
    service: str
    carrier_id: int | None
    site_id: int | None
    basket: tuple
    plan: tuple
    parts: tuple
    country: str
    zip: str
    earliest: date | None
    promised: date | None
    valid_until: datetime
    key: str = ""


def get_zip_key(zip_code):
    """Return a postcode as it is compared: people write it with and without blanks."""
    return "".join((zip_code or "").upper().split())


class OmsPromiseToken(models.AbstractModel):
    """Promises as signed texts, so that making one writes nothing."""

    _name = "oms.promise.token"
    _description = "Promise Tokens"

    @api.model
    def _write(self, ask, way):
        """Put a way into a token.

        :param Ask ask: what was wanted
        :param Way way: with its dates
        :rtype: str
        """
        items = ask.items
        partner = ask.partner
        return hash_sign(
            self.env(su=True),
            SCOPE,
            [
                VERSION,
                ask.channel.id,
                way.service,
                way.carrier.id or None,
                way.site.id or None,
                self._sum_up(ask.items),
                [
                    [items[index].product.id, part.site.id, quantity]
                    for part in way.sources
                    if not part.ready
                    for index, quantity in part.quantities.items()
                ],
                [
                    [
                        part.site.id,
                        part.dates.earliest.isoformat(),
                        part.dates.promised.isoformat(),
                        part.dates.confidence,
                        part.dates.basis,
                    ]
                    for part in way.parts
                    if part.dates
                ],
                partner.country_id.code or "",
                get_zip_key(partner.zip),
                way.earliest and way.earliest.isoformat(),
                way.promised and way.promised.isoformat(),
                int(way.valid_until.replace(tzinfo=UTC).timestamp()),
                # Customers who want the same at the same moment do not share what is held.
                secrets.token_hex(8),
            ],
        )

    @api.model
    def _sum_up(self, items):
        """Return how much of each product a basket has: an order may have it on other lines."""
        units = {}
        for item in items:
            units[item.product.id] = units.get(item.product.id, 0.0) + item.quantity
        return sorted([product_id, float(quantity)] for product_id, quantity in units.items())

    @api.model
    def _get_reference(self, promised):
        """Return by which name goods are held for a promise.

        :param Promised promised: what the token says
        :rtype: str
        """
        return f"promise:{promised.key}"

    @api.model
    def _find_used(self, keys):
        """Return the keys of promises that orders were placed with already.

        :rtype: set[str]
        """
        # sudo: a promise counts once, whoever may see the order that has it
        orders = self.env["sale.order"].sudo().search([("oms_promise_key", "in", list(keys))])
        return set(orders.mapped("oms_promise_key"))

    @api.model
    def _prepare_order_vals(self, promised):
        """Return what an order keeps of what was promised of it.

        :param Promised promised: what the token says
        :rtype: dict
        """
        return {
            "oms_promise_key": promised.key,
            "oms_promised_plan": [list(row) for row in promised.plan],
            "oms_promised_parts": [
                [site_id, earliest.isoformat(), latest.isoformat(), confidence, basis]
                for site_id, earliest, latest, confidence, basis in promised.parts
            ],
        }

    @api.model
    def _read(self, token):
        """Return what a token says, whether it is still good or not.

        :rtype: Promised | None
        """
        try:
            found = verify_hash_signed(self.env(su=True), SCOPE, token)
        except (ValueError, binascii.Error):
            return None
        if not isinstance(found, list) or found[:1] != [VERSION]:
            return None
        (
            channel_id, service, carrier_id, site_id, basket, plan, parts, country, zip_key,
            earliest, promised, until, _nonce,
        ) = found[1:]  # fmt: skip
        return Promised(
            channel_id,
            service,
            carrier_id,
            site_id,
            tuple(map(tuple, basket)),
            tuple(map(tuple, plan)),
            tuple(
                (site, date.fromisoformat(first), date.fromisoformat(last), *more)
                for site, first, last, *more in parts
            ),
            country,
            zip_key,
            earliest and date.fromisoformat(earliest),
            promised and date.fromisoformat(promised),
            datetime.fromtimestamp(until, UTC).replace(tzinfo=None),
            hashlib.sha256(token.encode()).hexdigest()[:40],
        )
