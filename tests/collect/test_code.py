import re
from datetime import timedelta

from odoo.exceptions import UserError
from odoo.tests import tagged

from ...models.collect.oms_pickup_try import MOST_WRONG, WITHIN_MINUTES
from ...models.collect.pickup_code import make_code, read_code, show_code
from .collect_case import NOW, CollectCase


@tagged("post_install", "-at_install")
class TestCode(CollectCase):
    def test_codes_are_hard_to_guess_and_to_mistake(self):
        codes = {make_code() for _number in range(2000)}
        self.assertEqual(len(codes), 2000)
        for code in codes:
            self.assertRegex(code, r"^[2-9B-DF-HJ-NP-TV-XZ]{8}$")
        # Signs that are taken for one another, or that would make words.
        self.assertFalse(set("01OILAEUY") & set("".join(codes)))

    def test_as_people_write_it(self):
        self.assertEqual(show_code("K7Q2M9XD"), "K7Q2-M9XD")
        for text in ("K7Q2M9XD", "k7q2-m9xd", " K7Q2 M9XD\n", "Ｋ7Q2M9XD"):
            self.assertEqual(read_code(text), "K7Q2M9XD", text)
        for text in ("", None, "K7Q2M9X", "K7Q2M9XDD", "K7Q2M9X0", "WH/OUT/1", "S0000042"):
            self.assertEqual(read_code(text), "", text)

    def test_sentences(self):
        """Each way in which a code can be wrong is told apart."""
        here = self.make_ready()
        Fulfillment = self.env["oms.fulfillment"].with_user(self.clerk)
        self.assertEqual(Fulfillment._find_by_code(show_code(here.pickup_code), self.store), here)
        gone = self.make_ready()
        gone.with_user(self.clerk)._collect()
        late = self.make_ready()
        late._expire_pickup()
        busy = self.collect_order().oms_fulfillment_ids
        busy.pickup_code = "BBBBBBBB"
        cancelled = self.make_ready()
        self.cancel(cancelled.order_id)
        # Its clerk would see it, but for the site.
        self.middle.user_ids = self.clerk
        there = self.make_ready(site=self.middle)
        for text, words in (
            ("hello", "“hello” is no pickup code"),
            ("ZZZZZZZZ", "Nothing has the code ZZZZZZZZ"),
            (there.pickup_code, f"wait at {self.middle.name}, not here"),
            (gone.pickup_code, f"{gone.order_id.name} of Ada was handed over already.* by Anna"),
            (late.pickup_code, f"{late.order_id.name} of Ada was not collected in time"),
            (busy.pickup_code, f"{busy.order_id.name} of Ada is still being prepared"),
            (cancelled.pickup_code, f"{cancelled.order_id.name} of Ada was cancelled"),
        ):
            with self.subTest(text=text), self.assertRaisesRegex(UserError, words):
                Fulfillment._find_by_code(text, self.store)
        self.assertEqual(here.pickup_state, "ready")

    def test_nothing_of_another_company(self):
        code = self.make_ready().pickup_code
        other = self.env["res.company"].create({"name": "Daughter"})
        user = self.make_user(
            "foreign", "stock.group_stock_manager", company_id=other.id, company_ids=[other.id]
        )
        with self.assertRaisesRegex(UserError, "Nothing has the code"):
            self.env["oms.fulfillment"].with_user(user).with_company(other)._find_by_code(code)

    def test_guessing(self):
        """Who enters wrong codes has to wait."""
        right = self.make_ready().pickup_code
        Fulfillment = self.env["oms.fulfillment"].with_user(self.clerk)

        def enter(text):
            # Not by assertRaises, which rolls back: in tests that is all one transaction.
            try:
                Fulfillment._find_by_code(text)
            except UserError as error:
                return str(error)
            return ""

        with self.at(NOW):
            for _number in range(MOST_WRONG):
                self.assertIn("Nothing has", enter(make_code()))
            self.assertRegex(enter(right), "Too many wrong codes: .* before .*10")
        with self.at(NOW):
            # Nobody else has to wait for it.
            self.assertTrue(self.env["oms.fulfillment"]._find_by_code(right))
        with self.at(NOW + timedelta(minutes=WITHIN_MINUTES, seconds=1)):
            self.assertTrue(Fulfillment._find_by_code(right))

    def test_each_has_its_own(self):
        fulfillments = self.make_ready() + self.make_ready()
        self.assertEqual(len(set(fulfillments.mapped("pickup_code"))), 2)
        self.assertEqual(len(set(fulfillments.mapped("pickup_token"))), 2)
        for token in fulfillments.mapped("pickup_token"):
            self.assertTrue(re.fullmatch(r"[\w-]{32}", token))
