from odoo import api, fields, models


class OmsProposalReject(models.TransientModel):
    """Asks why proposals are rejected, and for how long they are not to be made again."""

    _name = "oms.proposal.reject"
    _description = "Reject Flow Proposals"

    proposal_ids = fields.Many2many(
        "oms.proposal", string="Proposals", required=True, readonly=True
    )
    left_out = fields.Integer(readonly=True, help="So many more are decided on already.")
    summary = fields.Char(compute="_compute_summary")
    reason = fields.Char(required=True, help="For those who plan next.")
    scope = fields.Selection(
        [
            ("same", "This product on this way"),
            ("product", "This product, wherever it goes"),
            ("way", "Anything on this way"),
            ("once", "Nothing: it may be proposed again"),
        ],
        string="Do Not Propose",
        required=True,
        default="same",
    )
    weeks = fields.Integer(string="For Weeks", default=8, help="0: for good.")

    _weeks_check = models.Constraint(
        "CHECK (weeks BETWEEN 0 AND 520)", "It is remembered for 0 to 520 weeks."
    )

    @api.depends("proposal_ids", "left_out")
    def _compute_summary(self):
        for wizard in self:
            count = len(wizard.proposal_ids)
            name = wizard.proposal_ids[:1].display_name
            text = name if count == 1 else self.env._("%s proposals are rejected.", count)
            if wizard.left_out:
                more = self.env._("%s are decided on already and stay.", wizard.left_out)
                text = f"{text} {more}"
            wizard.summary = text

    def action_confirm(self):
        """Reject them.

        :return: a client action that closes the dialog
        :rtype: dict
        :raises AccessError: the user is no planner
        :raises UserError: there is no reason, or one of them is decided on already
        """
        self.ensure_one()
        self.proposal_ids._check_planner()
        self.proposal_ids.check_access("read")
        # sudo: states are written by the addon only; the user stays the same
        self.proposal_ids.sudo()._reject(self.reason, self.scope, self.weeks)
        return {"type": "ir.actions.act_window_close"}
