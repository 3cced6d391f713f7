from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.oms.connectors.carrier import sscc

from .carrier_case import CarrierCase, FakeCarrier

RUN = "odoo.addons.oms.models.task.oms_task_run"


@tagged("post_install", "-at_install")
class TestLabels(CarrierCase):
    def test_bought_after_the_goods_left(self):
        carrier = self.use(FakeCarrier())
        picking = self.ship(self.release())
        self.assertEqual(picking.state, "done")
        self.assertEqual(carrier.bought, [], "nobody is called while the transfer is validated")
        self.run_tasks()
        [shipment] = carrier.bought
        parcel = picking.oms_parcel_ids
        self.assertEqual(picking.carrier_tracking_ref, parcel.tracking_number)
        self.assertEqual(parcel.label_id.raw, b"%PDF-1.4 %%EOF")
        self.assertEqual(
            (parcel.state, parcel.fulfillment_id), ("created", picking.oms_fulfillment_id)
        )
        self.assertEqual(shipment.receiver.city, "Paris")
        self.assertEqual(shipment.parcels[0].weight, 0.5)
        self.assertEqual(shipment.parcels[0].commodities[0].quantity, 2)

    def test_bought_before_and_only_once(self):
        carrier = self.use(FakeCarrier())
        picking = self.release()
        picking.action_oms_labels()
        picking.action_oms_labels()
        self.run_tasks()
        self.ship(picking)
        self.run_tasks()
        self.assertEqual(len(carrier.bought), 1)
        self.assertEqual(len(picking.oms_parcel_ids), 1)

    @mute_logger(RUN)
    def test_unknown_is_looked_up(self):
        for answers in (("after",), ("before",), ("before", "after")):
            carrier = self.use(FakeCarrier(*answers))
            picking = self.ship(self.release())
            self.run_tasks()
            self.assertEqual(len(carrier.bought), 1, answers)
            self.assertEqual(len(picking.oms_parcel_ids), 1)
            self.assertEqual(self.tasks(picking).state, "done")

    @mute_logger(RUN)
    def test_who_cannot_be_asked_leaves_it_to_a_person(self):
        carrier = self.use(FakeCarrier("after", find=False))
        picking = self.ship(self.release())
        self.run_tasks()
        task = self.tasks(picking)
        self.assertEqual((task.state, len(carrier.bought)), ("stuck", 1))
        self.assertFalse(picking.oms_parcel_ids)

    @mute_logger(RUN)
    def test_refused(self):
        carrier = self.use(FakeCarrier("rejected"))
        picking = self.ship(self.release())
        self.run_tasks()
        task = self.tasks(picking)
        self.assertEqual((task.state, task.error), ("rejected", "The postcode is wrong."))
        self.assertIn("postcode is wrong", picking.message_ids[0].body)
        task.action_retry()
        self.run_tasks()
        self.assertEqual((task.state, len(carrier.bought)), ("done", 1))

    @mute_logger(RUN)
    def test_what_nobody_knows_the_weight_of(self):
        carrier = self.use(FakeCarrier())
        self.apple.weight = 0
        picking = self.ship(self.release())
        self.run_tasks()
        task = self.tasks(picking)
        self.assertEqual(task.state, "rejected")
        self.assertIn("weigh", task.error)
        self.assertEqual(carrier.bought, [])

    def test_a_parcel_for_each_package(self):
        carrier = self.use(FakeCarrier())
        self.env.company.oms_gs1_prefix = "4012345"
        picking = self.release(3)
        packages = self.env["stock.package"].create([{"name": "BOX-A"}, {"name": "BOX-B"}])
        line = picking.move_ids.move_line_ids
        other = line.copy({"quantity": 1, "result_package_id": packages[1].id})
        line.write({"quantity": 2, "result_package_id": packages[0].id})
        self.assertEqual(picking.move_line_ids, line | other)
        picking.action_oms_labels()
        self.run_tasks()
        [shipment] = carrier.bought
        self.assertEqual(len(shipment.parcels), 2)
        codes = picking.oms_parcel_ids.mapped("sscc")
        self.assertEqual(len(set(codes)), 2)
        self.assertTrue(all(sscc.is_valid(code) for code in codes))
        self.assertEqual({parcel.sscc for parcel in shipment.parcels}, set(codes))
        self.assertEqual(picking.oms_parcel_ids.package_id, packages)
        weights = {parcel.reference: parcel.weight for parcel in shipment.parcels}
        self.assertEqual(weights, {"BOX-A": 0.5, "BOX-B": 0.25})

    def test_a_label_that_did_not_come_is_fetched(self):
        carrier = self.use(FakeCarrier())
        carrier.lose_label = True
        picking = self.ship(self.release())
        self.run_tasks()
        self.assertFalse(carrier.lose_label, "it came without at first")
        self.assertEqual(self.tasks(picking, "carrier.labels").state, "done")
        parcel = picking.oms_parcel_ids
        self.assertEqual(parcel.label_id.raw, b"%PDF-1.4 %%EOF")
        self.assertEqual((len(carrier.bought), len(picking.oms_parcel_ids)), (1, 1))
        parcel.label_id.unlink()
        parcel.action_fetch_label()
        self.run_tasks()
        self.assertTrue(parcel.label_id)
        self.assertEqual(len(carrier.bought), 1)

    def test_when_labels_can_be_bought(self):
        self.use(FakeCarrier())
        picking = self.release()
        self.assertTrue(picking.oms_can_buy_labels)
        picking.action_oms_labels()
        self.run_tasks()
        self.assertFalse(picking.oms_can_buy_labels)
        picking._oms_cancel_labels()
        self.run_tasks()
        self.assertTrue(picking.oms_can_buy_labels)

    # === TAKEN BACK === #

    def test_cancelled_before_it_was_bought(self):
        carrier = self.use(FakeCarrier())
        picking = self.release()
        picking.action_oms_labels()
        picking.action_cancel()
        self.run_tasks()
        self.assertEqual((carrier.bought, carrier.cancelled), ([], []))

    def test_cancelled_after_it_was_bought(self):
        carrier = self.use(FakeCarrier())
        picking = self.release()
        picking.action_oms_labels()
        self.run_tasks()
        [number] = picking.oms_parcel_ids.mapped("tracking_number")
        picking.action_cancel()
        self.run_tasks()
        self.assertEqual(carrier.cancelled, [number])
        self.assertEqual(picking.oms_parcel_ids.state, "cancelled")

    def test_cancelled_while_nobody_knows(self):
        carrier = self.use(FakeCarrier("after"))
        picking = self.release()
        picking.action_oms_labels()
        self.run_tasks(again=False)
        picking.action_cancel()
        self.run_tasks()
        self.assertEqual(len(carrier.bought), 1)
        self.assertEqual(carrier.cancelled, picking.oms_parcel_ids.mapped("tracking_number"))
        self.assertEqual(picking.oms_parcel_ids.state, "cancelled")

    def test_a_new_label_after_the_old_was_taken_back(self):
        carrier = self.use(FakeCarrier())
        picking = self.release()
        picking.action_oms_labels()
        self.run_tasks()
        picking._oms_cancel_labels()
        picking.action_oms_labels()
        self.run_tasks()
        self.assertEqual(len(carrier.bought), 2)
        self.assertEqual(sorted(picking.oms_parcel_ids.mapped("state")), ["cancelled", "created"])
        [wanted] = picking.oms_parcel_ids._filter_wanted()
        self.assertEqual(picking.carrier_tracking_ref, wanted.tracking_number)

    @mute_logger("odoo.addons.oms.models.task.oms_task_run")
    def test_what_was_refused_is_not_bought_beside_what_was_asked_for_anew(self):
        carrier = self.use(FakeCarrier("rejected"))
        picking = self.release()
        picking.action_oms_labels()
        self.run_tasks()
        refused = self.tasks(picking)
        self.assertEqual(refused.state, "rejected")
        picking.action_oms_labels()
        self.run_tasks()
        self.assertEqual(len(carrier.bought), 1)
        refused.action_retry()
        self.run_tasks()
        self.assertEqual((len(carrier.bought), refused.state), (1, "rejected"))

    @mute_logger("odoo.addons.oms.models.task.oms_task_run")
    def test_the_transfer_is_gone(self):
        self.use(FakeCarrier())
        picking = self.release()
        picking.action_oms_labels()
        task = self.tasks(picking)
        task.res_id = self.env["stock.picking"].search([], order="id desc", limit=1).id + 1000
        other = self.release()
        other.action_oms_labels()
        self.run_tasks()
        self.assertEqual(task.state, "rejected")
        self.assertEqual(self.tasks(other).state, "done", "others do not wait for it")

    # === ACCOUNTS === #

    def test_companies_that_share_a_prefix_share_its_numbers(self):
        ours = self.env.company
        theirs = self.env["res.company"].create({"name": "Sister"})
        (ours | theirs).oms_gs1_prefix = "4012345"
        codes = [*ours._get_next_ssccs(2), *theirs._get_next_ssccs(2)]
        self.assertEqual(len(set(codes)), 4)
        sequences = [("code", "=", "oms.sscc.4012345")]
        self.assertEqual(self.env["ir.sequence"].search_count(sequences), 1)
        ours._uninstall_sequences()
        self.assertFalse(self.env["ir.sequence"].search_count(sequences))

    def test_accounts_of_other_companies_are_theirs(self):
        theirs = self.env["res.company"].create({"name": "Sister"})
        foreign = self.account.copy({"company_id": theirs.id, "sequence": 0})
        self.method.oms_account_ids |= foreign
        nowhere = self.env["oms.site"]
        ours = self.method._oms_find_account(nowhere, self.env.company)
        self.assertEqual(ours, self.account)
        self.assertEqual(self.method._oms_find_account(nowhere, theirs), foreign)

    def test_a_site_without_an_account(self):
        self.account.site_ids = self.far
        picking = self.release()
        with self.assertRaises(UserError):
            picking.action_oms_labels()

    def test_the_demo_carrier_makes_real_labels(self):
        picking = self.release()
        self.account.label_format = "zpl"
        picking.action_oms_labels()
        self.run_tasks()
        self.assertTrue(picking.oms_parcel_ids.label_id.raw.startswith(b"^XA"))
        self.assertTrue(picking.oms_parcel_ids.tracking_number.startswith("DC"))

    def test_the_price_is_known_without_asking(self):
        self.use(FakeCarrier())
        order = self.release().sale_id
        answer = self.method.rate_shipment(order)
        self.assertTrue(answer["success"])
        self.assertAlmostEqual(answer["price"], 6.0)

    # === ADDRESSES === #

    def test_house_numbers(self):
        split = self.env["stock.picking"]._oms_split_street
        self.assertEqual(split("Hafenweg 12 a", "DE"), ("Hafenweg", "12 a"))
        self.assertEqual(split("Straße des 17. Juni 135", "DE"), ("Straße des 17. Juni", "135"))
        self.assertEqual(split("12 Rue de la Paix", "FR"), ("12 Rue de la Paix", ""))
        self.assertEqual(split("Postfach", "DE"), ("Postfach", ""))
