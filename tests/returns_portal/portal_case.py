"""An order of three products that a customer has, who is logged in or a guest."""

from lxml import html

from odoo.tests import HttpCase, new_test_user

from ..returns.common import ReturnCase
from .test_photo import make_picture

KEY = "0b0e7a52-6a1c-4d6f-9c59-2f5d1d1f6a01"


class PortalCase(ReturnCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(
            cls.env, "return_customer", "base.group_portal", email="ada@example.com", name="Ada"
        )
        cls.stranger = new_test_user(cls.env, "return_stranger", "base.group_portal")
        cls.customer = cls.user.partner_id
        cls.customer.write({"partner_latitude": 48.8566, "partner_longitude": 2.3522})
        cls.cherry = cls.make_product("Cherry")
        cls.stock(cls.cherry, (cls.near, 50))
        cls.order = cls.deliver((cls.apple, 2), (cls.berry, 1), (cls.cherry, 1))
        cls.path = f"/my/orders/{cls.order.id}/return"
        cls.photo_reason = cls.env.ref("oms.return_reason_damaged")

    def login(self):
        self.authenticate("return_customer", "return_customer")

    def get_page(self, path, status=200):
        response = self.url_open(path)
        self.assertEqual(response.status_code, status, response.text[:500])
        return html.fromstring(response.text)

    def get_token(self, path):
        return self.get_page(path).xpath("//input[@name='csrf_token']/@value")[0]

    def send_form(self, *lines, files=None, page=None, path=None, **more):
        """Send the form with (product, quantity) tuples, as the browser does."""
        form = {"csrf_token": self.get_token(page or self.path), "key": KEY, **more}
        for product, quantity in lines:
            line = self.line_of(self.order, product)
            form[f"quantity_{line.id}"] = str(quantity)
            form.setdefault(f"reason_{line.id}", str(self.reason.id))
        sent = [
            (f"photos_{self.line_of(self.order, product).id}", ("p.jpg", content, "image/jpeg"))
            for product, content in files or ()
        ]
        # A file field that is left alone is sent, too.
        sent = sent or [("photos_0", ("", b"", "application/octet-stream"))]
        return self.url_open(path or self.path, data=form, files=sent, allow_redirects=False)

    def get_alert(self, response):
        page = html.fromstring(response.text)
        return " ".join(" ".join(page.xpath("//div[@role='alert']//text()")).split())

    def picture(self):
        return make_picture()
