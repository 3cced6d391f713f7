from datetime import UTC, timedelta

from odoo import models
from odoo.exceptions import UserError

from ...connectors.carrier import ADAPTERS, Capability
from ...connectors.outcome import Ok
from ..carrier.oms_parcel import ENDED
from .oms_webhook_handler import Applied

#: Days after its end in which a parcel can still be meant; later its number is another one's.
DAYS_AFTER_END = 90
#: Shortest part of an address that is looked for.
SHORTEST_TOKEN = 20


class OmsCarrierWebhook(models.AbstractModel):
    """What carriers tell of parcels."""

    _name = "oms.carrier.webhook"
    _description = "Webhooks of Carriers"
    _inherit = "oms.webhook.handler"

    def _get_title(self):
        return self.env._("Carrier")

    def _find_source(self, token):
        accounts = self.env["oms.carrier.account"]
        # Addresses may hold what no database can be asked for.
        if len(token) < SHORTEST_TOKEN or not token.isprintable():
            return accounts
        return accounts.search([("webhook_token", "=", token)], limit=1)

    def _get_adapter(self, source):
        return ADAPTERS[source.adapter] if source and source._can(Capability.WEBHOOK) else None

    def _is_genuine(self, source, message):
        adapter = self._get_adapter(source)
        return bool(adapter and adapter.is_genuine(source._prepare_account(), message))

    def _get_message_id(self, source, message):
        return self._get_adapter(source).get_message_id(message)

    def _apply(self, event, body):
        account = self.env["oms.carrier.account"].browse(event.res_id).exists()
        adapter = self._get_adapter(account)
        if not adapter:
            raise UserError(self.env._("The carrier account is not there any more."))
        outcome = adapter.read_message(body)
        if not isinstance(outcome, Ok):
            raise UserError(outcome.text)
        return self._take(account, outcome.value)

    def _take(self, account, tracks):
        """Write down what a carrier tells of its parcels.

        :param tracks: ``connectors.carrier.Track`` in any order
        :rtype: Applied
        """
        if not tracks:
            return Applied(self.env._("Nothing about parcels."))
        parcels = self._find_parcels(account, tracks)
        parcels._take_tracks(tracks)
        known = set(parcels.mapped("tracking_number"))
        unknown = [track.tracking_number for track in tracks if track.tracking_number not in known]
        status = self.env["oms.tracking.event"]._fields["status"]
        words = dict(status._description_selection(self.env))
        text = ", ".join(
            f"{track.tracking_number}: {words[track.status.value]}" for track in tracks
        )
        missing = unknown and self.env._("No such parcel here yet: %s.", ", ".join(unknown))
        return Applied(text, missing or "")

    def _find_parcels(self, account, tracks):
        """Return the parcel that each track is of, of several with its number the newest.

        A number that ended long before the carrier tells of it was given anew.
        """
        first = {
            track.tracking_number: min((event.moment for event in track.events), default=None)
            for track in tracks
        }
        found = {}
        for parcel in self.env["oms.parcel"].search(
            [("account_id", "=", account.id), ("tracking_number", "in", list(first))],
            order="id",
        ):
            moment = first[parcel.tracking_number]
            ended = parcel.state in ENDED and (parcel.state_at or parcel.write_date)
            over = ended and ended.replace(tzinfo=UTC) + timedelta(days=DAYS_AFTER_END)
            if not over or not moment or moment < over:
                found[parcel.tracking_number] = parcel
        return self.env["oms.parcel"].union(*found.values())


class OmsWebhookEvent(models.Model):
    _inherit = "oms.webhook.event"

    def _get_handlers(self):
        return {**super()._get_handlers(), "carrier": "oms.carrier.webhook"}
