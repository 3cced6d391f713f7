from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .case import ReceiptCase


@tagged("post_install", "-at_install")
class TestReceipt(ReceiptCase):
    def setUp(self):
        super().setUp()
        self.order = self.deliver((self.apple, 3), (self.berry, 2))
        self.back = self.ask(self.order, (self.apple, 2), (self.berry, 1), site_id=self.near.id)
        self.place = self.near._get_return_location()

    # === AS ANNOUNCED, MORE, FEWER === #

    def test_as_announced(self):
        """Each scan counts one; all of it is booked at once, and lies where it is to be graded."""
        self.assertEqual(self.rows(self.back), {"Apple": (2, 0, 3), "Berry": (1, 0, 2)})
        self.scan(self.back, self.apple)
        answer = self.scan(self.back, self.apple)
        self.assertIn("2 of 2", answer["message"])
        self.assertEqual(answer["detail"]["lines"][0]["received"], 2)
        self.assertEqual(self.at(self.apple, self.place), 0, "counted, not booked")
        self.scan(self.back, self.berry)
        self.do(self.back, "done")
        self.assertEqual(self.back.state, "received")
        self.assertEqual(self.came(self.back), [("Apple", 2, "", True), ("Berry", 1, "", True)])
        self.assertEqual(self.at(self.apple, self.place), 2)
        self.assertEqual(self.at(self.berry, self.place), 1)
        self.assertEqual(self.order.order_line.mapped("qty_delivered"), [1, 1])
        self.assertFalse(self.back.receipt_item_ids)

    def test_all_at_once_without_a_scanner(self):
        line = self.line_of(self.order, self.apple)
        self.do(self.back, "item", sale_line_id=line.id, quantity=2)
        self.do(self.back, "item", sale_line_id=line.id, quantity=-1)
        self.assertEqual(self.rows(self.back)["Apple"], (2, 1, 3))

    def test_fewer_and_nothing_more_comes(self):
        self.scan(self.back, self.apple)
        self.do(self.back, "done", rest="none")
        self.assertEqual(self.back.state, "received")
        self.assertEqual(self.back.line_ids.mapped("state"), ["received", "missing"])
        self.assertFalse(
            self.back.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
        )

    def test_fewer_and_the_rest_comes_later(self):
        self.scan(self.back, self.apple)
        self.do(self.back, "done", rest="later")
        self.assertEqual(self.back.state, "authorized")
        self.assertEqual(self.rows(self.back), {"Apple": (2, 1, 3), "Berry": (1, 0, 2)})
        self.scan(self.back, self.apple)
        self.scan(self.back, self.berry)
        self.do(self.back, "done")
        self.assertEqual(self.back.state, "received")
        self.assertEqual(self.at(self.apple, self.place), 2)

    def test_more_than_announced_is_told_and_more_than_delivered_is_refused(self):
        self.scan(self.back, self.apple, 2)
        answer = self.scan(self.back, self.apple, expect="warning")
        self.assertIn("only 2", answer["message"])
        answer = self.scan(self.back, self.apple, expect="refused")
        self.assertIn("all that was delivered is back", answer["message"])
        answer = self.scan(self.back, self.berry, 3, expect="refused")
        self.assertIn("only 2", answer["message"])
        self.assertEqual(self.rows(self.back), {"Apple": (2, 3, 3), "Berry": (1, 0, 2)})
        self.do(self.back, "done")
        self.assertEqual(self.came(self.back), [("Apple", 3, "", True)])

    def test_what_another_return_announced_is_not_taken_from_it(self):
        other = self.ask(self.order, (self.berry, 1), site_id=self.near.id)
        answer = self.scan(self.back, self.berry, 2, expect="refused")
        self.assertIn("only 1", answer["message"])
        self.scan(self.back, self.berry)
        self.scan(other, self.berry)

    # === OTHER AND UNKNOWN GOODS === #

    def test_goods_of_another_order(self):
        """They are told, and taken in on purpose only; nothing is paid back for them."""
        answer = self.scan(self.back, self.cheese, expect="refused")
        self.assertIn("not of order", answer["message"])
        known = self.work().find_goods(self.near.id, self.back.id, self.cheese.barcode)
        self.assertFalse(known["is_of_return"])
        self.assertIn(self.order.name, known["message"])
        self.scan(self.back, self.cheese, is_other=True)
        self.assertTrue(self.detail(self.back)["lines"][-1]["is_other"])
        answer = self.do(self.back, "done", expect="warning")
        self.assertIn("Cheese", answer["message"])
        self.assertEqual(self.came(self.back), [("Cheese", 1, "", False)])
        self.assertEqual(self.at(self.cheese, self.place), 1)

    def test_what_nobody_knows(self):
        answer = self.do(self.back, "item", barcode="999", expect="refused")
        self.assertIn("999", answer["message"])
        self.assertIsNone(self.work().find_goods(self.near.id, self.back.id, "999"))
        self.do(self.back, "item", barcode="999", is_other=True, note="A red hat", expect="warning")
        [unknown] = self.detail(self.back)["unknown"]
        self.assertEqual((unknown["note"], unknown["quantity"]), ("A red hat", 1))
        self.scan(self.back, self.apple)
        self.do(self.back, "done", expect="warning")
        self.assertTrue(any("A red hat" in text for text in self.back.message_ids.mapped("body")))
        self.assertIn("A red hat", self.back.activity_ids.note)
        self.assertEqual(self.came(self.back), [("Apple", 1, "", True)])

    def test_a_packaging_stands_for_several(self):
        six = self.env.ref("uom.product_uom_pack_6")
        self.apple.product_tmpl_id.uom_ids = six
        self.env["product.uom"].create(
            {"product_id": self.apple.id, "uom_id": six.id, "barcode": "4006381333948"}
        )
        order = self.deliver((self.apple, 8))
        back = self.ask(order, (self.apple, 8), site_id=self.near.id)
        self.do(back, "item", barcode="4006381333948")
        self.assertEqual(self.rows(back)["Apple"], (8, 6, 8))
        self.do(back, "item", barcode="4006381333948", expect="refused")

    # === SERIAL NUMBERS === #

    def test_serial_numbers_are_those_that_were_delivered(self):
        watch = self.make_product("Watch", tracking="serial", barcode="2000000000077")
        mine, also_mine, other, _here = self.make_serials(watch, "W-1", "W-2", "W-3", "W-4")
        order = self.deliver_lots(watch, mine, also_mine)
        elsewhere = self.deliver_lots(watch, other)
        back = self.ask(order, (watch, 2), site_id=self.near.id)
        [line] = self.detail(back)["lines"]
        self.assertEqual(line["lots"], ["W-1", "W-2"])
        answer = self.scan(back, watch, expect="refused")
        self.assertIn("Scan the serial", answer["message"])
        for code, sentence in (
            ("W-3", f"delivered with {elsewhere.name}"),
            ("W-4", "never delivered"),
            ("W-9", "Nobody knows"),
        ):
            answer = self.do(back, "item", barcode=code, expect="refused")
            self.assertIn(sentence, answer["message"])
        line_id = order.order_line.id
        answer = self.do(back, "item", sale_line_id=line_id, lot_name="W-9", expect="refused")
        self.assertIn("no lot or serial number W-9", answer["message"])
        self.do(back, "item", barcode="W-1")
        answer = self.do(back, "item", barcode="W-1", expect="refused")
        self.assertIn("scanned already", answer["message"])
        self.do(back, "item", sale_line_id=line_id, lot_name="W-2")
        self.do(back, "done")
        self.assertEqual(back.item_ids.lot_id, mine | also_mine)
        self.assertEqual(
            self.env["stock.quant"]._get_available_quantity(watch, self.place, lot_id=mine), 1
        )

    def test_codes_of_gs1(self):
        """One code tells product, lot and how many."""
        self.company.nomenclature_id = self.env.ref(
            "barcodes_gs1_nomenclature.default_gs1_nomenclature"
        )
        tea = self.make_product("Tea", tracking="lot", barcode="2000000000077")
        lots = self.env["stock.lot"].create(
            [{"name": name, "product_id": tea.id} for name in ("L1", "L2")]
        )
        self.stock(tea, (self.near, 4), lot_id=lots[0])
        self.stock(tea, (self.near, 4), lot_id=lots[1])
        order = self.deliver((tea, 3))
        [delivered] = order.order_line._oms_get_lots_with_customer()[order.order_line]
        [other] = lots - delivered
        back = self.ask(order, (tea, 3), site_id=self.near.id)
        gtin = "0102000000000077"
        self.do(back, "item", barcode=f"{gtin}3000000002\x1d10{delivered.name}")
        answer = self.do(back, "item", barcode=f"{gtin}10{other.name}", expect="refused")
        self.assertIn("never delivered", answer["message"])
        self.do(back, "item", barcode=f"{gtin}3000000002\x1d10{delivered.name}", expect="refused")
        self.do(back, "done", rest="later")
        self.assertEqual(back.item_ids.mapped("quantity"), [2])
        self.assertEqual(back.item_ids.lot_id, delivered)
        self.do(back, "item", barcode=f"{gtin}10{delivered.name}")

    def test_of_no_lot_comes_more_than_the_customer_has(self):
        """Other lots of the same line are no room for this one."""
        tea = self.make_product("Tea", tracking="lot", barcode="2000000000077")
        lots = self.env["stock.lot"].create(
            [{"name": name, "product_id": tea.id} for name in ("L1", "L2")]
        )
        for lot in lots:
            self.stock(tea, (self.near, 2), lot_id=lot)
        order = self.deliver((tea, 4))
        back = self.ask(order, (tea, 4), site_id=self.near.id)
        line = {"sale_line_id": order.order_line.id, "lot_name": "L1"}
        answer = self.do(back, "item", quantity=3, expect="refused", **line)
        self.assertIn("can have only 2 more of L1", answer["message"])
        self.do(back, "item", **line)
        answer = self.do(back, "item", quantity=2, expect="refused", **line)
        self.assertIn("can have only 1 more of L1", answer["message"])
        self.do(back, "item", **line)
        answer = self.do(back, "item", expect="refused", **line)
        self.assertIn("scanned already", answer["message"])
        self.do(back, "item", **{**line, "lot_name": "L2"}, quantity=2)
        self.do(back, "done")
        self.assertEqual(sorted(back.item_ids.mapped("quantity")), [2, 2])

    def test_a_piece_that_came_back_does_not_come_again(self):
        watch = self.make_product("Watch", tracking="serial")
        [piece] = self.make_serials(watch, "W-1")
        order = self.deliver_lots(watch, piece)
        back = self.ask(order, (watch, 1), site_id=self.near.id)
        self.do(back, "item", barcode="W-1")
        self.do(back, "done")
        again = self.begin(order=order)
        answer = self.do(again, "item", barcode="W-1", expect="refused")
        self.assertIn("back already", answer["message"])

    # === ANOTHER SITE === #

    def test_comes_to_another_site_than_announced(self):
        """Whoever has the label may take it in anywhere; the stock is where the goods are."""
        bo = {"user": self.other_clerk, "site": self.middle}
        found = self.work(self.other_clerk).find_return(self.middle.id, self.back.name)
        self.assertTrue(found["is_exact"])
        self.assertFalse(found["returns"][0]["is_here"])
        self.assertEqual(found["returns"][0]["site"], "Near")
        answer = self.do(self.back, "receive", expect="warning", **bo)
        self.assertIn("announced for Near", answer["message"])
        self.do(self.back, "item", barcode=self.apple.barcode, quantity=2, **bo)
        self.do(self.back, "item", barcode=self.berry.barcode, **bo)
        self.do(self.back, "done", **bo)
        self.assertEqual(self.at(self.apple, self.middle._get_return_location()), 2)
        self.assertEqual(self.at(self.apple, self.place), 0)
        self.assertEqual(self.back.received_site_ids, self.middle)
        self.assertFalse(
            self.back.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
        )

    # === ONCE, AND TAKEN BACK === #

    def test_what_is_sent_again_is_not_done_again(self):
        told = [
            self.operation(self.back, "item", barcode=self.apple.barcode),
            self.operation(self.back, "item", barcode=self.berry.barcode),
            self.operation(self.back, "done"),
        ]
        first = self.work().apply(told[:2])
        self.assertEqual([answer["outcome"] for answer in first], ["ok", "ok"])
        self.assertIsNone(first[0]["detail"])
        second = self.work().apply(told)
        self.assertEqual([answer["outcome"] for answer in second], ["repeated", "repeated", "ok"])
        third = self.work().apply(told)
        self.assertEqual([answer["outcome"] for answer in third], ["repeated"] * 3)
        self.assertEqual(third[2]["message"], second[2]["message"])
        self.assertEqual(self.came(self.back), [("Apple", 1, "", True), ("Berry", 1, "", True)])
        other = self.ask(self.order, (self.apple, 1), site_id=self.near.id)
        [answer] = self.work().apply([{**told[0], "return_id": other.id}])
        self.assertEqual(answer["outcome"], "refused")
        self.assertIn("something else", answer["message"])
        scans = self.env["oms.scan"].search([("return_id", "=", self.back.id)], order="id")
        self.assertEqual(scans.mapped("kind"), ["return_item", "return_item", "return_done"])
        self.assertEqual(scans.site_id, self.near)
        self.assertEqual(scans.user_id, self.clerk)

    def test_what_was_counted_is_taken_back(self):
        more = self.scan(self.back, self.apple, 2)
        fewer = self.do(
            self.back, "item", sale_line_id=self.line_of(self.order, self.apple).id, quantity=-1
        )
        self.assertEqual(self.rows(self.back)["Apple"][1], 1)
        self.do(self.back, "undo", target=fewer["uuid"])
        self.assertEqual(self.rows(self.back)["Apple"][1], 2)
        self.do(self.back, "undo", target=fewer["uuid"], expect="refused")
        self.do(self.back, "undo", target=more["uuid"])
        self.assertEqual(self.rows(self.back)["Apple"][1], 0)
        self.assertFalse(self.back.receipt_item_ids)
        self.do(self.back, "undo", target="nothing at all", expect="refused")

    def test_what_is_booked_is_not_taken_back(self):
        counted = self.scan(self.back, self.apple)
        done = self.do(self.back, "done", rest="later")
        for answer in (counted, done):
            self.do(self.back, "undo", target=answer["uuid"], expect="refused")
        self.assertEqual(self.came(self.back), [("Apple", 1, "", True)])

    # === WHO MAY === #

    def test_at_own_sites_only(self):
        line = self.line_of(self.order, self.apple)
        values = {"sale_line_id": line.id, "quantity": 1}
        self.do(self.back, "item", site=self.middle, expect="refused", **values)
        self.do(self.back, "item", user=self.other_clerk, expect="refused", **values)
        with self.assertRaises(AccessError):
            self.detail(self.back, user=self.other_clerk)
        seller = self.make_user("seller", "sales_team.group_sale_salesman_all_leads")
        with self.assertRaises(AccessError):
            self.do(self.back, "item", user=seller, **values)
        self.assertFalse(self.back.receipt_item_ids)

    def test_who_sees_what_is_in_hand(self):
        """Each site sees what it has in hand, the office all; nobody writes it by hand."""
        self.scan(self.back, self.apple)
        office = self.make_user("office", "oms.group_order_operator")
        company = self.env["res.company"].create({"name": "Other company"})
        stranger = self.make_user(
            "stranger",
            "oms.group_order_operator",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        goods = self.env["oms.receipt.item"]
        for user, seen in (
            (self.clerk, 1),
            (self.other_clerk, 0),
            (office, 1),
            (stranger, 0),
        ):
            self.assertEqual(goods.with_user(user).search_count([]), seen, user.name)
        with self.assertRaises(AccessError):
            self.back.receipt_item_ids.with_user(self.clerk).write({"quantity": 5})

    def test_of_another_company(self):
        company = self.env["res.company"].create({"name": "Other company"})
        site = self.make_site("Other", "OTH", company=company)
        clerk = self.make_user(
            "other-company",
            "oms.group_site_operator",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        site.user_ids = clerk
        work = self.work(clerk)
        self.assertEqual(work.find_return(site.id, self.back.name)["returns"], [])
        self.assertEqual(work.find_return(site.id, self.order.name)["orders"], [])
        self.assertEqual(work.find_return(site.id, self.apple.barcode)["orders"], [])
        with self.assertRaises(AccessError):
            work.get_return_detail(site.id, self.back.id)
        self.do(
            self.back,
            "item",
            user=clerk,
            site=site,
            expect="refused",
            barcode=self.apple.barcode,
        )

    def test_where_no_returns_are_taken(self):
        self.near.takes_returns = False
        answer = self.scan(self.back, self.apple, expect="refused")
        self.assertIn("takes no returns", answer["message"])

    def test_of_a_return_that_is_over(self):
        self.back._cancel()
        answer = self.scan(self.back, self.apple, expect="refused")
        self.assertIn("cancelled", answer["message"])

    def test_unclear_operations_change_nothing(self):
        line_id = self.line_of(self.order, self.apple).id
        foreign = self.deliver((self.apple, 1)).order_line.id
        for values in (
            {"quantity": "2", "sale_line_id": line_id},
            {"quantity": True, "sale_line_id": line_id},
            {"quantity": float("nan"), "sale_line_id": line_id},
            {"quantity": 1e20, "sale_line_id": line_id},
            {"quantity": 0, "sale_line_id": line_id},
            {"quantity": -1, "sale_line_id": line_id},
            {"sale_line_id": foreign},
            {"sale_line_id": "x"},
            {"product_id": "x"},
            {"product_id": 2**40},
            {"barcode": ["x"]},
            {"barcode": "\x00"},
            {"draft_id": 1, "quantity": -1},
            {},
            {"site_id": "x", "barcode": self.apple.barcode},
            {"site_id": 2**31, "barcode": self.apple.barcode},
            {"return_id": "x", "barcode": self.apple.barcode},
            {"return_id": 2**31 - 1, "barcode": self.apple.barcode},
            {"return_key": "short", "barcode": self.apple.barcode},
            {"return_key": "never seen before", "barcode": self.apple.barcode},
        ):
            with self.subTest(values=values):
                operation = {**self.operation(self.back, "item"), **values}
                [answer] = self.work().apply([operation])
                self.assertEqual(answer["outcome"], "refused", answer["message"])
                self.assertNotIn("failed on the server", answer["message"])
        self.do(self.back, "done", expect="refused")
        self.do(self.back, "done", rest="perhaps", expect="refused")
        for args in ((self.near.id, None), (self.near.id, 0), (self.near.id, "nobody")):
            with self.assertRaises(UserError):
                self.work().get_return_detail(*args)
        self.assertFalse(self.back.receipt_item_ids)
