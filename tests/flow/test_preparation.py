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
        get_day = self.env["oms.flow.run"]._get_day
        for moment, cutoff, room in (
            ("2026-06-02 18:00:00", 14.0, 2),
            # The last has left: the next day is free, whatever was done on this one.
            ("2026-06-02 22:00:00", 14.0, 7),
            # It is tomorrow in London, not there.
            ("2026-06-03 01:00:00", 22.0, 2),
        ):
            self.near.cutoff_hour = cutoff
            with freeze_time(moment):
                self.assertEqual(get_day(self.near).units, room, moment)

    def test_site_that_is_closed(self):
        self.due(self.make_order((self.apple, 4)), -1)
        calendar = self.env["resource.calendar"].create({"name": "Never"})
        calendar.attendance_ids.unlink()
        self.near.resource_calendar_id = calendar
        run = self.work()
        self.assertFalse(run.proposal_ids)
        self.assertIn("no working hours", "".join(run.note_ids.mapped("message")))
