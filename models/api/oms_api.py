import time
from typing import Annotated

from pydantic import Field

from odoo import api, fields, models

from .contract import Availabilities, Code, Moment, Pong
from .endpoint import ENDPOINTS, endpoint, read_arguments
from .error import ApiError, get_shape

#: Version of the contract; a channel built for it goes on working as long as it stays.
API_VERSION = "1.0"
#: Products that one call may ask for.
MOST_PRODUCTS = 500

Products = Annotated[list[Code], Field(min_length=1, max_length=MOST_PRODUCTS)]


class OmsApi(models.AbstractModel):
    """The channel API: all that the system of a web shop, marketplace or store may ask.

    The public methods are reached over ``/oms/api/v1/<method>``, ``/json/2/oms.api/<method>`` and
    ``/jsonrpc``, with the same result. Each takes named arguments and works for one channel, in
    whose *API Users* the caller is named. Other modules extend the methods that start with an
    underscore.
    """

    _name = "oms.api"
    _description = "Channel API"

    # === ENDPOINTS === #

    @endpoint(readonly=True)
    def ping(self, channel) -> Pong:
        """Tell whether the key works, and for which channel.

        :return: the channel, its company and currency, the time of the server
        """
        return Pong(
            channel=channel.code,
            company=channel.company_id.name,
            currency=channel.company_id.currency_id.name,
            time=fields.Datetime.now(),
            version=API_VERSION,
        )

    @endpoint(readonly=True)
    def availability(
        self,
        channel,
        products: Products,
        sites: Annotated[list[Code], Field(min_length=1, max_length=500)] | None = None,
        at: Moment | None = None,
        by_site: bool = False,
    ) -> Availabilities:
        """Tell what the channel can sell of products, now or at a moment to come.

        :param products: internal references or barcodes, up to 500
        :param sites: codes of sites; all sites of the channel when left out
        :param at: moment from now to 30 days ahead; now when left out
        :param by_site: whether to tell the sites one by one
        :return: one entry per product in the order asked, in the product's unit; a product that
            cannot be told has an ``error`` of code ``not_found`` or ``not_sellable``
        """
        found = self._find_products(products)
        asked = {code: product for code, product in found.items() if product.sale_ok}
        answers = self._get_availability(channel, asked, sites, at, by_site)
        return {
            "at": at or fields.Datetime.now(),
            "products": [
                answers.get(code) or {"product": code, "error": self._refuse_product(code, found)}
                for code in products
            ],
        }

    # === WHO CALLS === #

    @api.model
    def _enter(self, described, kwargs):
        """Check a call before it is done.

        :param Endpoint described: what is called
        :param dict kwargs: the arguments as they came
        :return: this model as superuser in the company of the channel, the channel, and the
            arguments
        :rtype: tuple
        :raises ApiError: the user has no such channel, calls too often, or an argument is wrong
        """
        # What callers put into the context is not theirs to say.
        plain = self.env(context={})
        clean = self.with_env(plain(context={"lang": plain.user.lang}))
        code = kwargs.get("channel")
        channel = clean._find_channel(code if isinstance(code, str) else None)
        # What is refused for its arguments counts, too.
        channel._count_call()
        return clean._enter_channel(channel, described, kwargs)

    @api.model
    def _enter_channel(self, channel, described, kwargs):
        """Check the arguments of a call, and let it into its channel.

        :return: as of :meth:`_enter`
        :raises ApiError: an argument is wrong
        """
        asked = read_arguments(self.env, described, kwargs)
        arguments = {
            name: getattr(asked, name) for name in type(asked).model_fields if name != "channel"
        }
        # sudo: who calls has no rights of its own; the facade keeps it to its channel
        entered = self.sudo().with_company(channel.company_id)
        return entered, channel.with_env(entered.env), arguments

    @api.model
    def _call(self, name, channel, **kwargs):
        """Answer what a part of Odoo asks for a channel, as its own system would be answered.

        Whoever calls this has checked that the user may; no API user and no limit counts.

        :param str name: of the endpoint
        :param channel: ``oms.channel``
        :param kwargs: its arguments, as they came
        :return: plain data, as the endpoint answers
        :raises ApiError: an argument is wrong, or the call cannot be done
        """
        started = time.perf_counter()
        described = ENDPOINTS[name]
        return described.run(*self._enter_channel(channel, described, kwargs), started)

    @api.model
    def _find_channel(self, code):
        """Return the channel of a call, as superuser.

        :param code: code of the channel, or None
        :raises ApiError: the user has none, not this one, or must say which
        """
        # sudo: the user's name on the channel is the right to use it
        channels = (
            self.env["oms.channel"]
            .sudo()
            .search_fetch([("user_ids", "in", self.env.uid)], ["code", "company_id", "call_limit"])
        )
        if not channels:
            raise ApiError(
                "forbidden", self.env._("This user is named as an API user in no channel.")
            )
        if code is not None:
            channels = channels.filtered(lambda channel: channel.code == code)
        if not channels:
            raise ApiError(
                "forbidden",
                self.env._("This user has no channel with the code “%s”.", code),
                "channel",
            )
        if len(channels) > 1:
            raise ApiError(
                "invalid",
                self.env._(
                    "This user has several channels: say which, by its code: %s.",
                    ", ".join(channels.mapped("code")),
                ),
                "channel",
            )
        return channels

    # === PRODUCTS, SITES === #

    @api.model
    def _find_products(self, codes):
        """Return products by internal reference or barcode, in one query.

        :param codes: any iterable of texts
        :return: one product by code; what is unknown, archived or ambiguous is not in it
        :rtype: dict
        """
        return self.env["oms.position"]._match_products(list(codes))

    @api.model
    def _refuse_product(self, code, found):
        """Return the error of a product that cannot be told or sold."""
        if code in found:
            return self._refuse(
                "not_sellable", self.env._("Product “%s” is not for sale.", code), "products"
            )
        return self._refuse(
            "not_found",
            self.env._("There is no product “%s”, or there are several.", code),
            "products",
        )

    @api.model
    def _find_sites(self, channel, codes, field="sites"):
        """Return sites of a channel by their codes.

        :rtype: dict
        :raises ApiError: one is not among the channel's sites
        """
        by_code = {site.code: site for site in channel.site_ids}
        for index, code in enumerate(codes):
            if code not in by_code:
                raise ApiError(
                    "not_found",
                    self.env._("The channel has no site “%s”.", code),
                    f"{field}.{index}",
                )
        return {code: by_code[code] for code in codes}

    @api.model
    def _get_availability(self, channel, products, sites=None, at=None, by_site=False):
        """Return what a channel can sell of products.

        :param dict products: ``product.product`` by what it was called
        :return: data of :class:`~.contract.Availability` by what the product was called
        :rtype: dict
        """
        if not products:
            return {}
        if sites is not None:
            self._find_sites(channel, sites)
        answers = self.env["oms.position"]._get_answers(
            products, channel, sites=sites, at=at, detail=by_site
        )
        return {
            answer["product"]: {
                "product": answer["product"],
                "unit": answer["unit"],
                "available": answer["available"],
                "sites": answer.get("sites"),
            }
            for answer in answers
        }

    # === ERRORS === #

    @api.model
    def _refuse(self, code, message, field=None):
        """Return the error of one item of a call.

        :rtype: dict
        """
        return get_shape(self.env, ApiError(code, message, field))._asdict()
