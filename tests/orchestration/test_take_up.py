from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.oms.models.orchestration.oms_sourcing import OmsSourcing

from ..common import MARSEILLE, OmsCase


@tagged("post_install", "-at_install")
class TestTakeUp(OmsCase):
    """Orders that wait are taken up when stock comes, by the scheduled job."""

    def assertTakenUp(self, order, expected):
        self.run_cron()
        self.assertEqual(order.oms_state, "sourced")
        self.assertEqual(self.plan(order), expected)
        self.assertEqual(order.oms_decision_ids.sorted("id")[-1].trigger, "stock")
        self.assertFalse(order.oms_waiting_reason)
        self.assertBalanced(order)

    def test_nothing_to_source(self):
        order = self.make_order((self.apple, 3))
        self.assertEqual(order.oms_state, "waiting")
        self.assertIn("3 Units of [Apple] Apple: no site found", order.oms_waiting_reason)
        self.assertFalse(order.picking_ids)
        self.assertEqual(order.oms_decision_ids.outcome, "none")
        self.assertEqual(order.oms_decision_ids.unfilled_units, 3)
        self.assertIn("Waits: 3 Units of [Apple] Apple", order.oms_decision_ids.note)
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_exception")
        self.assertIn(order, self.env[action["res_model"]].search([]).order_id)
        self.assertBalanced(order)

    def test_receipt(self):
        order = self.make_order((self.apple, 3))
        warehouse = self.near.warehouse_id
        receipt = self.env["stock.picking"].create(
            {
                "picking_type_id": warehouse.in_type_id.id,
                "location_id": self.env.ref("stock.stock_location_suppliers").id,
                "location_dest_id": warehouse.lot_stock_id.id,
                "move_ids": [
                    (
                        0,
                        0,
                        {
                            "product_id": self.apple.id,
                            "product_uom_qty": 5,
                            "location_id": self.env.ref("stock.stock_location_suppliers").id,
                            "location_dest_id": warehouse.lot_stock_id.id,
                        },
                    )
                ],
            }
        )
        receipt.action_confirm()
        before = self.count_triggers()
        self.ship(receipt, 5)
        self.assertGreater(self.count_triggers(), before, "the job is asked to run at once")
        self.assertTakenUp(order, {("NEAR", "Apple"): 3})

    def test_inventory_adjustment(self):
        order = self.make_order((self.apple, 3))
        before = self.count_triggers()
        self.env["stock.quant"].with_context(inventory_mode=True).create(
            {
                "product_id": self.apple.id,
                "location_id": self.far.warehouse_id.lot_stock_id.id,
                "inventory_quantity": 4,
            }
        ).action_apply_inventory()
        self.assertGreater(self.count_triggers(), before)
        self.assertTakenUp(order, {("FAR", "Apple"): 3})

    def test_another_order_cancelled(self):
        self.stock(self.apple, (self.near, 3))
        first, second = self.make_order((self.apple, 3)), self.make_order((self.apple, 3))
        self.assertEqual(second.oms_state, "waiting")
        before = self.count_triggers()
        self.cancel(first)
        self.assertGreater(self.count_triggers(), before)
        self.assertTakenUp(second, {("NEAR", "Apple"): 3})

    def test_another_order_lowered(self):
        self.stock(self.apple, (self.near, 3))
        first, second = self.make_order((self.apple, 3)), self.make_order((self.apple, 2))
        before = self.count_triggers()
        first.order_line.product_uom_qty = 1
        self.assertGreater(self.count_triggers(), before)
        self.assertTakenUp(second, {("NEAR", "Apple"): 2})

    def test_goods_of_no_interest_wake_nobody(self):
        self.make_order((self.apple, 3))
        before = self.count_triggers()
        self.env["stock.quant"].with_context(inventory_mode=True).create(
            {
                "product_id": self.berry.id,
                "location_id": self.near.warehouse_id.lot_stock_id.id,
                "inventory_quantity": 4,
            }
        ).action_apply_inventory()
        self.assertEqual(self.count_triggers(), before)

    def test_rest_of_a_partly_sourced_order(self):
        self.stock(self.apple, (self.near, 1))
        order = self.make_order((self.apple, 3))
        self.assertEqual(order.oms_state, "partial")
        self.stock(self.apple, (self.far, 9))
        self.assertTakenUp(order, {("NEAR", "Apple"): 1, ("FAR", "Apple"): 2})

    def test_oldest_first(self):
        late = self.make_order((self.apple, 2))
        early = self.make_order((self.apple, 2))
        early.date_order = "2024-01-01"
        self.stock(self.apple, (self.near, 3))
        self.run_cron()
        self.assertEqual(early.oms_state, "sourced")
        self.assertEqual(late.oms_state, "partial")
        self.assertBalanced(early)
        self.assertBalanced(late)

    def test_without_stock_nothing_is_decided_again(self):
        order = self.make_order((self.apple, 2))
        self.run_cron()
        self.assertEqual(len(order.oms_decision_ids), 1)

    def test_rest_that_is_not_worth_a_parcel_is_not_decided_again(self):
        self.strategy.write({"shortage_policy": "price", "missing_factor": 0.9})
        self.stock(self.apple, (self.near, 99), (self.far, 1))
        order = self.make_order((self.apple, 100))
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 99})
        self.assertEqual(order.order_line.oms_qty_open, 1)
        self.run_cron()
        self.run_cron()
        self.assertEqual(len(order.oms_decision_ids), 1)
        self.assertEqual(order.oms_state, "partial")
        self.assertBalanced(order)

    def assertOthersGoOn(self, error):
        orders = [self.make_order((self.apple, 1)) for _ in range(3)]
        self.stock(self.apple, (self.near, 9))
        bad = orders[1]
        original = OmsSourcing._solve_order

        def solve(service, order, *args):
            if order == bad:
                raise error
            return original(service, order, *args)

        logger = "odoo.addons.oms.models.orchestration.sale_order"
        with (
            patch.object(OmsSourcing, "_solve_order", solve),
            self.assertLogs(logger, "WARNING") as logs,
        ):
            self.run_cron()
        self.assertIn(bad.name, logs.output[0])
        self.assertEqual([order.oms_state for order in orders], ["sourced", "waiting", "sourced"])
        self.run_cron()
        self.assertEqual(bad.oms_state, "sourced")
        for order in orders:
            self.assertBalanced(order)

    def test_refused_order_stops_no_other(self):
        self.assertOthersGoOn(UserError("no rule"))

    def test_order_that_hits_a_bug_stops_no_other(self):
        self.assertOthersGoOn(ValueError("a bug"))

    def test_other_companies_are_served_too(self):
        other = self.env["res.company"].create({"name": "Daughter"})
        site = self.make_site("Theirs", "THEIR", MARSEILLE, company=other)
        channel = self.make_channel("Theirs", "TX", company_id=other.id, network_ids=False)
        order = self.make_order(
            (self.apple, 1),
            company_id=other.id,
            oms_channel_id=channel.id,
            warehouse_id=site.warehouse_id.id,
        )
        self.assertEqual(order.oms_state, "waiting")
        self.stock(self.apple, (self.near, 5), (site, 5))
        self.run_cron()
        self.assertEqual(order.oms_state, "sourced")
        self.assertEqual(order.picking_ids.company_id, other)
        self.assertEqual(self.plan(order), {("THEIR", "Apple"): 1})


@tagged("post_install", "-at_install")
class TestGivenBack(OmsCase):
    """A site that cancels or shorts a transfer gives the order back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 5))

    def test_backorder_stays_in_the_fulfillment(self):
        order = self.make_order((self.apple, 5))
        self.ship(order.picking_ids, 2, backorder=True)
        backorder = order.picking_ids.filtered("backorder_id")
        self.assertEqual(backorder.oms_fulfillment_id, order.oms_fulfillment_ids)
        self.assertEqual(order.oms_fulfillment_ids.state, "released")
        self.assertEqual(order.oms_state, "sourced")
        self.assertBalanced(order)
        self.ship(backorder)
        self.assertEqual(order.oms_fulfillment_ids.state, "shipped")
        self.assertEqual(order.oms_fulfillment_ids.line_ids.quantity_done, 5)
        self.assertBalanced(order)

    def short(self):
        order = self.make_order((self.apple, 5))
        self.ship(order.picking_ids, 2)
        self.assertEqual(order.oms_state, "partial")
        self.assertEqual(order.order_line.oms_qty_open, 3)
        self.assertEqual(order.oms_fulfillment_ids.state, "shipped")
        self.assertIn("Near gave the order back", order.oms_waiting_reason)
        self.assertBalanced(order)
        return order

    def test_short_ship_is_not_repeated_at_the_same_site(self):
        order = self.short()
        self.run_cron()
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 2})
        self.assertEqual(len(order.oms_decision_ids), 1, "nothing was to be decided")

    def test_short_ship_goes_to_another_site(self):
        order = self.short()
        self.stock(self.apple, (self.far, 9))
        self.run_cron()
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 2, ("FAR", "Apple"): 3})
        self.assertEqual(order.oms_state, "sourced")
        self.assertBalanced(order)

    def test_user_may_ask_the_same_site_again(self):
        order = self.short()
        notification = order.action_oms_source()
        self.assertEqual(notification["params"]["type"], "success")
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 5})
        self.assertEqual(len(order.oms_fulfillment_ids), 2)
        self.assertEqual(order.oms_decision_ids.sorted("id")[-1].trigger, "manual")
        self.assertBalanced(order)

    def test_transfer_cancelled_by_hand(self):
        order = self.make_order((self.apple, 5))
        before = self.count_triggers()
        order.picking_ids.action_cancel()
        self.assertGreater(self.count_triggers(), before)
        self.assertEqual(order.oms_fulfillment_ids.state, "rejected")
        self.assertEqual(order.oms_state, "waiting")
        self.assertBalanced(order)
        self.run_cron()
        self.assertEqual(order.oms_state, "waiting", "not at the site that gave it back")
        self.stock(self.apple, (self.far, 9))
        self.run_cron()
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 5})
        self.assertEqual(order.order_line.oms_site_names, "FAR: 5")
        self.assertBalanced(order)

    def test_cancelled_by_hand_and_asked_again(self):
        order = self.make_order((self.apple, 5))
        order.picking_ids.action_cancel()
        order.action_oms_source()
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 5})
        self.assertEqual(order.oms_state, "sourced")
        self.assertBalanced(order)

    def test_asking_without_need(self):
        order = self.make_order((self.apple, 1))
        with self.assertRaises(UserError):
            order.action_oms_source()

    def test_raise_may_use_the_site_that_gave_back(self):
        order = self.short()
        order.order_line.product_uom_qty = 6
        self.assertEqual(sum(self.plan(order).values()), 5)
        self.assertEqual(order.order_line.oms_qty_open, 1)
        self.assertBalanced(order)


@tagged("post_install", "-at_install")
class TestBatch(OmsCase):
    """Many orders confirmed at once share what there is."""

    def amounts(self):
        return [(1 + number % 3, 1 + number % 2) for number in range(20)]

    def confirm_all(self, together):
        orders = self.env["sale.order"]
        for apples, berries in self.amounts():
            orders += self.make_order((self.apple, apples), (self.berry, berries), confirm=False)
        if together:
            orders.action_confirm()
        else:
            for order in orders:
                order.action_confirm()
        return orders

    def test_no_oversell_and_the_same_as_one_by_one(self):
        amounts = [(self.near, 9), (self.middle, 7), (self.far, 8)]
        results = []
        for together in (False, True):
            point = self.env.cr.savepoint(flush=True)
            self.stock(self.apple, *amounts)
            self.stock(self.berry, *reversed([(s, q - 3) for s, q in amounts]))
            orders = self.confirm_all(together)
            results.append([(self.plan(order), order.oms_state) for order in orders])
            for order in orders:
                self.assertBalanced(order)
            for product, total in ((self.apple, 24), (self.berry, 15)):
                moves = orders.order_line.move_ids.filtered(
                    lambda move, product=product: move.product_id == product
                )
                self.assertEqual(sum(moves.mapped("product_qty")), total, "all and no more")
            self.assertIn("waiting", orders.mapped("oms_state"))
            point.rollback()
            self.env.invalidate_all()
        self.assertEqual(results[0], results[1])

    def test_second_line_gets_what_the_first_left(self):
        self.stock(self.apple, (self.near, 4))
        orders = self.make_order((self.apple, 3), confirm=False)
        orders += self.make_order((self.apple, 3), confirm=False)
        orders.action_confirm()
        self.assertEqual(orders.mapped("oms_state"), ["sourced", "partial"])
        self.assertEqual(orders[1].order_line.oms_qty_open, 2)


@tagged("post_install", "-at_install")
class TestCompanies(OmsCase):
    """Sites of another company never serve an order, whatever the user has open."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.company"].create({"name": "Daughter"})
        cls.theirs = cls.make_site("Theirs", "THEIR", (48.85, 2.35), company=cls.other)
        cls.channel.network_ids = False
        cls.user = cls.make_user(
            "both",
            "oms.group_order_manager",
            company_id=cls.company.id,
            company_ids=[(6, 0, (cls.company + cls.other).ids)],
        )

    def test_user_with_both_companies_open(self):
        self.stock(self.apple, (self.theirs, 9))
        order = self.make_order((self.apple, 2), confirm=False)
        order = order.with_user(self.user).with_context(
            allowed_company_ids=(self.company + self.other).ids
        )
        order.action_confirm()
        self.assertEqual(order.oms_state, "waiting")
        self.assertNotIn(self.theirs, order.oms_channel_id.site_ids)
        names = [site[1] for site in order.oms_decision_ids.problem["sites"]]
        self.assertNotIn("Theirs", names)
        self.stock(self.apple, (self.far, 9))
        order.action_oms_source()
        self.assertEqual(self.plan(order.sudo()), {("FAR", "Apple"): 2})

    def test_route_of_another_company_does_not_matter(self):
        """A shared product that the other company buys to order is stocked here."""
        route = self.env["stock.route"].create(
            {
                "name": "Theirs to order",
                "company_id": self.other.id,
                "product_selectable": True,
                "rule_ids": [
                    (
                        0,
                        0,
                        {
                            "name": "To order",
                            "action": "pull",
                            "procure_method": "make_to_order",
                            "company_id": self.other.id,
                            "location_src_id": self.theirs.warehouse_id.lot_stock_id.id,
                            "location_dest_id": self.env.ref("stock.stock_location_customers").id,
                            "picking_type_id": self.theirs.warehouse_id.out_type_id.id,
                        },
                    )
                ],
            }
        )
        self.apple.route_ids += route
        self.stock(self.apple, (self.near, 9))
        order = self.make_order((self.apple, 2))
        self.assertEqual(order.oms_state, "sourced")
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 2})
