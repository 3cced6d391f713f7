from odoo import api, fields, models

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class OmsChannelDeliveryDays(models.Model):
    """On which weekdays a method delivers for a channel, in place of the method's own days."""

    _name = "oms.channel.delivery.days"
    _description = "Delivery Days of a Channel"
    _inherit = ["oms.settings.mixin"]
    _order = "channel_id, carrier_id, id"

    channel_id = fields.Many2one("oms.channel", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="channel_id.company_id", store=True, index=True)
    carrier_id = fields.Many2one(
        "delivery.carrier",
        string="Method",
        ondelete="cascade",
        index="btree_not_null",
        help="Empty: all methods that have no days of their own here.",
    )
    monday = fields.Boolean(default=True)
    tuesday = fields.Boolean(default=True)
    wednesday = fields.Boolean(default=True)
    thursday = fields.Boolean(default=True)
    friday = fields.Boolean(default=True)
    saturday = fields.Boolean()
    sunday = fields.Boolean()

    _method_uniq = models.UniqueIndex(
        "(channel_id, COALESCE(carrier_id, 0))", "The method has days of this channel already."
    )
    _days_check = models.Constraint(
        f"CHECK ({' OR '.join(DAYS)})", "A method delivers on some day of the week."
    )

    @api.depends("carrier_id")
    def _compute_display_name(self):
        for days in self:
            days.display_name = days.carrier_id.name or self.env._("All Methods")

    def _get_weekdays(self):
        """Return the weekdays on which the method delivers, Monday is 0.

        :rtype: tuple[int, ...]
        """
        self.ensure_one()
        return tuple(number for number, name in enumerate(DAYS) if self[name])


class OmsChannel(models.Model):
    _inherit = "oms.channel"

    delivery_day_ids = fields.One2many(
        "oms.channel.delivery.days",
        "channel_id",
        string="Delivery Days",
        help="On which weekdays goods of the channel are delivered; empty: as each method says.",
        groups="base.group_user",
    )
