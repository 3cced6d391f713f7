from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.transaction import retrying
from .gate_case import GateCase


@tagged("post_install", "-at_install")
class TestNativeReservation(GateCase):
    """Odoo alone lets two transactions reserve one unit; the addon promises it once.

    See docs/no-oversell.md.
    """

    def setUp(self):
        super().setUp()
        with self.committed() as env:
            native = {"name": "Gate native", "code": "TGATEN", "orchestrated": False}
            self.native = env["oms.channel"].create(native).id

    def confirm(self, order):
        return lambda env: env["sale.order"].browse(order).action_confirm()

    def confirm_crossing(self, first, second):
        """Confirm two orders, each before the other is committed."""
        with self.registry.cursor() as one, self.registry.cursor() as two:
            self.confirm(first)(self.open(one))
            one.flush()
            self.confirm(second)(self.open(two))
            two.commit()
            one.commit()

    def read_reservations(self, *orders):
        """Return what each order has reserved."""
        with self.committed() as env:
            return [
                sum(order.order_line.move_ids.mapped("quantity"))
                for order in env["sale.order"].browse(orders)
            ]

    def read_stock(self):
        with self.committed() as env:
            quants = env["stock.quant"].search(
                [("product_id", "=", self.product), ("location_id", "=", self.place(env).id)]
            )
            return sum(quants.mapped("quantity")), sum(quants.mapped("reserved_quantity"))

    def test_native_orders_reserve_the_same_units(self):
        """This is what Odoo does, and why orders are to be orchestrated."""
        first, second = (self.order(3, channel=self.native) for _number in range(2))
        self.confirm_crossing(first, second)
        self.assertEqual(self.read_reservations(first, second), [3, 3])
        self.assertEqual(self.read_stock(), (3, 6))
        with self.committed() as env:
            position = env["oms.position"].search([("product_id", "=", self.product)])
            self.assertEqual((position.reserved, position.available), (6, -3), "and it shows")

    def test_orchestrated_orders_do_not(self):
        first, second = self.order(3), self.order(3)
        with self.registry.cursor() as one, self.registry.cursor() as two:
            self.open(two)["sale.order"].browse(second).mapped("name")  # its snapshot is taken
            self.confirm(first)(self.open(one))
            one.commit()
            with mute_logger("odoo.sql_db"), self.committed() as env:
                retrying(env, self.confirm(second))
        self.assertEqual(self.read_reservations(first, second), [3, 0])
        self.assertEqual(self.read_stock(), (3, 3))
        self.assertNotOversold()

    def test_orchestrated_orders_next_to_native_ones(self):
        """A native order takes no guard, but whoever takes one sees what was sold natively."""
        native = self.order(2, channel=self.native)
        with self.committed() as env:
            self.confirm(native)(env)
        orders = [self.order(2) for _number in range(3)]
        finishes = [
            self.start(lambda env, order=order: retrying(env, self.confirm(order), tries=20))
            for order in orders
        ]
        with mute_logger("odoo.sql_db"):
            for finish in finishes:
                self.assertIs(finish(), True)
        self.assertEqual(sum(self.read_reservations(*orders)), 1)
        with self.assertRaises(UserError):
            self.hold(1)
        self.assertNotOversold()

    def test_native_order_that_crosses_an_orchestrated_one(self):
        """The native order asks nobody: the units too many are its own, and nobody gets more."""
        native, mine = self.order(3, channel=self.native), self.order(3)
        self.confirm_crossing(native, mine)
        later = self.order(1, confirm=True)
        self.assertEqual(self.read_reservations(mine, later), [3, 0])
        self.assertEqual(self.read_orders(mine, later), [("sourced", 0), ("waiting", 1)])
        with self.assertRaises(UserError):
            self.hold(1)
        with self.committed() as env:
            position = env["oms.position"].search([("product_id", "=", self.product)])
            self.assertEqual((position.demand, position.available), (6, -3))
