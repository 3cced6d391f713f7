from odoo import api, fields, models
from odoo.tools import SQL

from ...engine.promise import Budget, Lane
from .outcome import to_local_date

#: Lead times within which promises that went amiss are paid back.
PAID_BACK = 1.5
#: Days that a promise takes where nothing better is known.
USUAL_DAYS = 5.0
#: Promises under way that are looked at: the newest.
MOST_OPEN = 5000


class OmsLeadModel(models.Model):
    """Keeps the account of promises: as many are to be kept as were meant to be."""

    _inherit = "oms.lead.model"

    @api.model
    def _learn(self, company, moment=None):
        models_ = super()._learn(company, moment)
        models_._balance(company, moment or fields.Datetime.now())
        return models_

    def _balance(self, company, moment):
        """Have each channel ask for more or less confidence, by what became of its promises.

        :param company: ``res.company`` record
        :param datetime.datetime moment: UTC, naive
        """
        # sudo: nobody writes what was learned but through this
        channels = self.env["oms.channel"].sudo().search([("company_id", "=", company.id)])
        for channel in channels:
            asked = self._get_balanced(channel, moment)
            if abs(channel.promise_asked - asked) > 1e-4:
                channel.promise_asked = asked

    def _get_balanced(self, channel, moment):
        """Return the confidence to ask for, so that the account of a channel evens out.

        Only promises that rest on what was learned count, and of these the ones made with the
        confidence that the channel has now.

        :rtype: float
        """
        confidence = channel.promise_confidence
        promises = self._read_promises(channel, moment)
        settled = [state for _id, _day, state, _made in promises if state != "open"]
        kept = sum(state in ("kept", "early") for state in settled)
        budget = Budget(confidence, len(settled), kept)
        under_way = {
            self.env["oms.fulfillment"].browse(part_id): day
            for part_id, day, state, _made in promises[-MOST_OPEN:]
            if state == "open" and part_id
        }
        chances = self.env["oms.lead.time"]._get_miss_chances(under_way, moment)
        owed = budget.owed([1.0 - chance for chance in chances.values()])
        return round(budget.ask(owed, PAID_BACK * self._count_usual(promises, moment)), 4)

    def _read_promises(self, channel, moment):
        """Return the promises of a channel that count, the oldest first, each once.

        A promise is late as soon as its day is over by the calendar of the destination.

        :return: (fulfillment id or None, promised date, state, when it was made) of each
        """
        self.env["oms.promise"].flush_model()
        self.env["oms.fulfillment"].flush_model(["state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT fulfillment_id, promised_date,
                       CASE WHEN once.arrived_at <= %(now)s THEN once.state ELSE 'open' END,
                       made_at, tz
                  FROM oms_promise promise
                  JOIN (%(once)s) once ON once.id = promise.id
                 WHERE channel_id = %(channel)s AND once.state != 'dropped' AND made_at <= %(now)s
                   AND basis IN ('lane', 'group')
                   AND ABS(confidence - %(confidence)s) < 0.005
              ORDER BY made_at, promise.id
                """,
                once=self.env["oms.promise"]._get_once_sql(),
                channel=channel.id,
                confidence=channel.promise_confidence,
                now=moment,
            )
        )
        return [
            (
                part_id,
                day,
                "late" if state == "open" and day < to_local_date(moment, zone) else state,
                made,
            )
            for part_id, day, state, made, zone in rows
        ]

    def _count_usual(self, promises, moment):
        """Count the promises that are made while a usual one is under way.

        :rtype: float
        """
        usual = 0.0
        for model in self.filtered(lambda model: model.step != "total"):
            learner = model._load()
            if model._knows(learner):
                usual += float(learner.quantile(Lane(), 0.5).days)
        usual = usual or USUAL_DAYS
        recent = [
            made
            for *_rest, made in promises
            if (moment - made).total_seconds() <= 4.0 * usual * 86_400.0
        ]
        return len(recent) / 4.0
