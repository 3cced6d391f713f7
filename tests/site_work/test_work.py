from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import WorkCase


@tagged("post_install", "-at_install")
class TestWork(WorkCase):
    """The plain way from release to the carrier, in one, two and three steps."""

    def test_states_follow_what_is_done(self):
        for steps in ("ship_only", "pick_ship", "pick_pack_ship"):
            with self.subTest(steps=steps):
                self.near.warehouse_id.delivery_steps = steps
                work = self.make_work((self.apple, 2), (self.berry, 1))
                self.assertEqual((work.state, work.work_state), ("released", "accepted"))
                self.assertEqual(work.accepted_at, work.released_at)
                self.do(work, "scan", barcode=self.apple.barcode)
                self.assertEqual(self.rows(work)[0], ("Apple", 2, 1, 0))
                self.do(work, "scan", barcode=self.apple.barcode)
                self.assertEqual(work.work_state, "accepted")
                self.do(work, "set_picked", line_id=work.line_ids[1].id, quantity=1)
                self.assertEqual(work.work_state, "picked")
                answer = self.do(work, "pack", weight=1.5)
                self.assertEqual(work.work_state, "packed")
                [package] = answer["detail"]["packages"]
                self.assertEqual(package["weight"], 1.5)
                self.assertEqual(
                    {
                        (each["product"].split("] ")[-1], each["quantity"])
                        for each in package["contents"]
                    },
                    {("Apple", 2), ("Berry", 1)},
                )
                self.do(work, "ready", storage="Shelf 7")
                self.assertEqual((work.work_state, work.storage_place), ("ready", "Shelf 7"))
                self.do(work, "hand_over")
                self.assertEqual((work.state, work.work_state), ("shipped", False))
                self.assertEqual(set(work.picking_ids.mapped("state")), {"done"})
                self.assertEqual(work.order_id.order_line.mapped("qty_delivered"), [2, 1])
                self.assertBalanced(work.order_id)

    def test_native_buttons_give_the_same_states(self):
        self.near.warehouse_id.delivery_steps = "pick_pack_ship"
        work = self.make_work()
        seen = []
        for _step in range(3):
            picking = work.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
            self.ship(picking)
            seen.append((work.state, work.work_state))
        self.assertEqual(seen, [("released", "picked"), ("released", "packed"), ("shipped", False)])

    def test_same_operation_is_done_once(self):
        work = self.make_work((self.apple, 3))
        operation = self.operation(work, "scan", barcode=self.apple.barcode)
        screen = self.env["oms.site.work"].with_user(self.clerk)
        answers = screen.apply([operation, operation]) + screen.apply([operation])
        self.assertEqual([a["outcome"] for a in answers], ["ok", "repeated", "repeated"])
        self.assertEqual(self.rows(work), [("Apple", 3, 1, 0)])

    def test_site_that_accepts_by_hand(self):
        self.near.auto_accept = False
        work = self.make_work()
        self.assertEqual(work.work_state, "todo")
        self.do(work, "scan", barcode=self.apple.barcode, expect="refused")
        self.do(work, "accept")
        self.assertEqual((work.work_state, work.accepted_by_id), ("accepted", self.clerk))
        self.do(work, "accept", expect="warning")

    def test_work_of_others_is_refused(self):
        other = self.make_user("clerk-bob", "oms.group_site_operator")
        self.far.user_ids = other
        work = self.make_work()
        screen = self.env["oms.site.work"].with_user(other)
        self.assertEqual([site["id"] for site in screen.get_sites()], self.far.ids)
        with self.assertRaises(AccessError):
            screen.get_work(self.near.id)
        with self.assertRaises(AccessError):
            screen.get_detail(work.id)
        self.do(work, "scan", user=other, barcode=self.apple.barcode, expect="refused")
        self.assertEqual(self.rows(work), [("Apple", 2, 0, 0)])
        seller = self.make_user("seller", "sales_team.group_sale_salesman_all_leads")
        with self.assertRaises(AccessError):
            self.env["oms.site.work"].with_user(seller).get_sites()

    def test_short_pick_is_sourced_elsewhere(self):
        work = self.make_work((self.apple, 5))
        self.do(work, "scan", barcode=self.apple.barcode, quantity=3)
        reason = self.reason("not_found") or self.env["oms.reject.reason"].search(
            [("stock_effect", "=", "quantity"), ("offered", "=", True)], limit=1
        )
        self.do(work, "short", line_id=work.line_ids.id, reason_id=reason.id)
        self.assertEqual(work.work_state, "picked")
        self.assertEqual(self.rows(work)[0], ("Apple", 3, 3, 0))
        self.do(work, "hand_over")
        self.assertEqual(work.order_id.order_line.qty_delivered, 3)
        self.run_events()
        self.assertEqual((work.order_id.oms_fulfillment_ids - work).unit_count, 2)

    def test_list_of_work(self):
        first, second = self.make_work((self.apple, 2)), self.make_work((self.berry, 3))
        self.do(second, "scan", barcode=self.berry.barcode)
        screen = self.env["oms.site.work"].with_user(self.clerk)
        answer = screen.get_work(self.near.id)
        self.assertEqual(answer["total"], 2)
        self.assertEqual(answer["counts"]["accepted"], 2)
        cards = {card["id"]: card for card in answer["cards"]}
        self.assertEqual((cards[first.id]["units"], cards[first.id]["picked_units"]), (2, 0))
        self.assertEqual((cards[second.id]["units"], cards[second.id]["picked_units"]), (3, 1))
        [found] = screen.find(self.near.id, first.order_id.name)
        self.assertEqual(found["id"], first.id)
        self.assertEqual(
            [c["id"] for c in screen.get_work(self.near.id, limit=1)["cards"]], first.ids
        )
        totals = {
            service: screen.get_work(self.near.id, {"service": service})["total"]
            for service in ("ship", "collect", "nothing")
        }
        self.assertEqual(totals, {"ship": 2, "collect": 0, "nothing": 0})

    def test_rights_go_for_buttons_and_the_log_too(self):
        other = self.make_user("clerk-bob", "oms.group_site_operator")
        self.far.user_ids = other
        seller = self.make_user("seller", "sales_team.group_sale_salesman_all_leads")
        work = self.make_work()
        for user in (other, seller):
            for button in ("accept", "start", "leave", "pick", "pack", "make_ready", "hand_over"):
                with self.subTest(user=user.login, button=button), self.assertRaises(AccessError):
                    getattr(work.with_user(user), f"action_{button}")()
        self.do(work, "scan", barcode=self.apple.barcode)
        own = [("fulfillment_id", "=", work.id)]
        self.assertEqual(len(self.env["oms.scan"].with_user(self.clerk).search(own)), 1)
        self.assertFalse(self.env["oms.scan"].with_user(other).search(own))
        with self.assertRaises(AccessError):
            self.env["oms.scan"].with_user(self.clerk).search(own).message = "x"
        with self.assertRaises(AccessError):
            work.with_user(self.clerk).storage_place = "x"
