from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .flow_case import FlowCase


@tagged("post_install", "-at_install")
class TestProposalCases(FlowCase):
    """What becomes of proposals where work is done in steps, and where people change documents."""

    def setUp(self):
        super().setUp()
        self.run_record.state = "done"

    def make_supplier(self, product, **vals):
        supplier = self.make_partner("Orchard")
        self.env["product.supplierinfo"].create(
            {
                "partner_id": supplier.id,
                "product_tmpl_id": product.product_tmpl_id.id,
                "price": 3,
                **vals,
            }
        )
        return supplier

    def facts_row(self, product, site):
        """What a run sees of a product at a site: what there is to give, and what comes."""
        facts = self.plan_record._start()._gather()
        [row] = facts.get_rows([product.id], [site.id])
        return facts.available[row], facts.incoming[row]

    # === WAREHOUSES THAT WORK IN STEPS === #

    def accept_in_steps(self):
        self.near.warehouse_id.delivery_steps = "pick_pack_ship"
        self.far.warehouse_id.reception_steps = "three_steps"
        self.stock(self.apple, (self.near, 10))
        proposal = self.propose(
            self.apple,
            self.near,
            self.far,
            4,
            arrives_at=fields.Datetime.now() + timedelta(days=2),
        )
        proposal.action_accept()
        return proposal

    def test_goods_that_were_only_picked_have_not_been_moved(self):
        proposal = self.accept_in_steps()
        stock = self.near.warehouse_id.lot_stock_id
        pick = proposal.move_ids.filtered(lambda move: move.location_id == stock)
        self.ship(pick.picking_id)
        self.assertEqual(pick.state, "done")
        self.assertEqual(proposal.state, "accepted")
        (proposal.move_ids - pick).picking_id.action_cancel()
        self.assertEqual(set(proposal.move_ids.mapped("state")), {"done", "cancel"})
        self.assertEqual(proposal.state, "undone")
        self.assertEqual(self.position(self.apple, self.near).available, 10)

    def test_goods_are_expected_until_they_are_put_away(self):
        proposal = self.accept_in_steps()
        for move in proposal.move_ids:
            wanted = proposal.arrives_at if move.location_id.usage == "transit" else None
            if wanted:
                self.assertEqual(move.date, wanted.replace(microsecond=0))
            else:
                self.assertLess(move.date, proposal.arrives_at - timedelta(days=1))
        for _step in range(8):
            position = self.position(self.apple, self.far)
            self.assertEqual(position.on_hand + position.incoming, 4)
            near = self.position(self.apple, self.near)
            self.assertEqual(near.available, 6)
            self.assertEqual(self.facts_row(self.apple, self.near)[0], 6)
            coming = proposal.move_ids.filtered(
                lambda move: move.state == "assigned" and not move.picked
            )
            if not coming:
                break
            self.assertEqual(proposal.state, "accepted")
            self.ship(coming[:1].picking_id)
        self.assertEqual(proposal.state, "done")
        self.assertEqual(self.position(self.apple, self.far).on_hand, 4)

    def test_what_was_sent_back_from_the_road_was_not_moved(self):
        self.stock(self.apple, (self.near, 10))
        proposal = self.propose(self.apple, self.near, self.far, 4)
        proposal.action_accept()
        out = proposal.move_ids.filtered(lambda move: move.location_dest_id.usage == "transit")
        self.ship(out.picking_id, 3, backorder=True)
        self.assertEqual(proposal.state, "accepted")
        with self.assertRaisesRegex(UserError, "on its way"):
            proposal.action_undo()
        self.assertEqual(self.position(self.apple, self.far).incoming, 4)
        rest = proposal.move_ids.filtered(
            lambda move: move.location_dest_id.usage == "transit" and move.state != "done"
        )
        self.assertEqual(rest.product_uom_qty, 1)
        into = proposal.move_ids - out - rest
        self.ship(into.picking_id, 3, backorder=True)
        self.assertEqual(proposal.state, "accepted", "one is still to come")
        proposal.move_ids.filtered(lambda move: move.state != "done").picking_id.action_cancel()
        self.assertEqual(proposal.state, "done")

    def test_accepted_late_it_arrives_later(self):
        now = fields.Datetime.now()
        self.stock(self.apple, (self.near, 10))
        self.sites.resource_calendar_id = False
        proposal = self.propose(
            self.apple,
            self.near,
            self.far,
            4,
            leaves_at=now - timedelta(days=3),
            arrives_at=now - timedelta(days=1),
        )
        proposal.action_accept()
        dates = {move.location_id.usage: move.date for move in proposal.move_ids}
        self.assertGreaterEqual(dates["internal"], now)
        self.assertEqual(dates["transit"] - dates["internal"], timedelta(days=2))
        self.assertEqual(proposal.arrives_at, dates["transit"])

    def test_bought_late_it_comes_later(self):
        now = fields.Datetime.now()
        proposal = self.propose_purchase(
            self.apple,
            self.make_supplier(self.apple, delay=7),
            self.near,
            12,
            leaves_at=now - timedelta(days=5),
            arrives_at=now + timedelta(days=2),
        )
        proposal.action_accept()
        line = proposal.purchase_line_ids
        self.assertGreaterEqual(line.date_planned, now + timedelta(days=6, hours=20))
        self.assertGreaterEqual(proposal.arrives_at, now + timedelta(days=7))

    # === PEOPLE WHO NEED NOT KNOW OF PROPOSALS === #

    def test_who_moves_and_who_buys_need_no_rights_on_proposals(self):
        mover = self.make_user("flow_mover", "stock.group_stock_user")
        buyer = self.make_user("flow_buyer", "purchase.group_purchase_user")
        self.stock(self.apple, (self.near, 10))
        moved = self.propose(self.apple, self.near, self.far, 4)
        bought = self.propose_purchase(self.berry, self.make_supplier(self.berry), self.near, 12)
        (moved + bought).action_accept()
        out = moved.move_ids.filtered(lambda move: move.location_dest_id.usage == "transit")
        into = moved.move_ids - out
        self.ship(out.picking_id.with_user(mover), 3, backorder=True)
        self.ship(into.picking_id.with_user(mover), 3, backorder=True)
        rest = moved.move_ids.filtered(lambda move: move.state not in ("done", "cancel"))
        self.assertEqual(set(rest.mapped("product_uom_qty")), {1})
        rest.picking_id.with_user(mover).action_cancel()
        self.assertEqual(moved.state, "done")
        order = bought.purchase_line_ids.order_id.with_user(buyer)
        order.order_line.unlink()
        self.assertEqual(bought.state, "undone")
        picking = out.picking_id.with_user(mover)
        self.assertEqual(picking.oms_proposal_count, 1)
        with self.assertRaises(AccessError):
            moved.with_user(mover).read(["gain"])

    # === WAYS THAT CANNOT BE GONE === #

    def test_a_way_that_odoo_cannot_go_does_not_stop_the_others(self):
        self.stock(self.apple, (self.near, 10))
        self.stock(self.berry, (self.near, 10))
        [route] = self.far.warehouse_id._oms_get_routes_from(self.near.warehouse_id).values()
        route.rule_ids.active = False
        broken = self.propose(self.apple, self.near, self.far, 4)
        sound = self.propose(self.berry, self.near, self.middle, 3)
        told = (broken + sound).action_accept()
        self.assertEqual((broken.state, sound.state), ("proposed", "accepted"))
        outcome = self.env["oms.proposal.outcome"].browse(told["res_id"])
        self.assertEqual(outcome.line_ids.proposal_id, broken)
        self.assertEqual(self.position(self.apple, self.near).demand, 0)

    def test_what_is_forbidden_meanwhile_is_taken_back(self):
        self.stock(self.apple, (self.near, 10), (self.middle, 10))
        self.stock(self.berry, (self.near, 10))
        apples = self.propose(self.apple, self.near, self.far, 4)
        berries = self.propose(self.berry, self.near, self.far, 3)
        closed = self.propose(self.apple, self.middle, self.far, 3)
        kept = self.propose(self.apple, self.near, self.middle, 2)
        apples._reject("The store is being rebuilt", "way", 4)
        self.lanes[self.middle, self.far].allowed = False
        self.work()
        self.assertEqual((berries.state, closed.state), ("superseded", "superseded"))
        self.assertEqual(kept.state, "proposed")

    # === PURCHASES THAT PEOPLE CHANGE === #

    def test_a_line_that_the_buyer_deletes_is_undone(self):
        proposal = self.propose_purchase(self.apple, self.make_supplier(self.apple), self.near, 12)
        proposal.action_accept()
        self.assertEqual(self.facts_row(self.apple, self.near)[1], 12)
        proposal.purchase_line_ids.unlink()
        self.assertEqual(proposal.state, "undone")
        proposal.action_reopen()
        proposal.action_accept()
        self.assertEqual(proposal.purchase_line_ids.product_qty, 12)

    def test_what_was_asked_of_suppliers_is_not_proposed_again(self):
        supplier = self.make_supplier(self.apple)
        proposal = self.propose_purchase(self.apple, supplier, self.near, 12)
        proposal.action_accept()
        self.assertEqual(self.facts_row(self.apple, self.near)[1], 12)
        proposal.purchase_line_ids.product_qty = 20
        self.assertEqual(self.facts_row(self.apple, self.near)[1], 20, "the buyer asks for more")
        order = proposal.purchase_line_ids.order_id
        dozen = self.env.ref("uom.product_uom_dozen")
        by_hand = order.copy(
            {
                "order_line": [
                    fields.Command.create(
                        {
                            "product_id": self.apple.id,
                            "product_qty": 2,
                            "product_uom_id": dozen.id,
                        }
                    )
                ]
            }
        )
        self.assertEqual(self.facts_row(self.apple, self.near)[1], 44, "by hand, two dozen")
        order.button_confirm()
        self.assertEqual(self.facts_row(self.apple, self.near)[1], 44)
        by_hand.button_cancel()
        self.assertEqual(self.facts_row(self.apple, self.near)[1], 20)
        self.ship(order.picking_ids)
        self.assertEqual(self.facts_row(self.apple, self.near), (20, 0))
        self.assertEqual(proposal.state, "done")

    def test_a_purchase_proposed_again_is_really_bought(self):
        proposal = self.propose_purchase(self.apple, self.make_supplier(self.apple), self.near, 12)
        proposal.action_accept()
        order = proposal.purchase_line_ids.order_id
        order.button_confirm()
        order.picking_ids.action_cancel()
        self.assertEqual(proposal.state, "undone")
        proposal.action_reopen()
        proposal.action_accept()
        line = proposal.purchase_line_ids.filtered(lambda line: line.order_id != order)
        self.assertEqual((line.product_qty, line.order_id.state), (12, "draft"))
        self.assertEqual(self.facts_row(self.apple, self.near)[1], 12)

    # === MONEY AND UNITS === #

    def test_prices_are_in_the_currency_of_the_company(self):
        currency = self.env["res.currency"].create({"name": "FLW", "symbol": "F"})
        company = self.env["res.company"].create({"name": "Overseas", "currency_id": currency.id})
        self.env.user.company_ids |= company
        self.env["res.currency.rate"].create(
            {
                "currency_id": currency.id,
                "company_id": company.id,
                "name": "2000-01-01",
                "rate": 2.5,
            }
        )
        site = self.make_site("Far off", "FOFF", company=company)
        network = (
            self.env["oms.network"]
            .with_company(company)
            .create({"name": "Far off", "company_id": company.id, "site_ids": [(6, 0, site.ids)]})
        )
        plan = self.env["oms.flow.plan"].create({"name": "Far off", "network_id": network.id})
        self.apple.company_id = False
        self.apple.list_price = 8.0
        self.apple.with_company(company).standard_price = 10.0
        self.stock(self.apple, (site, 3), (self.near, 3))
        here, there = self.plan_record._start()._gather(), plan._start()._gather()
        rate = self.apple.currency_id._convert(8.0, currency, company, fields.Date.today())
        self.assertNotAlmostEqual(rate, 8.0)
        for facts, price, cost in ((here, 8.0, 4.0), (there, rate, 10.0)):
            [place] = [
                place for place, each in enumerate(facts.product_ids) if each == self.apple.id
            ]
            self.assertAlmostEqual(facts.price[place], price, 4)
            self.assertAlmostEqual(facts.cost[place], cost, 4)

    def test_fill_rate_of_what_is_ordered_by_the_dozen(self):
        self.env["sale.order"].search([]).date_order = "2001-01-01"
        self.stock(self.apple, (self.near, 12))
        order = self.make_order(
            (self.apple, 2, {"product_uom_id": self.env.ref("uom.product_uom_dozen").id}),
            date_order=fields.Datetime.now(),
        )
        self.assertEqual(order.order_line.oms_qty_open, 12)
        order.date_order = fields.Datetime.now() - timedelta(days=2)
        day = order.date_order.date()
        self.env["oms.demand"]._count(self.company, [day - timedelta(days=1), day])
        kpi = self.env["oms.flow.kpi"]._measure(self.plan_record)
        self.assertAlmostEqual(kpi.fill_rate, 50.0)
