from odoo.tests import tagged

from ..common import TourCase
from .flow_case import FlowCase


@tagged("post_install", "-at_install")
class TestTour(TourCase, FlowCase):
    """What a planner does in the browser."""

    def test_planner_works_through_a_run(self):
        planner = self.make_user(
            "flow_tour", "oms.group_flow_planner,purchase.group_purchase_user", password="flow_tour"
        )
        self.run_record.state = "done"
        cherry = self.make_product("Cherry", standard_price=4.0, weight=1.0)
        orchard = self.make_partner("Orchard")
        self.env["product.supplierinfo"].create(
            {
                "partner_id": orchard.id,
                "product_tmpl_id": cherry.product_tmpl_id.id,
                "price": 3.0,
                "delay": 5,
            }
        )
        self.stock(self.apple, (self.near, 100))
        self.stock(self.berry, (self.near, 100))
        for week in range(13):
            self.make_sold(self.apple, self.far, 10, days_ago=7 * week + 1)
            self.make_sold(self.berry, self.middle, 10, days_ago=7 * week + 1)
            self.make_sold(cherry, self.near, 10, days_ago=7 * week + 1)
        run = self.work()
        proposals = {each.product_id: each for each in run.proposal_ids}
        self.assertEqual(
            {product.name: each.kind for product, each in proposals.items()},
            {"Apple": "pull", "Berry": "pull", "Cherry": "purchase"},
            run.note_ids.mapped("message"),
        )
        self.start_tour_surely(
            f"/odoo/oms-flow-runs/{run.id}", "oms_flow_proposal", login=planner.login
        )
        self.env.invalidate_all()
        apples, berries = proposals[self.apple], proposals[self.berry]
        self.assertEqual((apples + berries).mapped("state"), ["accepted", "accepted"])
        self.assertEqual(self.position(self.apple, self.far).incoming, apples.quantity)
        self.assertEqual(self.position(self.apple, self.near).demand, apples.quantity)
        self.assertEqual(self.supply(self.apple, self.far), apples.quantity)
        self.assertEqual(self.supply(self.berry, self.middle), berries.quantity)
        self.assertEqual(apples.decided_by_id, planner)
        bought = proposals[cherry]
        self.assertEqual(bought.state, "undone")
        self.assertFalse(bought.purchase_line_ids)
