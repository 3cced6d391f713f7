from odoo import fields, models


class OmsClaimExtend(models.TransientModel):
    """Asks how much longer goods are to be held."""

    _name = "oms.claim.extend"
    _description = "Hold Goods Longer"

    claim_ids = fields.Many2many("oms.claim", string="Holds", readonly=True)
    minutes = fields.Integer(
        default=30, required=True, help="For how long the goods are held, counted from now."
    )

    def action_extend(self):
        """Hold the goods longer, all of them or none.

        :return: True
        :raise UserError: a hold has ended meanwhile
        :raise ValidationError: not a time that goods can be held
        """
        self.ensure_one()
        self.claim_ids._check_manager()
        self.claim_ids._extend(self.minutes)
        return True
