"""What suppliers send, and what is exchanged, in demand."""

from .demand_case import DemandCase


class TestDemandSources(DemandCase):
    # === FROM SUPPLIERS === #

    def make_supplied(self, product):
        """Have it be so that a supplier sends the goods of an order."""
        order = self.make_order((product, 2.0))
        supplier = self.make_partner("Supplier")
        self.env["stock.move"].create(
            {
                "product_id": product.id,
                "product_uom_qty": 2.0,
                "location_id": self.env.ref("stock.stock_location_suppliers").id,
                "location_dest_id": self.env.ref("stock.stock_location_customers").id,
                "sale_line_id": order.order_line.id,
                "partner_id": supplier.id,
            }
        )._action_confirm()
        return order

    def test_goods_that_only_suppliers_send(self):
        self.make_supplied(self.apple)
        self.make_order((self.cherry(), 2.0), oms_service="drop_ship")
        self.make_order((self.berry, 2.0))
        self.assertEqual([key[0] for key in self.count()], [self.berry])

    def test_goods_that_a_supplier_sends_for_want_of_stock(self):
        """They are kept, and somebody wanted them here."""
        self.make_sold(self.apple, self.near, 1.0)
        self.make_supplied(self.apple)
        self.make_sold(self.cherry(), self.far, 1.0)
        self.make_order((self.cherry(), 2.0), oms_service="drop_ship")
        self.assertEqual({key[0] for key in self.count()}, {self.apple, self.cherry()})

    # === EXCHANGE === #

    def make_exchange(self, order, anew, quantity):
        """Have it be so that what was ordered came back for other goods, or the same."""
        instead = self.make_order((anew, quantity))
        back = self.env["oms.return"].create(
            {
                "order_id": order.id,
                "line_ids": [
                    (
                        0,
                        0,
                        {
                            "sale_line_id": order.order_line.id,
                            "product_id": order.order_line.product_id.id,
                            "quantity": 1.0,
                        },
                    )
                ],
            }
        )
        back.exchange_order_id = instead

    def test_the_same_goods_anew_are_wanted_once(self):
        self.make_exchange(self.make_order((self.apple, 2.0)), self.apple, 1.0)
        self.assertEqual([value[0] for value in self.count().values()], [2.0])

    def test_other_goods_instead_are_wanted_too(self):
        self.make_exchange(self.make_order((self.apple, 2.0)), self.berry, 1.0)
        self.assertEqual(sorted(value[0] for value in self.count().values()), [1.0, 2.0])

    def test_more_than_what_came_back(self):
        self.make_exchange(self.make_order((self.apple, 2.0)), self.apple, 3.0)
        self.assertEqual([value[0] for value in self.count().values()], [4.0])
