"""Odoo's genuine code of Adyen before Adyen's own contract, and the simulator behind it.

What the contract does not allow, in what Odoo asks as in what the simulator answers, comes back as
an error of the proxy that stands between them.
"""

import os
import tempfile
from pathlib import Path
from unittest import SkipTest

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..connectors.contract_proxy import validating
from .provider_case import AdyenCase, redirected

CONTRACT = "adyen_checkout_v71.json"


@tagged("post_install", "-at_install")
class TestAdyenContract(AdyenCase):
    def setUp(self):
        super().setUp()
        data = os.environ.get("OMS_DATA")
        contract = Path(data).parent / "specs" / CONTRACT if data else None
        if not contract or not contract.is_file():
            raise SkipTest("no data folder with the vendors' contracts beside it")
        folder = self.enterContext(tempfile.TemporaryDirectory())
        proxy = validating(contract, self.simulator.url, Path(folder) / "proxy.log")
        # What led to the simulator leads to the proxy before it.
        url = self.enterContext(proxy)
        self.enterContext(redirected(self.env.registry, url, self.simulator.url))

    def test_authorize_capture_void_and_refund(self):
        payment = self.authorize()
        first, second = payment._capture(100.0), payment._capture(120.0)
        void = payment._void(80.0)
        self.run_bank()
        self.assertEqual((first | second).mapped("state"), ["done", "done"])
        self.assertEqual((void.state, payment.state), ("cancel", "done"))
        refunds = first._refund(40.0) | second._refund(120.0)
        self.run_bank()
        self.assertEqual(refunds.mapped("state"), ["done", "done"])
        bank = self.of_bank(payment)
        self.assertEqual((bank.captured, bank.voided, bank.refunded), (22000, 8000, 16000))
        self.assertEqual(len(self.simulator.requests), 5)

    def test_a_saved_card(self):
        payment = self.pay(self.provider, 300.0, "draft", operation="offline")
        payment.token_id = self.env["payment.token"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "payment_details": "1234",
                "provider_ref": "stored",
                "partner_id": self.customer.id,
                "adyen_shopper_reference": "ODOO_PARTNER_7",
            }
        )
        payment._charge_with_token()
        self.assertEqual(payment.state, "authorized", payment.state_message)

    def test_what_the_contract_forbids_does_not_pass(self):
        payment = self.authorize()
        provider = self.provider
        log = "odoo.addons.payment.models.payment_provider"
        with mute_logger(log), self.assertRaises(ValidationError) as caught:
            provider._send_api_request(
                "POST",
                "/payments/{}/captures",
                json={"merchantAccount": self.bank.account, "amount": {"value": "100"}},
                endpoint_param=payment.provider_reference,
            )
        self.assertIn("rejected", str(caught.exception))
        self.assertFalse(self.simulator.requests)
