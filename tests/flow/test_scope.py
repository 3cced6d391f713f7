from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL

from .flow_case import FlowCase


@tagged("post_install", "-at_install")
class TestScope(FlowCase):
    """Balancing knows what others can send, and what comes anyway."""

    def setUp(self):
        super().setUp()
        self.run_record.state = "done"
        self.sell_far_apples()
        self.plan_record.does_purchase = False
        self.plan_record.does_pull = True

    def set_rule(self, site, low, high):
        return self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": self.apple.id,
                "location_id": site.warehouse_id.lot_stock_id.id,
                "product_min_qty": low,
                "product_max_qty": high,
            }
        )

    def prepared(self):
        """The stock in the words of the engine, by site."""
        run = self.plan_record._start()
        facts = run._gather()
        lanes = run._get_lanes(facts.sites)
        departures = {lane: lane._get_departure(self.env.cr.now()) for lane in lanes}
        problem = run._prepare_balance(facts, lanes, departures)
        rows = {
            facts.sites[site]: row
            for row, (product, site) in enumerate(
                zip(facts.product.tolist(), facts.site.tolist(), strict=True)
            )
            if facts.product_ids[product] == self.apple.id
        }
        return problem, rows

    def test_rules_and_waits_are_told(self):
        self.set_rule(self.far, 3, 8)
        self.env["product.supplierinfo"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Orchard"}).id,
                "product_tmpl_id": self.apple.product_tmpl_id.id,
                "delay": 9,
            }
        )
        problem, rows = self.prepared()
        points, waits = problem.stocks.order_point, problem.stocks.lead_days
        self.assertEqual(points[rows[self.far]], 3.0)
        self.assertNotEqual(points[rows[self.near]], points[rows[self.near]], "there is no rule")
        # Two days from the warehouse, nine from the supplier, and a day until it is looked at.
        self.assertEqual((waits[rows[self.far]], waits[rows[self.near]]), (3.0, 10.0))

    def test_what_comes_anyway_is_not_sent_twice(self):
        """With a rule that fills the store in three days it needs no four weeks' goods."""
        without = self.work().proposal_ids.filtered(lambda each: each.site_id == self.far)
        quantity = sum(without.mapped("quantity"))
        without.sudo().state = "superseded"
        self.set_rule(self.far, 6, 8)
        ruled = self.work().proposal_ids.filtered(lambda each: each.site_id == self.far)
        self.assertTrue(ruled)
        self.assertLess(sum(ruled.mapped("quantity")), quantity / 2)

    def test_others_serve_where_the_plan_is_for_the_network(self):
        (self.near + self.middle + self.far).write({"latitude": 50.0, "longitude": 8.0})
        problem, _rows = self.prepared()
        self.assertEqual({each.elsewhere for each in problem.goods}, {None})
        self.plan_record.level_scope = "network"
        self.far.longitude = 9.0
        problem, _rows = self.prepared()
        [elsewhere] = {each.elsewhere for each in problem.goods}
        # Two of three pairs of sites are 71.5 kilometers apart.
        self.assertAlmostEqual(elsewhere, 0.0004 * 71.5, 3)
        self.plan_record.does_pull = False
        self.assertFalse(self.work().proposal_ids, "sending it from there costs less")

    def test_an_edited_move_knows_what_is_collected(self):
        """The curve that is kept says of the quantity what the run said of it."""
        self.plan_record.level_scope = "network"
        for site, longitude in ((self.near, 8.0), (self.middle, 8.0), (self.far, 9.0)):
            site.write({"latitude": 50.0, "longitude": longitude})
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO oms_demand
                       (product_id, site_id, company_id, day, quantity, lost, local, source, key)
                VALUES (%s, %s, %s, %s, 100, 0, 90, 'orders', '')
                """,
                self.apple.id,
                self.far.id,
                self.company.id,
                fields.Date.context_today(self.plan_record),
            )
        )
        found = self.work().proposal_ids.filtered(lambda each: "curve" in each.explanation)
        [proposal] = found.filtered(lambda each: each.site_id == self.far)
        curve = proposal.explanation["curve"]
        self.assertAlmostEqual(curve["local"][1], 0.9)
        amounts = proposal._get_amounts(curve, [proposal.quantity])
        parts = dict(proposal.explanation["parts"])
        self.assertAlmostEqual(float(amounts.parts["value_there"][0]), parts["value_there"], 4)
