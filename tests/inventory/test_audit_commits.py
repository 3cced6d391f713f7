import threading
from contextlib import contextmanager

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name
from odoo.tools import SQL, mute_logger

from odoo.addons.oms.models.inventory import audit_sql, position_sql


@tagged("post_install", "-at_install")
class TestAuditCommits(BaseCase):
    """What an audit tells from who wrote what, and what it sees beside others: really committed."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.addCleanup(self.clean)
        with self.work() as env:
            self.site = env["oms.site"].search([("warehouse_id", "!=", False)], limit=1).id
            product = env["product.product"].create(
                {"name": "Audited", "type": "consu", "is_storable": True}
            )
            self.product = product.id
            self.place = env["oms.site"].browse(self.site).warehouse_id.lot_stock_id.id
            self.quant = (
                env["stock.quant"]
                .create({"product_id": product.id, "location_id": self.place, "quantity": 5})
                .id
            )
        self.run_sql("SELECT oms_position_compact(100000)")
        self.run_audit()

    def clean(self):
        with self.work() as env:
            lines = env["oms.audit.line"].search([("product_key", "=", self.product)])
            audits = env["oms.audit"].search([("product_ids", "in", self.product)])
            (audits.line_ids | lines).unlink()
            audits.unlink()
            for model in ("oms.claim", "stock.quant"):
                env[model].search([("product_id", "=", self.product)]).unlink()
            env["product.product"].browse(self.product).unlink()
            env.flush_all()
            env.cr.execute("DELETE FROM oms_position_delta WHERE product_id = %s", [self.product])
            env.cr.execute("DELETE FROM oms_position_row WHERE product_id = %s", [self.product])

    @contextmanager
    def work(self):
        """Open a transaction that is committed at the end of the block."""
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def run_sql(self, query, *args):
        with self.registry.cursor() as cr:
            cr.execute(SQL(query, *args))

    @contextmanager
    def past_triggers(self):
        """Open a transaction whose changes no trigger follows, as replication makes them."""
        with self.registry.cursor() as cr:
            cr.execute("SET LOCAL session_replication_role = 'replica'")
            yield cr

    def run_audit(self):
        """Look at the product; return the positions found wrong: cause and documents."""
        with self.work() as env:
            product = env["product.product"].browse(self.product)
            audit = env["oms.audit"]._start_run("user", product)
            lines = audit.line_ids.filtered(lambda line: line.kind == "position")
            return [(line.cause, line._get_documents()) for line in lines]

    def find_cause(self):
        [(cause, documents)] = self.run_audit()
        return cause, [document for document in documents if document[0] != "oms.audit"]

    # === TWO WHO CORRECT AT ONCE === #

    def assertCorrectedOnce(self, first, second):
        """Two see the same fault; the one who comes second is to be run again and finds none."""
        with self.past_triggers() as cr:
            cr.execute("UPDATE stock_quant SET quantity = 2 WHERE id = %s", [self.quant])
        with self.registry.cursor() as one, self.registry.cursor() as two:
            envs = [api.Environment(cr, SUPERUSER_ID, {}) for cr in (one, two)]
            for env in envs:  # both have begun
                self.assertTrue(env["oms.site"].browse(self.site).name)
            self.assertEqual(first(envs[0]), 1)
            one.commit()
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                second(envs[1])
            two.rollback()
            self.assertEqual(second(envs[1]), 0)
        with self.work() as env:
            position = env["oms.position"].search([("product_id", "=", self.product)])
            self.assertEqual(position.on_hand, 2)

    def rebuild(self, env):
        return env["oms.position"]._rebuild()

    def test_two_rebuilds(self):
        with mute_logger("odoo.addons.oms.models.inventory.oms_position"):
            self.assertCorrectedOnce(self.rebuild, self.rebuild)

    def test_repair_and_rebuild(self):
        def repair(env):
            lines = env["oms.audit.line"].search(
                [("product_key", "=", self.product), ("state", "=", "open")]
            )
            lines._repair_position()
            return len(lines)

        with self.past_triggers() as cr:
            cr.execute("UPDATE stock_quant SET quantity = 2 WHERE id = %s", [self.quant])
        self.run_audit()
        self.assertCorrectedOnce(repair, self.rebuild)

    # === WHO WROTE WHAT === #

    def test_row_changed_by_hand(self):
        self.run_sql("UPDATE oms_position_row SET on_hand = 9 WHERE product_id = %s", self.product)
        self.assertEqual(self.find_cause(), ("edited", []))

    def test_ledger_changed_by_hand(self):
        self.run_sql(
            "INSERT INTO oms_position_delta (product_id, site_id, on_hand) VALUES (%s, %s, 4)",
            self.product,
            self.site,
        )
        self.assertEqual(self.find_cause(), ("edited", []))

    def test_record_changed_past_the_triggers(self):
        with self.past_triggers() as cr:
            cr.execute("UPDATE stock_quant SET quantity = 2 WHERE id = %s", [self.quant])
        self.assertEqual(self.find_cause(), ("not_followed", [("stock.quant", self.quant)]))

    def test_record_deleted_past_the_triggers(self):
        with self.past_triggers() as cr:
            cr.execute("DELETE FROM stock_quant WHERE id = %s", [self.quant])
        self.assertEqual(self.find_cause(), ("deleted_unfollowed", []))

    def test_location_changed_past_the_triggers(self):
        with self.past_triggers() as cr:
            cr.execute(
                "UPDATE stock_location SET oms_position_site_id = NULL WHERE id = %s", [self.place]
            )
        try:
            cause, documents = self.find_cause()
        finally:
            with self.past_triggers() as cr:
                cr.execute(
                    "UPDATE stock_location SET oms_position_site_id = %s WHERE id = %s",
                    [self.site, self.place],
                )
        self.assertEqual((cause, documents), ("not_followed", [("stock.location", self.place)]))

    def test_both_changed(self):
        """Where the witnesses contradict each other, the audit says so."""
        self.run_sql("UPDATE stock_quant SET quantity = 4 WHERE id = %s", self.quant)
        self.run_sql("UPDATE oms_position_row SET on_hand = 9 WHERE product_id = %s", self.product)
        cause, documents = self.find_cause()
        self.assertEqual((cause, documents), ("unknown", [("stock.quant", self.quant)]))

    def test_folded_after_the_audit(self):
        """What was in the ledger at the last audit and folded since proves nothing."""
        self.run_sql("UPDATE stock_quant SET quantity = 4 WHERE id = %s", self.quant)
        self.run_audit()
        self.run_sql("SELECT oms_position_compact(100000)")
        with self.past_triggers() as cr:
            cr.execute("DELETE FROM stock_quant WHERE id = %s", [self.quant])
        self.assertEqual(self.find_cause(), ("unknown", []))

    def test_database_restored(self):
        """Numbers of transactions of another database tell nothing."""
        with self.work() as env:
            audit = env["oms.audit"].search([("product_ids", "in", self.product)], limit=1)
            audit.snapshot = {**audit.snapshot, "database": "0"}
        self.run_sql("UPDATE oms_position_row SET on_hand = 9 WHERE product_id = %s", self.product)
        self.assertEqual(self.find_cause(), ("restored", []))

    # === BESIDE OTHERS === #

    def test_writes_in_the_middle(self):
        """What others commit between two reads of an audit is no difference."""
        with self.work() as env:
            audit = env["oms.audit"].create(
                {"scope": "products", "product_ids": [(6, 0, [self.product])]}
            )
            env.flush_all()
            [[kept]] = env.execute_query(self.kept())
            self.run_sql("UPDATE stock_quant SET quantity = 8 WHERE id = %s", self.quant)
            self.run_sql("SELECT oms_position_compact(100000)")
            [[true]] = env.execute_query(self.truth())
            self.assertEqual((kept, true), (5, 5), "both reads are of one moment")
            audit._work(lambda _done: True)
            self.assertNotIn("position", audit.line_ids.mapped("kind"))
        # Without that isolation, the same two reads differ.
        with self.registry.cursor() as cr:
            cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cr.execute(self.kept())
            [kept] = cr.fetchone()
            self.run_sql("UPDATE stock_quant SET quantity = 3 WHERE id = %s", self.quant)
            cr.execute(self.truth())
            self.assertEqual((kept, cr.fetchone()[0]), (8, 3))

    def kept(self):
        condition = audit_sql.any_of([self.product])
        return SQL("SELECT on_hand FROM (%s) AS kept", position_sql.kept(condition))

    def truth(self):
        columns = SQL("product_id, site_id, %s", position_sql.columns())
        condition = audit_sql.any_of([self.product])
        return SQL("SELECT on_hand FROM (%s) AS t (%s)", position_sql.truth(condition), columns)

    def test_beside_running_writes(self):
        """Audits one after the other, while others receive, claim and compact."""
        done = threading.Event()
        rounds = []

        def write():
            while not done.is_set():
                self.run_sql(
                    "UPDATE stock_quant SET quantity = quantity + 1 WHERE id = %s", self.quant
                )
                self.run_sql(
                    "INSERT INTO oms_claim (product_id, site_id, quantity, origin, state) "
                    "VALUES (%s, %s, 1, 'order', 'active')",
                    self.product,
                    self.site,
                )
                with mute_logger("odoo.sql_db"):
                    self.run_sql("SELECT oms_position_compact(100)")
                rounds.append(1)

        thread = threading.Thread(target=write)
        thread.start()
        try:
            for _number in range(8):
                self.assertEqual(self.run_audit(), [])
        finally:
            done.set()
            thread.join(30)
        self.assertGreater(len(rounds), 8, "others went on writing")
        self.assertEqual(self.run_audit(), [])

    def test_repaired_by_two_at_once(self):
        """Of two people who repair the same finding one is run again, and finds it repaired."""
        self.run_sql("UPDATE oms_position_row SET on_hand = 9 WHERE product_id = %s", self.product)
        self.run_audit()
        with self.work() as one, self.registry.cursor() as cr:
            two = api.Environment(cr, SUPERUSER_ID, {})
            domain = [("product_key", "=", self.product), ("state", "=", "open")]
            late = two["oms.audit.line"].search(domain)
            one["oms.audit.line"].search(domain).action_repair()
            one.cr.commit()
            with mute_logger("odoo.sql_db"), self.assertRaises(Exception) as raised:
                late.action_repair()
            self.assertIn(type(raised.exception).__name__, ("SerializationFailure", "LockError"))
            cr.rollback()
        self.assertEqual(self.run_audit(), [])
