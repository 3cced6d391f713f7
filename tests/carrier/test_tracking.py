from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.oms.connectors.carrier import Status, Track, TrackingEvent
from odoo.addons.oms.models.carrier.oms_parcel_track import MOST_DAYS

from .carrier_case import CarrierCase, FakeCarrier


@tagged("post_install", "-at_install")
class TestTracking(CarrierCase):
    def setUp(self):
        super().setUp()
        self.carrier = self.use(FakeCarrier())
        self.picking = self.ship(self.release())
        self.run_tasks()
        self.parcel = self.picking.oms_parcel_ids
        self.start = datetime.now(UTC).replace(microsecond=0)

    def tell(self, *statuses):
        """Let the carrier report these, an hour apart."""
        self.carrier.tracks = (
            Track(
                self.parcel.tracking_number,
                tuple(
                    TrackingEvent(status, self.start + timedelta(hours=place), status, "Hub", "c")
                    for place, status in enumerate(statuses)
                ),
            ),
        )

    def poll(self):
        self.parcel.next_poll = fields.Datetime.now() - timedelta(minutes=1)
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_track_parcels").method_direct_trigger()
        self.env.invalidate_all()

    def test_the_road_of_a_parcel(self):
        self.tell(Status.CREATED, Status.PICKED_UP, Status.OTHER)
        self.poll()
        self.assertEqual((self.parcel.state, len(self.parcel.event_ids)), ("picked_up", 3))
        self.poll()
        self.assertEqual(len(self.parcel.event_ids), 3, "what is told again is known")
        self.tell(Status.CREATED, Status.PICKED_UP, Status.OTHER, Status.FAILED_ATTEMPT)
        self.poll()
        self.assertEqual(self.parcel.state, "failed_attempt")

    def tell_two(self, text=""):
        """Let the carrier report in one answer that this parcel and another one are on their way.

        :param str text: what it tells of this one
        :return: the other parcel
        """
        other = self.ship(self.release())
        self.run_tasks()
        other.oms_parcel_ids.next_poll = fields.Datetime.now() - timedelta(minutes=1)
        self.carrier.tracks = tuple(
            Track(
                parcel.tracking_number,
                (TrackingEvent(Status.IN_TRANSIT, self.start, told),),
            )
            for parcel, told in ((self.parcel, text), (other.oms_parcel_ids, "Sorted"))
        )
        return other.oms_parcel_ids

    @mute_logger("odoo.addons.oms.models.carrier.oms_parcel_track")
    def test_one_that_cannot_be_written_down_keeps_no_other_waiting(self):
        other, mine = self.tell_two(), self.parcel
        cls = self.env.registry["oms.parcel"]
        on_state = cls._on_state

        def fail(parcels, state):
            if mine in parcels:
                raise ValueError("a step of a workflow")
            return on_state(parcels, state)

        with patch.object(cls, "_on_state", fail):
            self.poll()
        self.assertEqual((mine.state, other.state), ("created", "in_transit"))
        self.assertGreater(mine.next_poll, fields.Datetime.now(), "it is asked for again later")

    def test_words_that_no_database_can_keep(self):
        other = self.tell_two("On\0 its \ud800way")
        self.poll()
        self.assertEqual((self.parcel.state, other.state), ("in_transit", "in_transit"))
        self.assertEqual(self.parcel.event_ids.text, "On its ?way")

    def test_disorder_is_harmless(self):
        events = [
            TrackingEvent(Status.OUT_FOR_DELIVERY, self.start + timedelta(hours=5)),
            TrackingEvent(Status.PICKED_UP, self.start),
        ]
        for event in events:
            self.carrier.tracks = (Track(self.parcel.tracking_number, (event,)),)
            self.poll()
        self.assertEqual(self.parcel.state, "out_for_delivery")
        self.assertEqual(len(self.parcel.event_ids), 2)

    def test_delivered(self):
        self.start -= timedelta(hours=2)
        self.tell(Status.PICKED_UP, Status.DELIVERED)
        self.poll()
        self.assertEqual(self.parcel.state, "delivered")
        self.assertFalse(self.parcel.next_poll)
        fulfillment = self.picking.oms_fulfillment_id
        self.assertEqual(fulfillment.state, "delivered")

    def test_delivered_before_anybody_told_that_it_left(self):
        picking = self.release()
        picking.action_oms_labels()
        self.run_tasks()
        self.parcel = picking.oms_parcel_ids
        self.start -= timedelta(hours=2)
        self.tell(Status.PICKED_UP, Status.DELIVERED)
        self.poll()
        self.assertEqual(self.parcel.state, "delivered")
        self.assertFalse(picking.oms_fulfillment_id.delivered_at)
        self.ship(picking)
        self.assertEqual(picking.oms_fulfillment_id.state, "delivered")

    def test_one_that_fails_keeps_nobody_waiting(self):
        other = self.env["oms.carrier.account"].create({"name": "Other", "adapter": "simulator"})
        broken = self.parcel.copy({"tracking_number": "B", "account_id": other.id})
        broken.next_poll = fields.Datetime.now() - timedelta(minutes=5)
        self.tell(Status.PICKED_UP)
        track = self.carrier.track

        def fail(account, numbers):
            if "B" in numbers:
                raise ZeroDivisionError("in the adapter")
            return track(account, numbers)

        with (
            patch.object(self.carrier, "track", fail),
            mute_logger("odoo.addons.oms.models.carrier.oms_parcel_track"),
        ):
            self.poll()
        self.assertEqual(self.parcel.state, "picked_up")
        self.assertGreater(broken.next_poll, fields.Datetime.now(), "it is asked for later")

    def test_who_waited_longest_comes_first(self):
        """However many there are, each gets its turn, and none waits for the next run."""
        path = "odoo.addons.oms.models.carrier.oms_parcel_track.MOST_AT_ONCE"
        later = self.parcel.copy({"tracking_number": "L"})
        later.next_poll = fields.Datetime.now() - timedelta(minutes=1)
        self.parcel.next_poll = fields.Datetime.now() - timedelta(minutes=5)
        asked = []
        track = self.carrier.track

        def note(account, numbers):
            asked.extend(numbers)
            return track(account, numbers)

        self.env.flush_all()
        with (
            patch(path, 1),
            patch.object(self.carrier, "track", note),
            self.enter_registry_test_mode(),
        ):
            self.env.ref("oms.cron_track_parcels").method_direct_trigger()
        self.assertEqual(asked[:1], [self.parcel.tracking_number])

    def test_asked_less_and_less_often(self):
        waits = []
        for _time in range(10):
            self.poll()
            waits.append(self.parcel.next_poll - fields.Datetime.now())
        self.assertEqual(waits, sorted(waits))
        self.assertLessEqual(waits[-1], timedelta(hours=24))
        self.env.cr.execute(
            "UPDATE oms_parcel SET create_date = create_date - %s WHERE id = %s",
            [timedelta(days=MOST_DAYS + 1), self.parcel.id],
        )
        self.env.invalidate_all()
        self.poll()
        self.assertFalse(self.parcel.next_poll)

    def test_what_was_cancelled_stays_so(self):
        self.parcel.state = "cancelled"
        self.tell(Status.IN_TRANSIT)
        self.poll()
        self.assertEqual(self.parcel.state, "cancelled")

    def test_carriers_give_numbers_anew(self):
        self.parcel.state = "delivered"
        self.env.flush_all()
        again = self.parcel.copy({"state": "created"})
        self.assertEqual(again.tracking_number, self.parcel.tracking_number)
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            again.copy()

    def test_who_sees_parcels_has_them_looked_for(self):
        clerk = new_test_user(self.env, "parcel_clerk", "stock.group_stock_user")
        self.parcel.next_poll = False
        self.parcel.with_user(clerk).action_track()
        self.assertTrue(self.parcel.next_poll)

    def test_who_has_no_business_with_parcels_opens_transfers(self):
        receipt = self.env["stock.picking"].create(
            {"picking_type_id": self.picking.picking_type_id.warehouse_id.in_type_id.id}
        )
        buyer = new_test_user(self.env, "parcel_buyer", "purchase.group_purchase_user")
        accountant = new_test_user(self.env, "parcel_reader", "account.group_account_readonly")
        for user in (buyer, accountant):
            self.env.invalidate_all()
            [values] = receipt.with_user(user).read(["oms_parcel_count"])
            self.assertEqual(values["oms_parcel_count"], 0)
        with self.assertRaises(AccessError):
            receipt.with_user(accountant).action_oms_labels()

    def test_who_sees_parcels(self):
        clerk = new_test_user(self.env, "parcel_clerk", "stock.group_stock_user")
        nobody = new_test_user(self.env, "parcel_nobody", "base.group_user")
        self.parcel.with_user(clerk).read(["tracking_number", "state"])
        with self.assertRaises(AccessError):
            self.parcel.with_user(clerk).write({"state": "lost"})
        with self.assertRaises(AccessError):
            self.parcel.with_user(nobody).read(["tracking_number"])
