"""Whatever order and however often a parcel is told of, it ends in the same state."""

import random

from odoo.tests import tagged

from .tracking_case import TrackingCase

#: What was told of a parcel (status, hours from now), and where it is therefore: by hand.
ROADS = [
    ([("created", -9), ("picked_up", -8), ("in_transit", -7)], "in_transit"),
    ([("created", -9), ("in_transit", -7), ("created", -6)], "in_transit"),
    ([("in_transit", -9), ("picked_up", -8)], "in_transit"),
    ([("out_for_delivery", -9), ("failed_attempt", -8), ("in_transit", -7)], "in_transit"),
    ([("picked_up", -9), ("delivered", -5), ("in_transit", -4), ("lost", -3)], "delivered"),
    ([("picked_up", -9), ("delivered", -5), ("returned", -4), ("delivered", -2)], "returned"),
    ([("in_transit", -9), ("lost", -5), ("in_transit", -4)], "in_transit"),
    ([("in_transit", -9), ("lost", -5), ("created", -4)], "lost"),
    ([("cancelled", -9), ("picked_up", -5), ("delivered", -4)], "delivered"),
    ([("in_transit", -9), ("cancelled", -5)], "in_transit"),
    ([("in_transit", -5), ("delivered", -5), ("out_for_delivery", -5)], "delivered"),
    ([("in_transit", -5), ("other", -4)], "in_transit"),
    (
        [("available_for_pickup", -5), ("out_for_delivery", -6), ("other", -1)],
        "available_for_pickup",
    ),
]


@tagged("post_install", "-at_install")
class TestProgress(TrackingCase):
    def setUp(self):
        super().setUp()
        self.parcel = self.make_parcel()

    def tell_as(self, order, chance):
        """Tell of the parcel in an order, some things again, by message or by poll."""
        for event in order:
            for _time in range(chance.choice((1, 1, 2))):
                self.tell(event, **{"webhook-id": str(chance.random())})
            if chance.random() < 0.5:
                self.apply()
        self.apply()

    def test_any_order_and_repetition(self):
        chance = random.Random(20260301)
        for events, wanted in ROADS:
            moments = set()
            for _trial in range(4):
                parcel = self.parcel.copy({"tracking_number": f"P{chance.random()}"})
                self.parcel = parcel
                order = chance.sample(events, len(events))
                self.tell_as(order + chance.sample(events, 1), chance)
                self.assertEqual(parcel.state, wanted, order)
                moments.add(parcel.state_at)
            self.assertEqual(len(moments), 1, events)
