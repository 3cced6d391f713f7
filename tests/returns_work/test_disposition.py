from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .case import ReceiptCase


@tagged("post_install", "-at_install")
class TestDisposition(ReceiptCase):
    """What becomes of goods is told when they are graded, and may be chosen otherwise."""

    def setUp(self):
        super().setUp()
        self.order = self.deliver((self.apple, 3))
        self.back = self.ask(self.order, (self.apple, 1), site_id=self.near.id)

    def propose(self, code, user=None, **values):
        given = {"site_id": self.near.id, "return_id": self.back.id, "quantity": 1, **values}
        grade = self.grades[code]
        given.setdefault("product_id", self.apple.id)
        return self.work(user).propose_disposition(grade_id=grade.id, **given)

    def test_what_is_told_is_what_is_proposed_then(self):
        """Asked before, the engine says what it says when the goods are inspected."""
        for code in ("A", "D"):
            told = self.propose(code)
            back = self.ask(self.order, (self.apple, 1), site_id=self.near.id)
            self.scan(back, self.apple)
            self.grade(back, self.apple, code)
            self.do(back, "done")
            [made] = back.disposition_ids
            best = told["options"][0]
            self.assertEqual(told["key"], best["key"])
            self.assertEqual(best["key"].partition("/")[0], made.proposed_kind)
            self.assertEqual(best["value"], made.currency_id.format(made.unit_value))
            [item] = self.detail(back)["items"]
            self.assertEqual(item["disposition"], made._describe_kind())

    def test_another_choice_is_carried_out(self):
        told = self.propose("A")
        other = next(o for o in told["options"] if o["key"] not in (told["key"], "sell"))
        self.scan(self.back, self.apple)
        answer = self.grade(self.back, self.apple, "A", disposition=other["key"])
        [item] = answer["detail"]["items"]
        self.assertEqual(item["disposition_key"], other["key"])
        self.assertEqual(item["disposition"], other["label"])
        self.do(self.back, "done")
        [made] = self.back.disposition_ids
        self.assertEqual(made.kind, other["key"].partition("/")[0])
        self.assertTrue(made.overridden)
        self.assertIn("Anna", made.override_reason)
        self.assertEqual(made.decided_by_id, self.clerk)
        self.assertTrue(made.move_ids)

    def test_what_cannot_become_of_goods(self):
        self.scan(self.back, self.apple)
        for key in ("eat", "send/x", "send/999999", "send/99999999999999999999"):
            answer = self.grade(self.back, self.apple, "A", disposition=key, expect="refused")
            self.assertIn("Nothing of that kind", answer["message"])

    def test_what_is_asked_wrongly(self):
        with self.assertRaises(AccessError):
            self.propose("A", site_id=self.middle.id)
        for values in ({"product_id": 0}, {"product_id": "x"}, {"quantity": 0}, {"quantity": "x"}):
            with self.assertRaises(UserError):
                self.propose("A", **values)
        service = self.make_product("Advice", type="service", is_storable=False)
        self.assertIsNone(self.propose("A", product_id=service.id))
