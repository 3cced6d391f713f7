from odoo import api, fields, models
from odoo.tools import SQL


class OmsApiUsage(models.Model):
    """How often a channel's systems called, by the minute."""

    _name = "oms.api.usage"
    _description = "API Calls of a Channel"
    _log_access = False
    _order = "channel_id, id"

    channel_id = fields.Many2one("oms.channel", required=True, index=True, ondelete="cascade")
    minute = fields.Datetime(required=True)
    calls = fields.Integer(required=True)

    _channel_uniq = models.UniqueIndex("(channel_id)", "A channel counts its calls once.")

    @api.model
    def _get_count_sql(self, channel_id):
        """Return the statement that counts a call of this minute.

        It returns how many there are, and the seconds that are left of the minute.
        """
        return SQL(
            """
            INSERT INTO oms_api_usage AS usage (channel_id, minute, calls)
            VALUES (%s, date_trunc('minute', clock_timestamp() AT TIME ZONE 'UTC'), 1)
            ON CONFLICT (channel_id) DO UPDATE
            SET calls = CASE WHEN usage.minute = EXCLUDED.minute THEN usage.calls ELSE 0 END + 1,
                minute = EXCLUDED.minute
            RETURNING calls, 60 - floor(extract(second FROM clock_timestamp()))::integer
            """,
            channel_id,
        )
