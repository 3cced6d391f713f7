from psycopg2.errors import SerializationFailure

from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.transaction import retrying
from ..inventory.gate_case import GateCase


@tagged("post_install", "-at_install")
class TestCapacityCommits(GateCase):
    """Slots taken by several transactions at once, really committed."""

    def setUp(self):
        super().setUp()
        self.stock(97)
        self.limit(capacity_orders=1, capacity_days=1, capacity_units=0, capacity_open=0)
        self.addCleanup(self.limit, capacity_orders=0, capacity_open=0, capacity_days=7)

    def limit(self, **vals):
        with self.committed() as env:
            env["oms.site"].browse(self.site).write(vals)

    def confirm(self, env, order_id):
        order = env["sale.order"].browse(order_id)
        order.action_confirm()
        env.flush_all()
        return order.oms_fulfillment_ids.slot_day

    def slots(self):
        """Return the orders of each day of the site, and what fulfillments say of it."""
        with self.committed() as env:
            env.cr.execute(
                "SELECT day, orders FROM oms_site_slot WHERE site_id = %s AND orders <> 0 "
                "ORDER BY day",
                [self.site],
            )
            slots = env.cr.fetchall()
            env.cr.execute(
                "SELECT slot_day, COUNT(*) FROM oms_fulfillment WHERE site_id = %s "
                "AND slot_day IS NOT NULL AND state NOT IN ('rejected', 'cancelled') "
                "GROUP BY slot_day ORDER BY slot_day",
                [self.site],
            )
            self.assertEqual(slots, env.cr.fetchall())
            return [orders for _day, orders in slots]

    def test_two_at_once(self):
        """Who looked before another one took the slot is run again, and gets the next day."""
        one, two = self.order(1), self.order(1)
        with self.registry.cursor() as first, self.registry.cursor() as second:
            late = self.open(second)
            self.assertTrue(late["sale.order"].browse(two).name)  # its snapshot is taken
            today = self.confirm(self.open(first), one)
            first.commit()
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                self.confirm(late, two)
            second.rollback()
        self.assertEqual(self.slots(), [1])
        with self.committed() as env:
            tomorrow = retrying(env, lambda own: self.confirm(own, two))
        self.assertEqual((tomorrow - today).days, 1)
        self.assertEqual(self.slots(), [1, 1])

    def test_two_at_once_by_open_orders(self):
        self.limit(capacity_orders=0, capacity_open=1)
        one, two = self.order(1), self.order(1)
        with self.registry.cursor() as first, self.registry.cursor() as second:
            late = self.open(second)
            self.assertTrue(late["sale.order"].browse(two).name)
            self.confirm(self.open(first), one)
            first.commit()
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                self.confirm(late, two)
            second.rollback()
        with self.committed() as env:
            retrying(env, lambda own: self.confirm(own, two))
        self.assertEqual(
            [state for state, _open in self.read_orders(one, two)], ["sourced", "waiting"]
        )

    def test_many_at_once(self):
        """Six orders for four slots, run at once: none is overbooked, and the rest waits."""
        self.limit(capacity_orders=2)
        ids = [self.order(1) for _number in range(6)]

        def work(env, order_id):
            return retrying(env, lambda own: self.confirm(own, order_id), tries=50)

        with mute_logger("odoo.sql_db"):
            finishes = [self.start(lambda env, id_=id_: work(env, id_)) for id_ in ids]
            for finish in finishes:
                outcome = finish()
                self.assertNotIsInstance(outcome, Exception, outcome)
        self.assertEqual(self.slots(), [2, 2])
        states = [state for state, _open in self.read_orders(*ids)]
        self.assertEqual(sorted(states), ["sourced"] * 4 + ["waiting"] * 2)

    def test_killed(self):
        """Who dies after taking a slot has taken none."""
        order = self.order(1)
        with self.killed_after(self.registry["oms.site.slot"], "_take"):
            self.die(lambda env: self.confirm(env, order))
        self.assertEqual(self.slots(), [])
        with self.committed() as env:
            self.confirm(env, order)
        self.assertEqual(self.slots(), [1])

    def test_raw_sql_is_followed(self):
        order = self.order(1, confirm=True)
        self.assertEqual(self.slots(), [1])
        with self.committed() as env:
            env.cr.execute(
                "UPDATE oms_fulfillment SET state = 'cancelled' WHERE order_id = %s", [order]
            )
        self.assertEqual(self.slots(), [])
