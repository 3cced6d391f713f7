"""Whom suppliers sell to, for what, when, and from which order on."""

from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .flow_case import FlowCase


@tagged("post_install", "-at_install")
class TestSupplier(FlowCase):
    """What is bought heeds the terms of suppliers, and tells so."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_record.state = "done"
        cls.plan_record.write({"does_transfer": False, "does_level": False, "does_share": False})
        cls.orchard = cls.make_partner("Orchard", is_company=True)
        cls.grove = cls.make_partner("Grove")
        cls.stock(cls.apple, (cls.near, 2))
        # Two a day, in weeks: fewer moves make the same rate.
        for week in range(13):
            cls.make_sold(cls.apple, cls.near, 14, days_ago=week * 7 + 0.5)

    def sell_by(self, supplier, price, product=None, **vals):
        return self.env["product.supplierinfo"].create(
            {
                "partner_id": supplier.id,
                "product_tmpl_id": (product or self.apple).product_tmpl_id.id,
                "price": price,
                "delay": 5,
                **vals,
            }
        )

    def terms(self, supplier, **vals):
        return self.env["oms.supplier.terms"].create({"partner_id": supplier.id, **vals})

    def purchases(self, run=None):
        run = run or self.work()
        return run.proposal_ids.filtered(lambda each: each.kind == "purchase")

    def point(self, location, low, high, product=None):
        return self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": (product or self.apple).id,
                "warehouse_id": location.warehouse_id.id,
                "location_id": location.id,
                "product_min_qty": low,
                "product_max_qty": high,
                "trigger": "manual",
            }
        )

    # === TERMS === #

    def test_an_order_is_raised_to_the_minimum_and_it_is_told(self):
        self.sell_by(self.orchard, 3.0)
        first = self.purchases()
        first.sudo().state = "superseded"
        self.assertLess(first.cost, 400)
        self.terms(self.orchard, minimum_value=400.0)
        proposal = self.purchases()
        self.assertGreaterEqual(proposal.cost, 400)
        self.assertLess(proposal.cost, 400 + 3.0)
        self.assertIn("raised to the minimum order of", proposal.why)
        self.assertIn(self.env.company.currency_id.format(400.0), proposal.why)

    def test_an_order_above_the_minimum_stays_as_it_is(self):
        self.sell_by(self.orchard, 3.0)
        first = self.purchases()
        first.sudo().state = "superseded"
        self.terms(self.orchard, minimum_value=30.0)
        proposal = self.purchases()
        self.assertEqual(proposal.quantity, first.quantity)
        self.assertNotIn("raised", proposal.why)
        self.assertIn("takes none below", proposal.why)

    def test_who_has_no_minimum_is_asked_where_it_is_too_high(self):
        self.sell_by(self.orchard, 3.0)
        self.sell_by(self.grove, 3.05)
        self.terms(self.orchard, minimum_value=90_000.0)
        proposal = self.purchases()
        self.assertEqual(proposal.supplier_id, self.grove)
        self.assertIn("has a minimum that is not reached", proposal.why)

    def test_a_minimum_is_money_of_its_currency(self):
        currency = self.env["res.currency"].create({"name": "SUP", "symbol": "S"})
        self.env["res.currency.rate"].create(
            {"currency_id": currency.id, "name": "2000-01-01", "rate": 4.0}
        )
        self.orchard.property_purchase_currency_id = currency
        self.sell_by(self.orchard, 3.0)
        terms = self.terms(self.orchard, minimum_value=1600.0, order_cost=8.0)
        self.assertEqual(terms.currency_id, currency, "the one that he is paid in")
        found = terms._get_terms(self.env.company, self.orchard + self.grove)
        self.assertEqual(list(found), [self.orchard.id])
        cost, least = found[self.orchard.id]
        self.assertAlmostEqual(cost, 2.0)
        self.assertAlmostEqual(least, 400.0)
        self.assertGreaterEqual(self.purchases().cost, 400)

    def test_contacts_have_the_terms_of_their_company_unless_they_have_own(self):
        clerk = self.make_partner("Clerk", parent_id=self.orchard.id)
        chief = self.make_partner("Chief", parent_id=self.orchard.id)
        self.terms(self.orchard, order_cost=7.0)
        self.terms(chief, order_cost=9.0)
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.terms(self.grove, order_cost=5.0, company_id=other.id)
        found = self.env["oms.supplier.terms"]._get_terms(
            self.env.company, clerk + chief + self.grove
        )
        self.assertEqual(found, {clerk.id: (7.0, 0.0), chief.id: (9.0, 0.0)})

    def test_dear_orders_are_larger_and_rarer(self):
        self.sell_by(self.orchard, 3.0)
        first = self.purchases()
        first.sudo().state = "superseded"
        self.terms(self.orchard, order_cost=50.0)
        second = self.purchases()
        self.assertGreater(second.quantity, first.quantity + 10)
        self.assertIn("An order costs", second.why)
        self.assertIn("share of the order", second.part_text)

    @mute_logger("odoo.sql_db")
    def test_terms_that_make_no_sense_are_refused(self):
        self.terms(self.orchard, order_cost=1.0)
        for vals in (
            {"partner_id": self.grove.id, "order_cost": -1.0},
            {"partner_id": self.orchard.id},
        ):
            with self.assertRaises(IntegrityError), self.env.cr.savepoint():
                self.env["oms.supplier.terms"].create(vals)

    def test_rights_on_terms(self):
        reader = new_test_user(self.env, "termsreader", groups="oms.group_order_operator")
        planner = new_test_user(self.env, "termsplanner", groups="oms.group_flow_planner")
        terms = self.terms(self.orchard, order_cost=1.0)
        self.assertEqual(terms.with_user(reader).order_cost, 1.0)
        with self.assertRaises(AccessError):
            terms.with_user(reader).order_cost = 2.0
        terms.with_user(planner).order_cost = 2.0
        other = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = self.terms(self.grove, company_id=other.id)
        self.assertFalse(terms.with_user(planner).search([("id", "=", foreign.id)]))
        action = self.orchard.with_user(planner).action_oms_supplier_terms()
        self.assertEqual(terms.search(action["domain"]), terms)

    # === PRICE LISTS === #

    def test_prices_with_other_lead_times_are_other_offers(self):
        """Few come soon, many later: what is urgent is not promised to come with the many."""
        self.sell_by(self.orchard, 3.0, delay=2)
        self.sell_by(self.orchard, 2.99, delay=60, min_qty=1000)
        proposal = self.purchases()
        self.assertEqual(proposal.explanation["facts"]["lead_days"], 2)
        self.assertLess(proposal.quantity, 200)
        self.assertAlmostEqual(proposal.cost, 3.0 * proposal.quantity, 2)

    def test_of_prices_for_the_same_the_lowest_holds_as_odoo_takes_it(self):
        self.sell_by(self.orchard, 3.5, sequence=1)
        self.sell_by(self.orchard, 3.0, sequence=2)
        self.sell_by(self.orchard, 9.0, sequence=3, min_qty=5)
        proposal = self.purchases()
        self.assertAlmostEqual(proposal.cost, 3.0 * proposal.quantity, 2)
        proposal.action_accept()
        self.assertAlmostEqual(proposal.purchase_line_ids.price_unit, 3.0)

    def test_lines_that_do_not_hold_are_left_out(self):
        today = fields.Date.today()
        self.sell_by(self.orchard, 1.0, date_start=today + timedelta(days=1))
        self.sell_by(self.orchard, 1.0, date_end=today - timedelta(days=1))
        self.sell_by(
            self.orchard, 1.0, company_id=self.env["res.company"].create({"name": "Else"}).id
        )
        self.sell_by(self.make_partner("Gone", active=False), 1.0)
        self.sell_by(self.grove, 4.0, date_start=today, date_end=today)
        self.assertEqual(self.purchases().supplier_id, self.grove)

    def test_lines_of_other_variants_are_left_out(self):
        attribute = self.env["product.attribute"].create(
            {"name": "Size", "value_ids": [(0, 0, {"name": name}) for name in "SM"]}
        )
        template = self.env["product.template"].create(
            {
                "name": "Shirt",
                "type": "consu",
                "is_storable": True,
                "list_price": 20.0,
                "attribute_line_ids": [
                    (
                        0,
                        0,
                        {
                            "attribute_id": attribute.id,
                            "value_ids": [(6, 0, attribute.value_ids.ids)],
                        },
                    )
                ],
            }
        )
        small, middle = template.product_variant_ids
        for product in (small, middle):
            self.point(self.near.warehouse_id.lot_stock_id, 5, 9, product)
            self.stock(product, (self.near, 1))
        self.sell_by(self.orchard, 2.0, small, product_id=small.id)
        self.sell_by(self.grove, 5.0, small)
        found = self.purchases()
        self.assertEqual(
            {
                each.product_id: each.supplier_id
                for each in found
                if each.product_id in template.product_variant_ids
            },
            {small: self.orchard, middle: self.grove},
        )

    def test_prices_of_other_currencies_are_compared_in_that_of_the_company(self):
        currency = self.env["res.currency"].create({"name": "SUP", "symbol": "S"})
        self.env["res.currency.rate"].create(
            {"currency_id": currency.id, "name": "2000-01-01", "rate": 4.0}
        )
        self.sell_by(self.orchard, 8.0, currency_id=currency.id)
        self.sell_by(self.grove, 3.0)
        proposal = self.purchases()
        self.assertEqual(proposal.supplier_id, self.orchard)
        self.assertAlmostEqual(proposal.cost, 2.0 * proposal.quantity, 2)

    def test_packs_of_stock_rules_and_of_suppliers(self):
        self.sell_by(self.orchard, 36.0, product_uom_id=self.env.ref("uom.product_uom_dozen").id)
        self.env["oms.stock.rule"].create({"pack": 8, "product_id": self.apple.id})
        proposal = self.purchases()
        self.assertEqual(proposal.quantity % 24, 0, "whole dozens, and whole eights")

    # === WHAT IS WANTED === #

    def test_a_reordering_rule_means_below(self):
        """As Odoo reads it: at the minimum nothing is ordered."""
        self.sell_by(self.orchard, 3.0)
        rule = self.point(self.near.warehouse_id.lot_stock_id, 2, 50)
        self.assertFalse(self.purchases())
        rule.product_min_qty = 3
        proposal = self.purchases()
        self.assertEqual(proposal.quantity, 48)
        self.assertIn("ordered below 3, up to 50", proposal.why)

    def test_rules_of_places_of_a_site(self):
        """Those of places in each other are about the same stock, those beside it add up."""
        self.sell_by(self.orchard, 3.0)
        warehouse = self.near.warehouse_id
        shelf, yard = self.env["stock.location"].create(
            [
                {"name": "Shelf", "location_id": warehouse.lot_stock_id.id},
                {"name": "Yard", "location_id": warehouse.view_location_id.id},
            ]
        )
        self.assertEqual((shelf + yard).oms_position_site_id, self.near)
        for place, most in ((warehouse.lot_stock_id, 50), (shelf, 20), (yard, 30)):
            self.point(place, 5, most)
        self.assertEqual(self.purchases().quantity, 50 + 30 - 2)

    def test_a_warehouse_buys_for_those_that_it_supplies(self):
        """Nobody buys berries at the warehouse itself: it has them for the stores."""
        for week in range(13):
            self.make_sold(self.berry, self.middle, 14, days_ago=week * 7 + 0.5)
        self.stock(self.berry, (self.near, 3), (self.middle, 40))
        self.sell_by(self.orchard, 3.0, self.berry)
        found = self.purchases().filtered(lambda each: each.product_id == self.berry)
        self.assertEqual(found.site_id, self.near)
        # Two a day for six days, and three are there.
        self.assertGreater(found.quantity, 9)
        self.assertAlmostEqual(found.site_rate, 2.0, delta=0.3)
        self.assertGreater(found.gain, 0.0)
        self.assertIn("sites that it supplies want", found.why)

    def test_service_classes_count_where_there_is_no_rule(self):
        self.sell_by(self.orchard, 3.0)
        classes = self.env["oms.service.class"]
        classes._fill(self.env.company)
        own = classes.search([("company_id", "=", self.env.company.id)])
        points = []
        for service in (70.0, 99.5):
            own.service = service
            found = self.purchases()
            points.append(found.explanation["facts"]["order_point"])
            found.sudo().state = "superseded"
        self.assertLess(points[0] + 3, points[1])

    def test_more_is_owed_than_is_there(self):
        """What is promised to others is bought, too."""
        self.sell_by(self.orchard, 3.0)
        self.point(self.near.warehouse_id.lot_stock_id, 5, 20)
        self.make_open_move(self.apple, self.near, -30)
        self.assertEqual(self.purchases().quantity, 20 + 28)

    def test_negative_stock_counts_as_none(self):
        self.sell_by(self.orchard, 3.0)
        self.point(self.near.warehouse_id.lot_stock_id, 5, 20)
        self.stock(self.apple, (self.near, -9))
        run = self.work()
        self.assertEqual(self.purchases(run).quantity, 20)
        self.assertIn("counts as none", "\n".join(run.note_ids.mapped("message")))

    def test_a_shelf_that_is_smaller_than_its_rule(self):
        self.sell_by(self.orchard, 3.0)
        self.point(self.near.warehouse_id.lot_stock_id, 5, 20)
        self.env["oms.stock.rule"].create({"capacity": 12, "product_id": self.apple.id})
        self.assertEqual(self.purchases().quantity, 10)

    # === PARTS OF UNITS === #

    def test_what_is_sold_by_the_kilogram(self):
        """Levels, purchases and pulls are as fine as what is sold."""
        kilogram = self.env.ref("uom.product_uom_kgm")
        flour = self.make_product("Flour", uom_id=kilogram.id, standard_price=2.0, weight=1.0)
        for week in range(13):
            for site in (self.near, self.middle):
                self.env["oms.demand"].create(
                    {
                        "product_id": flour.id,
                        "site_id": site.id,
                        "day": fields.Date.today() - timedelta(days=week * 7 + 1),
                        "quantity": 0.35,
                    }
                )
                self.make_sold(flour, site, 0.35, days_ago=week * 7 + 1)
        self.stock(flour, (self.near, 0.3))
        self.sell_by(self.orchard, 1.0, flour)
        self.plan_record.write({"does_level": True, "level_held": "all"})
        run = self.work()
        own = run.proposal_ids.filtered(lambda each: each.product_id == flour)
        level = own.filtered(lambda each: each.kind == "level" and each.site_id == self.middle)
        low, high, _safety = level.line_ids.sorted("sequence").mapped("after")
        self.assertNotEqual(low, round(low), "as fine as kilograms are")
        self.assertAlmostEqual(low, round(low, 2), 6)
        self.assertLess(low, high)
        self.assertLess(high, 3.0)
        level.action_accept()
        self.assertEqual(
            self.env["stock.warehouse.orderpoint"]
            .search([("product_id", "=", flour.id)])
            .product_min_qty,
            low,
        )
        bought = own.filtered(lambda each: each.kind == "purchase")
        self.assertTrue(bought)
        up_to = bought.explanation["facts"]["order_up_to"]
        self.assertAlmostEqual(bought.quantity, up_to - bought.site_before, 6)
        self.assertAlmostEqual(bought.quantity, round(bought.quantity, 2), 6)
        pulled = own.filtered(lambda each: each.kind == "pull")
        self.assertTrue(pulled)
        self.assertLessEqual(pulled.quantity, 0.3)
