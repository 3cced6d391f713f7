from ...models.intake.oms_import_site import derive_code
from .common import SITE_HEADERS, IntakeCase, make_csv


class TestImportSites(IntakeCase):
    def test_creates_warehouses_with_their_sites(self):
        network = self.env["oms.network"].create({"name": "Imported"})
        job = self.run_job(
            "sites",
            make_csv(
                SITE_HEADERS + ",name,zip,city,country,ships",
                "ST-VirginiaBeac-39,store,36.7335,-76.0435,,,,,",
                "ST-VirginiaBeac-40,warehouse,44.8,-0.5,Bordeaux Sud,33000,Bordeaux,FR,no",
            ),
            network_id=network.id,
        )
        self.assertEqual((job.state, job.created_count, job.bad_count), ("done", 2, 0))
        first, second = job.site_ids.sorted("code")
        self.assertEqual((first.code, first.kind), ("ST-VirginiaBeac-39", "store"))
        self.assertEqual((first.latitude, first.longitude), (36.7335, -76.0435))
        self.assertEqual(first.warehouse_id.code, "STVIR")
        self.assertEqual(second.warehouse_id.code, "STVI1")
        self.assertEqual((second.name, second.ships), ("Bordeaux Sud", False))
        self.assertEqual(second.partner_id.city, "Bordeaux")
        self.assertEqual(second.partner_id.country_id.code, "FR")
        self.assertEqual(network.site_ids, job.site_ids)

    def test_same_file_twice_changes_nothing(self):
        content = make_csv(SITE_HEADERS + ",city", "S1,store,36.7,-76.0,Norfolk", "S2,store,1,2,")
        self.run_job("sites", content)
        before = self.count_everything()
        job = self.run_job("sites", content)
        self.assertEqual((job.created_count, job.updated_count, job.unchanged_count), (0, 0, 2))
        self.assertEqual(self.count_everything(), before)

    def test_updates_what_differs(self):
        content = make_csv(SITE_HEADERS + ",name", "NEAR,store,48.8566,2.3522,Corner Shop")
        job = self.run_job("sites", content)
        self.assertEqual((job.created_count, job.updated_count), (0, 1))
        self.assertEqual((self.near.kind, self.near.name), ("store", "Corner Shop"))
        self.assertEqual(self.near.latitude, 48.8566)

    def test_bad_rows_are_reported_and_good_ones_go_in(self):
        job = self.run_job(
            "sites",
            make_csv(
                SITE_HEADERS + ",country",
                "S1,store,36.7,-76.0,US",
                "S2,store,136.7,-76.0,US",
                "S1,store,36.7,-76.0,US",
                "S3,store,36.7,-76.0,Atlantis",
            ),
        )
        self.assertEqual((job.row_count, job.bad_count, job.created_count), (4, 3, 1))
        messages = self.get_messages(job)
        self.assertIn("lat 136.7", messages[3])
        self.assertIn("Line 2 is about the same S1", messages[4])
        self.assertIn("no country “Atlantis”", messages[5])

    def test_supplier_site_is_no_place_for_it(self):
        supplier = self.make_partner("Supplier", ref="SUPP")
        site = supplier._oms_ensure_supplier_site(self.company)
        job = self.run_job("sites", make_csv(SITE_HEADERS, f"{site.code},store,1,2"))
        self.assertIn("supplier's", self.get_messages(job)[2])

    def test_name_of_another_warehouse(self):
        job = self.run_job("sites", make_csv(SITE_HEADERS + ",name", "S9,store,1,2,Near"))
        self.assertEqual(job.site_ids.warehouse_id.name, "Near (S9)")

    def test_code_is_derived(self):
        self.assertEqual(derive_code("st-paris", set()), "STPAR")
        self.assertEqual(derive_code("st-paris", {"STPAR", "STPA1"}), "STPA2")
        taken = {"STPAR"} | {f"STPA{n}" for n in range(1, 10)}
        self.assertEqual(derive_code("st-paris", taken), "STP10")
        self.assertEqual(derive_code("--", set()), "SITE")
