from odoo import Command

from ..common import OmsCase


class KitCase(OmsCase):
    """Kits over the three test sites."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.unit = cls.env.ref("uom.product_uom_unit")
        cls.dozen = cls.env.ref("uom.product_uom_dozen")
        cls.bolt, cls.nut = cls.make_product("Bolt"), cls.make_product("Nut")

    @classmethod
    def make_bill(cls, product, *lines, **vals):
        """Make a phantom bill of materials from (part, quantity[, line values]) tuples."""
        return cls.env["mrp.bom"].create(
            {
                "product_tmpl_id": product.product_tmpl_id.id,
                "type": "phantom",
                "bom_line_ids": [
                    Command.create(
                        {
                            "product_id": part.id,
                            "product_qty": quantity,
                            "product_uom_id": part.uom_id.id,
                            **(rest[0] if rest else {}),
                        }
                    )
                    for part, quantity, *rest in lines
                ],
                **vals,
            }
        )

    @classmethod
    def make_kit(cls, name, *lines, **vals):
        """Make a product that is a kit, see :meth:`make_bill`."""
        product = cls.make_product(name, is_storable=False)
        cls.make_bill(product, *lines, **vals)
        return product

    def ask(self, product, user=None, **kwargs):
        """Return the answer about one product."""
        position = self.env["oms.position"]
        if user:
            position = position.with_user(user)
        kwargs.setdefault("networks", [self.network.id])
        [answer] = position.get_availability([product.id], **kwargs)
        return answer

    def at_sites(self, product, **kwargs):
        """Return what is available by the code of the site."""
        answer = self.ask(product, detail=True, **kwargs)
        return {site["site"]: site["available"] for site in answer["sites"]}
