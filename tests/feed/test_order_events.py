from datetime import datetime
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.oms.models.feed.cursor import CursorError, CursorExpired

from .feed_case import FeedCase

STANDINGS = {"order.sourced", "order.waiting", "order.held"}


@tagged("post_install", "-at_install")
class TestOrderEvents(FeedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 3), (cls.far, 4))

    def setUp(self):
        super().setUp()
        self.clock = 0
        self.cursor = self.call("_get_order_events")["cursor"]

    def later(self):
        """Have what happened before be of an earlier transaction than what happens next."""
        self.env.flush_all()
        self.clock += 1
        self.env.cr.execute(
            "UPDATE oms_feed_event SET at = at - %s * interval '1 day' WHERE number IS NULL",
            [self.clock],
        )

    def told(self, channel=None):
        """Return what a client is told since it was told last."""
        answer = self.call("_get_order_events", self.cursor, channel=channel)
        self.cursor = answer["cursor"]
        self.assertFalse(answer["more"])
        return answer["rows"]

    def types(self):
        return [row["type"] for row in self.told()]

    def test_life_of_an_order(self):
        order = self.make_order((self.apple, 5), oms_external_ref="W-17")
        rows = self.told()
        self.assertEqual({row["order"] for row in rows}, {"W-17"})
        self.assertEqual({row["name"] for row in rows}, {order.name})
        types = [row["type"] for row in rows]
        self.assertEqual(
            sorted(types),
            ["fulfillment.released", "fulfillment.released", "order.placed", "order.sourced"],
        )
        self.assertEqual(types[0], "order.placed")
        placed = rows[0]
        self.assertEqual(
            placed["data"]["lines"],
            [{"product": "Apple", "quantity": 5, "unit": "Units", "open": 0}],
        )
        moment = datetime.fromisoformat(placed["at"])
        self.assertEqual(moment.utcoffset().total_seconds(), 0)
        self.assertLess(abs((moment.replace(tzinfo=None) - self.env.cr.now()).total_seconds()), 5)
        released = {row["data"]["site"]: row["data"] for row in rows if "site" in row["data"]}
        self.assertEqual(released.keys(), {"NEAR", "FAR"})
        near, far = (
            order.oms_fulfillment_ids.filtered(lambda each, site=site: each.site_id == site)
            for site in (self.near, self.far)
        )
        self.assertEqual(
            released["NEAR"],
            {
                "fulfillment": near.name,
                "site": "NEAR",
                "lines": [{"product": "Apple", "quantity": 3, "unit": "Units"}],
                "tracking": [],
            },
        )
        self.assertEqual(self.told(), [])

        near.picking_ids.carrier_tracking_ref = "TRACK-1"
        self.ship(near.picking_ids)
        rows = {row["type"]: row["data"] for row in self.told()}
        self.assertEqual(rows.keys(), {"parcel.shipped", "fulfillment.shipped"})
        lines = [{"product": "Apple", "quantity": 3, "unit": "Units"}]
        self.assertEqual(
            rows["parcel.shipped"],
            {
                "fulfillment": near.name,
                "site": "NEAR",
                "shipment": near.picking_ids.name,
                "carrier": None,
                "tracking": ["TRACK-1"],
                "lines": lines,
            },
        )
        self.assertEqual(
            rows["fulfillment.shipped"],
            {
                "fulfillment": near.name,
                "site": "NEAR",
                "lines": lines,
                "tracking": ["TRACK-1"],
            },
        )
        self.ship(far.picking_ids)
        self.assertIn("order.shipped", self.types())
        self.take_back(near.picking_ids, 1)
        [row] = self.told()
        self.assertEqual((row["type"], row["data"]["site"]), ("return.received", "NEAR"))
        self.assertEqual(
            row["data"]["lines"], [{"product": "Apple", "quantity": 1, "unit": "Units"}]
        )

    def test_parcels_of_one_fulfillment(self):
        """Each parcel is told when it leaves, the fulfillment when the last one has."""
        order = self.make_order((self.apple, 3))
        picking = order.oms_fulfillment_ids.picking_ids
        self.told()
        self.ship(picking, 1, backorder=True)
        [row] = self.told()
        self.assertEqual((row["type"], row["data"]["shipment"]), ("parcel.shipped", picking.name))
        self.assertEqual(row["data"]["lines"][0]["quantity"], 1)
        self.ship(order.oms_fulfillment_ids.picking_ids - picking)
        rows = {row["type"]: row["data"] for row in self.told()}
        self.assertEqual(rows["parcel.shipped"]["lines"][0]["quantity"], 2)
        self.assertEqual(rows["fulfillment.shipped"]["lines"][0]["quantity"], 3)

    def test_waits_and_is_sourced(self):
        order = self.make_order((self.berry, 2))
        rows = {row["type"]: row["data"] for row in self.told()}
        self.assertEqual(rows.keys(), {"order.placed", "order.waiting"})
        self.assertEqual(rows["order.waiting"]["lines"][0]["open"], 2)
        self.stock(self.berry, (self.near, 2))
        order.action_oms_source()
        self.assertEqual(set(self.types()), {"order.sourced", "fulfillment.released"})

    def test_cancelled(self):
        order = self.make_order((self.apple, 1))
        quotation = self.make_order((self.apple, 1), confirm=False)
        self.told()
        (order + quotation)._action_cancel()
        rows = self.told()
        # A quotation was never told, and so is not told to have ended.
        self.assertEqual({row["name"] for row in rows}, {order.name})
        self.assertEqual(
            {row["type"] for row in rows}, {"order.cancelled", "fulfillment.cancelled"}
        )

    def test_given_back(self):
        order = self.make_order((self.apple, 1))
        self.told()
        order.oms_fulfillment_ids.picking_ids.action_cancel()
        rows = {row["type"]: row["data"] for row in self.told()}
        self.assertEqual(rows["fulfillment.rejected"]["site"], "NEAR")
        self.assertIn("order.waiting", rows)

    def test_passing_states(self):
        """What an order went through within one transaction is nobody's business."""
        order = self.make_order((self.apple, 1))
        self.told()
        order.oms_fulfillment_ids.picking_ids.action_cancel()
        self.env.flush_all()
        order.action_oms_source()
        types = self.types()
        self.assertEqual([kind for kind in types if kind in STANDINGS], ["order.sourced"])
        self.assertEqual(sorted(types)[:2], ["fulfillment.rejected", "fulfillment.released"])

    def test_states_of_several_transactions(self):
        """What each of them committed is told, in that order."""
        order = self.make_order((self.apple, 1))
        self.told()
        order.oms_fulfillment_ids.picking_ids.action_cancel()
        self.later()
        order.action_oms_source()
        self.assertEqual(
            [kind for kind in self.types() if kind in STANDINGS],
            ["order.waiting", "order.sourced"],
        )

    def test_other_channels(self):
        """Nobody is told of the orders of others, or of none."""
        other = self.make_channel("Other", "TOTHER")
        theirs = self.make_order((self.apple, 1), oms_channel_id=other.id)
        self.make_order((self.apple, 1), oms_channel_id=False)
        start = self.cursor
        self.assertEqual(self.told(), [])
        self.cursor = start
        rows = self.told(channel=other)
        self.assertEqual({row["name"] for row in rows}, {theirs.name})
        self.assertGreaterEqual(len(rows), 3)

    def test_pages_and_again(self):
        """Whoever asks again gets the same events under the same ids."""
        for _number in range(3):
            self.make_order((self.apple, 1))
        start = self.cursor
        rows = self.told()
        again, cursor, more = [], start, True
        while more:
            answer = self.call("_get_order_events", cursor, limit=2)
            again += answer["rows"]
            cursor, more = answer["cursor"], answer["more"]
        self.assertEqual(again, rows)
        self.assertEqual(len({row["id"] for row in rows}), len(rows))

    def test_described_as_it_was(self):
        """What happens later does not change what is told of what happened before."""
        order = self.make_order((self.apple, 1))
        start = self.cursor
        rows = self.told()
        order._action_cancel()
        self.cursor = start
        self.assertEqual(self.told()[: len(rows)], rows)

    def test_forgotten(self):
        self.make_order((self.apple, 1))
        start = self.cursor
        self.told()
        self.env.cr.execute("UPDATE oms_feed_event SET at = '2020-01-01' WHERE number IS NOT NULL")
        self.make_order((self.apple, 2))
        late = self.told()
        with self.enter_registry_test_mode():
            self.env["oms.feed"]._forget(7, 30)
        self.env.invalidate_all()
        with self.assertRaisesRegex(CursorExpired, "Begin without a cursor"):
            self.call("_get_order_events", start)
        self.assertEqual(self.call("_get_order_events")["rows"], late)
        self.assertEqual(self.told(), [])

    def test_bad_cursors(self):
        page = self.call("_get_stock_snapshot", limit=1)["next"]
        for cursor in ("x", 17, page, f"00000000-{self.cursor.split('-')[1]}"):
            with self.subTest(cursor=cursor), self.assertRaises(CursorError):
                self.call("_get_order_events", cursor)
        for limit in (0, 1001, None):
            with self.assertRaisesRegex(ValidationError, "from 1 to 1000"):
                self.call("_get_order_events", limit=limit)

    def test_screen(self):
        """Operators see what the channel is told."""
        operator = self.make_user("feed-events", "oms.group_order_operator")
        self.make_order((self.apple, 1))
        self.publish()
        channel = self.channel.with_user(operator)
        action = channel.action_view_feed_events()
        events = self.env["oms.feed.event"].with_user(operator).search(action["domain"])
        self.assertEqual(channel.feed_event_count, len(events))
        self.assertIn(
            '"product": "Apple"', events.filtered(lambda e: e.type == "order.placed").told
        )
        other = self.env["res.company"].create({"name": "Daughter"})
        stranger = self.make_user(
            "feed-stranger",
            "oms.group_order_operator",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        self.assertFalse(self.env["oms.feed.event"].with_user(stranger).search([]))

    # === PARKED === #

    def test_one_event_that_cannot_be_described(self):
        """It is parked with its reason; all others are told, and it is when the cause is mended."""
        self.told()
        orders = self.env["sale.order"]
        for number in range(5):
            self.later()
            orders += self.make_order((self.apple, 1), oms_external_ref=f"P-{number}")
        Event = type(self.env["oms.feed.event"])
        prepare = Event._prepare_payload

        def stumble(event):
            if event.order_id == orders[2] and event.type == "order.placed":
                raise KeyError("unit")
            return prepare(event)

        with (
            patch.object(Event, "_prepare_payload", stumble),
            mute_logger("odoo.addons.oms.models.feed.oms_feed_event"),
        ):
            rows = self.told()
        placed = [row["order"] for row in rows if row["type"] == "order.placed"]
        self.assertEqual(placed, ["P-0", "P-1", "P-3", "P-4"])
        self.assertIn("P-2", {row["order"] for row in rows}, "its other events are told")
        parked = self.env["oms.feed.event"].search([("error", "!=", False)])
        self.assertEqual((parked.order_id, parked.error), (orders[2], "KeyError('unit')"))
        self.env.invalidate_all()
        self.assertEqual(self.channel.feed_parked_count, 1)
        self.assertFalse(self.env["oms.feed"]._is_due(), "it is not tried again and again")
        self.assertEqual(self.told(), [])
        parked.action_publish_again()
        [row] = self.told()
        self.assertEqual((row["order"], row["type"]), ("P-2", "order.placed"))
        with self.assertRaisesRegex(UserError, "parked"):
            parked.action_publish_again()

    def test_parked_by_the_database(self):
        """What PostgreSQL refuses does not stop the others either."""
        self.told()
        order = self.make_order((self.apple, 1), oms_external_ref="P-SQL")
        Event = type(self.env["oms.feed.event"])
        prepare = Event._prepare_payload

        def stumble(event):
            if event.type == "order.placed":
                event.env.cr.execute("SELECT 1 / 0", log_exceptions=False)
            return prepare(event)

        with (
            patch.object(Event, "_prepare_payload", stumble),
            mute_logger("odoo.addons.oms.models.feed.oms_feed_event"),
        ):
            types = self.types()
        self.assertIn("order.sourced", types)
        self.assertNotIn("order.placed", types)
        parked = self.env["oms.feed.event"].search([("error", "!=", False)])
        self.assertEqual(parked.order_id, order)
        self.assertIn("DivisionByZero", parked.error)
        with self.enter_registry_test_mode():
            self.env["oms.feed"]._forget(365 * 3, 1)
            self.assertTrue(parked.exists(), "it is of today")
            self.env.cr.execute("UPDATE oms_feed_event SET at = at - interval '2 days'")
            self.env["oms.feed"]._forget(365 * 3, 1)
        self.assertFalse(parked.exists())

    def test_who_may_publish_again(self):
        operator = self.make_user("parked-operator", "oms.group_order_operator")
        events = self.env["oms.feed.event"].with_user(operator)
        with self.assertRaises(AccessError):
            events.action_publish_again()
