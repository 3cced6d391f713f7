from collections import Counter
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..common import OmsCase


@tagged("post_install", "-at_install")
class TestQueries(OmsCase):
    """Many orders at once ask the database little more than one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 100), (cls.far, 1000))
        cls.stock(cls.berry, (cls.far, 1000))

    def make_orders(self, count):
        orders = self.env["sale.order"]
        for _ in range(count):
            orders += self.make_order((self.apple, 1), (self.berry, 2), confirm=False)
        self.env.flush_all()
        self.env.invalidate_all()
        return orders

    def confirm(self, orders):
        """Confirm the orders; count the statements that name a table of the addon, by table."""
        with self.queries() as statements:
            orders.action_confirm()
        self.assertEqual(set(orders.mapped("oms_state")), {"sourced"})
        return statements

    def count_ours(self, statements):
        """Count the statements that read or write our own tables."""
        counts = Counter()
        for statement in statements:
            for verb in ("SELECT", "INSERT", "UPDATE", "DELETE"):
                for table in ("oms_claim", "oms_fulfillment", "oms_decision", "oms_site"):
                    if statement.lstrip().startswith(verb) and table in statement:
                        counts[verb, table] += 1
        return counts

    def test_ten_orders_write_as_often_as_one(self):
        self.confirm(self.make_orders(1))
        one = self.count_ours(self.confirm(self.make_orders(1)))
        ten = self.count_ours(self.confirm(self.make_orders(10)))
        for key in one | ten:
            self.assertLessEqual(
                ten[key], one[key] + 3, f"{key}: {one[key]} for 1, {ten[key]} for 10"
            )

    def test_many_cost_less_than_in_odoo_alone_and_one_little_more(self):
        self.confirm(self.make_orders(1))
        one = len(self.confirm(self.make_orders(1)))
        ten = len(self.confirm(self.make_orders(10)))
        native = self.make_orders(11)
        # From where the others ship: reserving goods takes most statements.
        native.write({"oms_channel_id": False, "warehouse_id": self.far.warehouse_id.id})
        self.env.flush_all()
        self.env.invalidate_all()
        with self.queries() as statements:
            native[:1].action_confirm()
        native_one = len(statements)
        with self.queries() as statements:
            native[1:].action_confirm()
        native_ten = len(statements)
        growth = (ten - one) / 9
        native_growth = (native_ten - native_one) / 9
        seen = (
            f"statements per further order: {growth:.1f}, in Odoo alone {native_growth:.1f} "
            f"({one}, {ten}, {native_one}, {native_ten})"
        )
        # Half of what it takes more is the promise of a date, once for all orders of a batch.
        self.assertLess(one, native_one + 30, seen)
        self.assertLess(growth, native_growth - 12, seen)

    def test_taking_up_reads_availability_three_times_a_batch(self):
        """To choose the orders, to source them, and to make sure when claiming."""
        orders = self.env["sale.order"]
        scarce = self.make_product("Scarce")
        for _ in range(8):
            orders += self.make_order((scarce, 1))
        self.stock(scarce, (self.near, 100))
        self.env.flush_all()
        self.env.invalidate_all()
        with self.queries() as statements:
            orders._oms_filter_sourceable()._oms_take_up("stock")
        reads = [statement for statement in statements if "AS facts" in statement]
        self.assertEqual(len(reads), 3)
        self.assertEqual(set(orders.mapped("oms_state")), {"sourced"})

    def test_promises_for_many_days_ask_little_more_than_one(self):
        """Odoo reads twice for the deadline of an order's moves; we read nothing for each."""
        today = fields.Date.today()

        def count(number):
            orders = self.make_orders(number)
            orders.action_confirm()
            parts = orders.oms_fulfillment_ids
            rows = [
                {
                    "order_id": part.order_id.id,
                    "fulfillment_id": part.id,
                    "promised_date": today + timedelta(days=8 + place),
                }
                for place, part in enumerate(parts)
            ]
            self.env.flush_all()
            self.env.invalidate_all()
            with self.queries() as statements:
                self.env["oms.promise"]._pin(rows)
            for part, row in zip(parts, rows, strict=True):
                self.assertEqual(part.promised_date, row["promised_date"])
            return len(statements), parts

        # The days on which sites and carriers work are read once, whoever asks.
        count(11)
        (one, _part), (many, parts) = count(1), count(11)
        growth = (many - one) / 10
        self.assertLess(growth, 3, f"{one} for 1, {many} for 11")
        # When the work is due is asked for all of them at once, too: each gets what it gets alone.
        together = {part: part.due_at for part in parts}
        self.assertEqual(len(set(together.values())), len(parts))
        for part in parts:
            self.assertEqual(part._get_leaving_moments()[part], together[part])
