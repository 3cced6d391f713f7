from odoo import fields
from odoo.tests import tagged

from .common import PromiseCase


@tagged("post_install", "-at_install")
class TestPromiseToken(PromiseCase):
    """What was promised by a token is what is scored."""

    def setUp(self):
        super().setUp()
        self.enterContext(self.enter_registry_test_mode())

    def place(self, reference, units, **more):
        self.env.flush_all()
        order = {
            "reference": reference,
            "customer": {"name": "Ada", "email": "ada@example.com"},
            "ship_to": {"name": "Ada", "street": "1 rue de Rivoli", **self.destination},
            "lines": [{"product": "Apple", "quantity": float(units)}],
            **more,
        }
        [answer] = self.api.place_orders(orders=[order])["orders"]
        self.assertEqual(answer["status"], "placed", answer)
        return self.env["sale.order"].search(
            [("oms_channel_id", "=", self.channel.id), ("oms_external_ref", "=", reference)]
        )

    def test_the_dates_of_the_token_are_promised(self):
        self.stock(self.apple, (self.near, 3), (self.far, 3))
        option = self.options((self.apple, 5))["home", "standard"]
        order = self.place("T-1", 5, promise=option["token"])
        promises = order.oms_promise_ids
        self.assertEqual(promises.fulfillment_id, order.oms_fulfillment_ids)
        self.assertEqual(len(promises), 2)
        self.assertEqual(
            fields.Date.to_string(max(promises.mapped("promised_date"))), option["promised"]
        )
        self.assertEqual(set(promises.mapped("confidence")), {self.channel.promise_confidence})
        self.assertEqual(set(promises.mapped("service")), {"home"})
        self.assertEqual(promises.carrier_id, self.standard)
        self.assertEqual(order.oms_promised_date, max(promises.mapped("promised_date")))

    def test_what_is_collected_is_there_when_it_is_handed_over(self):
        self.stock(self.apple, (self.near, 3))
        option = self.options((self.apple, 2))["collect", "NEAR"]
        order = self.place("T-2", 2, promise=option["token"])
        part = order.oms_fulfillment_ids
        self.assertEqual((part.site_id, part.promise_ids.service), (self.near, "collect"))
        self.ship(part.picking_ids)
        self.assertEqual(part.state, "delivered")
        self.assertEqual(part.delivered_at, part.shipped_at)
        self.assertIn(part.promise_ids.state, ("kept", "early"))

    def test_what_is_held_for_one_customer_is_not_given_to_another(self):
        """Two customers ask for the same at the same moment, and one has it held."""
        self.stock(self.apple, (self.near, 5))
        moment = fields.Datetime.now()
        self.patch(fields.Datetime, "now", lambda *args: moment)
        first, second = (
            self.options((self.apple, 2))["home", "standard"]["token"] for _customer in range(2)
        )
        self.env.flush_all()
        [hold] = self.api.hold(promise=first)["holds"]
        order = self.place("T-3", 2, promise=second)
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 2})
        claim = self.env["oms.claim"].browse(hold["id"])
        claim.invalidate_recordset()
        self.assertEqual((claim.state, claim.origin), ("active", "cart"))
