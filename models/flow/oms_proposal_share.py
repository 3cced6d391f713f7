from odoo import models
from odoo.exceptions import UserError


class OmsProposal(models.Model):
    """Accepted, a part of a channel's share becomes another one's."""

    _inherit = "oms.proposal"

    def _carry_out_share(self):
        """Change the shares.

        :return: why each of those that cannot be changed cannot
        :rtype: dict[OmsProposal, str]
        """
        refused = {}
        for proposal in self:
            try:
                with self.env.cr.savepoint():
                    # What gives goes first: all together are never more than there is.
                    proposal._set_shares(proposal.line_ids.sorted("sequence"), "before", "after")
            except UserError as error:
                refused[proposal] = str(error)
        return refused

    def _undo_share(self):
        for proposal in self:
            lines = proposal.line_ids.sorted("sequence", reverse=True)
            proposal._set_shares(lines, "after", "before")

    def _set_shares(self, lines, expected, wanted):
        """Give shares other amounts.

        :param lines: ``oms.proposal.line``, in order
        :param str expected: name of the field with the amount that a share has to have now
        :param str wanted: name of the field with the amount that it gets
        :raises UserError: somebody has changed one meanwhile, or it cannot be
        """
        self.ensure_one()
        if len(lines.allocation_id) < 2:
            raise UserError(
                self.env._(
                    "A share of %s has been deleted meanwhile.", self.product_id.display_name
                )
            )
        for line in lines:
            share = line.allocation_id
            if not share.active or abs(share.amount - line[expected]) > 1e-4:
                raise UserError(self.env._("%s has been changed meanwhile.", share.display_name))
            share.amount = line[wanted]
            share.flush_recordset()

    def _get_detail_sentences(self, facts):
        sentences = super()._get_detail_sentences(facts)
        share = facts.get("share")
        if share:
            sentences.append(
                self.env._(
                    "%(target)s sells %(rate)s %(unit)s a day and has %(left)s left of its share, "
                    "which must last %(days)s days. %(giver)s sells %(other)s a day and can spare "
                    "%(quantity)s of its %(spare)s.",
                    target=share["target"],
                    rate=f"{self.site_rate:.2f}",
                    unit=self.uom_id.name,
                    left=f"{self.site_before:g}",
                    days=f"{share['days']:.0f}",
                    giver=share["source"],
                    other=f"{self.origin_rate:.2f}",
                    quantity=f"{self.quantity:g}",
                    spare=f"{self.origin_before:g}",
                )
            )
        return sentences
