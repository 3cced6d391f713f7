from odoo.tests import tagged

from odoo.addons.oms.models.words import write_goods, write_number, write_quantity

from ..common import OmsCase


@tagged("post_install", "-at_install")
class TestWords(OmsCase):
    """Quantities as customers read them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.units = cls.env.ref("uom.product_uom_unit")
        cls.kilos = cls.env.ref("uom.product_uom_kgm")
        cls.flour = cls.make_product("Flour", uom_id=cls.kilos.id)

    def test_no_more_decimals_than_there_are(self):
        for quantity, text in (
            (1.0, "1"),
            (0.5, "0.5"),
            (0.1 + 0.2, "0.3"),
            (10.0, "10"),
            (0, "0"),
        ):
            with self.subTest(quantity):
                self.assertEqual(write_number(self.env, quantity, self.kilos), text)

    def test_as_exact_as_the_unit(self):
        self.env.ref("uom.decimal_product_uom").digits = 3
        self.env.invalidate_all()
        self.assertEqual(write_number(self.env, 0.125, self.kilos), "0.125")

    def test_as_people_of_the_language_do(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        french = self.env(context={"lang": "fr_FR"})
        self.assertEqual(write_number(french, 2.5, self.kilos), "2,5")
        self.assertEqual(write_number(self.env, 12500.0, self.units), "12,500")

    def test_pieces_need_no_word(self):
        self.assertEqual(write_goods(self.env, 1.0, self.apple), "1 × Apple")
        self.assertEqual(write_goods(self.env, 1.5, self.flour), "1.5 kg Flour")
        self.assertEqual(write_quantity(self.env, 2.0, self.units), "2")
        self.assertEqual(write_quantity(self.env, 2.0, self.kilos), "2 kg")

    def test_of_a_fulfillment(self):
        self.stock(self.flour, (self.near, 5))
        order = self.make_order((self.flour, 2.5))
        self.assertEqual(order.oms_fulfillment_ids.line_ids.goods_text, "2.5 kg Flour")
