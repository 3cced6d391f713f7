from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.oms.models.inventory import oms_audit_run

from .audit import AuditCase


@tagged("post_install", "-at_install")
class TestAuditRuns(AuditCase):
    """How findings live from run to run, who is told, and who may do what."""

    def setUp(self):
        super().setUp()
        # Findings about the rest of the database are none of these tests' business.
        self.patch(type(self.env["oms.audit"]), "_check_machinery", lambda audit: [])
        self.user = self.make_user("audit_manager", "oms.group_order_manager")

    def damage(self, quantity, product=None, site=None):
        """Make what is kept of a position wrong by hand."""
        self.sql(
            "INSERT INTO oms_position_delta (product_id, site_id, on_hand) VALUES (%s, %s, %s)",
            (product or self.apple).id,
            (site or self.near).id,
            quantity,
        )

    def run_job(self):
        """Have the scheduled job called on another day."""
        self.env["oms.audit"].search([]).started = "2024-03-04 10:00:00"
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_audit").method_direct_trigger()
        self.env.invalidate_all()
        return self.env["oms.audit"].search([], limit=1)

    def count_kept(self):
        self.env.cr.execute(
            "SELECT (SELECT COUNT(*) FROM oms_position_delta),"
            " (SELECT SUM(on_hand + reserved + demand + claimed + version) FROM oms_position_row)"
        )
        return self.env.cr.fetchone()

    # === FROM RUN TO RUN === #

    def test_seen_again(self):
        """What is found again stays the same line, with its newest figures."""
        self.damage(4)
        first = self.audit()
        line = first.line_ids
        line.write({"first_seen": "2024-01-01 00:00:00", "last_seen": "2024-01-01 00:00:00"})
        self.damage(1)
        second = self.audit()
        self.assertEqual(second.line_ids, line)
        self.assertEqual(line.audit_ids, first + second)
        self.assertEqual((line.kept, line.difference), (5, -5))
        self.assertEqual(line.first_seen.year, 2024)
        self.assertGreater(line.last_seen.year, 2024)
        self.assertEqual((first + second).mapped("state"), ["differences"] * 2)

    def test_gone(self):
        """What is found no more ends, where it was looked for."""
        self.damage(4)
        self.damage(2, self.berry)
        first = self.audit()
        apple, berry = (
            first.line_ids.filtered(lambda line, each=each: line.product_id == each)
            for each in (self.apple, self.berry)
        )
        self.damage(-4)
        self.damage(-2, self.berry)
        self.assertEqual(self.audit(self.apple).state, "clean")
        self.assertEqual((apple.state, berry.state), ("gone", "open"))
        self.assertEqual(first.state, "differences")
        self.audit()
        self.assertEqual((berry.state, first.state), ("gone", "repaired"))

    def test_back_after_repair(self):
        """What comes back is told apart from what was repaired."""
        self.damage(4)
        repaired = self.audit().line_ids
        repaired.with_user(self.user).action_repair()
        self.damage(4)
        back = self.audit().line_ids
        self.assertNotEqual(back, repaired)
        self.assertEqual((repaired.state, back.state), ("repaired", "open"))

    def test_accepted(self):
        """Accepted findings stay accepted until they get worse."""
        self.damage(4)
        line = self.audit().line_ids
        line.with_user(self.user).action_accept()
        self.assertEqual((line.state, line.closed_by_id), ("accepted", self.user))
        again = self.audit()
        self.assertEqual((again.line_ids, again.state, line.state), (line, "clean", "accepted"))
        self.damage(-1)
        self.audit()
        self.assertEqual(line.state, "accepted")
        self.damage(2)
        self.assertEqual(self.audit().state, "differences")
        self.assertEqual((line.state, line.difference), ("open", -5))
        line.with_user(self.user).action_accept()
        line.with_user(self.user).action_reopen()
        self.assertEqual(line.state, "open")

    def test_look_again_from_a_finding(self):
        self.damage(4)
        line = self.audit().line_ids
        self.damage(-4)
        line.with_user(self.user).action_check_again()
        self.assertEqual(line.state, "gone")

    def test_more_findings_than_anybody_reads(self):
        self.patch(oms_audit_run, "MOST_FINDINGS", 1)
        self.damage(4)
        self.damage(4, self.berry)
        audit = self.audit()
        self.assertEqual((len(audit.line_ids), audit.unlisted_count), (1, 1))
        with mute_logger("odoo.addons.oms.models.inventory.oms_position"):
            audit.with_user(self.user).action_rebuild()
        self.assertIn("positions: 2", audit.message_ids[0].body)
        self.assertClean()

    def test_many_are_repaired_together(self):
        """One message tells what was repaired, by whom, without names of products."""
        self.damage(4)
        self.damage(2, self.berry, self.far)
        audit = self.audit()
        before = audit.message_ids
        audit.line_ids.with_user(self.user).action_repair()
        [message] = audit.message_ids - before
        self.assertEqual(message.author_id, self.user.partner_id)
        for line in audit.line_ids:
            self.assertIn(f"#{line.id}", message.body)
        self.assertNotIn(self.apple.name, message.body)
        self.assertClean()

    def test_statements_do_not_grow_with_findings(self):
        """What is found is matched, explained and written down all together."""
        counts = []
        for number in (1, 8):
            products = self.env["product.product"].union(
                *(self.make_product(f"Many {number} {each}") for each in range(number))
            )
            for product in products:
                self.stock(product, (self.near, 2))
                self.make_order((product, 3), oms_channel_id=False)
                self.damage(4, product, self.far)
            self.audit(products)
            for product in products:
                self.damage(1, product, self.middle)
            with self.queries() as statements:
                audit = self.env["oms.audit"]._start_run("user", products)
            self.assertGreaterEqual(len(audit.line_ids), 2 * number)
            counts.append(len(statements))
        self.assertLessEqual(counts[1], counts[0] + 2)

    def test_runs_of_long_ago_are_forgotten(self):
        """With them goes what was settled; what is open or accepted stays."""
        self.damage(4)
        self.damage(4, self.berry)
        audit = self.audit()
        settled = audit.line_ids.filtered(lambda line: line.product_id == self.apple)
        settled.action_repair()
        left = audit.line_ids - settled
        audit.started = "2024-03-04 10:00:00"
        new = self.audit(self.apple)
        self.env["oms.audit"]._gc_runs()
        self.assertFalse(audit.exists() or settled.exists())
        self.assertTrue(left.exists() and new.exists())

    # === THE JOB === #

    def test_job_in_slices(self):
        """The job looks at all products, slice by slice, and changes nothing but its findings."""
        self.patch(oms_audit_run, "SLICE", 1)
        self.damage(4)
        self.damage(2, self.berry)
        kept = self.count_kept()
        audit = self.run_job()
        self.assertEqual((audit.origin, audit.state), ("job", "differences"))
        self.assertEqual(audit.product_done, audit.product_count)
        self.assertEqual(audit.progress, 100.0)
        self.assertEqual(audit.line_ids.product_id & self.products, self.products)
        self.assertEqual(self.count_kept(), kept)
        self.assertEqual(self.env["oms.audit"].search_count([("state", "=", "running")]), 0)

    def test_job_out_of_time(self):
        """The job stops after a slice when its time is over, and goes on when it is called."""
        self.patch(oms_audit_run, "SLICE", 1)
        Audit = self.env["oms.audit"]
        Audit.search([]).unlink()
        cron = type(self.env["ir.cron"])
        with patch.object(cron, "_commit_progress", lambda *args, **kwargs: 0):
            Audit._cron_run()
            audit = Audit._get_running()
            self.assertEqual(audit.product_done, 1)
            self.assertGreater(audit.progress, 0.0)
            Audit._cron_run()
            self.assertEqual((Audit._get_running(), audit.product_done), (audit, 2))
            # Stopped by somebody, and called to go on with it: no new run begins.
            audit.with_user(self.user).action_stop()
            Audit._cron_run()
            self.assertFalse(Audit._get_running())

    def test_job_that_fails(self):
        def fail(audit, part):
            raise ValueError

        with (
            patch.object(type(self.env["oms.audit"]), "_check_slice", fail),
            mute_logger("odoo.addons.oms.models.inventory.oms_audit_run"),
        ):
            audit = self.run_job()
        self.assertEqual(audit.state, "stopped")
        self.assertIn("log", audit.error)
        self.assertNotEqual(self.run_job(), audit)

    def test_one_at_a_time(self):
        """Who asks for an audit while one runs is led to that one."""
        running = self.env["oms.audit"].create({"origin": "job"})
        action = self.env["oms.audit"].with_user(self.user).action_run()
        self.assertEqual(action["res_id"], running.id)
        self.damage(4)
        with self.assertRaises(UserError):
            line = self.env["oms.audit.line"].create(
                {"kind": "position", "key": "x", "measure": "on_hand", "product_id": self.apple.id}
            )
            line.with_user(self.user).action_check_again()
        running.with_user(self.user).action_stop()
        self.assertEqual(running.state, "stopped")
        self.assertIn(self.user.name, running.error)

    def test_run_now(self):
        """A small stock is looked at before the button returns, a large one by the job."""
        Audit = self.env["oms.audit"].with_user(self.user)
        audit = Audit.browse(Audit.action_run()["res_id"])
        self.assertIn(audit.state, ("clean", "differences"))
        self.assertEqual(audit.user_id, self.user)
        self.patch(oms_audit_run, "SLICE", 1)
        cron = self.env.ref("oms.cron_audit")
        asked = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        audit = Audit.browse(Audit.action_run()["res_id"])
        self.assertEqual(audit.state, "running")
        self.assertEqual(
            self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]), asked + 1
        )

    # === WHO IS TOLD === #

    def test_told_once(self):
        """One activity tells of new findings; the same ones are not told of every day."""
        Activity = self.env["mail.activity"]
        domain = [("activity_type_id", "=", self.env.ref("oms.mail_activity_audit").id)]
        self.assertFalse(self.run_job().activity_ids)
        self.damage(4)
        first = self.run_job()
        activity = Activity.search(domain)
        self.assertEqual((activity.res_id, len(activity)), (first.id, 1))
        self.assertTrue(activity.user_id.has_group("oms.group_order_manager"))
        self.assertEqual(self.run_job().line_ids, first.line_ids)
        self.assertEqual(Activity.search(domain), activity)
        self.damage(2, self.berry)
        third = self.run_job()
        activity = Activity.search(domain)
        self.assertEqual((activity.res_id, len(activity)), (third.id, 1))
        third.line_ids.with_user(self.user).action_repair()
        self.run_job()
        self.assertFalse(Activity.search(domain))

    # === WHO MAY DO WHAT === #

    def test_roles(self):
        self.damage(4)
        audit = self.audit()
        line = audit.line_ids
        reader = self.make_user("audit_reader", "stock.group_stock_manager")
        self.assertEqual(audit.with_user(reader).open_count, 1)
        self.assertIn("4", line.with_user(reader).sentence)
        for record, method in (
            (line, "action_repair"),
            (line, "action_accept"),
            (line, "action_reopen"),
            (line, "action_check_again"),
            (line, "action_source_again"),
            (audit, "action_run"),
            (audit, "action_stop"),
            (audit, "action_resume"),
            (audit, "action_rebuild"),
        ):
            with self.assertRaises(AccessError, msg=method):
                getattr(record.with_user(reader), method)()
        for groups in (
            "stock.group_stock_user",
            "oms.group_site_operator",
            "oms.group_order_operator",
            "oms.group_channel_user",
        ):
            other = self.make_user(groups, groups)
            for record in (audit, line):
                with self.assertRaises(AccessError, msg=groups):
                    record.with_user(other).read(["state"])
        for record in (audit, line):
            with self.assertRaises(AccessError):
                record.with_user(self.user).write({"state": "repaired"})
            with self.assertRaises(AccessError):
                record.with_user(self.user).unlink()
        self.assertEqual(line.state, "open")

    def test_companies(self):
        """Findings are their company's; a run tells everybody that there are some."""
        other = self.env["res.company"].create({"name": "Other company"})
        site = self.make_site("Elsewhere", "ELSE", company=other)
        self.damage(4, self.apple, site)
        audit = self.audit()
        line = audit.line_ids
        self.assertEqual(line.company_id, other)
        mine = audit.with_user(self.user)
        self.assertEqual((mine.state, mine.finding_count, mine.open_count), ("differences", 0, 0))
        self.env.invalidate_all()
        self.assertFalse(mine.line_ids)
        with self.assertRaises(AccessError):
            line.with_user(self.user).action_repair()
        manager = self.make_user(
            "audit_elsewhere",
            "oms.group_order_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        self.assertEqual(audit.with_user(manager).open_count, 1)
        self.assertEqual(audit._get_responsible(other), manager)
        line.with_user(manager).action_repair()
        self.assertEqual((line.state, mine.state), ("repaired", "repaired"))

    def test_nothing_found(self):
        """An empty screen says that all is well, and when that was last proven."""
        Line = self.env["oms.audit.line"].with_user(self.user)
        self.env["oms.audit"].search([]).unlink()
        self.assertIn("Nothing proven yet", Line.get_empty_list_help(""))
        self.env["oms.audit"]._start_run("user")
        self.env["oms.audit.line"].search([]).unlink()
        self.assertIn("All is well", Line.get_empty_list_help(""))
        self.assertIn("last proven on", Line.get_empty_list_help(""))
        self.damage(4)
        self.audit()
        self.assertEqual(Line.get_empty_list_help("Other filter"), "Other filter")

    def test_ways_to_remedies(self):
        self.stock(self.apple, (self.near, 2))
        order = self.make_order((self.apple, 2))
        self.damage(-1)
        lines = self.audit().line_ids.with_user(self.user)
        line = lines.filtered(lambda line: line.kind == "oversold")
        moves = self.env["stock.move"].search(line.action_view_competing_moves()["domain"])
        self.assertEqual(moves, order.picking_ids.move_ids)
        orders = self.env["sale.order"].search(line.action_view_competing_orders()["domain"])
        self.assertEqual(orders, order)
        for name in ("action_view_claims", "action_view_quants"):
            self.assertEqual(getattr(line, name)()["type"], "ir.actions.act_window")
        with self.assertRaises(UserError):
            line.action_source_again()
