from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import PreparationCase


@tagged("post_install", "-at_install")
class TestRoles(PreparationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls.make_user("near-clerk", "oms.group_site_operator")
        cls.stranger = cls.make_user("far-clerk", "oms.group_site_operator")
        cls.near.user_ids, cls.far.user_ids = cls.clerk, cls.stranger
        cls.order = cls.make_order((cls.apple, 2), user_id=False)
        cls.rule = cls.make_rule()

    def test_a_clerk_makes_and_picks_waves_of_his_site(self):
        fulfillments = self.order.oms_fulfillment_ids.with_user(self.clerk)
        action = fulfillments.action_make_waves()
        wizard = (
            self.env["oms.preparation.wizard"]
            .with_user(self.clerk)
            .with_context(**action["context"])
            .create({})
        )
        self.assertEqual(len(wizard.wave_ids), 1)
        wizard.action_make()
        wave = fulfillments.wave_id
        wave.action_oms_take()
        self.assertEqual(wave.user_id, self.clerk)
        self.assertEqual(len(wave._oms_get_pick_rows()), 1)
        report = self.env.ref("oms.report_pick_list_html").with_user(self.clerk)
        html, _kind = report._render_qweb_html(report.report_name, wave.ids)
        self.assertIn(self.order.name, html.decode())
        self.assertTrue(wave.oms_run_id.with_user(self.clerk).wave_count)
        self.assertFalse(
            self.env["oms.preparation.run"].with_user(self.stranger).search([]) & wave.oms_run_id
        )
        with self.assertRaises(AccessError):
            wave.with_user(self.stranger).action_oms_take()

    def test_a_stranger_makes_none(self):
        fulfillments = self.order.oms_fulfillment_ids.with_user(self.stranger)
        with self.assertRaises(AccessError):
            fulfillments.action_make_waves()

    def test_rules_are_for_managers(self):
        self.assertIn(self.rule, self.env["oms.preparation.rule"].with_user(self.clerk).search([]))
        self.assertNotIn(
            self.rule, self.env["oms.preparation.rule"].with_user(self.stranger).search([])
        )
        with self.assertRaises(AccessError):
            self.rule.with_user(self.clerk).minutes = 5
        with self.assertRaises(AccessError):
            self.rule.with_user(self.clerk).action_run()
        manager = self.make_user("boss", "oms.group_order_manager")
        self.rule.with_user(manager).action_run()
        self.assertTrue(self.order.oms_fulfillment_ids.wave_id)

    def test_sales_neither_see_nor_make_waves(self):
        seller = self.make_user("seller", "sales_team.group_sale_salesman")
        fulfillments = self.order.oms_fulfillment_ids.with_user(seller)
        with self.assertRaises(AccessError):
            fulfillments.action_make_waves()
        with self.assertRaises(AccessError):
            self.env["oms.preparation.rule"].with_user(seller).search([])

    def test_other_companies_see_nothing(self):
        company = self.env["res.company"].create({"name": "Other"})
        boss = self.make_user(
            "other-boss",
            "oms.group_order_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.rule.action_run()
        for model in ("rule", "run", "left", "time"):
            records = self.env[f"oms.preparation.{model}"].with_user(boss).search([])
            self.assertFalse(records, model)
