import uuid

from odoo.tests import tagged

from .common import OfferCase


@tagged("post_install", "-at_install")
class TestOfferScreen(OfferCase):
    """Offers on the screen of the sites that are asked."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerks = {}
        for site in cls.sites:
            clerk = cls.make_user(f"clerk-{site.code}", "oms.group_site_operator")
            site.user_ids = clerk
            cls.clerks[site] = clerk
        cls.order = cls.make_order((cls.apple, 2), user_id=False)
        cls.fulfillment = cls.order.oms_fulfillment_ids

    def screen(self, site):
        return self.env["oms.site.work"].with_user(self.clerks[site])

    def apply(self, site, kind, **more):
        operation = {
            "uuid": str(uuid.uuid4()),
            "fulfillment_id": self.fulfillment.id,
            "kind": kind,
            "at": "2024-03-04T10:00:00Z",
            **more,
        }
        [answer] = self.screen(site).apply([operation])
        return answer

    def test_card_and_detail(self):
        work = self.screen(self.middle).get_work(self.middle.id)
        [card] = work["cards"]
        self.assertEqual((card["id"], card["order"]), (self.fulfillment.id, self.order.name))
        self.assertTrue(card["offer"]["until"].endswith("Z"))
        self.assertEqual((work["counts"]["offered"], work["total"]), (1, 1))
        self.assertFalse(self.screen(self.far).get_work(self.far.id)["cards"])
        self.assertFalse(
            self.screen(self.middle).get_work(self.middle.id, {"work_state": ["picked"]})["cards"]
        )
        self.assertTrue(self.screen(self.middle).find(self.middle.id, self.order.name))
        detail = self.screen(self.middle).get_detail(self.fulfillment.id)
        self.assertEqual([line["demand"] for line in detail["lines"]], [2.0])
        self.assertTrue(detail["actions"]["accept"] and detail["actions"]["decline_offer"])

    def test_accept(self):
        answer = self.apply(self.middle, "accept_offer")
        self.assertEqual(answer["outcome"], "ok", answer)
        self.assertEqual(self.works_at(self.order), self.middle)
        [card] = self.screen(self.middle).get_work(self.middle.id)["cards"]
        self.assertEqual((card["work_state"], card["offer"]), ("accepted", None))
        self.assertFalse(self.screen(self.near).get_work(self.near.id)["cards"])
        slow = self.apply(self.near, "accept_offer")
        self.assertEqual(slow["outcome"], "refused")
        self.assertIn("Middle was faster", slow["message"])
        scan = self.env["oms.scan"].search([("uuid", "=", answer["uuid"])])
        self.assertEqual(scan.site_id, self.middle)

    def test_who_is_slow_is_told_who_was_faster(self):
        """Whoever has it then: the order need not be seen any more by who was asked."""
        self.assertEqual(self.apply(self.near, "accept_offer")["outcome"], "ok")
        for kind in ("accept_offer", "accept", "decline_offer", "reject"):
            slow = self.apply(self.middle, kind)
            self.assertEqual(slow["outcome"], "refused")
            self.assertIn(f"Near was faster: it has {self.order.name}", slow["message"])
            self.assertIsNone(slow["detail"])
        stranger = self.apply(self.far, "accept")
        self.assertNotIn("faster", stranger["message"])

    def test_the_usual_buttons_answer_too(self):
        answer = self.apply(self.near, "reject", note="Too busy")
        self.assertEqual(answer["outcome"], "ok", answer)
        self.assertEqual(self.states(self.order), {"Near": "declined", "Middle": "open"})
        self.assertFalse(self.order.oms_rejection_ids)
        self.middle.auto_accept = False
        answer = self.apply(self.middle, "accept")
        self.assertEqual(answer["outcome"], "ok", answer)
        result = self.order.oms_fulfillment_ids.filtered(lambda each: each.state == "released")
        self.assertEqual(result.work_state, "accepted")
        self.assertEqual(result.accepted_by_id, self.clerks[self.middle])

    def test_the_others_are_told(self):
        told = []

        def note(user, kind, message, **kwargs):
            told.append((user.id, message["message"]))

        self.patch(self.env.registry["res.users"], "_bus_send", note)
        self.apply(self.middle, "accept_offer")
        [(user_id, text)] = told
        self.assertEqual(user_id, self.clerks[self.near].id)
        self.assertIn("Middle was faster", text)
        self.assertIn(self.order.name, text)

    def test_sent_twice(self):
        same = str(uuid.uuid4())
        first = self.apply(self.middle, "accept_offer", uuid=same)
        again = self.apply(self.middle, "accept_offer", uuid=same)
        self.assertEqual((first["outcome"], again["outcome"]), ("ok", "repeated"))
        self.assertEqual(len(self.order.picking_ids), 1)

    def test_who_was_not_asked(self):
        answer = self.apply(self.far, "accept_offer")
        self.assertEqual(answer["outcome"], "refused")
        self.assertEqual(self.states(self.order), {"Near": "open", "Middle": "open"})
