from odoo import fields, models

from .error import ApiError


class OmsChannel(models.Model):
    _inherit = "oms.channel"

    call_limit = fields.Integer(
        string="Calls per Minute",
        help="How often the channel's systems may call the API in a minute; no limit if zero.",
        groups="base.group_user",
    )

    match_mail = fields.Boolean(
        string="Find Customers by Mail",
        default=True,
        help="An order of a customer without a number belongs to the customer of the company who "
        "has the mail address, if there is one.",
        groups="base.group_user",
    )
    total_tolerance = fields.Float(
        string="Tolerance of Totals",
        digits="Product Price",
        default=0.05,
        help="By how much Odoo's total may differ from the channel's, in the order's currency.",
        groups="base.group_user",
    )
    total_policy = fields.Selection(
        [
            ("park", "Park the order"),
            ("adjust", "Add a line with the difference"),
            ("accept", "Place it with the total of Odoo"),
        ],
        string="If Totals Differ",
        required=True,
        default="park",
        help="What becomes of an order whose total differs by more than the tolerance.",
        groups="base.group_user",
    )
    parked_count = fields.Integer(compute="_compute_parked_count", groups="base.group_user")

    _total_tolerance_positive = models.Constraint(
        "CHECK (total_tolerance >= 0)", "The tolerance of totals cannot be negative."
    )
    _call_limit_positive = models.Constraint(
        "CHECK (call_limit >= 0)", "The limit of calls per minute cannot be negative."
    )

    def _compute_parked_count(self):
        counts = dict(
            self.env["oms.incoming.order"]._read_group(
                [("channel_id", "in", self.ids), ("state", "=", "parked")],
                ["channel_id"],
                ["__count"],
            )
        )
        for channel in self:
            channel.parked_count = counts.get(channel, 0)

    def _count_call(self):
        """Count a call to the API, if there is a limit.

        All processes count together.

        :raises ApiError: the limit is reached
        """
        self.ensure_one()
        if not self.call_limit:
            return
        wait = self.env["oms.api.usage"]._take_call(self.id, self.call_limit)
        if wait:
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
