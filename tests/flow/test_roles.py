"""Who may read, change and decide what of flows."""

from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from .flow_case import FlowCase

MODELS = (
    "oms.lane",
    "oms.flow.plan",
    "oms.flow.run",
    "oms.flow.note",
    "oms.flow.kpi",
    "oms.flow.constraint",
    "oms.proposal",
    "oms.proposal.line",
    "oms.stock.rule",
    "oms.service.class",
    "oms.demand",
    "oms.forecast",
    "oms.promotion",
)
#: What each role may do: read, write, create, unlink.
RIGHTS = {
    "oms.group_site_operator": {
        "oms.lane": "r",
        "oms.proposal": "r",
        "oms.proposal.line": "r",
        "oms.demand": "r",
        "oms.forecast": "r",
    },
    "oms.group_order_operator": dict.fromkeys(MODELS, "r"),
    "oms.group_flow_planner": {
        **dict.fromkeys(MODELS, "r"),
        "oms.lane": "rwcu",
        "oms.flow.constraint": "rwcu",
        "oms.proposal": "rw",
        "oms.stock.rule": "rwcu",
        "oms.service.class": "rw",
        "oms.demand": "rwcu",
        "oms.promotion": "rwcu",
    },
    "base.group_user": {},
    "base.group_portal": {},
    "base.group_public": {},
}
OPERATIONS = {"r": "read", "w": "write", "c": "create", "u": "unlink"}


@tagged("post_install", "-at_install")
class TestRoles(FlowCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 20), (cls.middle, 20))
        cls.proposal = cls.propose(cls.apple, cls.near, cls.far, 4)
        cls.users = {
            group: new_test_user(cls.env, f"flow{number}", groups=group)
            for number, group in enumerate(RIGHTS)
        }

    def test_each_role_may_what_it_needs_and_no_more(self):
        for group, rights in RIGHTS.items():
            for model in MODELS:
                records = self.env[model].with_user(self.users[group])
                found = "".join(key for key, name in OPERATIONS.items() if records.has_access(name))
                self.assertEqual(found, rights.get(model, ""), f"{group}: {model}")

    def test_only_planners_decide_and_start(self):
        """Every button, as a client would call it."""
        learned = self.propose(self.berry, self.near, self.middle, 1)._reject("No", "same", 4)
        calls = (
            (self.proposal, "action_accept"),
            (self.proposal, "action_reject"),
            (self.proposal, "action_undo"),
            (self.proposal, "action_reopen"),
            (self.plan_record, "action_run"),
            (self.run_record, "action_stop"),
            (learned, "action_forget"),
            (self.network, "action_make_lanes"),
        )
        for group, user in self.users.items():
            if group == "oms.group_flow_planner":
                continue
            for record, name in calls:
                with self.assertRaises(AccessError, msg=f"{group}: {name}"):
                    getattr(record.with_user(user), name)()
            with self.assertRaises(AccessError, msg=group):
                self.env["oms.proposal.reject"].with_user(user).create(
                    {"proposal_ids": [(6, 0, self.proposal.ids)], "reason": "No"}
                )
        self.assertEqual(self.proposal.state, "proposed")
        self.assertTrue(learned.active)

    def test_operators_of_sites_see_what_comes_and_goes_there(self):
        clerk = self.users["oms.group_site_operator"]
        elsewhere = self.propose(self.apple, self.middle, self.far, 3)
        self.assertFalse(self.env["oms.proposal"].with_user(clerk).search([]))
        self.near.user_ids = clerk
        self.assertEqual(self.env["oms.proposal"].with_user(clerk).search([]), self.proposal)
        self.assertEqual(
            self.env["oms.lane"].with_user(clerk).search([]),
            self.env["oms.lane"].search(
                ["|", ("origin_id", "=", self.near.id), ("site_id", "=", self.near.id)]
            ),
        )
        with self.assertRaises(AccessError):
            elsewhere.with_user(clerk).read(["quantity"])

    def test_forms_open_for_whoever_may_read(self):
        """The site at the other end is named, though its record is not for everybody."""
        clerk = self.users["oms.group_site_operator"]
        self.near.user_ids = clerk
        lane = self.lanes[self.near, self.far]
        for record in (self.proposal, lane):
            self.env.invalidate_all()
            Form(record.with_user(clerk))
            self.assertIn("Far", record.with_user(clerk).display_name)
        self.env.invalidate_all()
        self.assertIn("Far", self.proposal.with_user(clerk).why)
        self.assertTrue(lane.with_user(clerk).kilometers)
        self.run_record._note("gather", "Weigh it", product_id=self.apple.id)
        operator = self.users["oms.group_order_operator"]
        for record in (self.plan_record, self.run_record, self.proposal, lane):
            self.env.invalidate_all()
            Form(record.with_user(operator))

    def test_lines_of_preparation_are_for_its_site(self):
        clerk = self.users["oms.group_site_operator"]
        proposal = self.run_record._propose(
            [{"kind": "preparation", "site_id": self.middle.id, "subject": "2026-06-02"}]
        )
        self.env["oms.proposal.line"].create(
            {"proposal_id": proposal.id, "name": "WH/OUT/1", "verb": "now"}
        )
        lines = self.env["oms.proposal.line"].with_user(clerk)
        self.assertFalse(lines.search([]))
        self.middle.user_ids = clerk
        self.assertEqual(lines.search([]).proposal_id, proposal)

    def test_fields_of_the_addon_are_not_written_by_planners(self):
        planner = self.users["oms.group_flow_planner"]
        proposal = self.proposal.with_user(planner)
        for name, value in (
            ("state", "done"),
            ("gain", 1e6),
            ("by_itself", True),
            ("decided_by_id", planner.id),
            ("site_id", self.middle.id),
            ("line_ids", [(0, 0, {"name": "Mine"})]),
        ):
            with self.assertRaises(AccessError, msg=name):
                proposal.write({name: value})
        proposal.quantity = 3
        self.assertEqual(self.proposal.site_after - self.proposal.site_before, 3)

    def test_managers_make_plans(self):
        manager = self.make_user("flow_manager", "oms.group_order_manager")
        plan = self.env["oms.flow.plan"].with_user(manager)
        made = plan.create({"name": "By a manager", "network_id": self.network.id})
        self.assertEqual(made.company_id, self.company)
        made.automatic = True
        self.assertFalse(self.env["oms.flow.run"].with_user(manager).has_access("write"))

    def test_plans_of_another_company_are_closed(self):
        company = self.env["res.company"].create({"name": "Other"})
        other = {"company_id": company.id, "company_ids": [(6, 0, company.ids)]}
        manager = self.make_user("flow_far_manager", "oms.group_order_manager", **other)
        self.env["oms.flow.note"].create({"run_id": self.run_record.id, "message": "Secret"})
        self.env["oms.stock.rule"].create({"product_id": self.apple.id, "capacity": 3})
        for model in MODELS:
            found = self.env[model].with_user(manager).search([])
            self.assertFalse(found - found.filtered(lambda each: each.company_id == company), model)
        with self.assertRaises(AccessError):
            self.plan_record.with_user(manager).name = "Mine"
        with self.assertRaises(AccessError):
            self.env["oms.flow.plan"].with_user(manager).create(
                {"name": "Mine", "network_id": self.network.id}
            )
