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

    def test_what_a_site_can_do(self):
        ability = self.env["oms.ability"].create({"name": "Bulky", "code": "BULK"})
        calendar = self.env["resource.calendar"].create({"name": "Shop hours"})
        headers = (
            ",collects,takes_returns,priority,parcel_cost,unit_cost,capacity_orders,capacity_units"
            ",capacity_open,cut_off,handling_hours,calendar,time_zone,max_kilometers,delivers_to"
            ",delivers_to_zip,abilities"
        )
        row = (
            "S1,store,48.8,2.3,yes,no,3,1.5,0.25,20,60,90,14:30,2.5,Shop hours,Europe/Paris,150,"
            "FR; BE,75;92,BULK"
        )
        content = make_csv(SITE_HEADERS + headers, row)
        site = self.run_job("sites", content).site_ids
        self.assertRecordValues(
            site,
            [
                {
                    "collects": True,
                    "takes_returns": False,
                    "sequence": 3,
                    "parcel_cost": 1.5,
                    "unit_cost": 0.25,
                    "capacity_orders": 20,
                    "capacity_units": 60.0,
                    "capacity_open": 90,
                    "cutoff_hour": 14.5,
                    "handling_time": 2.5,
                    "handling_unit": "hours",
                    "resource_calendar_id": calendar.id,
                    "tz": "Europe/Paris",
                    "max_kilometers": 150.0,
                    "country_ids": (self.env.ref("base.fr") + self.env.ref("base.be")).ids,
                    "ability_ids": ability.ids,
                }
            ],
        )
        self.assertEqual(sorted(site.zip_prefix_ids.mapped("name")), ["75", "92"])
        again = self.run_job("sites", content)
        self.assertEqual((again.updated_count, again.unchanged_count), (0, 1))
        # What a file does not say stays as it is.
        self.run_job("sites", make_csv(SITE_HEADERS, "S1,store,48.8,2.3"))
        self.assertEqual((site.capacity_orders, site.cutoff_hour), (20, 14.5))

    def test_what_a_site_cannot_do(self):
        job = self.run_job(
            "sites",
            make_csv(
                SITE_HEADERS + ",cut_off,abilities,calendar,time_zone,capacity_orders",
                "S1,store,1,2,25:00,,,,",
                "S2,store,1,2,,FLY,,,",
                "S3,store,1,2,,,Never,,",
                "S4,store,1,2,,,,Moon/Base,",
                "S5,store,1,2,,,,,2.5",
            ),
        )
        self.assertEqual((job.created_count, job.bad_count), (0, 5))
        messages = self.get_messages(job)
        for line, words in (
            (2, "not a time like 14:30"),
            (3, "no ability with the code “FLY”"),
            (4, "no opening hours “Never”"),
            (5, "no time zone “Moon/Base”"),
            (6, "not a whole number"),
        ):
            self.assertIn(words, messages[line])

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
