from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..api.common import ApiCase


@tagged("post_install", "-at_install")
class TestDelivery(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 100))
        cls.order = cls.make_order((cls.apple, 4), oms_external_ref="W-1")
        cls.part = cls.order.oms_fulfillment_ids
        cls.parcel = cls.part.picking_ids
        cls.now = fields.Datetime.now()

    def events(self, order=None):
        return (order or self.order).oms_event_ids.filtered(
            lambda event: event.event == "fulfillment.delivered"
        )

    def ship_all(self, parts=None):
        for picking in (parts or self.part).picking_ids:
            self.ship(picking)

    # === MOMENTS === #

    def test_moments_follow_the_goods(self):
        self.assertEqual(
            self.part.released_at, min(self.part.line_ids.move_ids.mapped("create_date"))
        )
        self.assertFalse(self.part.shipped_at)
        self.ship(self.parcel, 1, backorder=True)
        self.assertFalse(self.part.shipped_at)
        rest = self.part.picking_ids - self.parcel
        self.ship(rest)
        self.parcel.date_done = self.now - timedelta(days=2)
        rest.date_done = self.now - timedelta(days=1)
        self.assertEqual(self.part.shipped_at, self.now - timedelta(days=1))
        self.assertEqual(self.part.state, "shipped")

    def test_delivered_once(self):
        self.ship_all()
        moment = self.part.shipped_at
        self.assertEqual(self.part._set_delivered(moment), self.part)
        self.assertEqual((self.part.state, self.part.delivered_at), ("delivered", moment))
        self.assertEqual(self.parcel.oms_delivered_at, moment)
        self.assertFalse(self.part._set_delivered())
        self.assertEqual(self.part.delivered_at, moment)
        self.assertEqual(len(self.events()), 1)

    def test_delivery_is_taken_back(self):
        self.ship_all()
        self.part.action_set_delivered()
        self.part.action_unset_delivered()
        self.assertEqual((self.part.state, self.part.delivered_at), ("shipped", False))
        self.assertFalse(self.parcel.oms_delivered_at)
        with self.assertRaisesRegex(UserError, "Nothing of this"):
            self.part.action_unset_delivered()

    def test_nothing_is_delivered_that_has_not_left(self):
        other = self.make_order((self.apple, 1))
        self.ship_all(other.oms_fulfillment_ids)
        both = self.part | other.oms_fulfillment_ids
        with self.assertRaisesRegex(UserError, self.part.name):
            both._set_delivered()
        self.assertFalse(any(both.mapped("delivered_at")))

    def test_neither_before_it_left_nor_in_the_future(self):
        self.ship_all()
        with self.assertRaisesRegex(UserError, "it left on"):
            self.part._set_delivered(self.part.shipped_at - timedelta(seconds=1))
        with self.assertRaisesRegex(UserError, "still to come"):
            self.part._set_delivered(fields.Datetime.now() + timedelta(days=1))
        self.assertEqual(self.part.state, "shipped")

    def test_what_was_lost_is_not_delivered(self):
        self.ship_all()
        self.part._set_delivered()
        self.part._lose()
        self.assertEqual(self.part.state, "lost")

    def test_a_fulfillment_is_delivered_with_its_last_parcel(self):
        self.ship(self.parcel, 1, backorder=True)
        rest = self.part.picking_ids - self.parcel
        self.parcel._oms_set_delivered()
        self.assertEqual(self.part.state, "released")
        self.ship(rest)
        self.assertEqual(self.part.state, "shipped")
        rest._oms_set_delivered()
        self.assertEqual(self.part.state, "delivered")
        self.assertEqual(len(self.events()), 1)

    def test_a_fulfillment_is_delivered_when_the_rest_is_given_up(self):
        self.ship(self.parcel, 1, backorder=True)
        self.parcel._oms_set_delivered()
        (self.part.picking_ids - self.parcel).action_cancel()
        self.assertEqual(self.part.state, "delivered")

    def test_batch_costs_no_query_each(self):
        def count(number):
            orders = self.env["sale.order"].union(
                *(self.make_order((self.apple, 1)) for _ in range(number))
            )
            parts = orders.oms_fulfillment_ids.with_prefetch()
            self.ship_all(parts)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            parts._set_delivered()
            self.env.flush_all()
            self.assertEqual(set(parts.mapped("state")), {"delivered"})
            return self.cr.sql_log_count - before

        few = count(2)
        self.assertLessEqual(count(9), few + 2)

    # === ROLES === #

    def test_who_may_tell(self):
        self.ship_all()
        clerk = self.make_user("clerk", "oms.group_site_operator")
        self.near.user_ids = clerk
        seller = self.make_user("seller", "sales_team.group_sale_salesman_all_leads")
        stranger = self.make_user("stranger", "oms.group_site_operator")
        for user in (seller, stranger, self.system):
            with self.assertRaises(AccessError):
                self.part.with_user(user).action_set_delivered()
        self.part.with_user(clerk).action_set_delivered()
        self.assertEqual(self.part.state, "delivered")

    # === CHANNEL === #

    def report(self, *deliveries):
        return self.api.report_deliveries(deliveries=list(deliveries))["deliveries"]

    def test_channel_tells_by_any_name(self):
        by_kind = {}
        for kind in ("reference", "shipment", "parcel", "tracking", "among"):
            order = self.make_order((self.apple, 1), oms_external_ref=f"X-{kind}")
            self.ship_all(order.oms_fulfillment_ids)
            by_kind[kind] = order.oms_fulfillment_ids
        by_kind["tracking"].picking_ids.carrier_tracking_ref = "T1"
        by_kind["among"].picking_ids.carrier_tracking_ref = "T2,T3"
        answers = self.report(
            {"reference": "X-reference"},
            {"shipment": by_kind["shipment"].name},
            {"shipment": by_kind["parcel"].picking_ids.name},
            {"tracking": "T1"},
            {"tracking": "T3", "reference": "X-among"},
            {"tracking": "T2"},
        )
        self.assertEqual([answer["status"] for answer in answers], ["delivered"] * 6)
        for kind, part in by_kind.items():
            self.assertEqual(part.state, "delivered", kind)
        self.assertEqual(self.report({"tracking": "T1"})[0]["status"], "unchanged")
        [status] = self.api.order_status(references=["X-tracking"])["orders"]
        self.assertEqual((status["state"], status["shipments"][0]["state"]), ("delivered",) * 2)
        self.assertTrue(status["shipments"][0]["delivered_at"])

    def test_a_transfer_is_delivered_with_the_last_of_its_parcels(self):
        self.ship_all()
        self.parcel.carrier_tracking_ref = "T1,T2, T3"
        self.parcel.move_ids.date = self.now - timedelta(hours=5)

        def tell(tracking, hours):
            at = (self.now - timedelta(hours=hours)).isoformat() + "Z"
            [answer] = self.report({"tracking": tracking, "at": at})
            return answer["status"], self.part.state

        self.assertEqual(tell("T2", 1), ("delivered", "shipped"))
        self.assertEqual(tell("T2", 0), ("unchanged", "shipped"))
        self.assertEqual(tell("T1", 2), ("delivered", "shipped"))
        self.assertFalse(self.parcel.oms_delivered_at)
        self.assertEqual(tell("T3", 4), ("delivered", "delivered"))
        self.assertEqual(
            self.part.delivered_at, (self.now - timedelta(hours=1)).replace(microsecond=0)
        )
        self.assertEqual(tell("T3", 0), ("unchanged", "delivered"))
        self.part._unset_delivered()
        self.assertEqual(tell("T1", 0), ("delivered", "shipped"), "all is to be told anew")
        self.assertEqual(tell("T1,T2, T3", 0), ("delivered", "delivered"))

    def test_a_transfer_that_is_named_is_delivered_as_a_whole(self):
        self.ship_all()
        self.parcel.carrier_tracking_ref = "T1,T2"
        self.report({"tracking": "T1"}, {"shipment": self.parcel.name})
        self.assertEqual(self.part.state, "delivered")

    def test_parcels_of_carriers_are_told_one_by_one(self):
        self.ship_all()
        self.parcel.carrier_tracking_ref = "T1,T2,T0"
        rows = [
            {"picking_id": self.parcel.id, "tracking_number": number, "state": state}
            for number, state in (("T0", "cancelled"), ("T1", "in_transit"), ("T2", "in_transit"))
        ]
        parcels = self.env["oms.parcel"].create(rows)
        self.assertEqual(self.report({"tracking": "T1"})[0]["status"], "delivered")
        self.assertEqual(parcels.mapped("state"), ["cancelled", "delivered", "in_transit"])
        self.assertEqual(self.part.state, "shipped")
        self.assertEqual(self.report({"tracking": "T1"})[0]["status"], "unchanged")
        # The carrier tells of the other one itself.
        parcels[2].write({"state": "delivered", "state_at": self.now})
        parcels[2]._on_state("delivered")
        self.assertEqual(self.part.state, "delivered")

    def test_channel_is_answered_item_by_item(self):
        self.ship_all()
        open_order = self.make_order((self.apple, 1), oms_external_ref="W-2")
        phone = self.make_channel("Phone", "TPHONE")
        theirs = self.make_order((self.apple, 1), oms_external_ref="P-1", oms_channel_id=phone.id)
        self.ship_all(theirs.oms_fulfillment_ids)
        answers = self.report(
            {"reference": "W-1"},
            {"reference": "W-1"},
            {"reference": "W-2"},
            {"reference": "P-1"},
            {"shipment": theirs.oms_fulfillment_ids.name},
            {"tracking": "unknown"},
            {},
            {"reference": "W-1", "at": "2200-01-01T00:00:00Z"},
            {"reference": "W-1", "shipment": open_order.oms_fulfillment_ids.name},
        )
        self.assertEqual(
            [(answer["status"], (answer["error"] or {}).get("code")) for answer in answers],
            [
                ("delivered", None),
                ("unchanged", None),
                ("refused", "conflict"),
                ("refused", "not_found"),
                ("refused", "not_found"),
                ("refused", "not_found"),
                ("refused", "invalid"),
                ("refused", "conflict"),
                ("refused", "not_found"),
            ],
        )
        self.assertEqual(answers[2]["error"]["field"], "deliveries.2")
        self.assertEqual(theirs.oms_fulfillment_ids.state, "shipped")
        self.assertEqual(self.part.state, "delivered")

    def test_channel_hears_of_it(self):
        self.ship_all()
        self.part._set_delivered()
        self.env.flush_all()
        told = self.env["oms.feed.event"].search([("fulfillment_id", "=", self.part.id)])
        delivered = told.filtered(lambda event: event.type == "fulfillment.delivered")
        self.assertEqual(len(delivered), 1)
        self.assertEqual(delivered._prepare_payload()["lines"][0]["quantity"], 4)
