"""Changes that are sent by several processes at the same moment, really committed."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from odoo.tests import tagged

from odoo.addons.oms.models.api.contract import GivenOrder
from odoo.addons.oms.models.api.contract_change import GivenChange

from ..inventory.gate_case import GateCase

CLIENTS = 4


@tagged("post_install", "-at_install")
class TestChangedAtOnce(GateCase):
    def clean(self):
        with self.committed() as env:
            for model in ("oms.incoming.order", "oms.order.change", "oms.channel.code"):
                env[model].search([("channel_id", "=", self.channel)]).unlink()
        return super().clean()

    def send_order(self, product="Gate"):
        given = GivenOrder.model_validate(
            {
                "reference": "AT-ONCE",
                "customer": {"id": "at-once"},
                "ship_to": {"country": "FR", "city": "Paris"},
                "lines": [{"id": "a", "product": product, "quantity": 1.0}],
            }
        )
        return self.send(lambda env, channel: env["oms.incoming.order"]._place(channel, [given]))

    def change(self, number, **more):
        given = GivenChange.model_validate({"reference": "AT-ONCE", "change": str(number), **more})
        [outcome] = self.send(
            lambda env, channel: env["oms.order.change"]._change(channel, [given])
        )
        return outcome.status

    def send(self, work):
        """Do something as a call of its own does."""
        with self.registry.cursor() as cr:
            # A call has looked for its user by then.
            cr.execute("SELECT 1")
            env = self.open(cr)
            return work(env, env["oms.channel"].browse(self.channel))

    def at_once(self, work, items):
        with ThreadPoolExecutor(CLIENTS) as pool:
            return Counter(pool.map(work, items))

    def find(self, env):
        return env["sale.order"].search([("oms_channel_id", "=", self.channel)])

    def test_the_same_change_by_many_clients(self):
        self.send_order()
        lines = [{"id": "a", "quantity": 3.0}]
        counts = self.at_once(lambda _client: self.change(1, lines=lines), range(CLIENTS * 3))
        self.assertEqual(counts, Counter(changed=1, unchanged=CLIENTS * 3 - 1))
        with self.committed() as env:
            self.assertEqual(self.find(env).order_line.product_uom_qty, 3)
            self.assertEqual(len(self.find(env).oms_change_ids), 1)
        self.assertEqual((self.left(), self.promised()), (0, 3))

    def test_two_contents_under_one_number(self):
        self.send_order()
        counts = self.at_once(
            lambda quantity: self.change(1, lines=[{"id": "a", "quantity": quantity}]), [2.0, 3.0]
        )
        self.assertEqual(counts, Counter(changed=1, conflict=1))

    def test_many_changes(self):
        """All are made, one after the other, whatever each of them knew."""
        self.send_order()
        counts = self.at_once(
            lambda number: self.change(
                number,
                lines=[{"id": str(number), "product": "Gate", "quantity": 1.0}],
            ),
            range(8),
        )
        self.assertEqual(counts, Counter(changed=8))
        with self.committed() as env:
            self.assertEqual(len(self.find(env).order_line), 9)
        self.assertNotOversold()

    def test_only_one_of_those_who_knew_the_same(self):
        self.send_order()
        with self.committed() as env:
            revision = self.find(env)._oms_get_revision()
        counts = self.at_once(
            lambda number: self.change(number, note=f"Note {number}", if_revision=revision),
            range(CLIENTS),
        )
        self.assertEqual(counts, Counter(changed=1, conflict=CLIENTS - 1))

    def test_one_change_after_the_other_of_what_waits(self):
        """The second one is made of what the first one left, and neither is lost."""
        self.send_order("Gate of nobody")
        self.assertEqual(self.change(1, note="Ring twice"), "parked")
        lines = [{"id": "a", "product": "Gate", "quantity": 2.0}]
        self.assertEqual(self.change(2, lines=lines), "changed")
        with self.committed() as env:
            order = self.find(env)
            self.assertEqual(order.order_line.product_uom_qty, 2)
            self.assertIn("Ring twice", order.note)

    def test_a_change_and_the_order_itself(self):
        """An order that waits is sent again while it is changed: one order, and changed."""
        self.send_order("Gate of nobody")

        def work(number):
            if number % 2:
                self.send_order("Gate of nobody")
                return "placed"
            return self.change(1, lines=[{"id": "a", "product": "Gate", "quantity": 2.0}])

        counts = self.at_once(work, range(4))
        self.assertEqual(counts, Counter(placed=2, changed=1, unchanged=1))
        with self.committed() as env:
            self.assertEqual(self.find(env).order_line.mapped("product_uom_qty"), [2])
