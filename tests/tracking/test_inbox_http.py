"""The address at which carriers tell by themselves."""

import hashlib
import hmac
import json
from unittest.mock import patch

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.oms.connectors.carrier import ADAPTERS, Sendcloud
from odoo.addons.oms.controllers.webhook import MOST_BYTES

INBOX = "odoo.addons.oms.models.tracking.oms_webhook_event"
KEY = "k3y-of-webhooks"


@tagged("post_install", "-at_install")
class TestInboxHttp(HttpCase):
    def setUp(self):
        super().setUp()
        self.assertIsInstance(ADAPTERS["sendcloud"], Sendcloud)
        self.account = self.env["oms.carrier.account"].create(
            {"name": "Cloud", "adapter": "sendcloud"}
        )
        self.keep("webhook_secret", KEY)
        self.path = f"/oms/webhook/carrier/{self.account.webhook_token}"
        self.body = json.dumps(
            {
                "action": "parcel_status_changed",
                "timestamp": 1772618400000,
                "parcel": {
                    "tracking_number": "3SYZXG1",
                    "status": {"id": 11, "message": "Delivered"},
                },
            }
        ).encode()

    def keep(self, name, value):
        self.account.setting_ids.filtered(lambda line: line.name == name).value = value

    def sign(self, body, key=KEY):
        return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()

    def post(self, body, signature=None, path=None, kind="application/json", method="POST"):
        headers = {"Content-Type": kind}
        if signature is not None:
            headers["Sendcloud-Signature"] = signature
        return self.url_open(path or self.path, body, headers=headers, method=method)

    def count(self):
        return self.env["oms.webhook.event"].search_count([("res_id", "=", self.account.id)])

    def test_signed(self):
        response = self.post(self.body, self.sign(self.body))
        self.assertEqual((response.status_code, response.json()), (200, {"result": "received"}))
        again = self.post(self.body, self.sign(self.body))
        self.assertEqual((again.status_code, again.json()), (200, {"result": "repeated"}))
        self.assertEqual(self.count(), 1)
        self.assertNotIn("session_id", response.cookies)

    def test_signed_by_the_secret_key(self):
        self.keep("webhook_secret", False)
        self.keep("secret_key", "other")
        response = self.post(self.body, self.sign(self.body, "other"))
        self.assertEqual(response.status_code, 200)

    def test_not_signed_by_the_carrier(self):
        good = self.sign(self.body)
        other = self.body.replace(b"Delivered", b"Cancelled")
        with mute_logger(INBOX):
            for body, signature in (
                (self.body, None),
                (self.body, ""),
                (self.body, "0" * 64),
                (self.body, self.sign(self.body, "guess")),
                (self.body, self.sign(self.body, "")),
                (self.body, "é" * 64),
                (other, good),
                (b"", good),
            ):
                with self.subTest(signature=signature):
                    sent = signature and signature.encode()
                    response = self.post(body, sent)
                    self.assertEqual(response.status_code, 401)
        self.assertFalse(self.count())

    def test_signatures_are_over_the_bytes_as_they_came(self):
        """Also of what Odoo would take for a form."""
        body = b"a=1&b=%20+2"
        form = "application/x-www-form-urlencoded"
        response = self.post(body, self.sign(body), kind=form)
        self.assertEqual(response.status_code, 200)
        event = self.env["oms.webhook.event"].search([("res_id", "=", self.account.id)])
        self.assertEqual(event.key, f"sha256:{hashlib.sha256(body).hexdigest()}")

    def test_too_long(self):
        body = b" " * (MOST_BYTES + 1)
        with mute_logger("odoo.http", INBOX):
            response = self.post(body, self.sign(body))
        self.assertEqual(response.status_code, 413)
        self.assertFalse(self.count())
        long = self.body + b" " * (MOST_BYTES - len(self.body))
        self.assertEqual(self.post(long, self.sign(long)).status_code, 200)

    def test_wrong_address(self):
        signature = self.sign(self.body)
        token = self.account.webhook_token
        for path in (
            "/oms/webhook/carrier/" + "x" * 43,
            "/oms/webhook/carrier/" + token[:-1],
            "/oms/webhook/carrier/False",
            "/oms/webhook/carrier/" + "x" * 43 + "%00",
            "/oms/webhook/carrier/" + token + "%00",
            "/oms/webhook/payment/" + token,
            "/oms/webhook/_get_handlers/" + token,
        ):
            with self.subTest(path=path):
                response = self.post(self.body, signature, path)
                self.assertEqual(response.status_code, 404)
        self.account.action_archive()
        self.assertEqual(self.post(self.body, signature).status_code, 404)
        self.assertFalse(self.count())

    def test_wrong_method(self):
        with mute_logger("odoo.http"):
            response = self.url_open(self.path)
        self.assertEqual(response.status_code, 405)

    def test_nobody_is_logged_in_to_read_it(self):
        with patch.object(Sendcloud, "is_genuine", return_value=True):
            response = self.post(b"not json", "")
        self.assertEqual(response.status_code, 200)
        self.env.ref("oms.cron_apply_webhooks").method_direct_trigger()
        self.env.invalidate_all()
        event = self.env["oms.webhook.event"].search([("res_id", "=", self.account.id)])
        self.assertEqual(event.state, "failed")
