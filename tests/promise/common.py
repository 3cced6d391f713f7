"""Builders that the tests of promises share."""

from ..api.common import ApiCase
from ..common import LYON, PARIS


class PromiseCase(ApiCase):
    """A channel with three sites, of which two are stores, and two delivery methods."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["delivery.carrier"].search([]).active = False
        cls.standard = cls.make_method("Standard", "standard", 4.9)
        cls.express = cls.make_method("Express", "express", 9.9)
        cls.near.collects = cls.near.reserves = True
        cls.middle.collects = True
        cls.france = cls.env.ref("base.fr")
        cls.destination = {
            "country": "FR",
            "zip": "75001",
            "city": "Paris",
            "latitude": PARIS[0],
            "longitude": PARIS[1],
        }
        cls.lyon = {
            "country": "FR",
            "zip": "69001",
            "city": "Lyon",
            "latitude": LYON[0],
            "longitude": LYON[1],
        }

    @classmethod
    def make_method(cls, name, code, price, **vals):
        """Make a delivery method with a fixed price."""
        product = cls.env["product.product"].create(
            {"name": name, "type": "service", "list_price": price, "taxes_id": [(5,)]}
        )
        return cls.env["delivery.carrier"].create(
            {
                "name": name,
                "oms_code": code,
                "delivery_type": "fixed",
                "product_id": product.id,
                "fixed_price": price,
                **vals,
            }
        )

    def ask(self, *lines, ship_to=None, **arguments):
        """Ask for (product, quantity) pairs; return the answer."""
        return self.api.promise(
            lines=[
                {
                    "product": product if isinstance(product, str) else product.default_code,
                    "quantity": float(quantity),
                    **(rest[0] if rest else {}),
                }
                for product, quantity, *rest in lines
            ],
            ship_to=ship_to or self.destination,
            **arguments,
        )

    def options(self, *lines, **arguments):
        """Return the options by (service, method or site)."""
        return {
            (option["service"], option["method"] or option["site"]): option
            for option in self.ask(*lines, **arguments)["options"]
        }

    def plan_of(self, option):
        """Return what an option takes: quantity by (site, product)."""
        found = {}
        for part in option["parts"]:
            for line in part["lines"]:
                key = part["site"], line["product"]
                found[key] = found.get(key, 0.0) + line["quantity"]
        return found

    def given(self, reference, lines, place=PARIS, **more):
        """Return an order as a channel gives it, of (product, quantity) pairs."""
        return {
            "reference": reference,
            "customer": {"name": "Ada", "email": "ada@example.com"},
            "ship_to": {
                "name": "Ada",
                "street": "1 rue de Rivoli",
                "zip": "75001",
                "city": "Paris",
                "country": "FR",
                "latitude": place[0],
                "longitude": place[1],
            },
            "lines": [
                {"product": product.default_code, "quantity": float(units)}
                for product, units in lines
            ],
            **more,
        }

    def place(self, *orders):
        """Place orders; return the answers."""
        self.env.flush_all()
        return self.api.place_orders(orders=list(orders))["orders"]

    def find(self, reference):
        """Return the order with a reference."""
        return self.env["sale.order"].search(
            [("oms_channel_id", "=", self.channel.id), ("oms_external_ref", "=", reference)]
        )

    def assertPlaced(self, answer):
        self.assertEqual(answer["status"], "placed", answer["error"])
