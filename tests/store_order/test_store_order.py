"""Orders that sellers take in a store, from any site's stock."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .store_order_case import ADA, OTHER_UUID, UUID, StoreOrderCase


@tagged("post_install", "-at_install")
class TestStoreOrder(StoreOrderCase):
    def setUp(self):
        super().setUp()
        self.enterContext(self.enter_registry_test_mode())

    def find_order(self, result):
        return self.env["sale.order"].search([("name", "=", result["order"])])

    # === LOOKING === #

    def test_products_are_found_with_what_is_here_and_elsewhere(self):
        self.stock(self.apple, (self.near, 2))
        answer = self.counter.find_products(self.near.id, "2000000000015")
        self.assertTrue(answer["exact"])
        [found] = answer["products"]
        self.assertEqual((found["code"], found["here"], found["available"]), ("Apple", 2.0, 12.0))
        self.assertEqual((found["price"], found["unit"]), (10.0, "Units"))
        by_name = self.counter.find_products(self.near.id, "ppl")
        self.assertFalse(by_name["exact"])
        self.assertIn("Apple", [each["code"] for each in by_name["products"]])

    def test_what_is_not_sold_is_not_found(self):
        self.apple.sale_ok = False
        for text in ("2000000000015", "Apple", "", "   ", "%", "x" * 1000):
            with self.subTest(text=text[:20]):
                products = self.counter.find_products(self.near.id, text)["products"]
                self.assertNotIn("Apple", [each["code"] for each in products])

    def test_customers_are_found_by_three_letters_and_colleagues_are_not(self):
        self.make_partner("Zoe Zimmer", email="zoe@example.com", zip="69001", city="Lyon")
        colleague = self.make_user("zzz-colleague", "base.group_user", name="Zoe Colleague")
        self.assertTrue(colleague.partner_id)
        self.assertEqual(self.counter.find_customers(self.near.id, "Zo"), [])
        names = [each["name"] for each in self.counter.find_customers(self.near.id, "Zoe")]
        self.assertEqual(names, ["Zoe Zimmer"])
        [found] = self.counter.find_customers(self.near.id, "ZOE@example.com")
        self.assertEqual((found["zip"], found["city"]), ("69001", "Lyon"))

    def test_nobody_looks_through_all_customers(self):
        self.make_partner("Zoe Zimmer", phone="+33 6 12 34 56 78")
        for text in ("%%%", "___", "%e%", " % % ", "Z__", "___e_Zimmer", "%33%6", "..."):
            with self.subTest(text=text):
                self.assertEqual(self.counter.find_customers(self.near.id, text), [])
        self.make_partner("100% Linen")
        [found] = self.counter.find_customers(self.near.id, "100%")
        self.assertEqual(found["name"], "100% Linen")

    def test_customers_of_other_companies_are_not_found(self):
        sister = self.env["res.company"].create({"name": "Sister"})
        self.make_partner("Zoe Sister", company_id=sister.id)
        self.assertEqual(self.counter.find_customers(self.near.id, "Zoe S"), [])

    # === PLACING === #

    def test_a_seller_sells_what_another_site_has(self):
        way = self.find_way((self.apple, 3))
        self.assertEqual([part["site"] for part in way["parts"]], ["FAR"])
        self.assertTrue(way["promised"])
        self.assertEqual(way["price"], 5.0)
        result = self.place(way, (self.apple, 3))
        self.assertEqual(result["status"], "placed", result)
        order = self.find_order(result)
        self.assertEqual(order.state, "sale")
        self.assertEqual(order.user_id, self.seller)
        self.assertEqual(order.oms_seller_site_id, self.near)
        self.assertEqual(order.oms_fulfillment_ids.site_id, self.far)
        self.assertEqual(order.amount_total, 35.0)
        self.assertEqual(result["total"], 35.0)
        self.assertEqual(order.oms_promised_date.isoformat(), way["promised"])

    def test_a_customer_collects_at_another_store(self):
        self.far.collects = True
        way = self.find_way((self.apple, 1), service="collect", site="FAR")
        result = self.place(way, (self.apple, 1))
        order = self.find_order(result)
        self.assertEqual((order.oms_service, order.oms_collect_site_id), ("collect", self.far))

    # === WHAT THE DELIVERY COSTS === #

    def test_the_delivery_costs_what_odoo_says(self):
        """By the rules of the method when the order is placed, with its taxes."""
        tax = self.env["account.tax"].create({"name": "20 %", "amount": 20.0})
        self.courier.product_id.taxes_id = tax
        way = self.find_way((self.apple, 3))
        order = self.find_order(self.place(way, (self.apple, 3)))
        [line] = order.order_line.filtered("is_delivery")
        self.assertEqual((line.price_unit, line.tax_ids, line.name), (5.0, tax, "Courier"))
        self.assertEqual((order.amount_untaxed, order.amount_total), (35.0, 36.0))
        self.assertEqual(len(order.oms_fulfillment_ids.line_ids), 1)

    def test_the_delivery_is_free_from_an_amount_on(self):
        self.courier.write({"free_over": True, "amount": 30.0})
        way = self.find_way((self.apple, 3))
        self.assertEqual(way["price"], 0.0)
        order = self.find_order(self.place(way, (self.apple, 3)))
        self.assertEqual(order.amount_total, 30.0)

    def test_who_collects_pays_no_delivery(self):
        self.far.collects = True
        way = self.find_way((self.apple, 1), service="collect", site="FAR")
        order = self.find_order(self.place(way, (self.apple, 1)))
        self.assertFalse(order.order_line.filtered("is_delivery"))

    def test_a_method_that_does_not_take_the_order_leaves_it_waiting(self):
        self.courier.write(
            {
                "delivery_type": "base_on_rule",
                "price_rule_ids": [
                    (0, 0, {"variable": "quantity", "operator": "<=", "max_value": 5})
                ],
            }
        )
        way = self.find_way((self.apple, 3))
        self.courier.price_rule_ids.max_value = 2
        result = self.place(way, (self.apple, 3))
        self.assertEqual(result["status"], "parked")
        self.assertIn("Courier", result["message"])

    # === WHO BUYS === #

    def order_of(self, uuid, name, phone=None, mail=None, **more):
        way = self.find_way((self.apple, 1))
        customer = {"name": name, "email": mail, "phone": phone}
        ship_to = {**ADA, "name": name, "phone": phone}
        result = self.place(
            way, (self.apple, 1), uuid=uuid, customer=customer, ship_to=ship_to, **more
        )
        return self.find_order(result)

    def test_a_customer_is_known_by_the_telephone(self):
        zoe = self.make_partner(
            "Zoe Zimmer", phone="+33 6 12 34 56 78", country_id=self.env.ref("base.fr").id
        )
        order = self.order_of(UUID, "Zoe Zimmer", "+33612345678")
        self.assertEqual(order.partner_id, zoe)
        # Written in another way, and by a short name: nobody else has the number.
        self.assertEqual(self.order_of(OTHER_UUID, "Zoe", "+33 (6) 12-34-56-78").partner_id, zoe)

    def test_who_is_new_is_known_the_next_time(self):
        first = self.order_of(UUID, "Ada", "+33 6 99 99 99 99")
        again = self.order_of(OTHER_UUID, "ada", "+33699999999")
        self.assertEqual(first.partner_id, again.partner_id)
        self.assertEqual(first.partner_id.name, "Ada")

    def test_a_family_shares_a_telephone(self):
        zoe, max_ = (
            self.make_partner(name, phone="+33612345678") for name in ("Zoe Zimmer", "Max Zimmer")
        )
        self.assertEqual(self.order_of(UUID, "max  zimmer", "+33612345678").partner_id, max_)
        other = self.order_of(OTHER_UUID, "Lea Zimmer", "+33612345678").partner_id
        self.assertNotIn(other, zoe + max_)
        self.assertEqual(other.name, "Lea Zimmer")

    def test_a_colleague_is_not_taken_for_a_customer(self):
        self.seller.partner_id.phone = "+33612345678"
        order = self.order_of(UUID, "Ada", "+33612345678")
        self.assertNotEqual(order.partner_id, self.seller.partner_id)

    def test_the_seller_chooses_a_customer_of_whom_little_is_known(self):
        zoe = self.make_partner("Zoe Zimmer")
        order = self.order_of(UUID, "Zoe Zimmer", customer_id=zoe.id)
        self.assertEqual((order.partner_id, order.partner_shipping_id.parent_id), (zoe, zoe))
        # Who leaves nothing stays a guest.
        self.assertNotEqual(self.order_of(OTHER_UUID, "Zoe Zimmer").partner_id, zoe)

    def test_customers_are_found_by_their_telephone_however_it_is_written(self):
        zoe = self.make_partner("Zoe Zimmer", phone="+33 6 12 34 56 78")
        self.env.flush_all()
        [found] = self.counter.find_customers(self.near.id, "+33612345678")
        self.assertEqual(found["id"], zoe.id)

    # === TWICE, WRONG, WAITING === #

    def test_an_order_that_is_sent_twice_is_one(self):
        way = self.find_way((self.apple, 1))
        first = self.place(way, (self.apple, 1))
        again = self.place(way, (self.apple, 1))
        self.assertEqual((first["status"], again["status"]), ("placed", "unchanged"))
        self.assertEqual(first["order"], again["order"])
        changed = self.place(way, (self.apple, 2))
        self.assertIn(changed["status"], ("conflict", "refused"))
        other = self.find_way((self.apple, 1))
        self.assertNotEqual(
            self.place(other, (self.apple, 1), uuid=OTHER_UUID)["order"], first["order"]
        )

    def test_what_cannot_be_read_is_told_and_nothing_is_placed(self):
        way = self.find_way((self.apple, 1))
        before = self.env["sale.order"].search_count([])
        for more in (
            {"lines": []},
            {"lines": [{"product": "Apple", "quantity": 1, "unit_price": 0.01}]},
            {"lines": [{"product": "Apple", "quantity": 1, "discount": 99.0}]},
            {"lines": [{"product": "Apple", "quantity": -1}]},
            {"shipping": {"name": "Courier", "price": 0.0}},
            {"customer_id": self.seller.partner_id.id},
            {"customer_id": 0},
            {"ship_to": {}},
            {"seller_id": 1, "unknown": 2},
            {"customer": "Ada"},
        ):
            with self.subTest(more=more), self.assertRaises(UserError):
                self.place(way, (self.apple, 1), **more)
        for uuid in ("", "x", None, 7):
            with self.subTest(uuid=uuid), self.assertRaises(UserError):
                self.place(way, (self.apple, 1), uuid=uuid)
        for order in (None, [], "order"):
            with self.subTest(order=order), self.assertRaises(UserError):
                self.counter.place(self.near.id, OTHER_UUID, order)
        with self.assertRaises(UserError):
            self.counter.get_ways(self.near.id, [], {"country": "FR"})
        self.assertEqual(self.env["sale.order"].search_count([]), before)

    def test_an_order_that_waited_is_still_the_seller_s(self):
        way = self.find_way((self.apple, 1))
        result = self.place(way, (self.apple, 1), total=1.0)
        self.assertEqual(result["status"], "parked", result)
        waiting = self.env["oms.incoming.order"].search([("reference", "=", result["reference"])])
        waiting.accept_total = True
        self.env.flush_all()
        manager = self.make_user("order-manager", "oms.group_order_manager")
        waiting.with_user(manager).action_retry()
        order = waiting.order_id
        self.assertEqual((order.user_id, order.oms_seller_site_id), (self.seller, self.near))

    def test_a_seller_cannot_name_another_one(self):
        way = self.find_way((self.apple, 1))
        admin = self.env.ref("base.user_admin")
        result = self.place(way, (self.apple, 1), seller_id=admin.id, seller_site_id=self.far.id)
        order = self.find_order(result)
        self.assertEqual(order.user_id, self.seller)
        self.assertEqual(order.oms_seller_site_id, self.near)

    def test_what_lies_in_a_cart_is_not_sold_to_another(self):
        way = self.find_way((self.apple, 3))
        cart = self.env["oms.claim"].create(
            {
                "product_id": self.apple.id,
                "site_id": self.far.id,
                "quantity": 2,
                "origin": "cart",
                "channel_id": self.channel.id,
                "expires_at": "2999-01-01 00:00:00",
            }
        )
        result = self.place(way, (self.apple, 3), holds=cart.ids)
        self.assertTrue(self.find_order(result))
        self.assertEqual((cart.state, cart.quantity), ("active", 2))

    # === WHO, AND WHERE === #

    def test_orders_are_taken_only_where_a_channel_is_named(self):
        self.middle.user_ids = self.seller
        sites = [each["id"] for each in self.counter.get_counters()]
        self.assertEqual(sites, self.near.ids)
        with self.assertRaisesRegex(UserError, "No orders are taken at Middle"):
            self.counter.open(self.middle.id)
        self.channel.orchestrated = False
        self.assertEqual(self.counter.get_counters(), [])

    def test_only_people_of_the_site_take_orders_there(self):
        self.middle.seller_channel_id = self.channel
        with self.assertRaises(AccessError):
            self.counter.open(self.middle.id)
        with self.assertRaises(AccessError):
            self.get_ways((self.apple, 1), site=self.middle)
        for groups in ("base.group_portal", "oms.group_channel_user", "base.group_user"):
            user = self.make_user(groups.replace(".", "-"), groups)
            with self.subTest(groups=groups), self.assertRaises(AccessError):
                self.env["oms.store.order"].with_user(user).get_counters()
            with self.subTest(groups=groups), self.assertRaises(AccessError):
                self.env["oms.store.order"].with_user(user).find_customers(self.near.id, "Ada")

    def test_a_site_that_is_gone_is_told(self):
        for site_id in (0, -1, 2**31 - 1, "1", None, True):
            with self.subTest(site_id=site_id), self.assertRaises(UserError):
                self.counter.open(site_id)
