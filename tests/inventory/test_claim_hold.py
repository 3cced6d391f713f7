from contextlib import suppress

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .claim_case import ClaimCase


@tagged("post_install", "-at_install")
class TestHold(ClaimCase):
    def assertNothingHeld(self):
        self.assertFalse(self.env["oms.claim"].search([("product_id", "=", self.apple.id)]))
        self.assertEqual(self.available(self.apple, self.near), 5)

    def test_bad_requests(self):
        """Each is refused in words that tell how to mend it, and nothing is changed."""
        apple, near, archived = self.apple, self.near, self.make_product("Old")
        paint = self.make_product("Paint", is_storable=False)
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
            ([(apple.id, near.id, float("inf"))], "cart", 5, None, "at most 1,000,000,000"),
            ([(paint.id, near.id, 1e9 + 1)], "cart", 5, None, "at most 1,000,000,000"),
            ([(paint.id, near.id, 1.7e308)], "cart", 5, None, "at most 1,000,000,000"),
            ([(paint.id, near.id, 12345678.905)], "cart", 5, None, "multiple of 0.01"),
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
        claim = self.hold((paint, self.near, 123456789.01))
        self.assertEqual(claim.quantity, 123456789.01, "fractions of much are no slips")

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

    def test_one_message(self):
        """A hold of goods without rules is one statement, where there can be no kits."""
        kits = self.env.registry["product.product"]
        self.patch(kits, "_oms_knows_kits", lambda model: False)
        self.hold((self.apple, self.near, 1))  # parameters and precisions are known from now on
        with self.queries() as statements:
            self.hold((self.apple, self.near, 1), (self.berry, self.far, 1))
        [hold] = [each for each in statements if "SELECT" in each]
        self.assertIn("oms_hold", hold)

    def test_hooks_of_rules_over_several_sites(self):
        """Governed goods take one guard more; whoever breaks the rule gets nothing."""
        Claim = self.env.registry["oms.claim"]
        seen = []

        def check(model, claims):
            seen.append(claims.mapped("quantity"))
            if sum(claims.mapped("quantity")) > 2:
                raise UserError(model.env._("beyond the share"))

        shares = self.env["oms.allocation"]
        shares.create({"channel_id": self.channel.id, "kind": "capped", "amount": 9})
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

    def test_forgotten_after_a_while(self):
        old, young, alive = self.hold(*[(self.apple, self.near, 1)] * 3)
        (old + young)._release()
        order = self.make_order((self.apple, 1))
        ordered = self.claims_of(order)
        self.env.cr.execute(
            "UPDATE oms_claim SET write_date = '2020-01-01' WHERE id = ANY(%s)",
            [(old + alive + ordered).ids],
        )
        self.env.invalidate_all()
        self.env["oms.claim"]._gc_ended_holds()
        self.assertEqual((old + young + alive + ordered).exists(), young + alive + ordered)
