from odoo import fields, models


class OmsFlowPlan(models.Model):
    """How a plan sets levels."""

    _inherit = "oms.flow.plan"

    level_scope = fields.Selection(
        [
            ("site", "Each site for its own customers"),
            ("network", "Rarely wanted goods at few sites for all"),
        ],
        string="Levels Are For",
        default="site",
        required=True,
        tracking=True,
        help="Goods of class Z hardly ever are wanted at any one site: kept at few sites from "
        "which all customers can be served they take far less stock.",
    )
    level_held = fields.Selection(
        [
            ("all", "At all sites"),
            ("store", "At stores only"),
            ("none", "Nowhere"),
        ],
        string="Safety Stock Is Held Back",
        default="store",
        required=True,
        tracking=True,
        help="Where an accepted level writes its safety stock, it is not promised to channels: in "
        "stores it is there for those who come in. Elsewhere it is only part of the reordering "
        "rule and is promised like the rest, or nobody would ever get it.",
    )
