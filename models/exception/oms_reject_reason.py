from odoo import fields, models

EFFECT_SELECTION = [
    ("none", "Stock stays as it is"),
    ("zero", "Nothing is there: on hand becomes zero"),
    ("quantity", "Less is there: the quantity leaves the stock"),
    ("sellable", "Not for sale: the quantity moves to where nothing is sold"),
    ("block", "Cannot be found now: the rest is blocked for a time"),
]


class OmsRejectReason(models.Model):
    """Why a site gives goods back, and what that says about its stock."""

    _name = "oms.reject.reason"
    _description = "Reason of Rejection"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="Short name that site screens and connectors use.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    stock_effect = fields.Selection(
        EFFECT_SELECTION,
        required=True,
        default="none",
        help="What becomes of the site's stock of the product, at once and with a transfer or a "
        "claim that can be looked up and undone. Goods that Odoo does not track are left alone.",
    )
    block_hours = fields.Float(
        default=24.0, help="For how many hours the goods are kept from sale when they are blocked."
    )
    cool_down_hours = fields.Float(
        string="Cool-Down (Hours)",
        help="After so many hours the site may be asked for the same order again by itself; zero: "
        "never, only when a user sources the order again.",
    )
    offered = fields.Boolean(
        string="Offered to Sites",
        default=True,
        help="Whether people can choose it; the others tell what was seen in transfers.",
    )
    counts = fields.Boolean(
        string="Counts as Rejection",
        default=True,
        help="Whether it is held against the site in its rate of rejections.",
    )

    _code_uniq = models.UniqueIndex("(code)", "Another reason has this code.")
    _block_hours_check = models.Constraint(
        "CHECK (stock_effect != 'block' OR block_hours > 0)",
        "Goods are blocked for a time above zero.",
    )
    _cool_down_check = models.Constraint(
        "CHECK (cool_down_hours IS NULL OR cool_down_hours >= 0)",
        "A cool-down cannot be negative.",
    )
