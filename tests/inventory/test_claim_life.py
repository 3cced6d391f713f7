from contextlib import suppress
from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from ...models.orchestration.sale_order_line import SaleOrderLine
from ..common import OmsCase

HOLD_LOGGER = "odoo.addons.oms.models.orchestration.oms_claim"


class ClaimCase(OmsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 5), (cls.far, 5))
        cls.stock(cls.berry, (cls.far, 4))

    def assertParked(self, order, words):
        """Check that sourcing an order was refused, and took nothing."""
        event = order.oms_event_ids.filtered(lambda event: event.state == "parked")
        self.assertIn(words, event.error)
        self.assertFalse(self.plan(order) or order.order_line.oms_claim_ids)

    def available(self, product, site):
        return site._get_available(product).get((site.id, product.id), 0.0)

    def claims_of(self, order):
        return order.order_line.oms_claim_ids.sorted("id")

    def states(self, claims):
        return [(claim.quantity, claim.state) for claim in claims.sorted("id")]


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
        with self.procure(lambda quantity: quantity - 2), self.assertLogs(HOLD_LOGGER, "WARNING"):
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


@tagged("post_install", "-at_install")
class TestHold(ClaimCase):
    def assertNothingHeld(self):
        self.assertFalse(self.env["oms.claim"].search([("product_id", "=", self.apple.id)]))
        self.assertEqual(self.available(self.apple, self.near), 5)

    def test_bad_requests(self):
        """Each is refused in words that tell how to mend it, and nothing is changed."""
        apple, near, archived = self.apple, self.near, self.make_product("Old")
        closed = self.make_site("Closed", "CLOSE")
        closed.warehouse_id.active = False
        self.assertFalse(closed.active)
        archived.active = False
        gone = self.env["oms.channel"].browse(2**30)
        stopped = self.make_channel("Stopped", "TSTOP", active=False)
        good = [(apple.id, near.id, 1)]
        for requests, origin, minutes, channel, words in (
            ([], "cart", 5, None, "which goods"),
            ([(apple.id, near.id, 0)], "cart", 5, None, "above zero"),
            ([(apple.id, near.id, -1)], "cart", 5, None, "-1 of .*Apple"),
            ([(apple.id, near.id, 0.005)], "cart", 5, None, "multiple of 0.01"),
            ([(apple.id, near.id, float("nan"))], "cart", 5, None, "above zero"),
            ([*good, (2**30, near.id, 1)], "cart", 5, None, f"product {2**30}.* unknown"),
            ([*good, (archived.id, near.id, 1)], "cart", 5, None, "archived"),
            ([*good, (apple.id, 2**30, 1)], "cart", 5, None, f"site {2**30}.* unknown"),
            ([(apple.id, closed.id, 1)], "cart", 5, None, "archived"),
            (good, "order", 5, None, "cart, reservation, not for order"),
            (good, "wish", 5, None, "not for wish"),
            (good, "cart", 0, None, "more than 0"),
            (good, "cart", -5, None, "more than 0"),
            (good, "cart", float("inf"), None, "at most 20160 minutes"),
            (good, "cart", 20161, None, "at most 20160 minutes"),
            (good, "cart", 5, gone, "channel is unknown"),
            (good, "cart", 5, stopped, "archived"),
        ):
            with (
                self.subTest(requests=requests, origin=origin, minutes=minutes),
                self.assertRaisesRegex(ValidationError, words),
                self.enter_registry_test_mode(),
            ):
                self.env["oms.claim"]._hold(requests, origin, minutes, channel=channel)
        self.assertNothingHeld()

    def test_channel_of_another_company(self):
        other = self.env["res.company"].create({"name": "Daughter"})
        theirs = self.make_channel("Theirs", "TX", company_id=other.id, network_ids=False)
        with self.assertRaisesRegex(ValidationError, "another company"):
            self.hold((self.apple, self.near, 1), channel=theirs)
        self.assertNothingHeld()

    def test_limit_is_a_parameter(self):
        params = self.env["ir.config_parameter"]
        params.set_param("oms.hold_most_minutes", "10")
        with self.assertRaisesRegex(ValidationError, "at most 10 minutes"):
            self.hold((self.apple, self.near, 1), minutes=11)
        self.hold((self.apple, self.near, 1), minutes=10)
        params.set_param("oms.hold_most_minutes", "ten")
        with self.assertLogs("odoo.addons.oms.models.inventory.oms_claim_hold", "WARNING"):
            self.hold((self.apple, self.near, 1), minutes=11)

    def test_all_or_nothing(self):
        with self.assertRaisesRegex(UserError, "4 are available at Far, not 5"):
            self.hold((self.apple, self.near, 1), (self.berry, self.far, 5))
        self.assertNothingHeld()

    def test_same_goods_twice_in_a_cart(self):
        with self.assertRaisesRegex(UserError, "5 are available at Near, not 6"):
            self.hold((self.apple, self.near, 3), (self.apple, self.near, 3))
        claims = self.hold((self.apple, self.near, 3), (self.apple, self.near, 2))
        self.assertEqual(claims.mapped("quantity"), [3, 2])

    def test_order_of_the_requests(self):
        claims = self.hold((self.berry, self.far, 1), (self.apple, self.near, 2))
        self.assertEqual(claims.product_id, self.berry + self.apple)
        self.assertEqual(claims.mapped("product_id.name"), ["Berry", "Apple"])

    def test_goods_that_are_not_tracked(self):
        paint = self.make_product("Paint", is_storable=False)
        self.assertEqual(self.hold((paint, self.near, 1000)).state, "active")

    def test_ended_by_the_read_and_by_the_job(self):
        claims = self.hold((self.apple, self.near, 5), origin="reservation")
        self.assertEqual(self.available(self.apple, self.near), 0)
        claims.expires_at = "2020-01-01 00:00:00"
        self.assertEqual(self.available(self.apple, self.near), 5)
        others = self.hold((self.apple, self.near, 5))
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_expire_claims").method_direct_trigger()
        self.assertEqual((claims.state, others.state), ("expired", "active"))
        self.assertEqual(self.available(self.apple, self.near), 0)

    def test_hooks_of_rules_over_several_sites(self):
        """Governed goods take one guard more; whoever breaks the rule gets nothing."""
        Claim = self.env.registry["oms.claim"]
        seen = []

        def check(model, claims):
            seen.append(claims.mapped("quantity"))
            if sum(claims.mapped("quantity")) > 2:
                raise UserError(model.env._("beyond the share"))

        self.patch(Claim, "_get_guards", lambda model, ids: [(product, 0) for product in ids])
        self.patch(Claim, "_check_shares", check)
        self.hold((self.apple, self.near, 1), (self.apple, self.far, 1))
        with self.assertRaisesRegex(UserError, "beyond the share"):
            self.hold((self.apple, self.near, 3))
        self.make_order((self.apple, 2))
        self.assertEqual(seen, [[1, 1], [3], [2]])
        self.assertParked(self.make_order((self.apple, 3)), "beyond the share")
        self.env.cr.execute(
            "SELECT version FROM oms_position_row WHERE (product_id, site_id) = (%s, 0)",
            [self.apple.id],
        )
        self.assertEqual(len(self.env.cr.fetchall()), 1)
        shown = self.env["oms.position"].search([("product_id", "=", self.apple.id)])
        self.assertEqual(shown.site_id, self.near + self.far, "a guard is no position")

    def test_ledger_is_folded_in_passing(self):
        """Hot goods keep a short ledger without the scheduled job."""
        self.stock(self.apple, (self.near, 200))
        for _number in range(70):
            self.hold((self.apple, self.near, 1))
        self.env.cr.execute(
            "SELECT COUNT(*) FROM oms_position_delta WHERE product_id = %s", [self.apple.id]
        )
        self.assertLess(self.env.cr.fetchone()[0], 40)
        self.assertEqual(self.available(self.apple, self.near), 135)


@tagged("post_install", "-at_install")
class TestTransfer(ClaimCase):
    """Taking there and giving here is one step."""

    def transfer(self, claims, *requests, **kwargs):
        with self.enter_registry_test_mode():
            ids = claims._transfer(
                [(product.id, site.id, quantity) for product, site, quantity in requests] or None,
                **kwargs,
            )
        return self.env["oms.claim"].browse(ids)

    def test_to_another_site(self):
        old = self.hold((self.apple, self.near, 5), reference="CART-1", channel=self.channel)
        new = self.transfer(old, (self.apple, self.far, 5))
        self.assertEqual((old.state, new.state), ("released", "active"))
        self.assertEqual(new.expires_at, old.expires_at)
        self.assertEqual((new.reference, new.channel_id), ("CART-1", self.channel))
        self.assertEqual(self.available(self.apple, self.near), 5)
        self.assertEqual(self.available(self.apple, self.far), 0)

    def test_more_of_the_same_from_what_it_holds(self):
        """What the old hold gives back can be taken by the new one."""
        old = self.hold((self.apple, self.near, 3))
        new = self.transfer(old, (self.apple, self.near, 5), minutes=60)
        self.assertEqual(self.available(self.apple, self.near), 0)
        self.assertGreater(new.expires_at, old.expires_at)

    def test_to_another_owner(self):
        old = self.hold((self.apple, self.near, 2), (self.berry, self.far, 1), reference="CART-1")
        new = self.transfer(old, origin="reservation", reference="R-7", channel=self.channel)
        self.assertEqual(new.mapped("quantity"), [2, 1])
        self.assertEqual(set(new.mapped("origin")), {"reservation"})
        self.assertEqual(set(new.mapped("reference")), {"R-7"})
        self.assertEqual(new.channel_id, self.channel)
        self.assertEqual(set(old.mapped("state")), {"released"})

    def test_neither_when_there_is_too_little(self):
        old = self.hold((self.apple, self.near, 2))
        with self.assertRaisesRegex(UserError, "5 are available at Far, not 6"):
            self.transfer(old, (self.apple, self.far, 6))
        self.assertEqual(old.state, "active")
        self.assertEqual(self.available(self.apple, self.near), 3)

    def test_neither_when_one_has_ended(self):
        ended, alive = self.hold((self.apple, self.near, 1), (self.apple, self.near, 1))
        ended.expires_at = "2020-01-01 00:00:00"
        with self.assertRaisesRegex(UserError, "has ended"):
            self.transfer(ended + alive, (self.apple, self.far, 2))
        self.assertEqual(alive.state, "active")
        self.assertEqual(self.available(self.apple, self.far), 5)

    def test_claims_of_orders_stay(self):
        order = self.make_order((self.apple, 1), confirm=False)
        claim = self.env["oms.claim"].create(
            {
                "product_id": self.apple.id,
                "site_id": self.near.id,
                "quantity": 1,
                "sale_line_id": order.order_line.id,
            }
        )
        with self.assertRaisesRegex(UserError, "has ended"):
            self.transfer(claim, (self.apple, self.far, 1), origin="cart", minutes=5)
        self.assertEqual(claim.state, "active")

    def test_whose_they_are_must_be_clear(self):
        old = self.hold((self.apple, self.near, 1), reference="CART-1")
        old += self.hold((self.apple, self.near, 1), reference="CART-2")
        with self.assertRaisesRegex(ValidationError, "several owners"):
            self.transfer(old, (self.apple, self.far, 2))
        for bad in ({"origin": "order"}, {"minutes": 0}):
            with self.assertRaisesRegex(ValidationError, "held for"):
                self.transfer(old, (self.apple, self.far, 2), **bad)
        self.assertEqual(set(old.mapped("state")), {"active"})


@tagged("post_install", "-at_install")
class TestGivingBack(ClaimCase):
    """What was held for work that failed is free at once."""

    def holding(self, *args, **kwargs):
        return self.env["oms.claim"]._holding(*args, **kwargs)

    def requests(self, quantity):
        return [(self.apple.id, self.near.id, quantity)]

    def test_failed_work(self):
        with (
            self.enter_registry_test_mode(),
            suppress(ZeroDivisionError),
            self.holding(self.requests(5), "cart", 5) as ids,
        ):
            self.assertEqual(self.available(self.apple, self.near), 0)
            raise ZeroDivisionError
        self.assertEqual(self.env["oms.claim"].browse(ids).state, "released")
        self.assertEqual(self.available(self.apple, self.near), 5)

    def test_forgotten(self):
        with self.enter_registry_test_mode(), self.holding(self.requests(5), "cart", 5) as ids:
            pass
        self.assertEqual(self.env["oms.claim"].browse(ids).state, "released")

    def test_confirmed(self):
        order = self.make_order((self.apple, 3), confirm=False)
        with self.enter_registry_test_mode(), self.holding(self.requests(5), "cart", 5) as ids:
            order._oms_confirm_held(self.env["oms.claim"].browse(ids))
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 3})
        self.assertEqual(self.available(self.apple, self.near), 2)

    def test_part_of_a_hold(self):
        claim = self.hold((self.apple, self.near, 5))
        claim._release(2)
        self.assertEqual((claim.quantity, claim.state), (3, "active"))
        self.assertEqual(self.available(self.apple, self.near), 2)
        claim._release(7)
        self.assertEqual(claim.state, "released")
        self.assertEqual(self.available(self.apple, self.near), 5)

    def test_released_once(self):
        claims = self.hold((self.apple, self.near, 2), (self.apple, self.near, 1))
        claims[0]._release()
        claims[1].expires_at = "2020-01-01 00:00:00"
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_expire_claims").method_direct_trigger()
        claims._release()
        with self.enter_registry_test_mode():
            claims._give_back()
        self.assertEqual(self.states(claims), [(2, "released"), (1, "expired")])
        self.assertEqual(self.available(self.apple, self.near), 5)
