"""A parcel under way, and a carrier that tells of it by itself."""

import json
import secrets
from datetime import UTC, datetime, timedelta

from odoo import fields

from odoo.addons.oms.connectors.carrier import Message
from odoo.addons.oms.connectors.carrier.webhook import PlainWebhook

from ..carrier.carrier_case import CarrierCase, FakeCarrier


class TellingCarrier(PlainWebhook, FakeCarrier):
    """The carrier of the tests, which tells by itself, too."""


class TrackingCase(CarrierCase):
    def setUp(self):
        super().setUp()
        self.carrier = self.use(TellingCarrier())
        self.secret = secrets.token_urlsafe(24)
        self.account.setting_ids.filtered(lambda line: line.name == "webhook_secret").unlink()
        self.env["oms.carrier.setting"].create(
            {"account_id": self.account.id, "name": "webhook_secret", "value": self.secret}
        )
        # The settings of the fake carrier are none; this one goes where the adapter looks.
        self.patch(
            self.env.registry["oms.carrier.setting"], "_get_place", lambda _line: "credential"
        )
        self.now = datetime.now(UTC).replace(microsecond=0)

    def make_parcel(self, quantity=2):
        """Return the parcel of an order that was shipped."""
        picking = self.ship(self.release(quantity))
        self.run_tasks()
        return picking.oms_parcel_ids

    def write_message(self, *events, number):
        """Return the body of a message: (status, hours from now) of each event."""
        told = [
            {
                "status": status,
                "moment": (self.now + timedelta(hours=hours)).isoformat(),
                "text": "Told",
                "place": "Hub",
            }
            for status, hours in events
        ]
        return json.dumps({"parcels": [{"tracking_number": number, "events": told}]}).encode()

    def tell(self, *events, number=None, secret=None, **headers):
        """Let the carrier send a message, which is received; return what became of it."""
        body = self.write_message(*events, number=number or self.parcel.tracking_number)
        named = {"x-webhook-secret": self.secret if secret is None else secret, **headers}
        return self.env["oms.webhook.event"]._receive(
            "carrier", self.account.sudo().webhook_token, Message(named, body, self.now)
        )

    def apply(self, later=False):
        """Let the job apply what was received."""
        self.env.flush_all()
        if later:
            self.env.cr.execute(
                "UPDATE oms_webhook_event SET next_try = %s WHERE next_try IS NOT NULL",
                [fields.Datetime.now()],
            )
            self.env.invalidate_all()
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_apply_webhooks").method_direct_trigger()
        self.env.invalidate_all()

    def events(self):
        return self.env["oms.webhook.event"].search(
            [("res_id", "=", self.account.id), ("res_model", "=", "oms.carrier.account")]
        )
