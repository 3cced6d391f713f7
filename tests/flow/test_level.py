from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .flow_case import FlowCase


@tagged("post_install", "-at_install")
class TestLevel(FlowCase):
    """Levels are proposed, explained, written on acceptance, and taken back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_record.state = "done"
        cls.propose_only("level")
        cls.plan_record.level_held = "all"
        for days in range(3, 80, 5):
            cls.make_sold(cls.apple, cls.middle, 4, days_ago=days)
        cls.Point = cls.env["stock.warehouse.orderpoint"]

    def proposal(self, product=None, site=None):
        found = self.work().proposal_ids.filtered(
            lambda each: (
                each.product_id == (product or self.apple) and each.site_id == (site or self.middle)
            )
        )
        self.assertLessEqual(len(found), 1)
        return found

    def point(self):
        return self.Point.search(
            [
                ("product_id", "=", self.apple.id),
                ("location_id", "=", self.middle.warehouse_id.lot_stock_id.id),
            ]
        )

    def safety(self):
        return self.env["oms.safety.stock"].search(
            [("product_id", "=", self.apple.id), ("site_id", "=", self.middle.id)]
        )

    # === PROPOSED AND WRITTEN === #

    def test_a_level_becomes_reordering_rule_and_safety_stock_and_back(self):
        proposal = self.proposal()
        self.assertEqual((proposal.kind, proposal.state), ("level", "proposed"))
        low, high, safety = proposal.line_ids.sorted("sequence").mapped("after")
        # Sixteen times four in thirteen weeks are 0.7 a day; from the warehouse it takes two days.
        self.assertAlmostEqual(proposal.site_rate, 64 / 91, delta=0.2)
        self.assertGreater(low, 3 * proposal.site_rate)
        self.assertGreater(high, low)
        self.assertGreater(safety, 0)
        self.assertGreater(proposal.gain, 0)
        self.assertIn("days after it is ordered, from Near", proposal.why)
        self.assertIn("Class A", proposal.why)
        proposal.action_accept()
        self.assertEqual(proposal.state, "done")
        self.assertEqual(self.point().product_min_qty, low)
        self.assertEqual(self.point().product_max_qty, high)
        self.assertEqual(self.point().trigger, "manual")
        self.assertEqual(self.safety().quantity, safety)
        proposal.action_undo()
        self.assertEqual(proposal.state, "undone")
        self.assertFalse(self.point())
        self.assertFalse(self.safety())

    def test_what_was_there_comes_back(self):
        place = self.middle.warehouse_id.lot_stock_id
        self.Point.create(
            {
                "product_id": self.apple.id,
                "location_id": place.id,
                "warehouse_id": self.middle.warehouse_id.id,
                "product_min_qty": 90,
                "product_max_qty": 120,
                "trigger": "auto",
            }
        )
        self.env["oms.safety.stock"].create(
            {"product_id": self.apple.id, "site_id": self.middle.id, "quantity": 40}
        )
        proposal = self.proposal()
        self.assertEqual(proposal.line_ids.sorted("sequence").mapped("before"), [90, 120, 40])
        self.assertEqual(set(proposal.line_ids.mapped("verb")), {"lower"})
        proposal.action_accept()
        self.assertLess(self.point().product_min_qty, 90)
        self.assertEqual(self.point().trigger, "auto")
        self.assertLess(self.safety().quantity, 40)
        proposal.action_undo()
        self.assertEqual((self.point().product_min_qty, self.point().product_max_qty), (90, 120))
        self.assertEqual(self.safety().quantity, 40)

    def test_what_is_kept_already_is_not_proposed(self):
        self.proposal().action_accept()
        self.assertFalse(self.proposal())

    def test_nothing_is_proposed_twice_while_it_is_open(self):
        self.assertTrue(self.proposal())
        self.assertFalse(self.proposal())

    def test_what_was_changed_meanwhile_is_not_undone(self):
        proposal = self.proposal()
        proposal.action_accept()
        self.point().product_max_qty += 5
        with self.assertRaisesRegex(UserError, "has been changed"):
            proposal.action_undo()
        self.assertTrue(self.point())
        self.assertEqual(proposal.state, "done")

    def test_where_safety_stock_is_held_back_is_chosen(self):
        self.plan_record.level_held = "none"
        proposal = self.proposal()
        proposal.action_accept()
        self.assertTrue(self.point())
        self.assertFalse(self.safety())

    def test_levels_are_not_edited_as_quantities(self):
        with self.assertRaises(UserError):
            self.proposal().quantity = 3

    # === SERVICE AND RULES === #

    def set_service(self, service, **vals):
        classes = self.env["oms.service.class"]
        classes._fill(self.env.company)
        classes.search([("company_id", "=", self.env.company.id)]).write(
            {"service": service, **vals}
        )

    def test_more_service_takes_more(self):
        self.set_service(80.0)
        first = self.proposal()
        low = first.line_ids.sorted("sequence")[0].after
        first.sudo().state = "superseded"
        self.set_service(99.5)
        second = self.proposal()
        self.assertGreater(second.line_ids.sorted("sequence")[0].after, low)
        self.assertIn("99.5 %", second.why)

    def rule(self, **vals):
        return self.env["oms.stock.rule"].create(vals)

    def numbers(self):
        return self.proposal().line_ids.sorted("sequence").mapped("after")[:2]

    def test_the_shelf_looks_full(self):
        self.rule(presentation=25, site_id=self.middle.id)
        low, high = self.numbers()
        self.assertEqual(low, 25)
        self.assertGreaterEqual(high, 25)

    def test_warehouses_present_nothing(self):
        self.rule(presentation=25, product_id=self.berry.id)
        self.stock(self.berry, (self.near, 1), (self.far, 1))
        found = self.work().proposal_ids.filtered(lambda each: each.product_id == self.berry)
        self.assertEqual(found.site_id, self.middle + self.far)
        self.assertEqual(set(found.mapped("site_after")), {25})

    def test_the_shelf_holds_no_more(self):
        self.rule(capacity=3)
        proposal = self.proposal()
        self.assertEqual(proposal.site_after, 3)
        self.assertIn("the shelf holds no more", proposal.why)

    def test_packs_are_whole(self):
        self.rule(pack=12, product_id=self.apple.id)
        low, high = self.numbers()
        self.assertEqual((high - low + 1) % 12, 0)

    def test_nothing_is_kept_that_is_not_sold_any_more(self):
        today = fields.Date.context_today(self.env["oms.stock.rule"])
        self.rule(end_date=today - timedelta(days=1), product_id=self.apple.id)
        self.Point.create(
            {
                "product_id": self.apple.id,
                "location_id": self.middle.warehouse_id.lot_stock_id.id,
                "warehouse_id": self.middle.warehouse_id.id,
                "product_min_qty": 5,
                "product_max_qty": 9,
            }
        )
        proposal = self.proposal()
        self.assertEqual(proposal.line_ids.sorted("sequence").mapped("after")[:2], [0, 0])
        self.assertIn("before the last day", proposal.why)

    def test_the_nearest_rule_counts_number_by_number(self):
        self.apple.categ_id = self.env["product.category"].create({"name": "Fruit"})
        self.rule(presentation=5, capacity=50)
        self.rule(presentation=7, categ_id=self.apple.categ_id.id)
        self.rule(capacity=20, product_id=self.apple.id, site_id=self.middle.id)
        limits = self.env["oms.stock.rule"]._get_limits(
            self.env.company, self.apple, self.middle + self.far
        )
        self.assertEqual(limits.presentation.tolist(), [7, 7])
        self.assertEqual(limits.capacity.tolist(), [20, 50])

    def test_rules_without_meaning_are_refused(self):
        for vals in ({}, {"presentation": 5, "capacity": 3}):
            with self.assertRaises(ValidationError):
                self.rule(**vals)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.rule(pack=-2)

    @mute_logger("odoo.sql_db")
    def test_a_service_is_never_all(self):
        with self.assertRaises(IntegrityError):
            self.set_service(100.0)

    def test_rarely_wanted_goods_lie_at_few_sites(self):
        (self.near + self.middle + self.far).write({"latitude": 50.0, "longitude": 8.0})
        for site in (self.near, self.middle, self.far):
            self.make_sold(self.berry, site, 3, days_ago=30)
        alone = self.work().proposal_ids.filtered(lambda each: each.product_id == self.berry)
        alone.sudo().state = "superseded"
        self.plan_record.level_scope = "rare"
        shared = self.work().proposal_ids.filtered(lambda each: each.product_id == self.berry)
        self.assertEqual(len(alone), 3)
        self.assertEqual(shared.site_id, self.near)
        self.assertLess(shared.site_after, sum(alone.mapped("site_after")))
        self.assertIn("rarely wanted", shared.why)

    def test_classes_are_there_when_they_are_looked_at(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        classes = self.env["oms.service.class"].with_company(company)
        action = classes.with_context(allowed_company_ids=company.ids)._action_open()
        self.assertEqual(action["res_model"], "oms.service.class")
        found = classes.search([("company_id", "=", company.id)])
        self.assertEqual(len(found), 9)
        self.assertEqual(found[0].display_name, "AX")
        classes._fill(company)
        self.assertEqual(classes.search_count([("company_id", "=", company.id)]), 9)

    # === RIGHTS === #

    def test_rights(self):
        reader = new_test_user(self.env, "levelreader", groups="oms.group_order_operator")
        planner = new_test_user(self.env, "levelplanner", groups="oms.group_flow_planner")
        self.set_service(90.0)
        service = self.env["oms.service.class"].search(
            [("company_id", "=", self.env.company.id)], limit=1
        )
        rule = self.rule(pack=6)
        self.assertEqual(rule.with_user(reader).pack, 6)
        for record, vals in ((service, {"service": 91.0}), (rule, {"pack": 4})):
            with self.assertRaises(AccessError):
                record.with_user(reader).write(vals)
            record.with_user(planner).write(vals)
        with self.assertRaises(AccessError):
            service.with_user(planner).unlink()
        with self.assertRaises(AccessError):
            self.proposal().with_user(reader).action_accept()

    def test_rules_of_another_company_do_not_count(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.rule(capacity=1, company_id=other.id)
        self.assertGreater(self.proposal().site_after, 1)

    def test_the_form(self):
        form = Form(self.env["oms.stock.rule"])
        form.product_id = self.apple
        form.capacity = 8
        self.assertEqual(form.save().capacity, 8)
