from odoo.tests import tagged

from ..common import TourCase
from .flow_case import FlowCase


@tagged("post_install", "-at_install")
class TestTour(TourCase, FlowCase):
    """What a planner does in the browser, and what it does to the stock at both ends."""

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
        # Enough for the warehouse to keep what the stores want until more could come.
        self.stock(self.apple, (self.near, 200))
        self.stock(self.berry, (self.near, 200))
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
        apples, berries, bought = (proposals[each] for each in (self.apple, self.berry, cherry))
        places = [
            (product, site)
            for product in (self.apple, self.berry, cherry)
            for site in (self.near, self.middle, self.far)
        ]
        before = self.read_places(places)
        url = f"/odoo/oms-flow-runs/{run.id}"
        self.start_tour_surely(url, "oms_flow_proposal", login=planner.login)
        self.env.invalidate_all()
        self.assertEqual(set((apples + berries + bought).mapped("state")), {"accepted"})
        self.assertEqual(apples.decided_by_id, planner)
        self.assertTransferred(apples, self.near, self.far)
        self.assertTransferred(berries, self.near, self.middle)
        line = bought.purchase_line_ids
        self.assertEqual(line.product_id, cherry)
        self.assertEqual((line.product_qty, line.price_unit), (bought.quantity, 3.0))
        order = line.order_id
        self.assertEqual((order.partner_id, order.state), (orchard, "draft"))
        self.assertEqual(order.picking_type_id.warehouse_id, self.near.warehouse_id)

        self.start_tour_surely(url, "oms_flow_proposal_undo", login=planner.login)
        self.env.invalidate_all()
        self.assertEqual(set((apples + berries + bought).mapped("state")), {"undone"})
        self.assertEqual(self.read_places(places), before)
        self.assertEqual(set((apples + berries).move_ids.mapped("state")), {"cancel"})
        self.assertFalse(bought.purchase_line_ids)
        self.assertEqual(order.state, "cancel")

        # What is bought comes as supply once the supplier has the order.
        bought.with_user(planner).action_reopen()
        bought.with_user(planner).action_accept()
        bought.purchase_line_ids.order_id.button_confirm()
        self.assertEqual(self.position(cherry, self.near).incoming, bought.quantity)
        self.assertEqual(self.supply(cherry, self.near), bought.quantity)

    def read_places(self, places):
        """What is known of goods at sites: on hand, wanted, on its way, to be had, and expected."""
        found = {}
        for product, site in places:
            position = self.position(product, site)
            numbers = ("on_hand", "demand", "incoming", "available")
            found[product.name, site.name] = (
                *(getattr(position, name) if position else 0.0 for name in numbers),
                self.supply(product, site),
            )
        return found

    def assertTransferred(self, proposal, origin, site):
        """Assert that the goods leave at one end and are expected at the other, by transfers."""
        pickings = proposal.move_ids.picking_id
        self.assertEqual(
            {each.picking_type_id.code: each.picking_type_id.warehouse_id for each in pickings},
            {"outgoing": origin.warehouse_id, "incoming": site.warehouse_id},
        )
        self.assertEqual(set(proposal.move_ids.mapped("product_uom_qty")), {proposal.quantity})
        self.assertEqual(self.position(proposal.product_id, origin).demand, proposal.quantity)
        self.assertEqual(self.position(proposal.product_id, site).incoming, proposal.quantity)
        self.assertEqual(self.supply(proposal.product_id, site), proposal.quantity)
