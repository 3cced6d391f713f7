from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from ...models.orchestration.sale_order_line import SaleOrderLine
from .claim_case import ClaimCase

CLAIM_LOGGER = "odoo.addons.oms.models.orchestration.oms_claim"


@tagged("post_install", "-at_install")
class TestConfirm(ClaimCase):
    """A hold becomes an order's claim, and that becomes moves."""

    def test_order_gets_what_was_held_for_it(self):
        """The same units at the same site, though another site would be cheaper."""
        claim = self.hold((self.apple, self.far, 3), reference="CART-1", channel=self.channel)
        order = self.make_order((self.apple, 3), confirm=False)
        order._oms_confirm_held(claim)
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 3})
        self.assertEqual(order.oms_state, "sourced")
        self.assertFalse(order.oms_decision_ids, "nothing was left to decide")
        self.assertEqual((claim.state, claim.origin), ("consumed", "order"))
        self.assertFalse(claim.expires_at)
        self.assertEqual(claim.reference, "CART-1")
        self.assertEqual(claim.order_id, order)
        self.assertEqual(claim.move_ids, order.order_line.move_ids)
        self.assertEqual(sum(claim.move_ids.mapped("product_qty")), claim.quantity)
        self.assertEqual(self.available(self.apple, self.far), 2)
        self.assertBalanced(order)

    def test_last_units_are_not_taken_twice(self):
        claim = self.hold((self.apple, self.far, 5))
        self.assertEqual(self.available(self.apple, self.far), 0)
        order = self.make_order((self.apple, 5), confirm=False)
        order._oms_confirm_held(claim)
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 5})
        self.assertEqual(self.available(self.apple, self.far), 0)
        self.assertBalanced(order)

    def test_rest_is_sourced(self):
        claim = self.hold((self.apple, self.far, 2))
        order = self.make_order((self.apple, 4), (self.berry, 1), confirm=False)
        order._oms_confirm_held(claim)
        # The parcel from Far goes anyway, and what else it can carry costs nothing more.
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 4, ("FAR", "Berry"): 1})
        self.assertEqual(len(order.oms_fulfillment_ids), 1)
        self.assertBalanced(order)

    def test_what_is_not_needed_is_given_back(self):
        claims = self.hold((self.apple, self.far, 3), (self.berry, self.far, 2))
        order = self.make_order((self.apple, 2), confirm=False)
        order._oms_confirm_held(claims)
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 2})
        apple, berry = claims
        self.assertEqual((apple.quantity, apple.state), (2, "consumed"))
        self.assertEqual(berry.state, "released")
        self.assertEqual(self.available(self.apple, self.far), 3)
        self.assertEqual(self.available(self.berry, self.far), 4)
        self.assertBalanced(order)

    def test_one_hold_for_two_lines(self):
        claim = self.hold((self.apple, self.far, 5))
        order = self.make_order((self.apple, 2), (self.apple, 1), (self.apple, 2), confirm=False)
        order._oms_confirm_held(claim)
        self.assertEqual(
            [line.oms_claim_ids.mapped("quantity") for line in order.order_line],
            [[2.0], [1.0], [2.0]],
        )
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 5})
        self.assertBalanced(order)

    def test_two_holds_for_one_line(self):
        claims = self.hold((self.apple, self.near, 2), (self.apple, self.far, 2))
        order = self.make_order((self.apple, 4), confirm=False)
        order._oms_confirm_held(claims)
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 2, ("FAR", "Apple"): 2})
        self.assertEqual(self.states(claims), [(2, "consumed"), (2, "consumed")])
        self.assertBalanced(order)

    def test_order_in_another_unit(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self.stock(self.apple, (self.far, 20))
        claim = self.hold((self.apple, self.far, 24))
        order = self.make_order((self.apple, 2, {"product_uom_id": dozen.id}), confirm=False)
        order._oms_confirm_held(claim)
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 24})
        self.assertBalanced(order)

    def test_waiting_order_takes_over_a_hold(self):
        claim = self.hold((self.berry, self.far, 4))
        order = self.make_order((self.berry, 4))
        self.assertEqual(order.oms_state, "waiting")
        order._oms_confirm_held(claim)
        self.assertEqual(order.oms_state, "sourced")
        self.assertEqual(self.plan(order), {("FAR", "Berry"): 4})
        self.assertBalanced(order)

    def test_ended_hold_is_refused(self):
        expired, released = self.hold((self.apple, self.near, 1), (self.apple, self.near, 1))
        alive = self.hold((self.apple, self.near, 1))
        expired.expires_at = "2020-01-01 00:00:00"
        released._release()
        order = self.make_order((self.apple, 3), confirm=False)
        for claims in (expired, released, alive + expired):
            with self.assertRaisesRegex(UserError, "has ended"), self.env.cr.savepoint():
                order._oms_confirm_held(claims)
        order.invalidate_recordset()
        self.assertEqual(order.state, "draft")
        self.assertFalse(order.oms_fulfillment_ids)
        self.assertEqual((alive.state, alive.origin), ("active", "cart"))

    def test_confirmed_once(self):
        claim = self.hold((self.apple, self.near, 1))
        self.make_order((self.apple, 1), confirm=False)._oms_confirm_held(claim)
        again = self.make_order((self.apple, 1), confirm=False)
        with self.assertRaisesRegex(UserError, "has ended"):
            again._oms_confirm_held(claim)

    def test_orders_that_take_no_claims(self):
        claim = self.hold((self.apple, self.near, 1))
        native = self.make_channel("Native", "TNAT", orchestrated=False)
        order = self.make_order((self.apple, 1), confirm=False, oms_channel_id=native.id)
        with self.assertRaisesRegex(ValidationError, "orchestrated"):
            order._oms_confirm_held(claim)
        other = self.env["res.company"].create({"name": "Daughter"})
        site = self.make_site("Theirs", "THEIR", company=other)
        self.stock(self.apple, (site, 5))
        theirs = self.hold((self.apple, site, 1))
        order = self.make_order((self.apple, 1), confirm=False)
        with self.assertRaisesRegex(ValidationError, "company"):
            order._oms_confirm_held(theirs)
        self.assertEqual((claim.state, theirs.state), ("active", "active"))

    def test_salesman_confirms(self):
        claim = self.hold((self.apple, self.far, 1))
        seller = self.make_user("hold_seller", "sales_team.group_sale_salesman")
        order = self.make_order((self.apple, 1), confirm=False, user_id=seller.id)
        order.with_user(seller)._oms_confirm_held(claim.with_user(seller))
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 1})


@tagged("post_install", "-at_install")
class TestConsume(ClaimCase):
    """Claims are taken over by the moves made for them, quantity by quantity."""

    def test_each_claim_by_its_moves(self):
        order = self.make_order((self.apple, 7), (self.berry, 2))
        for claim in self.claims_of(order):
            self.assertEqual(claim.state, "consumed")
            self.assertEqual(sum(claim.move_ids.mapped("product_qty")), claim.quantity)

    def test_raised_line_takes_one_claim_more(self):
        order = self.make_order((self.apple, 2))
        order.order_line.product_uom_qty = 4
        first, second = self.claims_of(order)
        self.assertEqual((first.quantity, second.quantity), (2, 2))
        self.assertEqual(first.move_ids, second.move_ids)
        self.assertEqual(sum(first.move_ids.mapped("product_qty")), 4)
        self.assertBalanced(order)

    def procure(self, change):
        """Have Odoo procure other quantities than were claimed."""
        original = SaleOrderLine._create_procurements

        def create_procurements(line, *args):
            return [
                each._replace(product_qty=change(each.product_qty))
                for each in original(line, *args)
            ]

        return patch.object(SaleOrderLine, "_create_procurements", create_procurements)

    def test_less_than_claimed_is_open_again(self):
        with self.procure(lambda quantity: quantity - 2), self.assertLogs(CLAIM_LOGGER, "WARNING"):
            order = self.make_order((self.apple, 3))
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 1})
        self.assertEqual(order.order_line.oms_qty_open, 2)
        self.assertEqual(order.oms_state, "partial")
        self.assertEqual(self.available(self.apple, self.near), 4)
        self.assertFalse(self.claims_of(order).filtered(lambda claim: claim.state == "active"))
        self.assertBalanced(order)

    def test_more_than_claimed_must_be_there(self):
        with self.procure(lambda quantity: quantity + 2):
            order = self.make_order((self.apple, 3))
            self.assertEqual(self.plan(order), {("NEAR", "Apple"): 5})
            self.assertParked(self.make_order((self.apple, 4)), "1 are available at Far, not 2")
        self.assertNotOverpromised(self.apple)
