from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .flow_case import FlowCase


@tagged("post_install", "-at_install")
class TestProposalDocuments(FlowCase):
    """Proposals and the documents made of them stay together, whoever touches the documents."""

    def setUp(self):
        super().setUp()
        self.run_record.state = "done"
        self.stock(self.apple, (self.near, 10))

    def accept(self, quantity=4, **vals):
        proposal = self.propose(self.apple, self.near, self.far, quantity, **vals)
        proposal.action_accept()
        return proposal

    def legs(self, proposal):
        """The moves that leave the near site, and those that come to the far one."""
        moves = proposal.move_ids.filtered(lambda move: move.state != "cancel")
        out = moves.filtered(lambda move: move.location_dest_id.usage == "transit")
        return out, moves - out

    def numbers(self):
        """What is available near, what is expected far, by positions and by dated supply."""
        near, far = self.position(self.apple, self.near), self.position(self.apple, self.far)
        coming = far.incoming if far else 0
        self.assertEqual(self.supply(self.apple, self.far), coming)
        return near.available, coming

    # === DOCUMENTS THAT PEOPLE CANCEL === #

    def test_a_delivery_that_is_cancelled_frees_both_ends(self):
        proposal = self.accept()
        self.assertEqual(self.numbers(), (6, 4))
        self.legs(proposal)[0].picking_id.action_cancel()
        self.assertEqual((proposal.state, self.numbers()), ("undone", (10, 0)))

    def test_a_receipt_that_is_cancelled_frees_both_ends(self):
        proposal = self.accept()
        self.legs(proposal)[1].picking_id.action_cancel()
        self.assertEqual(set(proposal.move_ids.mapped("state")), {"cancel"})
        self.assertEqual((proposal.state, self.numbers()), ("undone", (10, 0)))

    def test_a_receipt_that_is_cancelled_while_goods_are_picked_leaves_them_to_people(self):
        proposal = self.accept()
        out, into = self.legs(proposal)
        out.picked = True
        into.picking_id.action_cancel()
        self.assertEqual((out.state, proposal.state), ("assigned", "accepted"))
        out.picking_id.action_cancel()
        self.assertEqual(proposal.state, "undone")

    def test_goods_whose_way_is_cancelled_on_the_road_are_told_of(self):
        proposal = self.accept()
        out, into = self.legs(proposal)
        self.ship(out.picking_id)
        into.picking_id.action_cancel()
        self.assertEqual(proposal.state, "undone")
        told = proposal.message_ids[:1].body
        self.assertIn("Apple have left Near", told)
        self.assertIn(out.picking_id.name, told)

    def test_goods_that_were_sent_back_are_not_told_of(self):
        proposal = self.accept()
        out, into = self.legs(proposal)
        self.ship(out.picking_id)
        self.take_back(out.picking_id, 4)
        self.assertFalse(out.returned_move_ids.oms_proposal_id)
        into.filtered(lambda move: move.state != "cancel").picking_id.action_cancel()
        self.assertEqual(proposal.state, "undone")
        self.assertNotIn("have left", "".join(proposal.message_ids.mapped("body")))
        self.assertEqual(self.numbers(), (10, 0))

    def test_the_next_run_proposes_again_what_was_cancelled(self):
        for week in range(13):
            self.make_sold(self.apple, self.far, 10, days_ago=7 * week + 1)
        [first] = self.work().proposal_ids.filtered(lambda p: p.kind == "pull")
        first.action_accept()
        self.assertFalse(self.work().proposal_ids.filtered(lambda p: p.kind == "pull"))
        first.picking_ids.action_cancel()
        self.assertEqual(first.state, "undone")
        [again] = self.work().proposal_ids.filtered(lambda p: p.kind == "pull")
        self.assertEqual(again.quantity, first.quantity)
        with self.assertRaisesRegex(UserError, "proposed again already"):
            first.action_reopen()

    # === UNDOING === #

    def test_what_has_arrived_in_part_is_not_undone(self):
        proposal = self.accept()
        out, into = self.legs(proposal)
        self.ship(out.picking_id)
        into.picking_id.action_assign()
        into.picked = True
        with self.assertRaisesRegex(UserError, "on its way"):
            proposal.action_undo()
        self.ship(into.picking_id, 3, backorder=True)
        self.assertEqual(proposal.state, "accepted")
        with self.assertRaisesRegex(UserError, "on its way"):
            proposal.action_undo()
        rest = proposal.move_ids.filtered(lambda move: move.state not in ("done", "cancel"))
        self.assertEqual(rest.product_uom_qty, 1)
        self.ship(rest.picking_id)
        self.assertEqual(proposal.state, "done")
        with self.assertRaisesRegex(UserError, "carried out"):
            proposal.action_undo()

    def test_what_is_picked_is_not_undone(self):
        proposal = self.accept()
        out, _into = self.legs(proposal)
        out.picked = True
        with self.assertRaisesRegex(UserError, "picked already"):
            proposal.action_undo()
        out.picked = False
        proposal.action_undo()
        self.assertEqual(self.numbers(), (10, 0))

    def test_an_earlier_attempt_does_not_keep_a_later_one_from_being_undone(self):
        self.near.warehouse_id.delivery_steps = "pick_ship"
        proposal = self.accept()
        stock = self.near.warehouse_id.lot_stock_id
        pick = proposal.move_ids.filtered(lambda move: move.location_id == stock)
        self.ship(pick.picking_id)
        (proposal.move_ids - pick).picking_id.action_cancel()
        self.assertEqual((pick.state, proposal.state), ("done", "undone"))
        for _time in range(2):
            proposal.action_reopen()
            proposal.action_accept()
            self.assertEqual(self.numbers(), (6, 4))
            proposal.action_undo()
            self.assertEqual((proposal.state, self.numbers()), ("undone", (10, 0)))

    def test_an_earlier_purchase_does_not_keep_a_later_one_from_being_undone(self):
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
        order = proposal.purchase_line_ids.order_id
        order.button_confirm()
        order.picking_ids.action_cancel()
        self.assertEqual(proposal.state, "undone")
        proposal.action_reopen()
        proposal.action_accept()
        later = proposal.purchase_line_ids.order_id - order
        proposal.action_undo()
        self.assertEqual((proposal.state, later.state), ("undone", "cancel"))
        self.assertEqual(order.order_line.product_qty, 12, "what was ordered once stays told")

    # === EDITING === #

    def test_nobody_edits_it_to_nothing_or_beyond_what_is_there(self):
        proposal = self.propose(self.apple, self.near, self.far, 4)
        with self.assertRaisesRegex(ValidationError, "above zero, or reject"):
            proposal.quantity = 0
        with self.assertRaisesRegex(ValidationError, "10 are available at Near, not 11"):
            proposal.quantity = 11
        order = self.make_order((self.apple, 5))
        self.assertEqual(self.position(self.apple, self.near).available, 5)
        with self.assertRaisesRegex(ValidationError, "5 are available at Near, not 6"):
            proposal.quantity = 6
        proposal.quantity = 5
        self.cancel(order)
        proposal.quantity = 6
        self.assertEqual(proposal.quantity, 6)

    def test_goods_that_are_sold_meanwhile_are_not_taken(self):
        proposal = self.propose(self.apple, self.near, self.far, 6)
        order = self.make_order((self.apple, 5))
        self.assertEqual(order.state, "sale")
        with self.assertRaisesRegex(UserError, "5 are available at Near, not 6"):
            proposal.action_accept()
        self.assertEqual((proposal.state, self.numbers()), ("proposed", (5, 0)))
        proposal.quantity = 5
        proposal.action_accept()
        self.assertEqual(self.numbers(), (0, 5))

    # === GOODS OF ALL SORTS === #

    def test_serial_numbers_and_decimals(self):
        watch = self.make_product("Watch", tracking="serial")
        wire = self.make_product("Wire", uom_id=self.env.ref("uom.product_uom_meter").id)
        lots = self.env["stock.lot"].create(
            [{"name": f"W{number}", "product_id": watch.id} for number in range(3)]
        )
        for lot in lots:
            self.stock(watch, (self.near, 1), lot_id=lot)
        self.stock(wire, (self.near, 10))
        watches = self.propose(watch, self.near, self.far, 2)
        wires = self.propose(wire, self.near, self.far, 2.5)
        with self.assertRaisesRegex(ValidationError, "whole number"):
            watches.quantity = 1.5
        wires.quantity = 2.25
        both = watches + wires
        both.action_accept()
        self.assertEqual(set(both.mapped("state")), {"accepted"})
        picking = watches.move_ids.filtered(lambda m: m.location_dest_id.usage == "transit")
        self.assertEqual(len(both.picking_ids), 2)
        self.ship(picking.picking_id)
        self.ship(both.picking_ids - picking.picking_id)
        self.assertEqual(set(both.mapped("state")), {"done"})
        self.assertEqual(self.position(watch, self.far).on_hand, 2)
        self.assertEqual(self.position(wire, self.far).on_hand, 2.25)
        self.assertEqual(self.position(wire, self.near).available, 7.75)

    def test_goods_in_packages(self):
        package = self.env["stock.package"].create({"name": "Crate"})
        self.stock(self.berry, (self.near, 6), package_id=package)
        proposal = self.propose(self.berry, self.near, self.far, 6)
        proposal.action_accept()
        out, into = self.legs(proposal)
        self.ship(out.picking_id)
        self.ship(into.picking_id)
        self.assertEqual(proposal.state, "done")
        self.assertEqual(self.position(self.berry, self.far).on_hand, 6)

    # === WHO MAY TIE DOCUMENTS TO PROPOSALS === #

    def test_documents_are_not_tied_to_proposals_by_hand(self):
        proposal = self.accept(arrives_at=fields.Datetime.now() + timedelta(days=2))
        out, _into = self.legs(proposal)
        for groups in ("stock.group_stock_user", "stock.group_stock_manager"):
            Move = self.env["stock.move"].with_user(self.make_user(f"tie {groups}", groups))
            values = {
                "product_id": self.apple.id,
                "product_uom_qty": 1,
                "location_id": out.location_id.id,
                "location_dest_id": out.location_dest_id.id,
            }
            with self.assertRaises(AccessError, msg=groups):
                Move.create({**values, "oms_proposal_id": proposal.id})
            other = Move.create(values)
            with self.assertRaises(AccessError, msg=groups):
                other.oms_proposal_id = proposal.id
            with self.assertRaises(AccessError, msg=groups):
                out.with_user(Move.env.user).write({"oms_proposal_id": False})
            self.assertFalse(other.copy().oms_proposal_id)
        self.assertEqual(out.oms_proposal_id, proposal)

    def test_purchases_are_not_tied_to_proposals_by_hand(self):
        proposal = self.propose_purchase(self.apple, self.make_partner("Orchard"), self.near, 12)
        buyer = self.make_user("tie buyer", "purchase.group_purchase_manager")
        order = (
            self.env["purchase.order"]
            .with_user(buyer)
            .create(
                {
                    "partner_id": proposal.supplier_id.id,
                    "order_line": [Command.create({"product_id": self.apple.id})],
                }
            )
        )
        with self.assertRaises(AccessError):
            order.order_line.oms_proposal_id = proposal.id
        with self.assertRaises(AccessError):
            order.order_line = [
                Command.create({"product_id": self.berry.id, "oms_proposal_id": proposal.id})
            ]
        self.assertFalse(proposal.purchase_line_ids)

    def test_duplicates_are_no_part_of_the_flow_and_backorders_are(self):
        mover = self.make_user("tie mover", "stock.group_stock_user")
        proposal = self.accept()
        out, into = self.legs(proposal)
        copy = out.picking_id.with_user(mover).copy()
        self.assertTrue(copy.move_ids)
        self.assertFalse(copy.sudo().move_ids.oms_proposal_id)
        self.ship(out.picking_id.with_user(mover), 3, backorder=True)
        rest = out.picking_id.backorder_ids.move_ids
        self.assertEqual((rest.product_uom_qty, rest.oms_proposal_id), (1, proposal))
        self.assertIn(into, proposal.move_ids)
