from odoo import fields, models


class OmsReturnReason(models.Model):
    """Why customers bring or send goods back, and what that says about who pays for it."""

    _name = "oms.return.reason"
    _description = "Reason of Return"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="Short name that channels and site screens use.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    offered = fields.Boolean(
        string="Offered to Customers",
        default=True,
        help="Whether customers can choose it themselves; the others are for people at work.",
    )
    needs_note = fields.Boolean(help="Whoever chooses it has to say more.")
    needs_photo = fields.Boolean(
        help="Customers have to add a photo, so that the return can be judged before it is sent."
    )
    paid_by = fields.Selection(
        [("customer", "Customer"), ("seller", "Seller")],
        string="Pays the Way Back",
        required=True,
        default="customer",
        help="Seller: nothing is kept back for the return, whatever the policy says about fees.",
    )

    _code_uniq = models.UniqueIndex("(code)", "Another reason has this code.")
