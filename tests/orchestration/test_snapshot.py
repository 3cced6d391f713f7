from odoo import fields
from odoo.tests import freeze_time, tagged

from odoo.addons.oms.engine.sourcing import Explanation, SourcingPlan, SourcingProblem, explain

from ..common import OmsCase


@tagged("post_install", "-at_install")
class TestSnapshot(OmsCase):
    """What a decision saw is kept for a time, why it was made for longer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 2), (cls.far, 5))
        with freeze_time("2026-01-10 10:00:00"):
            cls.old = cls.make_order((cls.apple, 3)).oms_decision_ids
            cls.old.flush_recordset()
            cls.env.cr.execute(
                "UPDATE oms_decision SET create_date = '2026-01-10' WHERE id = %s", [cls.old.id]
            )
        cls.env.invalidate_all()

    def forget(self, now):
        with freeze_time(now):
            return self.env["oms.decision"]._gc_snapshots()

    def test_explanation_follows_from_the_snapshot(self):
        problem = SourcingProblem.from_dict(self.old.problem)
        plan = SourcingPlan.from_dict(self.old.plan)
        self.assertEqual(
            Explanation.from_dict(self.old.explanation).verdicts, explain(problem, plan).verdicts
        )

    def test_kept_for_its_time(self):
        self.assertEqual(self.forget("2026-07-08 00:00:00"), (0, False))
        self.assertTrue(self.old.snapshot_kept)

    def test_forgotten_afterwards_and_still_explained(self):
        before = self.old.considered
        self.assertEqual(
            [[site["name"] for site in plan["sites"]] for plan in before["plans"]],
            [["Far"], ["Near"], []],
            "chosen, next best, nothing",
        )
        self.assertEqual(before["seen"]["sites"], ["Near", "Far"])
        self.assertEqual([line["stock"] for line in before["seen"]["lines"]], [[2, 5]])
        self.assertEqual(self.forget("2026-07-10 00:00:00"), (1, False))
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(self.old.snapshot_kept)
        self.assertEqual(self.old.considered, {**before, "plans": [], "seen": None})
        self.assertEqual(self.forget("2026-07-10 00:00:00"), (0, False), "once is enough")

    def test_what_a_rule_of_thumb_passed_over_is_told_as_cheaper(self):
        self.strategy.method = "nearest"
        self.stock(self.apple, (self.far, 9))
        decision = self.make_order((self.apple, 3)).oms_decision_ids
        self.assertEqual(decision.site_ids, self.near + self.far)
        self.assertIn("Far", decision.considered["runner_up"])
        self.assertRegex(decision.considered["runner_up"], r"would cost [^-]+ less")

    def test_time_can_be_set(self):
        self.env["ir.config_parameter"].set_param("oms.decision_snapshot_days", "10")
        self.assertEqual(self.forget("2026-01-19 00:00:00"), (0, False))
        self.assertEqual(self.forget("2026-01-21 00:00:00"), (1, False))

    def test_nonsense_in_the_setting_is_no_reason_to_forget(self):
        self.env["ir.config_parameter"].set_param("oms.decision_snapshot_days", "soon")
        self.assertEqual(self.forget("2026-01-21 00:00:00"), (0, False))
        self.assertEqual(self.old.create_date, fields.Datetime.to_datetime("2026-01-10"))
