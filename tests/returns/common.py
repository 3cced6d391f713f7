from odoo.fields import Datetime

from ..common import OmsCase


class ReturnCase(OmsCase):
    """An order of Paris that was shipped from the nearest site and can be returned."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.env["oms.return.policy"].create(
            {"name": "Test policy", "company_id": cls.company.id, "days": 30}
        )
        cls.channel.return_policy_id = cls.policy
        cls.env["oms.site"].search([("id", "not in", cls.sites.ids)]).takes_returns = False
        cls.reason = cls.env.ref("oms.return_reason_too_small")
        cls.stock(cls.apple, (cls.near, 50))
        cls.stock(cls.berry, (cls.near, 50))

    @classmethod
    def deliver(cls, *lines, **vals):
        """Make an order of (product, quantity) tuples, and ship it whole."""
        order = cls.make_order(*lines, **vals)
        for picking in order.picking_ids:
            cls.ship(picking)
        return order

    def ask(self, order, *lines, origin="office", **vals):
        """Ask for a return of (product, quantity[, line values]) tuples of an order."""
        return self.env["oms.return"]._request(
            {
                "order_id": order.id,
                "origin": origin,
                "lines": [
                    {
                        "sale_line_id": self.line_of(order, product).id,
                        "quantity": quantity,
                        "reason_id": self.reason.id,
                        **(rest[0] if rest else {}),
                    }
                    for product, quantity, *rest in lines
                ],
                **vals,
            }
        )

    def line_of(self, order, product):
        return order.order_line.filtered(lambda line: line.product_id == product)[:1]

    def returnable(self, order, product):
        """How much of a product can be returned, and why not."""
        known = order._oms_get_returnable()[self.line_of(order, product)]
        return known["quantity"], known["reason"]

    def at(self, product, location):
        """What is in a location of a product."""
        return self.env["stock.quant"]._get_available_quantity(product, location)

    def shipped_ago(self, order, days):
        """Have it be so long since the order was shipped."""
        moment = Datetime.subtract(Datetime.now(), days=days)
        order.order_line.move_ids.write({"date": moment})
