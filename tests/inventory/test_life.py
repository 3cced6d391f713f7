from collections import Counter
from typing import NamedTuple
from unittest import skipUnless

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.oms.models.inventory import position_sql

from ..common import OmsCase

try:
    import hypothesis
    from hypothesis import strategies as st
except ImportError:  # a development tool, which a server need not have
    hypothesis = None

#: What can happen, and what it needs to happen to.
STEPS = {
    "receive": None,
    "lose": None,
    "keep_for_others": None,
    "hold": None,
    "sell": None,
    "release": "holds",
    "expire": "holds",
    "transfer": "holds",
    "buy_what_is_held": "holds",
    "cancel": "orders",
    "change": "orders",
    "ship": "orders",
    "serve_waiting_orders": "orders",
    "take_back": "shipped",
}


class Step(NamedTuple):
    """Something that happens: which of the goods, orders or holds, how much, and how."""

    name: str
    place: int
    other: int
    quantity: int
    choice: int
    also: bool


class Shop:
    """The reference: what there is by (product, site), was promised, and is kept for others."""

    def __init__(self):
        self.there, self.kept, self.promises = Counter(), Counter(), {}

    def left(self, key):
        return self.there[key] - sum(promise[key] for promise in self.promises.values())

    def spare(self, product):
        return sum(self.left(key) for key in self.there if key[0] == product) - self.kept[product]

    def promise(self, name, wanted):
        more = +(Counter(wanted) - self.promises.get(name, Counter()))
        asked = Counter()
        for (product, _site), quantity in more.items():
            asked[product] += quantity
        kept = all(self.left(key) >= more[key] for key in more)
        kept = kept and all(self.spare(product) >= asked[product] for product in asked)
        if kept:
            self.promises[name] = Counter(wanted)
        return kept

    def ship(self, name):
        self.there.subtract(self.promises.pop(name))


class Life:
    """A shop's days: whatever comes, Odoo and the reference agree on what is left."""

    def __init__(self, case):
        self.case, self.env = case, case.env
        self.keys = [(product, site) for product in case.apple + case.berry for site in case.both]
        self.shop = Shop()
        self.holds, self.orders, self.shipped = [], [], []
        for product, site in self.keys:
            case.stock(product, (site, 6))
            self.shop.there[product, site] = 6

    def live(self, steps):
        for step in steps:
            needed = STEPS[step.name]
            # Without a hold or an order to do something to, there will be one.
            idle = {"holds": "hold", "orders": "sell", "shipped": "receive"}
            name = step.name if needed is None or getattr(self, needed) else idle[needed]
            getattr(self, name)(step)
            self.agree()

    # === GOODS === #

    def receive(self, step):
        product, site = key = self.keys[step.place]
        self.case.stock(product, (site, step.quantity))
        self.shop.there[key] += step.quantity

    def lose(self, step):
        """A count finds fewer than there should be, but not fewer than were promised."""
        product, site = key = self.keys[step.place]
        gone = min(step.quantity, self.shop.left(key))
        if gone:
            self.case.stock(product, (site, -gone))
            self.shop.there[key] -= gone

    def keep_for_others(self, step):
        """Of one product some units are kept for another channel, wherever they are."""
        product = self.keys[step.place][0]
        shares = self.env["oms.allocation"]
        shares.search([("product_id", "=", product.id)]).unlink()
        self.shop.kept[product] = 0
        share = {
            "channel_id": self.case.others.id,
            "kind": "protected",
            "amount": step.quantity,
            "product_id": product.id,
            "since": "2020-01-01 00:00:00",
        }
        try:
            with self.env.cr.savepoint():
                shares.create(share)
        except ValidationError:
            assert step.quantity > self.shop.spare(product), "no more than there is"
        else:
            self.shop.kept[product] = step.quantity

    # === HOLDS === #

    def pick(self, step, things):
        return things[step.choice % len(things)]

    def hold(self, step):
        wanted = Counter({self.keys[step.place]: step.quantity})
        wanted[self.keys[step.other]] += step.also
        wanted = +wanted
        try:
            claims = self.case.hold(
                *((*key, quantity) for key, quantity in wanted.items()), channel=self.case.channel
            )
        except UserError:
            assert not self.shop.promise("refused", wanted)
            return
        assert self.shop.promise("new", wanted)
        del self.shop.promises["new"]
        for claim, (key, quantity) in zip(claims, wanted.items(), strict=True):
            assert self.shop.promise(claim, {key: quantity})
            self.holds.append(claim)

    def release(self, step):
        claim = self.pick(step, self.holds)
        if step.also and claim.quantity > 1:
            claim._release(1)
            self.shop.promises[claim].subtract(list(self.shop.promises[claim]))
        else:
            claim._release()
            self.forget(claim)

    def expire(self, step):
        claim = self.pick(step, self.holds)
        claim.expires_at = "2020-01-01 00:00:00"
        self.forget(claim)
        if step.also:
            with self.case.enter_registry_test_mode():
                self.env.ref("oms.cron_expire_claims").method_direct_trigger()
            assert claim.state == "expired"

    def transfer(self, step):
        claim = self.pick(step, self.holds)
        product, site = key = self.keys[step.place]
        before = self.shop.promises.pop(claim)
        kept = self.shop.promise("new", {key: step.quantity})
        try:
            with self.case.enter_registry_test_mode():
                [new] = claim._transfer([(product.id, site.id, step.quantity)])
        except UserError:
            assert not kept
            self.shop.promises[claim] = before
            return
        assert kept
        self.holds.remove(claim)
        self.holds.append(self.env["oms.claim"].browse(new))
        self.shop.promises[self.holds[-1]] = self.shop.promises.pop("new")

    def forget(self, claim):
        self.holds.remove(claim)
        self.shop.promises.pop(claim)

    # === ORDERS === #

    def sell(self, step):
        product = self.keys[step.place][0]
        spare = max(self.shop.spare(product), 0)
        order = self.case.make_order((product, step.quantity))
        self.orders.append(order)
        assert sum(self.note(order).values()) == min(step.quantity, spare), "all, and no more"

    def buy_what_is_held(self, step):
        claim = self.pick(step, self.holds)
        key = claim.product_id, claim.site_id
        quantity = min(step.quantity, int(claim.quantity))
        order = self.case.make_order((claim.product_id, quantity), confirm=False)
        order._oms_confirm_held(claim)
        # Granted already, whatever is kept for others now.
        self.shop.promises[order] = Counter({key: quantity})
        self.forget(claim)
        self.orders.append(order)
        assert self.note(order) == {key: quantity}

    def cancel(self, step):
        order = self.pick(step, self.orders)
        self.case.cancel(order)
        self.orders.remove(order)
        del self.shop.promises[order]

    def change(self, step):
        """More is taken as far as it is there; less is given back."""
        order = self.pick(step, self.orders)
        before = self.shop.promises[order]
        spare = max(self.shop.spare(order.order_line.product_id), 0)
        order.order_line.product_uom_qty = step.quantity
        planned = self.note(order)
        granted = sum(before.values())
        if step.quantity > granted:
            assert sum(planned.values()) == min(step.quantity, granted + spare)
        else:
            assert sum(planned.values()) == step.quantity and planned <= before

    def ship(self, step):
        order = self.pick(step, self.orders)
        # What waits is given up: the order is closed with what it has got.
        order.order_line.product_uom_qty = sum(self.shop.promises[order].values())
        for picking in order.picking_ids.filtered(lambda picking: picking.state != "cancel"):
            self.case.ship(picking)
            self.shipped.append(picking)
        self.orders.remove(order)
        self.shop.ship(order)

    def take_back(self, step):
        picking = self.pick(step, self.shipped)
        self.case.take_back(picking, 1)
        self.shipped.remove(picking)
        site = picking.picking_type_id.warehouse_id.oms_site_ids
        # It waits where nobody sells it, until somebody has looked at it and puts it on the shelf.
        self.case.stock(picking.product_id, (site, 1))
        self.shop.there[picking.product_id, site] += 1

    def serve_waiting_orders(self, step):
        self.case.run_cron()
        for order in self.orders:
            self.note(order)
        for order in self.orders:
            if order.oms_state in ("waiting", "partial"):
                assert self.shop.spare(order.order_line.product_id) <= 0

    def note(self, order):
        """Take over into the reference what was planned; it must have been there."""
        sites = {site.code: site for site in self.case.both}
        planned = Counter(
            {
                (order.order_line.product_id, sites[code]): quantity
                for (code, _name), quantity in self.case.plan(order).items()
            }
        )
        assert self.shop.promise(order, planned), "more than there was"
        return planned

    # === AGREEMENT === #

    def agree(self):
        available = self.case.both._get_available(self.case.apple + self.case.berry)
        expected = {(site.id, p.id): self.shop.left((p, site)) for p, site in self.keys}
        assert min(expected.values()) >= 0
        assert available == {key: left for key, left in expected.items() if left}
        self.env.flush_all()
        assert not self.env.execute_query(position_sql.differences()), "positions are not true"


@tagged("post_install", "-at_install")
@skipUnless(hypothesis, "hypothesis is not installed")
class TestLife(OmsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.both = cls.near + cls.far
        cls.network.site_ids = cls.both
        cls.others = cls.make_channel("Others", "TOTHER")

    def test_whatever_comes(self):
        """Odoo agrees with ten lines of plain Python on what is left, whatever happens."""
        steps = st.builds(
            Step,
            name=st.sampled_from(sorted(STEPS)),
            place=st.integers(0, 3),
            other=st.integers(0, 3),
            quantity=st.integers(1, 6),
            choice=st.integers(0, 99),
            also=st.booleans(),
        )

        @hypothesis.settings(
            max_examples=25,
            derandomize=True,
            database=None,
            deadline=None,
            # To shrink a failure would take minutes, and some steps can be read.
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(st.lists(steps, min_size=20, max_size=30))
        def live(steps):
            point = self.env.cr.savepoint(flush=True)
            try:
                Life(self).live(steps)
            finally:
                self.env.transaction.clear()
                point.close(rollback=True)
                self.env.invalidate_all()

        live()
