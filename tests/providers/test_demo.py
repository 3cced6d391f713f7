from odoo.exceptions import UserError
from odoo.tests import tagged

from .provider_case import ProviderCase


@tagged("post_install", "-at_install")
class TestDemo(ProviderCase):
    """Odoo's demo provider does what a provider does, also where captures are made by hand."""

    def setUp(self):
        super().setUp()
        self.provider = self.use_provider("demo")
        self.payment = self.pay(self.provider, state="draft")
        told = {"reference": self.payment.reference, "simulated_state": "done"}
        self.payment._process("demo", told)

    def test_refunds_are_done(self):
        self.assertEqual(self.payment.state, "authorized")
        capture = self.payment._capture(100.0)
        refund = capture._refund(40.0)
        self.assertEqual((capture.state, refund.state), ("done", "done"))
        self.assertEqual(capture._oms_get_refundable(), 60.0)

    def test_bounds(self):
        self.payment._capture(200.0)
        for operation in (self.payment._capture, self.payment._void):
            with self.assertRaises(UserError):
                operation(500.0)
        captured = self.payment.child_transaction_ids
        captured._refund(150.0)
        with self.assertRaises(UserError):
            captured._refund(60.0)

    def test_the_rest_is_let_go(self):
        capture, void = self.payment._capture(200.0), self.payment._void(100.0)
        self.assertEqual(
            (capture.state, void.state, self.payment.state), ("done", "cancel", "done")
        )

    def test_captured_at_once(self):
        self.provider.capture_manually = False
        payment = self.pay(self.provider, state="draft", reference="S-once")
        payment._process("demo", {"reference": "S-once", "simulated_state": "done"})
        refund = payment._refund(300.0)
        self.assertEqual((payment.state, refund.state), ("done", "done"))

    def test_operations_are_of_the_order(self):
        self.stock(self.apple, (self.near, 10))
        order = self.make_order((self.apple, 3), confirm=False)
        payment = self.pay(self.provider, reference="S-order", sale_order_ids=[(6, 0, order.ids)])
        capture = payment._capture(100.0)
        refund = capture._refund(10.0)
        self.assertEqual((payment | capture | refund).oms_order_id, order)
        self.assertFalse(capture.sale_order_ids)
