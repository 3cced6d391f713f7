import re

from odoo.tests import tagged

from .common import PreparationCase


@tagged("post_install", "-at_install")
class TestPickList(PreparationCase):
    def setUp(self):
        super().setUp()
        self.put(self.apple, self.shelf_2, 2)
        self.cheese = self.make_product("Cheese", tracking="lot")
        self.lot = self.env["stock.lot"].create({"name": "LOT-7", "product_id": self.cheese.id})
        self.put(self.cheese, self.shelf_b, 10, lot_id=self.lot)
        self.orders = self.make_order((self.berry, 1), (self.cheese, 2))
        self.orders += self.make_order((self.berry, 4))
        # Odoo takes the two of the second shelf and one of the tenth, in whatever order.
        self.orders += self.make_order((self.apple, 52))
        self.wave = self.make_waves(self.orders)

    def test_places_come_in_the_order_of_the_way(self):
        rows = self.wave._oms_get_pick_rows()
        self.assertEqual(
            [(row.location.name, row.product.name, row.quantity) for row in rows],
            [
                ("A2", "Apple", 2.0),
                ("A10", "Apple", 50.0),
                ("B1", "Berry", 5.0),
                ("B1", "Cheese", 2.0),
            ],
        )
        self.shelf_b.oms_pick_sequence = -1
        rows = self.wave._oms_get_pick_rows()
        self.assertEqual([row.location.name for row in rows], ["B1", "B1", "A2", "A10"])

    def test_one_row_is_shared_out_among_bins(self):
        bins = {order: order.picking_ids.oms_bin for order in self.orders}
        [row] = [row for row in self.wave._oms_get_pick_rows() if row.product == self.berry]
        self.assertEqual(dict(row.bins), {bins[self.orders[0]]: 1.0, bins[self.orders[1]]: 4.0})

    def test_totals(self):
        totals = self.wave._oms_get_pick_totals()
        self.assertEqual((totals["rows"], totals["places"]), (4, 3))
        self.assertEqual([quantity for quantity, _uom in totals["units"]], [59.0])
        self.assertEqual(totals["weight"], 26.0)

    def test_page_without_wkhtmltopdf(self):
        action = self.wave.action_oms_pick_list()
        self.assertEqual(action["report_type"], "qweb-html")
        self.assertTrue(self.wave.oms_started_at)
        report = self.env.ref("oms.report_pick_list_html")
        html, _kind = report._render_qweb_html(report.report_name, self.wave.ids)
        text = html.decode()
        for word in (self.wave.name, "LOT-7", "A10", "Apple", *self.orders.mapped("name")):
            self.assertIn(word, text)
        self.assertGreaterEqual(len(re.findall(r'src="data:image/png;base64,', text)), 5)
        places = [text.index(name) for name in ("Zone A/A2", "Zone A/A10", "Zone B/B1")]
        self.assertEqual(places, sorted(places))

    def test_units_of_the_order_are_those_of_the_product(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        order = self.make_order((self.berry, 2, {"product_uom_id": dozen.id}))
        wave = self.make_waves(order)
        [row] = wave._oms_get_pick_rows()
        self.assertEqual((row.quantity, row.uom), (24.0, self.berry.uom_id))
        self.assertEqual(wave.oms_unit_count, 24.0)
