from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .flow_case import FlowCase


@tagged("post_install", "-at_install")
class TestRun(FlowCase):
    """A run looks at what there is, proposes, tells what it could not, and ends."""

    def setUp(self):
        super().setUp()
        self.run_record.state = "done"
        self.sell_far_apples()

    def test_goods_go_where_they_sell(self):
        run = self.work()
        self.assertEqual(run.state, "done", self.texts(run))
        self.assertFalse(run.note_ids.filtered(lambda note: note.severity == "3_error"))
        proposal = run.proposal_ids.filtered(lambda each: each.product_id == self.apple)
        self.assertEqual(len(proposal), 1, self.texts(run))
        self.assertEqual(proposal.kind, "pull")
        self.assertEqual((proposal.origin_id, proposal.site_id), (self.near, self.far))
        self.assertGreater(proposal.quantity, 10)
        self.assertLess(proposal.quantity, 100)
        self.assertGreater(proposal.gain, 0)
        self.assertAlmostEqual(proposal.site_after, proposal.site_before + proposal.quantity)
        parts = dict(proposal.explanation["parts"])
        self.assertAlmostEqual(sum(parts.values()), proposal.gain, 4)
        self.assertAlmostEqual(parts["unit"], -0.1 * proposal.quantity, 6)
        self.assertIn("sells 1.43", proposal.why)
        self.assertEqual(len(proposal.chart["series"]), 4)
        self.assertEqual(run.progress, 100)
        proposal.action_accept()
        self.assertEqual(self.position(self.apple, self.far).incoming, proposal.quantity)

    def test_a_second_run_proposes_nothing_twice(self):
        first = self.work()
        self.assertTrue(first.proposal_ids)
        second = self.work()
        self.assertFalse(second.proposal_ids.filtered(lambda p: p.kind in ("pull", "transfer")))
        first.proposal_ids.action_accept()
        third = self.work()
        self.assertFalse(third.proposal_ids.filtered(lambda p: p.kind in ("pull", "transfer")))

    def test_what_is_out_of_date_is_taken_back(self):
        first = self.work().proposal_ids
        self.env["stock.quant"]._update_available_quantity(
            self.apple, self.near.warehouse_id.lot_stock_id, -99
        )
        self.work()
        self.assertEqual(set(first.mapped("state")), {"superseded"}, "the goods are gone")

    def test_what_nobody_decides_on_is_taken_back(self):
        first = self.work().proposal_ids
        self.plan_record.keep_days = 0
        self.env.cr.execute("UPDATE oms_proposal SET create_date = create_date - interval '1 day'")
        second = self.work()
        self.assertEqual(set(first.mapped("state")), {"superseded"})
        self.assertTrue(second.proposal_ids)

    def test_what_was_learned_is_not_proposed(self):
        first = self.work().proposal_ids
        first._reject("The store is being rebuilt", "way", 4)
        self.assertFalse(self.work().proposal_ids.filtered(lambda p: p.site_id == self.far))
        self.env["oms.flow.constraint"].search([]).action_forget()
        self.assertTrue(self.work().proposal_ids.filtered(lambda p: p.site_id == self.far))

    def test_shelves_are_neither_overfilled_nor_emptied(self):
        rule = self.env["oms.stock.rule"].create(
            {"product_id": self.apple.id, "site_id": self.far.id, "capacity": 6}
        )
        [proposal] = self.work().proposal_ids.filtered(lambda p: p.kind == "pull")
        self.assertEqual((proposal.quantity, proposal.site_after), (5, 6))
        proposal._reject("Another way", "once", 0)
        rule.active = False
        # Of another store it gets what need not stand there.
        self.env["stock.quant"]._update_available_quantity(
            self.apple, self.near.warehouse_id.lot_stock_id, -100
        )
        self.stock(self.apple, (self.middle, 10))
        rule.copy({"site_id": self.middle.id, "capacity": 0, "presentation": 7, "active": True})
        [proposal] = self.work().proposal_ids.filtered(lambda p: p.kind == "transfer")
        self.assertEqual((proposal.origin_id, proposal.quantity), (self.middle, 3))

    def test_what_is_not_sold_any_more_is_not_sent(self):
        day = fields.Date.add(fields.Date.today(), days=1)
        self.env["oms.stock.rule"].create({"product_id": self.apple.id, "end_date": day})
        self.assertFalse(self.work().proposal_ids.filtered(lambda p: p.kind == "pull"))

    def test_forbidden_lanes_are_not_used(self):
        self.lanes[self.near, self.far].allowed = False
        run = self.work()
        self.assertFalse(run.proposal_ids.filtered(lambda p: p.origin_id == self.near))

    def test_kinds_that_the_plan_does_not_make(self):
        self.plan_record.does_pull = False
        self.assertFalse(self.work().proposal_ids.filtered(lambda p: p.kind == "pull"))

    def test_what_gains_enough_goes_by_itself(self):
        self.plan_record.write({"automatic": True, "automatic_gain": 1.0})
        proposal = self.work().proposal_ids.filtered(lambda p: p.product_id == self.apple)
        self.assertEqual(proposal.state, "accepted")
        self.assertTrue(proposal.by_itself)
        self.assertFalse(proposal.decided_by_id)
        self.assertTrue(proposal.move_ids)

    def test_figures_are_kept(self):
        self.work()
        mine = [("plan_id", "=", self.plan_record.id), ("site_id", "=", False)]
        kpi = self.env["oms.flow.kpi"].search(mine, limit=1)
        self.assertTrue(kpi)
        self.assertGreaterEqual(kpi.stock_units, 101)
        self.assertGreaterEqual(kpi.stock_value, 4.0 * 101)
        self.assertEqual(kpi.transfers, 0)
        self.plan_record.run_ids.proposal_ids.action_accept()
        self.env["oms.flow.kpi"]._measure(self.plan_record)
        self.assertEqual(kpi.transfers, 1)

    # === BAD INPUT === #

    def test_site_without_lanes(self):
        self.lanes[self.near, self.far].search([("origin_id", "=", self.far.id)]).unlink()
        self.env["oms.lane"].search([("site_id", "=", self.far.id)]).unlink()
        run = self.work()
        self.assertIn("Far has no lane", self.texts(run))
        self.assertEqual(run.state, "done")

    def test_network_without_lanes(self):
        self.env["oms.lane"].search([]).unlink()
        run = self.work()
        self.assertIn("No lane leads between", self.texts(run))
        self.assertEqual(run.state, "done")

    def test_site_without_calendar(self):
        self.sites.resource_calendar_id = False
        run = self.work()
        self.assertIn("Near has no working hours", self.texts(run))
        self.assertTrue(run.proposal_ids)

    def test_lane_that_never_goes(self):
        calendar = self.env["resource.calendar"].create({"name": "Never", "attendance_ids": [(5,)]})
        calendar.attendance_ids.unlink()
        self.lanes[self.near, self.far].calendar_id = calendar
        run = self.work()
        self.assertIn("goes on no day", self.texts(run))
        self.assertFalse(run.proposal_ids.filtered(lambda p: p.origin_id == self.near))

    def test_goods_without_cost_or_weight(self):
        self.apple.write({"standard_price": 0, "weight": 0})
        run = self.work()
        self.assertIn("Apple has no weight: 1 kg", self.texts(run))
        self.assertIn("Apple has no cost", self.texts(run))
        self.assertTrue(run.proposal_ids)

    def test_goods_without_price(self):
        self.apple.write({"list_price": 0, "standard_price": 0})
        run = self.work()
        self.assertIn("no sales price", self.texts(run))
        self.assertFalse(run.proposal_ids.filtered(lambda p: p.kind == "pull"))

    def test_negative_stock(self):
        self.env["stock.quant"]._update_available_quantity(
            self.berry, self.middle.warehouse_id.lot_stock_id, -3
        )
        run = self.work()
        self.assertIn("Berry has a stock of -3 at Middle", self.texts(run))
        self.assertTrue(run.proposal_ids.filtered(lambda p: p.product_id == self.apple))

    def test_a_spike_is_cut(self):
        quiet = self.work().proposal_ids.filtered(lambda p: p.product_id == self.apple)
        quiet._reject("again", "once", 0)
        self.make_sold(self.apple, self.far, 2000, days_ago=3)
        run = self.work()
        self.assertIn("sold 2000 in one day at Far", self.texts(run))
        loud = run.proposal_ids.filtered(lambda p: p.product_id == self.apple)
        self.assertLess(loud.quantity, 2.5 * quiet.quantity)

    def test_more_notes_than_anybody_reads_are_one(self):
        self.stock(self.berry, (self.near, 1))
        for number in range(30):
            product = self.make_product(f"Unweighed {number:02d}")
            self.stock(product, (self.near, 1))
        run = self.work()
        unweighed = run.note_ids.filtered(lambda note: "weight" in note.message)
        self.assertEqual(len(unweighed), 21)
        self.assertGreaterEqual(sum(unweighed.mapped("count")), 30)

    # === LIFE === #

    def test_one_run_at_a_time(self):
        self.assertEqual(self.plan_record._start(), self.plan_record._start())

    def test_stopped_run_ends_after_its_stage(self):
        run = self.plan_record._start()
        run._begin()
        run.action_stop()
        self.assertTrue(run.is_stopping)
        run._work(lambda _done: True)
        self.assertEqual(run.state, "stopped")
        self.assertFalse(run.proposal_ids)
        waiting = self.plan_record._start()
        waiting.action_stop()
        self.assertEqual(waiting.state, "stopped")

    def test_run_that_is_broken_off_goes_on(self):
        run = self.plan_record._start()
        self.assertFalse(run._work(lambda done: done < 1))
        self.assertEqual(run.state, "running")
        self.assertEqual(run.stage, "level")
        self.assertTrue(run._work(lambda _done: True))
        self.assertEqual(run.state, "done")
        self.assertTrue(run.proposal_ids)

    def test_stage_that_is_done_twice_tells_once(self):
        self.apple.weight = 0
        run = self.plan_record._start()
        run._begin()
        for _time in range(2):
            run._do_stage("gather")
            self.assertEqual(self.texts(run).count("Apple has no weight"), 1)
        run._do_stage("balance")
        proposals = run.proposal_ids
        self.assertTrue(proposals)
        run._do_stage("balance")
        self.assertEqual(run.proposal_ids, proposals)
        self.assertIn("Apple has no weight", self.texts(run))

    def test_job_runs_plans_that_are_due(self):
        self.plan_record.write({"interval_days": 2, "next_run_at": fields.Datetime.now()})
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_flow_run").method_direct_trigger()
        run = self.plan_record.last_run_id
        self.assertEqual(run.state, "done")
        self.assertTrue(run.proposal_ids)
        self.assertGreater(self.plan_record.next_run_at, fields.Datetime.now() + timedelta(days=1))

    def test_who_may_start(self):
        operator = self.make_user("flow_run_operator", "oms.group_order_operator")
        planner = self.make_user("flow_run_planner", "oms.group_flow_planner")
        with self.assertRaises(AccessError):
            self.plan_record.with_user(operator).action_run()
        action = self.plan_record.with_user(planner).action_run()
        run = self.env["oms.flow.run"].browse(action["res_id"])
        self.assertEqual((run.state, run.user_id), ("waiting", planner))
        with self.assertRaises(AccessError):
            run.with_user(operator).action_stop()
        run.with_user(planner).action_stop()

    def test_network_makes_its_lanes(self):
        self.env["oms.lane"].search([]).unlink()
        self.network.action_make_lanes()
        lanes = self.env["oms.lane"].search([])
        ways = {(lane.origin_id, lane.site_id): lane for lane in lanes}
        # Goods do not go back into the warehouse by themselves.
        self.assertEqual(len(ways), 4)
        policy = self.env["oms.disposition.policy"]._get_policy(self.company)
        lane = ways[self.near, self.far]
        self.assertAlmostEqual(lane.kilometers, 660.5, delta=2)
        self.assertAlmostEqual(
            lane.kg_cost,
            policy.transfer_kg_cost + policy.transfer_kg_km_cost * lane.kilometers,
            delta=1e-3,
        )
        self.network.action_make_lanes()
        self.assertEqual(self.network.lane_count, 4)

    def test_forecasts_go_before_what_was_sold(self):
        """A forecast of ten a day, where one and a half were sold."""
        sold = self.work().proposal_ids.filtered(lambda p: p.product_id == self.apple)
        sold._reject("again", "once", 0)
        self.env["oms.forecast"].create(
            {
                "product_id": self.apple.id,
                "site_id": self.far.id,
                "company_id": self.company.id,
                "computed_at": fields.Datetime.now(),
                "kind": "smooth",
                "rate": 10.0,
                "dispersion": 1.0,
                "doubt": 0.0,
                "seen_days": 90.0,
            }
        )
        proposal = self.work().proposal_ids.filtered(lambda p: p.product_id == self.apple)
        self.assertEqual(set(proposal.mapped("site_rate")), {10.0})
        # In four weeks 280 are wanted, more than there are.
        self.assertEqual(sum(proposal.mapped("quantity")), 100)
