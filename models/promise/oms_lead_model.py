import logging
from typing import NamedTuple
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ...engine.promise import Lane, Learner, Observation, from_dict, to_dict
from ..transaction import retrying
from .lead_time_units import local_days, to_date, to_posix
from .oms_lead_observation import STEP_SELECTION

_logger = logging.getLogger(__name__)

STEPS = tuple(step for step, _name in STEP_SELECTION)
#: A moment after the last one learned, for what came to be known late.
JUST_AFTER = 1e-3


class News(NamedTuple):
    """An observation that was not learned from in full; moments are days on local clocks."""

    id: int
    site_id: int
    carrier_id: int
    region: str | None
    season: str | None
    usual: float
    load: float
    begun: float
    left: float | None
    state: str
    fed: bool

    def observe(self, step, until):
        """Return it in the words of the engine.

        :param str step: that was observed
        :param until: day until which was learned, or None
        :rtype: Observation
        """
        left = self.left
        if left is not None and until is not None and left <= until:
            left = until + JUST_AFTER
        return Observation(
            lane_of(step, self.site_id, self.carrier_id, self.region, self.season, self.usual),
            self.begun,
            left if self.state == "done" else None,
            left if self.state == "dropped" else None,
            self.load or 1.0,
        )


def lane_of(step, site_id, carrier_id, region, season, usual):
    """Return the lane of a step in the words of the engine. Preparing knows no way.

    :rtype: Lane
    """
    if step == "handling":
        return Lane(site=str(site_id), season=season or "", usual=usual)
    return Lane(str(site_id), str(carrier_id or "none"), region or "", season or "", usual)


class OmsLeadModel(models.Model):
    """What is known of how long a step takes in a company."""

    _name = "oms.lead.model"
    _description = "Learned Lead Times"
    _order = "company_id, id"
    _rec_name = "step"

    step = fields.Selection(STEP_SELECTION, required=True, readonly=True)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade", index=True
    )
    state = fields.Json(readonly=True, groups="base.group_system")
    version = fields.Integer(
        readonly=True, default=0, help="Grows with each time that something was learned."
    )
    learned_until = fields.Date(
        readonly=True, help="What happened before this day was learned from."
    )
    learned_at = fields.Datetime(readonly=True)
    count = fields.Integer(
        string="Observations", readonly=True, help="Of things that are done, ever learned from."
    )
    usual_open = fields.Json(readonly=True, groups="base.group_system")
    seasons = fields.Json(
        readonly=True, groups="base.group_system", help="By which the observations were told apart."
    )
    lane_ids = fields.One2many("oms.lead.lane", "model_id", string="Lanes")
    lane_count = fields.Integer(compute="_compute_lane_count")

    _step_uniq = models.UniqueIndex("(company_id, step)", "Each step is learned once a company.")

    def _compute_lane_count(self):
        counts = dict(
            self.env["oms.lead.lane"]._read_group(
                [("model_id", "in", self.ids)], ["model_id"], ["__count"]
            )
        )
        for model in self:
            model.lane_count = counts.get(model, 0)

    # === SCHEDULED === #

    @api.model
    def _cron_learn(self):
        """Learn in each company what came to be known since the last time."""
        for company in self.env["oms.site"].search([("company_id", "!=", False)]).company_id:
            try:
                retrying(
                    self.env, lambda env, one=company: env[self._name]._learn(one.with_env(env))
                )
            except Exception:  # what is wrong in one company must not keep others waiting
                _logger.exception("Lead times of company %s were not learned", company.id)

    @api.model
    def _learn(self, company, moment=None):
        """Learn in a company what came to be known since the last time.

        All of it or nothing: what was learned from is marked in the same transaction in which the
        result is stored.

        :param company: ``res.company`` record
        :param datetime.datetime moment: UTC, naive; nothing later is looked at; now if left out
        :return: the models of the company
        """
        moment = moment or fields.Datetime.now()
        # sudo: nobody writes what was learned but through this
        models_ = self.sudo()._get_models(company)
        models_._lock()
        zones = self.sudo()._gather(company, moment)
        models_._follow_seasons(self.env["oms.season"]._get_seasons(company.id))
        day = self._get_last_day(zones, moment)
        for model in models_:
            model._learn_step(day, moment)
        models_._write_lanes()
        self.env["oms.settings.mixin"]._forget_settings()
        return models_

    @api.model
    def _get_models(self, company):
        """Return the models of a company, one for each step.

        :rtype: oms.lead.model
        """
        found = self.search([("company_id", "=", company.id)])
        missing = [step for step in STEPS if step not in found.mapped("step")]
        found |= self.create([{"company_id": company.id, "step": step} for step in missing])
        return found.sorted("id")

    def _lock(self):
        """Let nobody else learn at the same time; who comes second is run again."""
        self.env.cr.execute(
            SQL("SELECT FROM oms_lead_model WHERE id IN %s ORDER BY id FOR UPDATE", self._ids)
        )
        self.invalidate_recordset()

    @api.model
    def _get_last_day(self, zones, moment):
        """Return the day that has begun everywhere where somebody's clocks count.

        :param zones: names of time zones
        :param datetime.datetime moment: UTC, naive
        :rtype: int
        """
        return min(int(local_days(to_posix(moment), ZoneInfo(zone))) for zone in zones)

    # === LEARNING === #

    def _load(self):
        """Return the learner, a new one if nothing can be taken up.

        :rtype: Learner
        """
        self.ensure_one()
        if not self.state:
            return Learner()
        try:
            return from_dict(self.state)
        except ValueError as error:
            _logger.warning("Lead times of %s are learned anew: %s", self.step, error)
            self._reset()
            return Learner()

    def _learn_step(self, day, moment):
        """Learn a step until a day has begun.

        :param int day: whole days since 1970-01-01
        :param datetime.datetime moment: UTC, naive
        """
        self.ensure_one()
        learner = self._load()
        until = learner.until
        if until is not None and day <= until:
            return
        rows = self._read_news(day)
        skipped, observations = set(), []
        for row in rows:
            if until is not None and row.left is not None and row.left <= until and not row.fed:
                # Over before anybody looked: what lasted as long then was not looked at, either.
                skipped.add(row.id)
            else:
                observations.append(row.observe(self.step, until))
        learner.update(observations, float(day))
        done = [
            row.id
            for row in rows
            if row.state != "open" and row.left <= day and row.id not in skipped
        ]
        self._mark([*done, *skipped], [row.id for row in rows])
        values = {
            "state": to_dict(learner) if learner.until is not None else False,
            "version": self.version + 1,
            "learned_until": to_date(day),
            "learned_at": moment,
            "count": self.count + len(done),
        }
        if self.step == "handling":
            values["usual_open"] = self._get_usual_open(moment)
        self.write(values)

    def _read_news(self, day):
        """Return observations that were not learned from in full.

        Where nobody tells of deliveries, nothing is learned of what is under way: it would seem to
        take forever. Nor of what was sent before those of which somebody told first.

        :rtype: list[News]
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, site_id, COALESCE(carrier_id, 0), region, season, usual, load, begun,
                       "left", state, fed
                  FROM oms_lead_observation seen
                 WHERE company_id = %(company)s AND step = %(step)s AND NOT counted
                   AND begun < %(day)s
                   AND (state = 'done' OR step = 'handling' OR EXISTS (
                           SELECT FROM oms_lead_observation other
                            WHERE other.company_id = seen.company_id AND other.step = seen.step
                              AND other.carrier_id IS NOT DISTINCT FROM seen.carrier_id
                              AND other.state = 'done' AND other.begun <= seen.begun
                       ))
              ORDER BY id
                """,
                company=self.company_id.id,
                step=self.step,
                day=day,
            )
        )
        return [News(*row) for row in rows]

    def _mark(self, counted_ids, fed_ids):
        """Remember what was learned from: in full, and so far."""
        self.env.cr.execute(
            SQL(
                "UPDATE oms_lead_observation SET counted = (id = ANY(%s)), fed = TRUE "
                "WHERE id = ANY(%s) AND (id = ANY(%s) OR NOT fed)",
                counted_ids,
                fed_ids,
                counted_ids,
            )
        )
        self.env["oms.lead.observation"].invalidate_model()

    def _reset(self):
        """Forget what was learned, and look at all observations again the next time."""
        self.env.cr.execute(
            SQL(
                "UPDATE oms_lead_observation SET counted = FALSE, fed = FALSE "
                "WHERE company_id = %s AND step = %s",
                self.company_id.id,
                self.step,
            )
        )
        self.env["oms.lead.observation"].invalidate_model()
        self.write({"state": False, "learned_until": False, "count": 0})

    def _get_usual_open(self, moment):
        """Return how much is open at each site on average over four weeks, by id as text.

        :rtype: dict[str, float]
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT site_id, SUM(GREATEST(EXTRACT(EPOCH FROM
                           LEAST(COALESCE(ended, %(now)s), %(now)s)
                           - GREATEST(started, %(now)s - INTERVAL '28 days')), 0))
                       / EXTRACT(EPOCH FROM INTERVAL '28 days')
                  FROM oms_lead_observation
                 WHERE company_id = %(company)s AND step = 'handling' AND started < %(now)s
                   AND COALESCE(ended, %(now)s) > %(now)s - INTERVAL '28 days'
              GROUP BY site_id
                """,
                company=self.company_id.id,
                now=moment,
            )
        )
        return {str(site_id): round(float(usual), 4) for site_id, usual in rows}

    # === ACTIONS === #

    def _check_manager(self):
        if not self.env.user.has_group("oms.group_order_manager"):
            raise AccessError(self.env._("Only order managers have lead times learned."))

    @api.model
    def action_learn(self):
        """Learn now what came to be known since the last time, in the companies that are chosen.

        :return: a notification that says how much there was
        :rtype: dict
        :raise AccessError: the user does not manage orders
        """
        self._check_manager()
        of_ours = [("company_id", "in", self.env.companies.ids)]
        before = sum(self.search(of_ours).mapped("count"))
        for company in self.env.companies:
            self._learn(company)
        learned = sum(self.search(of_ours).mapped("count")) - before
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Learned from %s further observations.", learned),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_learn_anew(self):
        """Forget what was learned, and learn all that was seen again.

        :return: a notification
        :rtype: dict
        :raise AccessError: the user does not manage orders
        """
        self._check_manager()
        self.check_access("read")
        # sudo: nobody writes what was learned but through this
        found = self.sudo()
        found._lock()
        for model in found:
            model._reset()
        return self.with_context(allowed_company_ids=found.company_id.ids).action_learn()

    def action_view_lanes(self):
        """Open what was learned, lane by lane.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_lead_lane")
        action["domain"] = [("model_id", "in", self.ids)]
        return action

    def action_view_observations(self):
        """Open how long things took, over time.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_lead_observation")
        action["domain"] = [
            ("company_id", "in", self.company_id.ids),
            ("step", "in", self.mapped("step")),
        ]
        return action
