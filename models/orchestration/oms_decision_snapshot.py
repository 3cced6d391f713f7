from datetime import timedelta

from odoo import api, fields, models

from ...engine.sourcing import SourcingPlan, SourcingProblem, alternatives, explain

#: Decisions whose snapshots are forgotten between two commits.
FORGET_BATCH = 500
#: How many other plans a decision is shown beside.
ALTERNATIVES = 3
#: Seconds after which the search for one of them settles for the best found.
ALTERNATIVE_LIMIT = 0.5
#: How many sites the table of the stock that was seen shows at most.
SEEN_SITES = 40
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

    # === FOR THE SCREEN === #

    def _prepare_considered(self, data):
        """Add the plans that were second best, and the stock that was seen.

        :return: besides, ``plans`` (the chosen one first) and ``seen``, None once it is forgotten
        :rtype: dict
        """
        considered = super()._prepare_considered(data)
        if not (self.problem and self.plan):
            return {**considered, "plans": [], "seen": None}
        problem = SourcingProblem.from_dict(self.problem)
        plan = SourcingPlan.from_dict(self.plan)
        others = alternatives(problem, plan, ALTERNATIVES, time_limit=ALTERNATIVE_LIMIT)
        names = self._get_site_names([site.key for site in problem.sites])
        considered["plans"] = [
            self._prepare_plan_row(each, plan, names) for each in (plan, *others)
        ]
        considered["seen"] = self._prepare_seen(problem, names)
        return considered

    def _get_site_names(self, site_ids):
        # sudo: whoever may read the decision may read the names of the sites in it
        sites = self.env["oms.site"].sudo().browse(site_ids).exists()
        return {site.id: site.name for site in sites}

    def _prepare_plan_row(self, plan, chosen, names):
        labels, used = self._get_cost_labels(), {}
        for given in plan.assignments:
            used[given.site] = used.get(given.site, 0.0) + given.quantity
        return {
            "chosen": plan is chosen,
            "sites": [
                {"id": key, "name": names.get(key, "?"), "quantity": quantity}
                for key, quantity in used.items()
            ],
            "unfilled": sum(shortage.quantity for shortage in plan.missing),
            "costs": [(labels.get(key, key), amount) for key, amount in plan.costs],
            "total": plan.cost,
            "margin": plan.cost - chosen.cost,
        }

    def _prepare_seen(self, problem, names):
        """Lay out the stock that the decision saw, sites with most of it first."""
        # sudo: as for the names of sites
        Product = self.env["product.product"].sudo()
        products = Product.browse(line.product for line in problem.lines).exists()
        labels = {product.id: product.display_name for product in products}
        coverage = (problem.stock > 0).sum(axis=0)
        order = (-coverage).argsort(kind="stable").tolist()
        columns = [column for column in order if coverage[column]]
        return {
            "sites": [names.get(problem.sites[column].key, "?") for column in columns[:SEEN_SITES]],
            "more": max(len(columns) - SEEN_SITES, 0),
            "empty": len(problem.sites) - len(columns),
            "lines": [
                {
                    "name": labels.get(line.product, "?"),
                    "asked": line.quantity,
                    "stock": problem.stock[row, columns[:SEEN_SITES]].tolist(),
                }
                for row, line in enumerate(problem.lines)
            ],
        }

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
            decision.write(
                {
                    "kept_explanation": decision._explain(),
                    "problem": None,
                    "circumstances": None,
                }
            )
        return len(decisions), len(decisions) == FORGET_BATCH
