"""What a shop could not hold for a customer had been wanted: from the call to the row."""

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ApiHttpCase


@tagged("post_install", "-at_install")
class TestRefusedBasket(ApiHttpCase):
    def rows(self):
        self.env.invalidate_all()
        found = self.env["oms.demand"].search([("product_id", "in", (self.apple + self.berry).ids)])
        return {
            (row.product_id, row.site_id, row.key.partition("/")[2]): (row.quantity, row.lost)
            for row in found
            if row.source == "refused"
        }

    def hold(self, way, reference, *lines):
        asked = [{"product": name, "site": "NEAR", "quantity": count} for name, count in lines]
        with mute_logger("odoo.http", "odoo.addons.oms.models.api"):
            return way("hold", lines=asked, reference=reference)

    def test_a_basket_that_is_refused_is_demand(self):
        self.stock(self.apple, (self.near, 2.0))
        self.stock(self.berry, (self.near, 9.0))
        self.env.flush_all()
        ways = (self.over_json_2, self.over_own_route, self.over_json_rpc)
        for number, way in enumerate(ways):
            reference = f"cart {number}"
            for _again in range(2):
                answer, _status = self.hold(way, reference, ("Apple", 5.0), ("Berry", 1.0))
                self.assertEqual(answer["code"], "shortage")
            # What is missing of the apples; of the berries there are enough.
            self.assertEqual(self.rows()[self.apple, self.near, reference], (3.0, 3.0))
        self.assertEqual(len(self.rows()), 3)
        self.assertTrue(all(key[0] == self.apple for key in self.rows()))

    def test_what_is_held_or_makes_no_sense_is_none(self):
        self.stock(self.apple, (self.near, 2.0))
        self.env.flush_all()
        answer, _status = self.hold(self.over_json_2, "cart", ("Apple", 1.0))
        self.assertTrue(answer["holds"])
        answer, _status = self.hold(self.over_json_2, "cart", ("Pear", 1.0))
        self.assertEqual(answer["code"], "not_found")
        self.assertEqual(self.rows(), {})
