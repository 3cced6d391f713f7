from odoo import fields, models


class OmsChannel(models.Model):
    _inherit = "oms.channel"

    cool_down_hours = fields.Float(
        string="Cool-Down",
        tracking=True,
        help="For how many hours a site that gave an order back is not asked for it again. 0: not "
        "until somebody sources the order again by hand.",
    )
    max_rejects = fields.Integer(
        string="Most Rejections by a Site",
        tracking=True,
        help="After so many times that a site gave an order back it is not asked for it again "
        "until somebody sources the order by hand, whatever time has passed. 0 is no limit.",
    )

    _rejects_check = models.Constraint(
        "CHECK (COALESCE(cool_down_hours, 0) >= 0 AND COALESCE(max_rejects, 0) >= 0)",
        "Neither a cool-down nor a number of rejections can be negative.",
    )
