from collections import defaultdict
from typing import Annotated

from pydantic import Field

from odoo import api, fields, models

from ..inventory.oms_claim_hold import HOLD_ORIGINS, MOST_MINUTES
from .contract import Code, HoldLine, Holds, Id, Released, Token
from .endpoint import endpoint
from .error import ApiError

#: Goods that one call may hold.
MOST_LINES = 200

Minutes = Annotated[float, Field(strict=True, gt=0, le=MOST_MINUTES, allow_inf_nan=False)]
Lines = Annotated[list[HoldLine], Field(min_length=1, max_length=MOST_LINES)]
HoldIds = Annotated[list[Id], Field(min_length=1, max_length=5 * MOST_LINES)]


class OmsApi(models.AbstractModel):
    _inherit = "oms.api"

    @endpoint(one_of=("lines", "promise"))
    def hold(
        self,
        channel,
        lines: Lines | None = None,
        minutes: Minutes = 30.0,
        reference: Code | None = None,
        promise: Token | None = None,
    ) -> Holds:
        """Hold goods for a cart, all of them or none, so that nobody else can buy them.

        :param lines: product (internal reference or barcode), site (code) and quantity in the
            product's unit; left out with a promise
        :param minutes: for how long from now, up to two weeks
        :param reference: the channel's name for the cart
        :param promise: token of an option: what it takes is held where it comes from. An order
            with the promise is given it; one with a ``reference`` of its own to an order that
            names the holds
        :return: the holds, to be extended, released or given with the order
        :raises ApiError: ``shortage`` if not enough is available, ``not_found``, ``not_sellable``
            or ``busy``; nothing is held then
        """
        if (lines is None) == (promise is None):
            raise ApiError(
                "invalid", self.env._("Say either which goods are held or for which promise.")
            )
        origin = "cart"
        if promise:
            promised = self._find_promised(channel, promise)
            requests = self._prepare_promised_requests(promised)
            reference = reference or self.env["oms.promise.token"]._get_reference(promised)
            if promised.service == "reserve":
                origin = "reservation"
        else:
            requests = self._prepare_requests(channel, lines)
        ids = self.env["oms.claim"]._hold(requests, origin, minutes, reference, channel)
        return self._tell_holds(channel, ids)

    @endpoint
    def extend(self, channel, holds: HoldIds, minutes: Minutes) -> Holds:
        """Hold goods longer, counted from now, all of the holds or none.

        :param holds: ids of holds
        :param minutes: for how long from now, up to two weeks
        :return: the holds with their new end
        :raises ApiError: ``ended`` if one has ended, ``not_found`` if one is not the channel's
        """
        self._find_holds(channel, holds)._extend(minutes)
        return self._tell_holds(channel, holds)

    @endpoint
    def release(self, channel, holds: HoldIds) -> Released:
        """Give held goods back. What has ended or become an order is left as it is.

        :param holds: ids of holds
        :return: ids of the holds that were released by this call
        :raises ApiError: ``not_found`` if one is not the channel's
        """
        claims = self._find_holds(channel, holds)
        active = claims.filtered(lambda claim: claim.state == "active")
        active._give_back()
        return {"released": sorted(active.ids)}

    @api.model
    def _prepare_requests(self, channel, lines):
        """Return what is asked of the gate.

        :return: (product id, site id, quantity), one for each product and site
        :rtype: list
        :raises ApiError: a product or site cannot be held for the channel
        """
        if refusal := self._refuse_quantities(lines, ""):
            raise ApiError(refusal["code"], refusal["message"], refusal["field"])
        products = self._find_products({line.product for line in lines})
        sites = {site.code: site for site in channel.site_ids}
        asked = defaultdict(float)
        for index, line in enumerate(lines):
            product, site = products.get(line.product), sites.get(line.site)
            if not product or not product.sale_ok:
                refusal = self._refuse_product(line.product, products)
                raise ApiError(refusal["code"], refusal["message"], f"lines.{index}.product")
            if not site:
                message = self.env._("The channel has no site “%s”.", line.site)
                raise ApiError("not_found", message, f"lines.{index}.site")
            asked[product.id, site.id] += line.quantity
        return [(*key, quantity) for key, quantity in asked.items()]

    @api.model
    def _find_promised(self, channel, token):
        """Return what a token says.

        :rtype: Promised
        :raises ApiError: it is none, of another channel, has ended, or was used
        """
        promised = self.env["oms.promise.token"]._read(token)
        if not promised or promised.channel_id != channel.id:
            message = self.env._("The promise was not made to this channel.")
            raise ApiError("promise_other", message, "promise")
        if promised.valid_until < fields.Datetime.now():
            message = self.env._(
                "The promise was good until %s UTC: ask for a new one.", promised.valid_until
            )
            raise ApiError("promise_ended", message, "promise")
        if self.env["oms.promise.token"]._find_used({promised.key}):
            message = self.env._("An order was placed with the promise already.")
            raise ApiError("promise_used", message, "promise")
        return promised

    @api.model
    def _prepare_promised_requests(self, promised):
        """Return what a promise asks of the gate; see :meth:`_prepare_requests`.

        :raises ApiError: nothing of it is there yet
        """
        products = self.env["product.product"].browse({row[0] for row in promised.plan})
        kept = set(products.filtered("is_storable").ids)
        asked = defaultdict(float)
        for product_id, site_id, quantity in promised.plan:
            if product_id in kept:
                asked[product_id, site_id] += quantity
        if not asked:
            message = self.env._("Nothing of what was promised is there yet, so nothing is held.")
            raise ApiError("shortage", message, "promise")
        return [(*key, quantity) for key, quantity in asked.items()]

    @api.model
    def _find_holds(self, channel, ids):
        claims = self.env["oms.claim"].search(
            [
                ("id", "in", ids),
                ("channel_id", "=", channel.id),
                ("origin", "in", HOLD_ORIGINS),
            ]
        )
        if unknown := set(ids) - set(claims.ids):
            index = next(index for index, each in enumerate(ids) if each in unknown)
            raise ApiError(
                "not_found",
                self.env._("The channel has no hold %s that could still end.", ids[index]),
                f"holds.{index}",
            )
        return claims

    @api.model
    def _tell_holds(self, channel, ids):
        """Return holds as they stand now, which this transaction may not see."""
        holds = self.env["oms.claim"]._read_holds(ids)
        return {
            "holds": [
                {key: hold[key] for key in ("id", "product", "site", "quantity")} for hold in holds
            ],
            "expires_at": min((hold["expires_at"] for hold in holds), default=None),
        }
