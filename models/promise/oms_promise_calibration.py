from odoo import api, fields, models
from odoo.tools import SQL

from ...engine.promise import wilson


class OmsPromiseCalibration(models.Model):
    """Which share of promises was kept, by the confidence with which they were made.

    Nothing is stored. Promises that people made count for none; those whose goods others took
    over count once, and so does what was lost and sent again, see
    :meth:`~.oms_promise_once.OmsPromise._get_once_sql`. What was promised for a day to come is
    left out even if it came: to count only the good news of what is not over would flatter.
    """

    _name = "oms.promise.calibration"
    _description = "Calibration of Promises"
    _auto = False
    _order = "confidence, id"
    _depends = {
        "oms.promise": [
            "confidence",
            "state",
            "promised_date",
            "channel_id",
            "company_id",
            "site_id",
            "carrier_id",
            "service",
            "made_at",
            "deviation_days",
            "tz",
            "arrived_at",
            "carried_from_id",
            "fulfillment_id",
        ],
        "oms.fulfillment": ["state"],
    }

    channel_id = fields.Many2one("oms.channel", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    site_id = fields.Many2one("oms.site", readonly=True)
    carrier_id = fields.Many2one("delivery.carrier", readonly=True)
    service = fields.Selection(
        lambda self: self.env["oms.promise"]._fields["service"].selection, readonly=True
    )
    confidence = fields.Float(digits=(3, 2), readonly=True, aggregator="avg")
    asked = fields.Char(readonly=True)
    promised_date = fields.Date(string="Promised", readonly=True)
    kept = fields.Integer(readonly=True)
    number = fields.Integer(readonly=True)
    share = fields.Float(string="Share Kept", digits=(5, 4), readonly=True, aggregator="avg")

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT promise.id, channel_id, company_id, site_id, carrier_id, service,
                   promised_date,
                   ROUND(confidence::numeric, 2)::float8 AS confidence,
                   ROUND(confidence::numeric * 100) || ' %%' AS asked,
                   (once.state <> 'late')::int AS kept, 1 AS number,
                   (once.state <> 'late')::int::float8 AS share
              FROM oms_promise promise
              JOIN (%s) once ON once.id = promise.id
             WHERE once.state IN ('kept', 'early', 'late') AND confidence > 0
               -- The day is over wherever it is: on Baker Island it ends at noon UTC.
               AND promised_date
                   < (timezone('UTC', statement_timestamp()) - INTERVAL '12 hours')::date
            """,
            self.env["oms.promise"]._get_once_sql(),
        )

    @api.model
    def get_curve(self, domain=None):
        """Return the curve of calibration: asked confidence against the share kept.

        :param list domain: of this model; all that the user may see when left out
        :return: for each confidence, ascending: ``confidence``, ``number`` of promises, ``kept``
            share, and ``lower`` and ``upper`` between which the long run lies with 95 %
            confidence (Wilson 1927)
        :rtype: list[dict]
        """
        groups = self._read_group(
            domain or [], ["asked"], ["confidence:avg", "kept:sum", "number:sum"]
        )
        curve = []
        for _asked, confidence, kept, number in groups:
            lower, upper = wilson(kept, number)
            curve.append(
                {
                    "confidence": round(confidence, 2),
                    "number": number,
                    "kept": kept / number,
                    "lower": lower,
                    "upper": upper,
                }
            )
        return sorted(curve, key=lambda point: point["confidence"])
