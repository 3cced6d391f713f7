import base64

from odoo.tests import Form

from .common import ORDER_HEADERS, STOCK_HEADERS, IntakeCase, make_csv
from .test_orders import ONE


class TestImportWizard(IntakeCase):
    def open_wizard(self, content, name="file.csv"):
        form = Form(self.env["oms.import.wizard"].with_context(default_file_name=name))
        form.file = base64.b64encode(content)
        return form

    def test_preview_and_import(self):
        form = self.open_wizard(make_csv(ORDER_HEADERS + ",note", ONE + ",<b>hi</b>"))
        self.assertEqual(form.kind, "orders")
        self.assertTrue(form.is_readable)
        self.assertFalse(form.problem)
        self.assertIn("&lt;b&gt;hi", form.preview)
        self.assertIn("not used", form.preview)
        form.channel_id = self.channel
        form.confirm_orders = False
        action = form.save().action_import()
        job = self.env["oms.import"].browse(action["res_id"])
        self.assertEqual((job.state, job.created_count), ("done", 1))
        self.assertEqual(job.order_ids.state, "draft")

    def test_check(self):
        form = self.open_wizard(make_csv(STOCK_HEADERS, "NEAR,APPLE,3"))
        self.assertEqual(form.kind, "stock")
        action = form.save().action_check()
        job = self.env["oms.import"].browse(action["res_id"])
        self.assertEqual((job.state, job.created_count), ("checked", 1))
        self.assertEqual(self.get_on_hand(self.near, self.apple), 0)

    def test_missing_column_is_shown_before_anything_is_imported(self):
        form = self.open_wizard(make_csv("site,product_id,note", "NEAR,APPLE,3"))
        self.assertFalse(form.kind)
        self.assertIn("Nearest is “Stock”", form.problem)
        self.assertIn("missing: quantity.", form.problem)
        self.assertIn("choose what the file holds", form.problem)
        form.kind = "stock"
        self.assertIn("Missing column: quantity", form.problem)
        self.assertIn("text-bg-danger'>quantity", form.preview)
        self.assertFalse(form.is_readable)

    def test_headers_of_no_kind(self):
        form = self.open_wizard(make_csv("foo,bar", "1,2"))
        self.assertIn("fit none of the kinds of files: choose", form.problem)
        self.assertFalse(form.is_readable)

    def test_empty_file(self):
        for content in (b"", b"\n \n"):
            form = self.open_wizard(content)
            self.assertEqual(form.problem, "The file is empty.")
            self.assertFalse(form.is_readable)
        self.assertFalse(Form(self.env["oms.import.wizard"]).problem)

    def test_encoding_can_be_chosen(self):
        form = self.open_wizard(make_csv(STOCK_HEADERS, "Orléans,A,1", encoding="cp1252"))
        self.assertIn("Windows-1252", form.problem)
        form.encoding = "cp1252"
        self.assertFalse(form.problem)
        self.assertIn("Orléans", form.preview)

    def test_months_are_offered(self):
        form = self.open_wizard(make_csv("month," + STOCK_HEADERS, "2024-01,NEAR,APPLE,3"))
        self.assertTrue(form.has_months)
