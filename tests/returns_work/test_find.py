from datetime import datetime
from types import SimpleNamespace

from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, tagged

from ...models.returns_work.candidate import Candidate, rank
from .case import ReceiptCase


@tagged("post_install", "-at_install")
class TestFindReturn(ReceiptCase):
    def find(self, text, user=None, site=None):
        return self.work(user).find_return((site or self.near).id, text)

    def names(self, found):
        """Which returns and orders are found, in their order."""
        return (
            [card["name"] for card in found["returns"]],
            [each["order"] for each in found["orders"]],
        )

    def put_on_shelf(self, product, lot):
        """Put a piece back for sale, wherever it lies after it came back."""
        for quant in lot.quant_ids.filtered(
            lambda quant: quant.quantity > 0 and quant.location_id.usage == "internal"
        ):
            quant._update_available_quantity(
                product, quant.location_id, -quant.quantity, lot_id=lot
            )
        self.stock(product, (self.near, 1), lot_id=lot)

    # === ANNOUNCED === #

    def test_by_its_label_its_numbers_and_the_customers_page(self):
        order = self.deliver((self.apple, 2))
        back = self.ask(order, (self.apple, 1), site_id=self.near.id)
        back.tracking = "1Z999AA10123456784"
        page = (
            f"https://shop.example/my/returns/{back.id}?access_token={back._portal_ensure_token()}"
        )
        for text in (
            back.name,
            back.name.lower(),
            back.tracking,
            back.picking_ids.name,
            page,
            back._get_customer_url(),
        ):
            with self.subTest(text=text):
                found = self.find(text)
                self.assertTrue(found["is_exact"])
                self.assertEqual(self.names(found), ([back.name], []))
        for wrong in (
            f"https://shop.example/my/returns/{back.id}?access_token=guessed",
            f"https://shop.example/oms/returns/open#{back.id}.guessed",
            "https://shop.example/oms/returns/open#",
        ):
            self.assertEqual(self.names(self.find(wrong)), ([], []))

    def test_by_number_of_the_order(self):
        """What was announced of it, not the order anew; of another one the order itself."""
        order = self.deliver((self.apple, 2))
        back = self.ask(order, (self.apple, 1), site_id=self.near.id)
        self.assertEqual(self.names(self.find(order.name)), ([back.name], []))
        other = self.deliver((self.apple, 2), client_order_ref="WEB-77")
        for text in (other.name, "web-77"):
            found = self.find(text)
            self.assertEqual(self.names(found), ([], [other.name]))
            self.assertFalse(found["is_exact"])
            self.assertIn("The number of the order fits.", found["orders"][0]["reasons"])

    def test_by_product_what_is_expected_here_goes_first(self):
        order = self.deliver((self.apple, 2))
        back = self.ask(order, (self.apple, 1), site_id=self.near.id)
        elsewhere = self.ask(self.deliver((self.apple, 1)), (self.apple, 1), site_id=self.far.id)
        other = self.deliver((self.apple, 1))
        found = self.find(self.apple.barcode)
        self.assertEqual(found["goods_code"], self.apple.barcode)
        self.assertEqual(self.names(found)[0], [back.name])
        self.assertIn(other.name, self.names(found)[1])
        self.assertNotIn(elsewhere.name, self.names(found)[0])

    def test_the_list_and_its_counts(self):
        order = self.deliver((self.apple, 5), (self.berry, 1))
        back = self.ask(order, (self.apple, 1), site_id=self.near.id)
        begun = self.ask(order, (self.apple, 1), site_id=self.near.id)
        came = self.ask(order, (self.berry, 1), site_id=self.near.id)
        self.ask(order, (self.apple, 1), site_id=self.middle.id)
        self.scan(begun, self.apple)
        self.scan(came, self.berry)
        self.do(came, "done")
        work = self.work().get_returns(self.near.id)
        self.assertEqual(
            work["counts"], {"all": 3, "expected": 1, "receiving": 1, "received": 1, "unmatched": 0}
        )
        self.assertCountEqual([c["id"] for c in work["cards"]], [back.id, begun.id, came.id])
        for state, record in (("expected", back), ("receiving", begun), ("received", came)):
            cards = self.work().get_returns(self.near.id, {"state": state})["cards"]
            self.assertEqual([card["id"] for card in cards], [record.id])
        cards = self.work().get_returns(self.near.id, {"text": "berry"})["cards"]
        self.assertEqual([card["id"] for card in cards], [came.id])
        [site] = self.work().get_sites()
        self.assertEqual(site["counts"]["returns"], 3)
        self.assertEqual(self.work().get_work(self.near.id)["counts"]["returns"], 3)

    def test_as_many_statements_for_many_sites_as_for_one(self):
        work = self.env["oms.site.work"]
        with self.queries() as one:
            work._get_returns_by_site(self.near)
        with self.queries() as many:
            work._get_returns_by_site(self.sites)
        self.assertLessEqual(len(many), len(one))

    # === NOT ANNOUNCED === #

    def test_a_serial_number_is_certain(self):
        """It names the order by which its customer has it now, not that of an earlier one."""
        watch = self.make_product("Watch", tracking="serial", barcode="2000000000077")
        piece, other = self.make_serials(watch, "W-1", "W-2")
        first = self.deliver_lots(watch, piece)
        back = self.ask(first, (watch, 1), site_id=self.near.id)
        self.do(back, "item", barcode="W-1")
        self.assertEqual(self.names(self.find("W-1"))[0], [back.name])
        self.grade(back, watch, "A", lot_name="W-1")
        self.do(back, "done")
        self.put_on_shelf(watch, piece)
        second = self.deliver_lots(watch, piece)
        self.deliver_lots(watch, other)
        found = self.find("W-1")
        self.assertEqual(self.names(found), ([], [second.name]))
        self.assertTrue(found["orders"][0]["is_certain"])
        self.assertIn("W-1 was delivered with this order.", found["orders"][0]["reasons"])
        self.assertEqual(found["orders"][0]["lines"][0]["lots"], ["W-1"])

    def test_by_product_and_customer(self):
        """Each word has to fit; who has the goods no more comes last, with the reason."""
        grace = self.make_partner("Grace Hopper", email="grace@example.com")
        ada = self.deliver((self.apple, 2))
        hers = self.deliver((self.apple, 1), partner_id=grace.id)
        berries = self.deliver((self.berry, 1), partner_id=grace.id)
        back = self.ask(ada, (self.apple, 2), site_id=self.near.id)
        self.scan(back, self.apple, 2)
        self.grade(back, self.apple, "A")
        self.do(back, "done")
        self.assertEqual(self.names(self.find("hopper apple")), ([], [hers.name]))
        self.assertEqual(self.names(self.find("grace@example.com"))[1], [berries.name, hers.name])
        [candidate] = self.find("hopper apple")["orders"]
        self.assertIn("The customer fits: Grace Hopper.", candidate["reasons"])
        self.assertTrue(any("the customer has 1 of" in text for text in candidate["reasons"]))
        self.assertTrue(any("can be returned until" in text for text in candidate["reasons"]))
        orders = self.find(self.apple.barcode)["orders"]
        orders = {each["order"]: each for each in orders}
        self.assertTrue(any("came back already" in t for t in orders[ada.name]["reasons"]))
        self.assertEqual(list(orders)[-1], ada.name)

    def test_too_late_is_told(self):
        order = self.deliver((self.apple, 1))
        self.shipped_ago(order, 60)
        [candidate] = self.find(order.name)["orders"]
        self.assertIn("could be returned until", candidate["lines"][0]["why_not"])
        self.assertFalse(any("can be returned" in text for text in candidate["reasons"]))

    def test_goods_of_another_company_are_none(self):
        """Barcodes and names are those of a company: others have the same for something else."""
        other = self.env["res.company"].create({"name": "Other company"})
        code = "2000000000091"
        plum = self.make_product("Plum", barcode=code, company_id=self.company.id)
        # Its name sorts first: that is what was found.
        theirs = self.make_product(
            "AAA of others", barcode=code, default_code="Plum", company_id=other.id
        )
        pack = self.env.ref("uom.product_uom_pack_6")
        theirs.product_tmpl_id.uom_ids = pack
        self.env["product.uom"].create(
            {"product_id": theirs.id, "uom_id": pack.id, "barcode": "4006381333955"}
        )
        self.stock(plum, (self.near, 2))
        order = self.deliver((plum, 2))
        self.assertEqual(self.names(self.find(code)), ([], [order.name]))
        blind = self.begin()
        self.do(blind, "item", barcode=code)
        self.do(blind, "item", barcode="Plum")
        self.assertEqual(blind.receipt_item_ids.product_id, plum)
        for code in ("4006381333955", "AAA of others"):
            with self.subTest(code=code):
                answer = self.do(blind, "item", barcode=code, expect="refused")
                self.assertIn("Nobody knows", answer["message"])
                self.assertFalse(self.work().find_goods(self.near.id, blind.id, code))
        answer = self.do(blind, "item", product_id=theirs.id, expect="refused")
        self.assertIn("not of this work", answer["message"])
        with self.assertRaisesRegex(UserError, "of which goods"):
            self.work().propose_disposition(self.near.id, 0, theirs.id, self.grades["A"].id)
        # As a device that was without connection might send it, past the screen.
        with self.assertRaisesRegex(UserError, "product of Other company"):
            blind._receive([{"product_id": theirs.id, "quantity": 1}], self.near)

    def test_what_is_nothing(self):
        self.deliver((self.apple, 1))
        for text in ("", "  ", None, 5):
            self.assertEqual(self.find(text)["message"], "")
        self.assertIn("Type at least", self.find("ad")["message"])
        self.assertIn("belongs to no return", self.find("nobody at all")["message"])
        self.assertIn("No customer", self.find(self.cheese.barcode)["message"])

    def test_what_was_never_delivered_is_no_candidate(self):
        order = self.make_order((self.apple, 1))
        self.assertEqual(self.names(self.find(order.name)), ([], []))

    def test_at_own_sites_only(self):
        self.deliver((self.apple, 1))
        with self.assertRaises(AccessError):
            self.find(self.apple.barcode, site=self.middle)
        with self.assertRaises(AccessError):
            self.find("Apple", user=self.make_user("nobody", "base.group_user"))


class TestRank(BaseCase):
    """The order of candidates, against a plain rule: whoever has the goods, then sign by sign."""

    def candidate(self, key, *signs, has_all=True, day=1):
        return Candidate(
            order=SimpleNamespace(id=key),
            signs=signs,
            reasons=(),
            has_all=has_all,
            delivered=datetime(2024, 3, day),
        )

    def ranked(self, *candidates, most=10):
        return [each.order.id for each in rank(list(candidates), most)]

    def test_stronger_signs_first_then_the_newest(self):
        candidates = (
            self.candidate(1, "goods", "goods", "period"),
            self.candidate(2, "customer"),
            self.candidate(3, "order"),
            self.candidate(4, "customer", "goods", day=2),
            self.candidate(5, "customer", "goods", day=3),
        )
        self.assertEqual(self.ranked(*candidates), [3, 5, 4, 2, 1])
        self.assertEqual(self.ranked(*candidates, most=2), [3, 5])

    def test_who_does_not_have_the_goods_comes_last(self):
        self.assertEqual(
            self.ranked(self.candidate(1, "serial", has_all=False), self.candidate(2, "goods")),
            [2, 1],
        )

    def test_a_serial_number_leaves_no_other_order(self):
        self.assertEqual(
            self.ranked(
                self.candidate(1, "order", "customer"), self.candidate(2, "serial", "goods")
            ),
            [2],
        )
