from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from ...models.intake import oms_import_run
from .common import ORDER_HEADERS, SITE_HEADERS, STOCK_HEADERS, IntakeCase, make_csv
from .test_orders import ONE, OTHER


class Killed(BaseException):
    """What a kill signal is to the job."""


class TestImportJob(IntakeCase):
    def make_many_orders(self, count=6):
        return make_csv(ORDER_HEADERS, *(ONE.replace("A1", f"K{n}") for n in range(count)))

    def test_file_errors(self):
        for content, part in (
            (b"", "empty"),
            (make_csv("site,product_id", "NEAR,APPLE"), "Missing column: quantity. The headers"),
            (make_csv(STOCK_HEADERS, "Orléans,A,1", encoding="cp1252"), "Windows-1252"),
        ):
            job = self.make_job("stock", content)
            job.action_check()
            self.assertEqual(job.state, "failed")
            self.assertIn(part, job.error)
        # The mend: another encoding.
        job.encoding = "cp1252"
        job.action_import()
        self.assertEqual(job.state, "done")
        self.assertIn("no site “Orléans”", self.get_messages(job)[2])

    def test_size_limits(self):
        params = self.env["ir.config_parameter"]
        content = make_csv(STOCK_HEADERS, *(f"NEAR,P{n},1" for n in range(12)))
        params.set_param("oms.import_max_rows", 10)
        job = self.run_job("stock", content)
        self.assertIn("more than 10 rows", job.error)
        params.set_param("oms.import_max_megabytes", 0)
        job = self.run_job("stock", content)
        self.assertIn("limit is 0 MB", job.error)

    def test_check_then_import(self):
        content = make_csv(ORDER_HEADERS, ONE, OTHER.replace("APPLE", "NOTHING"))
        before = self.count_everything()
        job = self.make_job("orders", content, channel_id=self.channel.id, confirm_orders=True)
        job.action_check()
        self.assertEqual((job.state, job.created_count, job.bad_count), ("checked", 1, 1))
        self.assertEqual(self.count_everything(), before)
        self.assertTrue(job.report_file)
        job.action_import()
        self.assertEqual((job.state, job.created_count, job.bad_count), ("done", 1, 1))
        self.assertEqual(len(job.line_ids), 1)
        self.assertEqual(job.order_ids.state, "sale")
        self.assertEqual(job.progress, 100)
        self.assertIn("report_file", job.action_download_report()["url"])
        self.assertEqual(job.action_view_orders()["domain"], [("oms_import_id", "=", job.id)])

    def test_large_file_goes_on_in_the_background(self):
        job = self.make_job("orders", self.make_many_orders(), channel_id=self.channel.id)
        cron = self.env.ref("oms.cron_import")
        self.patch(oms_import_run, "INLINE_SECONDS", 0)
        job.action_import()
        self.assertEqual((job.state, job.position), ("running", 0))
        self.assertTrue(self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]))
        self.patch(self.env.registry["oms.import.orders"], "_chunk_size", 2)
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual((job.state, job.created_count), ("done", 6))
        self.assertEqual(len(job.order_ids), 6)

    def test_background_job_reports_what_it_did(self):
        self.patch(self.env.registry["oms.import.orders"], "_chunk_size", 4)
        orders = self.make_job("orders", self.make_many_orders(), channel_id=self.channel.id)
        stock = self.make_job("stock", make_csv(STOCK_HEADERS, "NEAR,APPLE,1", "NEAR,BERRY,2"))
        for job in (orders, stock):
            job._begin("import")
        reports = []

        def commit_progress(_cron, processed=0, *, remaining=None):
            reports.append((processed, remaining))
            return 60.0

        self.patch(self.env.registry["ir.cron"], "_commit_progress", commit_progress)
        self.env["oms.import"]._cron_run()
        self.assertEqual((orders.state, stock.state), ("done", "done"))
        # What is not begun is not counted yet: at least one of it remains.
        self.assertEqual(reports, [(0, 2), (4, 3), (2, 2), (0, 1), (2, 1), (0, 0)])

    def test_goes_on_after_a_kill(self):
        self.patch(self.env.registry["oms.import.orders"], "_chunk_size", 2)
        job = self.make_job("orders", self.make_many_orders(), channel_id=self.channel.id)
        job._begin("import")
        commits = []

        def checkpoint(_done):
            if commits:
                raise Killed
            commits.append(self.env.cr.savepoint())
            return True

        # Not assertRaises, which rolls back itself.
        killed = False
        try:
            job._work(checkpoint)
        except Killed:
            killed = True
        self.assertTrue(killed)
        # What had not been committed is lost with the process.
        commits[0].rollback()
        self.assertEqual((job.state, job.position, len(job.order_ids)), ("running", 2, 2))
        self.assertAlmostEqual(job.progress, 100 / 3)
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_import").method_direct_trigger()
        self.assertEqual((job.state, job.created_count, job.row_count), ("done", 6, 6))
        self.assertEqual(len(job.order_ids), 6)

    def test_stops_when_time_is_up_and_goes_on(self):
        self.patch(self.env.registry["oms.import.stock"], "_chunk_size", 1)
        content = make_csv(STOCK_HEADERS, "NEAR,APPLE,1", "NEAR,BERRY,2", "NEAR,APPLE,1")
        job = self.make_job("stock", content)
        job._begin("import")
        for position in (1, 2, 3):
            self.assertFalse(job._work(lambda _done: False))
            self.assertEqual(job.position, position)
        self.assertTrue(job._work(lambda _done: True))
        # The repetition is seen even though its first line was done in an earlier run.
        self.assertIn("Line 2 is about the same", self.get_messages(job)[4])
        self.assertEqual((job.created_count, job.row_count), (2, 3))

    @mute_logger("odoo.addons.oms.models.intake.oms_import_run")
    def test_unexpected_error_fails_the_job_alone(self):
        bad = self.make_job("orders", self.make_many_orders(), channel_id=self.channel.id)
        good = self.make_job("stock", make_csv(STOCK_HEADERS, "NEAR,APPLE,1"))
        for job in (bad, good):
            job._begin("import")
        handler = self.env.registry["oms.import.orders"]
        with (
            patch.object(handler, "_process", side_effect=ZeroDivisionError),
            self.enter_registry_test_mode(),
        ):
            self.env.ref("oms.cron_import").method_direct_trigger()
        self.assertEqual((bad.state, good.state), ("failed", "done"))
        self.assertIn("log has the details", bad.error)

    def test_no_bad_rows_to_download(self):
        job = self.run_job("stock", make_csv(STOCK_HEADERS, "NEAR,APPLE,1"))
        with self.assertRaises(UserError):
            job.action_download_report()

    def test_numbers_are_checked(self):
        job = self.make_job("stock", b"")
        with self.assertRaises(UserError):
            job.confirm_batch = 0

    # === RIGHTS === #

    def test_order_operator_imports_orders_only(self):
        self.stock(self.apple, (self.near, 9))
        operator = new_test_user(self.env, "intake_operator", "oms.group_order_operator")
        Job = self.env["oms.import"].with_user(operator)
        options = {"channel_id": self.channel.id, "confirm_orders": True}
        job = Job._create_job("orders", "o.csv", make_csv(ORDER_HEADERS, ONE), options)
        self.assertTrue(job.may_import)
        job.action_import()
        self.assertEqual((job.state, job.created_count, job.confirmed_count), ("done", 1, 1))
        self.assertEqual(job.order_ids.oms_fulfillment_ids.site_id, self.near)
        self.assertEqual(job.order_ids.create_uid, operator)
        for kind, content in (
            ("sites", make_csv(SITE_HEADERS, "S1,store,1,2")),
            ("stock", make_csv(STOCK_HEADERS, "NEAR,APPLE,1")),
            ("products", make_csv("sku,name", "P1,Pear")),
        ):
            job = Job._create_job(kind, "f.csv", content, {})
            self.assertFalse(job.may_import)
            self.assertTrue(job.sudo().may_import)
            with self.assertRaisesRegex(AccessError, "Order Manager"):
                job.action_check()

    def test_order_operator_creates_no_products(self):
        operator = new_test_user(self.env, "intake_operator", "oms.group_order_operator")
        job = (
            self.env["oms.import"]
            .with_user(operator)
            ._create_job("orders", "o.csv", make_csv(ORDER_HEADERS, ONE), {"create_products": True})
        )
        with self.assertRaisesRegex(AccessError, "Creating products"):
            job.action_import()

    def test_order_manager_imports_sites_and_stock(self):
        manager = new_test_user(self.env, "intake_manager", "oms.group_order_manager")
        Job = self.env["oms.import"].with_user(manager)
        job = Job._create_job("sites", "s.csv", make_csv(SITE_HEADERS, "S1,store,1,2"), {})
        job.action_import()
        self.assertEqual(job.created_count, 1)
        content = make_csv(STOCK_HEADERS, "S1,APPLE,4")
        job = Job._create_job("stock", "s.csv", content, {})
        job.action_import()
        self.assertEqual((job.state, job.created_count), ("done", 1))

    def test_others_have_no_access(self):
        job = self.make_job("stock", b"")
        for groups in ("oms.group_site_operator", "sales_team.group_sale_salesman_all_leads"):
            user = new_test_user(self.env, f"intake_{groups[-5:]}", groups)
            with self.assertRaises(AccessError):
                job.with_user(user).read(["name"])

    def test_nobody_borrows_the_rights_of_another(self):
        operator = new_test_user(self.env, "intake_operator", "oms.group_order_operator")
        job = self.make_job("stock", make_csv(STOCK_HEADERS, "NEAR,APPLE,1"))
        for vals in ({"user_id": self.env.ref("base.user_admin").id}, {"state": "running"}):
            with self.assertRaises(AccessError):
                job.with_user(operator).write(vals)
            with self.assertRaises(AccessError):
                self.env["oms.import"].with_user(operator).create(
                    {"name": "x", "kind": "stock", "file": b"", **vals}
                )
        with self.assertRaises(AccessError):
            job.with_user(operator).action_import()

    def test_other_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        manager = new_test_user(self.env, "intake_manager", "oms.group_order_manager")
        job = (
            self.env["oms.import"]
            .with_company(other)
            ._create_job(
                "stock", "f.csv", make_csv(STOCK_HEADERS, "NEAR,APPLE,1"), {"company_id": other.id}
            )
        )
        with self.assertRaises(AccessError):
            job.with_user(manager).read(["name"])
        job.action_import()
        # The site of this company is unknown to the other one.
        self.assertIn("no site “NEAR”", self.get_messages(job)[2])
