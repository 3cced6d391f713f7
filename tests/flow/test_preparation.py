from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .flow_case import FlowCase


@tagged("post_install", "-at_install")
class TestPreparation(FlowCase):
    """What a site prepares today is proposed, and becomes waves."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_record.state = "done"
        cls.plan_record.write(
            dict.fromkeys(
                ("does_transfer", "does_pull", "does_purchase", "does_level", "does_share"), False
            )
        )
        cls.network.site_ids = cls.near
        cls.near.resource_calendar_id = False
        cls.stock(cls.apple, (cls.near, 50))

    def due(self, order, days):
        """Have an order be due so many days from now."""
        moment = fields.Datetime.now() + timedelta(days=days)
        order.oms_fulfillment_ids.flush_recordset()
        order.oms_fulfillment_ids.due_at = moment
        return order.oms_fulfillment_ids._get_open_pickings()

    def day_of(self, run):
        """What the near site can still do."""
        now = fields.Datetime.now()
        return run._get_day(self.near, self.near._get_working_times(now)[self.near], now)

    def make_hours(self, *days):
        """Have the near site work from nine to five on some weekdays, in UTC."""
        calendar = self.env["resource.calendar"].create({"name": "Hours", "tz": "UTC"})
        calendar.attendance_ids.unlink()
        calendar.attendance_ids = [
            fields.Command.create(
                {
                    "name": day,
                    "dayofweek": day,
                    "hour_from": 9,
                    "hour_to": 17,
                    "day_period": "morning",
                }
            )
            for day in days
        ]
        self.near.write({"resource_calendar_id": calendar.id, "tz": "UTC"})

    def verbs(self, run):
        return {line.picking_id: (line.verb, line.why) for line in run.proposal_ids.line_ids}

    def test_what_is_due_goes_and_the_rest_as_far_as_there_is_room(self):
        late = self.due(self.make_order((self.apple, 4)), -1)
        soon = self.due(self.make_order((self.apple, 2)), 5)
        later = self.due(self.make_order((self.apple, 3)), 9)
        self.near.capacity_units = 7
        proposal = self.work().proposal_ids
        self.assertEqual(proposal.kind, "preparation")
        verbs = {line.picking_id: line.verb for line in proposal.line_ids}
        self.assertEqual(verbs, {late: "now", soon: "now", later: "hold"})
        self.assertEqual(proposal.quantity, 6)
        self.assertIn("2 orders with 6 units", proposal.why)
        self.assertIn("1 are held for a later cut-off", proposal.why)
        proposal.action_accept()
        self.assertEqual(proposal.state, "done")
        self.assertTrue(late.batch_id)
        self.assertTrue(soon.batch_id)
        self.assertFalse(later.batch_id)
        proposal.action_undo()
        self.assertFalse((late + soon).batch_id)

    def test_what_is_in_waves_takes_room(self):
        first = self.due(self.make_order((self.apple, 5)), -1)
        self.near.capacity_units = 7
        self.work().proposal_ids.action_accept()
        self.assertTrue(first.batch_id)
        second = self.due(self.make_order((self.apple, 3)), 6)
        proposal = self.work().proposal_ids
        self.assertEqual(proposal.line_ids.picking_id, second)
        self.assertEqual(proposal.line_ids.verb, "hold")

    def test_the_rest_for_the_same_customer_is_waited_for(self):
        first = self.due(self.make_order((self.apple, 1)), 6)
        move = self.make_open_move(
            self.berry, self.near, 5, fields.Datetime.now() + timedelta(days=2)
        )
        self.stock(self.berry, (self.near, 1))
        rest = self.make_order((self.berry, 1)).oms_fulfillment_ids._get_open_pickings()
        rest.do_unreserve()
        self.stock(self.berry, (self.near, -1))
        self.assertEqual(rest.state, "confirmed")
        self.assertTrue(move.date > fields.Datetime.now())
        proposal = self.work().proposal_ids
        line = proposal.line_ids.filtered(lambda line: line.picking_id == first)
        self.assertEqual((line.verb, line.why[:8]), ("hold", "More for"))

    def test_nothing_to_prepare_any_more(self):
        picking = self.due(self.make_order((self.apple, 4)), -1)
        proposal = self.work().proposal_ids
        self.ship(picking)
        with self.assertRaisesRegex(UserError, "nothing of it can be prepared"):
            proposal.action_accept()

    def test_work_of_yesterday_is_taken_back(self):
        self.due(self.make_order((self.apple, 4)), -1)
        first = self.work().proposal_ids
        second = self.work().proposal_ids
        self.assertEqual((first.state, second.state), ("superseded", "proposed"))

    def test_room_is_that_of_the_day_at_the_site(self):
        self.near.write({"tz": "America/Los_Angeles", "cutoff_hour": 14.0, "capacity_units": 7})
        picking = self.due(self.make_order((self.apple, 5)), 1)
        self.ship(picking)
        # At ten in the morning there.
        picking.move_ids.date = "2026-06-02 17:00:00"
        self.env.flush_all()
        run = self.env["oms.flow.run"].create({"plan_id": self.plan_record.id})
        for moment, cutoff, room in (
            ("2026-06-02 18:00:00", 14.0, 2),
            # The last has left: the next day is free, whatever was done on this one.
            ("2026-06-02 22:00:00", 14.0, 7),
            # It is tomorrow in London, not there.
            ("2026-06-03 01:00:00", 22.0, 2),
        ):
            self.near.cutoff_hour = cutoff
            with freeze_time(moment):
                self.assertEqual(self.day_of(run).units, room, moment)

    def test_what_was_done_today_takes_room_of_a_site_that_never_closes(self):
        self.near.write({"tz": "UTC", "capacity_units": 7, "capacity_orders": 3})
        run = self.env["oms.flow.run"].create({"plan_id": self.plan_record.id})
        picking = self.due(self.make_order((self.apple, 5)), 1)
        self.ship(picking)
        picking.move_ids.date = "2026-06-02 09:00:00"
        self.env.flush_all()
        with freeze_time("2026-06-02 10:00:00"):
            day = self.day_of(run)
        self.assertEqual((day.units, day.orders), (2, 2))

    def test_what_is_due_while_the_site_is_closed_goes_before(self):
        """On a Friday: what has to leave on Saturday, or early on Monday, cannot be held."""
        pickings = {
            moment: self.due(self.make_order((self.apple, 2)), 0)
            for moment in (
                "2026-06-05 16:00:00",
                "2026-06-06 11:00:00",
                "2026-06-08 10:00:00",
                "2026-06-08 16:00:00",
            )
        }
        for moment, picking in pickings.items():
            picking.oms_fulfillment_id.due_at = moment
        self.near.capacity_units = 1
        with freeze_time("2026-06-05 10:00:00"):
            self.make_hours("0", "1", "2", "3", "4")
            run = self.work()
        self.assertEqual(run.proposal_ids.subject, "2026-06-05")
        verbs = self.verbs(run)
        self.assertEqual(
            [verbs[picking][0] for picking in pickings.values()], ["now", "now", "now", "hold"]
        )
        self.assertIn("5 units more than the day can", run.proposal_ids.why)
        self.assertIn("17:00 (UTC)", run.proposal_ids.why)

    def test_orders_wanted_for_a_day_wait_for_it(self):
        order = self.make_order((self.apple, 1))
        order.oms_wanted_at = fields.Datetime.now() + timedelta(days=9)
        wanted = self.due(order, 8)
        other = self.due(self.make_order((self.apple, 1)), 8)
        run = self.work()
        self.assertEqual(self.verbs(run)[wanted], ("hold", "The customer wants it on a later day."))
        self.assertEqual(self.verbs(run)[other][0], "now")
        self.assertIn("1 are held because their customers", run.proposal_ids.why)

    def test_own_next_step_is_no_part_that_comes(self):
        """Of two steps the second waits for the first: more of the goods changes nothing."""
        self.near.warehouse_id.delivery_steps = "pick_ship"
        first = self.due(self.make_order((self.apple, 1)), 6)
        self.assertEqual(first.picking_type_code, "internal")
        self.make_open_move(self.apple, self.near, 5, fields.Datetime.now() + timedelta(days=2))
        self.assertEqual(self.verbs(self.work())[first][0], "now")

    def test_who_is_first_in_line_gets_what_comes(self):
        """One berry comes, and another customer waits for it longer: the rest is not in sight."""
        first = self.due(self.make_order((self.apple, 1)), 6)
        self.make_open_move(self.berry, self.near, 1, fields.Datetime.now() + timedelta(days=2))
        self.stock(self.berry, (self.near, 2))
        other = self.make_order((self.berry, 1), partner_id=self.make_partner("Other").id)
        rest = self.make_order((self.berry, 1))
        waiting = (other + rest).oms_fulfillment_ids._get_open_pickings()
        waiting.do_unreserve()
        self.stock(self.berry, (self.near, -2))
        self.assertEqual(set(waiting.mapped("state")), {"confirmed"})
        self.assertEqual(self.verbs(self.work())[first][0], "now")
        other.with_context(disable_cancel_warning=True).action_cancel()
        self.assertEqual(self.verbs(self.work())[first][0], "hold")

    def test_rule_for_another_carrier_hides_nothing(self):
        carrier = self.env["delivery.carrier"].search([], limit=1)
        self.env["oms.preparation.rule"].create(
            {
                "name": "Express",
                "site_id": self.near.id,
                "carrier_ids": carrier.ids,
                "when": "cutoff",
                "due_hours": 1,
            }
        )
        picking = self.due(self.make_order((self.apple, 1)), 3)
        self.assertNotIn(picking.carrier_id, carrier)
        proposal = self.work().proposal_ids
        self.assertEqual(proposal.line_ids.picking_id, picking)
        proposal.action_accept()
        self.assertTrue(picking.batch_id)

    def test_waves_and_proposals_lead_to_each_other(self):
        pickings = self.due(self.make_order((self.apple, 4)), -1)
        proposal = self.work().proposal_ids
        self.assertTrue(proposal.line_ids.cutoff)
        proposal.action_accept()
        self.assertEqual(proposal.batch_ids, pickings.batch_id)
        self.assertEqual(pickings.batch_id.oms_proposal_id, proposal)
        self.assertEqual(proposal.batch_count, 1)
        self.assertEqual(proposal.action_view_batches()["res_id"], pickings.batch_id.id)

    def test_what_is_begun_is_not_undone(self):
        picking = self.due(self.make_order((self.apple, 4)), -1)
        proposal = self.work().proposal_ids
        proposal.action_accept()
        batch = picking.batch_id
        batch.action_oms_take()
        with self.assertRaisesRegex(UserError, "somebody has begun"):
            proposal.action_undo()
        batch.action_oms_give_back()
        # Of what was put into the wave by hand nothing is taken out.
        extra = self.due(self.make_order((self.apple, 1)), 4)
        extra.batch_id = batch
        proposal.action_undo()
        self.assertEqual(
            (proposal.state, picking.batch_id, extra.batch_id.id),
            ("undone", batch.browse(), batch.id),
        )
        self.assertEqual(batch.state, "in_progress")

    def test_what_was_cancelled_or_shipped_meanwhile_stays_out(self):
        orders = [self.make_order((self.apple, 1)) for _number in range(3)]
        kept, shipped, cancelled = (self.due(order, -1) for order in orders)
        proposal = self.work().proposal_ids
        self.ship(shipped)
        orders[2].with_context(disable_cancel_warning=True).action_cancel()
        proposal.action_accept()
        self.assertEqual(proposal.batch_ids.picking_ids, kept)
        self.assertFalse(cancelled.batch_id)

    def test_pickers_that_are_left_are_told(self):
        rule = self.env["oms.preparation.rule"].create(
            {"name": "Few", "site_id": self.near.id, "when": "cutoff", "most_orders": 1}
        )
        rule.most_waves = 1
        for _number in range(2):
            self.due(self.make_order((self.apple, 1)), -1)
        proposal = self.work().proposal_ids
        proposal.action_accept()
        self.assertEqual(proposal.batch_count, 1)
        self.assertIn("as many waves are open", proposal.message_ids[0].body)
        rest = self.work().proposal_ids
        with self.assertRaisesRegex(UserError, "as many waves are open"):
            rest.action_accept()

    def test_two_plans_propose_the_same_work_once(self):
        self.due(self.make_order((self.apple, 4)), -1)
        first = self.work().proposal_ids
        other = self.plan_record.copy({"name": "Other plan"})
        self.assertFalse(self.work(other).proposal_ids)
        self.assertEqual(first.state, "proposed")

    def test_site_that_is_offline_is_proposed_nothing(self):
        picking = self.due(self.make_order((self.apple, 4)), -1)
        self.near._take_offline("Flood", resource_work=False)
        self.assertTrue(picking.state not in ("done", "cancel"))
        run = self.work()
        self.assertFalse(run.proposal_ids)
        self.assertIn("is offline", "".join(run.note_ids.mapped("message")))

    def test_site_that_is_closed(self):
        self.due(self.make_order((self.apple, 4)), -1)
        calendar = self.env["resource.calendar"].create({"name": "Never"})
        calendar.attendance_ids.unlink()
        self.near.resource_calendar_id = calendar
        run = self.work()
        self.assertFalse(run.proposal_ids)
        self.assertIn("no working hours", "".join(run.note_ids.mapped("message")))
