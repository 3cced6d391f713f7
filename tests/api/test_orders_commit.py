"""Orders that are sent by several processes at the same moment, really committed."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from odoo import Command
from odoo.tests import tagged

from odoo.addons.oms.models.api.contract import GivenOrder

from ..inventory.gate_case import GateCase

CLIENTS, ORDERS = 4, 12


@tagged("post_install", "-at_install")
class TestPlacedAtOnce(GateCase):
    def clean(self):
        with self.committed() as env:
            env["oms.incoming.order"].search([("channel_id", "=", self.channel)]).unlink()
        return super().clean()

    def given(self, number, **more):
        return GivenOrder.model_validate(
            {
                "reference": f"AT-ONCE-{number}",
                "customer": {"id": "at-once"},
                "ship_to": {"country": "FR", "city": "Paris"},
                "lines": [{"product": "Gate", "quantity": 1.0}],
                **more,
            }
        )

    def send(self, given):
        """Place orders as a call of its own does; return how many of each status there are."""
        with self.registry.cursor() as cr:
            env = self.open(cr)
            channel = env["oms.channel"].browse(self.channel)
            outcomes = env["oms.incoming.order"]._place(channel, given)
        return Counter(outcome.status for outcome in outcomes.values())

    def test_the_same_orders_by_many_clients(self):
        """Each order is placed by one of them, and the others find it there."""
        batches = []
        for client in range(CLIENTS):
            given = [self.given(number) for number in range(ORDERS)]
            random.Random(client).shuffle(given)
            batches.append(given)
        with ThreadPoolExecutor(CLIENTS) as pool:
            counts = sum(pool.map(self.send, batches), Counter())
        self.assertEqual(
            counts, Counter(placed=ORDERS, unchanged=ORDERS * (CLIENTS - 1)), "nothing was refused"
        )
        with self.committed() as env:
            orders = env["sale.order"].search([("oms_channel_id", "=", self.channel)])
            self.assertEqual(len(orders), ORDERS)
            self.assertEqual(set(orders.mapped("state")), {"sale"})
            self.assertEqual(len(orders.partner_id), 1, "they are of one customer")
        self.assertEqual(self.left(), 0)
        self.assertLessEqual(self.promised(), 3)

    def test_the_whole_call(self):
        """The answer tells of orders that the transaction of the call cannot see."""
        with self.committed() as env:
            admin = env.ref("base.user_admin").id
            env["oms.channel"].browse(self.channel).user_ids = [Command.link(admin)]
        given = [self.given(number).model_dump(mode="json") for number in range(2)]
        given[1]["lines"][0]["product"] = "Gate of nobody"
        with self.registry.cursor() as cr:
            # A call has looked for its user by the time it places.
            cr.execute("SELECT 1")
            api = self.open(cr)["oms.api"].with_user(admin)
            answer = api.place_orders(orders=given, channel="TGATE")["orders"]
        self.assertEqual([each["status"] for each in answer], ["placed", "parked"])
        with self.committed() as env:
            order = env["sale.order"].search([("oms_channel_id", "=", self.channel)])
            self.assertEqual(answer[0]["order"], order.name)
            self.assertEqual(answer[0]["total"], order.amount_total)

    def test_two_contents_under_one_reference(self):
        """One of them wins; the other one is told so, and neither is lost silently."""
        batches = [[self.given(1)], [self.given(1, note="other")]]
        with ThreadPoolExecutor(2) as pool:
            counts = sum(pool.map(self.send, batches), Counter())
        self.assertEqual(counts, Counter(placed=1, conflict=1))
