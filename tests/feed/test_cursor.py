from odoo.tests import BaseCase

from odoo.addons.oms.models.feed.cursor import Cursor


class TestCursor(BaseCase):
    def test_there_and_back(self):
        for cursor in (
            Cursor("0a1b2c3d", 0),
            Cursor("0a1b2c3d", 10**15),
            Cursor("ffffffff", 7, 2**31 - 1),
        ):
            self.assertEqual(Cursor.parse(str(cursor)), cursor)

    def test_nonsense(self):
        for text in (
            None,
            False,
            True,
            0,
            17,
            2.5,
            b"0a1b2c3d-1",
            [],
            {"number": 1},
            "",
            "17",
            "0a1b2c3d",
            "0a1b2c3d-",
            "0a1b2c3d--1",
            "0a1b2c3d-1-",
            "0a1b2c3d-1.5",
            "0A1B2C3D-1",
            "0a1b2c3g-1",
            " 0a1b2c3d-1",
            "0a1b2c3d-1\n",
            "0a1b2c3d-1\0",
            "0a1b2c3d-1-2-3",
            "0a1b2c3d-" + "9" * 19,
            "0a1b2c3d-1-" + "9" * 11,
            "0a1b2c3d-١",
        ):
            self.assertIsNone(Cursor.parse(text), repr(text))
