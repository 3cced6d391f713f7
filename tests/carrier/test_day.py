import io
from contextlib import nullcontext

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfFileReader

from .carrier_case import CarrierCase, FakeCarrier

RUN = "odoo.addons.oms.models.task.oms_task_run"


@tagged("post_install", "-at_install")
class TestDay(CarrierCase):
    """Return labels, and the end of the day."""

    # === RETURN LABELS === #

    def test_a_return_label_comes_once_and_is_mailed(self):
        carrier = self.use(FakeCarrier())
        self.method.oms_return_service_code = "back"
        picking = self.ship(self.release())
        self.run_tasks()
        clerk = new_test_user(self.env, "day_clerk", "stock.group_stock_user")
        with self.assertRaises(UserError):
            picking.with_user(clerk).action_oms_mail_return_label()
        picking.with_user(clerk).action_oms_return_label()
        picking.with_user(clerk).action_oms_return_label()
        self.run_tasks()
        [_out, back] = carrier.bought
        self.assertEqual((back.sender.city, back.receiver.city), ("Paris", "Münster"))
        self.assertEqual((back.service, len(back.parcels)), ("back", 1))
        self.assertEqual(back.parcels[0].weight, 0.5)
        [label] = picking.return_label_ids
        self.assertTrue(label.name.startswith("LabelReturn-oms-T-R"))
        self.assertEqual(len(picking.oms_parcel_ids), 1, "it is no parcel that is delivered")
        action = picking.with_user(clerk).action_oms_mail_return_label()
        self.assertEqual(action["context"]["default_attachment_ids"], label.ids)
        picking.action_oms_return_label()
        self.run_tasks()
        self.assertEqual(len(picking.return_label_ids), 2, "asked for anew when it had come")

    @mute_logger(RUN)
    def test_an_unknown_return_label_is_looked_up(self):
        carrier = self.use(FakeCarrier("ok", "after"))
        picking = self.ship(self.release())
        self.run_tasks()
        picking.action_oms_return_label()
        self.run_tasks()
        self.assertEqual(len(carrier.bought), 2)
        self.assertEqual(len(picking.return_label_ids), 1)

    @mute_logger(RUN)
    def test_a_refused_return_label_is_not_bought_twice(self):
        """It is asked for anew, and somebody tries the old one again besides."""
        carrier = self.use(FakeCarrier("ok", "rejected"))
        picking = self.ship(self.release())
        self.run_tasks()
        picking.action_oms_return_label()
        self.run_tasks()
        refused = self.tasks(picking, "carrier.return")
        self.assertEqual(refused.state, "rejected")
        self.env.cr.execute(
            "UPDATE oms_task SET create_date = create_date - interval '1 minute' WHERE id = %s",
            refused.ids,
        )
        picking.action_oms_return_label()
        refused.action_retry()
        self.run_tasks()
        self.assertEqual(len(carrier.bought), 2)
        tasks = self.tasks(picking, "carrier.return")
        self.assertEqual(sorted(tasks.mapped("state")), ["done", "rejected"])
        refused.action_retry()
        self.run_tasks()
        self.assertEqual(len(carrier.bought), 2, "the label has come meanwhile")
        self.assertEqual(len(picking.return_label_ids), 1)
        picking.action_oms_return_label()
        self.run_tasks()
        self.assertEqual(len(picking.return_label_ids), 2, "a further one was asked for")

    @mute_logger(RUN)
    def test_a_return_label_asked_for_after_one_was_taken_back(self):
        carrier = self.use(FakeCarrier("ok", "before"))
        picking = self.ship(self.release())
        self.run_tasks()
        picking.action_oms_return_label()
        self.run_tasks(again=False)
        taken_back = self.tasks(picking, "carrier.return")
        taken_back.action_cancel()
        self.assertTrue(taken_back.unwanted, "nobody knows yet what came of it")
        picking.action_oms_return_label()
        self.run_tasks()
        self.assertEqual(taken_back.state, "cancelled")
        self.assertEqual(len(carrier.bought), 2)
        self.assertEqual(len(picking.return_label_ids), 1)

    def test_returns_with_every_delivery(self):
        carrier = self.use(FakeCarrier())
        self.assertTrue(self.method.can_generate_return)
        self.method.write({"return_label_on_delivery": True, "get_return_label_from_portal": True})
        picking = self.ship(self.release())
        self.run_tasks()
        self.assertEqual(len(carrier.bought), 2)
        self.assertTrue(picking.return_label_ids.access_token)

    def test_carriers_without_return_labels(self):
        carrier = self.use(FakeCarrier())
        carrier.capabilities -= {"return_label"}
        picking = self.ship(self.release())
        self.method.invalidate_recordset()
        self.assertFalse(self.method.can_generate_return)
        with self.assertRaises(UserError):
            picking.action_oms_return_label()

    # === THE END OF THE DAY === #

    def shipped(self):
        picking = self.ship(self.release())
        self.run_tasks()
        return picking.oms_parcel_ids

    def close(self, user=None, **values):
        wizards = self.env["oms.carrier.close.day"]
        if user:
            wizards = wizards.with_user(user)
        action = wizards.create(values).action_close()
        return self.env["oms.carrier.manifest"].search(action["domain"])

    def test_closed_once(self):
        carrier = self.use(FakeCarrier())
        parcel = self.shipped()
        clerk = new_test_user(self.env, "day_clerk", "stock.group_stock_user")
        wizard = self.env["oms.carrier.close.day"].with_user(clerk).create({})
        self.assertIn("Fake", wizard.summary)
        self.assertEqual(wizard.parcel_count, 1)
        manifest = self.close(clerk, site_id=self.near.id)
        self.assertEqual((manifest.site_id, manifest.parcel_ids), (self.near, parcel))
        self.assertEqual(manifest.state, "asked")
        self.run_tasks()
        self.assertEqual(carrier.manifests, [manifest.day])
        self.assertEqual((manifest.state, manifest.parcel_count), ("closed", 1))
        self.assertEqual(manifest.document_ids.raw, b"%PDF-1.4 list %%EOF")
        self.assertTrue(manifest.reference.startswith("M-"))
        with self.assertRaises(UserError):
            self.close()
        self.assertEqual(manifest.with_user(clerk).account_name, "Fake")
        self.assertFalse(manifest.with_user(clerk).has_access("write"))

    def test_the_day_is_that_of_the_site(self):
        """The job runs by UTC, by which it is tomorrow already when a site closes in the west."""
        self.use(FakeCarrier())
        self.ship(self.release())
        self.run_tasks()
        for zone, day in (("America/Los_Angeles", "2031-03-04"), ("Asia/Tokyo", "2031-03-05")):
            self.near.tz = zone
            with freeze_time("2031-03-05 02:00:00"):
                told = self.env["oms.carrier.manifest"]._get_day(self.near)
            self.assertEqual(str(told), day)
        with freeze_time("2031-03-05 02:00:00"):
            self.near.tz = "America/Los_Angeles"
            self.env["oms.carrier.manifest"]._cron_close()
        manifest = self.env["oms.carrier.manifest"].search([("site_id", "=", self.near.id)])
        self.assertEqual(str(manifest.day), "2031-03-04")

    def test_each_site_for_itself(self):
        self.use(FakeCarrier())
        self.shipped()
        with self.assertRaises(UserError):
            self.close(site_id=self.far.id)
        clerk = new_test_user(self.env, "far_clerk", "oms.group_site_operator")
        self.far.user_ids = clerk
        with self.assertRaises(UserError):
            self.close(clerk)
        self.near.user_ids = clerk
        manifest = self.close(clerk)
        self.assertTrue(manifest.with_user(clerk).has_access("read"))
        other = new_test_user(self.env, "other_clerk", "oms.group_site_operator")
        self.assertFalse(manifest.with_user(other).has_access("read"))

    @mute_logger(RUN)
    def test_refused_and_told_again(self):
        carrier = self.use(FakeCarrier("ok", "rejected"))
        self.shipped()
        manifest = self.close()
        self.run_tasks()
        self.assertEqual((manifest.state, carrier.manifests), ("refused", []))
        self.assertIn("driver", manifest.error)
        manifest.action_ask()
        self.run_tasks()
        self.assertEqual((manifest.state, len(carrier.manifests)), ("closed", 1))

    def test_what_closes_by_itself_and_what_is_scheduled(self):
        carrier = self.use(FakeCarrier())
        carrier.capabilities -= {"manifest"}
        parcel = self.shipped()
        gone = self.shipped()
        gone.picking_id._oms_cancel_labels()
        self.env["oms.carrier.manifest"]._cron_close()
        manifest = parcel.manifest_id
        self.assertEqual((manifest.state, carrier.manifests), ("closed", []))
        self.assertFalse(gone.manifest_id)
        self.env["oms.carrier.manifest"]._cron_close()
        self.assertEqual(self.env["oms.carrier.manifest"].search([]), manifest)
        self.assertFalse(self.env.ref("oms.cron_close_day").active, "only where it is wanted")


@tagged("post_install", "-at_install")
class TestPrint(HttpCase, CarrierCase):
    def enter_registry_test_mode(self):
        """Do nothing: tests of requests are in it already."""
        return nullcontext()

    def test_labels_as_one_file(self):
        first, second = self.release(), self.release()
        (first | second).action_oms_labels()
        self.run_tasks()
        self.account.label_format = "zpl"
        third = self.release()
        third.action_oms_labels()
        self.run_tasks()
        new_test_user(self.env, "print_clerk", "stock.group_stock_user", password="print_clerk1")
        self.authenticate("print_clerk", "print_clerk1")
        action = (first | second).action_oms_print_labels()
        response = self.url_open(action["url"])
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        self.assertEqual(PdfFileReader(io.BytesIO(response.content)).getNumPages(), 2)
        response = self.url_open(third.action_oms_print_labels()["url"])
        self.assertTrue(response.content.startswith(b"^XA"))
        both = self.url_open((first | third).action_oms_print_labels()["url"])
        self.assertEqual(both.headers["Content-Type"], "application/zip")
        for asked in ("", "?parcels=", "?parcels=a,²", "?parcels=" + "9" * 40):
            self.assertEqual(self.url_open(f"/oms/labels{asked}").status_code, 404, asked)
        new_test_user(self.env, "print_other", "oms.group_site_operator", password="print_other1")
        self.authenticate("print_other", "print_other1")
        self.assertEqual(self.url_open(action["url"]).status_code, 404, "of another site")
        with self.assertRaises(UserError):
            self.release().action_oms_print_labels()
