from odoo import api, models
from odoo.tools import SQL

from ...engine.promise import season_of


class OmsLeadModel(models.Model):
    """Learns anew what the seasons have in common when people say what seasons there are."""

    _inherit = "oms.lead.model"

    def _follow_seasons(self, seasons):
        """Tell observations apart by the seasons that there are now, and learn these anew.

        :param seasons: ``Season`` of the engine, those that win first
        """
        now = [[each.name, str(each.first), str(each.last)] for each in seasons]
        changed = self.filtered(lambda model: (model.seasons or []) != now)
        for model in changed:
            if model._name_seasons(seasons):
                model._reset()
        changed.seasons = now

    def _name_seasons(self, seasons):
        """Have the observations of a step say in which season each began.

        :return: whether that is another one for any of them
        :rtype: bool
        """
        self.ensure_one()
        Observation = self.env["oms.lead.observation"]
        Observation.flush_model()
        of_step = SQL("company_id = %s AND step = %s", self.company_id.id, self.step)
        days = [
            day
            for [day] in self.env.execute_query(
                SQL("SELECT DISTINCT FLOOR(begun)::int FROM oms_lead_observation WHERE %s", of_step)
            )
        ]
        self.env.cr.execute(
            SQL(
                """
                UPDATE oms_lead_observation
                   SET season = named.season
                  FROM UNNEST(%s::int[], %s::text[]) named(day, season)
                 WHERE %s AND FLOOR(begun)::int = named.day
                   AND COALESCE(oms_lead_observation.season, '') != named.season
                """,
                days,
                [season_of(seasons, day) for day in days],
                of_step,
            )
        )
        Observation.invalidate_model()
        return bool(self.env.cr.rowcount)


class OmsLeadTime(models.AbstractModel):
    """Dates by the season of the moment at which a step begins."""

    _inherit = "oms.lead.time"

    @api.model
    def _get_season(self, book, company_id, day):
        """Return the name of the season of a moment, or an empty string.

        :param float day: days since 1970-01-01 by the clocks where a step begins
        """
        seasons = book.find(
            ("seasons", company_id), lambda: self.env["oms.season"]._get_seasons(company_id)
        )
        return season_of(seasons, day)
