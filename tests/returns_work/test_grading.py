import base64
import io

from PIL import Image

from odoo.tests import tagged

from .case import ReceiptCase


def picture(kind="JPEG"):
    """A small picture in base64, as the screen sends it."""
    content = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(content, kind)
    return base64.b64encode(content.getvalue()).decode()


@tagged("post_install", "-at_install")
class TestGrading(ReceiptCase):
    def setUp(self):
        super().setUp()
        self.order = self.deliver((self.apple, 3), (self.berry, 2))
        self.back = self.ask(self.order, (self.apple, 3), (self.berry, 1), site_id=self.near.id)

    def test_goods_in_hand_are_graded_and_judged_when_done(self):
        """Two of three are as new, one is used: each is booked with its grade and its answers."""
        self.scan(self.back, self.apple, 3)
        self.scan(self.back, self.berry)
        self.grade(self.back, self.apple, "A", quantity=2, answers=self.checks(self.apple))
        answer = self.grade(
            self.back,
            self.apple,
            "C",
            answers=self.checks(self.apple, q2=True),
            accepted=False,
            note="A worm",
        )
        self.assertIn("grade C", answer["message"])
        items = answer["detail"]["items"]
        seen = [
            (i["product"]["code"], i["quantity"], (i["grade"] or {}).get("code")) for i in items
        ]
        self.assertCountEqual(seen, [("Apple", 2, "A"), ("Apple", 1, "C"), ("Berry", 1, None)])
        self.grade(self.back, self.berry, "A", answers=self.checks(self.berry))
        self.do(self.back, "done")
        self.assertEqual(
            self.came(self.back),
            [("Apple", 1, "C", False), ("Apple", 2, "A", True), ("Berry", 1, "A", True)],
        )
        self.assertIn(self.back.state, ("inspected", "closed"))
        self.assertEqual(self.back.line_ids.mapped("quantity_accepted"), [2, 1])
        used = self.back.item_ids.filtered(lambda item: item.grade_id == self.grades["C"])
        self.assertEqual(used.note, "A worm")
        self.assertEqual([each["answer"] for each in used.checks].count("no"), 2)
        self.assertTrue(all(each["question"] for each in used.checks))

    def test_what_is_not_graded_waits(self):
        self.scan(self.back, self.apple, 3)
        self.scan(self.back, self.berry)
        self.grade(self.back, self.berry, "B")
        answer = self.do(self.back, "done")
        self.assertIn("Still to be graded", answer["message"])
        self.assertEqual(self.back.state, "received")
        work = self.work().get_returns(self.near.id, {"state": "received"})
        self.assertEqual([card["id"] for card in work["cards"]], [self.back.id])
        [apples] = [item for item in self.detail(self.back)["items"] if not item["is_inspected"]]
        self.assertTrue(apples["is_booked"])
        grade = {"item_id": apples["id"], "grade_id": self.grades["A"].id}
        self.do(self.back, "grade", quantity=2, **grade)
        self.assertEqual(self.back.state, "received")
        [rest] = [item for item in self.detail(self.back)["items"] if not item["is_inspected"]]
        self.assertEqual(rest["quantity"], 1)
        done = self.do(
            self.back, "grade", item_id=rest["id"], grade_id=self.grades["D"].id, accepted=False
        )
        self.assertEqual(
            self.came(self.back),
            [("Apple", 1, "D", False), ("Apple", 2, "A", True), ("Berry", 1, "B", True)],
        )
        self.assertIn(self.back.state, ("inspected", "closed"))
        self.assertEqual(sum(self.back.item_ids.mapped("quantity")), 4)
        self.do(self.back, "undo", target=done["uuid"], expect="refused")

    def test_a_grade_is_taken_back(self):
        self.scan(self.back, self.apple, 3)
        first = self.grade(self.back, self.apple, "A", quantity=2)
        [item] = self.back.receipt_item_ids.filtered("grade_id")
        changed = self.do(self.back, "grade", draft_id=item.id, grade_id=self.grades["B"].id)
        self.assertEqual(item.grade_id, self.grades["B"])
        self.do(self.back, "undo", target=changed["uuid"])
        self.assertEqual(item.grade_id, self.grades["A"])
        self.do(self.back, "undo", target=first["uuid"])
        self.assertEqual(self.back.receipt_item_ids.mapped("quantity"), [3])
        self.assertFalse(self.back.receipt_item_ids.grade_id)

    def test_a_photo_of_what_is_wrong(self):
        checks = self.env["oms.grade.check"]._get_checks(self.apple)[self.apple.id]
        place = 1 + checks.mapped("needs_photo").index(True)
        answers = self.checks(self.apple, **{f"q{place}": True})
        self.scan(self.back, self.apple)
        answer = self.grade(self.back, self.apple, "C", answers=answers, expect="refused")
        self.assertIn("Take a photo", answer["message"])
        for photos in (["nothing"], ["AAAA"], [1], "AAAA", [picture("BMP")], [picture()] * 9):
            with self.subTest(photos=photos):
                self.grade(
                    self.back, self.apple, "C", answers=answers, photos=photos, expect="refused"
                )
        self.assertFalse(
            self.env["ir.attachment"].search(
                [("res_id", "=", self.back.id), ("res_model", "=", "oms.return")]
            )
        )
        self.grade(self.back, self.apple, "C", answers=answers, photos=[picture(), picture("PNG")])
        self.do(self.back, "done")
        photos = self.back.item_ids.photo_ids
        self.assertEqual(photos.mapped("mimetype"), ["image/jpeg"] * 2)
        self.assertEqual(set(photos.mapped("res_id")), {self.back.id})

    def test_the_screen_knows_the_questions_and_grades(self):
        detail = self.detail(self.back)
        self.assertEqual(
            [grade["code"] for grade in detail["grades"]],
            self.env["oms.grade"].search([]).mapped("code"),
        )
        self.assertEqual(
            [check["id"] for check in detail["checks"]],
            self.env["oms.grade.check"]._get_checks(self.apple)[self.apple.id].ids,
        )

    def test_unclear_grades_change_nothing(self):
        self.scan(self.back, self.apple)
        line = {"sale_line_id": self.line_of(self.order, self.apple).id}
        good = {**line, "grade_id": self.grades["A"].id}
        for values in (
            line,
            {**line, "grade_id": "A"},
            {**line, "grade_id": 2**31 - 1},
            {**good, "quantity": -1},
            {**good, "quantity": "all"},
            {**good, "answers": "yes"},
            {**good, "sale_line_id": self.line_of(self.order, self.berry).id},
            {**good, "lot_name": "none"},
            {**good, "item_id": 1},
        ):
            with self.subTest(values=values):
                answer = self.do(self.back, "grade", expect="refused", **values)
                self.assertNotIn("failed on the server", answer["message"])
        self.assertFalse(self.back.receipt_item_ids.grade_id)
