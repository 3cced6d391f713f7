from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import SQL

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

    def share(self, channel, kind, amount, **vals):
        return self.env["oms.allocation"].create(
            {
                "channel_id": channel.id,
                "kind": kind,
                "amount": amount,
                "product_id": self.apple.id,
                "since": self.since,
                **vals,
            }
        )

    def past(self, channel, days, quantity, product=None):
        """Have a channel sell something some days ago."""
        order = self.make_order(
            (product or self.apple, quantity),
            oms_channel_id=channel.id,
            date_order=fields.Datetime.now(),
        )
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE stock_move SET oms_ordered_at = oms_ordered_at - %s * INTERVAL '1 day'"
                " WHERE sale_line_id IN %s",
                days,
                tuple(order.order_line.ids),
            )
        )
        self.env.invalidate_all()

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

    # === SEVERAL MOVES OF ONE SHARE === #

    def make_three(self):
        """Two run out, a third one spares."""
        self.phone = self.make_channel("Phone", "TPHO")
        one, two = self.share(self.channel, "fixed", 20), self.share(self.phone, "fixed", 20)
        slow = self.share(self.market, "fixed", 60)
        self.order(self.channel, 14)
        self.order(self.phone, 13)
        found = self.work().proposal_ids
        self.assertEqual(len(found), 2)
        self.assertEqual(sum(found.mapped("quantity")), 14)
        return one, two, slow, found

    def test_one_gives_to_two_at_once(self):
        one, two, slow, found = self.make_three()
        found.action_accept()
        self.assertEqual(found.mapped("state"), ["done", "done"])
        self.assertEqual(one.amount + two.amount, 54)
        self.assertEqual(slow.amount, 46)
        found.action_undo()
        self.assertEqual((one.amount, two.amount, slow.amount), (20, 20, 60))

    def test_one_gives_to_two_one_after_the_other(self):
        one, two, slow, found = self.make_three()
        first, second = found
        first.action_accept()
        second.action_accept()
        self.assertEqual(slow.amount, 46)
        told = second.line_ids.filtered(lambda line: line.allocation_id == slow)
        self.assertEqual((told.before, told.after), (60 - first.quantity, 46))
        first.action_undo()
        self.assertEqual(slow.amount, 60 - second.quantity)
        second.action_undo()
        self.assertEqual((one.amount, two.amount, slow.amount), (20, 20, 60))
        first.action_reopen()
        first.action_accept()
        self.assertEqual(slow.amount, 60 - first.quantity)

    def test_what_is_open_counts_as_done(self):
        *_shares, found = self.make_three()
        again = self.work().proposal_ids
        self.assertFalse(again)
        self.assertEqual(found.mapped("state"), ["proposed", "proposed"])

    def test_what_another_one_has_moved_is_not_taken_back(self):
        *_shares, found = self.make_three()
        first, second = found
        first.action_accept()
        self.assertFalse(self.work().proposal_ids)
        self.assertEqual(second.state, "proposed")

    # === HOW FAST THEY SELL === #

    def test_recent_sales_count_more(self):
        """Seventy in four weeks are 2.5 a day; of late it was four."""
        self.since -= timedelta(days=30)
        self.stock(self.apple, (self.near, 200))
        self.share(self.channel, "fixed", 90)
        self.share(self.market, "fixed", 100)
        for week, quantity in enumerate((28, 21, 14, 7)):
            self.past(self.channel, 7 * week + 2.5, quantity)
        proposal = self.work().proposal_ids
        self.assertGreater(proposal.site_rate, 3.5)
        self.assertLessEqual(proposal.site_rate, 5.0)
        self.assertIn("more and more: 2.50 a day", proposal.why)

    def test_who_is_sold_out_does_not_sell_slowly(self):
        self.since -= timedelta(days=10)
        self.share(self.channel, "fixed", 20)
        self.share(self.market, "fixed", 60)
        self.past(self.channel, 18.5, 10)
        self.past(self.channel, 16.5, 10)
        proposal = self.work().proposal_ids
        # Twenty in four days, not in twenty.
        self.assertAlmostEqual(proposal.site_rate, 5.0, delta=0.01)

    def test_a_share_of_a_new_period_goes_by_the_one_before(self):
        self.since = fields.Datetime.now() - timedelta(hours=2)
        self.share(self.channel, "fixed", 20)
        self.share(self.market, "fixed", 60)
        for days in (3.5, 10.5, 17.5, 27.5):
            self.past(self.channel, days, 20)
        proposal = self.work().proposal_ids
        # Eighty in four weeks, not none in two hours; twenty of 28.6 are left.
        self.assertAlmostEqual(proposal.site_rate, 80 / 28)
        self.assertEqual((proposal.site_before, proposal.quantity), (20.0, 9.0))

    def test_what_ends_soon_need_not_last_longer(self):
        until = fields.Datetime.now() + timedelta(days=3)
        self.share(self.channel, "fixed", 20, until=until)
        self.share(self.market, "fixed", 60, until=until)
        self.order(self.channel, 16)
        # 1.6 a day for three days are 4.8, of which four are left.
        self.assertEqual(self.work().proposal_ids.quantity, 1)

    # === WHAT IS KEPT === #

    def test_a_share_keeps_what_it_says(self):
        self.share(self.channel, "fixed", 20)
        slow = self.share(self.market, "fixed", 60, amount_kept=55)
        self.order(self.channel, 16)
        self.assertEqual(self.work().proposal_ids.quantity, 5)
        slow.amount_kept = 60
        self.env["oms.proposal"].search([("kind", "=", "share")]).state = "superseded"
        self.assertFalse(self.work().proposal_ids)

    def test_what_may_not_be_sold_is_not_needed(self):
        """Set aside for the channel are twenty, and it may sell no more than 22."""
        self.share(self.channel, "protected", 20)
        self.share(self.channel, "capped", 22)
        self.share(self.market, "fixed", 60)
        self.order(self.channel, 16)
        self.assertEqual(self.work().proposal_ids.quantity, 2)

    # === SHARES OF MANY GOODS === #

    def test_percentages_of_a_category_move(self):
        self.stock(self.berry, (self.near, 100))
        category = self.env["product.category"].create({"name": "Fruit"})
        (self.apple + self.berry).categ_id = category
        common = {"product_id": False, "categ_id": category.id}
        fast = self.share(self.channel, "percent", 20, **common)
        slow = self.share(self.market, "percent", 80, **common)
        self.order(self.channel, 16)
        proposal = self.work().proposal_ids
        self.assertFalse(proposal.product_id)
        # 1.6 a day for 10 days are 16, of which four are left: twelve of a hundred.
        self.assertEqual(proposal.quantity, 12)
        self.assertIn("12 percentage points", proposal.why)
        self.assertIn("Fruit, Market → Web", proposal.display_name)
        proposal.action_accept()
        self.assertEqual((fast.amount, slow.amount), (32, 68))
        self.assertFalse(self.work().proposal_ids, "it lasts now")
        proposal.action_undo()
        self.assertEqual((fast.amount, slow.amount), (20, 80))

    def test_units_of_all_goods_move_by_themselves(self):
        self.stock(self.berry, (self.near, 100))
        common = {"product_id": False}
        fast = self.share(self.channel, "fixed", 20, **common)
        slow = self.share(self.market, "fixed", 60, **common)
        # A share of the product itself goes before: the apple says nothing about the others.
        self.share(self.channel, "fixed", 30)
        self.order(self.channel, 25)
        self.past(self.channel, 1, 15, self.berry)
        self.plan_record.automatic_share = True
        proposal = self.work().proposal_ids.filtered(lambda each: not each.product_id)
        self.assertEqual((proposal.state, proposal.by_itself), ("done", True))
        # 1.5 berries a day, of which five are left.
        self.assertEqual((fast.amount, slow.amount), (30, 50))

    def test_percentages_and_units_do_not_mix(self):
        common = {"product_id": False}
        self.share(self.channel, "fixed", 20, **common)
        self.share(self.market, "percent", 60, **common)
        self.order(self.channel, 16)
        self.assertFalse(self.work().proposal_ids)

    def test_shares_of_another_company_stay(self):
        self.share(self.channel, "fixed", 20)
        other = self.env["res.company"].create({"name": "Other"})
        slow = self.share(self.market, "fixed", 60)
        self.order(self.channel, 16)
        plan = self.plan_record
        found = self.env["oms.flow.run"].new({"plan_id": plan.id})._find_shares()
        self.assertIn(slow, found)
        slow.flush_recordset()
        self.env.cr.execute(
            SQL("UPDATE oms_allocation SET company_id = %s WHERE id = %s", other.id, slow.id)
        )
        slow.invalidate_recordset()
        self.assertFalse(self.work().proposal_ids)
