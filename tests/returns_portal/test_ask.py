from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ...models.returns_portal.oms_return_ask import (
    CODE_MINUTES,
    HISTORY_DAYS,
    MOST_BY_EMAIL,
    MOST_BY_REFERENCE,
    MOST_BY_SOURCE,
    MOST_WRONG,
)
from ..common import OmsCase
from .mails import find_code

NOW = fields.Datetime.to_datetime("2026-03-04 10:00:00")
WRONG = "ZZZZ-ZZZZ"


@tagged("post_install", "-at_install")
class TestAsk(OmsCase):
    """Codes for guests: who gets one, how often, and how long it holds."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.email = "Ada Lovelace <Ada@Example.com>"
        cls.stock(cls.apple, (cls.near, 20))
        cls.order = cls.make_order((cls.apple, 2), oms_external_ref="Web-77")
        cls.asks = cls.env["oms.return.ask"]
        cls.asks.search([]).unlink()

    def setUp(self):
        super().setUp()
        self.enterContext(self.enter_registry_test_mode())
        self.moment = NOW
        self.enterContext(patch.object(fields.Datetime, "now", lambda *args: self.moment))

    def ask(self, reference=None, email="ada@example.com", source="192.0.2.1"):
        return self.asks._ask(reference or self.order.name, email, source)

    def mail(self):
        """Let the job run; return the mails that it sent."""
        before = self.env["mail.mail"].search([])
        with patch.object(type(self.env["mail.mail"]), "send", lambda mails, **kw: None):
            self.env.ref("oms.cron_return_codes").method_direct_trigger()
        return self.env["mail.mail"].search([]) - before

    def get_code(self, **asked):
        ask_id = self.ask(**asked)
        return ask_id, find_code(self.mail())

    def test_the_whole_way(self):
        ask_id = self.ask()
        self.assertFalse(self.asks.browse(ask_id).order_id, "nothing is looked up meanwhile")
        mail = self.mail()
        self.assertEqual(mail.email_to, "ada@example.com")
        self.assertNotIn(find_code(mail), mail.subject, "lock screens show it")
        self.assertEqual(self.asks._enter(ask_id, find_code(mail)), self.order)

    def test_as_people_write_it(self):
        for reference in (
            f" {self.order.name.lower()} ",
            f"#{self.order.name}",
            "web-77",
            "WEB-77",
        ):
            ask_id, code = self.get_code(reference=reference, email=" ADA@example.com ")
            typed = code.lower().replace("-", " ")
            self.assertEqual(self.asks._enter(ask_id, typed), self.order, reference)
            self.asks.search([]).unlink()

    def test_guests_share_a_customer(self):
        """The address to which an order goes has a mail address of its own."""
        guest = self.make_partner("Grace", email="grace@example.com")
        order = self.make_order((self.apple, 1), partner_shipping_id=guest.id)
        ask_id, code = self.get_code(reference=order.name, email="grace@example.com")
        self.assertEqual(self.asks._enter(ask_id, code), order)

    def test_nothing_is_mailed(self):
        cancelled = self.make_order((self.apple, 1))
        self.cancel(cancelled)
        quotation = self.make_order((self.apple, 1), confirm=False)
        for reference, email in (
            (self.order.name, "eve@example.com"),
            ("S99999999", "ada@example.com"),
            ("%", "ada@example.com"),
            ("S_____", "ada@example.com"),
            (cancelled.name, "ada@example.com"),
            (quotation.name, "ada@example.com"),
        ):
            ask_id = self.asks._ask(reference, email, reference)
            self.assertFalse(self.mail(), (reference, email))
            self.assertFalse(self.asks._enter(ask_id, WRONG))
            self.asks.search([]).unlink()

    def test_what_cannot_be_meant(self):
        for reference, email in (
            ("", "a@b.fr"),
            ("  ", "a@b.fr"),
            ("S1", ""),
            ("S1", "a@"),
            ("a\0b", "a@b.fr"),
        ):
            with self.assertRaises(UserError):
                self.asks._ask(reference, email, "x")
        self.assertFalse(self.asks.search([]))

    def test_the_code_is_kept_nowhere(self):
        ask_id, code = self.get_code()
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT to_jsonb(a)::text FROM oms_return_ask a WHERE id = %s", [ask_id]
        )
        [row] = self.env.cr.fetchone()
        self.assertNotIn(code, row)
        self.assertNotIn(code.replace("-", ""), row)
        self.assertNotIn("192.0.2.1", row)
        self.assertTrue(self.env.ref("oms.mail_return_code").auto_delete)

    def test_the_same_code_hashes_otherwise_for_another_ask(self):
        self.assertNotEqual(
            self.asks._hash_code(1, "BBBBBBBB"), self.asks._hash_code(2, "BBBBBBBB")
        )

    def test_good_once(self):
        ask_id, code = self.get_code()
        self.assertTrue(self.asks._enter(ask_id, code))
        self.assertFalse(self.asks._enter(ask_id, code))

    def test_for_half_an_hour(self):
        ask_id, code = self.get_code()
        self.moment += timedelta(minutes=CODE_MINUTES)
        self.assertFalse(self.asks._enter(ask_id, code))
        late = self.ask()
        self.moment += timedelta(minutes=CODE_MINUTES)
        self.assertFalse(self.mail(), "a code that ended is not mailed")
        self.assertFalse(self.asks._enter(late, ""))

    def test_few_wrong_ones(self):
        ask_id, code = self.get_code()
        for _number in range(MOST_WRONG - 1):
            self.assertFalse(self.asks._enter(ask_id, WRONG))
        self.assertEqual(self.asks._enter(ask_id, code), self.order)
        ask_id, code = self.get_code()
        for _number in range(MOST_WRONG):
            self.assertFalse(self.asks._enter(ask_id, WRONG))
        self.assertFalse(self.asks._enter(ask_id, code), "guessed too often")

    def test_no_code_is_one(self):
        """Where nothing was mailed, nothing opens it."""
        ask_id = self.ask()
        for text in ("", None, WRONG, "x" * 99):
            self.assertFalse(self.asks._enter(ask_id, text))
        for other in (None, "1", 0, -1, 2**31 - 1, True):
            self.assertFalse(self.asks._enter(other, WRONG))

    def test_a_code_of_another_ask(self):
        first, code = self.get_code()
        second, _code = self.get_code()
        self.assertFalse(self.asks._enter(second, code))
        self.assertTrue(self.asks._enter(first, code))

    def assertLimited(self, most, make):
        for number in range(most):
            self.asks._ask(*make(number))
        with self.assertRaisesRegex(UserError, "Too many codes"):
            self.asks._ask(*make(most))
        self.moment += timedelta(hours=1)
        self.asks._ask(*make(most))

    def test_limit_by_mail_address(self):
        self.assertLimited(MOST_BY_EMAIL, lambda each: (f"N{each}", "Ada@example.com", str(each)))

    def test_limit_by_order(self):
        """However it is written."""
        self.assertLimited(
            MOST_BY_REFERENCE,
            lambda each: ("s1" if each % 2 else "S1", f"a{each}@example.com", str(each)),
        )

    def test_limit_by_source(self):
        self.assertLimited(
            MOST_BY_SOURCE, lambda each: (f"N{each}", f"a{each}@example.com", "192.0.2.1")
        )

    def test_limits_tell_nothing(self):
        """An order that there is not is limited as one that there is."""
        for reference in (self.order.name, "S99999999"):
            for number in range(MOST_BY_REFERENCE):
                self.ask(reference, f"a{number}@example.com", f"{reference}{number}")
            with self.assertRaisesRegex(UserError, "Too many codes"):
                self.ask(reference, "b@example.com", "other")

    def test_forgotten(self):
        self.ask()
        self.moment += timedelta(days=HISTORY_DAYS, seconds=1)
        self.asks._gc_asks()
        self.assertFalse(self.asks.search([]))

    def test_who_may_look(self):
        ask_id, _code = self.get_code()
        operator = self.make_user("asks-operator", "oms.group_order_operator")
        manager = self.make_user("asks-manager", "oms.group_order_manager")
        with self.assertRaises(AccessError):
            self.asks.with_user(operator).browse(ask_id).read(["email"])
        kept = self.asks.with_user(manager).browse(ask_id)
        self.assertEqual(kept.read(["email"])[0]["email"], "ada@example.com")
        with self.assertRaises(AccessError):
            kept.read(["code_hash"])
        with self.assertRaises(AccessError):
            kept.write({"state": "used"})
