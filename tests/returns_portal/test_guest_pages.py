from unittest.mock import patch

from lxml import html

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ...models.returns_portal.oms_return_ask import MOST_BY_EMAIL
from ..common import OmsCase
from .mails import find_code

BEGIN, CODE = "/oms/returns", "/oms/returns/code"


@tagged("post_install", "-at_install")
class TestGuestPages(OmsCase, HttpCase):
    """What a guest sees until the code was entered."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.email = "ada@example.com"
        cls.stock(cls.apple, (cls.near, 20))
        cls.order = cls.make_order((cls.apple, 2))
        cls.env["oms.return.ask"].search([]).unlink()

    def get_token(self, path):
        return html.fromstring(self.url_open(path).text).xpath(
            "//input[@name='csrf_token']/@value"
        )[0]

    def send(self, path, page=None, **form):
        form["csrf_token"] = self.get_token(page or path)
        return self.url_open(path, data=form, allow_redirects=False)

    def ask(self, order=None, email="ada@example.com"):
        return self.send(BEGIN, order=order or self.order.name, email=email)

    def mail(self):
        before = self.env["mail.mail"].search([])
        with patch.object(type(self.env["mail.mail"]), "send", lambda mails, **kw: None):
            self.env.ref("oms.cron_return_codes").method_direct_trigger()
        return self.env["mail.mail"].search([]) - before

    def test_the_way_in(self):
        answer = self.ask()
        self.assertEqual(
            (answer.status_code, answer.headers["Location"][-len(CODE) :]), (303, CODE)
        )
        session = self.opener.cookies["session_id"]
        answer = self.send(CODE, code=find_code(self.mail()).lower())
        self.assertEqual(answer.status_code, 303)
        self.assertTrue(answer.headers["Location"].endswith(f"/my/orders/{self.order.id}/return"))
        self.assertNotEqual(self.opener.cookies["session_id"], session, "a session of his own")

    def test_answers_tell_nothing(self):
        """To the byte the same whether there is such an order or not."""
        seen = set()
        for order, email in (
            (self.order.name, "ada@example.com"),
            (self.order.name, "eve@example.com"),
            ("S99999999", "ada@example.com"),
        ):
            self.authenticate(None, None)
            answer = self.ask(order, email)
            wrong = self.send(CODE, code="ZZZZ-ZZZZ")
            form = html.fromstring(wrong.text)
            for field in form.xpath("//input[@name='csrf_token']"):
                field.set("value", "")
            [text] = [html.tostring(part) for part in form.xpath("//div[@id='wrapwrap']//main")]
            seen.add((answer.status_code, wrong.status_code, text))
        self.assertEqual(len(seen), 1)
        self.assertEqual(next(iter(seen))[:2], (303, 422))

    def test_too_many(self):
        for _number in range(MOST_BY_EMAIL):
            self.assertEqual(self.ask().status_code, 303)
        answer = self.ask()
        self.assertEqual(answer.status_code, 422)
        self.assertIn("Too many codes", answer.text)

    def test_nothing_without_a_code(self):
        self.assertTrue(
            self.url_open(CODE, allow_redirects=False).headers["Location"].endswith(BEGIN)
        )
        answer = self.send(CODE, page=BEGIN, code="ZZZZ-ZZZZ")
        self.assertEqual(answer.status_code, 422)

    def test_forms_of_other_pages_are_refused(self):
        with mute_logger("odoo.http"):
            answer = self.url_open(BEGIN, data={"order": self.order.name, "email": "a@b.fr"})
        self.assertEqual(answer.status_code, 400)
        self.assertFalse(self.env["oms.return.ask"].search([]))

    def test_pages_are_kept_by_nobody(self):
        headers = self.url_open(BEGIN).headers
        self.assertEqual(headers["Cache-Control"], "no-store")
        self.assertEqual(headers["X-Robots-Tag"], "noindex")

    def test_what_was_typed_is_no_markup(self):
        nasty = '"><img src=x onerror=alert(1)>'
        answer = self.send(BEGIN, order=nasty, email="no address")
        page = html.fromstring(answer.text)
        self.assertFalse(page.xpath("//img[@src='x']"))
        self.assertEqual(page.xpath("//input[@name='order']/@value"), [nasty])
