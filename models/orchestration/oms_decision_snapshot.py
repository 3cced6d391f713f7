from datetime import timedelta

from odoo import api, fields, models

from ...engine.sourcing import SourcingPlan, SourcingProblem, explain

#: Decisions whose snapshots are forgotten between two commits.
FORGET_BATCH = 500
#: For how many days snapshots are kept, unless `oms.decision_snapshot_days` says otherwise.
SNAPSHOT_DAYS = 180


class OmsDecision(models.Model):
    """What a decision saw: kept for a time, and the explanation that follows from it."""

    _inherit = "oms.decision"

    kept_explanation = fields.Json(
        readonly=True, help="The explanation, kept when the snapshot is forgotten."
    )
    snapshot_kept = fields.Boolean(
        compute="_compute_snapshot_kept",
        help="Stock and costs as they were seen are still there: the decision can be replayed.",
    )

    # Looked up each night, however many decisions there are.
    _snapshot_idx = models.Index("(create_date) WHERE problem IS NOT NULL")

    @api.depends("problem", "plan", "kept_explanation")
    def _compute_explanation(self):
        for decision in self:
            decision.explanation = decision.kept_explanation or decision._explain()

    @api.depends("problem")
    def _compute_snapshot_kept(self):
        for decision in self:
            decision.snapshot_kept = bool(decision.problem)

    def _explain(self):
        """Work out why the plan was chosen, from the snapshot.

        :return: what ``Explanation.to_dict`` gives, False without a snapshot
        """
        self.ensure_one()
        if not (self.problem and self.plan):
            return False
        problem = SourcingProblem.from_dict(self.problem)
        return explain(problem, SourcingPlan.from_dict(self.plan)).to_dict()

    @api.model
    def _get_snapshot_days(self):
        # sudo: how long snapshots are kept is the same for everybody
        param = self.env["ir.config_parameter"].sudo().get_param("oms.decision_snapshot_days")
        return int(param) if (param or "").isdecimal() else SNAPSHOT_DAYS

    @api.autovacuum
    def _gc_snapshots(self):
        """Forget what old decisions saw; what they chose and why is kept in words.

        :return: how many were forgotten, and whether there are more
        :rtype: tuple[int, bool]
        """
        before = fields.Datetime.now() - timedelta(days=self._get_snapshot_days())
        decisions = self.search(
            [("create_date", "<", before), ("problem", "!=", False)], limit=FORGET_BATCH, order="id"
        )
        for decision in decisions:
            decision.write({"kept_explanation": decision._explain(), "problem": None})
        return len(decisions), len(decisions) == FORGET_BATCH
