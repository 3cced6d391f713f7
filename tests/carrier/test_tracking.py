from datetime import UTC, datetime, timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

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

    def test_who_sees_parcels(self):
        clerk = new_test_user(self.env, "parcel_clerk", "stock.group_stock_user")
        nobody = new_test_user(self.env, "parcel_nobody", "base.group_user")
        self.parcel.with_user(clerk).read(["tracking_number", "state"])
        with self.assertRaises(AccessError):
            self.parcel.with_user(clerk).write({"state": "lost"})
        with self.assertRaises(AccessError):
            self.parcel.with_user(nobody).read(["tracking_number"])
