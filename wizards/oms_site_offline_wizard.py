from odoo import api, fields, models
from odoo.exceptions import ValidationError


class OmsSiteOfflineWizard(models.TransientModel):
    """Asks why and for how long sites go offline."""

    _name = "oms.site.offline.wizard"
    _description = "Take Sites Offline"

    site_ids = fields.Many2many("oms.site", string="Sites", readonly=True)
    reason = fields.Char(required=True, help="Shown wherever the sites are left out for it.")
    date_from = fields.Datetime(string="From", help="Empty: at once.")
    date_to = fields.Datetime(string="Until", help="Empty: until somebody takes them back online.")
    resource_work = fields.Boolean(
        string="Source Open Work Elsewhere",
        default=True,
        help="What the sites were to ship and have not begun to pick is taken from them and "
        "sourced elsewhere. Otherwise they are only asked for nothing new.",
    )
    unbegun_count = fields.Integer(
        string="Fulfillments Not Begun", compute="_compute_unbegun_count", compute_sudo=True
    )

    @api.depends("site_ids")
    def _compute_unbegun_count(self):
        for wizard in self:
            moves = wizard.site_ids._get_unbegun_moves()
            wizard.unbegun_count = len(moves.oms_fulfillment_line_id.fulfillment_id)

    def action_take_offline(self):
        """Take the sites offline.

        :return: True
        :raise AccessError: the user neither works at the sites nor manages orders
        :raise ValidationError: the end is not after the beginning
        """
        self.ensure_one()
        self.site_ids._check_can_switch()
        if self.date_to and self.date_to <= (self.date_from or fields.Datetime.now()):
            raise ValidationError(self.env._("The sites must be back after they have gone."))
        self.site_ids._take_offline(
            self.reason, self.date_to, self.date_from, resource_work=self.resource_work
        )
        return True
