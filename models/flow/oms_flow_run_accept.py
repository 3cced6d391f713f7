from odoo import models

from .oms_proposal import GOODS_KINDS


class OmsFlowRun(models.Model):
    """What a plan allows is accepted without anybody."""

    _inherit = "oms.flow.run"

    def _stage_accept(self):
        """Accept the proposals of the run that its plan lets go by themselves."""
        plan = self.plan_id
        own = [("run_id", "=", self.id), ("state", "=", "proposed")]
        chosen = self._find_going() if plan.automatic else self.env["oms.proposal"]
        if plan.automatic_share:
            chosen |= chosen.search([*own, ("kind", "=", "share")])
        refused = chosen._accept(by_itself=True) if chosen else {}
        self._note_all(
            "accept",
            [
                ("refused", f"{each.display_name}: {text}", each.product_id.id, each.site_id.id)
                for each, text in refused.items()
            ],
        )
        self._tell_accepted(chosen.filtered("by_itself"))

    def _find_going(self):
        """Return the proposals that go by themselves: enough gain, not too risky, not too dear.

        Those that gain most come first, until the money is spent. What is open for long only since
        nobody decided on it does not go later: it is of another run.

        :rtype: oms.proposal
        """
        plan = self.plan_id
        found = self.env["oms.proposal"].search(
            [
                ("run_id", "=", self.id),
                ("state", "=", "proposed"),
                ("kind", "in", GOODS_KINDS),
                ("gain", ">=", plan.automatic_gain),
                ("risk", "<=", plan.automatic_risk / 100.0 + 1e-9),
            ],
            order="gain desc, id",
        )
        if not plan.automatic_cost:
            return found
        left, ids = plan.automatic_cost, []
        for proposal in found:
            if plan.currency_id.compare_amounts(proposal.cost, left) <= 0:
                left -= proposal.cost
                ids.append(proposal.id)
        going = found.browse(ids)
        if going != found:
            self._note(
                "accept",
                self.env._(
                    "%(count)s proposals wait for somebody: with them more than %(most)s would "
                    "have been spent by itself. The plan says how much may be.",
                    count=len(found - going),
                    most=plan.currency_id.format(plan.automatic_cost),
                ),
                severity="1_info",
            )
        return going

    def _tell_accepted(self, accepted):
        """Tell who follows the plan what went by itself."""
        if not accepted:
            return
        self.message_subscribe(partner_ids=self.plan_id.message_partner_ids.ids)
        self.message_post(
            body=self.env._(
                "%(count)s proposals were accepted by themselves: they gain %(gain)s and cost "
                "%(cost)s.",
                count=len(accepted),
                gain=self.currency_id.format(sum(accepted.mapped("gain"))),
                cost=self.currency_id.format(sum(accepted.mapped("cost"))),
            ),
            subtype_xmlid="mail.mt_comment",
        )
