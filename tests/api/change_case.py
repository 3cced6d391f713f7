"""What the tests of changed orders share."""

from .common import ApiCase


class ChangeCase(ApiCase):
    """Orders that the channel placed, and then changes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 10), (cls.far, 10))
        cls.stock(cls.berry, (cls.near, 10), (cls.far, 10))

    def setUp(self):
        super().setUp()
        self.enterContext(self.enter_registry_test_mode())

    def given(self, reference="W-1", **more):
        order = {
            "reference": reference,
            "customer": {"id": "17", "name": "Ada", "email": "ada@example.com"},
            "ship_to": {
                "name": "Ada",
                "street": "1 rue de Rivoli",
                "zip": "75001",
                "city": "Paris",
                "country": "FR",
                "latitude": 48.8566,
                "longitude": 2.3522,
            },
            "lines": [
                {"id": "a", "product": "Apple", "quantity": 3, "unit_price": 9.5},
                {"id": "b", "product": "Berry", "quantity": 2, "unit_price": 4.0},
            ],
        }
        return order | more

    def place(self, *orders):
        self.env.flush_all()
        return self.api.place_orders(orders=list(orders))["orders"]

    def change(self, change="1", reference="W-1", **more):
        """Send one change; return the answer."""
        self.env.flush_all()
        given = {"reference": reference, "change": change, **more}
        [answer] = self.api.change_order(changes=[given])["orders"]
        self.env.invalidate_all()
        return answer

    def find(self, reference="W-1"):
        return self.env["sale.order"].search(
            [("oms_channel_id", "=", self.channel.id), ("oms_external_ref", "=", reference)]
        )

    def parked(self, reference="W-1"):
        return self.env["oms.incoming.order"].search([("reference", "=", reference)])

    def revision(self, reference="W-1"):
        self.env.flush_all()
        return self.api.order_status(references=[reference])["orders"][0]["revision"]

    def line(self, number, reference="W-1"):
        return self.find(reference).order_line.filtered(
            lambda line: line.oms_external_ref == number
        )
