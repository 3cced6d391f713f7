from odoo import api, fields, models
from odoo.exceptions import ValidationError

MOMENT_SELECTION = [
    ("shipped", "Shipped"),
    ("out_for_delivery", "Out for Delivery"),
    ("available", "Can Be Collected at the Relay Point"),
    ("delivered", "Delivered"),
    ("failed", "Could Not Be Delivered"),
    ("delayed", "Delayed"),
    ("returned", "On Its Way Back"),
]


class OmsChannelMessage(models.Model):
    """A moment at which a channel tells its customers where their goods are."""

    _name = "oms.channel.message"
    _description = "Message to Customers"
    _order = "channel_id, id"
    _rec_name = "moment"

    channel_id = fields.Many2one("oms.channel", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="channel_id.company_id", store=True, precompute=True)
    moment = fields.Selection(MOMENT_SELECTION, required=True, default="shipped")
    template_id = fields.Many2one(
        "mail.template",
        string="Mail",
        compute="_compute_template_id",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="restrict",
        domain="[('model', '=', 'oms.fulfillment')]",
        help="Sent in the language of the customer, once for each shipment.",
    )
    by_sms = fields.Boolean(
        string="Text Message",
        help="Also told in one sentence by Odoo's text messages, where they are installed.",
    )
    sms_installed = fields.Boolean(compute="_compute_sms_installed")

    _moment_uniq = models.UniqueIndex(
        "(channel_id, moment)", "A channel tells of each moment in one way."
    )

    @api.depends("moment")
    def _compute_template_id(self):
        for message in self:
            message.template_id = self.env.ref(
                f"oms.mail_tracking_{message.moment}", raise_if_not_found=False
            )

    def _compute_sms_installed(self):
        self.sms_installed = "sms.sms" in self.env

    @api.constrains("template_id", "by_sms")
    def _check_template(self):
        for message in self:
            # sudo: who sets a channel up need not read all templates
            model = message.template_id.sudo().model
            if model and model != "oms.fulfillment":
                raise ValidationError(
                    self.env._(
                        "The mail %s is not one about fulfillments.", message.template_id.name
                    )
                )
            if not model and not message.by_sms:
                raise ValidationError(self.env._("Choose the mail that customers get."))


class OmsChannel(models.Model):
    _inherit = "oms.channel"

    message_line_ids = fields.One2many(
        "oms.channel.message",
        "channel_id",
        string="Messages to Customers",
        copy=True,
        groups="base.group_user",
    )
