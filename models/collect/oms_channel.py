from odoo import api, fields, models

IDENTITY_SELECTION = [
    ("never", "Never"),
    ("no_code", "Without the Code"),
    ("always", "Always"),
]


class OmsChannel(models.Model):
    """What customers are told who come to a store, and for how long goods wait for them."""

    _inherit = "oms.channel"

    pickup_notice = fields.Boolean(
        string="Tell When Ready",
        default=True,
        tracking=True,
        help="Customers get a message with their code as soon as goods are ready for them, and "
        "another one when they did not come in time.",
        groups="base.group_user",
    )
    pickup_sms = fields.Boolean(
        string="By SMS Too",
        help="Also by text message, where Odoo's SMS app is installed and the customer has a "
        "number.",
        groups="base.group_user",
    )
    pickup_template_id = fields.Many2one(
        "mail.template",
        string="Message: Ready",
        domain="[('model', '=', 'oms.fulfillment')]",
        default=lambda self: self.env.ref("oms.mail_pickup_ready", raise_if_not_found=False),
        groups="base.group_user",
    )
    pickup_reminder_days = fields.Integer(
        string="Remind After (Days)",
        default=3,
        tracking=True,
        help="Days after which customers are reminded of what is ready for them; 0: not at all.",
        groups="base.group_user",
    )
    pickup_reminder_template_id = fields.Many2one(
        "mail.template",
        string="Message: Reminder",
        domain="[('model', '=', 'oms.fulfillment')]",
        default=lambda self: self.env.ref("oms.mail_pickup_reminder", raise_if_not_found=False),
        groups="base.group_user",
    )
    pickup_days = fields.Integer(
        string="Kept For (Days)",
        default=7,
        tracking=True,
        help="Days for which goods wait in a store after they are ready; then they go back on the "
        "shelf, and what was not collected is cancelled. 0: they wait until somebody decides.",
        groups="base.group_user",
    )
    pickup_expiry_template_id = fields.Many2one(
        "mail.template",
        string="Message: Not Collected",
        domain="[('model', '=', 'oms.fulfillment')]",
        default=lambda self: self.env.ref("oms.mail_pickup_expired", raise_if_not_found=False),
        groups="base.group_user",
    )
    pickup_identity = fields.Selection(
        IDENTITY_SELECTION,
        string="Identity Check",
        required=True,
        default="no_code",
        tracking=True,
        help="When the clerk has to look at an identity card before goods are handed over.",
        groups="base.group_user",
    )
    reserve_hours = fields.Float(
        string="Reserved For (Hours)",
        default=48.0,
        tracking=True,
        help="For how long goods are kept in a store for a customer who reserved them without "
        "paying. 0: reservations are placed as orders at once.",
        groups="base.group_user",
    )
    reserve_reminder_hours = fields.Float(
        string="Remind Before the End (Hours)",
        default=12.0,
        help="Hours before the end of a reservation at which customers are reminded; 0: not at "
        "all.",
        groups="base.group_user",
    )

    _pickup_times_check = models.Constraint(
        "CHECK (COALESCE(pickup_days, 0) BETWEEN 0 AND 3650 "
        "AND COALESCE(pickup_reminder_days, 0) BETWEEN 0 AND 3650 "
        "AND COALESCE(reserve_hours, 0) BETWEEN 0 AND 8760 "
        "AND COALESCE(reserve_reminder_hours, 0) BETWEEN 0 AND 8760)",
        "Days and hours for which goods wait cannot be negative; nothing waits for more than ten "
        "years or is reserved for more than one.",
    )

    @api.model
    def _get_pickup_template_fields(self):
        """Return the field that has the message, by what is told.

        :rtype: dict[str, str]
        """
        return {
            "ready": "pickup_template_id",
            "reminder": "pickup_reminder_template_id",
            "expired": "pickup_expiry_template_id",
        }
