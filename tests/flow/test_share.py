from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .flow_case import FlowCase


@tagged("post_install", "-at_install")
class TestShare(FlowCase):
    """A channel that sells faster than its share lasts gets from one that does not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_record.state = "done"
        cls.env["oms.allocation"].search([]).active = False
        cls.market = cls.make_channel("Market", "TMAR")
        cls.plan_record.write(
            {
                **dict.fromkeys(
                    ("does_transfer", "does_pull", "does_purchase", "does_level"), False
                ),
                "does_preparation": False,
                "horizon_days": 10,
            }
        )
        cls.stock(cls.apple, (cls.near, 100))
        cls.since = fields.Datetime.now() - timedelta(days=10)

    def share(self, channel, kind, amount):
        return self.env["oms.allocation"].create(
            {
                "channel_id": channel.id,
                "kind": kind,
                "amount": amount,
                "product_id": self.apple.id,
                "since": self.since,
            }
        )

    def order(self, channel, quantity):
        return self.make_order(
            (self.apple, quantity), oms_channel_id=channel.id, date_order=fields.Datetime.now()
        )

    def test_units_move_and_come_back(self):
        fast, slow = self.share(self.channel, "fixed", 20), self.share(self.market, "fixed", 60)
        self.order(self.channel, 16)
        self.order(self.market, 2)
        proposal = self.work().proposal_ids
        self.assertEqual(proposal.kind, "share")
        # 1.6 a day for 10 days are 16, of which 4 are left; a quarter of 60 are 15.
        self.assertEqual(proposal.quantity, 12)
        self.assertIn("Web sells 1.60", proposal.why)
        with self.assertRaises(UserError):
            proposal.quantity = 3
        proposal.action_accept()
        self.assertEqual(proposal.state, "done")
        self.assertEqual((fast.amount, slow.amount), (32, 48))
        self.assertFalse(self.work().proposal_ids, "it lasts now")
        proposal.action_undo()
        self.assertEqual((fast.amount, slow.amount), (20, 60))

    def test_moves_are_bounded(self):
        self.share(self.channel, "fixed", 20)
        self.share(self.market, "fixed", 60)
        self.plan_record.share_step = 10
        self.order(self.channel, 16)
        self.assertEqual(self.work().proposal_ids.quantity, 6)

    def test_percentages_move(self):
        fast, slow = self.share(self.channel, "percent", 20), self.share(self.market, "percent", 80)
        self.order(self.channel, 16)
        proposal = self.work().proposal_ids
        proposal.action_accept()
        self.assertEqual((fast.amount, slow.amount), (32, 68))
        sellable = self.channel._get_sellable(self.apple)[self.apple.id].total
        self.assertEqual(sellable, 16)

    def test_it_goes_by_itself_if_the_plan_allows_it(self):
        fast, _slow = self.share(self.channel, "fixed", 20), self.share(self.market, "fixed", 60)
        self.plan_record.automatic_share = True
        self.order(self.channel, 16)
        proposal = self.work().proposal_ids
        self.assertEqual((proposal.state, proposal.by_itself), ("done", True))
        self.assertEqual(fast.amount, 32)

    def test_what_somebody_changed_meanwhile_stays(self):
        fast, _slow = self.share(self.channel, "fixed", 20), self.share(self.market, "fixed", 60)
        self.order(self.channel, 16)
        proposal = self.work().proposal_ids
        fast.amount = 25
        with self.assertRaisesRegex(UserError, "changed meanwhile"):
            proposal.action_accept()
        self.assertEqual(proposal.state, "proposed")
        again = self.work().proposal_ids
        self.assertEqual((proposal.state, again.state), ("superseded", "proposed"))
        again.action_accept()
        self.assertEqual(fast.amount, 25 + again.quantity)

    def test_nobody_runs_out(self):
        self.share(self.channel, "fixed", 40)
        self.share(self.market, "fixed", 60)
        self.order(self.channel, 5)
        self.assertFalse(self.work().proposal_ids)
