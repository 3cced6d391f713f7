from odoo.exceptions import UserError
from odoo.tests import tagged

from .flow_case import FlowCase


@tagged("post_install", "-at_install")
class TestBadInput(FlowCase):
    """Whatever is wrong is told with what mends it, and the rest goes on."""

    def setUp(self):
        super().setUp()
        self.run_record.state = "done"
        self.sell_far_apples()

    def of_apples(self, run):
        return run.proposal_ids.filtered(lambda each: each.product_id == self.apple)

    def test_network_without_sites(self):
        self.network.site_ids = False
        run = self.work()
        self.assertEqual(run.state, "failed")
        self.assertEqual(run.error.count("add sites to the network"), 1)
        self.assertFalse(run.proposal_ids)
        action = run.note_ids[0].action_open()
        self.assertEqual((action["res_model"], action["res_id"]), ("oms.network", self.network.id))

    def test_network_of_one_site(self):
        self.network.site_ids = self.far
        run = self.work()
        self.assertEqual(run.state, "done")
        self.assertIn("at one site only", self.texts(run))
        self.assertFalse(self.of_apples(run).filtered("origin_id"))

    def test_site_without_a_warehouse_is_left_alone(self):
        external = self.env["oms.site"].create(
            {
                "name": "Partner",
                "code": "PRTN",
                "kind": "supplier",
                "partner_id": self.make_partner("Partner").id,
            }
        )
        self.network.site_ids += external
        run = self.work()
        self.assertEqual(run.state, "done", run.error)
        self.assertTrue(self.of_apples(run))

    def test_nothing_was_ever_sold(self):
        self.plan_record._get_policy().sales_weeks = 1
        self.env["stock.move"].search([("product_id", "=", self.apple.id)]).date = "2020-01-01"
        run = self.work()
        self.assertEqual(run.state, "done")
        self.assertIn("Nothing was sold at the sites of", self.texts(run))
        self.assertFalse(self.of_apples(run).filtered("origin_id"))

    def test_archived_goods_and_sites_are_taken_back(self):
        berries = self.propose(self.berry, self.near, self.middle, 1)
        self.stock(self.berry, (self.near, 5))
        closing = self.propose(self.apple, self.near, self.middle, 1)
        self.berry.active = False
        with self.assertRaisesRegex(UserError, "archived by now"):
            berries.action_accept()
        self.middle.active = False
        run = self.work()
        self.assertEqual((berries.state, closing.state), ("superseded", "superseded"))
        self.assertTrue(self.of_apples(run))

    def test_site_that_left_the_network_is_taken_back(self):
        proposal = self.propose(self.apple, self.near, self.middle, 1)
        self.network.site_ids -= self.middle
        self.work()
        self.assertEqual(proposal.state, "superseded")

    def test_currency_without_a_rate(self):
        currency = self.env["res.currency"].create({"name": "FLW", "symbol": "F"})
        company = self.env["res.company"].create({"name": "Overseas", "currency_id": currency.id})
        self.env.user.company_ids |= company
        site = self.make_site("Far off", "FOFF", company=company)
        network = (
            self.env["oms.network"]
            .with_company(company)
            .create({"name": "Far off", "company_id": company.id, "site_ids": [(6, 0, site.ids)]})
        )
        plan = self.env["oms.flow.plan"].create({"name": "Far off", "network_id": network.id})
        main = company._get_main_company().currency_id
        main.rate_ids.unlink()
        self.assertIn(f"No exchange rate between {main.name} and FLW", self.texts(self.work(plan)))
        self.assertNotIn("exchange rate", self.texts(self.work()))
        currency.rate_ids = [(0, 0, {"name": "2020-01-01", "rate": 4.0, "company_id": company.id})]
        self.assertNotIn("exchange rate", self.texts(self.work(plan)))

    def test_goods_with_lots_are_moved(self):
        self.apple.tracking = "lot"
        run = self.work()
        [proposal] = self.of_apples(run).filtered("origin_id")
        proposal.action_accept()
        self.assertEqual(proposal.state, "accepted")

    def test_notes_lead_to_what_mends_them(self):
        self.apple.weight = 0
        run = self.work()
        [note] = run.note_ids.filtered(lambda each: "no weight" in each.message)
        action = note.action_open()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("product.product", self.apple.id)
        )
        [hours] = run.note_ids.filtered(
            lambda each: each.site_id == self.far and "working hours" in each.message
        ) or [None]
        if hours:
            self.assertEqual(hours.action_open()["res_model"], "oms.site")
