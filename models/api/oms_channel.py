from odoo import fields, models

from ..transaction import committing_statement
from .error import ApiError


class OmsChannel(models.Model):
    _inherit = "oms.channel"

    call_limit = fields.Integer(
        string="Calls per Minute",
        help="How often the channel's systems may call the API in a minute; no limit if zero.",
        groups="base.group_user",
    )

    _call_limit_positive = models.Constraint(
        "CHECK (call_limit >= 0)", "The limit of calls per minute cannot be negative."
    )

    def _count_call(self):
        """Count a call to the API, if there is a limit.

        All processes count together. What is refused counts too, so that hammering does not pay.

        :raises ApiError: the limit is reached
        """
        self.ensure_one()
        if not self.call_limit:
            return
        statement = self.env["oms.api.usage"]._get_count_sql(self.id)
        with committing_statement(self.env) as env:
            env.cr.execute(statement)
            calls, wait = env.cr.fetchone()
        if calls > self.call_limit:
            error = ApiError(
                "too_many_requests",
                self.env._(
                    "The channel may call %(limit)s times a minute: try again in %(wait)s s.",
                    limit=self.call_limit,
                    wait=wait,
                ),
            )
            error.retry_after = wait
            raise error
