from odoo import api, fields, models


class OmsProposalLine(models.Model):
    """A part of a proposal that is about more than one thing: transfers of a day, shares, levels.

    The number before and the number after are in the unit that the thing has: units, percent.
    """

    _name = "oms.proposal.line"
    _description = "Detail of a Flow Proposal"
    _order = "proposal_id, sequence, id"

    proposal_id = fields.Many2one(
        "oms.proposal", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="proposal_id.company_id", store=True, precompute=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(string="What", required=True, readonly=True)
    verb = fields.Selection(
        [("now", "Release Now"), ("hold", "Hold"), ("raise", "Raise"), ("lower", "Lower")],
        string="To Do",
        readonly=True,
    )
    before = fields.Float(digits=(16, 4), readonly=True)
    after = fields.Float(digits=(16, 4), readonly=True)
    due_at = fields.Datetime(string="Due", readonly=True)
    cutoff = fields.Char(
        string="Leaves With",
        readonly=True,
        help="The carrier's pickup by which it is in time, or its day, by the clocks of the site: "
        "what leaves together is a wave.",
    )
    picking_id = fields.Many2one(
        "stock.picking",
        string="Transfer",
        readonly=True,
        ondelete="cascade",
        index="btree_not_null",
    )
    allocation_id = fields.Many2one(
        "oms.allocation",
        string="Share",
        readonly=True,
        ondelete="cascade",
        index="btree_not_null",
    )
    why = fields.Char(readonly=True)

    @api.depends("name", "proposal_id")
    def _compute_display_name(self):
        for line in self:
            line.display_name = line.name
