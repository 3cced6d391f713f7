"""Clients that place the same orders at the same moment, over HTTP, really committed."""

import json
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from werkzeug.test import Client

from odoo import http
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..inventory.gate_case import GateCase

CLIENTS, ORDERS, BATCH = 8, 60, 10
#: As the guide says: whoever is told to try again does so.
AGAIN = (429, 503)


@tagged("post_install", "-at_install")
class TestSameOrders(GateCase):
    def setUp(self):
        super().setUp()
        with self.committed() as env:
            user = env["res.users"].create(
                {
                    "name": "Same orders",
                    "login": "same-orders",
                    "group_ids": env.ref("oms.group_channel_user").ids,
                }
            )
            self.user = user.id
            env["oms.channel"].browse(self.channel).user_ids = user
            keys = env["res.users.apikeys"].with_user(user).sudo()
            self.key = keys._generate("rpc", "Same orders", None)
        self.stock(ORDERS)

    def clean(self):
        with self.committed() as env:
            env["oms.incoming.order"].search([("channel_id", "=", self.channel)]).unlink()
        res = super().clean()
        with self.committed() as env:
            env["res.users"].browse(self.user).unlink()
        return res

    def given(self, number):
        return {
            "reference": f"SAME-{number}",
            "customer": {"id": f"same-{number % 5}"},
            "ship_to": {"country": "FR", "city": "Paris"},
            "lines": [{"product": "Gate", "quantity": 1, "unit_price": 9.5 + number}],
        }

    def place_all(self, number):
        """Place all orders as one client does; return the answers by reference."""
        orders = [self.given(n) for n in range(ORDERS)]
        draw = random.Random(number)
        draw.shuffle(orders)
        client, answers = Client(http.root), {}
        headers = {
            "Authorization": f"Bearer {self.key}",
            "X-Odoo-Database": self.registry.db_name,
        }
        for start in range(0, ORDERS, BATCH):
            body = json.dumps({"orders": orders[start : start + BATCH]})
            response = None
            for _attempt in range(20):
                response = client.post(
                    "/json/2/oms.api/place_orders",
                    data=body,
                    headers=headers,
                    content_type="application/json",
                )
                if response.status_code not in AGAIN:
                    break
            self.assertEqual(response.status_code, 200, response.get_data(as_text=True))
            answers |= {each["reference"]: each for each in response.get_json()["orders"]}
        return answers

    def test_each_is_placed_once_and_all_are_told_the_same(self):
        with mute_logger("odoo.http", "odoo.service.model"), ThreadPoolExecutor(CLIENTS) as pool:
            told = list(pool.map(self.place_all, range(CLIENTS)))
        counts = Counter(each["status"] for answers in told for each in answers.values())
        self.assertEqual(counts, Counter(placed=ORDERS, unchanged=ORDERS * (CLIENTS - 1)))
        with self.committed() as env:
            orders = env["sale.order"].search([("oms_channel_id", "=", self.channel)])
            self.assertEqual(len(orders), ORDERS)
            self.assertEqual(set(orders.mapped("state")), {"sale"})
            made = {order.oms_external_ref: (order.name, order.amount_total) for order in orders}
        for answers in told:
            answered = {
                reference: (each["order"], each["total"]) for reference, each in answers.items()
            }
            self.assertEqual(answered, made)
