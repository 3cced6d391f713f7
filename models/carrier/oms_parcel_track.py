import logging
from collections import defaultdict
from datetime import UTC, datetime, timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...connectors.carrier import Capability
from ...connectors.outcome import Ok
from ..transaction import retrying
from .oms_parcel import ENDED

_logger = logging.getLogger(__name__)

#: Hours between two questions for a parcel; the last counts for all further ones.
WAITS = (1, 2, 3, 4, 6, 8, 12, 24)
#: Parcels that one question names, and days after which a parcel is asked for no more.
MOST_ASKED = 50
MOST_DAYS = 45
#: Parcels that are looked at before others get their turn.
MOST_AT_ONCE = 500


class OmsParcel(models.Model):
    """Where parcels are: asked of carriers by the hour, or told by them."""

    _inherit = "oms.parcel"

    @api.model
    def _cron_track(self):
        """Ask carriers for the parcels whose time has come; no transaction waits for them."""
        due = [("next_poll", "<=", fields.Datetime.now())]
        # Those that have waited longest come first, whoever keeps failing comes later again.
        parcels = self.search(due, order="next_poll, id", limit=MOST_AT_ONCE)
        groups = [
            (account, batch)
            for account, of_account in parcels.grouped("account_id").items()
            for batch in of_account._split(MOST_ASKED)
        ]
        self.env["ir.cron"]._commit_progress(remaining=len(groups))
        for account, batch in groups:
            try:
                batch._track(account)
            except OperationalError as error:
                _logger.info("Parcels of %s are asked for in the next run: %s", account.name, error)
            if not self.env["ir.cron"]._commit_progress(1):
                return
        if len(parcels) == MOST_AT_ONCE:
            self.env["ir.cron"]._commit_progress(remaining=self.search_count(due, limit=1))

    def _split(self, size):
        return [self[start : start + size] for start in range(0, len(self), size)]

    def _track(self, account):
        """Ask one carrier for parcels, and write down what it says."""
        tracks = self._ask_for(account)

        def write(env):
            parcels = self.with_env(env).exists()
            try:
                with env.cr.savepoint():
                    parcels._take_tracks(tracks)
                    env.flush_all()
            except OperationalError:
                raise
            except Exception:  # one that cannot be written down must not keep others waiting
                _logger.exception("What %s told of parcels cannot be written down", account.name)
            parcels._plan_next_poll()

        retrying(self.env, write)

    def _ask_for(self, account):
        """Return what a carrier says of parcels, nothing where it does not tell."""
        numbers = tuple(number for number in self.mapped("tracking_number") if number)
        if not account or not numbers:
            return ()
        try:
            adapter = account._get_adapter()
            if Capability.TRACK not in adapter.capabilities:
                return ()
            outcome = adapter.track(account._prepare_account(), numbers)
        except UserError as error:
            _logger.info("Parcels of %s are not tracked: %s", account.name, error)
            return ()
        except Exception:  # what one carrier answers must not keep others waiting
            _logger.exception("Tracking of %s", account.name)
            return ()
        if isinstance(outcome, Ok):
            return outcome.value
        _logger.info("Tracking of %s: %s", account.name, outcome.text)
        return ()

    def _take_tracks(self, tracks):
        """Write down what carriers report, in whatever order and however often they do.

        :param tracks: ``connectors.carrier.Track`` of some of the parcels
        """
        by_number = {parcel.tracking_number: parcel for parcel in self}
        vals_list = []
        for track in tracks:
            parcel = by_number.get(track.tracking_number)
            if not parcel:
                continue
            known = {event._get_key() for event in parcel.event_ids}
            for event in track.events:
                vals = parcel._prepare_event(event)
                key = tuple(vals[name] for name in ("moment", "status", "code", "place"))
                if key not in known:
                    known.add(key)
                    vals_list.append(vals)
        self.env["oms.tracking.event"].create(vals_list)
        told = self.browse({vals["parcel_id"] for vals in vals_list})
        told._follow_events()

    def _prepare_event(self, event):
        self.ensure_one()
        moment = event.moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        return {
            "parcel_id": self.id,
            "status": event.status.value,
            "moment": moment,
            "text": event.text[:500] or False,
            "place": event.place[:200] or False,
            "code": event.code[:64] or False,
        }

    def _follow_events(self):
        """Bring the state of parcels to what was reported last, and tell who has to know."""
        changed = defaultdict(self.browse)
        for parcel in self:
            events = parcel.event_ids.filtered(lambda event: event.status != "other").sorted(
                lambda event: (event.moment, event.id)
            )
            if not events or events[-1].status == parcel.state:
                continue
            if parcel.state == "cancelled":
                # What we cancelled stays so, whatever machines scan.
                continue
            parcel.write({"state": events[-1].status, "state_at": events[-1].moment})
            changed[parcel.state] |= parcel
        for state, parcels in changed.items():
            parcels._on_state(state)

    def _on_state(self, state):
        """Carry a new state on to the fulfillments of the parcels."""
        if state != "delivered":
            return
        for fulfillment in self.fulfillment_id.filtered(lambda each: each.state == "shipped"):
            parcels = self.search(
                [("fulfillment_id", "=", fulfillment.id), ("state", "!=", "cancelled")]
            )
            if all(parcel.state == "delivered" for parcel in parcels):
                # Clocks of carriers may be wrong by minutes, and some tell the day only.
                moment = max([*parcels.mapped("state_at"), fulfillment.shipped_at or datetime.min])
                fulfillment._set_delivered(min(moment, fields.Datetime.now()))

    def _plan_next_poll(self):
        """Ask less and less often, and in the end no more."""
        now = fields.Datetime.now()
        for parcel in self:
            old = parcel.create_date < now - timedelta(days=MOST_DAYS)
            if parcel.state in ENDED or old:
                parcel.next_poll = False
                continue
            wait = WAITS[min(parcel.poll_count, len(WAITS) - 1)]
            parcel.write(
                {"next_poll": now + timedelta(hours=wait), "poll_count": parcel.poll_count + 1}
            )


class OmsTrackingEvent(models.Model):
    _inherit = "oms.tracking.event"

    def _get_key(self):
        self.ensure_one()
        return self.moment, self.status, self.code, self.place


class OmsFulfillment(models.Model):
    _inherit = "oms.fulfillment"

    def _deliver_arrived(self):
        res = super()._deliver_arrived()
        # Some tell that goods left only when the customers have them.
        shipped = self.filtered(lambda fulfillment: fulfillment.state == "shipped")
        if shipped:
            # sudo: who ships need not see what carriers reported
            parcels = self.env["oms.parcel"].sudo()
            parcels.search(
                [("fulfillment_id", "in", shipped.ids), ("state", "=", "delivered")]
            )._on_state("delivered")
        return res
