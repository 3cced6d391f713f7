"""A small world that is really committed, for tests of several transactions at once."""

import contextlib
import threading
from unittest.mock import patch

from psycopg2 import InterfaceError, OperationalError

from odoo import SUPERUSER_ID, Command, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger

#: Seconds after which a thread that should be through is given up.
PATIENCE = 30


class GateCase(BaseCase):
    """One product, three units of it at one site, and a channel whose orders are sourced there.

    Nothing is rolled back: whatever tests make with this product or this customer is deleted in
    the end.
    """

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.committed() as env:
            self.site = env["oms.site"].search([("warehouse_id", "!=", False)], limit=1).id
            self.product = self.make_product(env, "Gate").id
            self.customer = env["res.partner"].create({"name": "Gate"}).id
            self.network = env["oms.network"].create({"name": "Gate", "site_ids": [self.site]}).id
            self.strategy = env["oms.strategy"].create({"name": "Gate"}).id
            channel = {
                "name": "Gate",
                "code": "TGATE",
                "strategy_id": self.strategy,
                "network_ids": [Command.link(self.network)],
            }
            self.channel = env["oms.channel"].create(channel).id
        self.addCleanup(self.clean)
        self.stock(3)

    def clean(self):
        with self.committed() as env:
            channels = env["oms.channel"].search([("code", "=like", "TGATE%")])
            orders = env["sale.order"].search([("oms_channel_id", "in", channels.ids)])
            orders.with_context(disable_cancel_warning=True)._action_cancel()
            references = orders.stock_reference_ids
            # What left was invoiced by the workflow.
            invoices = orders.invoice_ids
            invoices.filtered(lambda move: move.state == "posted").button_draft()
            invoices.with_context(force_delete=True).unlink()
            orders.picking_ids.unlink()
            env["oms.import"].search([("channel_id", "=", self.channel)]).unlink()
            orders.unlink()
            references.unlink()
            products = env["product.product"].search([("name", "=like", "Gate%")])
            for model in ("oms.claim", "stock.move", "stock.quant"):
                env[model].search([("product_id", "in", products.ids)]).unlink()
            products.unlink()
            channels.unlink()
            env["oms.strategy"].browse(self.strategy).unlink()
            env["oms.network"].browse(self.network).unlink()
            customers = ["|", ("id", "=", self.customer), ("ref", "=like", "TGATE:%")]
            env["res.partner"].search(customers).unlink()
            env.flush_all()
            for table in ("oms_position_delta", "oms_position_row"):
                env.cr.execute(f"DELETE FROM {table} WHERE product_id = ANY(%s)", [products.ids])

    # === BUILDERS === #

    @contextlib.contextmanager
    def committed(self):
        """Open a transaction of its own that is committed at the end."""
        with self.registry.cursor() as cr:
            yield self.open(cr)

    def open(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {})

    def make_product(self, env, name):
        return env["product.product"].create(
            {"name": name, "default_code": name, "type": "consu", "is_storable": True}
        )

    def place(self, env):
        return env["oms.site"].browse(self.site).warehouse_id.lot_stock_id

    def stock(self, quantity):
        with self.committed() as env:
            product = env["product.product"].browse(self.product)
            env["stock.quant"]._update_available_quantity(product, self.place(env), quantity)

    def order(self, quantity, confirm=False, channel=None):
        """Make an order; return its id."""
        with self.committed() as env:
            order = env["sale.order"].create(
                {
                    "partner_id": self.customer,
                    "oms_channel_id": channel or self.channel,
                    "order_line": [
                        Command.create({"product_id": self.product, "product_uom_qty": quantity})
                    ],
                }
            )
            if confirm:
                order.action_confirm()
            return order.id

    def hold(self, quantity, env=None, **kwargs):
        """Hold goods as a cart does; return the id of the claim."""
        if not env:
            with self.committed() as env:
                return self.hold(quantity, env, **kwargs)
        values = {"origin": "cart", "minutes": 5, **kwargs}
        [claim_id] = env["oms.claim"]._hold([(self.product, self.site, quantity)], **values)
        return claim_id

    # === WHAT IS SEEN === #

    def left(self):
        """Return what can still be promised."""
        with self.committed() as env:
            site = env["oms.site"].browse(self.site)
            available = site._get_available(env["product.product"].browse(self.product))
            return available.get((self.site, self.product), 0.0)

    def promised(self):
        """Return what was promised, from the records themselves."""
        with self.committed() as env:
            env.cr.execute(
                """
                SELECT (SELECT COALESCE(SUM(quantity), 0) FROM oms_claim
                         WHERE product_id = %(product)s AND state = 'active'
                           AND (expires_at IS NULL OR expires_at > timezone('UTC', now())))
                     + (SELECT COALESCE(SUM(product_qty), 0) FROM stock_move
                         WHERE product_id = %(product)s AND location_id = %(place)s
                           AND state NOT IN ('draft', 'done', 'cancel'))
                """,
                {"product": self.product, "place": self.place(env).id},
            )
            return float(env.cr.fetchone()[0])

    def read_orders(self, *ids):
        """Return the state of orders and what of them is open to source."""
        with self.committed() as env:
            return [
                (order.oms_state, sum(order.order_line.mapped("oms_qty_open")))
                for order in env["sale.order"].browse(ids)
            ]

    def assertNotOversold(self, on_hand=3):
        self.assertLessEqual(self.promised(), on_hand)
        self.assertEqual(self.left(), on_hand - self.promised())
        with self.committed() as env:
            positions = env["oms.position"].search([("product_id", "=", self.product)])
            self.assertEqual(positions.mapped("available"), [on_hand - self.promised()])

    # === WHAT HAPPENS AT ONCE === #

    def start(self, work):
        """Run work in a thread with an environment of its own.

        :return: a function that waits for it and returns what it returned or raised
        """
        outcome = []

        def run():
            try:
                with self.committed() as env:
                    outcome.append(work(env))
            except Exception as error:
                outcome.append(error)

        def finish():
            thread.join(PATIENCE)
            self.assertFalse(thread.is_alive(), "somebody waits for ever")
            return outcome[0]

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return finish

    def run_behind(self, holder, work):
        """Run work that must wait for an open transaction; commit that when it does.

        :return: what the work returned or raised
        """
        finish = self.start(work)
        self.wait_behind(holder)
        holder.commit()
        return finish()

    def kill_behind(self, holder, work):
        """Run work that must wait for an open transaction; kill its connection when it does.

        :return: what the work returned or raised
        """
        finish = self.start(work)
        pid = self.wait_behind(holder)
        with mute_logger("odoo.sql_db"):
            with self.registry.cursor() as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            holder.rollback()
            return finish()

    def wait_behind(self, holder):
        """Wait until somebody waits for an open transaction; return which process."""
        with self.registry.cursor() as watch:
            for _attempt in range(PATIENCE * 100):
                watch.execute(
                    "SELECT pid FROM pg_locks WHERE NOT granted "
                    "AND %s = ANY(pg_blocking_pids(pid))",
                    [holder.connection.get_backend_pid()],
                )
                if watch.rowcount:
                    return watch.fetchone()[0]
                watch.execute("SELECT pg_sleep(0.01)")
        return self.fail("nobody waits")

    @contextlib.contextmanager
    def meanwhile(self, owner, name, action):
        """Have somebody else act once, just before a method runs for the first time."""
        original, pending = getattr(owner, name), [action]

        def patched(model, *args, **kwargs):
            if pending:
                pending.pop()()
            return original(model, *args, **kwargs)

        with patch.object(owner, name, patched):
            yield
        self.assertFalse(pending, f"{name} was not called")

    @contextlib.contextmanager
    def killed_after(self, owner, name):
        """Kill the connection just after a method ran for the first time."""
        original, killed = getattr(owner, name), []

        def patched(model, *args, **kwargs):
            result = original(model, *args, **kwargs)
            if not killed:
                killed.append(True)
                model.env.flush_all()
                self.kill(model.env.cr)
            return result

        with patch.object(owner, name, patched), mute_logger("odoo.sql_db"):
            yield
        self.assertTrue(killed, f"{name} was not called")

    def kill(self, cr):
        cr.execute("SELECT pg_backend_pid()")
        [pid] = cr.fetchone()
        with self.registry.cursor() as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    def die(self, work):
        """Run work whose connection is killed; see that it fails for that."""
        with (
            mute_logger("odoo.sql_db"),
            contextlib.suppress(OperationalError, InterfaceError),
            self.committed() as env,
        ):
            work(env)
            self.fail("the connection is dead")
