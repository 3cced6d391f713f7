"""What is read of a form, whatever somebody sends."""

import math

from odoo.tests import BaseCase, tagged

from ...models.returns_portal.return_form import MOST_NOTE, read_id, read_quantity, read_wish


@tagged("post_install", "-at_install")
class TestForm(BaseCase):
    def read_form(self, form, files=None, lines=(1, 2)):
        return read_wish(form, lambda name: (files or {}).get(name, []), lines)

    def test_quantities(self):
        for text, quantity in ((None, 0), ("", 0), (" 2 ", 2), ("1,5", 1.5), ("-1", -1), ("0", 0)):
            self.assertEqual(read_quantity(text), quantity, text)
        self.assertTrue(math.isnan(read_quantity("two")))

    def test_ids(self):
        for text in (None, "", "x", "-1", "1.0", "1" * 10, "²"):
            self.assertIsNone(read_id(text), text)
        self.assertEqual(read_id("42"), 42)

    def test_only_lines_of_the_form(self):
        form = {"quantity_1": "1", "quantity_2": "0", "quantity_3": "9", "reason_1": "7"}
        wish = self.read_form(form, {"photos_1": [b"a", b"b"]})
        [line] = wish.lines
        self.assertEqual((line.line_id, line.quantity, line.reason_id), (1, 1.0, 7))
        self.assertEqual(line.photos, (b"a", b"b"))

    def test_what_is_no_number_is_not_left_out(self):
        """Nobody is to think that it was taken."""
        [line] = self.read_form({"quantity_1": "many"}).lines
        self.assertTrue(math.isnan(line.quantity))

    def test_a_store_only_where_it_is_brought_to(self):
        self.assertIsNone(self.read_form({"way": "label", "site": "3"}).site_id)
        self.assertEqual(self.read_form({"way": "dropoff", "site": "3"}).site_id, 3)

    def test_keys_and_notes(self):
        key = "0b0e7a52-6a1c-4d6f-9c59-2f5d1d1f6a01"
        self.assertEqual(self.read_form({"key": key}).key, key)
        for bad in ("", "x", key.upper(), f"{key}\n", "a" * 99):
            self.assertIsNone(self.read_form({"key": bad}).key, bad)
        self.assertEqual(len(self.read_form({"note": "x" * 9999}).note), MOST_NOTE)
