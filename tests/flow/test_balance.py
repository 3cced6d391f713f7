import math
import random
from datetime import timedelta

import numpy as np

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.oms.engine.balancing.tidy import tidied
from odoo.addons.oms.engine.balancing.values import Values
from odoo.addons.oms.engine.prices import unit_values

from .flow_case import FlowCase


def surely(level, mean):
    """The least number that a Poisson demand does not exceed with a probability."""
    number, chance, total = 0, math.exp(-mean), math.exp(-mean)
    while total < level:
        number += 1
        chance *= mean / number
        total += chance
    return number


def at_most(number, mean):
    """Probability that a Poisson demand is at most so many units."""
    return sum(math.exp(-mean) * mean**k / math.factorial(k) for k in range(number + 1))


@tagged("post_install", "-at_install")
class TestBalance(FlowCase):
    """Goods go where they are worth most, by the one value, and never where they must not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_record.state = "done"
        cls.policy = cls.env["oms.disposition.policy"]._get_policy(cls.company)
        cls.sites.resource_calendar_id = False
        cls.every_lane = cls.env["oms.lane"].union(*cls.lanes.values())
        cls.every_lane.write({"days": 0})

    def sell(self, product, site, count, days=60):
        """Have a site sell units one by one, evenly over some days."""
        for number in range(count):
            self.make_sold(product, site, 1, days_ago=1 + number * days // max(count, 1))

    def moves(self, product=None):
        found = self.work().proposal_ids.filtered(lambda p: p.kind in ("transfer", "pull"))
        return found.filtered(lambda p: p.product_id == (product or self.apple))

    # === ONE VALUE === #

    def test_screen_sourcing_disposition_and_balancing_reckon_with_one_value(self):
        rng = random.Random(5)
        self.policy.write({"outdated_days": 300, "salvage_percent": 17})
        products = self.apple.browse()
        for number in range(4):
            product = self.make_product(f"Fruit {number}", list_price=rng.uniform(3, 90))
            products |= product
            for site in self.sites:
                self.stock(product, (site, rng.randint(1, 12)))
                # Two on one day now and then, so that it varies more than a Poisson stream does.
                for _sale in range(rng.randint(0, 6)):
                    self.make_sold(product, site, rng.randint(1, 2), rng.randint(1, 80))
        self.env["oms.forecast"].create(
            {
                "product_id": products[0].id,
                "site_id": self.far.id,
                "company_id": self.company.id,
                "computed_at": fields.Datetime.now(),
                "kind": "lumpy",
                "rate": 0.3,
                "dispersion": 2.5,
                "doubt": 0.01,
                "seen_days": 90.0,
            }
        )
        self.env["stock.quant"].search(
            [
                ("product_id", "in", products.ids),
                ("location_id.oms_position_site_id", "=", self.near.id),
            ]
        ).in_date = fields.Datetime.now() - timedelta(days=200)
        self.env["oms.stock.rule"].create(
            {
                "product_id": products[1].id,
                "site_id": self.middle.id,
                "end_date": fields.Date.add(fields.Date.today(), days=40),
            }
        )
        found = self.env["oms.value"]._get_values(products, self.sites)
        following, last = found.next_unit().value, found.last_unit().value
        self.env["oms.value"]._refresh(products, self.sites)
        self.strategy.stock_value_factor = 1.0
        charged = self.env["oms.sourcing"]._get_earnings(self.sites, products, self.strategy)
        left = found.left_over()
        case = self.env["oms.disposition"]._prepare_case(
            self.company,
            [
                (
                    product,
                    self.env["oms.grade"].search([("sellable", "=", True)], limit=1),
                    self.near,
                    1.0,
                    False,
                )
                for product in products
            ],
        )
        here, there = self.marginal_values()
        compared = 0
        for row, product in enumerate(products):
            for column, site in enumerate(self.sites):
                key = product.id, site.id
                # Ages are some moments apart.
                # What balancing takes from the donor, and gives the receiver, for one unit.
                self.assertAlmostEqual(here[key], last[row, column], delta=1e-5)
                self.assertAlmostEqual(there[key], following[row, column], delta=1e-5)
                shown = self.env["oms.value"].search(
                    [("product_id", "=", product.id), ("site_id", "=", site.id)]
                )
                self.assertAlmostEqual(shown.next_value, following[row, column], 2)
                self.assertAlmostEqual(shown.last_value, last[row, column], 2)
                self.assertAlmostEqual(
                    charged["earnings"].get((site.id, product.id), 0.0),
                    max(last[row, column] - left[row, column], 0.0),
                    delta=1e-5,
                )
                compared += 1
            for site in case.facts.sites & self.sites:
                grade = self.env["oms.grade"].search([("sellable", "=", True)], limit=1)
                market = case._market(product, grade, site)
                self.assertAlmostEqual(
                    float(unit_values(market, 1)[0]),
                    following[row, self.sites.ids.index(site.id)],
                    8,
                )
        self.assertEqual(compared, 12)

    def marginal_values(self):
        """What balancing reckons the last unit and the next one to be worth, by (product, site)."""
        run = self.plan_record._start()
        facts = run._gather()
        lanes = run._get_lanes(facts.sites)
        now = fields.Datetime.now()
        problem = run._prepare_balance(facts, lanes, dict.fromkeys(lanes, now))
        tidy = tidied(problem)
        values = Values(tidy.rows, tidy.items, problem.settings)
        held = values.positions().held
        every = np.arange(len(held))
        stays = values.stay(every, np.stack((held - 1.0, held), axis=1))
        comes = values.arrive(
            every, np.zeros(len(held)), np.ones((len(held), 1)), values.positions().here
        )[:, 0]
        keys = [
            (int(facts.product_ids[product]), facts.sites[int(site)].id)
            for product, site in zip(tidy.rows.product, tidy.rows.site, strict=True)
        ]
        return (
            dict(zip(keys, (stays[:, 1] - stays[:, 0]).tolist(), strict=True)),
            dict(zip(keys, comes.tolist(), strict=True)),
        )

    # === EDITING === #

    def test_figures_follow_the_quantity(self):
        self.every_lane.write({"shipment_cost": 6.0, "kg_cost": 0.2, "kg_carbon": 0.05})
        self.stock(self.apple, (self.near, 100), (self.far, 1))
        self.sell(self.apple, self.far, 60)
        [proposal] = self.moves()
        was = proposal.read()[0]
        parts = dict(proposal.explanation["parts"])
        quantity = proposal.quantity
        half = float(quantity // 2)
        proposal.quantity = half
        now = dict(proposal.explanation["parts"])
        self.assertAlmostEqual(now["fixed"], parts["fixed"], 6)
        self.assertAlmostEqual(now["fixed"], -6.0, 6)
        self.assertAlmostEqual(now["unit"], -0.1 * half, 6)
        self.assertAlmostEqual(now["weight"], -0.2 * half, 6)
        self.assertAlmostEqual(proposal.gain, sum(now.values()), 2)
        self.assertAlmostEqual(proposal.unit_gain, proposal.gain / half, 2)
        self.assertAlmostEqual(proposal.cost, 6.0 + 0.3 * half, 2)
        self.assertAlmostEqual(proposal.weight, half, 2)
        self.assertAlmostEqual(proposal.carbon_kg, 0.05 * half, 3)
        self.assertEqual((proposal.origin_after, proposal.site_after), (100 - half, 1 + half))
        # By the curve of the screen: the units that do not go would have been the last ones.
        values = self.env["oms.value"]._get_values(self.apple, self.far)
        with_half = values.stock[0, 0] + half
        lost = 0.0
        for place in np.arange(with_half + 1, with_half + quantity - half + 1):
            values.stock[0, 0] = place - 1
            lost += values.next_unit().value[0, 0]
        self.assertAlmostEqual(parts["value_there"] - now["value_there"], lost, 4)
        self.assertGreater(proposal.gain + 6.0, (was["gain"] + 6.0) * half / quantity)
        self.assertLess(proposal.risk_there, was["risk_there"] + 1e-9)
        self.assertIn(f"{half:g}", proposal.display_name)
        ends = {one["name"]: one["values"] for one in proposal.chart["series"] if one["after"]}
        self.assertAlmostEqual(ends["Near"][-1], 100 - half, 3)
        proposal.quantity = quantity
        for name in ("gain", "unit_gain", "cost", "weight", "risk", "risk_there", "site_after"):
            self.assertAlmostEqual(proposal[name], was[name], 2, name)
        with self.assertRaises(ValidationError):
            proposal.quantity = 101

    def test_who_edits_beyond_what_can_be_spared_is_told(self):
        self.stock(self.apple, (self.middle, 20))
        self.sell(self.apple, self.middle, 30)
        self.sell(self.apple, self.far, 60)
        [proposal] = self.moves()
        self.assertNotIn("Edited beyond", proposal.why)
        proposal.quantity = 20
        self.assertIn("Edited beyond what it can spare", proposal.why)
        self.assertIn("misses sales of its own", proposal.why)
        self.assertGreater(proposal.risk, 0.9)
        self.assertEqual(proposal.risk_level, "high")

    def test_pulls_below_the_order_point_tell_both_risks(self):
        self.stock(self.apple, (self.near, 40))
        self.sell(self.apple, self.near, 30)
        self.sell(self.apple, self.far, 10)
        self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": self.apple.id,
                "warehouse_id": self.far.warehouse_id.id,
                "location_id": self.far.warehouse_id.lot_stock_id.id,
                "product_min_qty": 31,
                "product_max_qty": 31,
            }
        )
        run = self.plan_record._start()
        run._begin()
        run._do_stage("replenish")
        [pull] = run.proposal_ids.filtered(lambda p: p.kind == "pull")
        self.assertEqual((pull.quantity, pull.origin_after), (31, 9))
        days = self.policy.sales_weeks * 7
        self.assertAlmostEqual(pull.risk, 1.0 - at_most(9, 28 * 30 / days), 3)
        horizon = self.policy._get_terms().horizon
        self.assertAlmostEqual(pull.risk_there, at_most(30, horizon * 10 / days), 3)
        self.assertGreater(pull.risk_there, 0.5)
        self.assertEqual(pull.risk_level, "high")

    # === WHAT MUST NOT BE === #

    def test_a_donor_keeps_what_it_needs(self):
        self.stock(self.apple, (self.middle, 20))
        self.sell(self.apple, self.middle, 45)
        self.sell(self.apple, self.far, 90)
        [proposal] = self.moves()
        self.assertEqual((proposal.origin_id, proposal.site_id), (self.middle, self.far))
        rate = 45 / (self.policy.sales_weeks * 7)
        self.assertGreaterEqual(proposal.origin_after, surely(0.8, 7 * rate))
        self.assertAlmostEqual(proposal.explanation["facts"]["need"], surely(0.8, 7 * rate), 6)

    def test_nothing_goes_to_a_slower_seller(self):
        self.stock(self.apple, (self.middle, 60))
        self.sell(self.apple, self.middle, 20)
        self.sell(self.apple, self.far, 10)
        self.assertFalse(self.moves())
        self.plan_record.preset = "consolidate"
        self.assertTrue(self.moves(), "at the end of a season it is gathered where it sells")

    def test_warehouses_give_before_stores_do(self):
        self.stock(self.apple, (self.near, 60), (self.middle, 60))
        self.sell(self.apple, self.far, 60)
        found = self.moves()
        self.assertEqual(found.origin_id, self.near)
        self.assertEqual(found.kind, "pull")

    def test_of_two_stores_the_one_with_old_goods_gives(self):
        other = self.make_site("Other", "OTHER")
        other.write({"kind": "store", "resource_calendar_id": False})
        self.network.site_ids |= other
        self.env["oms.lane"].create(
            {"origin_id": other.id, "site_id": self.far.id, "unit_cost": 0.1}
        )
        self.stock(self.apple, (self.middle, 30))
        old = fields.Datetime.now() - timedelta(days=320)
        self.stock(self.apple, (other, 30), in_date=old)
        # Storage aside, which ends sooner for what counts as left over sooner.
        self.policy.write({"outdated_days": 365, "holding_percent": 0})
        for site in (self.middle, other):
            self.sell(self.apple, site, 4)
        self.sell(self.apple, self.far, 14)
        found = self.moves()
        self.assertEqual(found.sorted("quantity")[-1:].origin_id, other, found.mapped("why"))
        found._reject("again", "once", 0)
        self.policy.holding_percent = 10
        self.plan_record.preset = "drain"
        found = self.moves()
        self.assertEqual(found.sorted("quantity")[-1:].origin_id, other)
        self.assertIn("ageing", dict(found[:1].explanation["parts"]))

    def test_excess_only_is_drained(self):
        self.stock(self.apple, (self.middle, 16))
        self.sell(self.apple, self.middle, 20)
        self.sell(self.apple, self.far, 60)
        self.plan_record.preset = "drain"
        rate = 20 / (self.policy.sales_weeks * 7)
        [proposal] = self.moves()
        self.assertGreaterEqual(proposal.origin_after, surely(0.95, 28 * rate))

    def test_at_the_end_of_a_season_all_is_gathered(self):
        self.stock(self.apple, (self.near, 3), (self.middle, 5))
        self.env["oms.stock.rule"].create(
            {"product_id": self.apple.id, "site_id": self.middle.id, "presentation": 4}
        )
        self.sell(self.apple, self.middle, 6)
        self.sell(self.apple, self.far, 80)
        self.plan_record.preset = "consolidate"
        found = self.moves()
        self.assertEqual(sum(found.mapped("quantity")), 8)
        self.assertEqual(found.site_id, self.far)

    def test_what_is_sent_lasts_for_the_days_looked_ahead(self):
        self.stock(self.apple, (self.near, 500))
        self.sell(self.apple, self.far, 60)
        [proposal] = self.moves()
        rate = 60 / (self.policy.sales_weeks * 7)
        self.assertEqual(proposal.quantity, surely(0.95, 28 * rate))
        self.assertIn("the rest can follow", proposal.why)
        proposal._reject("again", "once", 0)
        self.plan_record.horizon_days = 56
        [proposal] = self.moves()
        self.assertEqual(proposal.quantity, surely(0.95, 56 * rate))

    def test_the_minimum_is_what_a_shipment_gains(self):
        for product in self.apple + self.berry:
            self.stock(product, (self.near, 50))
            self.sell(product, self.far, 10)
        every = self.work().proposal_ids.filtered(lambda p: p.kind == "pull")
        self.assertEqual(len(every), 2)
        total = sum(every.mapped("gain"))
        every._reject("again", "once", 0)
        # Neither gains so much alone, both together do.
        self.plan_record.minimum_gain = total * 0.9
        again = self.work().proposal_ids.filtered(
            lambda p: p.kind == "pull" and "curve" in p.explanation
        )
        self.assertEqual(again.product_id, self.apple + self.berry)
        again._reject("again", "once", 0)
        self.plan_record.minimum_gain = total * 1.1
        found = self.work().proposal_ids.filtered(
            lambda p: p.kind == "pull" and "curve" in p.explanation
        )
        self.assertFalse(found)

    # === WHAT WAS LEARNED === #

    def test_what_is_learned_of_ways_products_and_categories(self):
        self.stock(self.apple, (self.near, 100), (self.middle, 100))
        self.sell(self.apple, self.far, 60)
        Constraint = self.env["oms.flow.constraint"]
        values = {"network_id": self.network.id, "reason": "Told"}
        today = fields.Date.today()
        way = {"origin_id": self.near.id, "site_id": self.far.id}
        fruit = self.env["product.category"].create({"name": "Fruit"})
        pome = self.env["product.category"].create({"name": "Pome", "parent_id": fruit.id})
        self.apple.categ_id = pome
        for told, origins in (
            ({**way, "product_id": self.apple.id}, self.middle),
            ({**way, "product_id": self.berry.id}, self.near),
            (way, self.middle),
            ({**way, "kind": "transfer"}, self.near),
            ({"product_id": self.apple.id}, self.sites.browse()),
            ({"categ_id": fruit.id}, self.sites.browse()),
            ({"site_id": self.far.id}, self.sites.browse()),
            ({**way, "until": today}, self.middle),
            ({**way, "until": today - timedelta(days=1)}, self.near),
        ):
            learned = Constraint.create({**values, **told})
            found = self.moves()
            self.assertEqual(found.origin_id, origins, told)
            found._reject("again", "once", 0)
            learned.action_forget()
            found = self.moves()
            self.assertEqual(found.origin_id, self.near, told)
            found._reject("again", "once", 0)
