"""A store that takes orders, and its seller."""

from ..promise.common import PromiseCase

UUID = "0b0e7a52-6a1c-4d6f-9c59-2f5d1d1f6a01"
OTHER_UUID = "0b0e7a52-6a1c-4d6f-9c59-2f5d1d1f6a02"
ADA = {"name": "Ada", "street": "1 rue de Rivoli", "zip": "75001", "city": "Paris", "country": "FR"}


class StoreOrderCase(PromiseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.near.seller_channel_id = cls.channel
        cls.seller = cls.make_user("store-seller", "oms.group_site_operator")
        cls.near.user_ids = cls.seller
        cls.counter = cls.env["oms.store.order"].with_user(cls.seller)
        cls.courier = cls.make_method("Courier", "courier", 5.0)
        cls.apple.barcode = "2000000000015"
        cls.stock(cls.apple, (cls.far, 10))

    def get_ways(self, *lines, site=None, **place):
        told = [{"product": product.default_code, "quantity": units} for product, units in lines]
        ship_to = {"country": "FR", "zip": "75001", "city": "Paris", **place}
        return self.counter.get_ways((site or self.near).id, told, ship_to)

    def find_way(self, *lines, **wanted):
        """Return the way that is like this; by the courier when nothing is said."""
        wanted = wanted or {"method": "courier"}
        options = self.get_ways(*lines)["options"]
        [way] = [
            option
            for option in options
            if all(option[name] == value for name, value in wanted.items())
        ]
        return way

    def place(self, way, *lines, uuid=UUID, site=None, **more):
        order = {
            "customer": {"name": "Ada", "email": "ada@example.com", "phone": None},
            "ship_to": ADA,
            "lines": [
                {"product": product.default_code, "quantity": units} for product, units in lines
            ],
            "promise": way["token"],
            **more,
        }
        # Placed in a transaction of its own.
        self.env.flush_all()
        return self.counter.place((site or self.near).id, uuid, order)
