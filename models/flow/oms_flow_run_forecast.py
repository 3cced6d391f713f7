from datetime import timedelta

import numpy as np

from odoo import fields, models

#: Older forecasts say nothing any more: the job that makes them does not run.
MOST_AGE_DAYS = 14
#: The doubt about a rate weighs the more the longer the time is; it is spread over so many days.
SPREAD_DAYS = 14.0

# Not the most that is foreseen, but how it varies from day to day.
_FORECASTS = """
    SELECT position.product_id, position.site_id, position.rate,
           position.dispersion * position.rate + %(days)s * position.doubt
      FROM oms_forecast position
     WHERE position.site_id = ANY(%(sites)s) AND position.computed_at >= %(since)s AND %(goods)s
"""


class OmsFlowRun(models.Model):
    """Plans go by what is forecast to be wanted where, not by what happened to be sold there."""

    _inherit = "oms.flow.run"

    def _gather_pace(self):
        sold = super()._gather_pace()
        told = self._read(
            _FORECASTS,
            4,
            since=fields.Datetime.now() - timedelta(days=MOST_AGE_DAYS),
            days=SPREAD_DAYS,
        )
        if not len(told[0]):
            return sold
        # A site of which no forecast knows only shipped what was wanted elsewhere.
        rest = ~np.isin(sold[0], told[0])
        return tuple(
            np.concatenate((one, other[rest])) for one, other in zip(told, sold, strict=True)
        )
