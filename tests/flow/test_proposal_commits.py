"""Two planners at the same proposal, really committed."""

from contextlib import contextmanager

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger

from odoo.addons.oms.models.transaction import retrying


@tagged("post_install", "-at_install")
class TestProposalCommits(BaseCase):
    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.open() as env:
            site = env["oms.site"].search([("warehouse_id", "!=", False)], limit=1)
            network = env["oms.network"].create({"name": "Commit", "site_ids": [(6, 0, site.ids)]})
            plan = env["oms.flow.plan"].create(
                {"name": "Commit", "network_id": network.id, "interval_days": 0}
            )
            run = env["oms.flow.run"].create({"plan_id": plan.id})
            supplier = env["res.partner"].create({"name": "Commit flows"})
            product = env["product.product"].create(
                {
                    "name": "Commit flows",
                    "type": "consu",
                    "is_storable": True,
                    "seller_ids": [(0, 0, {"partner_id": supplier.id, "price": 1.0})],
                }
            )
            proposal = run._propose(
                [
                    {
                        "kind": "purchase",
                        "product_id": product.id,
                        "supplier_id": supplier.id,
                        "site_id": site.id,
                        "quantity_proposed": 4,
                        "gain": 1,
                    }
                ]
            )
            self.proposal = proposal.id
            self.made = [run, plan, network, product, supplier]
        self.addCleanup(self.clean)

    def clean(self):
        with self.open() as env:
            proposal = env["oms.proposal"].browse(self.proposal)
            orders = proposal.purchase_line_ids.order_id
            references = orders.reference_ids
            orders.button_cancel()
            orders.unlink()
            references.unlink()
            proposal.unlink()
            for record in self.made:
                record.with_env(env).unlink()

    @contextmanager
    def open(self):
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def accept(self, env):
        env["oms.proposal"].browse(self.proposal).action_accept()

    def count_asked(self):
        """How much the supplier is asked for."""
        with self.open() as env:
            lines = env["purchase.order.line"].search([("oms_proposal_id", "=", self.proposal)])
            return sum(lines.mapped("product_qty"))

    @mute_logger("odoo.sql_db")
    def test_two_planners_accept_the_same(self):
        with self.registry.cursor() as slow:
            env = api.Environment(slow, SUPERUSER_ID, {})
            # The second planner's transaction has seen the proposal open …
            self.assertEqual(env["oms.proposal"].browse(self.proposal).state, "proposed")
            # … when the first one's is committed.
            with self.open() as fast:
                self.accept(fast)
            with self.assertRaises(SerializationFailure):
                self.accept(env)
            slow.rollback()
        self.assertEqual(self.count_asked(), 4)
        # Run again, as Odoo does, the second planner is told.
        with self.open() as env, self.assertRaisesRegex(UserError, "accepted already"):
            retrying(env, self.accept)
        self.assertEqual(self.count_asked(), 4)

    @mute_logger("odoo.sql_db")
    def test_one_accepts_what_another_one_rejects(self):
        with self.registry.cursor() as slow:
            env = api.Environment(slow, SUPERUSER_ID, {})
            self.assertEqual(env["oms.proposal"].browse(self.proposal).state, "proposed")
            with self.open() as fast:
                fast["oms.proposal"].browse(self.proposal)._reject("no", "once", 0)
            with self.assertRaises(SerializationFailure):
                self.accept(env)
            slow.rollback()
        self.assertEqual(self.count_asked(), 0)
