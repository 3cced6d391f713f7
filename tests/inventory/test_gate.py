import contextlib
import threading

from psycopg2 import InterfaceError, OperationalError
from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError, ValidationError
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestGate(BaseCase):
    """Commitments of several transactions at once, really committed."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            env = self.open(cr)
            self.site = env["oms.site"].search([("warehouse_id", "!=", False)], limit=1).id
            product = env["product.product"].create(
                {"name": "Gate", "type": "consu", "is_storable": True}
            )
            self.product = product.id
            env["stock.quant"].create(
                {
                    "product_id": product.id,
                    "location_id": self.place(env).id,
                    "quantity": 3,
                }
            )
        self.addCleanup(self.clean)

    def open(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {})

    def place(self, env):
        return env["oms.site"].browse(self.site).warehouse_id.lot_stock_id

    def clean(self):
        with self.registry.cursor() as cr:
            env = self.open(cr)
            for model in ("oms.claim", "stock.quant"):
                env[model].search([("product_id", "=", self.product)]).unlink()
            env["product.product"].browse(self.product).unlink()
            env.flush_all()
            cr.execute("DELETE FROM oms_position_delta WHERE product_id = %s", [self.product])
            cr.execute("DELETE FROM oms_position_row WHERE product_id = %s", [self.product])

    def take(self, env, quantity):
        return env["oms.claim"].create(
            {"product_id": self.product, "site_id": self.site, "quantity": quantity}
        )

    def left(self):
        with self.registry.cursor() as cr:
            env = self.open(cr)
            available = (
                env["oms.site"]
                .browse(self.site)
                ._get_available(env["product.product"].browse(self.product))
            )
            return available.get((self.site, self.product), 0.0)

    def test_stale_snapshot(self):
        """Who read before another one claimed is run again instead of taking the same units."""
        with self.registry.cursor() as first, self.registry.cursor() as second:
            one, two = self.open(first), self.open(second)
            self.assertTrue(two["oms.site"].browse(self.site).name)  # its snapshot is taken
            self.take(one, 3)
            first.commit()
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                self.take(two, 3)
            second.rollback()
        self.assertEqual(self.left(), 0)

    def test_hold_waits_and_sees_the_truth(self):
        """A hold waits for the guard, and is then told what is really left."""
        outcome = []

        def hold():
            with self.registry.cursor() as cr:
                try:
                    self.open(cr)["oms.claim"]._hold([(self.product, self.site, 2)], "cart", 5)
                    outcome.append("held")
                except UserError as error:
                    outcome.append(str(error))

        with self.registry.cursor() as cr:
            self.take(self.open(cr), 2)
            thread = threading.Thread(target=hold)
            thread.start()
            thread.join(0.5)
            self.assertFalse(outcome, "the hold went past a guard that is taken")
        thread.join(20)
        self.assertEqual(len(outcome), 1)
        self.assertIn("1 are available", outcome[0])

    def test_many_at_once(self):
        """Eight who ask for one of three units each: three get it."""
        outcome = []

        def hold():
            with self.registry.cursor() as cr:
                try:
                    ids = self.open(cr)["oms.claim"]._hold(
                        [(self.product, self.site, 1)], "cart", 5
                    )
                    outcome.extend(ids)
                except UserError:
                    outcome.append(None)

        threads = [threading.Thread(target=hold) for _number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        self.assertEqual(len(outcome), 8)
        self.assertEqual(len([each for each in outcome if each]), 3)
        self.assertEqual(self.left(), 0)

    def test_killed_in_the_middle(self):
        """Nothing stays of a claim whose connection died, and its guard is free."""
        cr = self.registry.cursor()
        self.take(self.open(cr), 3)
        cr.execute("SELECT pg_backend_pid()")
        [pid] = cr.fetchone()
        with self.registry.cursor() as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])
        with mute_logger("odoo.sql_db"), self.assertRaises(OperationalError):
            cr.execute("SELECT 1")
        with contextlib.suppress(OperationalError, InterfaceError):
            cr.close()
        self.assertEqual(self.left(), 3)
        with self.registry.cursor() as cr:
            self.open(cr)["oms.claim"]._hold([(self.product, self.site, 3)], "cart", 5)
        self.assertEqual(self.left(), 0)

    def test_bad_requests(self):
        with self.registry.cursor() as cr:
            claims = self.open(cr)["oms.claim"]
            for quantity, minutes in ((0, 5), (-1, 5), (0.001, 5), (1, 0), (1, -5)):
                with self.assertRaises(ValidationError):
                    claims._hold([(self.product, self.site, quantity)], "cart", minutes)
            with self.assertRaises(ValidationError):
                claims._hold([(2**30, self.site, 1)], "cart", 5)
        self.assertEqual(self.left(), 3)
