"""What is pulled and bought: by value, by cost, whatever the order of rows."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from engine.balancing import Goods, Lane, Network, Site, Stocks
from engine.prices import Market, unit_values
from engine.replenishment import Break, Offer, Problem, Settings, Supplier, replenish

SETTINGS = Settings(horizon_days=14.0, interest=0.0, holding=0.0005, join_days=0.0)
NEVER = math.nan


def warehouse_and_stores(stock, rate, point, up_to, *, days=0.0, per_unit=0.0, **more):
    """One product at a warehouse, which is first, and at stores on lanes from it."""
    count = len(stock)
    sites = tuple(Site(f"S{number}", "store" if number else "warehouse") for number in range(count))
    lanes = tuple(Lane(0, number, days, per_unit=per_unit) for number in range(1, count))
    stocks = Stocks(
        np.zeros(count, np.int64),
        np.arange(count),
        np.array(stock, float),
        np.array(rate, float),
        **{name: np.array(column) for name, column in more.pop("columns", {}).items()},
    )
    return Problem(
        Network(sites, lanes),
        (Goods("Shoe", 50.0, 20.0, 1.0, pack=more.pop("pack", 1.0)),),
        stocks,
        np.array(point, float),
        np.array(up_to, float),
        settings=more.pop("settings", SETTINGS),
        **more,
    )


def pulls(plan):
    return {pull.destination: pull.quantity for pull in plan.pulls}


def lines(plan):
    return {
        (line.product, line.site, order.supplier): line.quantity
        for order in plan.orders
        for line in order.lines
        if order.outcome != "waits"
    }


def test_sites_at_their_order_point_are_filled_up():
    problem = warehouse_and_stores(
        [20, 2, 3, 9], [0, 0.2, 0.2, 0.2], [NEVER, 2, 2, 9], [NEVER, 6, 6, 12]
    )
    plan = replenish(problem)
    assert pulls(plan) == {1: 4.0, 3: 3.0}
    assert plan.days_left == pytest.approx((math.inf, 0.0, 5.0, 0.0))
    assert not plan.orders and not plan.notes
    assert pulls(
        replenish(
            replace(
                problem,
                stocks=replace(
                    problem.stocks,
                    stock=np.array([20.0, 2, 3, 9]),
                    incoming=np.array([0, 5.0, 0, 0]),
                ),
            )
        )
    ) == {3: 3.0}


@pytest.mark.parametrize("seed", range(25))
def test_what_is_short_goes_where_it_is_worth_most(seed):
    """Against all ways to share it; the order of the rows does not matter."""
    rng = np.random.default_rng(seed)
    stock = [int(rng.integers(1, 7)), *rng.integers(0, 3, 3).tolist()]
    rate = [0.0, *rng.gamma(1.0, 0.3, 3).tolist()]
    problem = warehouse_and_stores(stock, rate, [NEVER, 3, 3, 3], [NEVER, 5, 6, 4])
    found = pulls(replenish(problem))
    wants = [up - have for up, have in zip((5, 6, 4), stock[1:], strict=True)]
    worth = []
    for site in (1, 2, 3):
        market = Market(50.0, rate[site], 0.0, 14.0, holding=0.0005 * 20.0, salvage=20.0)
        values = unit_values(market, 12)[stock[site] :]
        worth.append(np.concatenate(([0.0], values.cumsum())))
    given = min(stock[0], sum(wants))
    best = max(
        sum(worth[place][units] for place, units in enumerate(shares))
        for shares in itertools.product(*(range(want + 1) for want in wants))
        if sum(shares) == given
    )
    shares = [int(found.get(site, 0)) for site in (1, 2, 3)]
    assert sum(shares) == given
    assert sum(worth[place][units] for place, units in enumerate(shares)) == pytest.approx(best)
    order = rng.permutation(4)
    other = replace(
        problem,
        stocks=Stocks(
            *(getattr(problem.stocks, name)[order] for name in ("product", "site", "stock", "rate"))
        ),
        order_point=problem.order_point[order],
        order_up_to=problem.order_up_to[order],
    )
    assert pulls(replenish(other)) == found


def test_a_warehouse_keeps_its_minimum_and_packs_are_whole():
    problem = warehouse_and_stores(
        [9, 0],
        [0, 1.0],
        [NEVER, 2],
        [NEVER, 10],
        pack=3.0,
        columns={"minimum": [2.0, 0.0]},
    )
    plan = replenish(problem)
    assert pulls(plan) == {1: 6.0}
    assert plan.pulls[0].is_short and plan.pulls[0].wanted == 12.0
    assert ("short", 1, 6.0) in {(n.code, n.site, n.number) for n in plan.notes}


SHOP = (Supplier("Near", 10.0), Supplier("Far", 30.0))


def offers(near=12.0, far=10.0, **more):
    return (
        Offer(0, 0, (Break(0.0, near),), lead_days=2.0),
        Offer(0, 1, (Break(0.0, far),), lead_days=20.0, lead_deviation=5.0, **more),
    )


def test_what_a_warehouse_owes_is_bought_for_it():
    problem = warehouse_and_stores(
        [3, 0, 1],
        [0, 0.4, 0.1],
        [NEVER, 2, 2],
        [NEVER, 6, 4],
        suppliers=SHOP,
        offers=offers(),
    )
    plan = replenish(problem)
    assert sum(pulls(plan).values()) == 3.0
    (order,) = plan.orders
    (line,) = order.lines
    assert (line.site, line.reason, line.wanted) == (0, "backlog", 6.0)
    assert line.quantity >= 6.0


def test_a_supplier_is_chosen_by_all_costs():
    """The dear one near by while the shelf is empty, the cheap one far away while it lasts."""

    def supplier(stock, far, margin=50.0):
        problem = warehouse_and_stores(
            [stock], [1.0], [30], [40], suppliers=SHOP, offers=offers(far=far)
        )
        problem = replace(problem, goods=(replace(problem.goods[0], price=margin),))
        (order,) = replenish(problem).orders
        return order

    empty, full = supplier(0, 11.0), supplier(30, 10.0)
    assert empty.supplier == 0 and full.supplier == 1
    first, second = empty.lines[0].alternatives
    assert first.lateness < second.lateness
    assert second.buying < first.buying
    assert (first.verdict, second.verdict) == ("chosen", "dearer")
    assert empty.lines[0].chance_short > 0.8 > 0.5 > full.lines[0].chance_short


def test_unreliable_suppliers_cost_more():
    def order(deviation):
        near = Offer(0, 0, (Break(0.0, 10.0),), lead_days=7.0, lead_deviation=deviation)
        sure = Offer(0, 1, (Break(0.0, 10.05),), lead_days=7.0)
        suppliers = (Supplier("A", 5.0), Supplier("B", 5.0))
        problem = warehouse_and_stores(
            [9], [1.0], [10], [20], suppliers=suppliers, offers=(near, sure)
        )
        return replenish(problem).orders[0].supplier

    assert (order(0.0), order(6.0)) == (0, 1)


def test_price_breaks_packs_and_minima_of_products():
    dear = Offer(0, 0, (Break(0.0, 10.0), Break(50.0, 8.0)), lead_days=1.0, minimum=5.0, pack=4.0)
    problem = warehouse_and_stores(
        [5], [1.0], [10], [12], suppliers=(Supplier("A", 1.0),), offers=(dear,)
    )
    assert lines(replenish(problem)) == {(0, 0, 0): 52.0}
    flat = replace(dear, breaks=(Break(0.0, 10.0),))
    held = replace(problem, offers=(flat,), settings=replace(SETTINGS, holding=0.05))
    assert lines(replenish(held)) == {(0, 0, 0): 8.0}
    assert replenish(replace(problem, order_point=np.array([4.0]))).orders == ()


def two_products(supplier, *others, stock=(0, 20), more=()):
    sites = (Site("W", "warehouse"),)
    goods = (Goods("A", 50.0, 20.0, 1.0), Goods("B", 50.0, 20.0, 1.0))
    stocks = Stocks(
        np.array([0, 1]), np.zeros(2, np.int64), np.array(stock, float), np.array([1.0, 1.0])
    )
    both = tuple(Offer(product, 0, (Break(0.0, 10.0),), lead_days=3.0) for product in (0, 1))
    return Problem(
        Network(sites, ()),
        goods,
        stocks,
        np.array([5.0, 15.0]),
        np.array([15.0, 30.0]),
        (supplier, *others),
        (*both, *more),
        replace(SETTINGS, holding=0.002),
    )


def test_what_is_due_soon_joins():
    """It saves an order; not if the order costs nothing, or it is long until then."""
    problem = two_products(Supplier("A", 20.0))
    problem = replace(problem, settings=replace(problem.settings, join_days=7.0))
    (order,) = replenish(problem).orders
    assert [(line.product, line.reason) for line in order.lines] == [(0, "point"), (1, "joined")]
    assert order.lines[1].days_left == pytest.approx(5.0)
    for other in (
        replace(problem, suppliers=(Supplier("A", 0.1),)),
        replace(problem, settings=replace(problem.settings, join_days=4.0)),
    ):
        assert [line.product for line in replenish(other).orders[0].lines] == [0]


def test_a_minimum_is_met_waited_for_or_left():
    small = Supplier("A", 1.0, minimum_value=400.0)
    urgent = replenish(two_products(small))
    assert urgent.orders[0].outcome == "extended"
    assert urgent.orders[0].value >= 400.0
    assert urgent.orders[0].value <= 410.0
    less = Supplier("A", 1.0, minimum_value=60.0)
    calm = replace(two_products(less, stock=(14, 20)), order_point=np.array([14.0, 15.0]))
    calm = replace(calm, settings=replace(calm.settings, holding=0.02))
    waiting = replenish(calm)
    assert waiting.orders[0].outcome == "waits"
    assert waiting.orders[0].wait_days > 0.0
    assert "waits" in {note.code for note in waiting.notes}
    other = Offer(0, 1, (Break(0.0, 10.001),), lead_days=3.0)
    left = replenish(two_products(small, Supplier("B", 1.0), more=(other,)))
    assert [order.supplier for order in left.orders] == [1]
    assert left.orders[0].lines[0].reason == "switched"
    assert dict(left.orders[0].compared)["switched"] < dict(left.orders[0].compared)["extended"]


def test_demand_that_changes_is_ordered_by_the_best_plan():
    """Nothing is wanted in the weeks after the first: only for that one it is ordered."""
    supplier = (Supplier("A", 30.0),)
    offer = (Offer(0, 0, (Break(0.0, 10.0),), lead_days=1.0),)
    problem = warehouse_and_stores(
        [0],
        [2.0],
        [3],
        [4],
        suppliers=supplier,
        offers=offer,
        settings=replace(SETTINGS, holding=0.002),
    )
    steady = lines(replenish(problem))[0, 0, 0]
    forecast = np.array([[14.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]])
    changing = lines(replenish(replace(problem, forecast=forecast)))[0, 0, 0]
    assert changing == 14.0 < steady


def test_bad_offers_give_notes_and_the_rest_goes_on():
    bad = (
        Offer(0, 0, ()),
        Offer(0, 0, (Break(0.0, math.nan),), lead_days=1.0),
        Offer(0, 0, (Break(0.0, 3.0),), lead_days=-1.0),
        Offer(0, 1, (Break(0.0, 12.0),)),
    )
    problem = warehouse_and_stores(
        [0, 0],
        [0, 0.3],
        [2, 3],
        [5, 9],
        suppliers=SHOP,
        offers=bad,
        columns={"reserved": [0.0, 0.0]},
    )
    plan = replenish(problem)
    assert {line[2] for line in lines(plan)} == {1}
    assert [(note.code, note.offer) for note in plan.notes if note.code.startswith("offer")] == [
        ("offer_without_price", 0),
        ("offer_without_price", 1),
        ("offer_nonsense", 2),
        ("offer_without_lead", 3),
    ]
    nobody = replenish(replace(problem, offers=()))
    assert "no_supplier" in {note.code for note in nobody.notes}
    assert all(note.text for plan in (plan, nobody) for note in plan.notes)
    with pytest.raises(ValueError, match="Offer 0"):
        replace(problem, offers=(Offer(5, 0, ()),))
    with pytest.raises(ValueError, match="order_point"):
        replace(problem, order_point=np.zeros(3))


def test_who_no_warehouse_can_serve_buys_for_itself():
    """A supplier delivers to the store, nobody to the warehouse."""
    offer = Offer(0, 0, (Break(0.0, 12.0),), site=1, lead_days=2.0)
    problem = warehouse_and_stores(
        [1, 0], [0, 0.5], [NEVER, 2], [NEVER, 6], suppliers=SHOP, offers=(offer,)
    )
    plan = replenish(problem)
    assert pulls(plan) == {1: 1.0}
    assert set(lines(plan)) == {(0, 1, 0)}
    assert plan.orders[0].lines[0].wanted == 5.0
