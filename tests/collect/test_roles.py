from odoo.exceptions import AccessError
from odoo.tests import tagged

from .collect_case import CollectCase


@tagged("post_install", "-at_install")
class TestRoles(CollectCase):
    def test_clerks_do_not_read_codes(self):
        fulfillment = self.make_ready()
        for name in ("pickup_code", "pickup_code_text", "pickup_url", "pickup_qr_url"):
            with self.subTest(name=name), self.assertRaises(AccessError):
                fulfillment.with_user(self.clerk).read([name])
        with self.assertRaises(AccessError):
            self.env["oms.fulfillment"].with_user(self.clerk).search(
                [("pickup_code", "=", fulfillment.pickup_code)]
            )
        operator = self.make_user("operator", "oms.group_order_operator")
        code = fulfillment.with_user(operator).pickup_code_text
        self.assertEqual(code.replace("-", ""), fulfillment.pickup_code)
        with self.assertRaises(AccessError):
            fulfillment.with_user(operator).read(["pickup_token"])

    def test_clerk_of_another_store(self):
        stranger = self.make_user("other-clerk", "oms.group_site_operator")
        self.middle.user_ids = stranger
        ready, reserved = self.make_ready(), self.reserve()
        for what in (
            ready.with_user(stranger)._collect,
            ready.with_user(stranger)._undo_collect,
            ready.with_user(stranger).action_expire_pickup,
            ready.with_user(stranger).action_remind_pickup,
            ready.with_user(stranger).action_extend_pickup,
            reserved.with_user(stranger)._sell,
            reserved.with_user(stranger)._release_reservation,
            reserved.with_user(stranger)._make_ready,
        ):
            with self.subTest(what=what.__name__), self.assertRaises(AccessError):
                what()
        self.assertEqual((ready.pickup_state, reserved.pickup_state), ("ready", "preparing"))

    def test_sellers_hand_nothing_over(self):
        seller = self.make_user("seller", "sales_team.group_sale_salesman_all_leads")
        ready, reserved = self.make_ready(), self.reserve()
        for what in (
            ready.with_user(seller)._collect,
            reserved.with_user(seller)._sell,
            reserved.with_user(seller)._release_reservation,
        ):
            with self.subTest(what=what.__name__), self.assertRaises(AccessError):
                what()

    def test_wrong_codes_are_not_for_others(self):
        with self.assertRaises(AccessError):
            self.env["oms.pickup.try"].with_user(self.clerk).search([])
        with self.assertRaises(AccessError):
            self.env["oms.pickup.try"].with_user(self.clerk).create(
                {"user_id": self.clerk.id, "moment": "2024-01-01"}
            )
