import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date, format_datetime

from ..transaction import retrying
from .outcome import to_local_date

_logger = logging.getLogger(__name__)

STAGE_SELECTION = [
    ("release", "Not Begun in Time"),
    ("ship", "Not Shipped in Time"),
    ("arrive", "On the Way Too Long"),
]
#: By which stage the goods of a fulfillment are to be done next, by its state.
STAGES = {"planned": "release", "released": "ship", "shipped": "arrive"}
#: Confidences by which the chance to miss a day is told, ascending.
CONFIDENCES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
#: Days back for which is looked when a step should have been done.
MOST_DAYS_BACK = 21
#: Promises that are looked at between two commits.
WATCH_BATCH = 500


class OmsPromise(models.Model):
    """Promises that will hardly be kept, seen before they are broken."""

    _inherit = "oms.promise"

    risk_chance = fields.Float(
        string="Chance to Miss",
        digits=(3, 2),
        readonly=True,
        aggregator="avg",
        help="How likely the goods come after the date, as it looked when it was last worked out.",
    )
    risk_stage = fields.Selection(
        STAGE_SELECTION,
        string="At Risk",
        readonly=True,
        help="What should have happened by now for the date to be kept.",
    )
    risk_due = fields.Datetime(
        string="Should Have Been Done", readonly=True, help="By when it should have happened."
    )
    risk_since = fields.Datetime(string="At Risk Since", readonly=True)
    risk_told = fields.Char(
        readonly=True, help="Stages of which the workflow was told, so that each is told once."
    )

    _risk_idx = models.Index("(order_id) WHERE current AND risk_stage IS NOT NULL")

    # === WATCHING === #

    @api.model
    def _cron_watch(self):
        """Work out which promises will hardly be kept, some at a time."""
        watched = self._search_watched()
        self.env["ir.cron"]._commit_progress(remaining=len(watched))
        for start in range(0, len(watched), WATCH_BATCH):
            batch = watched[start : start + WATCH_BATCH]
            try:
                retrying(self.env, lambda env, batch=batch: batch.with_env(env)._watch())
            except OperationalError as error:
                _logger.info("Promises are looked at in the next run: %s", error)
            except Exception:  # what is wrong with some must not keep others waiting
                _logger.exception("Promises from %s to %s", batch[0].id, batch[-1].id)
            if not self.env["ir.cron"]._commit_progress(len(batch)):
                break

    @api.model
    def _search_watched(self):
        """Return the promises whose goods are to come, and those that were at risk.

        What is late and was told as such at its stage is looked at again when it comes or goes on.
        """
        coming = Domain("current", "=", True) & Domain("fulfillment_id.state", "in", tuple(STAGES))
        at_stage = Domain.OR(
            Domain("fulfillment_id.state", "=", state) & Domain("risk_stage", "=", stage)
            for state, stage in STAGES.items()
        )
        known = coming & at_stage & Domain("state", "=", "late") & Domain("risk_chance", ">", 0.99)
        waiting = coming & Domain("state", "in", ("open", "late"))
        return self.search((waiting | Domain("risk_stage", "!=", False)) & ~known, order="id")

    def _watch(self):
        """Work out which of the promises will hardly be kept, and tell it once for each stage.

        :return: the promises of which the workflow is told now
        """
        promises = self.exists()
        risks = promises.filtered(lambda promise: promise._is_under_way())._assess()
        now = fields.Datetime.now()
        told = promises.browse()
        for promise in promises:
            stage, chance, due = risks.get(promise, (False, 0.0, False))
            values = {"risk_chance": chance, "risk_stage": stage, "risk_due": due}
            if stage != promise.risk_stage:
                values["risk_since"] = stage and now
            before = (promise.risk_told or "").split()
            if stage and stage not in before:
                values["risk_told"] = " ".join([*before, stage])
                told |= promise
            changed = {name: value for name, value in values.items() if promise[name] != value}
            if changed:
                promise.write(changed)
        for promise in told:
            promise.fulfillment_id.message_post(body=promise._get_risk_reason())
        told.order_id._oms_raise("promise.at_risk")._run_later()
        return told

    def _is_under_way(self):
        """Tell whether the customer still waits for goods by this promise."""
        self.ensure_one()
        return (
            self.current
            and self.state in ("open", "late")
            and not self.arrived_at
            and self.fulfillment_id.state in STAGES
        )

    def _assess(self):
        """Return what is wrong with the promises that will hardly be kept.

        :return: (stage, chance to miss, when it should have been done or False) by promise; those
            that look as they should are absent
        :rtype: dict
        """
        now = fields.Datetime.now()
        chances = self.fulfillment_id._get_miss_chances(
            {promise.fulfillment_id: promise.promised_date for promise in self}, now
        )
        risky = self.filtered(
            lambda promise: (
                chances.get(promise.fulfillment_id, 0.0) > promise.channel_id.promise_risk
            )
        )
        # Worked out once for each stage: the moment that has passed stays the same.
        known = risky.filtered(
            lambda promise: promise.risk_stage == STAGES[promise.fulfillment_id.state]
        )
        fresh = risky - known
        due = fresh.fulfillment_id._get_due_moments(
            {promise.fulfillment_id: promise.promised_date for promise in fresh}, now
        )
        due |= {promise.fulfillment_id: promise.risk_due for promise in known}
        return {
            promise: (
                STAGES[promise.fulfillment_id.state],
                round(chances[promise.fulfillment_id], 2),
                due.get(promise.fulfillment_id, False),
            )
            for promise in risky
        }

    def _get_risk_reason(self):
        """Say why the date will hardly be kept.

        :rtype: str
        """
        self.ensure_one()
        words = {
            "fulfillment": self.fulfillment_id.name,
            "site": self.site_id.name,
            "date": format_date(self.env, self.promised_date),
            "due": self.risk_due and format_datetime(self.env, self.risk_due, dt_format="short"),
            "percent": f"{self.risk_chance * 100:.0f}",
        }
        if self.state == "late":
            return self.env._(
                "%(fulfillment)s was promised for %(date)s and has not come.", **words
            )
        if self.risk_stage == "release" and self.risk_due:
            return self.env._(
                "%(site)s should have begun by %(due)s for %(fulfillment)s to come by %(date)s.",
                **words,
            )
        if self.risk_stage == "ship" and self.risk_due:
            return self.env._(
                "%(fulfillment)s should have left %(site)s by %(due)s to come by %(date)s.", **words
            )
        return self.env._(
            "%(fulfillment)s will hardly come by %(date)s: it misses it with %(percent)s %%.",
            **words,
        )


class OmsFulfillment(models.Model):
    """How likely goods come too late."""

    _inherit = "oms.fulfillment"

    def _is_behind(self, dates, now):
        """Tell whether work on what did not leave as meant has to be counted from now on.

        :param dates: :class:`.lead_dates.LeadDates` counted from the release, or None
        """
        self.ensure_one()
        return self.state == "planned" or not dates or dates.leaves < now

    def _get_expected_dates(self, now, confidence=None):
        """Return by which day the goods come, as things stand.

        :param datetime now: UTC without time zone
        :param float confidence: with which; that of each channel when None
        :return: dates by fulfillment; absent where nothing can be said
        :rtype: dict
        """
        found, begun = {}, {}
        for part in self:
            begin = part.released_at or part.shipped_at or now
            # What was released within a quarter of an hour is worked out together.
            begin = begin.replace(minute=begin.minute // 15 * 15, second=0, microsecond=0)
            begun[begin] = begun.get(begin, self.browse()) | part
        leads = {}
        for begin, parts in begun.items():
            leads |= parts._get_lead_dates(begin, confidence)
        anew = self.filtered(
            lambda part: part.state != "shipped" and part._is_behind(leads.get(part), now)
        )
        leads |= anew._get_lead_dates(now, confidence)
        for part in self & self.union(*leads):
            day, zone = leads[part].promised, part._get_zone()
            if part.state == "shipped":
                # What it takes from leaving on, from when it really left.
                took = day - to_local_date(leads[part].leaves, zone)
                day = to_local_date(part.shipped_at, zone) + max(took, timedelta(0))
            found[part] = day
        return found

    def _get_zone(self):
        self.ensure_one()
        return self.order_id._oms_get_zone(self.site_id)

    def _get_miss_chances(self, dates, now):
        """Tell how likely the goods of the fulfillments come after a day.

        :param dict dates: the day by fulfillment
        :param datetime now: UTC without time zone
        :return: chance by fulfillment
        :rtype: dict
        """
        learned = self.filtered(lambda part: part._is_lead_learned())
        rest = (self - learned).filtered(
            lambda part: to_local_date(now, part._get_zone()) <= dates[part]
        )
        sure = dict.fromkeys(self - learned, 0.0)
        for confidence in CONFIDENCES:
            expected = rest._get_expected_dates(now, confidence) if rest else {}
            rest = rest.filtered(
                lambda part, expected=expected: part in expected and expected[part] <= dates[part]
            )
            sure |= dict.fromkeys(rest, confidence)
        chances = {part: 1.0 - confidence for part, confidence in sure.items()}
        if learned:
            due = {part: dates[part] for part in learned}
            chances |= self.env["oms.lead.time"]._get_miss_chances(due, now)
        return chances

    def _is_lead_learned(self):
        """Tell whether something is known of how long work or parcels really take."""
        self.ensure_one()
        lead = self.env["oms.lead.time"]
        book = lead._get_book()
        return any(
            lead._get_learner(book, self.company_id.id, step) for step in ("handling", "transit")
        )

    def _get_due_moments(self, dates, now):
        """Tell by when the next step had to be done for the goods to come by a day.

        :param dict dates: the day by fulfillment
        :param datetime now: UTC without time zone
        :return: moment by fulfillment, UTC without time zone; absent where there is none in the
            weeks before
        :rtype: dict
        """
        found = {}
        waiting = self.filtered(lambda part: part.state != "shipped")
        learned = waiting.filtered(lambda part: part._is_lead_learned())
        if learned:
            due = {part: dates[part] for part in learned}
            for part, until in self.env["oms.lead.time"]._get_milestones(due).items():
                handover = part.state == "released" and until.handover
                found[part] = handover or until.release
        rest = waiting - learned
        for days in range(MOST_DAYS_BACK):
            if not rest:
                break
            moment = now - timedelta(days=days)
            for part, lead in rest._get_lead_dates(moment).items():
                if lead.promised <= dates[part]:
                    found[part] = lead.leaves if part.state == "released" else lead.cutoff or moment
            rest = rest.filtered(lambda part: part not in found)
        return found
