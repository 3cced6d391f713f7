from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.flow.oms_flow_run_work import MOST_ATTEMPTS
from .flow_case import FlowCase


@tagged("post_install", "-at_install")
class TestPlan(FlowCase):
    """When plans run, what goes by itself, and what is forgotten."""

    def setUp(self):
        super().setUp()
        self.run_record.state = "done"
        self.sell_far_apples()

    # === SCHEDULE === #

    def next_runs(self, begin, moments):
        """When the plan would run next, asked at some moments, one after the other."""
        plan = self.plan_record
        plan.next_run_at = begin
        found = []
        for moment in moments:
            plan.next_run_at = plan._get_next_run(fields.Datetime.to_datetime(moment))
            found.append(str(plan.next_run_at))
        return found

    def test_a_daily_plan_stays_at_its_hour(self):
        """The job comes a little late each time: the hour does not move with it."""
        self.plan_record.write({"tz": "UTC", "interval_days": 1})
        self.assertEqual(
            self.next_runs(
                "2026-06-01 05:00:00",
                ("2026-06-01 05:40:00", "2026-06-02 05:00:01", "2026-06-05 04:59:59"),
            ),
            ["2026-06-02 05:00:00", "2026-06-03 05:00:00", "2026-06-05 05:00:00"],
        )

    def test_the_hour_is_that_of_the_clocks(self):
        """Six in the morning in Berlin, in winter and in summer time (29 March 2026)."""
        self.plan_record.write({"tz": "Europe/Berlin", "interval_days": 1})
        self.assertEqual(
            self.next_runs("2026-03-28 05:00:00", ("2026-03-28 05:30:00", "2026-03-29 04:30:00")),
            ["2026-03-29 04:00:00", "2026-03-30 04:00:00"],
        )

    def test_parts_of_days_are_hours(self):
        self.plan_record.write({"tz": "UTC", "interval_days": 0.25})
        self.assertEqual(
            self.next_runs("2026-06-01 05:00:00", ("2026-06-01 05:10:00", "2026-06-02 00:10:00")),
            ["2026-06-01 11:00:00", "2026-06-02 05:00:00"],
        )
        with self.assertRaisesRegex(ValidationError, "every hour"):
            self.plan_record.interval_days = 0.01

    def test_the_job_is_woken_when_a_plan_is_due(self):
        moment = fields.Datetime.now() + timedelta(days=3)
        cron = self.env.ref("oms.cron_flow_run")
        self.plan_record.write({"interval_days": 1, "next_run_at": moment})
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        self.assertIn(moment.replace(microsecond=0), triggers.mapped("call_at"))

    def test_plans_that_are_off_or_propose_nothing_do_not_run(self):
        past = fields.Datetime.now() - timedelta(hours=1)
        self.plan_record.write({"interval_days": 1, "next_run_at": past})
        kinds = self.plan_record._get_kinds()
        self.plan_record.write({f"does_{kind}": False for kind in kinds})
        archived = self.plan_record.copy({"name": "Off", "does_transfer": True, "active": False})
        archived.next_run_at = past
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_flow_run").method_direct_trigger()
        self.assertEqual(self.plan_record.run_ids, self.run_record)
        self.assertFalse(archived.run_ids)
        self.assertGreater(self.plan_record.next_run_at, fields.Datetime.now())
        with self.assertRaisesRegex(UserError, "proposes nothing"):
            self.plan_record.action_run()

    # === BROKEN OFF === #

    def test_a_stage_that_kills_the_server_is_left_out_in_the_end(self):
        """Whoever is killed writes nothing down; what was committed before is there."""
        run = self.plan_record._start()

        class Killed(BaseException):
            """Not an Exception: nothing of the run can catch it."""

        def kill(_self):
            raise Killed

        self.patch(type(run), "_stage_level", kill)
        for _time in range(MOST_ATTEMPTS):
            # Not assertRaises: it would take back what was committed before.
            try:
                run._work(lambda _done: True)
            except Killed:
                run.flush_recordset()
            else:
                self.fail("It was not killed.")
            self.assertEqual((run.state, run.stage), ("running", "level"))
        with self.assertLogs("odoo.addons.oms.models.flow.oms_flow_run_work") as logs:
            self.assertTrue(run._work(lambda _done: True))
        self.assertEqual(run.state, "failed")
        self.assertIn("broken off 3 times", run.error)
        self.assertTrue(run.proposal_ids, "the other stages are done all the same")
        self.assertEqual(run.attempts, 0)
        self.assertIn("stage balance took", "\n".join(logs.output))

    @mute_logger("odoo.addons.oms.models.flow.oms_flow_run_work")
    def test_a_stage_that_fails_is_told_and_the_rest_goes_on(self):
        def fail(_self):
            raise ZeroDivisionError

        run = self.plan_record._start()
        self.patch(type(run), "_stage_level", fail)
        run._work(lambda _done: True)
        self.assertEqual(run.state, "failed")
        self.assertIn("unexpected error", run.error)
        self.assertTrue(run.proposal_ids)

    # === BY ITSELF === #

    def automatic(self, **vals):
        self.plan_record.write({"automatic": True, "automatic_gain": 1.0, **vals})
        run = self.work()
        return run, run.proposal_ids.filtered(lambda each: each.product_id == self.apple)

    def test_risky_ones_wait_for_somebody(self):
        self.plan_record.write(
            {"automatic": True, "automatic_gain": 5.0, "automatic_risk": 20.0, "active": True}
        )
        self.stock(self.berry, (self.near, 50))
        risky = self.propose(self.berry, self.near, self.far, 5, risk=0.21)
        safe = self.propose(self.berry, self.near, self.middle, 5, risk=0.2)
        poor = self.propose(self.apple, self.near, self.middle, 5, gain=4.99)
        self.run_record._stage_accept()
        self.assertEqual(
            [each.state for each in (risky, safe, poor)], ["proposed", "accepted", "proposed"]
        )

    def test_no_more_is_spent_than_the_plan_allows(self):
        run, proposal = self.automatic(automatic_risk=100.0, automatic_cost=0.01)
        self.assertGreater(proposal.cost, 0.01)
        self.assertEqual(proposal.state, "proposed")
        self.assertIn("1 proposals wait for somebody", "".join(run.note_ids.mapped("message")))

    def test_who_follows_the_plan_is_told(self):
        partner = self.make_partner("Follower", email="follower@example.com")
        self.plan_record.message_subscribe(partner.ids)
        run, proposal = self.automatic(automatic_risk=100.0)
        self.assertEqual((proposal.state, proposal.by_itself), ("accepted", True))
        [message] = run.message_ids.filtered(lambda each: "by themselves" in (each.body or ""))
        gain = self.company.currency_id.format(proposal.gain)
        self.assertIn(gain, message.body.replace("&nbsp;", "\xa0"))
        self.assertIn(partner, message.notified_partner_ids)

    # === AIMS === #

    def test_only_old_and_excess_stock_is_drained(self):
        """A store with a month of its sales gives some of it when that pays; drained, it keeps."""
        plenty = self.env["stock.quant"]._update_available_quantity
        plenty(self.apple, self.near.warehouse_id.lot_stock_id, -100)
        self.stock(self.apple, (self.middle, 200))
        self.make_sold(self.apple, self.middle, 13, days_ago=3)
        self.plan_record.preset = "drain"
        proposals = self.work().proposal_ids.filtered(lambda each: each.origin_id == self.middle)
        self.assertTrue(proposals, "of two hundred it sells one a week")
        self.assertGreaterEqual(proposals.origin_after, 4)
        proposals._reject("again", "once", 0)
        plenty(self.apple, self.middle.warehouse_id.lot_stock_id, -196)
        again = self.work().proposal_ids.filtered(lambda each: each.origin_id == self.middle)
        self.assertFalse(again, "what it sells itself is no excess")

    def test_at_the_end_of_the_season_what_is_left_is_gathered(self):
        """The last two of a store that sells none go where ten a week sell, shelf or not."""
        plenty = self.env["stock.quant"]._update_available_quantity
        plenty(self.apple, self.near.warehouse_id.lot_stock_id, -100)
        self.stock(self.apple, (self.middle, 2))
        self.env["oms.stock.rule"].create(
            {"product_id": self.apple.id, "site_id": self.middle.id, "presentation": 2}
        )
        kept = self.work().proposal_ids.filtered(lambda each: each.origin_id == self.middle)
        self.assertFalse(kept, "the shelf is not emptied in the season")
        self.plan_record.preset = "consolidate"
        moved = self.work().proposal_ids.filtered(lambda each: each.origin_id == self.middle)
        self.assertEqual((moved.site_id, moved.quantity, moved.origin_after), (self.far, 2, 0))

    # === FORGETTING === #

    def test_old_runs_and_what_was_taken_back_are_forgotten(self):
        old = self.propose(self.apple, self.near, self.far, 3)
        kept = self.propose(self.apple, self.near, self.middle, 3)
        old.state = "superseded"
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE oms_proposal SET write_date = write_date - interval '31 days' "
            "WHERE id = ANY(%s)",
            [(old + kept).ids],
        )
        self.env.cr.execute(
            "UPDATE oms_flow_run SET create_date = create_date - interval '181 days' WHERE id = %s",
            [self.run_record.id],
        )
        self.env.invalidate_all()
        waiting = self.plan_record._start()
        self.env.cr.execute(
            "UPDATE oms_flow_run SET create_date = create_date - interval '181 days' WHERE id = %s",
            [waiting.id],
        )
        self.env.invalidate_all()
        self.env["oms.flow.run"]._gc_superseded()
        self.env["oms.flow.run"]._gc_runs()
        self.assertFalse(old.exists())
        self.assertTrue(kept.exists())
        self.assertFalse(self.run_record.exists())
        self.assertFalse(kept.run_id)
        self.assertTrue(waiting.exists())

    def test_rejected_preparation_is_not_forbidden_for_weeks(self):
        proposal = self.run_record._propose(
            [{"kind": "preparation", "site_id": self.near.id, "subject": "2026-06-02"}]
        )
        [learned] = proposal._reject("Inventory today", "same", 8)
        self.assertEqual(str(learned.until), "2026-06-02")
        self.assertEqual((learned.kind, learned.site_id), ("preparation", self.near))

    @freeze_time("2026-06-02 10:00:00")
    def test_planners_do_not_change_plans(self):
        planner = self.make_user("plan_planner", "oms.group_flow_planner")
        with self.assertRaises(AccessError):
            self.plan_record.with_user(planner).automatic = True
