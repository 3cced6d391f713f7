import contextlib
import threading
from datetime import timedelta

from psycopg2 import InterfaceError, OperationalError
from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import UserError, ValidationError
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestAllocationAtOnce(BaseCase):
    """Transactions on two sites at once, really committed, cannot break a share together."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            env = self.open(cr)
            warehouses = env["stock.warehouse"].create(
                [{"name": f"Share {code}", "code": code} for code in ("SHA1", "SHA2")]
            )
            product = env["product.product"].create(
                {"name": "Shared", "type": "consu", "is_storable": True}
            )
            strategy = env["oms.strategy"].create(
                {"name": "Shared", "currency_id": env.company.currency_id.id}
            )
            network = env["oms.network"].create(
                {"name": "Shared", "site_ids": [(6, 0, warehouses.oms_site_ids.ids)]}
            )
            channels = env["oms.channel"].create(
                [
                    {
                        "name": code,
                        "code": code,
                        "strategy_id": strategy.id,
                        "network_ids": [(6, 0, network.ids)],
                    }
                    for code in ("SHA", "SHB")
                ]
            )
            for warehouse in warehouses:
                env["stock.quant"]._update_available_quantity(product, warehouse.lot_stock_id, 5)
            share = env["oms.allocation"].create(
                {
                    "channel_id": channels[1].id,
                    "kind": "protected",
                    "amount": 6,
                    "product_id": product.id,
                }
            )
            self.made = {
                record._name: record.ids
                for record in (share, channels, network, strategy, product, warehouses)
            }
            self.product = product.id
            self.here, self.there = warehouses.oms_site_ids.ids
            self.web, self.market = channels.ids
        self.addCleanup(self.clean)

    def open(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {})

    def clean(self):
        with self.registry.cursor() as cr:
            env = self.open(cr)(context={"active_test": False})
            warehouses = env["stock.warehouse"].browse(self.made["stock.warehouse"])
            places, routes = warehouses.view_location_id, warehouses.route_ids
            for model in ("oms.claim", "stock.quant"):
                env[model].search([("product_id", "=", self.product)]).unlink()
            of_warehouses = [("picking_type_id.warehouse_id", "in", warehouses.ids)]
            env["stock.rule"].search(of_warehouses).unlink()
            for model, ids in self.made.items():
                env[model].browse(ids).unlink()
            routes.filtered(lambda route: not route.rule_ids).unlink()
            env["stock.location"].search([("id", "child_of", places.ids)]).unlink()
            env.flush_all()
            for table in ("oms_position_delta", "oms_position_row"):
                cr.execute(f"DELETE FROM {table} WHERE product_id = %s", [self.product])

    def claim(self, env, site, quantity, channel):
        return env["oms.claim"].create(
            {
                "product_id": self.product,
                "site_id": site,
                "quantity": quantity,
                "channel_id": channel,
                "origin": "cart",
                "expires_at": fields.Datetime.now() + timedelta(hours=1),
            }
        )

    def left(self):
        """Return what each channel can sell, as anybody sees it."""
        with self.registry.cursor() as cr:
            env = self.open(cr)
            product = env["product.product"].browse(self.product)
            return [
                env["oms.channel"].browse(channel)._get_sellable(product)[self.product].total
                for channel in (self.web, self.market)
            ]

    def test_stale_snapshot(self):
        """Who read before another one claimed at another site is run again."""
        with self.registry.cursor() as first, self.registry.cursor() as second:
            one, two = self.open(first), self.open(second)
            self.assertTrue(two["oms.channel"].browse(self.web).name)  # its snapshot is taken
            self.claim(one, self.here, 4, self.web)
            first.commit()
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                self.claim(two, self.there, 4, self.web)
            second.rollback()
            with self.assertRaisesRegex(UserError, "0 are left for SHA"):
                self.claim(two, self.there, 4, self.web)
            second.rollback()
        self.assertEqual(self.left(), [0, 6])

    def test_shares_changed_at_once(self):
        """Two who set goods aside unseen by each other do not set aside more than there is."""
        with self.registry.cursor() as first, self.registry.cursor() as second:
            one, two = self.open(first), self.open(second)
            [share] = self.made["oms.allocation"]

            def raise_share():
                two["oms.allocation"].browse(share).amount = 9
                second.flush()

            self.assertTrue(two["oms.channel"].browse(self.web).name)  # its snapshot is taken
            one["oms.allocation"].create(
                {
                    "channel_id": self.web,
                    "kind": "protected",
                    "amount": 4,
                    "product_id": self.product,
                }
            )
            first.commit()
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                raise_share()
            second.rollback()
            with self.assertRaisesRegex(ValidationError, "9 .* cannot be set aside for"):
                raise_share()
            second.rollback()
        self.assertEqual(self.left(), [4, 6])
        with self.registry.cursor() as cr:
            shown = self.open(cr)["oms.position"].search([("product_id", "=", self.product)])
            self.assertEqual(set(shown.site_id.ids), {self.here, self.there})
            self.assertEqual(len(shown), 2, "guards are no positions")

    def test_holds_at_once(self):
        """Eight who ask for one unit each, at two sites: four get it, the rest stays set aside."""
        outcome = []

        def hold(site):
            with self.registry.cursor() as cr:
                env = self.open(cr)
                try:
                    outcome.append(
                        env["oms.claim"]._hold(
                            [(self.product, site, 1)],
                            "cart",
                            5,
                            channel=env["oms.channel"].browse(self.web),
                        )
                    )
                except UserError as error:
                    outcome.append(str(error))

        threads = [
            threading.Thread(target=hold, args=[site]) for site in (self.here, self.there) * 4
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        refused = [each for each in outcome if isinstance(each, str)]
        self.assertEqual((len(outcome), len(refused)), (8, 4))
        self.assertTrue(all("6 for SHB" in each for each in refused), refused)
        self.assertEqual(self.left(), [0, 6])

    def test_killed_in_the_middle(self):
        """A claim whose connection died took nothing of the share, and its guard is free."""
        cr = self.registry.cursor()
        self.claim(self.open(cr), self.here, 4, self.web)
        cr.execute("SELECT pg_backend_pid()")
        [pid] = cr.fetchone()
        with self.registry.cursor() as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])
        with mute_logger("odoo.sql_db"), self.assertRaises(OperationalError):
            cr.execute("SELECT 1")
        with contextlib.suppress(OperationalError, InterfaceError):
            cr.close()
        self.assertEqual(self.left(), [4, 10])
        with self.registry.cursor() as cr:
            self.claim(self.open(cr), self.there, 4, self.web)
        self.assertEqual(self.left(), [0, 6])
