from datetime import timedelta

from odoo import fields
from odoo.tests import new_test_user

from .common import IntakeCase, make_csv, make_xlsx

HEADERS = "site,product_id,quantity,lead_days"


class TestImportExternal(IntakeCase):
    """Files of what suppliers and others say they have."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Site = cls.env["oms.site"]
        cls.depot = Site.create({"name": "Depot", "code": "DEPOT", "kind": "distributor"})
        cls.keeper = Site.create({"name": "Keeper", "code": "KEEP", "kind": "third_party"})

    def stored(self, site):
        rows = self.env["oms.external.stock"].search([("site_id", "=", site.id)])
        return {row.product_id.default_code: (row.quantity, row.lead_days) for row in rows}

    def test_good_rows(self):
        content = make_csv(HEADERS, "DEPOT,APPLE,5,2", "KEEP,BERRY,2.5,", "DEPOT,BERRY,0,1")
        job = self.run_job("external", content)
        self.assertEqual((job.state, job.bad_count, job.created_count), ("done", 0, 3))
        self.assertEqual(self.stored(self.depot), {"APPLE": (5, 2), "BERRY": (0, 1)})
        self.assertEqual(self.stored(self.keeper), {"BERRY": (2.5, 0)})
        rows = self.env["oms.external.stock"].search([("site_id", "=", self.depot.id)])
        self.assertEqual(set(rows.mapped("source")), {"file"})
        self.assertEqual(set(rows.mapped("updated_at")), {job.started})
        self.assertEqual(self.depot._get_available(self.apple), {(self.depot.id, self.apple.id): 5})

    def test_the_same_file_again(self):
        content = make_csv(HEADERS, "DEPOT,APPLE,5,2", "KEEP,BERRY,2.5,3")
        self.run_job("external", content)
        job = self.run_job("external", content)
        self.assertEqual((job.unchanged_count, job.updated_count), (2, 0))
        job = self.run_job("external", make_csv(HEADERS, "DEPOT,APPLE,6,2", "KEEP,BERRY,2.5,"))
        self.assertEqual((job.unchanged_count, job.updated_count), (1, 1))

    def test_workbook(self):
        content = make_xlsx(HEADERS, ["DEPOT", "APPLE", 7.0, 2], ["DEPOT", "BERRY", "x", 1])
        job = self.run_job("external", content, name="depot.xlsx")
        self.assertEqual((job.created_count, job.bad_count), (1, 1))
        self.assertEqual(self.stored(self.depot), {"APPLE": (7, 2)})

    def test_check_changes_nothing(self):
        self.run_job("external", make_csv(HEADERS, "DEPOT,BERRY,5,2"))
        content = make_csv(HEADERS, "DEPOT,APPLE,4,1", "DEPOT,NOTHING,4,1")
        job = self.make_job("external", content, zero_missing=True)
        job.action_check()
        self.assertEqual(
            (job.state, job.created_count, job.bad_count, job.zeroed_count), ("checked", 1, 1, 1)
        )
        self.assertEqual(self.stored(self.depot), {"BERRY": (5, 2)})

    def test_bad_rows(self):
        self.make_product("Twin", default_code="BERRY")
        self.make_product("Plum", default_code="PLUM")
        self.make_product("Pear", default_code="PEAR")
        self.make_product("Old", default_code="OLD", active=False)
        closed = self.env["oms.site"].create(
            {"name": "Closed", "code": "CLOSED", "kind": "distributor", "active": False}
        )
        self.assertFalse(closed.active)
        soon = fields.Datetime.now() + timedelta(days=2)
        bad = (
            ("NOWHERE,APPLE,1,1,", "no site “NOWHERE”"),
            ("NEAR,APPLE,1,1,", "is the warehouse Near"),
            ("CLOSED,APPLE,1,1,", "is archived"),
            ("DEPOT,NOTHING,1,1,", "no product"),
            ("DEPOT,OLD,1,1,", "archived"),
            ("DEPOT,BERRY,1,1,", "Several products"),
            ("DEPOT,APPLE,-1,1,", "negative"),
            ("DEPOT,APPLE,nan,1,", "not a number"),
            ("DEPOT,PLUM,1.125,1,", "too fine"),
            ("DEPOT,APPLE,9999999999,1,", "not between"),
            ("DEPOT,APPLE,,1,", "quantity is empty"),
            ("DEPOT,APPLE,1,-1,", "negative"),
            ("DEPOT,APPLE,1,1.5,", "no whole number"),
            (f"DEPOT,PEAR,1,1,{soon}", "still to come"),
            ("DEPOT,APPLE,1,1,yesterday", "not a date"),
        )
        job = self.run_job(
            "external",
            make_csv(f"{HEADERS},updated_at", *(row for row, _part in bad), "DEPOT,APPLE,6,1,"),
        )
        messages = self.get_messages(job)
        for line, (row, part) in enumerate(bad, start=2):
            with self.subTest(row=row):
                self.assertIn(part, messages[line])
        self.assertEqual((job.bad_count, job.good_count), (len(bad), 1))
        self.assertEqual(self.stored(self.depot), {"APPLE": (6, 1)})

    def test_older_files_overwrite_nothing(self):
        headers = f"{HEADERS},updated_at"
        self.run_job("external", make_csv(headers, "DEPOT,APPLE,5,1,2024-03-04 10:00:00"))
        job = self.run_job("external", make_csv(headers, "DEPOT,APPLE,9,1,2024-03-04"))
        self.assertIn("Something later is known", self.get_messages(job)[2])
        job = self.run_job("external", make_csv(headers, "DEPOT,APPLE,7,1,2024-03-05"))
        self.assertEqual(self.stored(self.depot), {"APPLE": (7, 1)})
        row = self.env["oms.external.stock"].search([("site_id", "=", self.depot.id)])
        # A mere date is the beginning of its day.
        self.assertEqual(str(row.updated_at), "2024-03-05 00:00:00")

    def test_what_is_not_in_the_file(self):
        self.run_job("external", make_csv(HEADERS, "DEPOT,BERRY,5,1", "KEEP,BERRY,5,1"))
        content = make_csv(HEADERS, "DEPOT,APPLE,4,1")
        self.run_job("external", content)
        self.assertEqual(self.stored(self.depot)["BERRY"], (5, 1))
        job = self.run_job("external", content, zero_missing=True)
        self.assertEqual(job.zeroed_count, 1)
        self.assertEqual(self.stored(self.depot), {"APPLE": (4, 1), "BERRY": (0, 1)})
        self.assertEqual(self.stored(self.keeper), {"BERRY": (5, 1)})

    def test_a_file_of_bad_rows_empties_nothing(self):
        self.run_job("external", make_csv(HEADERS, "DEPOT,BERRY,5,1"))
        job = self.run_job("external", make_csv(HEADERS, "DEPOT,sku 1,4,1"), zero_missing=True)
        self.assertEqual((job.state, job.zeroed_count), ("done", 0))
        self.assertEqual(self.stored(self.depot), {"BERRY": (5, 1)})

    def test_known_by_its_headers(self):
        guess = self.env["oms.import"]._guess_kind
        table = self.env["oms.import"]._open_table(make_csv(HEADERS, "DEPOT,APPLE,1,1"), "auto")
        self.assertEqual(guess(table), "external")
        stock = self.env["oms.import"]._open_table(
            make_csv("site,product_id,quantity", "NEAR,APPLE,1"), "auto"
        )
        self.assertEqual(guess(stock), "stock")

    def test_order_operators_import_it(self):
        operator = new_test_user(self.env, "external_operator", "oms.group_order_operator")
        Job = self.env["oms.import"].with_user(operator)
        job = Job._create_job("external", "f.csv", make_csv(HEADERS, "DEPOT,APPLE,4,1"), {})
        self.assertTrue(job.may_import)
        job.action_import()
        self.assertEqual((job.state, job.created_count), ("done", 1))
        action = job.action_view_external_stock()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]).site_id, self.depot)
