from odoo import api, models
from odoo.fields import Domain
from odoo.tools import format_date

from ..site_work.answer import to_text
from ..words import write_quantity
from .candidate import Candidate, rank

#: Orders that are looked at, the newest first.
MOST_ORDERS = 60
#: Candidates that are shown.
MOST_CANDIDATES = 10


class OmsSiteWork(models.AbstractModel):
    """From which order goods may be that nobody announced, and why."""

    _inherit = "oms.site.work"

    @api.model
    def _find_candidates(self, site, wanted, text=""):
        """Return delivered orders from which goods may be, the likeliest first.

        :param site: ``oms.site`` at which the goods are
        :param dict wanted: how many, in the product's unit, by (product, lot or empty)
        :param str text: what is known of order, customer or goods; each word has to fit
        :rtype: list[Candidate]
        """
        if not wanted and not text:
            return []
        orders = self._search_delivered(site, wanted, text)
        returnable = orders._oms_get_returnable()
        lots = orders.order_line._oms_get_lots_with_customer()
        candidates = []
        for order in orders:
            signs = self._get_signs(order, wanted, text, lots)
            lines = order.order_line.filtered(lambda line: line in returnable)
            if any(returnable[line]["quantity"] > 0 for line in lines):
                signs.append(("period", self._tell_period(lines, returnable)))
            candidates.append(
                Candidate(
                    order=order,
                    signs=tuple(sign for sign, _text in signs),
                    reasons=tuple(reason for _sign, reason in signs if reason),
                    has_all=self._has_all(order, wanted, lots),
                    delivered=max(
                        order.picking_ids.filtered("date_done").mapped("date_done"), default=None
                    ),
                    lines=tuple(self._prepare_order_lines(lines, returnable, lots)),
                )
            )
        return rank(candidates, MOST_CANDIDATES)

    @api.model
    def _search_delivered(self, site, wanted, text):
        """Return the newest orders of the company that were delivered and may be meant."""
        domain = Domain("company_id", "=", site.company_id.id) & Domain("state", "=", "sale")
        domain &= Domain("order_line.qty_delivered", ">", 0) | Domain("oms_return_ids", "!=", False)
        serials = [lot for product, lot in wanted if lot and product.tracking == "serial"]
        if serials:
            of_lots = [self._find_orders_of_lot(site, lot).ids for lot in serials]
            domain &= Domain("id", "in", sorted({key for ids in of_lots for key in ids}))
        elif wanted:
            products = [product.id for product, _lot in wanted]
            domain &= Domain("order_line.product_id", "in", products)
        for word in text.split():
            domain &= self._get_word_domain(word)
        # sudo: whoever has goods in hand looks for their customer among all orders of the company
        orders = self.env["sale.order"].sudo()
        return orders.search(domain, limit=MOST_ORDERS, order="date_order desc, id desc")

    @api.model
    def _get_word_domain(self, word):
        """Return which orders a word may be about: number, customer or goods."""
        of_customer = [
            Domain(f"{partner}.{field}", operator, word)
            for partner in ("partner_id", "partner_shipping_id")
            for field, operator in (
                ("name", "ilike"),
                ("email", "=ilike"),
                ("phone", "ilike"),
                ("zip", "=ilike"),
            )
        ]
        of_goods = [
            Domain(f"order_line.product_id.{field}", operator, word)
            for field, operator in (("name", "ilike"), ("default_code", "=ilike"), ("barcode", "="))
        ]
        of_order = [Domain("name", "ilike", word), Domain("client_order_ref", "=ilike", word)]
        return Domain.OR([*of_order, *of_customer, *of_goods])

    # === WHY === #

    @api.model
    def _get_signs(self, order, wanted, text, lots):
        """Return what speaks for an order.

        :return: (key of a weight, sentence)
        :rtype: list[tuple]
        """
        signs = []
        if text and text.lower() in (order.name.lower(), (order.client_order_ref or "").lower()):
            signs.append(("order", self.env._("The number of the order fits.")))
        customer = " ".join(
            filter(
                None,
                (
                    value
                    for partner in order.partner_id | order.partner_shipping_id
                    for value in (partner.name, partner.email, partner.phone, partner.zip)
                ),
            )
        ).lower()
        words = [word.lower() for word in text.split()]
        if any(word in customer for word in words):
            signs.append(
                ("customer", self.env._("The customer fits: %s.", order.partner_id.display_name))
            )
        return signs + self._get_goods_signs(order, wanted, words, lots)

    @api.model
    def _get_goods_signs(self, order, wanted, words, lots):
        signs = []
        for (product, lot), quantity in wanted.items():
            lines = order.order_line.filtered(lambda line, of=product: line.product_id == of)
            if not lines:
                continue
            delivered = lot and lot in lines.move_ids.move_line_ids.lot_id
            if delivered:
                key = "serial" if product.tracking == "serial" else "lot"
                sentence = self.env._("%s was delivered with this order.", lot.name)
                signs.append((key, sentence))
            has = self._get_with_customer(lines, lot, lots)
            signs.append(("goods", self._tell_goods(product, has, quantity)))
        for line in () if wanted else order.order_line:
            product = line.product_id
            codes = f"{product.name or ''} {product.default_code or ''} {product.barcode or ''}"
            if product and any(word in codes.lower() for word in words):
                has = self._get_with_customer(line, None, lots)
                signs.append(("goods", self._tell_goods(product, has, 1.0)))
        return signs

    @api.model
    def _tell_goods(self, product, has, wanted):
        values = {
            "product": product.display_name,
            "has": write_quantity(self.env, has, product.uom_id),
        }
        if product.uom_id.compare(has, 0.0) <= 0:
            return self.env._("%(product)s: all of it came back already.", **values)
        if product.uom_id.compare(has, wanted) < 0:
            return self.env._("%(product)s: the customer has only %(has)s of this order.", **values)
        return self.env._("%(product)s: the customer has %(has)s of this order.", **values)

    @api.model
    def _tell_period(self, lines, returnable):
        """Say until when something of the lines can be returned."""
        ends = [returnable[line]["until"] for line in lines if returnable[line]["quantity"] > 0]
        if not all(ends):
            return self.env._("It can be returned.")
        return self.env._("It can be returned until %s.", format_date(self.env, max(ends)))

    @api.model
    def _get_with_customer(self, lines, lot, lots):
        """Return how many of lines the customer has, in the product's unit."""
        if lot:
            return sum(lots[line].get(lot, 0.0) for line in lines)
        return sum(line._oms_get_quantity_with_customer() for line in lines)

    @api.model
    def _has_all(self, order, wanted, lots):
        """Tell whether the customer has all that somebody has in hand, by this order."""
        for (product, lot), quantity in wanted.items():
            lines = order.order_line.filtered(lambda line, of=product: line.product_id == of)
            has = self._get_with_customer(lines, lot, lots)
            if product.uom_id.compare(has, quantity) < 0:
                return False
        return True

    # === FOR THE SCREEN === #

    @api.model
    def _prepare_candidates(self, candidates):
        """Return what the screen shows of candidates, and needs to go on without a connection."""
        products = self.env["product.product"].sudo()
        for candidate in candidates:
            products |= candidate.order.order_line.product_id
        checks = self._prepare_checks(products)
        grades = self._prepare_grades()
        return [
            {
                "order_id": candidate.order.id,
                "order": candidate.order.name,
                "customer": candidate.order.partner_id.name or "",
                "ordered": to_text(candidate.order.date_order),
                "delivered": to_text(candidate.delivered),
                "is_certain": candidate.is_certain,
                "reasons": list(candidate.reasons),
                "lines": list(candidate.lines),
                "grades": grades,
                "checks": checks,
            }
            for candidate in candidates
        ]
