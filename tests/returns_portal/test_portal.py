from unittest.mock import patch

from lxml import html

from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.returns_portal.photo import MOST_PHOTOS
from .mails import find_code
from .portal_case import PortalCase

NASTY = "<img src=x onerror=alert(1)>"


@tagged("post_install", "-at_install")
class TestPortal(PortalCase):
    """A customer who is logged in."""

    def test_what_can_be_chosen(self):
        self.login()
        page = self.get_page(self.path)
        lines = page.find_class("o_oms_return_line")
        self.assertEqual(len(lines), 3)
        [most] = [
            line.xpath(".//input[@type='number']/@max")[0]
            for line in lines
            if "Apple" in line.text_content()
        ]
        self.assertEqual(most, "2")
        reasons = page.xpath("(//select[contains(@class, 'o_oms_reason')])[1]/option/text()")
        self.assertIn("Too small", reasons)
        self.assertNotIn("Could not be delivered", reasons, "nobody says that of himself")
        outcomes = page.xpath("//input[@name='outcome']/@value")
        self.assertEqual(outcomes[:2], ["refund", "exchange"])
        self.assertEqual("credit" in outcomes, "loyalty.card" in self.env)

    def test_two_of_three(self):
        self.login()
        response = self.send_form((self.apple, 2), (self.cherry, 1), note="Sorry")
        made = self.order.oms_return_ids
        self.assertEqual(len(made), 1, self.get_alert(response))
        self.assertEqual(response.status_code, 303)
        self.assertTrue(response.headers["Location"].endswith(f"/my/returns/{made.id}"))
        self.assertEqual(
            {line.product_id: line.quantity for line in made.line_ids},
            {self.apple: 2.0, self.cherry: 1.0},
        )
        self.assertEqual((made.origin, made.outcome, made.way), ("portal", "refund", "label"))
        self.assertEqual((made.partner_id, made.note), (self.customer, "Sorry"))
        text = self.get_page(f"/my/returns/{made.id}").text_content()
        self.assertIn(made.name, text)
        self.assertIn("30.00", text)
        self.assertNotIn("Berry", text)

    def test_sent_twice_is_one_return(self):
        self.login()
        first = self.send_form((self.apple, 1))
        again = self.send_form((self.apple, 1))
        self.assertEqual(first.headers["Location"], again.headers["Location"])
        self.assertEqual(len(self.order.oms_return_ids), 1)

    def test_what_is_wrong_is_told_and_kept(self):
        self.login()
        line = self.line_of(self.order, self.apple)
        for lines, more, words in (
            ((), {}, "Choose what comes back"),
            (((self.apple, 3),), {}, "more than can be returned: 2"),
            (((self.apple, -1),), {}, "above zero"),
            (((self.apple, "many"),), {}, "Say how much of"),
            (((self.apple, 1),), {f"reason_{line.id}": ""}, "Choose why"),
            (((self.apple, 1),), {f"reason_{line.id}": "99999999"}, "Choose why"),
            (((self.apple, 1),), {"outcome": "gold"}, "ends with one of"),
            (((self.apple, 1),), {"way": "keep"}, "ends with one of"),
            (((self.apple, 1),), {"way": "pickup"}, "not offered"),
        ):
            with self.subTest(words=words, more=more):
                note = f"note_{line.id}"
                response = self.send_form(*lines, **{note: NASTY, **more})
                self.assertEqual(response.status_code, 422)
                self.assertIn(words, self.get_alert(response))
                page = html.fromstring(response.text)
                self.assertFalse(page.xpath("//img[@src='x']"))
                [kept] = page.xpath(f"//textarea[@name='{note}']/text()")
                self.assertEqual(kept, NASTY)
        self.assertFalse(self.order.oms_return_ids)

    def test_photos(self):
        self.login()
        line = self.line_of(self.order, self.apple)
        damaged = {f"reason_{line.id}": str(self.photo_reason.id)}
        response = self.send_form((self.apple, 1), **damaged)
        self.assertIn("Add a photo", self.get_alert(response))
        for content, words in (
            (b"<svg onload='alert(1)'/>", "cannot be read"),
            (b"MZ" + b"\0" * 99, "cannot be read"),
            (b"", "is empty"),
        ):
            response = self.send_form((self.apple, 1), files=[(self.apple, content)], **damaged)
            self.assertIn(words, self.get_alert(response))
        many = [(self.apple, self.picture())] * (MOST_PHOTOS + 1)
        response = self.send_form((self.apple, 1), files=many, **damaged)
        self.assertIn(f"up to {MOST_PHOTOS} photos", self.get_alert(response))
        self.assertFalse(self.order.oms_return_ids)
        self.send_form((self.apple, 1), files=many[:2], **damaged)
        made = self.order.oms_return_ids
        photos = made.line_ids.photo_ids
        self.assertEqual(len(photos), 2)
        self.assertEqual(set(photos.mapped("mimetype")), {"image/jpeg"})
        self.assertEqual(set(photos.mapped("res_model")), {"oms.return"})
        self.assertFalse(any(photos.mapped("public")))
        # The address of a file says nothing: others do not get it.
        self.authenticate("return_stranger", "return_stranger")
        with mute_logger("odoo.http"):
            response = self.url_open(f"/web/content/{photos[0].id}")
        self.assertNotEqual(response.content, photos[0].raw)
        # What was refused left nothing behind.
        self.assertFalse(
            self.env["ir.attachment"].search(
                [("res_model", "=", "sale.order"), ("res_id", "=", self.order.id)]
            )
        )

    def test_nothing_left(self):
        self.ask(self.order, (self.apple, 2), (self.berry, 1), (self.cherry, 1))
        self.login()
        page = self.get_page(self.path)
        self.assertIn("Nothing of this order can be returned", page.text_content())
        self.assertIn("is being returned already", page.text_content())
        self.assertFalse(page.xpath("//form[contains(@action, '/return')]"))

    def test_on_the_page_of_the_order(self):
        self.login()
        page = self.get_page(f"/my/orders/{self.order.id}")
        self.assertEqual(page.xpath("//div[@id='oms_returns']//a/@href"), [self.path])
        made = self.ask(self.order, (self.apple, 1))
        page = self.get_page(f"/my/orders/{self.order.id}")
        self.assertIn(f"/my/returns/{made.id}", page.xpath("//div[@id='oms_returns']//a/@href"))
        token = self.order._portal_ensure_token()
        self.authenticate(None, None)
        page = self.get_page(f"/my/orders/{self.order.id}?access_token={token}")
        [link] = page.find_class("o_oms_return_link")
        self.assertEqual(link.get("href"), f"/oms/returns?order={self.order.name}")

    def test_one_way_to_return_something(self):
        """Odoo offers a slip that nobody knows of, and lists transfers beside returns."""
        self.login()
        made = self.ask(self.order, (self.apple, 1))
        page = self.get_page(f"/my/orders/{self.order.id}")
        self.assertFalse(page.xpath("//a[contains(@href, '/my/picking/return/pdf/')]"))
        self.assertNotIn(made.picking_ids.name, page.text_content())
        titles = page.xpath("//h4[normalize-space()='Returns'] | //h5[normalize-space()='Returns']")
        self.assertEqual(len(titles), 1)
        # Orders of no channel are Odoo's alone.
        self.order.oms_channel_id = False
        page = self.get_page(f"/my/orders/{self.order.id}")
        self.assertTrue(page.xpath("//a[contains(@href, '/my/picking/return/pdf/')]"))

    def test_store_credit_of_the_orders_company(self):
        """There are eWallets where the company that sold has them, wherever one is logged in."""
        other = self.env["res.company"].create({"name": "Other company"})
        asked = []

        def knows(_returns, company):
            asked.append(company)
            return company == self.company

        with patch.object(type(self.env["oms.return"]), "_knows_store_credit", knows):
            order = self.order.with_company(other)
            outcomes = dict(order._oms_get_return_form().outcomes)
            self.assertIn("credit", outcomes)
            wizard = (
                self.env["oms.return.new"]
                .with_company(other)
                .with_context(active_model="sale.order", active_id=self.order.id)
                .create({})
            )
            self.assertIn("credit", wizard.allowed_outcomes)
        self.assertEqual(set(asked), {self.company})
        with patch.object(
            type(self.env["oms.return"]), "_knows_store_credit", lambda *_args: False
        ):
            wizard.invalidate_recordset(["allowed_outcomes"])
            self.assertEqual(wizard.allowed_outcomes, ["refund", "exchange"])

    def test_list_and_home(self):
        made = self.ask(self.order, (self.apple, 1))
        self.login()
        self.assertIn(made.name, self.get_page("/my/returns").text_content())
        counts = self.make_jsonrpc_request("/my/counters", {"counters": ["oms_return_count"]})
        self.assertEqual(counts, {"oms_return_count": 1})
        self.authenticate("return_stranger", "return_stranger")
        self.assertNotIn(made.name, self.get_page("/my/returns").text_content())

    def test_given_up(self):
        made = self.ask(self.order, (self.apple, 1))
        self.login()
        path = f"/my/returns/{made.id}"
        self.send_form(page=path, path=f"{path}/cancel")
        self.assertEqual(made.state, "cancelled")
        page = self.get_page(path)
        self.assertIn("Cancelled", page.text_content())
        self.assertFalse(page.find_class("o_oms_cancel_return"))

    def test_refused(self):
        self.policy.review = "reviewed"
        made = self.ask(self.order, (self.apple, 1), origin="portal")
        self.login()
        page = self.get_page(f"/my/returns/{made.id}").text_content()
        self.assertIn("We are looking at it", page)
        made._refuse("It was worn.")
        self.assertIn("It was worn.", self.get_page(f"/my/returns/{made.id}").text_content())

    def test_brought_to_a_store(self):
        self.near.kind = "store"
        self.near.pickup_note = "Second floor"
        self.login()
        page = self.get_page(self.path)
        self.assertEqual(page.xpath("//select[@name='site']/option/@value"), [str(self.near.id)])
        self.send_form((self.apple, 1), way="dropoff", site=str(self.near.id))
        made = self.order.oms_return_ids
        self.assertEqual((made.way, made.site_id), ("dropoff", self.near))
        page = self.get_page(f"/my/returns/{made.id}")
        self.assertIn("Second floor", page.text_content())
        [code] = page.xpath("//img[contains(@src, '/report/barcode')]/@src")
        self.assertEqual(self.url_open(code).headers["Content-Type"], "image/png")

    def test_a_label(self):
        made = self.ask(self.order, (self.apple, 1), way="label")
        self.login()
        path = f"/my/returns/{made.id}"
        with patch.object(type(made), "_waits_for_label", lambda each: True):
            self.assertTrue(self.get_page(path).find_class("o_oms_no_label"))
        # No carrier gives labels here: the customer sends it as he likes.
        page = self.get_page(path)
        self.assertFalse(page.find_class("o_oms_no_label"))
        self.assertIn("Send it by a carrier of your choice to", page.text_content())
        self.assertIn(self.near.name, page.text_content())
        labels = self.env["ir.attachment"].create(
            [{"name": "Return-1.pdf", "raw": b"%PDF-1.7 label"}, {"name": "x", "raw": b"secret"}]
        )
        with patch.object(type(made), "_get_customer_labels", lambda each: labels[0].sudo()):
            [link] = self.get_page(path).find_class("o_oms_label")
            response = self.url_open(link.get("href"))
            self.assertEqual(response.content, b"%PDF-1.7 label")
            self.assertIn("attachment", response.headers["Content-Disposition"])
            with mute_logger("odoo.http"):
                other = self.url_open(f"{path}/label/{labels[1].id}")
            self.assertEqual(other.status_code, 404)


@tagged("post_install", "-at_install")
class TestOthers(PortalCase):
    """Own orders only, and guests only by a code or an address of their own."""

    def test_orders_of_others(self):
        made = self.ask(self.order, (self.apple, 1))
        for login in (None, "return_stranger"):
            self.authenticate(login, login)
            paths = (self.path, f"/my/returns/{made.id}", "/my/orders/999999/return")
            for path in (*paths, f"{self.path}?access_token={self.order._portal_ensure_token()}"):
                with self.subTest(login=login, path=path):
                    page = html.fromstring(self.url_open(path).text)
                    self.assertFalse(page.find_class("o_oms_return_line"))
                    self.assertFalse(page.find_class("o_oms_return"))
                    self.assertNotIn(made.name, page.text_content())
            for path in (self.path, f"/my/returns/{made.id}/cancel"):
                response = self.send_form((self.apple, 1), page="/oms/returns", path=path)
                self.assertEqual(response.status_code, 303)
        self.assertEqual(self.order.oms_return_ids, made)
        self.assertEqual(made.state, "authorized")

    def test_answers_to_others_tell_nothing(self):
        """An order that there is not is answered as one of somebody else."""
        self.authenticate("return_stranger", "return_stranger")
        answers = {
            (response.status_code, response.headers["Location"])
            for path in (self.path, "/my/orders/999999/return", "/my/returns/999999")
            for response in [self.url_open(path, allow_redirects=False)]
        }
        self.assertEqual(len(answers), 1, answers)

    def test_a_guest(self):
        page = "/oms/returns"
        form = {"order": self.order.name.lower(), "email": "ada@example.com"}
        self.url_open(page, data={**form, "csrf_token": self.get_token(page)})
        with patch.object(type(self.env["mail.mail"]), "send", lambda mails, **kw: None):
            self.env.ref("oms.cron_return_codes").method_direct_trigger()
        ask = self.env["oms.return.ask"].search([], limit=1)
        mail = self.env["mail.mail"].search(
            [("model", "=", "oms.return.ask"), ("res_id", "=", ask.id)]
        )
        token = self.get_token(f"{page}/code")
        response = self.url_open(
            f"{page}/code", data={"code": find_code(mail), "csrf_token": token}
        )
        self.assertTrue(response.url.endswith(self.path), response.url)
        self.send_form((self.apple, 1))
        made = self.order.oms_return_ids
        self.assertEqual((len(made), made.origin), (1, "portal"))
        self.assertIn(made.name, self.get_page(f"/my/returns/{made.id}").text_content())
        # Nothing else of the customer is opened by it.
        other = self.deliver((self.apple, 1))
        for path in (f"/my/orders/{other.id}/return", f"/my/orders/{self.order.id}"):
            self.assertFalse(
                html.fromstring(self.url_open(path).text).find_class("o_oms_return_line")
            )

    def test_by_the_address_of_a_mail(self):
        made = self.ask(self.order, (self.apple, 1))
        address, _hash, key = made._get_customer_url().partition("#")
        self.assertGreaterEqual(len(key), 36)
        path = address.removeprefix(made.get_base_url())
        self.assertEqual(path, "/oms/returns/open", "what opens it is in no address that is sent")
        token = self.get_token(path)
        for wrong in ("", "x", key[:-1], key + "x", f"0.{key}", f"{made.id}.", f"{made.id}.é"):
            response = self.url_open(path, data={"key": wrong, "csrf_token": token})
            self.assertEqual(response.status_code, 404, wrong)
        response = self.url_open(path, data={"key": key, "csrf_token": token})
        self.assertTrue(response.url.endswith(f"/my/returns/{made.id}"))
        self.assertIn(made.name, response.text)
        self.assertNotIn(made.access_token, response.text)

    def test_no_address_without_a_token(self):
        """A return whose mail was never written cannot be opened by an empty key."""
        made = self.ask(self.order, (self.apple, 1))
        made.sudo().access_token = False
        returns = self.env["oms.return"]
        for key in (f"{made.id}.", f"{made.id}", f"{made.id}.False", f"{made.id}.None"):
            self.assertFalse(returns._find_by_customer_key(key))

    def test_nothing_secret_is_logged(self):
        made = self.ask(self.order, (self.apple, 1))
        path, _hash, key = made._get_customer_url().partition("#")
        path = path.removeprefix(made.get_base_url())
        token = self.get_token(path)
        with self.assertLogs(level="DEBUG") as logs:
            self.url_open(path, data={"key": key, "csrf_token": token})
        own = [text for text in logs.output if "odoo.sql_db" not in text]
        self.assertTrue(any("/oms/returns/open" in text for text in own))
        self.assertNotIn(made.access_token, "\n".join(own))
