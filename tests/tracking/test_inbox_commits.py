"""The same message twice at once, really committed."""

import contextlib
from datetime import UTC, datetime, timedelta

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger

from odoo.addons.oms.connectors.carrier import Message, Status, Track, TrackingEvent


@tagged("post_install", "-at_install")
class TestInboxCommits(BaseCase):
    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.open() as env:
            account = env["oms.carrier.account"].create({"name": "Twice", "adapter": "simulator"})
            account.setting_ids.filtered(lambda line: line.name == "webhook_secret").value = "s3"
            self.account_id, self.token = account.id, account.webhook_token
        self.addCleanup(self.clean)
        self.message = Message(
            {"x-webhook-secret": "s3"}, b'{"parcels": [{"no": "such"}]}', datetime.now(UTC)
        )

    @contextlib.contextmanager
    def open(self):
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def clean(self):
        with self.open() as env:
            env["oms.webhook.event"].search([("res_id", "=", self.account_id)]).unlink()
            env["oms.carrier.account"].browse(self.account_id).unlink()

    def make_parcel(self):
        """Return the id of a parcel that is really there."""
        with self.open() as env:
            picking = env["stock.picking"].create(
                {"picking_type_id": env.ref("stock.picking_type_out").id}
            )
            parcel = env["oms.parcel"].create(
                {
                    "picking_id": picking.id,
                    "account_id": self.account_id,
                    "tracking_number": "TWICE",
                }
            )
            self.addCleanup(self.clean_parcel, parcel.id, picking.id)
            return parcel.id

    def clean_parcel(self, parcel_id, picking_id):
        with self.open() as env:
            env["oms.parcel"].browse(parcel_id).unlink()
            env["stock.picking"].browse(picking_id).unlink()

    def receive(self, env):
        return env["oms.webhook.event"]._receive("carrier", self.token, self.message)

    def test_the_same_message_twice_at_once(self):
        """Both see that nothing is there; one keeps it, and the other is run again and finds it."""
        with self.open() as first:
            second_cr = self.registry.cursor()
            self.addCleanup(second_cr.close)
            second = api.Environment(second_cr, SUPERUSER_ID, {})
            # The second sees the world as it is now, from here on.
            second["oms.carrier.account"].search_count([])
            self.assertEqual(self.receive(first), "received")
            first.cr.commit()
            with (
                self.assertRaises(PG_CONCURRENCY_EXCEPTIONS_TO_RETRY),
                mute_logger("odoo.sql_db"),
            ):
                self.receive(second)
            second_cr.rollback()
            self.assertEqual(self.receive(second), "repeated")
            second_cr.commit()
        with self.open() as env:
            count = env["oms.webhook.event"].search_count([("res_id", "=", self.account_id)])
        self.assertEqual(count, 1)

    def tell_at_once(self, *statuses):
        """Have two transactions tell of one parcel, the second having begun before the first ends.

        :param statuses: one of each; the parcel is delivered last, whoever tells it first
        """
        now = datetime.now(UTC)
        moments = {
            Status.IN_TRANSIT: now - timedelta(hours=2),
            Status.DELIVERED: now - timedelta(hours=1),
        }
        parcel_id = self.make_parcel()

        def take(env, status):
            event = TrackingEvent(status, moments[status])
            env["oms.parcel"].browse(parcel_id)._take_tracks([Track("TWICE", (event,))])
            env.flush_all()

        with self.open() as first, self.open() as second:
            second["oms.carrier.account"].search_count([])
            take(first, statuses[0])
            first.cr.commit()
            with (
                self.assertRaises(PG_CONCURRENCY_EXCEPTIONS_TO_RETRY),
                mute_logger("odoo.sql_db"),
            ):
                take(second, statuses[1])
            second.cr.rollback()
            second.invalidate_all()
            take(second, statuses[1])
            second.cr.commit()
        with self.open() as env:
            parcel = env["oms.parcel"].browse(parcel_id)
            self.assertEqual((parcel.state, len(parcel.event_ids)), ("delivered", 2))

    def test_told_of_one_parcel_at_once(self):
        self.tell_at_once(Status.IN_TRANSIT, Status.DELIVERED)

    def test_told_of_one_parcel_at_once_in_disorder(self):
        self.tell_at_once(Status.DELIVERED, Status.IN_TRANSIT)
