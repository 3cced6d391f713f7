"""Orders that several processes place with the same promise at the same moment, committed."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from psycopg2.errors import SerializationFailure, UniqueViolation

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.oms.models.api.contract import GivenOrder
from odoo.addons.oms.models.promise.promise_case import Ask, BasketItem

from ..inventory.gate_case import GateCase

CLIENTS = 4


@tagged("post_install", "-at_install")
class TestPromisedAtOnce(GateCase):
    def clean(self):
        with self.committed() as env:
            for model in ("oms.incoming.order", "oms.channel.code"):
                env[model].search([("channel_id", "=", self.channel)]).unlink()
        return super().clean()

    def call(self, work):
        """Do something as a call of its own does."""
        with self.registry.cursor() as cr:
            # A call has looked for its user by then.
            cr.execute("SELECT 1")
            env = self.open(cr)
            return work(env, env["oms.channel"].browse(self.channel))

    def promise(self):
        """Promise one unit of the product to Paris; return the token."""
        with self.committed() as env:
            channel = env["oms.channel"].browse(self.channel)
            partner = env["res.partner"].new(
                {"name": "Ada", "country_id": env.ref("base.fr").id, "city": "Paris"}
            )
            ask = Ask(
                channel,
                (BasketItem(0, env["product.product"].browse(self.product), 1.0),),
                partner,
                frozenset({"home"}),
                channel._get_carriers(),
                None,
                0,
            )
            [way, *_others] = env["oms.promising"]._find_ways(ask)
            return env["oms.promise.token"]._write(ask, way)

    def place_at_once(self, references, token):
        """Place orders with a promise; return what became of each."""
        given = [
            GivenOrder.model_validate(
                {
                    "reference": reference,
                    "customer": {"id": "at-once"},
                    "ship_to": {"country": "FR", "city": "Paris"},
                    "lines": [{"product": "Gate", "quantity": 1.0}],
                    "promise": token,
                }
            )
            for reference in references
        ]

        def place(order):
            outcomes = self.call(
                lambda env, channel: env["oms.incoming.order"]._place(channel, [order])
            )
            return outcomes[order.reference]

        with ThreadPoolExecutor(CLIENTS) as pool:
            return list(pool.map(place, given))

    def test_one_of_several_orders_has_the_promise(self):
        outcomes = self.place_at_once([f"P-{number}" for number in range(CLIENTS)], self.promise())
        self.assertEqual(
            Counter((each.status, each.code) for each in outcomes),
            Counter({("placed", ""): 1, ("refused", "promise_used"): CLIENTS - 1}),
        )
        with self.committed() as env:
            orders = env["sale.order"].search([("oms_channel_id", "=", self.channel)])
            self.assertEqual(len(orders), 1)
        self.assertEqual((self.left(), self.promised()), (2, 1))

    def test_the_same_order_gets_the_same_answer(self):
        outcomes = self.place_at_once(["SAME"] * CLIENTS, self.promise())
        self.assertEqual(
            Counter(each.status for each in outcomes), Counter(placed=1, unchanged=CLIENTS - 1)
        )
        self.assertEqual(len({(each.name, each.promised) for each in outcomes}), 1)

    def test_without_the_lock_the_database_refuses_the_second(self):
        """Two transactions that do not see each other: the index lets one of them have it."""
        token, made = self.promise(), []
        vals = {"partner_id": self.customer, "oms_channel_id": self.channel}
        with self.registry.cursor() as first, self.registry.cursor() as second:
            for cr in (first, second):
                cr.execute("SELECT 1")
            key = self.open(first)["oms.promise.token"]._read(token).key
            made.append(self.open(first)["sale.order"].create({**vals, "oms_promise_key": key}))
            made[0].flush_recordset()
            self.assertFalse(self.open(second)["oms.promise.token"]._find_used({key}))
            first.commit()
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises((UniqueViolation, SerializationFailure)),
            ):
                order = self.open(second)["sale.order"].create({**vals, "oms_promise_key": key})
                order.flush_recordset()
            second.rollback()
