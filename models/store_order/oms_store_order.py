import hashlib
import re
from typing import NamedTuple

from pydantic import ValidationError

from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..api.endpoint import get_problem_text
from ..api.error import ApiError
from ..promise.promise_case import SERVICE_SELECTION
from .given import SellerOrder

#: Ids by which screens name the orders that they make.
_UUID = re.compile(r"[0-9a-f-]{16,40}")
#: Digits of what is made of them, which numbers of orders show.
DIGITS = 12


class Counter(NamedTuple):
    """Where a seller stands.

    :param site: ``oms.site``
    :param channel: ``oms.channel`` on which the site sells, as superuser in its company
    :param api: ``oms.api`` likewise
    """

    site: models.BaseModel
    channel: models.BaseModel
    api: models.BaseModel


class OmsStoreOrder(models.AbstractModel):
    """Orders that sellers take for customers who stand before them, from any site's stock.

    What the screen asks is answered as the channel API answers the system of a shop: with the same
    stock, promises and prices. Plain data in, plain data out.
    """

    _name = "oms.store.order"
    _description = "Order for a Customer"

    # === WHERE === #

    @api.model
    def _enter(self, site_id):
        """Return where the user sells.

        :param int site_id: ``oms.site``
        :rtype: Counter
        :raises AccessError: the user does not work there
        :raises UserError: no orders are taken there
        """
        if not self.env.user.has_group("stock.group_stock_user"):
            raise AccessError(self.env._("Only people who work at a site take orders there."))
        site = self.env["oms.site"].browse(site_id if type(site_id) is int else 0).exists()
        if not site:
            raise UserError(self.env._("The site is not there any more."))
        site.check_access("read")
        # sudo: who sells in a store has no rights on channels and orders; this keeps them to theirs
        plain = self.env(context={"lang": self.env.user.lang}, su=True)
        channel = site.with_env(plain).seller_channel_id
        if not channel.active or not channel.orchestrated:
            raise UserError(
                self.env._(
                    "No orders are taken at %s: an order manager names its sellers' channel in the "
                    "site.",
                    site.name,
                )
            )
        entered = plain["oms.api"].with_company(channel.company_id)
        return Counter(site.with_env(entered.env), channel.with_env(entered.env), entered)

    @api.model
    def get_counters(self):
        """Return the sites at which the user takes orders.

        :return: ``id`` and ``name`` of each, those in which the user is named first
        :rtype: list[dict]
        :raises AccessError: the user works at no site
        """
        if not self.env.user.has_group("stock.group_stock_user"):
            raise AccessError(self.env._("Only people who work at a site take orders there."))
        sites = self.env["oms.site"].search(
            [
                ("seller_channel_id.active", "=", True),
                ("seller_channel_id.orchestrated", "=", True),
            ]
        )
        # sudo: whether the user is named; users cannot be read by everybody
        mine = sites.filtered(lambda site: self.env.user in site.sudo().user_ids)
        return [{"id": site.id, "name": site.name} for site in mine + (sites - mine)]

    @api.model
    def open(self, site_id):
        """Return what the screen needs before anything is sold.

        :param int site_id: ``oms.site``
        :return: ``site``, ``channel``, ``currency``, ``country`` (code), ``countries`` and
            ``services``
        :rtype: dict
        """
        counter = self._enter(site_id)
        currency = counter.channel.company_id.currency_id
        country = counter.site.partner_id.country_id or counter.channel.company_id.country_id
        services = dict(
            self.env["sale.order"]._fields["oms_service"]._description_selection(self.env)
        )
        return {
            "site": {"id": counter.site.id, "name": counter.site.name, "code": counter.site.code},
            "channel": counter.channel.name,
            "currency_id": currency.id,
            "currency": currency.name,
            "country": country.code or "",
            "countries": [
                {"code": each.code, "name": each.name, "zip_required": each.zip_required}
                for each in self.env["res.country"].search([])
            ],
            "services": {key: services.get(key, label) for key, label in SERVICE_SELECTION},
        }

    # === HOW IT CAN BE HAD === #

    @api.model
    def get_ways(self, site_id, lines, ship_to):
        """Return every way to get a basket, as the channel API's ``promise`` does.

        :param int site_id: ``oms.site``
        :param list lines: ``product`` (code) and ``quantity`` of each
        :param dict ship_to: ``country``, ``zip``, ``city`` of the customer
        :return: the answer of ``promise``
        :rtype: dict
        :raises UserError: something of it cannot be read
        """
        counter = self._enter(site_id)
        try:
            return counter.api._call(
                "promise", counter.channel, lines=lines, ship_to=ship_to, stores=8
            )
        except ApiError as error:
            # As one of Odoo's own errors, which its pages show as a no.
            raise UserError(str(error)) from None

    # === ORDERING === #

    @api.model
    def place(self, site_id, uuid, order):
        """Place an order, once: what is sent again under the same id is the same order.

        :param int site_id: ``oms.site``
        :param str uuid: made by the screen for this order
        :param dict order: as of the channel API's ``place_orders``, without ``reference``
        :return: ``status`` (placed, unchanged, parked, refused, conflict), ``order``, ``total``,
            ``message``
        :rtype: dict
        :raises UserError: something of it cannot be read
        """
        counter = self._enter(site_id)
        given = self._read_order(counter, uuid, order)
        outcomes = counter.api.env["oms.incoming.order"]._place(counter.channel, [given])
        outcome = outcomes[given.reference]
        return {
            "status": outcome.status,
            "reference": given.reference,
            "order": outcome.name,
            "total": outcome.total,
            "message": outcome.message or self._tell_status(outcome.status),
        }

    @api.model
    def _read_order(self, counter, uuid, order):
        """Return the order that a seller sent, checked.

        :rtype: SellerOrder
        :raises UserError: something of it is wrong
        """
        if not isinstance(uuid, str) or not _UUID.fullmatch(uuid):
            raise UserError(self.env._("The order needs an id of its own."))
        if not isinstance(order, dict):
            raise UserError(self.env._("The order cannot be read."))
        digest = hashlib.sha256(uuid.encode()).hexdigest()[:DIGITS]
        reference = f"{counter.site.code or counter.site.id}-{digest}"
        try:
            given = SellerOrder.model_validate(
                {
                    **order,
                    # What lies in a customer's cart is nobody else's to sell.
                    "holds": [],
                    "reference": reference.upper()[:64],
                    "seller_id": self.env.uid,
                    "seller_site_id": counter.site.id,
                }
            )
        except ValidationError as error:
            problems = error.errors(include_url=False, include_context=False, include_input=False)
            raise UserError(get_problem_text(self.env, problems, "order")) from None
        if given.shipping or any(
            line.unit_price is not None or line.discount or line.tax_rate is not None
            for line in given.lines
        ):
            raise UserError(
                self.env._("At the counter the prices of Odoo count: leave prices and taxes out.")
            )
        if given.customer_id and not self._search_customers(
            counter, Domain("id", "=", given.customer_id)
        ):
            raise UserError(self.env._("The customer is not there any more: look again."))
        refusal = counter.api._refuse_quantities(given.lines, "")
        if refusal:
            raise UserError(refusal["message"])
        return given

    @api.model
    def _tell_status(self, status):
        return {
            "placed": self.env._("The order is placed."),
            "unchanged": self.env._("The order was placed before; nothing is done twice."),
            "parked": self.env._("The order is kept until somebody has mended what is missing."),
            "conflict": self.env._("The order was placed already, with another content."),
            "refused": self.env._("The order cannot be placed."),
        }[status]
