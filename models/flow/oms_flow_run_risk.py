import numpy as np

from odoo import models

from ...engine.demand import law


class OmsFlowRun(models.Model):
    """What is pulled because a site is below its order point is told with its risks, too."""

    _inherit = "oms.flow.run"

    def _prepare_pulls(self, facts, *args):
        rows = super()._prepare_pulls(facts, *args)
        if rows:
            self._add_risks(facts, rows)
        return rows

    def _add_risks(self, facts, rows):
        """Say how likely the origin misses sales by a move, and its last unit is left over there.

        The first in the days that the plan looks ahead, the second in those that goods have to be
        sold.

        :param list rows: values of proposals, written to
        """
        terms = self.plan_id._get_policy()._get_terms()
        days = float(self.plan_id.horizon_days)
        kept = self._get_enough(facts, rows, "origin_id", "origin_after", 0.0, days)
        left = self._get_enough(facts, rows, "site_id", "site_after", -1.0, terms.horizon)
        for row, enough, over in zip(rows, kept, left, strict=True):
            row.update(risk=1.0 - enough, risk_there=over)

    def _get_enough(self, facts, rows, site, after, more, days):
        """Return the probabilities that what is at sites afterwards is enough for some days.

        :param str site: column of the site
        :param str after: column of the units there afterwards
        :param float more: units more than those
        :rtype: list[float]
        """
        at = facts.get_rows([row["product_id"] for row in rows], [row[site] for row in rows])
        rate = facts.rate[at]
        mean, variance = rate * days, np.maximum(facts.variance[at], rate) * days
        units = np.array([row[after] for row in rows]) + more
        return np.where(units < 0.0, 0.0, law.cdf(np.maximum(units, 0.0), mean, variance)).tolist()
