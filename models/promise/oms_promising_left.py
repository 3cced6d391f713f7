from odoo import api, models


class OmsPromising(models.AbstractModel):
    """Goods that sourcing leaves to Odoo: no stock of a site is promised for them."""

    _inherit = "oms.promising"

    @api.model
    def _find_left(self, ask, order):
        """Find what Odoo would deliver by itself, and say so.

        :param Ask ask: what is wanted
        :param order: new ``sale.order`` with a line for each of the goods, in the same order
        :return: why nobody can tell when they come, by place in the basket
        :rtype: dict[int, str]
        """
        left = {}
        for index, (item, line) in enumerate(zip(ask.items, order.order_line, strict=True)):
            if item.has_own_route or line._oms_has_own_supply():
                left[index] = self._explain_left(item, line)
        return left

    @api.model
    def _explain_left(self, item, line):
        name = item.product.display_name
        if item.product._oms_is_kit(line.company_id):
            return self.env._(
                "%s: a kit, which is put together of its parts when it is ordered. Its delivery is "
                "planned then, and no date is promised before.",
                name,
            )
        if item.has_own_route:
            return self.env._(
                "%s: goes by the route that its line names, not from the stock of a site. No date "
                "is promised for it.",
                name,
            )
        return self.env._(
            "%s: bought or made for each order, not taken from the stock of a site. No date is "
            "promised for it.",
            name,
        )

    @api.model
    def _add_left(self, view, ways):
        """Tell of each way what Odoo delivers by itself."""
        for way in ways:
            way.unknown += [
                (index, view.ask.items[index].quantity, reason)
                for index, reason in view.left.items()
            ]
            way.unknown.sort(key=lambda each: each[0])
