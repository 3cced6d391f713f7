from datetime import timedelta

from psycopg2.errors import SerializationFailure

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.transaction import retrying
from ..inventory.gate_case import GateCase


@tagged("post_install", "-at_install")
class TestRuleCommits(GateCase):
    """Waves made and taken by several transactions at once, really committed."""

    def setUp(self):
        super().setUp()
        self.order_id = self.order(1, confirm=True)
        with self.committed() as env:
            rule = env["oms.preparation.rule"].create(
                {
                    "name": "Gate",
                    "site_id": self.site,
                    "time_ids": [Command.create({"hour": 9.0})],
                }
            )
            self.rule = rule.id
        self.addCleanup(self.clean_waves)

    def clean_waves(self):
        with self.committed() as env:
            picking = env["sale.order"].browse(self.order_id).picking_ids
            waves = picking.oms_wave_id | picking.batch_id
            picking.batch_id = False
            runs = env["oms.preparation.run"].search([("rule_id", "=", self.rule)])
            waves |= runs.wave_ids
            runs.unlink()
            waves.unlink()
            env["oms.preparation.rule"].browse(self.rule).unlink()

    def runs(self):
        with self.committed() as env:
            runs = env["oms.preparation.run"].search([("rule_id", "=", self.rule)])
            return [(run.wave_count, len(run.wave_ids.picking_ids)) for run in runs]

    def test_two_jobs_at_once(self):
        slot = fields.Datetime.now() + timedelta(minutes=1)

        def run(env):
            made = env["oms.preparation.rule"].browse(self.rule)._run_slot(slot)
            env.flush_all()
            return len(made)

        with self.registry.cursor() as first, self.registry.cursor() as second:
            late = self.open(second)
            self.assertTrue(late["oms.preparation.rule"].browse(self.rule).name)
            self.assertEqual(run(self.open(first)), 1)
            first.commit()
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                run(late)
            second.rollback()
        with self.committed() as env:
            self.assertEqual(retrying(env, run), 0)
        self.assertEqual(self.runs(), [(1, 1)])

    def test_by_hand_and_by_rule_at_once(self):
        def make(env):
            made = env["oms.preparation.rule"].browse(self.rule)._run()
            env.flush_all()
            return made.wave_count

        with self.registry.cursor() as first, self.registry.cursor() as second:
            late = self.open(second)
            self.assertTrue(late["sale.order"].browse(self.order_id).name)
            self.assertEqual(make(self.open(first)), 1)
            first.commit()
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                make(late)
            second.rollback()
        with self.committed() as env:
            self.assertEqual(retrying(env, make), 0)
        self.assertEqual(sorted(self.runs()), [(0, 0), (1, 1)])

    def test_two_pickers_at_once(self):
        with self.committed() as env:
            wave = env["oms.preparation.rule"].browse(self.rule)._run().wave_ids.id
            users = env["res.users"].search([("share", "=", False)], limit=1)
            users += users.create(
                {
                    "name": "Gate Picker",
                    "login": "gate-picker",
                    "group_ids": [Command.link(env.ref("stock.group_stock_user").id)],
                }
            )
            ids = users.ids

        def remove():
            with self.committed() as env:
                env["stock.picking.batch"].browse(wave).user_id = False
                env["sale.order"].browse(self.order_id).picking_ids.user_id = False
                env["res.users"].browse(ids[1]).active = False
                env["res.users"].browse(ids[1]).login = f"gate-picker-{ids[1]}"

        self.addCleanup(remove)

        def take(env, user_id):
            own = env["stock.picking.batch"].with_user(user_id).browse(wave)
            own.action_oms_take()
            own.env.flush_all()

        with self.registry.cursor() as first, self.registry.cursor() as second:
            late = self.open(second)
            self.assertFalse(late["stock.picking.batch"].browse(wave).user_id)
            take(self.open(first), ids[1])
            first.commit()
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                take(late, ids[0])
            second.rollback()
        with self.committed() as env, self.assertRaisesRegex(UserError, "Gate Picker"):
            retrying(env, lambda own: take(own, ids[0]))
