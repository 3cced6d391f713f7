from odoo import api, fields, models
from odoo.exceptions import ValidationError

#: Moments of a return of which channels tell their customers.
RETURN_MOMENTS = [
    ("return_requested", "Return Asked For, Somebody Looks at It"),
    ("return_authorized", "Return Agreed"),
    ("return_received", "Return Received"),
    ("return_closed", "Return Settled"),
    ("return_refused", "Return Refused"),
    ("return_cancelled", "Return Cancelled"),
    ("return_expired", "Return Never Came"),
]
RETURN_PREFIX = "return_"


class OmsChannelMessage(models.Model):
    """Channels choose the mails about returns, too."""

    _inherit = "oms.channel.message"

    moment = fields.Selection(
        selection_add=RETURN_MOMENTS,
        ondelete={key: "cascade" for key, _label in RETURN_MOMENTS},
        help="Of returns customers are told anyway, unless the channel asked for them by its own "
        "system; a line here has another mail sent, or one to the channel's customers, too.",
    )
    template_model = fields.Char(compute="_compute_template_model")
    template_id = fields.Many2one(domain="[('model', '=', template_model)]")

    @api.depends("moment")
    def _compute_template_model(self):
        for message in self:
            message.template_model = message._get_template_model()

    def _get_template_model(self):
        """Return the name of the model that a mail at the moment is about."""
        of_return = (self.moment or "").startswith(RETURN_PREFIX)
        return "oms.return" if of_return else "oms.fulfillment"

    @api.depends("moment")
    def _compute_template_id(self):
        of_return = self.filtered(lambda each: each._get_template_model() == "oms.return")
        for message in of_return:
            message.template_id = self.env["oms.return"]._get_notice_template(
                message.moment.removeprefix(RETURN_PREFIX)
            )
        return super(OmsChannelMessage, self - of_return)._compute_template_id()

    @api.constrains("template_id", "by_sms", "moment")
    def _check_template(self):
        of_return = self.filtered(lambda each: each._get_template_model() == "oms.return")
        for message in of_return:
            # sudo: who sets a channel up need not read all templates
            model = message.template_id.sudo().model
            if model and model != "oms.return":
                raise ValidationError(
                    self.env._("The mail %s is not one about returns.", message.template_id.name)
                )
            if not model and not message.by_sms:
                raise ValidationError(self.env._("Choose the mail that customers get."))
        return super(OmsChannelMessage, self - of_return)._check_template()
