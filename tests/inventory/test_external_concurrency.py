import threading

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name

PRODUCTS = 40


@tagged("post_install", "-at_install")
class TestFeedsAtOnce(BaseCase):
    """Feeds of several transactions at once, really committed."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.addCleanup(self.clean)
        self.codes = [f"ATONCE-{number}" for number in range(PRODUCTS)]
        with self.registry.cursor() as cr:
            env = self.open(cr)
            self.site = (
                env["oms.site"]
                .create({"name": "At once", "code": "ATONCE", "kind": "distributor"})
                .id
            )
            self.products = (
                env["product.product"]
                .create(
                    [
                        {"name": code, "default_code": code, "is_storable": True}
                        for code in self.codes
                    ]
                )
                .ids
            )

    def open(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {})

    def clean(self):
        with self.registry.cursor() as cr:
            env = self.open(cr)
            env["oms.external.stock"].search([("site_id", "=", self.site)]).unlink()
            env["product.product"].browse(self.products).unlink()
            env["oms.site"].browse(self.site).unlink()
            env.flush_all()
            cr.execute("DELETE FROM oms_position_delta WHERE site_id = %s", [self.site])
            cr.execute("DELETE FROM oms_position_row WHERE site_id = %s", [self.site])

    def load(self, env, codes, quantity, hour, full=False):
        return env["oms.external.stock"].load_feed(
            "ATONCE",
            [{"product": code, "quantity": quantity} for code in codes],
            full=full,
            updated_at=f"2024-03-04 {hour:02}:00:00",
        )

    def stored(self):
        with self.registry.cursor() as cr:
            rows = self.open(cr)["oms.external.stock"].search([("site_id", "=", self.site)])
            return {row.product_id.default_code: row.quantity for row in rows}

    def load_at_once(self, *feeds):
        """Load feeds in threads of their own, each run again when it lost, as Odoo does it.

        :param feeds: (codes, quantity, hour, full) tuples
        """
        start, failures = threading.Barrier(len(feeds)), []

        def load(codes, quantity, hour, full):
            try:
                with self.registry.cursor() as own:
                    env = self.open(own)
                    start.wait(30)
                    retrying(lambda: self.load(env, codes, quantity, hour, full), env)
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=load, args=feed) for feed in feeds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertFalse(failures)

    def test_later_news_win_whoever_comes_first(self):
        """The loser waits, is run again, and then keeps its older news to itself."""
        for first, second in ((8, 9), (11, 10)):
            with self.subTest(first=first), self.registry.cursor() as one:
                self.load(self.open(one), self.codes, float(first), first)
                with self.registry.cursor() as two:
                    env = self.open(two)
                    self.assertTrue(env["oms.site"].browse(self.site).name)  # its snapshot
                    one.commit()
                    with self.assertRaises(SerializationFailure):
                        self.load(env, reversed_codes(self.codes), float(second), second)
                    two.rollback()
                    self.load(env, reversed_codes(self.codes), float(second), second)
                    two.commit()
                self.assertEqual(set(self.stored().values()), {float(max(first, second))})

    def test_no_deadlock(self):
        """Feeds that name the same products in any order, whole or not, all get through."""
        half = PRODUCTS // 2
        for turn in range(5):
            hour = 10 + turn
            self.load_at_once(
                (self.codes, 1.0, hour, False),
                (reversed_codes(self.codes), 2.0, hour, False),
                (self.codes[half:], 3.0, hour, True),
                (reversed_codes(self.codes[:half]), 4.0, hour, True),
            )
            self.assertEqual(set(self.stored()), set(self.codes))

    def test_the_latest_of_many_stays(self):
        self.load_at_once(
            *(
                (self.codes if hour % 2 else reversed_codes(self.codes), float(hour), hour, False)
                for hour in range(6)
            )
        )
        self.assertEqual(self.stored(), dict.fromkeys(self.codes, 5.0))


def reversed_codes(codes):
    return codes[::-1]
