from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.oms.models.inventory import oms_audit_machinery

from .audit import AuditCase


@tagged("post_install", "-at_install")
class TestAudit(AuditCase):
    """Positions are what the records say, and what keeps them so is whole."""

    def setUp(self):
        super().setUp()
        self.user = self.make_user("audit_manager", "oms.group_order_manager")

    def repair(self, lines):
        lines.with_user(self.user).action_repair()
        self.env.invalidate_all()

    def on_hand(self):
        [position] = self.env["oms.position"]._get_positions(self.near.ids, self.apple.ids)
        return position.on_hand

    def test_busy_life_is_clean(self):
        """Receipts, sales, cancellations and returns leave nothing to find."""
        self.stock(self.apple, (self.near, 5), (self.far, 5))
        shipped = self.make_order((self.apple, 2))
        self.ship(shipped.picking_ids)
        self.take_back(shipped.picking_ids, 1)
        self.cancel(self.make_order((self.apple, 3)))
        order = self.make_order((self.apple, 4), (self.berry, 1))
        order.order_line[0].product_uom_qty = 2
        self.assertClean()

    def test_figures_changed_by_hand(self):
        """Repair appends what is missing, and says so; the first audit cannot tell the cause."""
        self.stock(self.apple, (self.near, 5))
        self.sql("SELECT oms_position_compact(100000)")
        self.sql(
            "UPDATE oms_position_row SET on_hand = 12, claimed = 1 WHERE product_id = %s",
            self.apple.id,
        )
        audit = self.audit()
        lines = audit.line_ids.sorted("measure")
        self.assertEqual(lines.mapped("kind"), ["position"] * 2)
        self.assertEqual(lines.mapped("measure"), ["claimed", "on_hand"])
        self.assertEqual(
            [(line.kept, line.recorded, line.difference) for line in lines],
            [(1, 0, -1), (12, 5, -7)],
        )
        self.assertEqual(lines[1].product_id, self.apple)
        self.assertEqual(lines[1].site_id, self.near)
        self.assertEqual(lines[1].cause, "unknown")
        self.assertEqual(self.on_hand(), 12, "an audit changes nothing")
        # The entry makes the whole position true: both findings end.
        self.repair(lines[1])
        self.assertEqual(lines.mapped("state"), ["repaired"] * 2)
        self.assertEqual(lines.closed_by_id, self.user)
        self.assertEqual(lines[1].outcome, "-7 added to the ledger.")
        self.assertEqual(self.on_hand(), 5)
        self.assertEqual(audit.state, "repaired")
        self.assertIn(self.user.name, audit.message_ids[0].body)
        self.assertEqual(audit.message_ids[0].author_id, self.user.partner_id)
        self.assertClean()

    def test_repair_measures_again(self):
        """What is repaired is what is wrong at the click, not what was when it was found."""
        self.stock(self.apple, (self.near, 5))
        self.sql("SELECT oms_position_compact(100000)")
        self.sql("UPDATE oms_position_row SET on_hand = 12 WHERE product_id = %s", self.apple.id)
        line = self.audit().line_ids
        self.stock(self.apple, (self.near, 1))
        self.sql("UPDATE oms_position_row SET on_hand = 8 WHERE product_id = %s", self.apple.id)
        self.repair(line)
        self.assertEqual(line.state, "repaired")
        self.assertRegex(line.outcome, "^-3 added .* was -7")
        self.assertEqual(self.on_hand(), 6)
        self.assertClean()

    def test_repair_of_what_is_gone(self):
        self.stock(self.apple, (self.near, 5))
        self.sql("SELECT oms_position_compact(100000)")
        self.sql("UPDATE oms_position_row SET on_hand = 12 WHERE product_id = %s", self.apple.id)
        line = self.audit().line_ids
        with mute_logger("odoo.addons.oms.models.inventory.oms_position"):
            self.env["oms.position"]._rebuild()
        self.repair(line)
        self.assertEqual(line.state, "gone")
        self.assertEqual(self.on_hand(), 5)
        with self.assertRaises(UserError):
            line.with_user(self.user).action_repair()

    def test_trigger_off(self):
        self.stock(self.apple, (self.near, 5))
        self.sql("ALTER TABLE stock_quant DISABLE TRIGGER oms_position_stock_quant_update")
        self.sql("UPDATE stock_quant SET quantity = 3 WHERE product_id = %s", self.apple.id)
        audit = self.audit()
        by_kind = {line.kind: line for line in audit.line_ids}
        self.assertEqual(set(by_kind), {"trigger", "position"})
        trigger, position = by_kind["trigger"], by_kind["position"]
        self.assertEqual(trigger.cause, "trigger_off")
        self.assertIn("oms_position_stock_quant_update", trigger.sentence)
        self.assertFalse(trigger.company_id)
        self.assertEqual((position.difference, position.cause), (-2, "trigger_off"))
        self.repair(audit.line_ids)
        self.assertEqual(audit.line_ids.mapped("state"), ["repaired"] * 2)
        self.assertClean()
        self.sql("UPDATE stock_quant SET quantity = 4 WHERE product_id = %s", self.apple.id)
        self.assertEqual(self.on_hand(), 4)
        self.assertClean()

    def test_trigger_was_off(self):
        """Who repairs the trigger first still learns what the wrong positions come from."""
        self.stock(self.apple, (self.near, 5))
        self.sql("ALTER TABLE stock_quant DISABLE TRIGGER oms_position_stock_quant_update")
        trigger = self.find("trigger")
        self.sql("UPDATE stock_quant SET quantity = 3 WHERE product_id = %s", self.apple.id)
        self.repair(trigger)
        line = self.find("position")
        self.assertEqual(line.cause, "trigger_was_off")
        self.assertIn((trigger._name, trigger.id), line._get_documents())

    def test_trigger_missing(self):
        self.sql("DROP TRIGGER oms_position_stock_location ON stock_location")
        self.sql("DROP TRIGGER oms_position_oms_claim_delete ON oms_claim")
        audit = self.audit()
        self.assertEqual(audit.line_ids.mapped("cause"), ["trigger_missing"] * 2)
        self.repair(audit.line_ids)
        self.assertClean()

    def test_function_changed(self):
        """A function that somebody replaced is found, though its trigger fires."""
        self.stock(self.apple, (self.near, 5))
        self.sql(
            "CREATE OR REPLACE FUNCTION oms_position_stock_quant_update() RETURNS trigger "
            "LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
        )
        self.sql("UPDATE stock_quant SET quantity = 3 WHERE product_id = %s", self.apple.id)
        audit = self.audit()
        causes = {line.kind: line.cause for line in audit.line_ids}
        self.assertEqual(causes, {"function": "function_changed", "position": "trigger_off"})
        self.repair(audit.line_ids)
        self.assertClean()

    def test_function_missing(self):
        self.sql("DROP FUNCTION oms_position_compact(integer)")
        line = self.find("function")
        self.assertEqual(line.cause, "function_missing")
        self.repair(line)
        self.assertClean()

    def test_triggers_skipped(self):
        """A database set to skip triggers, as replication and restoring have it."""
        self.env.cr.execute("SET LOCAL session_replication_role = 'replica'")
        line = self.find("trigger")
        self.assertEqual(line.cause, "replica")
        self.assertFalse(line.can_repair)
        self.env.cr.execute("SET LOCAL session_replication_role = 'origin'")
        self.assertClean()

    def test_ledger_that_nobody_folds(self):
        self.sql("SELECT oms_position_compact(100000)")
        self.stock(self.apple, (self.near, 5))
        first = self.audit()
        self.assertEqual(first.state, "clean", "entries of a moment ago are in time")
        first.started = "2024-01-01 00:00:00"
        line = self.find("ledger")
        self.assertEqual(line.cause, "ledger_waits")
        self.assertIn("2024", line.sentence)
        self.repair(line)
        self.assertEqual(line.state, "repaired")
        self.assertClean()

    def test_long_ledger(self):
        self.patch(oms_audit_machinery, "LONG_LEDGER", 1)
        self.sql("SELECT oms_position_compact(100000)")
        self.stock(self.apple, (self.near, 5), (self.middle, 5), (self.far, 5))
        self.assertEqual(self.find("ledger").cause, "ledger_long")

    def test_job_switched_off(self):
        job = self.env.ref("oms.cron_expire_claims")
        job.active = False
        line = self.find("job")
        self.assertEqual(line.cause, "job_off")
        self.assertIn((job._name, job.id), line._get_documents())
        self.repair(line)
        self.assertTrue(job.active)
        self.assertClean()

    def test_job_late_or_failing(self):
        self.env.ref("oms.cron_expire_claims").nextcall = "2024-01-01 00:00:00"
        self.env.ref("oms.cron_compact_positions").failure_count = 3
        audit = self.audit()
        self.assertEqual(set(audit.line_ids.mapped("cause")), {"job_late", "job_failing"})
        self.assertFalse(any(audit.line_ids.mapped("can_repair")), "a click starts no workers")

    def test_product_deleted(self):
        """What is kept of a product that is no more is met by an audit of all products."""
        product = self.make_product("Cherry")
        self.env.flush_all()
        gone = product.id
        product.unlink()
        self.sql(
            "INSERT INTO oms_position_row (product_id, site_id, on_hand) VALUES (%s, %s, 4)",
            gone,
            self.near.id,
        )
        audit = self.env["oms.audit"]._start_run("user")
        line = audit.line_ids.filtered(lambda line: line.product_key == gone)
        self.assertEqual((line.cause, line.site_id), ("deleted", self.near))
        self.assertIn(str(gone), line.sentence)
        self.repair(line)
        self.assertEqual(line.state, "repaired")
        audit = self.env["oms.audit"]._start_run("user")
        self.assertFalse(audit.line_ids.filtered(lambda line: line.product_key == gone))

    def test_oversold_because_the_position_is_wrong(self):
        self.stock(self.apple, (self.near, 5))
        self.make_order((self.apple, 5))
        self.sql("SELECT oms_position_compact(100000)")
        self.sql("UPDATE oms_position_row SET on_hand = 1 WHERE product_id = %s", self.apple.id)
        audit = self.audit()
        by_kind = {line.kind: line for line in audit.line_ids}
        self.assertEqual(by_kind["oversold"].cause, "kept_wrong")
        self.repair(by_kind["position"])
        self.assertClean()
        self.assertEqual(by_kind["oversold"].state, "gone")
