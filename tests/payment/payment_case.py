"""A bank that really keeps books, and a provider of Odoo that asks it."""

import json
from contextlib import ExitStack
from unittest.mock import patch

import requests

from odoo.addons.oms.connectors.outcome import Ok, Rejected, Unknown
from odoo.addons.oms.connectors.payment.exchange import prepare
from odoo.addons.oms.models.payment import oms_payment_task
from odoo.addons.oms.models.payment.payment_provider import KEY_DAYS
from odoo.addons.payment.models import payment_provider

from ..common import OmsCase


class Bank:
    """Keeps what it was asked for by key, and does nothing twice under the same key.

    :param answers: how each request ends, one after the other: ``ok``, ``refused``, ``before``
        (nobody answers, nothing was done), ``after`` (nobody answers, it was done)
    """

    def __init__(self, *answers):
        self.answers = list(answers)
        self.done = {}
        self.asked = []

    def ask(self, request, **_how):
        data = json.loads(request.content)
        operation = request.url.rsplit("/", 1)[1]
        key = request.headers["Idempotency-Key"]
        answer = self.answers.pop(0) if self.answers else "ok"
        self.asked.append((operation, data["reference"], data["amount"], answer))
        if answer == "before":
            return Unknown("nobody answers")
        if answer == "refused":
            return Rejected("422", "Insufficient funds")
        self.done.setdefault(key, (operation, data["reference"], data["amount"]))
        if answer == "after":
            return Unknown("nobody answers any more")
        return Ok({"status": 200, "text": json.dumps({"id": f"B-{data['reference']}"})})

    def request(self, method, url, *, headers, json, **_how):
        """Answer what Odoo asks within a transaction."""
        outcome = self.ask(prepare(method, url, body=json, headers=headers))
        response = requests.Response()
        response.status_code = 200 if isinstance(outcome, Ok) else 422
        response._content = outcome.value["text"].encode() if isinstance(outcome, Ok) else b"no"
        return response

    def get_total(self, operation):
        return round(sum(amount for kind, _r, amount in self.done.values() if kind == operation), 3)

    # === THE PROVIDER'S CODE IN ODOO === #

    def open(self, env):
        """Let providers without a code of their own ask this bank.

        :return: a context manager
        """
        provider, transaction = (
            env.registry[f"payment.{name}"] for name in ("provider", "transaction")
        )

        def send(operation, finish):
            def ask(tx):
                content = tx._send_api_request(
                    "POST",
                    f"/{operation}",
                    json={"reference": tx.reference, "amount": abs(tx.amount)},
                )
                tx.provider_reference = content["id"]
                getattr(tx, finish)()

            return ask

        def features(providers):
            providers.support_manual_capture = "partial"
            providers.support_refund = "partial"
            providers.support_tokenization = True
            providers.support_express_checkout = False

        stack = ExitStack()
        for where, name, new in (
            (provider, "_compute_feature_support_fields", features),
            (
                provider,
                "_build_request_url",
                lambda _p, path, **_k: f"https://bank.example.com{path}",
            ),
            (
                provider,
                "_build_request_headers",
                lambda _p, *_a, idempotency_key=None, **_k: {
                    "Idempotency-Key": idempotency_key or "",
                    "Authorization": "Bearer s3cret",
                },
            ),
            (transaction, "_send_payment_request", send("authorize", "_set_authorized")),
            (transaction, "_send_capture_request", send("capture", "_set_done")),
            (transaction, "_send_void_request", send("void", "_set_canceled")),
            (transaction, "_send_refund_request", send("refund", "_set_done")),
            (oms_payment_task, "ask", self.ask),
            (payment_provider.requests, "request", self.request),
        ):
            stack.enter_context(patch.object(where, name, new))
        stack.enter_context(patch.dict(KEY_DAYS, {"none": 7}))
        return stack


def make_provider(env, company):
    """Make a provider whose code in Odoo is a :class:`Bank`'s."""
    method = env.ref("payment.payment_method_card")
    return env["payment.provider"].create(
        {
            "name": "Bank",
            "code": "none",
            "state": "test",
            "company_id": company.id,
            "capture_manually": True,
            "payment_method_ids": [(6, 0, method.ids)],
        }
    )


def pay(order, provider, amount=None, state="authorized", **vals):
    """Make the payment that a customer made of an order.

    :param float amount: the order's total when None
    :param str state: how it ended
    """
    transactions = order.env["payment.transaction"]
    made = transactions.create(
        {
            "provider_id": provider.id,
            "payment_method_id": order.env.ref("payment.payment_method_card").id,
            "reference": transactions._compute_reference("none", prefix=order.name),
            "amount": order.amount_total if amount is None else amount,
            "currency_id": order.currency_id.id,
            "partner_id": order.partner_id.id,
            "operation": "online_direct",
            "sale_order_ids": [(4, order.id)],
            **vals,
        }
    )
    if state == "authorized":
        made._set_authorized()
    elif state == "done":
        made._set_done()
    return made


class PaymentCase(OmsCase):
    """Orders of 100.00 that are paid at a bank."""

    def setUp(self):
        super().setUp()
        self.use(Bank())

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with Bank().open(cls.env):
            cls.provider = make_provider(cls.env, cls.company)

    def use(self, bank):
        """Let this bank be asked."""
        self.bank = bank
        self.enterContext(bank.open(self.env))

    def make_paid(self, amount=100.0, paid=None, **vals):
        """Return an order, and its authorization."""
        self.apple.list_price = amount
        self.apple.taxes_id = False
        order = self.make_order((self.apple, 1), **vals)
        return order, pay(order, self.provider, paid)

    def run_tasks(self):
        """Do what waits, each once, whatever comes of it."""
        self.env.flush_all()
        tasks = self.env["oms.task"].search(
            [("kind", "like", "payment."), ("state", "in", ("waiting", "unknown"))]
        )
        with self.enter_registry_test_mode():
            for task in tasks.sorted("id"):
                task._carry_out()
        self.env.invalidate_all()

    def sums(self, order):
        plan = order.oms_payment_plan_id
        return {
            name: plan[name]
            for name in ("authorized", "available", "captured", "voided", "refunded", "due")
        }
