from odoo import fields, models


class OmsImportDemo(models.AbstractModel):
    """The demo network has lanes between its sites, a flow plan, and one run of it."""

    _inherit = "oms.import.demo"

    def _surround_stock(self):
        res = super()._surround_stock()
        self._plan_flows()
        return res

    def _plan_flows(self):
        """Make lanes, a plan and a planner, and work the plan out once."""
        network = self.env["oms.network"].search(
            [("name", "=", "All Sites"), ("company_id", "=", self.env.company.id)], limit=1
        )
        if not network or network.flow_plan_ids:
            return
        network.action_make_lanes()
        lanes = self.env["oms.lane"].search(network._get_lane_domain())
        lanes.shipment_cost = 12.0
        plan = self.env["oms.flow.plan"].create(
            {"name": "All Sites", "network_id": network.id, "interval_days": 1.0}
        )
        plan.next_run_at = fields.Datetime.add(fields.Datetime.now(), days=1)
        plan._start()._work(lambda _done: True)
        self._ensure_planner()

    def _ensure_planner(self):
        """Make a planner whose password is the login."""
        Users = self.env["res.users"].with_context(no_reset_password=True, active_test=False)
        if Users.search_count([("login", "=", "planner")]):
            return
        groups = ("base.group_user", "oms.group_flow_planner", "purchase.group_purchase_user")
        Users.create(
            {
                "login": "planner",
                "password": "planner",
                "name": "Paula Planner",
                "company_id": self.env.company.id,
                "company_ids": self.env.company.ids,
                "group_ids": [fields.Command.link(self.env.ref(xmlid).id) for xmlid in groups],
            }
        )
