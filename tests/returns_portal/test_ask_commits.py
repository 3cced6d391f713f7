"""Guesses of a guest's code at the same moment, really committed."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL

from ...models.returns_portal.oms_return_ask import MOST_WRONG
from ..inventory.gate_case import GateCase

CODE, WRONG = "BCDFGHJK", "ZZZZ-ZZZZ"


@tagged("post_install", "-at_install")
class TestAskCommits(GateCase):
    def setUp(self):
        super().setUp()
        self.order_id = self.order(1)
        with self.committed() as env:
            asks = env["oms.return.ask"]
            ask = asks.create(
                {
                    "reference": "S1",
                    "email": "ada@example.com",
                    "source": "x",
                    "moment": fields.Datetime.now(),
                    "expires_at": fields.Datetime.now() + timedelta(minutes=30),
                    "state": "sent",
                    "tries": 0,
                    "order_id": self.order_id,
                }
            )
            ask.code_hash = asks._hash_code(ask.id, CODE)
            self.ask_id = ask.id
        self.addCleanup(self.clean_ask)

    def clean_ask(self):
        with self.committed() as env:
            env["oms.return.ask"].browse(self.ask_id).unlink()

    def at_once(self, *texts):
        """Enter codes that all wait for the same row; return which of them opened the order."""
        with self.registry.cursor() as holder:
            holder.execute(
                SQL("SELECT 1 FROM oms_return_ask WHERE id = %s FOR UPDATE", self.ask_id)
            )
            guesses = [
                self.start(
                    lambda env, text=text: env["oms.return.ask"]._enter(self.ask_id, text).id
                )
                for text in texts
            ]
            self.wait_behind(holder)
            holder.commit()
            return [guess() for guess in guesses]

    def test_a_code_is_good_once(self):
        opened = self.at_once(CODE, CODE)
        self.assertEqual(sorted(opened), sorted([False, self.order_id]))

    def test_each_guess_counts(self):
        """However many guess at once: no more are compared than may be."""
        with self.committed() as env:
            env["oms.return.ask"].browse(self.ask_id).tries = MOST_WRONG - 1
        self.assertEqual(self.at_once(WRONG, WRONG, WRONG), [False] * 3)
        with self.committed() as env:
            ask = env["oms.return.ask"].browse(self.ask_id)
            self.assertEqual(ask.tries, MOST_WRONG)
            self.assertFalse(ask._enter(self.ask_id, CODE), "guessed too often")
