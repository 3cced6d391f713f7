from odoo.tests import HttpCase, tagged

from .collect_case import CollectCase


@tagged("post_install", "-at_install")
class TestPage(HttpCase, CollectCase):
    def open(self, fulfillment):
        self.env.flush_all()
        return self.url_open(f"/oms/pickup/{fulfillment.pickup_token}")

    def test_shows_the_code(self):
        self.store.pickup_note = "Counter <2>"
        fulfillment = self.make_ready()
        page = self.open(fulfillment)
        self.assertEqual(page.status_code, 200)
        self.assertIn(fulfillment.pickup_code_text, page.text)
        self.assertIn("Counter &lt;2&gt;", page.text)
        self.assertIn("Near", page.text)
        self.assertEqual(page.headers["Referrer-Policy"], "no-referrer")
        self.assertIn("no-store", page.headers["Cache-Control"])
        picture = self.url_open(
            f"/report/barcode/QR/{fulfillment.pickup_code}?width=240&height=240"
        )
        self.assertEqual(picture.headers["Content-Type"], "image/png")

    def test_follows_what_happens(self):
        fulfillment = self.make_ready()
        code = fulfillment.pickup_code_text
        fulfillment._collect()
        page = self.open(fulfillment).text
        self.assertIn("Collected", page)
        self.assertNotIn(code, page)
        late = self.make_ready()
        late._expire_pickup()
        self.assertIn("went back on the shelf", self.open(late).text)
        gone = self.make_ready()
        self.cancel(gone.order_id)
        self.assertIn("Cancelled", self.open(gone).text)
        reserved = self.reserve()
        reserved._make_ready()
        self.assertIn("decide in the store", self.open(reserved).text)

    def test_in_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env.ref("oms.pickup_page").update_field_translations(
            "arch_db", {"fr_FR": {"Show this code in the store.": "Montrez ce code au magasin."}}
        )
        fulfillment = self.make_ready()
        fulfillment.pickup_partner_id.lang = "fr_FR"
        page = self.open(fulfillment).text
        self.assertIn("Montrez ce code au magasin.", page)
        self.assertIn('lang="fr-FR"', page)

    def test_nothing_without_the_address(self):
        fulfillment = self.make_ready()
        for token in (
            "x",
            "x%00",
            fulfillment.pickup_token + "%00",
            fulfillment.pickup_token[:-1],
            fulfillment.pickup_code,
            str(fulfillment.id),
        ):
            self.assertEqual(self.url_open(f"/oms/pickup/{token}").status_code, 404, token)
