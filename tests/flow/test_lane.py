from datetime import timedelta

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .flow_case import FlowCase


@tagged("post_install", "-at_install")
class TestLane(FlowCase):
    """Lanes: when goods leave, how much room there is, and what cannot be a lane."""

    def setUp(self):
        super().setUp()
        self.run_record.state = "done"
        self.lane = self.lanes[self.near, self.far]
        self.sell_far_apples()

    def make_calendar(self, *days, tz="UTC"):
        calendar = self.env["resource.calendar"].create({"name": "Truck", "tz": tz})
        calendar.attendance_ids.unlink()
        calendar.attendance_ids = [
            fields.Command.create(
                {
                    "name": day,
                    "dayofweek": day,
                    "hour_from": 8,
                    "hour_to": 9,
                    "day_period": "morning",
                }
            )
            for day in days
        ]
        return calendar

    def moved(self, run):
        return sum(run.proposal_ids.filtered(lambda p: p.lane_id == self.lane).mapped("quantity"))

    # === DEPARTURES === #

    def test_goods_leave_when_the_calendar_says(self):
        self.lane.calendar_id = self.make_calendar("1", "4", tz="America/New_York")
        # A Wednesday; Friday at eight in New York is noon in summer.
        moment = fields.Datetime.to_datetime("2026-06-03 10:00:00")
        self.assertEqual(str(self.lane._get_departure(moment)), "2026-06-05 12:00:00")
        self.assertEqual(str(self.lane._get_arrival(moment)), "2026-06-07 12:00:00")
        day_off = {"date_from": "2026-06-05 00:00:00", "date_to": "2026-06-06 00:00:00"}
        other = self.env["res.company"].create({"name": "Other"})
        Leave = self.env["resource.calendar.leaves"]
        self.assertEqual(
            Leave.with_company(other).create({"name": "Theirs", **day_off}).company_id, other
        )
        self.assertEqual(str(self.lane._get_departure(moment)), "2026-06-05 12:00:00")
        Leave.create({"name": "Ours", **day_off})
        self.assertEqual(str(self.lane._get_departure(moment)), "2026-06-09 12:00:00")

    def test_without_own_hours_those_of_the_site_count(self):
        self.near.resource_calendar_id = self.make_calendar("0")
        with freeze_time("2026-06-03 10:00:00"):
            [proposal] = self.work().proposal_ids.filtered(lambda p: p.lane_id == self.lane)
        self.assertEqual(str(proposal.leaves_at), "2026-06-08 08:00:00")
        self.assertEqual(str(proposal.arrives_at), "2026-06-10 08:00:00")

    # === ROOM === #

    def test_a_truck_is_filled_once(self):
        """What goes with it by older proposals, open or accepted, takes its room."""
        self.lane.calendar_id = self.make_calendar("0")
        self.lane.capacity_units = 12
        self.stock(self.berry, (self.near, 50))
        berries = self.propose(self.berry, self.near, self.far, 5)
        berries.leaves_at = self.lane._get_departure(fields.Datetime.now())
        first = self.work()
        self.assertEqual(self.moved(first), 7)
        first.proposal_ids.action_accept()
        self.assertEqual(self.moved(self.work()), 0)
        with freeze_time(fields.Datetime.now() + timedelta(days=7)):
            self.env["oms.position"]._flush_facts()
            self.assertGreater(self.moved(self.work()), 0, "the next truck is empty")

    def test_room_in_kilograms(self):
        self.apple.weight = 2.5
        self.lane.capacity_kg = 26
        self.assertEqual(self.moved(self.work()), 10)
        self.assertEqual(self.moved(self.work()), 0)

    def test_small_shipments_wait_for_more(self):
        self.lane.minimum_units = 98
        run = self.work()
        self.assertEqual(self.moved(run), 0)
        self.assertIn(
            "less is wanted than the smallest shipment", "".join(run.note_ids.mapped("message"))
        )
        # With something that goes anyway it is no small one.
        self.stock(self.berry, (self.near, 80))
        self.propose(self.berry, self.near, self.far, 75).leaves_at = fields.Datetime.now()
        self.assertGreater(self.moved(self.work()), 0)

    def test_pulls_below_order_points_heed_the_lane(self):
        """Seven units and two kilograms a unit: what gains most for a unit fills what is left."""
        self.lane.write({"capacity_units": 10, "capacity_kg": 14})
        departures = {self.lane: fields.Datetime.now()}
        row = {
            "lane_id": self.lane.id,
            "cost": 2.0,
            "carbon_kg": 1.0,
            "origin_before": 100,
            "site_before": 0,
            "explanation": {"parts": [["way", -2.0]]},
        }
        apples = {
            **row,
            "product_id": self.apple.id,
            "quantity_proposed": 4.0,
            "gain": 8.0,
            "unit_gain": 2.0,
            "weight": 4.0,
            "origin_after": 96,
            "site_after": 4,
        }
        berries = {
            **row,
            "product_id": self.berry.id,
            "quantity_proposed": 8.0,
            "gain": 8.0,
            "unit_gain": 1.0,
            "weight": 16.0,
            "origin_after": 92,
            "site_after": 8,
        }
        run = self.plan_record._start()
        first, cut = run._fit_lanes([berries, apples], self.lane, departures)
        self.assertEqual(first, apples)
        # Six would fit by number, five by weight.
        self.assertEqual((cut["quantity_proposed"], cut["weight"], cut["gain"]), (5, 10, 5))
        self.assertEqual((cut["origin_after"], cut["site_after"]), (95, 5))
        self.assertEqual(cut["explanation"]["parts"], [["way", -1.25]])
        self.assertIn("3 units have no room", "".join(run.note_ids.mapped("message")))
        self.lane.write({"capacity_units": 0, "capacity_kg": 0, "minimum_units": 13})
        self.assertFalse(run._fit_lanes([berries, apples], self.lane, departures))
        self.lane.minimum_units = 12
        self.assertEqual(len(run._fit_lanes([berries, apples], self.lane, departures)), 2)

    # === WHAT CANNOT BE === #

    @mute_logger("odoo.sql_db")
    def test_each_way_once(self):
        Lane = self.env["oms.lane"]
        self.lane.active = False
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            Lane.create({"origin_id": self.near.id, "site_id": self.far.id})
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            Lane.create({"origin_id": self.near.id, "site_id": self.near.id})

    def test_other_companies_are_no_place_to_go(self):
        other = self.env["res.company"].create({"name": "Other"})
        site = self.make_site("Theirs", "THR", company=other)
        with self.assertRaises(UserError):
            self.env["oms.lane"].create({"origin_id": self.near.id, "site_id": site.id})

    @mute_logger("odoo.sql_db")
    def test_lanes_are_imported(self):
        self.env["oms.lane"].search([]).unlink()
        columns = ["origin_id", "site_id", "days", "kg_cost", "shipment_cost"]
        rows = [["Near", "Far", "1.5", "0.2", "30"], ["Near", "Middle", "1", "0.1", "30"]]
        found = self.env["oms.lane"].load(columns, rows)
        self.assertFalse(found["messages"])
        lanes = self.env["oms.lane"].browse(found["ids"])
        self.assertEqual(lanes.mapped("days"), [1.5, 1.0])
        bad = self.env["oms.lane"].load(columns, [["Near", "Nowhere", "1", "0", "0"]])
        self.assertIn("Nowhere", bad["messages"][0]["message"])

    # === MADE BY THE NETWORK === #

    def test_unknown_distances_are_told(self):
        self.env["oms.lane"].search([]).unlink()
        self.middle.partner_id.write({"partner_latitude": 0, "partner_longitude": 0})
        self.middle.write({"latitude": 0, "longitude": 0})
        self.far.active = False
        self.network.action_make_lanes()
        lanes = self.env["oms.lane"].search([])
        self.assertEqual((lanes.origin_id, lanes.site_id), (self.near, self.middle))
        self.assertIn("was not known", lanes.note)

    def test_who_makes_lanes(self):
        self.env["oms.lane"].search([]).unlink()
        for group in ("oms.group_order_operator", "oms.group_site_operator"):
            user = self.make_user(group.replace(".", "_"), group)
            with self.assertRaises(AccessError):
                self.network.with_user(user).action_make_lanes()
        planner = self.make_user("lane_planner", "oms.group_flow_planner")
        self.network.with_user(planner).action_make_lanes()
        self.assertEqual(self.network.lane_count, 4)
        self.network.site_ids = self.near
        with self.assertRaisesRegex(UserError, "Fewer than two sites"):
            self.network.action_make_lanes()

    def test_archived_lanes_are_not_made_again(self):
        self.lane.active = False
        self.network.action_make_lanes()
        self.assertFalse(self.lane.active)
        self.assertFalse(self.moved(self.work()))
