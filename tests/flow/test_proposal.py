from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .flow_case import FlowCase


@tagged("post_install", "-at_install")
class TestProposal(FlowCase):
    """Proposals become documents of Odoo's own, and can be undone."""

    def test_transfer_moves_the_supply_of_both_sites_at_once(self):
        self.stock(self.apple, (self.near, 10))
        proposal = self.propose(self.apple, self.near, self.far, 4)
        proposal.action_accept()
        self.assertEqual(proposal.state, "accepted")
        self.assertEqual(self.position(self.apple, self.near).demand, 4)
        self.assertEqual(self.position(self.apple, self.near).available, 6)
        self.assertEqual(self.position(self.apple, self.far).incoming, 4)
        self.assertEqual(self.supply(self.apple, self.far), 4)
        out, into = proposal.move_ids.sorted("id", reverse=True)
        if out.location_id.usage == "transit":
            out, into = into, out
        self.assertEqual(out.location_id, self.near.warehouse_id.lot_stock_id)
        self.assertEqual(out.location_dest_id.usage, "transit")
        self.assertEqual(into.location_dest_id, self.far.warehouse_id.lot_stock_id)
        self.assertEqual(into.move_orig_ids, out)
        self.assertEqual(out.state, "assigned")
        self.assertEqual(proposal.picking_count, 2)
        self.assertEqual(out.picking_id.oms_proposal_count, 1)
        self.assertEqual(
            self.env["oms.proposal"].search(out.picking_id.action_view_oms_proposals()["domain"]),
            proposal,
        )

    def test_it_ends_when_the_goods_have_arrived(self):
        self.stock(self.apple, (self.near, 10))
        proposal = self.propose(self.apple, self.near, self.far, 4)
        proposal.action_accept()
        out = proposal.move_ids.filtered(lambda move: move.location_dest_id.usage == "transit")
        self.ship(out.picking_id)
        self.assertEqual(proposal.state, "accepted", "on its way")
        into = proposal.move_ids - out
        self.ship(into.picking_id)
        self.assertEqual(proposal.state, "done")
        self.assertEqual(self.position(self.apple, self.far).on_hand, 4)
        with self.assertRaises(UserError):
            proposal.action_undo()

    def test_what_goes_the_same_way_is_one_transfer(self):
        self.stock(self.apple, (self.near, 10))
        self.stock(self.berry, (self.near, 10))
        proposals = self.propose(self.apple, self.near, self.far, 4)
        proposals += self.propose(self.berry, self.near, self.far, 3)
        proposals += self.propose(self.berry, self.near, self.middle, 2)
        proposals.action_accept()
        self.assertEqual(set(proposals.mapped("state")), {"accepted"})
        self.assertEqual(proposals[0].picking_ids, proposals[1].picking_ids)
        self.assertEqual(len(proposals.picking_ids), 4)
        self.assertEqual(self.position(self.berry, self.near).demand, 5)

    def test_undo_cancels_what_has_not_moved(self):
        self.stock(self.apple, (self.near, 10))
        self.stock(self.berry, (self.near, 10))
        apples = self.propose(self.apple, self.near, self.far, 4)
        berries = self.propose(self.berry, self.near, self.far, 3)
        (apples + berries).action_accept()
        apples.action_undo()
        self.assertEqual(apples.state, "undone")
        self.assertEqual(berries.state, "accepted")
        self.assertEqual(self.position(self.apple, self.near).available, 10)
        self.assertEqual(self.position(self.apple, self.far).incoming, 0)
        self.assertEqual(self.position(self.berry, self.far).incoming, 3)
        apples.action_reopen()
        self.assertEqual(apples.state, "proposed")
        apples.action_accept()
        self.assertEqual(self.position(self.apple, self.far).incoming, 4)

    def test_what_has_left_is_not_undone(self):
        self.stock(self.apple, (self.near, 10))
        proposal = self.propose(self.apple, self.near, self.far, 4)
        proposal.action_accept()
        out = proposal.move_ids.filtered(lambda move: move.location_dest_id.usage == "transit")
        self.ship(out.picking_id)
        with self.assertRaisesRegex(UserError, "on its way"):
            proposal.action_undo()
        self.assertEqual(proposal.state, "accepted")

    def test_transfers_that_are_cancelled_by_hand_are_undone(self):
        self.stock(self.apple, (self.near, 10))
        proposal = self.propose(self.apple, self.near, self.far, 4)
        proposal.action_accept()
        proposal.picking_ids.action_cancel()
        self.assertEqual(proposal.state, "undone")

    def test_edited_quantity_is_moved(self):
        self.stock(self.apple, (self.near, 10))
        proposal = self.propose(self.apple, self.near, self.far, 4)
        proposal.write({"origin_before": 10, "origin_after": 6, "site_after": 4})
        proposal.quantity = 2
        self.assertTrue(proposal.is_edited)
        self.assertEqual((proposal.origin_after, proposal.site_after), (8, 2))
        proposal.action_accept()
        self.assertEqual(self.position(self.apple, self.far).incoming, 2)
        self.assertEqual(proposal.quantity_proposed, 4)
        with self.assertRaises(UserError):
            proposal.quantity = 3
        for wrong in (-1.0, 0.0, float("nan"), float("inf")):
            with self.assertRaises(ValidationError):
                self.propose(self.berry, self.near, self.far, 4).write({"quantity": wrong})

    def test_goods_that_are_gone_are_not_promised_again(self):
        self.stock(self.apple, (self.near, 5))
        proposals = self.propose(self.apple, self.near, self.far, 4, gain=9.0)
        proposals += self.propose(self.apple, self.near, self.middle, 4, gain=20.0)
        told = proposals.action_accept()
        self.assertEqual(proposals[1].state, "accepted", "it gains more")
        self.assertEqual(proposals[0].state, "proposed")
        told = self.env["oms.proposal.outcome"].browse(told["res_id"])
        self.assertEqual(told.line_ids.proposal_id, proposals[0])
        self.assertIn("1 are available", told.line_ids.reason)
        with self.assertRaisesRegex(UserError, "1 are available"):
            proposals[0].action_accept()

    def test_nothing_is_proposed_twice_while_it_is_open(self):
        first = self.propose(self.apple, self.near, self.far, 4)
        self.assertEqual(len(first), 1)
        self.assertFalse(self.propose(self.apple, self.near, self.far, 6))
        first._reject("too few", "once", 0)
        self.assertEqual(len(self.propose(self.apple, self.near, self.far, 6)), 1)
        with self.assertRaisesRegex(UserError, "proposed again already"):
            first.action_reopen()

    def test_two_planners_do_not_accept_the_same(self):
        self.stock(self.apple, (self.near, 10))
        proposal = self.propose(self.apple, self.near, self.far, 4)
        proposal.action_accept()
        with self.assertRaisesRegex(UserError, "accepted already"):
            proposal.action_accept()
        self.assertEqual(self.position(self.apple, self.far).incoming, 4)

    def test_rejections_are_learned(self):
        proposal = self.propose(self.apple, self.near, self.far, 4)
        wizard = self.env["oms.proposal.reject"].create(
            {"proposal_ids": proposal.ids, "reason": "Too bulky", "scope": "same", "weeks": 4}
        )
        wizard.action_confirm()
        self.assertEqual(proposal.state, "rejected")
        learned = self.env["oms.flow.constraint"].search([("proposal_id", "=", proposal.id)])
        self.assertEqual(learned.reason, "Too bulky")
        self.assertEqual(learned.product_id, self.apple)
        self.assertFalse(self.propose(self.apple, self.near, self.far, 4))
        self.assertTrue(self.propose(self.apple, self.middle, self.far, 4), "another way")
        self.assertTrue(self.propose(self.berry, self.near, self.far, 4), "other goods")
        learned.action_forget()
        self.assertTrue(self.propose(self.apple, self.near, self.far, 4))

    def test_rejections_of_a_way_hold_for_all_goods(self):
        proposal = self.propose(self.apple, self.near, self.far, 4)
        proposal._reject("Closed for rebuilding", "way", 2)
        self.assertFalse(self.propose(self.berry, self.near, self.far, 1))
        self.assertTrue(self.propose(self.berry, self.near, self.middle, 1))
        with self.assertRaises(UserError):
            self.propose(self.apple, self.near, self.middle, 4)._reject(" ", "once", 1)

    def test_purchase_becomes_a_line_of_a_request(self):
        supplier = self.make_partner("Orchard")
        self.env["product.supplierinfo"].create(
            {
                "partner_id": supplier.id,
                "product_tmpl_id": self.apple.product_tmpl_id.id,
                "price": 3,
            }
        )
        proposal = self.propose_purchase(self.apple, supplier, self.near, 12)
        proposal.action_accept()
        line = proposal.purchase_line_ids
        self.assertEqual(line.product_qty, 12)
        self.assertEqual(line.order_id.partner_id, supplier)
        self.assertEqual(line.order_id.state, "draft")
        self.assertEqual(line.order_id.oms_proposal_count, 1)
        line.order_id.button_confirm()
        self.assertEqual(self.position(self.apple, self.near).incoming, 12)
        with self.assertRaisesRegex(UserError, "cancel it there"):
            proposal.action_undo()
        self.ship(line.order_id.picking_ids)
        self.assertEqual(proposal.state, "done")

    def test_purchases_of_one_supplier_are_undone_one_by_one(self):
        supplier = self.make_partner("Orchard")
        for product in self.apple + self.berry:
            self.env["product.supplierinfo"].create(
                {"partner_id": supplier.id, "product_tmpl_id": product.product_tmpl_id.id}
            )
        apples = self.propose_purchase(self.apple, supplier, self.near, 12)
        berries = self.propose_purchase(self.berry, supplier, self.near, 5)
        (apples + berries).action_accept()
        order = (apples + berries).purchase_line_ids.order_id
        self.assertEqual(len(order), 1)
        apples.action_undo()
        self.assertEqual(order.order_line.product_id, self.berry)
        berries.action_undo()
        self.assertEqual(order.state, "cancel")

    def test_supplier_without_price_is_told(self):
        supplier = self.make_partner("Orchard")
        proposal = self.propose_purchase(self.apple, supplier, self.near, 12)
        with self.assertRaisesRegex(UserError, "no price of Orchard"):
            proposal.action_accept()
        self.assertEqual(proposal.state, "proposed")

    def test_roles(self):
        self.stock(self.apple, (self.near, 10))
        self.stock(self.apple, (self.middle, 10))
        mine = self.propose(self.apple, self.near, self.far, 4)
        other = self.propose(self.apple, self.middle, self.far, 2)
        clerk = self.make_user("flow_clerk", "oms.group_site_operator")
        self.near.user_ids = clerk
        operator = self.make_user("flow_operator", "oms.group_order_operator")
        planner = self.make_user("flow_planner", "oms.group_flow_planner")
        found = self.env["oms.proposal"].with_user(clerk).search([])
        self.assertEqual(found, mine)
        for user in (clerk, operator):
            with self.assertRaises(AccessError):
                mine.with_user(user).action_accept()
            with self.assertRaises(AccessError):
                mine.with_user(user).quantity = 1
        with self.assertRaises(AccessError):
            mine.with_user(planner).state = "done"
        mine.with_user(planner).quantity = 3
        mine.with_user(planner).action_accept()
        self.assertEqual(mine.decided_by_id, planner)
        self.assertEqual(self.position(self.apple, self.far).incoming, 3)
        other.with_user(planner)._check_planner()
        mine.with_user(planner).action_undo()

    def test_other_companies_see_nothing(self):
        self.propose(self.apple, self.near, self.far, 4)
        company = self.env["res.company"].create({"name": "Other"})
        planner = self.make_user(
            "flow_other",
            "oms.group_flow_planner",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        for model in ("oms.proposal", "oms.lane", "oms.flow.plan", "oms.flow.run"):
            self.assertFalse(self.env[model].with_user(planner).search([]), model)
        proposal = self.propose(self.berry, self.near, self.far, 4)
        learned = self.propose(self.apple, self.near, self.middle, 4)._reject("No", "same", 4)
        for record, name in (
            (proposal, "action_accept"),
            (proposal, "action_undo"),
            (proposal, "action_reopen"),
            (proposal, "action_reject"),
            (learned, "action_forget"),
            (self.run_record, "action_stop"),
            (self.plan_record, "action_run"),
        ):
            with self.assertRaises(AccessError, msg=name):
                getattr(record.with_user(planner), name)()
        self.assertTrue(learned.active)
