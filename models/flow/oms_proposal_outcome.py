from odoo import Command, api, fields, models


class OmsProposalOutcome(models.TransientModel):
    """Tells what was done with several proposals at once, and why not all of it."""

    _name = "oms.proposal.outcome"
    _description = "Outcome of Deciding on Flow Proposals"
    _rec_name = "summary"

    summary = fields.Char(readonly=True)
    line_ids = fields.One2many(
        "oms.proposal.outcome.line", "outcome_id", string="Left as They Are", readonly=True
    )

    @api.model
    def _tell(self, sentence, refused):
        """Return an action that tells what was done, and has the list loaded anew.

        :param str sentence: what was done
        :param dict refused: why others were left as they are, by ``oms.proposal``
        :return: a notification if nothing was refused, else a dialog with the reasons
        :rtype: dict
        """
        if not refused:
            return {
                "type": "ir.actions.client",
                "tag": "display_notification",
                "params": {
                    "message": sentence,
                    "type": "success",
                    "next": {"type": "ir.actions.client", "tag": "soft_reload"},
                },
            }
        outcome = self.create(
            {
                "summary": sentence,
                "line_ids": [
                    Command.create({"proposal_id": proposal.id, "reason": reason})
                    for proposal, reason in refused.items()
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What Was Done"),
            "res_model": self._name,
            "res_id": outcome.id,
            "views": [(False, "form")],
            "target": "new",
        }


class OmsProposalOutcomeLine(models.TransientModel):
    """A proposal that was left as it is."""

    _name = "oms.proposal.outcome.line"
    _description = "Flow Proposal That Was Left as It Is"

    outcome_id = fields.Many2one("oms.proposal.outcome", required=True, ondelete="cascade")
    proposal_id = fields.Many2one("oms.proposal", readonly=True, ondelete="cascade")
    reason = fields.Text(string="Why Not", readonly=True)

    def action_open(self):
        """Open the proposal.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        return self.proposal_id.get_formview_action()


class OmsProposal(models.Model):
    """Of several proposals it is told what became of them."""

    _inherit = "oms.proposal"

    def _tell(self, sentence, refused):
        """Return an action that tells what was done with the proposals.

        :param str sentence: what was done
        :param dict refused: why others of them were left as they are
        """
        # The user's own: who decided looks at it.
        Outcome = self.env["oms.proposal.outcome"].sudo(False)
        return Outcome._tell(sentence, {each.sudo(False): why for each, why in refused.items()})

    def _get_document_sentence(self):
        """Return what proposals became, in words; empty if they became no documents.

        :rtype: str
        """
        # sudo: how they are called; to open them takes rights of one's own
        own = self.sudo()
        found = [
            (self.env._("Transfers"), own.move_ids.picking_id),
            (self.env._("Requests for quotation"), own.purchase_line_ids.order_id),
            (self.env._("Waves"), own.batch_ids),
        ]
        return "\n".join(
            self.env._("%(kind)s: %(names)s.", kind=kind, names=", ".join(names))
            for kind, documents in found
            if documents
            for names in [self._shorten(documents.sorted("id").mapped("name"))]
        )

    @api.model
    def _shorten(self, names, most=6):
        """Return the first of many names, and how many more there are."""
        if len(names) <= most:
            return names
        return [*names[:most], self.env._("%s more", len(names) - most)]
