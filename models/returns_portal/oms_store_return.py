import re
from typing import NamedTuple

from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import escape_psql, format_date, formatLang

from .return_form import MOST_NOTE, Wish, WishLine

#: Orders that one search tells.
MOST_FOUND = 20
#: Letters of a customer's name that have to be known: nobody looks through all customers.
LEAST_LETTERS = 3
_UUID = re.compile(r"[0-9a-f-]{16,40}")


class ReturnCounter(NamedTuple):
    """Where a seller takes goods back: ``oms.site``, and the environment in its company."""

    site: models.BaseModel
    env: api.Environment


class OmsStoreReturn(models.AbstractModel):
    """Returns that sellers take down for customers who stand before them, of any channel's orders.

    Plain data in, plain data out.
    """

    _name = "oms.store.return"
    _description = "Return of a Customer"

    # === WHERE === #

    @api.model
    def _search_counters(self):
        """Return the sites at which the user takes goods back.

        :raises AccessError: the user works at no site
        """
        if not self.env.user.has_group("stock.group_stock_user"):
            raise AccessError(self.env._("Only people who work at a site take goods back."))
        return self.env["oms.site"].search(
            [("takes_returns", "=", True), ("warehouse_id", "!=", False)]
        )

    @api.model
    def _enter(self, site_id):
        """Return where the user takes goods back.

        :param int site_id: ``oms.site``
        :rtype: ReturnCounter
        :raises AccessError: the user does not work there
        :raises UserError: nothing is taken back there
        """
        if not self.env.user.has_group("stock.group_stock_user"):
            raise AccessError(self.env._("Only people who work at a site take goods back."))
        site = self.env["oms.site"].browse(site_id if type(site_id) is int else 0).exists()
        if not site:
            raise UserError(self.env._("The site is not there any more."))
        site.check_access("read")
        if not site.takes_returns or not site.warehouse_id:
            raise UserError(self.env._("%s takes no returns: choose another site.", site.name))
        # sudo: who works in a store has no rights on orders; what is told of them is chosen here
        plain = self.env(context={"lang": self.env.user.lang}, su=True)
        entered = site.with_env(plain).with_company(site.company_id)
        return ReturnCounter(entered, entered.env)

    @api.model
    def get_counters(self):
        """Return the sites at which the user takes goods back.

        :return: ``id`` and ``name`` of each, those in which the user is named first
        :rtype: list[dict]
        :raises AccessError: the user works at no site
        """
        sites = self._search_counters()
        # sudo: whether the user is named; users cannot be read by everybody
        mine = sites.filtered(lambda site: self.env.user in site.sudo().user_ids)
        return [{"id": site.id, "name": site.name} for site in mine + (sites - mine)]

    # === WHICH ORDER === #

    @api.model
    def find_orders(self, site_id, text):
        """Find orders by number, serial number, or customer.

        :param int site_id: ``oms.site``
        :param str text: what was scanned or typed
        :return: ``id``, ``name``, ``reference``, ``customer``, ``date``, ``total`` and ``goods`` of
            each, the last first
        :rtype: list[dict]
        """
        counter, text = self._enter(site_id), (text or "").strip()[:128]
        # Signs that stand for any letter are none of a name.
        if sum(sign.isalnum() for sign in text) < LEAST_LETTERS or not text.isprintable():
            return []
        of_company = Domain("company_id", "=", counter.site.company_id.id)
        of_company &= Domain("state", "=", "sale")
        orders = counter.env["sale.order"]
        for domain in (self._get_number_domain(text), self._get_customer_domain(counter, text)):
            found = orders.search(of_company & domain, order="id desc", limit=MOST_FOUND)
            if found:
                return [self._tell_order(order) for order in found]
        return []

    @api.model
    def _get_number_domain(self, text):
        ways = list({text, text.upper()})
        serial = [("order_line.move_ids.move_line_ids.lot_id.name", "=", text)]
        return Domain.OR(
            [Domain("name", "in", ways), Domain("oms_external_ref", "in", ways), Domain(serial)]
        )

    @api.model
    def _get_customer_domain(self, counter, text):
        pattern = escape_psql(text)
        known = Domain.OR(
            [
                Domain("name", "ilike", pattern),
                Domain("email_normalized", "=", text.lower()),
                Domain("phone", "ilike", pattern),
            ]
        )
        # Colleagues are no customers.
        known &= Domain("partner_share", "=", True)
        partners = counter.env["res.partner"].search(known, limit=100)
        return Domain("partner_id", "in", partners.ids) | Domain(
            "partner_shipping_id", "in", partners.ids
        )

    @api.model
    def _tell_order(self, order):
        goods = order.order_line.filtered(lambda line: line.product_id.type == "consu")
        return {
            "id": order.id,
            "name": order.name,
            "reference": order.oms_external_ref or "",
            "customer": order._oms_get_return_partner().name or "",
            "date": format_date(order.env, order.date_order),
            "total": formatLang(order.env, order.amount_total, currency_obj=order.currency_id),
            "goods": ", ".join(goods[:3].mapped("product_id.name")),
        }

    @api.model
    def _find_order(self, counter, order_id):
        """Return an order from which a customer brings something back.

        :raises UserError: it is not there, or of another company
        """
        order = counter.env["sale.order"].browse(order_id if type(order_id) is int else 0).exists()
        if not order or order.company_id != counter.site.company_id:
            raise UserError(self.env._("The order is not there any more."))
        return order

    @api.model
    def get_order(self, site_id, order_id):
        """Return what of an order can come back, and what there is to choose from.

        :param int site_id: ``oms.site``
        :param int order_id: ``sale.order``
        :return: ``order``, ``lines`` (``id``, ``name``, ``available``,
            ``available_text``, ``rounding``, ``price``, ``until``, ``image``), ``kept`` (``name``
            and ``reason``), ``reasons``, ``outcomes`` and ``ways`` (pairs of key and words)
        :rtype: dict
        :raises UserError: the order is not there
        """
        counter = self._enter(site_id)
        order = self._find_order(counter, order_id)
        form = order._oms_get_return_form()
        reasons = counter.env["oms.return.reason"].search([("active", "=", True)])
        return {
            "order": self._tell_order(order),
            "lines": [
                {
                    "id": line.id,
                    "name": line.name,
                    "available": line.quantity,
                    "available_text": line.available,
                    "rounding": line.step,
                    "price": line.price,
                    "until": (line.until and format_date(counter.env, line.until)) or "",
                    "image": line.image,
                }
                for line in form.lines
            ],
            "kept": [{"name": line.name, "reason": line.reason} for line in form.kept],
            "reasons": [
                {"id": each.id, "name": each.name, "needs_note": each.needs_note}
                for each in reasons
            ],
            "outcomes": self._get_outcomes(counter),
            "ways": [
                ["dropoff", self.env._("The goods are here, or are brought here")],
                ["label", self.env._("The customer sends them, with a label")],
            ],
        }

    @api.model
    def _get_outcomes(self, counter):
        outcomes = dict(
            counter.env["oms.return"]._fields["outcome"]._description_selection(self.env)
        )
        if not counter.env["oms.return"]._knows_store_credit(counter.site.company_id):
            outcomes.pop("credit", None)
        return [list(each) for each in outcomes.items()]

    # === ASKING === #

    @api.model
    def request(self, site_id, uuid, order_id, wish):
        """Take a return down, once: what is sent again under the same id is the same return.

        :param int site_id: ``oms.site``
        :param str uuid: made by the screen for this return
        :param int order_id: ``sale.order``
        :param dict wish: ``lines`` (``id``, ``quantity``, ``reason``, ``note`` each), ``outcome``,
            ``way``, ``note``
        :return: ``id``, ``name``, ``state``, ``status`` (in words), ``way`` and ``site`` of the
            return
        :rtype: dict
        :raises UserError: something of it cannot be returned
        """
        counter = self._enter(site_id)
        order = self._find_order(counter, order_id)
        if not isinstance(uuid, str) or not _UUID.fullmatch(uuid):
            raise UserError(self.env._("The return needs an id of its own."))
        read = self._read_wish(counter, uuid, wish)
        made = order._oms_request_return(read, "store")
        return {
            "id": made.id,
            "name": made.name,
            "state": made.state,
            "status": made._label("state", made.state),
            "way": made.way,
            "site": made.site_id.name or "",
        }

    @api.model
    def _read_wish(self, counter, uuid, wish):
        """Return what a seller sent, checked for its shape.

        :rtype: return_form.Wish
        :raises UserError: it has another one
        """
        try:
            lines = tuple(
                WishLine(
                    int(line["id"]),
                    float(line["quantity"]),
                    int(line["reason"]) if line.get("reason") else None,
                    str(line.get("note") or "").strip()[:MOST_NOTE],
                )
                for line in wish["lines"]
            )
            way = str(wish.get("way") or "dropoff")
            return Wish(
                lines,
                str(wish.get("outcome") or "refund"),
                way,
                counter.site.id if way == "dropoff" else None,
                str(wish.get("note") or "").strip()[:MOST_NOTE],
                uuid,
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise UserError(self.env._("The return cannot be read.")) from None
