from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ApiCase


@tagged("post_install", "-at_install")
class TestPlaceOrders(ApiCase):
    def setUp(self):
        super().setUp()
        self.enterContext(self.enter_registry_test_mode())

    def given(self, reference="W-1", **more):
        order = {
            "reference": reference,
            "customer": {"id": "17", "name": "Ada", "email": "ada@example.com"},
            "ship_to": {
                "name": "Ada",
                "street": "1 rue de Rivoli",
                "zip": "75001",
                "city": "Paris",
                "country": "FR",
                "latitude": 48.8566,
                "longitude": 2.3522,
            },
            "lines": [{"id": "a", "product": "Apple", "quantity": 2, "unit_price": 9.5}],
        }
        return order | more

    def place(self, *orders):
        # They are placed in a transaction of their own.
        self.env.flush_all()
        return self.api.place_orders(orders=list(orders))["orders"]

    def find(self, reference="W-1"):
        return self.env["sale.order"].search(
            [("oms_channel_id", "=", self.channel.id), ("oms_external_ref", "=", reference)]
        )

    def parked(self, reference="W-1"):
        return self.env["oms.incoming.order"].search([("reference", "=", reference)])

    def make_tax(self, rate, included):
        return self.env["account.tax"].create(
            {
                "name": f"{rate} % {included}",
                "amount": rate,
                "type_tax_use": "sale",
                "price_include_override": "tax_included" if included else "tax_excluded",
            }
        )

    # === ONCE AND FOR ALL === #

    def test_an_order_is_placed_and_sourced(self):
        self.stock(self.apple, (self.near, 5))
        [answer] = self.place(self.given(total=19.0))
        order = self.find()
        self.assertEqual(answer["status"], "placed")
        self.assertEqual((answer["order"], answer["total"]), (order.name, 19.0))
        self.assertEqual((order.state, order.oms_state), ("sale", "sourced"))
        self.assertEqual(order.partner_id.name, "Ada")
        self.assertEqual(order.partner_id.email, "ada@example.com")
        self.assertEqual(order.order_line.price_unit, 9.5)
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 2})

    def test_the_same_again_changes_nothing(self):
        self.place(self.given())
        [answer] = self.place(self.given())
        self.assertEqual((answer["status"], answer["order"]), ("unchanged", self.find().name))
        [answer] = self.place(self.given(note="Ring twice"))
        self.assertEqual((answer["status"], answer["error"]["code"]), ("conflict", "conflict"))
        self.assertEqual(len(self.find()), 1)
        self.assertFalse(self.parked())

    def test_one_bad_order_has_no_say_in_the_others(self):
        self.stock(self.apple, (self.near, 50))
        unreadable = self.given("W-2", lines=[{"product": "Apple", "quantity": 0}])
        nameless = self.given("W-3")
        nameless.pop("reference")
        answers = self.place(
            self.given(), unreadable, nameless, "text", self.given("W-4"), self.given("W-4"),
            self.given("W-4", note="other"),
        )  # fmt: skip
        self.assertEqual(
            [answer["status"] for answer in answers],
            ["placed", "refused", "refused", "refused", "placed", "placed", "conflict"],
        )
        self.assertEqual(answers[1]["reference"], "W-2")
        self.assertEqual(answers[1]["error"]["field"], "orders.1.lines.0.quantity")
        self.assertEqual(answers[2]["error"]["field"], "orders.2.reference")
        self.assertEqual(len(self.find("W-4")), 1)

    def test_a_fault_in_one_order_parks_it_alone(self):
        original = type(self.env["sale.order"]).action_confirm

        def confirm(orders):
            if "W-2" in orders.mapped("oms_external_ref"):
                raise ZeroDivisionError("the secret of the house")
            return original(orders)

        self.patch(type(self.env["sale.order"]), "action_confirm", confirm)
        with mute_logger("odoo.addons.oms.models.api.oms_order_placing"):
            answers = self.place(self.given(), self.given("W-2"), self.given("W-3"))
        self.assertEqual([a["status"] for a in answers], ["placed", "parked", "placed"])
        self.assertEqual(answers[1]["error"]["code"], "internal")
        self.assertNotIn("secret", answers[1]["error"]["message"])
        self.assertFalse(self.find("W-2"))
        self.assertEqual(self.parked("W-2").state, "parked")

    def test_quantities_that_odoo_would_round(self):
        """As holds are: refused, each order by itself, and nothing is parked."""
        line = {"product": "Apple", "unit_price": 1.0}
        for quantity in (0.004, 1.005, 2.0000001):
            [bad, good] = self.place(
                self.given("W-B", lines=[{**line, "quantity": 1}, {**line, "quantity": quantity}]),
                self.given("W-G"),
            )
            self.assertEqual((bad["status"], bad["error"]["code"]), ("refused", "invalid"))
            self.assertEqual(bad["error"]["field"], "orders.0.lines.1.quantity")
            self.assertIn(good["status"], ("placed", "unchanged"))
        self.assertFalse(self.find("W-B") or self.parked("W-B"))
        [fine] = self.place(self.given("W-B", lines=[{**line, "quantity": 1.25}]))
        self.assertEqual(fine["status"], "placed")

    def test_a_note_is_text(self):
        self.place(self.given(note="Ring <b>twice</b> &\n<script>alert(1)</script>"))
        note = self.find().note
        self.assertNotIn("<b>", note)
        self.assertNotIn("<script", note)
        self.assertIn("Ring &lt;b&gt;twice&lt;/b&gt; &amp;<br", note)

    # === WHAT NOBODY KNOWS === #

    def test_unknown_words_are_mended_once(self):
        orders = [
            self.given(
                f"W-{n}",
                lines=[{"product": "SKU-9", "quantity": 1, "unit_price": 5.0, "tax_rate": 7.7}],
                ship_to={"country": "Atlantis"},
            )
            for n in range(2)
        ]
        answers = self.place(*orders)
        self.assertEqual({a["status"] for a in answers}, {"parked"})
        self.assertEqual(answers[0]["error"]["code"], "unknown_product")
        self.assertFalse(self.find("W-0"))
        codes = self.parked("W-0").code_ids
        self.assertEqual(
            {(code.kind, code.code) for code in codes},
            {("product", "SKU-9"), ("country", "Atlantis"), ("tax", "7.7")},
        )
        self.assertEqual(codes, self.parked("W-1").code_ids)
        tax = self.make_tax(7.5, False)
        for code in codes:
            code.write(
                {
                    "product": {"product_id": self.apple.id},
                    "country": {"country_id": self.env.ref("base.gr").id},
                    "tax": {"tax_id": tax.id},
                }[code.kind]
            )
        codes.action_retry()
        order = self.find("W-1")
        self.assertEqual(order.order_line.product_id, self.apple)
        self.assertEqual(order.order_line.tax_ids, tax)
        self.assertEqual(order.partner_shipping_id.country_id, self.env.ref("base.gr"))
        self.assertEqual(self.parked("W-1").state, "placed")
        self.assertEqual(self.place(*orders)[0]["status"], "unchanged")
        [later] = self.place(self.given("W-9", lines=[{"product": "SKU-9", "quantity": 1}]))
        self.assertEqual(later["status"], "placed")

    def test_words_are_no_patterns(self):
        answers = self.place(
            self.given("W-1", ship_to={"country": "Fran\\"}),
            self.given("W-2", ship_to={"country": "__"}),
            self.given("W-3", ship_to={"country": "Fr%"}),
            self.given("W-4", ship_to={"country": "FR", "state": "%\\"}),
        )
        self.assertEqual([a["status"] for a in answers], [*3 * ["parked"], "placed"])
        self.assertFalse(self.find("W-4").partner_shipping_id.state_id)

    def test_products_of_other_companies(self):
        """Another company may use the same reference; an archived product is not what was meant."""
        other = self.env["res.company"].create({"name": "Other company"})
        self.env["product.product"].create(
            {"name": "Pear", "default_code": "Apple", "company_id": other.id}
        )
        self.assertEqual(self.place(self.given())[0]["status"], "placed")
        self.assertEqual(self.find().order_line.product_id, self.apple)
        self.env["oms.channel.code"].create(
            {"channel_id": self.channel.id, "code": "SKU-9", "product_id": self.berry.id}
        )
        self.berry.active = False
        [answer] = self.place(self.given("W-2", lines=[{"product": "SKU-9", "quantity": 1}]))
        self.assertEqual(answer["error"]["code"], "unknown_product")

    def test_the_channel_may_mend_what_is_parked(self):
        self.place(self.given(lines=[{"product": "SKU-9", "quantity": 1}]))
        self.assertEqual(self.place(self.given())[0]["status"], "placed")
        self.assertEqual(self.parked().state, "placed")
        self.assertEqual(self.parked().order_id, self.find())

    def test_giving_up(self):
        given = self.given(lines=[{"product": "SKU-9", "quantity": 1}])
        self.place(given)
        self.parked().action_drop()
        [answer] = self.place(given)
        self.assertEqual((answer["status"], answer["error"]["code"]), ("refused", "dropped"))

        self.assertEqual(self.parked().state, "dropped")
        self.parked().action_reopen()
        self.assertEqual(self.parked().state, "parked")
        with self.assertRaisesRegex(UserError, "given up"):
            self.parked().action_reopen()
        [answer] = self.place(given)
        self.assertEqual((answer["status"], answer["error"]["code"]), ("parked", "unknown_product"))

    def test_what_waits_and_is_refused(self):
        """A person who tries again reads why; the order waits on."""
        lines = [{"product": "SKU-9", "quantity": 1}]
        self.place(self.given(lines=lines))
        waiting = self.parked()
        waiting.payload = {**waiting.payload, "service": "collect"}
        waiting.write({"is_changed": True})
        waiting.code_ids.product_id = self.apple
        self.assertIn("0 of 1", waiting.action_retry()["params"]["message"])
        self.assertEqual((waiting.state, waiting.error_code), ("parked", "invalid"))
        self.assertIn("collect_at", waiting.error)
        [answer] = self.place(self.given(lines=lines))
        self.assertEqual((answer["status"], answer["error"]["code"]), ("refused", "invalid"))

    def test_what_is_understood_no_more(self):
        """What came under an older version stays parked with a sentence; the others are placed."""
        lines = [{"product": "SKU-9", "quantity": 1}]
        self.place(self.given("W-1", lines=lines), self.given("W-2", lines=lines))
        old = self.parked("W-1")
        old.payload = {**old.payload, "gift_wrap": "red", "ship_to": None}
        old.code_ids.product_id = self.apple
        result = (old + self.parked("W-2")).action_retry()
        self.assertIn("1 of 2", result["params"]["message"])
        self.assertEqual((old.state, old.error_code, old.attempts), ("parked", "invalid", 2))
        self.assertIn("gift_wrap", old.error)
        self.assertIn("ship_to", old.error)
        self.assertEqual(self.parked("W-2").state, "placed")
        self.assertIn("0 of 1", old.action_retry()["params"]["message"])

    def test_currency(self):
        foreign = self.env.ref("base.CHF")
        foreign.active = True
        [answer] = self.place(self.given(currency="CHF"))
        self.assertEqual(answer["error"]["code"], "unknown_currency")
        pricelist = self.env["product.pricelist"].create(
            {"name": "Swiss", "currency_id": foreign.id}
        )
        self.parked().action_retry()
        self.assertEqual(self.find().currency_id, foreign)
        self.assertEqual(self.find().pricelist_id, pricelist)
        own = self.company.currency_id.name
        self.assertEqual(self.place(self.given("W-2", currency=own))[0]["status"], "placed")

    # === MONEY === #

    def test_prices_and_taxes_as_given(self):
        net, gross = self.make_tax(20, False), self.make_tax(10, True)
        for number, (rate, included, price, total) in enumerate(
            (
                (20, False, 10.0, 24.0),
                (20, True, 12.0, 24.0),
                (10, True, 11.0, 22.0),
                (10, False, 10.0, 22.0),
                (0, True, 11.0, 22.0),
            )
        ):
            with self.subTest(rate=rate, included=included):
                line = {"product": "Apple", "quantity": 2, "unit_price": price, "tax_rate": rate}
                given = self.given(
                    f"W-{number}", lines=[line], prices_include_tax=included, total=total
                )
                [answer] = self.place(given)
                self.assertEqual((answer["status"], answer["total"]), ("placed", total))
                taxes = self.find(f"W-{number}").order_line.tax_ids
                self.assertEqual(taxes, {20: net, 10: gross}.get(rate, self.env["account.tax"]))

    def test_shipping_and_discount(self):
        [answer] = self.place(
            self.given(
                lines=[{"product": "Apple", "quantity": 1, "unit_price": 10.0, "discount": 25.0}],
                shipping={"name": "Express", "price": 4.9},
                total=12.4,
            )
        )
        self.assertEqual((answer["status"], answer["total"]), ("placed", 12.4))
        self.assertIn("Express", self.find().order_line.mapped("name"))

    def test_another_total(self):
        [answer] = self.place(self.given(total=18.0))
        self.assertEqual((answer["status"], answer["error"]["code"]), ("parked", "other_total"))
        self.assertFalse(self.find())
        self.parked().accept_total = True
        self.parked().action_retry()
        self.assertEqual(self.find().amount_total, 19.0)
        self.assertEqual(self.find().oms_channel_total, 18.0)
        self.assertEqual(self.place(self.given("W-2", total=18.96))[0]["status"], "placed")
        self.channel.total_policy = "adjust"
        [answer] = self.place(self.given("W-3", total=18.0))
        self.assertEqual((answer["status"], answer["total"]), ("placed", 18.0))
        self.channel.total_policy = "accept"
        [answer] = self.place(self.given("W-4", total=18.0))
        self.assertEqual((answer["status"], answer["total"]), ("placed", 19.0))

    # === CUSTOMERS === #

    def test_customers_are_found_again(self):
        known = self.make_partner("Grace", email="Grace@Example.com")
        clerk = self.make_user("a-clerk", "base.group_user", email="clerk@example.com")
        ship_to = {"country": "FR", "name": "G. Hopper", "city": "Lyon"}
        self.place(
            self.given("W-1", customer={"email": "grace@example.com"}, ship_to=ship_to),
            self.given("W-2", customer={"email": "new@example.com"}, ship_to=ship_to),
            self.given("W-3", customer={"email": "new@example.com"}, ship_to=ship_to),
            self.given("W-4", customer={}, ship_to=ship_to),
            self.given("W-5", customer={}, ship_to={**ship_to, "name": "Somebody else"}),
            self.given("W-6", customer={"email": "clerk@example.com"}, ship_to=ship_to),
        )
        partners = [self.find(f"W-{n}").partner_id for n in range(1, 7)]
        self.assertEqual(partners[0], known)
        self.assertEqual(partners[1], partners[2])
        self.assertEqual(partners[3], partners[4])
        self.assertNotEqual(partners[5], clerk.partner_id)
        self.assertEqual(partners[3].name, "Guests of Web")
        names = [self.find(f"W-{n}").partner_shipping_id.name for n in (4, 5)]
        self.assertEqual(names, ["G. Hopper", "Somebody else"])
        invoiced = [self.find(f"W-{n}").partner_invoice_id.name for n in (4, 5)]
        self.assertEqual(invoiced, names, "guests are not invoiced at the first one's address")
        self.place(self.given("W-8", customer={}, ship_to=ship_to))
        again = [self.find(f"W-{n}").partner_shipping_id for n in (4, 8)]
        self.assertEqual(again[0], again[1])
        self.channel.match_mail = False
        self.place(self.given("W-7", customer={"email": "grace@example.com"}))
        self.assertNotEqual(self.find("W-7").partner_id, known)

    def test_who_is_no_customer(self):
        """The mail address of a shop, a colleague or a supplier does not make anybody these."""
        mails = [f"{name}@example.com" for name in ("shop", "site", "left", "sells", "both")]
        shop, site, left, sells, both = (self.make_partner(mail, email=mail) for mail in mails)
        self.env["res.company"].create({"name": "Other", "partner_id": shop.id})
        self.near.warehouse_id.partner_id = site
        user = self.make_user("left", "base.group_user", partner_id=left.id)
        user.email = left.email = mails[2]
        user.active = False
        for supplier in (sells, both):
            self.env["product.supplierinfo"].create(
                {"partner_id": supplier.id, "product_tmpl_id": self.apple.product_tmpl_id.id}
            )
        self.make_order((self.apple, 1), partner_id=both.id)
        self.place(
            *(self.given(f"W-{n}", customer={"email": mail}) for n, mail in enumerate(mails))
        )
        customers = [self.find(f"W-{n}").partner_id for n in range(len(mails))]
        for partner, customer in zip((shop, site, left, sells), customers, strict=False):
            self.assertNotEqual(customer, partner, partner.name)
            self.assertEqual(customer.email, partner.email)
        self.assertEqual(customers[4], both, "who sold and bought is a customer")

    # === HOLDS === #

    def test_the_goods_of_the_cart(self):
        self.stock(self.apple, (self.far, 2), (self.near, 2))
        held = self.api.hold(lines=[{"product": "Apple", "site": "FAR", "quantity": 2}])
        holds = [hold["id"] for hold in held["holds"]]
        [answer] = self.place(self.given(holds=holds))
        self.assertEqual(answer["status"], "placed")
        self.assertEqual(self.plan(self.find()), {("FAR", "Apple"): 2})
        self.assertNotOverpromised(self.apple)

    def test_a_cart_that_was_lost(self):
        self.stock(self.apple, (self.far, 2))
        held = self.api.hold(lines=[{"product": "Apple", "site": "FAR", "quantity": 2}])
        holds = [hold["id"] for hold in held["holds"]]
        self.api.release(holds=holds)
        [answer] = self.place(self.given(holds=holds))
        self.assertEqual(answer["status"], "placed")
        self.assertEqual(self.find().oms_state, "sourced")

    # === HOW ORDERS STAND === #

    def test_status(self):
        self.stock(self.apple, (self.near, 1))
        self.place(self.given(), self.given("W-2", lines=[{"product": "SKU-9", "quantity": 1}]))
        [order, parked, unknown] = self.api.order_status(references=["W-1", "W-2", "W-3"])["orders"]
        self.assertEqual((order["state"], parked["state"]), ("partial", "parked"))
        self.assertEqual(unknown["error"]["code"], "not_found")
        [line] = order["lines"]
        self.assertEqual(
            (line["id"], line["product"], line["ordered"], line["open"]), ("a", "Apple", 2, 1)
        )
        [shipment] = order["shipments"]
        self.assertEqual(
            (shipment["site"], shipment["state"], shipment["units"]), ("NEAR", "released", 1)
        )

    def test_cancellation(self):
        self.stock(self.apple, (self.near, 10))
        self.place(
            self.given(),
            self.given("W-2"),
            self.given("W-3", lines=[{"product": "SKU-9", "quantity": 1}]),
        )
        picking = self.find("W-2").picking_ids
        self.ship(picking)
        references = ["W-1", "W-2", "W-3", "W-4"]
        answers = self.api.cancel(references=references)["orders"]
        self.assertEqual(
            [a["status"] for a in answers], ["cancelled", "refused", "cancelled", "refused"]
        )
        self.assertEqual(answers[1]["error"]["code"], "conflict")
        self.assertEqual(answers[3]["error"]["code"], "not_found")
        self.assertEqual(self.find().state, "cancel")
        again = self.api.cancel(references=references)["orders"]
        self.assertEqual([a["status"] for a in again[::2]], ["unchanged", "unchanged"])

    def test_nobody_elses_orders(self):
        other = self.make_channel("Other", "TOTHER")
        theirs = self.make_order((self.apple, 1), oms_channel_id=other.id, oms_external_ref="X-1")
        [answer] = self.api.order_status(references=["X-1"])["orders"]
        self.assertEqual(answer["error"]["code"], "not_found")
        [answer] = self.api.cancel(references=["X-1"])["orders"]
        self.assertEqual(answer["status"], "refused")
        self.assertEqual(theirs.state, "sale")

    def test_placed_when_the_channel_says(self):
        self.place(self.given(ordered_at="2024-02-29T23:30:00+01:00"))
        self.assertEqual(self.find().date_order, fields.Datetime.to_datetime("2024-02-29 22:30:00"))
