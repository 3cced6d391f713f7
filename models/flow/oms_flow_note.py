from odoo import fields, models

STAGE_SELECTION = [
    ("gather", "Gathering"),
    ("level", "Levels"),
    ("balance", "Transfers"),
    ("replenish", "Purchases"),
    ("share", "Channel Shares"),
    ("preparation", "Preparation"),
    ("accept", "Accepting"),
    ("measure", "Figures"),
]


class OmsFlowNote(models.Model):
    """What a run left out or put right, and what would mend it."""

    _name = "oms.flow.note"
    _description = "Note of a Flow Run"
    _order = "severity desc, id"

    run_id = fields.Many2one(
        "oms.flow.run", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="run_id.company_id", store=True, precompute=True)
    stage = fields.Selection(STAGE_SELECTION, readonly=True)
    severity = fields.Selection(
        [("1_info", "For Information"), ("2_warning", "Left Out"), ("3_error", "Failed")],
        required=True,
        readonly=True,
        default="2_warning",
    )
    product_id = fields.Many2one(
        "product.product", readonly=True, ondelete="cascade", index="btree_not_null"
    )
    site_id = fields.Many2one("oms.site", readonly=True, ondelete="cascade", index="btree_not_null")
    count = fields.Integer(
        string="Times", default=1, readonly=True, help="So many goods or sites it is true of."
    )
    message = fields.Text(required=True, readonly=True)

    def action_open(self):
        """Open what the note is about, where it can be mended: the product, site or network.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        record = self.product_id or self.site_id or self.run_id.network_id
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }
