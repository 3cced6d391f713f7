from odoo import fields, models
from odoo.exceptions import UserError


class OmsProposalLine(models.Model):
    """A line of a share knows what the share is as long as nobody but proposals changes it."""

    _inherit = "oms.proposal.line"

    share_amount = fields.Float(
        readonly=True, help="What the share is by this and all other proposals."
    )


class OmsProposal(models.Model):
    """Accepted, a part of a channel's share becomes another one's."""

    _inherit = "oms.proposal"

    def _get_title(self):
        facts = (self.explanation or {}).get("facts") or {}
        share = facts.get("share") or facts.get("common_share")
        if self.kind != "share" or not share:
            return super()._get_title()
        return self.env._(
            "Channel Share: %(what)s, %(giver)s → %(target)s",
            what=self.product_id.display_name or share.get("goods") or self.env._("all goods"),
            giver=share["source"],
            target=share["target"],
        )

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
                    proposal._move_shares(proposal.line_ids.sorted("sequence"), 1)
            except UserError as error:
                refused[proposal] = str(error)
        return refused

    def _undo_share(self):
        for proposal in self:
            proposal._move_shares(proposal.line_ids.sorted("sequence", reverse=True), -1)

    def _move_shares(self, lines, sign):
        """Change shares by what their lines say.

        Other proposals may have moved the same shares meanwhile, and keep to what they are then;
        what people have changed is left alone.

        :param lines: ``oms.proposal.line``, in order
        :param int sign: 1 to do it, -1 to undo it
        :raises UserError: somebody has changed one meanwhile, or it cannot be
        """
        self.ensure_one()
        if len(lines.allocation_id) < 2:
            raise UserError(
                self.env._("A share of %s has been deleted meanwhile.", self.display_name)
            )
        for line in lines:
            share, change = line.allocation_id, sign * (line.after - line.before)
            if not share.active or abs(share.amount - line.share_amount) > 1e-4:
                raise UserError(self.env._("%s has been changed meanwhile.", share.display_name))
            if sign > 0:
                line.write({"before": share.amount, "after": share.amount + change})
            share.amount = round(share.amount + change, 6)
            share.flush_recordset()
            for other in self.env["oms.proposal.line"].search(
                [
                    ("allocation_id", "=", share.id),
                    ("proposal_id.kind", "=", "share"),
                    ("proposal_id.state", "in", ("proposed", "done", "undone")),
                ]
            ):
                # Of those that somebody has overridden since nothing is known.
                if abs(other.share_amount + change - share.amount) < 1e-4:
                    other.share_amount = share.amount

    def _get_detail_sentences(self, facts):
        sentences = super()._get_detail_sentences(facts)
        if facts.get("share"):
            sentences += self._get_share_sentences(facts["share"])
        if facts.get("common_share"):
            sentences += self._get_common_share_sentences(facts["common_share"])
        return sentences

    def _get_share_sentences(self, share):
        """Return why a part of a share of a product is another's."""
        sentences = [
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
        ]
        return sentences + self._get_trend_sentences(share)

    def _get_common_share_sentences(self, share):
        """Return why a part of a share of many goods is another's."""
        if share["percent"]:
            amount = self.env._("%s percentage points", f"{share['amount']:g}")
        else:
            amount = self.env._("%s of each product", f"{share['amount']:g}")
        sentences = [
            self.env._(
                "%(target)s sells %(rate)s a day of %(goods)s; of %(short)s of %(looked)s products "
                "it has too little for %(days)s days. With %(amount)s of %(giver)s it can sell "
                "%(spared)s more.",
                target=share["target"],
                rate=f"{self.site_rate:.2f}",
                goods=share["goods"] or self.env._("all goods"),
                short=share["short"],
                looked=share["looked"],
                days=f"{share['days']:.0f}",
                amount=amount,
                giver=share["source"],
                spared=f"{share['spared']:.1f}",
            )
        ]
        if share["lost"] > 0.05:
            sentences.append(
                self.env._(
                    "%(giver)s will miss %(lost)s of them.",
                    giver=share["source"],
                    lost=f"{share['lost']:.1f}",
                )
            )
        return sentences + self._get_trend_sentences(share)

    def _get_trend_sentences(self, share):
        usual = share.get("usual") or 0.0
        if abs(self.site_rate - usual) <= 0.05 * max(usual, 1e-9):
            return []
        words = (
            self.env._("It sells more and more: %s a day on average lately.", f"{usual:.2f}")
            if self.site_rate > usual
            else self.env._("It sells less and less: %s a day on average lately.", f"{usual:.2f}")
        )
        return [words]
