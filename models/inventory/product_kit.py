from collections import defaultdict
from typing import NamedTuple

from odoo import api, models
from odoo.fields import Domain

from ...engine.kit import Kit, Line, take_apart


class Node(NamedTuple):
    """A product where a bill of materials needs it.

    ``type_id`` is the operation type of the outermost kit, which chooses among the bills of kits
    within it: ``False`` if it has none, None for the outermost kit itself.
    """

    company_id: int
    type_id: int | bool | None
    product_id: int


class ProductProduct(models.Model):
    """Kits: products that are put together of their parts when they ship.

    Odoo knows them as phantom bills of materials when Manufacturing is installed. This is the only
    place that asks whether it is.
    """

    _inherit = "product.product"

    @api.model
    def _oms_knows_kits(self):
        """Tell whether there can be kits at all.

        :rtype: bool
        """
        return "mrp.bom" in self.env

    def _oms_is_kit(self, company):
        """Tell whether a company sells the product as a kit.

        :param company: ``res.company``
        :rtype: bool
        """
        self.ensure_one()
        return "is_kits" in self._fields and self.with_company(company).is_kits

    def _oms_get_kits(self, companies):
        """Return which of the products companies sell as kits, and of which parts these are.

        Bills are chosen as Odoo chooses them for an order of the company: active ones of the
        company or of all, by sequence, those of a variant before those of its template. Lines that
        the variant skips do not count, nor do optional ones (of quantity zero) and parts of which
        Odoo keeps no stock. The number of queries depends on how deep kits contain kits, not on
        how many there are.

        :param companies: ``res.company`` recordset
        :return: by (company id, product id); absent is what is no kit. Parts are product ids; a
            kit without any can be promised without limit
        :rtype: dict[tuple[int, int], Kit]
        """
        if not self.ids or not self._oms_knows_kits():
            return {}
        bills = self._oms_get_bills(companies)
        if not bills:
            return {}
        step = 10.0 ** -self.env["decimal.precision"].precision_get("Product Unit")
        tracked = self._oms_get_tracked(bills)
        kits = {}
        for node, kit in take_apart(bills, step).items():
            if node.type_id is None:
                lines = tuple(
                    Line(line.part.product_id, line.quantity, line.ratio)
                    for line in kit.lines
                    if line.part.product_id in tracked
                )
                kits[node.company_id, node.product_id] = Kit(lines, step, kit.endless)
        return kits

    def _oms_get_bills(self, companies):
        """Return the lines of the bills of the products, and of kits within them.

        :rtype: dict[Node, list[Line]]
        """
        bills, seen = {}, set()
        nodes = {Node(company.id, None, each) for company in companies for each in self.ids}
        while nodes:
            seen |= nodes
            found = self._oms_find_bills(nodes)
            # sudo: who may see a kit may know what it is made of
            products = self.sudo().browse({node.product_id for node in found})
            by_id = {product.id: product for product in products}
            for node, bill in found.items():
                bills[node] = self._oms_read_bill(node, by_id[node.product_id], bill)
            nodes = {line.part for node in found for line in bills[node]} - seen
        return bills

    def _oms_find_bills(self, nodes):
        """Return the phantom bills of materials by which products are put together.

        :rtype: dict[Node, models.Model]
        """
        # sudo: who may see a kit may know what it is made of
        products = self.sudo().browse({node.product_id for node in nodes})
        products = products.filtered(lambda product: product.type != "service")
        if not products:
            return {}
        Bill = self.env["mrp.bom"].sudo()
        companies = [False, *{node.company_id for node in nodes}]
        domain = Bill._bom_find_domain(products, bom_type="phantom")
        domain &= Domain("company_id", "in", companies)
        # In Odoo's order of preference.
        ranked = enumerate(Bill.search(domain, order="sequence, product_id, id"))
        by_product = defaultdict(list)
        for rank, bill in ranked:
            by_product[bill.product_id or bill.product_tmpl_id].append((rank, bill))
        by_id = {product.id: product for product in products}
        found = {}
        for node in nodes:
            if product := by_id.get(node.product_id):
                fit = [
                    (rank, bill)
                    for rank, bill in by_product[product] + by_product[product.product_tmpl_id]
                    if bill.company_id.id in (False, node.company_id)
                    and (not node.type_id or bill.picking_type_id.id in (False, node.type_id))
                ]
                if fit:
                    _rank, found[node] = min(fit, key=lambda each: each[0])
        return found

    def _oms_read_bill(self, node, product, bill):
        """Return what one unit of a product takes by its bill.

        :rtype: list[Line]
        """
        type_id = bill.picking_type_id.id if node.type_id is None else node.type_id
        made = product.uom_id._compute_quantity(1.0, bill.product_uom_id, round=False)
        lines = []
        for line in bill.bom_line_ids:
            if line.product_qty and not line._skip_bom_line(product):
                part = line.product_id
                lines.append(
                    Line(
                        part=Node(node.company_id, type_id, part.id),
                        quantity=line.product_qty * made / bill.product_qty,
                        ratio=line.product_uom_id._compute_quantity(1.0, part.uom_id, round=False),
                    )
                )
        return lines

    def _oms_get_tracked(self, bills):
        """Return the ids of those parts of which Odoo keeps stock."""
        parts = {line.part.product_id for lines in bills.values() for line in lines}
        # sudo: who may see a kit may know what it is made of
        return set(self.sudo().browse(parts).filtered("is_storable").ids)
