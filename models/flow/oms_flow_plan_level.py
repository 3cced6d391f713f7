from odoo import fields, models


class OmsFlowPlan(models.Model):
    """How a plan sets levels."""

    _inherit = "oms.flow.plan"

    level_scope = fields.Selection(
        [
            ("site", "Each site for its own customers"),
            ("rare", "Rarely wanted goods at few sites for all"),
            ("network", "All goods where they serve the customers of all sites best"),
        ],
        string="Levels Are For",
        default="site",
        required=True,
        tracking=True,
        help="Where any site may send to the customers of all, goods that are kept for all of them "
        "together take far less stock: those of class Z only, which hardly ever are wanted at any "
        "one site, or all of them. What is collected at a site, or sold at its till, is kept there "
        "all the same.",
    )
    level_worth = fields.Boolean(
        string="No More Than It Is Worth",
        default=True,
        tracking=True,
        help="A site keeps no unit for its own customers that costs more to store than the sales "
        "bring that it spares: the service of a class is then the most that is aimed at. Without "
        "it slow sellers are kept at every site whatever that costs. Goods without a margin, and "
        "what is kept for all sites together, follow the service of their class alone.",
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
