import re

from odoo import api, models
from odoo.fields import Domain

from .oms_return import COMING_STATES

#: Texts shorter than this are no search for a customer.
LEAST_TEXT = 3
#: Returns that are shown for one text at most.
MOST_RETURNS = 20
#: Where a customer's return is shown, as codes in mails and on screens tell it.
RETURN_PAGE = re.compile(
    r"/oms/returns/open#(?P<key>[\w.-]+)"
    r"|/my/returns/(?P<id>\d+)\b.*?access_token=(?P<token>[\w-]+)",
    re.DOTALL,
)


class OmsSiteWork(models.AbstractModel):
    """Whose goods are these? By what is on them, and by what somebody says of them."""

    _inherit = "oms.site.work"

    @api.model
    def find_return(self, site_id, text):
        """Return what somebody may mean who scans or types something about goods that came back.

        A return label, a code of the customer's page, numbers of returns, orders and transfers,
        serial numbers, products, names of customers; of the last two several words at once.
        Announced returns are found whichever site they were announced for.

        :param int site_id: ``oms.site`` at which the goods are
        :param str text: what was scanned or typed
        :return: ``returns`` (cards), ``orders`` (candidates, the likeliest first), ``is_exact``
            where the text stands for one return and nothing else, ``goods`` and ``goods_code``
            where it is on the goods themselves, and ``message`` where nothing is found
        :rtype: dict
        :raise AccessError: the user does not work there
        """
        site = self._get_return_site(site_id)
        text = (text if isinstance(text, str) else "").strip()[:200]
        answer = {
            "returns": [],
            "orders": [],
            "is_exact": False,
            "goods": None,
            "goods_code": "",
            "message": "",
        }
        if not text:
            return answer
        named = self._find_named_returns(site, text)
        if named:
            cards = self._prepare_return_cards(named, site)
            return answer | {"returns": cards, "is_exact": len(named) == 1}
        goods = self._read_goods(site, text)
        if goods:
            return answer | self._find_by_goods(site, goods, text)
        return answer | self._find_by_words(site, text)

    # === ANNOUNCED === #

    @api.model
    def _get_coming_domain(self, site):
        """Return which returns may come to a site, also of those announced for another."""
        return Domain("company_id", "=", site.company_id.id) & Domain("state", "in", COMING_STATES)

    @api.model
    def _find_named_returns(self, site, text):
        """Return the returns that a code names by itself."""
        page = RETURN_PAGE.search(text)
        if page:
            key = page["key"] or f"{page['id']}.{page['token']}"
            named = Domain("id", "in", self.env["oms.return"]._find_by_customer_key(key).ids)
        else:
            named = Domain.OR(
                [
                    Domain("name", "=ilike", text),
                    Domain("tracking", "=ilike", text),
                    Domain("access_token", "=", text),
                    Domain("picking_ids.name", "=ilike", text),
                    Domain("picking_ids.carrier_tracking_ref", "=ilike", text),
                ]
            )
        # sudo: goods come to other sites than was announced; whoever has the label has the goods
        return (
            self.env["oms.return"]
            .sudo()
            .search(self._get_coming_domain(site) & named, limit=MOST_RETURNS)
        )

    @api.model
    def _find_by_goods(self, site, goods, text):
        """Return announced returns and orders of goods that somebody has in hand."""
        domain = self._get_coming_domain(site)
        if goods.lot:
            orders = self._find_orders_of_lot(site, goods.lot)
            domain &= Domain("order_id", "in", orders.ids)
        else:
            domain &= Domain("site_id", "=", site.id)
        domain &= Domain("line_ids.product_id", "=", goods.product.id)
        # sudo: as above; what was announced for here, or has this serial number
        returns = self.env["oms.return"].sudo().search(domain, limit=MOST_RETURNS)
        wanted = {(goods.product, goods.lot): goods.quantity or 1.0}
        candidates = self._find_candidates(site, wanted)
        candidates = [each for each in candidates if each.order not in returns.order_id]
        message = ""
        if not returns and not candidates:
            message = self.env._(
                "No customer of %(company)s has %(goods)s.",
                company=site.company_id.name,
                goods=self._name_goods(goods),
            )
        return {
            "returns": self._prepare_return_cards(returns, site),
            "orders": self._prepare_candidates(candidates),
            "goods": self._name_goods(goods),
            "goods_code": text,
            # One piece is of one order only.
            "is_exact": bool(goods.lot) and len(returns) == 1 and not candidates,
            "message": message,
        }

    @api.model
    def _name_goods(self, goods):
        name = goods.product.display_name
        return f"{name} {goods.lot.name}" if goods.lot else name

    @api.model
    def _find_by_words(self, site, text):
        """Return announced returns and orders of a customer, a product, an order number."""
        if len(text) < LEAST_TEXT:
            message = self.env._("Type at least %s letters or digits.", LEAST_TEXT)
            return {"message": message}
        words = text.split()
        domain = self._get_coming_domain(site)
        domain &= Domain.AND([self._get_return_text_domain(word) for word in words])
        returns = self.env["oms.return"].search(domain, limit=MOST_RETURNS)
        candidates = self._find_candidates(site, {}, text)
        candidates = [each for each in candidates if each.order not in returns.order_id]
        message = ""
        if not returns and not candidates:
            message = self.env._("“%s” belongs to no return and no delivered order.", text)
        return {
            "returns": self._prepare_return_cards(returns, site),
            "orders": self._prepare_candidates(candidates),
            "message": message,
        }

    # === TO ORDERS === #

    @api.model
    def find_orders(self, site_id, return_id, text=""):
        """Return from which orders the goods of a return may be that nobody announced.

        :param int site_id: ``oms.site`` at which the goods are
        :param int return_id: ``oms.return`` without order
        :param str text: what else is known, as the customer's name
        :return: ``orders`` (candidates, the likeliest first) and ``message``
        :rtype: dict
        :raise AccessError: the user does not work there
        """
        site = self._get_return_site(site_id)
        record = self._get_return(site, return_id)
        # sudo: of a return that may be seen at the site
        wanted = record.sudo()._get_goods_in_hand()
        text = (text if isinstance(text, str) else "").strip()[:200]
        candidates = self._find_candidates(site, wanted, text)
        message = ""
        if not candidates:
            message = self.env._(
                "No delivered order fits. Look by the customer's name or the order number."
            )
        return {"orders": self._prepare_candidates(candidates), "message": message}

    @api.model
    def _find_orders_of_lot(self, site, lot):
        """Return the orders with which a lot or serial number was delivered."""
        # sudo: where a piece went is known to whoever has it in hand
        lines = (
            self.env["stock.move.line"]
            .sudo()
            .search(
                [
                    ("lot_id", "=", lot.id),
                    ("state", "=", "done"),
                    ("location_dest_id.usage", "=", "customer"),
                    ("company_id", "=", site.company_id.id),
                    ("move_id.sale_line_id", "!=", False),
                ]
            )
        )
        return lines.move_id.sale_line_id.order_id
