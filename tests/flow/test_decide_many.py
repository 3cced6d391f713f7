from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .flow_case import FlowCase


@tagged("post_install", "-at_install")
class TestDecideMany(FlowCase):
    """Of several proposals it is told what was done, and why not all of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.planner = cls.make_user("many", "oms.group_flow_planner,stock.group_stock_user")
        cls.stock(cls.apple, (cls.near, 10))
        cls.stock(cls.berry, (cls.near, 10))
        cls.apples = cls.propose(cls.apple, cls.near, cls.far, 4)
        cls.berries = cls.propose(cls.berry, cls.near, cls.far, 20)
        (cls.apples | cls.berries).invalidate_recordset()

    def decide(self, proposals, name):
        return getattr(proposals.with_user(self.planner), name)()

    def test_what_was_left_is_told_with_its_reason(self):
        action = self.decide(self.apples | self.berries, "action_accept")
        self.assertEqual((action["res_model"], action["target"]), ("oms.proposal.outcome", "new"))
        outcome = self.env[action["res_model"]].with_user(self.planner).browse(action["res_id"])
        self.assertIn("1 accepted.", outcome.summary)
        self.assertIn(self.apples.move_ids.picking_id[0].name, outcome.summary)
        self.assertEqual(outcome.line_ids.proposal_id, self.berries)
        self.assertIn("Berry", outcome.line_ids.reason)
        opened = outcome.line_ids.action_open()
        self.assertEqual((opened["res_model"], opened["res_id"]), ("oms.proposal", self.berries.id))

    def test_what_was_done_is_told(self):
        self.berries.with_user(self.planner).quantity = 2
        action = self.decide(self.apples | self.berries, "action_accept")
        self.assertEqual(action["tag"], "display_notification")
        self.assertIn("2 accepted.", action["params"]["message"])
        for picking in (self.apples | self.berries).move_ids.picking_id:
            self.assertIn(picking.name, action["params"]["message"])

    def test_undoing_many_leaves_what_has_left(self):
        self.berries.with_user(self.planner).quantity = 2
        both = self.apples | self.berries
        self.decide(both, "action_accept")
        # What is picked of one of them must not keep the other.
        leaving = self.berries.move_ids.filtered(
            lambda move: move.picking_id.picking_type_code == "outgoing"
        )
        leaving.picked = True
        action = self.decide(both, "action_undo")
        outcome = self.env[action["res_model"]].browse(action["res_id"])
        self.assertIn("1 undone", outcome.summary)
        self.assertEqual(outcome.line_ids.proposal_id, self.berries)
        self.assertEqual(both.mapped("state"), ["undone", "accepted"])
        self.assertEqual(set(self.apples.move_ids.mapped("state")), {"cancel"})
        with self.assertRaises(UserError):
            self.decide(both, "action_undo")
        self.assertEqual(both.mapped("state"), ["undone", "accepted"])

    def test_rejecting_leaves_out_what_is_decided(self):
        self.decide(self.apples, "action_accept")
        action = self.decide(self.apples | self.berries, "action_reject")
        wizard = Form(
            self.env[action["res_model"]].with_user(self.planner).with_context(**action["context"])
        )
        self.assertIn("1 are decided on already", wizard.summary)
        wizard.reason = "The shelf is full."
        wizard.save().action_confirm()
        self.assertEqual((self.apples | self.berries).mapped("state"), ["accepted", "rejected"])
        with self.assertRaises(UserError):
            self.decide(self.apples | self.berries, "action_reject")

    def test_links_lead_to_what_it_is_about(self):
        self.assertEqual(self.apples.action_view_run()["res_id"], self.run_record.id)
        action = self.apples.with_user(self.planner).action_view_positions()
        positions = self.env["oms.position"].search(action["domain"])
        self.assertEqual(positions.product_id, self.apple)
        self.assertLessEqual(positions.site_id, self.near | self.far)
        self.assertEqual(self.apples.source_name, self.near.display_name)
        plan = self.plan_record
        self.assertEqual(
            self.env["oms.flow.run"].search(plan.action_view_runs()["domain"]), plan.run_ids
        )

    def test_times_and_paces_are_said_as_people_say_them(self):
        self.apples.write(
            {
                "site_rate": 0.01,
                "origin_rate": 0.2,
                "site_before": 0,
                "site_after": 4,
                "origin_before": 10,
                "origin_after": 5,
            }
        )
        lines = self.apples.why.splitlines()
        unit = self.apple.uom_id.name
        self.assertIn(f"sells 0.3 {unit} a month and has no {unit}; with it it has", lines[0])
        self.assertIn("enough for 13 months", lines[0])
        self.assertIn(f"sells 1.4 {unit} a week and has 10 {unit}: enough for 50 days", lines[1])
        self.assertIn(f"Other proposals take 1 {unit} of it", lines[2])
