from odoo import models

from .oms_proposal import GOODS_KINDS


class OmsFlowRun(models.Model):
    """What a plan allows is accepted without anybody."""

    _inherit = "oms.flow.run"

    def _stage_accept(self):
        """Accept the proposals of the run that its plan lets go by themselves."""
        plan = self.plan_id
        own = [("run_id", "=", self.id), ("state", "=", "proposed")]
        chosen = self.env["oms.proposal"]
        if plan.automatic:
            chosen |= chosen.search(
                [*own, ("kind", "in", GOODS_KINDS), ("gain", ">=", plan.automatic_gain)]
            )
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
