from odoo import fields, models


class OmsChannel(models.Model):
    """Whether stores are asked before they get an order."""

    _inherit = "oms.channel"

    offer_count = fields.Integer(
        string="Stores Asked at Once",
        tracking=True,
        help="What sourcing would give to a store is offered to so many of the best stores that "
        "could serve it instead, and the first to accept gets it. 0: nobody is asked.",
        groups="base.group_user",
    )
    offer_minutes = fields.Integer(
        string="Time to Answer (Minutes)",
        default=30,
        tracking=True,
        help="After that the next stores are asked. No time runs while all of the stores that were "
        "asked are closed.",
        groups="base.group_user",
    )
    offer_rounds = fields.Integer(
        string="Most Rounds",
        default=3,
        help="After so many rounds the order is sourced as if nobody had been asked, without the "
        "stores that declined. 0: until all have been asked.",
        groups="base.group_user",
    )
    offer_least_rate = fields.Float(
        string="Least Share of Acceptance",
        help="Stores that accepted less of what they were offered in the last 90 days are not "
        "asked, once they have answered ten offers.",
        groups="base.group_user",
    )

    _offer_check = models.Constraint(
        "CHECK (COALESCE(offer_count, 0) BETWEEN 0 AND 50 "
        "AND COALESCE(offer_minutes, 1) BETWEEN 1 AND 10080 "
        "AND COALESCE(offer_rounds, 0) >= 0 AND COALESCE(offer_least_rate, 0) BETWEEN 0 AND 1)",
        "At most 50 stores are asked at once, for 1 minute to 7 days, and shares are between 0 % "
        "and 100 %.",
    )
