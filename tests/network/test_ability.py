from odoo.tests import tagged

from .network_case import NOW, NetworkCase


@tagged("post_install", "-at_install")
class TestAbility(NetworkCase):
    """What sites can handle, and where they deliver."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dangerous = cls.env.ref("oms.ability_dangerous")
        cls.bulky = cls.env.ref("oms.ability_bulky")
        cls.stock(cls.berry, (cls.near, 100), (cls.middle, 100), (cls.far, 100))
        cls.env["product.template"].search([]).oms_ability_ids = False

    def test_goods_come_from_sites_that_can_handle_them(self):
        self.apple.product_tmpl_id.oms_ability_ids = self.dangerous
        self.far.ability_ids = self.dangerous
        order, sites = self.source((self.apple, 2))
        self.assertEqual(sites, self.far)
        self.assertEqual(self.reasons(order), {"NEAR": "ability", "MID": "ability"})
        self.assertIn("cannot handle Dangerous goods", order.oms_decision_ids.note)
        self.assertEqual(self.source((self.berry, 2))[1], self.near)

    def test_other_lines_are_free(self):
        """A site that cannot handle one line may still ship the other."""
        self.apple.product_tmpl_id.oms_ability_ids = self.dangerous
        self.far.ability_ids = self.dangerous
        self.far.parcel_cost = 0
        self.strategy.unit_km_cost = 1
        order, sites = self.source((self.apple, 2), (self.berry, 50))
        self.assertEqual(sites, self.near + self.far)
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 2, ("NEAR", "Berry"): 50})
        self.assertEqual(self.reasons(order), {})

    def test_categories_hand_down_what_they_need(self):
        above = self.env["product.category"].create(
            {"name": "Chemicals", "oms_ability_ids": self.dangerous.ids}
        )
        below = self.env["product.category"].create(
            {"name": "Drums", "parent_id": above.id, "oms_ability_ids": self.bulky.ids}
        )
        other = self.env["product.category"].create({"name": "Toys"})
        drum, toy = self.make_product("Drum", categ_id=below.id), self.make_product("Toy")
        toy.categ_id = other
        self.assertEqual(drum.oms_need_ids, self.dangerous + self.bulky)
        self.assertFalse(toy.oms_need_ids)
        above.oms_ability_ids = False
        drum.invalidate_recordset()
        self.assertEqual(drum.oms_need_ids, self.bulky)
        self.bulky.active = False
        drum.invalidate_recordset()
        self.assertFalse(drum.oms_need_ids, "what is archived is needed no more")

    def test_nobody_can(self):
        self.apple.product_tmpl_id.oms_ability_ids = self.bulky
        order, sites = self.source((self.apple, 2))
        self.assertFalse(sites)
        self.assertIn("Near, Middle, Far – cannot handle Bulky goods", order.oms_waiting_reason)

    def test_distance(self):
        self.near.max_kilometers = 0.1
        self.middle.max_kilometers = 110
        self.near.latitude += 0.01
        order, sites = self.source((self.apple, 2))
        self.assertEqual(self.reasons(order), {"NEAR": "distance", "MID": "distance"})
        self.assertEqual(sites, self.far)
        self.assertIn(
            "delivers up to 110 km, the customer is 111 km away", order.oms_decision_ids.note
        )
        nowhere = self.make_partner("Nowhere")
        self.assertTrue(self.source((self.apple, 2), partner_id=nowhere.id)[1])

    def test_area(self):
        france, spain = self.env.ref("base.fr"), self.env.ref("base.es")
        prefixes = self.env["delivery.zip.prefix"].create([{"name": "75"}, {"name": "ZZ"}])
        self.near.country_ids = spain
        self.middle.zip_prefix_ids = prefixes[1]
        self.far.write({"country_ids": france.ids, "zip_prefix_ids": prefixes[:1].ids})
        self.customer.write({"country_id": france.id, "zip": "75001"})
        order, sites = self.source((self.apple, 2))
        self.assertEqual(sites, self.far)
        self.assertEqual(self.reasons(order), {"NEAR": "distance", "MID": "distance"})
        self.customer.zip = "zz 1"
        self.assertEqual(self.source((self.apple, 2))[1], self.middle)

    def test_unused_features_cost_nothing(self):
        order = self.make_order((self.apple, 1), confirm=False)
        self.near._get_barred(order, NOW)
        self.env.flush_all()
        self.env.invalidate_all()
        sites = self.channel._get_sourcing_sites()
        products = order.order_line.product_id
        with self.queries() as statements:
            barred = sites._get_barred(order, NOW)
            able = sites._get_able(products)
            rooms = sites._open_rooms(NOW, order)
        self.assertEqual(barred, {order: {}})
        self.assertIsNone(able)
        self.assertFalse(rooms.rooms)
        ours = [text for text in statements if "oms_" in text]
        self.assertEqual(ours, [])

    def test_queries_do_not_grow_with_orders(self):
        self.apple.product_tmpl_id.oms_ability_ids = self.dangerous
        self.far.ability_ids = self.dangerous
        self.near.write({"capacity_orders": 5, "max_kilometers": 1000})
        self.env["oms.site.offline"].create({"site_id": self.middle.id, "reason": "Flood"})
        counts = []
        for number in (1, 8):
            orders = self.env["sale.order"]
            for _ in range(number):
                orders += self.make_order((self.apple, 1), (self.berry, 1), confirm=False)
            self.env.flush_all()
            self.env.invalidate_all()
            sites = self.channel._get_sourcing_sites()
            with self.queries() as statements:
                barred = sites._get_barred(orders, self.env.cr.now())
            self.assertEqual(len(barred), number)
            counts.append(len(statements))
        self.assertLessEqual(counts[1], counts[0] + 1, counts)
