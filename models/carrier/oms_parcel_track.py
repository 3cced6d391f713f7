import logging
from collections import defaultdict
from datetime import UTC, datetime, timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...connectors.carrier import Capability, Status
from ...connectors.carrier.progress import follow
from ...connectors.outcome import Ok
from ..transaction import retrying
from .oms_parcel import ENDED

_logger = logging.getLogger(__name__)

#: Hours between two questions for a parcel; the last counts for all further ones.
WAITS = (1, 2, 3, 4, 6, 8, 12, 24)
#: Parcels that one question names, and days after which a parcel is asked for no more.
MOST_ASKED = 50
MOST_DAYS = 45
#: By how much the clock of a carrier may be ahead; what is to come later than that is no news.
MOST_AHEAD = timedelta(days=1)
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
            if not parcels._try_take(tracks) and len(parcels) > 1:
                # One that cannot be written down must not keep others waiting.
                for parcel in parcels:
                    parcel._try_take(tracks)
            parcels._plan_next_poll()

        retrying(self.env, write)

    def _try_take(self, tracks):
        """Write down what a carrier reports, or nothing of it.

        :return: whether it could be written down
        :rtype: bool
        """
        try:
            with self.env.cr.savepoint():
                self._take_tracks(tracks)
                self.env.flush_all()
        except OperationalError:
            raise
        except Exception:  # whatever is wrong with one parcel
            _logger.exception("What is told of parcels %s cannot be written down", self.ids)
            return False
        return True

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
        latest = datetime.now(UTC) + MOST_AHEAD
        rows = {}
        for track in tracks:
            parcel = by_number.get(track.tracking_number)
            if not parcel:
                continue
            for event in track.events:
                if event.moment > latest:
                    _logger.info("%s is told of for %s, which is to come", parcel, event.moment)
                    continue
                vals = parcel._prepare_event(event)
                key = (parcel.id, *(vals[name] for name in ("moment", "status", "code", "place")))
                rows.setdefault(key, vals)
        told = self.browse({vals["parcel_id"] for vals in rows.values()}).sorted("id")
        told._hold()
        if self.env["oms.tracking.event"]._insert_new(list(rows.values())):
            told._follow_events()

    def _hold(self):
        """Keep others from telling of the parcels until this transaction ends.

        Who told of them meanwhile lets it fail, so that it is run again and sees all that was told.
        """
        if self:
            self.flush_recordset()
            query = SQL(
                "UPDATE oms_parcel SET write_date = write_date WHERE id = ANY(%s)", self.ids
            )
            self.env.cr.execute(query)

    def _prepare_event(self, event):
        self.ensure_one()
        moment = event.moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        return {
            "parcel_id": self.id,
            "status": event.status.value,
            "moment": moment,
            "text": _clean(event.text)[:500] or False,
            "place": _clean(event.place)[:200] or False,
            "code": _clean(event.code)[:64] or False,
        }

    def _follow_events(self):
        """Bring the state of parcels to what all reports together say, and tell who has to know."""
        changed = defaultdict(self.browse)
        for parcel in self:
            reached = follow((event.moment, Status(event.status)) for event in parcel.event_ids)
            if not reached or reached[1] == parcel.state or parcel._is_taken_back():
                continue
            parcel.write({"state": reached[1].value, "state_at": reached[0]})
            changed[parcel.state] |= parcel
        for state, parcels in changed.items():
            parcels._on_state(state)

    def _is_taken_back(self):
        """Tell whether we took the label back: it stays so, whatever machines scan."""
        self.ensure_one()
        told = "cancelled" in self.event_ids.mapped("status")
        return self.state == "cancelled" and (self.taken_back or not told)

    def _on_state(self, state):
        """Carry a new state on to the fulfillments of the parcels."""
        if state != "delivered":
            return
        shipped = self.fulfillment_id.filtered(lambda each: each.state == "shipped")
        wanted = self.search([("fulfillment_id", "in", shipped.ids), ("state", "!=", "cancelled")])
        for fulfillment, parcels in wanted.grouped("fulfillment_id").items():
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


def _clean(text):
    """Return a text without what a database cannot keep, and carriers may send all the same."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


class OmsTrackingEvent(models.Model):
    _inherit = "oms.tracking.event"

    def _insert_new(self, vals_list):
        """Write down what was not told before.

        :param list vals_list: values of each event
        :return: how many were new
        :rtype: int
        """
        if not vals_list:
            return 0
        self.flush_model()
        now = fields.Datetime.now()
        names = ("parcel_id", "status", "moment", "text", "place", "code")
        rows = [
            SQL(
                "(%s)",
                SQL(", ").join(SQL("%s", vals[name] or None) for name in names),
            )
            for vals in vals_list
        ]
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO oms_tracking_event (parcel_id, status, moment, text, place, code,
                    company_id, create_uid, write_uid, create_date, write_date)
                SELECT told.parcel_id, told.status, told.moment::timestamp, told.text, told.place,
                    told.code, parcel.company_id, %(user)s, %(user)s, %(now)s, %(now)s
                  FROM (VALUES %(rows)s) AS told (parcel_id, status, moment, text, place, code)
                  JOIN oms_parcel parcel ON parcel.id = told.parcel_id
                    ON CONFLICT DO NOTHING
                """,
                user=self.env.uid,
                now=now,
                rows=SQL(", ").join(rows),
            )
        )
        new = self.env.cr.rowcount
        self.invalidate_model()
        self.env["oms.parcel"].invalidate_model(["event_ids"])
        return new


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
