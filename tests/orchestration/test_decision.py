import json

from odoo.tests import tagged

from odoo.addons.oms.engine.sourcing import Explanation, SourcingProblem, solve

from ..common import LYON, OmsCase


@tagged("post_install", "-at_install")
class TestDecision(OmsCase):
    """A decision tells what it saw, what it chose and why."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lyon = cls.make_site("Lyon", "LYON", LYON)
        cls.network.site_ids += cls.lyon
        cls.stock(cls.apple, (cls.near, 2), (cls.middle, 5), (cls.far, 5))
        cls.stock(cls.berry, (cls.far, 1))
        cls.order = cls.make_order((cls.apple, 3), (cls.berry, 2))
        cls.decision = cls.order.oms_decision_ids

    def test_figures(self):
        far = 660.9
        self.assertRecordValues(
            self.decision,
            [
                {
                    "order_id": self.order.id,
                    "channel_id": self.channel.id,
                    "strategy_id": self.strategy.id,
                    "currency_id": self.company.currency_id.id,
                    "company_id": self.company.id,
                    "trigger": "confirm",
                    "outcome": "partial",
                    "split": False,
                    "site_ids": self.far.ids,
                    "parcel_count": 1,
                    "candidate_count": 4,
                    "units": 5,
                    "unfilled_units": 1,
                    "gap": 0.0,
                }
            ],
        )
        self.assertAlmostEqual(self.decision.kilometers, far, delta=1)
        self.assertAlmostEqual(self.decision.cost, 8.0 + 4 * 0.4 + 4 * far * 0.00035, delta=0.01)
        self.assertGreater(self.decision.duration_ms, 0)
        self.assertEqual(self.decision.display_name, f"{self.order.name} #{self.decision.id}")

    def test_cost_parts_add_up(self):
        total = sum(amount for _name, amount in self.decision.costs)
        self.assertAlmostEqual(total, self.decision.cost + self.decision.penalty, delta=0.02)
        self.assertAlmostEqual(total, self.decision.lower_bound, delta=0.01)
        self.assertEqual(
            [name for name, _amount in self.decision.costs],
            ["parcel", "handling", "distance", "missing"],
        )

    def test_problem_can_be_replayed(self):
        self.env.invalidate_all()
        problem = SourcingProblem.from_dict(json.loads(json.dumps(self.decision.problem)))
        self.assertEqual([line.quantity for line in problem.lines], [3, 2])
        self.assertEqual({site.key for site in problem.sites}, {*self.sites.ids, self.lyon.id})
        plan = solve(problem)
        apples, berries = self.order.order_line
        self.assertEqual(
            {(a.line, a.site): a.quantity for a in plan.assignments},
            {(apples.id, self.far.id): 3, (berries.id, self.far.id): 1},
        )
        self.assertEqual([(s.line, s.quantity) for s in plan.missing], [(berries.id, 1)])
        self.assertAlmostEqual(plan.cost, self.decision.cost + self.decision.penalty, delta=0.02)

    def test_every_candidate_has_its_verdict(self):
        self.env.invalidate_all()
        explanation = Explanation.from_dict(self.decision.explanation)
        verdicts = {verdict.site: verdict for verdict in explanation.verdicts}
        self.assertEqual(verdicts[self.far.id].code, "chosen")
        self.assertEqual(verdicts[self.far.id].quantity, 4)
        self.assertEqual(verdicts[self.far.id].coverage, 4)
        self.assertIn(verdicts[self.near.id].code, ("costlier", "dominated"))
        self.assertEqual(verdicts[self.near.id].coverage, 2)
        others = sum(count for _code, count in explanation.others)
        asked = [verdict for verdict in verdicts.values() if verdict.code != "barred"]
        self.assertEqual(len(asked) + others, self.decision.candidate_count)

    def test_words_for_the_screen(self):
        considered = self.decision.considered
        rows = {row["site_id"]: row for row in considered["rows"]}
        self.assertEqual(rows[self.far.id]["reason"], "Ships 4 units.")
        self.assertEqual(rows[self.far.id]["site"], "Far (FAR)")
        self.assertAlmostEqual(
            sum(amount for _label, amount in considered["costs"]),
            self.decision.cost + self.decision.penalty,
            delta=0.02,
        )
        self.assertTrue(all(row["reason"] for row in considered["rows"]))
        self.assertTrue(json.dumps(considered), "fit for the browser")

    def test_note_says_what_waits(self):
        self.assertEqual(
            self.decision.note,
            "Waits: 1 Units of [Berry] Berry. The 4 sites have 1 available.",
        )

    def test_archived_site_leaves_the_decision_readable(self):
        site = self.make_site("Gone", "GONE", LYON)
        self.network.site_ids += site
        self.stock(self.apple, (site, 1))
        decision = self.make_order((self.apple, 1)).oms_decision_ids
        site.active = False
        self.env.invalidate_all()
        names = [row["site"] for row in decision.considered["rows"]]
        self.assertIn("Gone (GONE)", names, "archived sites keep their names")

    def test_actions(self):
        self.assertEqual(self.decision.action_view_order()["res_id"], self.order.id)
        self.assertEqual(self.order.action_view_oms_decisions()["res_id"], self.decision.id)
        found = self.env["oms.fulfillment"].search(
            self.order.action_view_oms_fulfillments()["domain"]
        )
        self.assertEqual(found, self.order.oms_fulfillment_ids)

    def test_a_split_is_counted_once_everywhere(self):
        """Two parcels are one split: in the header, in the parts and in the table of sites."""
        self.strategy.split_cost = 3.0
        apple, berry = self.make_product("Fig"), self.make_product("Grape")
        self.stock(apple, (self.near, 2))
        self.stock(berry, (self.far, 2))
        for lines, splits in ([((apple, 1),), 0], [((apple, 1), (berry, 1)), 1]):
            decision = self.make_order(*lines).oms_decision_ids
            units, kilometers = len(lines), sum([0, 660.9][: len(lines)])
            cost = 8.0 * units + 0.4 * units + 0.00035 * kilometers + 3.0 * splits
            self.assertAlmostEqual(decision.cost, cost, delta=0.01)
            self.assertAlmostEqual(decision.lower_bound, cost, delta=0.01)
            self.assertEqual(dict(decision.costs)["split"], 3.0 * splits)
            considered = decision.considered
            self.assertEqual(considered["amounts"]["Splits"], ["0 parcels", "1 parcel"][splits])
            chosen = [row for row in considered["rows"] if row["code"] == "chosen"]
            for label, amount in considered["costs"]:
                if label != "Unfilled":
                    of_sites = sum(dict(row["costs"])[label] for row in chosen)
                    self.assertAlmostEqual(of_sites, amount, 6, label)
            if len(lines) == 1:
                [row] = chosen
                self.assertAlmostEqual(row["alone_cost"], cost, delta=0.01)
        # What is sourced again beside an open parcel is a split, the first parcel as well.
        order = decision.order_id
        order.write({"order_line": [(0, 0, {"product_id": berry.id, "product_uom_qty": 1})]})
        self.stock(self.apple, (self.lyon, 5))
        order.write({"order_line": [(0, 0, {"product_id": self.apple.id, "product_uom_qty": 7})]})
        for again in order.oms_decision_ids - decision:
            self.assertEqual(
                dict(again.costs)["split"], 3.0 * len(again.site_ids - self.near - self.far)
            )
