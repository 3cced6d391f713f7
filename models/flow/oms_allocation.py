from odoo import api, fields, models
from odoo.exceptions import ValidationError


class OmsAllocation(models.Model):
    """What a share keeps, however slowly its holder sells."""

    _inherit = "oms.allocation"

    amount_kept = fields.Float(
        string="Keeps at Least",
        help="Flow plans never propose to lower the share below it, in the unit of its amount. As "
        "much as the amount: the share is never lowered.",
    )

    _amount_kept_check = models.Constraint(
        "CHECK (COALESCE(amount_kept, 0) >= 0 AND COALESCE(amount_kept, 0) < 1e12)",
        "What a share keeps is a number, zero or above.",
    )

    @api.constrains("amount_kept")
    def _check_amount_kept(self):
        for share in self:
            if share.amount_kept != share.amount_kept:
                raise ValidationError(self.env._("What a share keeps is a number."))
