"""Lots are the cheapest there are, by trying all."""

import itertools

import numpy as np
import pytest

from engine.replenishment import Break, best_lot, lot_of, silver_meal, wagner_whitin


@pytest.mark.parametrize("seed", range(60))
def test_lots_with_price_breaks_against_all_lots(seed):
    rng = np.random.default_rng(seed)
    quantities = np.sort(rng.integers(2, 80, 3))
    prices = np.sort(rng.uniform(2.0, 12.0, 4))[::-1]
    breaks = (
        Break(0.0, float(prices[0])),
        *(Break(float(q), float(p)) for q, p in zip(quantities, prices[1:], strict=True)),
    )
    rate, cost = float(rng.uniform(0.05, 6.0)), float(rng.uniform(0.0, 40.0))
    holding = float(rng.uniform(0.0005, 0.02))
    pack = float(rng.choice([1.0, 4.0, 2.5]))
    least = float(rng.integers(0, 30))
    most = least + float(rng.integers(5, 120))
    lot = best_lot(rate, cost, breaks, holding, pack=pack, least=least, most=most)
    first = int(max(np.ceil(least / pack), 1))
    tried = [
        lot_of(rate, cost, breaks, holding, packs * pack)
        for packs in range(first, max(int(most // pack), first) + 1)
    ]
    assert lot.cost == pytest.approx(min(each.cost for each in tried))
    assert lot.quantity % pack == pytest.approx(0.0)


def test_the_economic_lot():
    """Harris's formula: the root of 2 · 5 · 4 / (0.01 · 10) is 20."""
    lot = best_lot(4.0, 5.0, (Break(0.0, 10.0),), 0.01)
    assert lot.quantity == 20.0
    assert (lot.ordering, lot.holding, lot.buying) == pytest.approx((1.0, 1.0, 40.0))
    assert best_lot(0.0, 5.0, (Break(0.0, 10.0),), 0.01) is None
    assert best_lot(4.0, 5.0, (), 0.01) is None


def cost_of(demand, orders, order_cost, holding):
    stock = np.cumsum(np.asarray(orders) - demand)
    assert (stock >= -1e-9).all()
    return order_cost * np.count_nonzero(np.asarray(orders) > 0) + holding * stock.sum()


@pytest.mark.parametrize("seed", range(40))
def test_changing_demand_against_all_plans(seed):
    rng = np.random.default_rng(seed)
    periods = int(rng.integers(1, 9))
    demand = rng.integers(0, 20, periods) * (rng.random(periods) < 0.8).astype(float)
    order_cost, holding = float(rng.uniform(1.0, 60.0)), float(rng.uniform(0.1, 2.0))
    best = np.inf
    for ordered in itertools.product((False, True), repeat=periods):
        orders, ok = np.zeros(periods), True
        last = None
        for period in range(periods):
            if ordered[period]:
                last = period
            if demand[period] and last is None:
                ok = False
                break
            if last is not None:
                orders[last] += demand[period]
        if ok:
            best = min(best, cost_of(demand, orders, order_cost, holding))
    found = wagner_whitin(demand, order_cost, holding)
    assert cost_of(demand, found, order_cost, holding) == pytest.approx(best)
    good = silver_meal(demand, order_cost, holding)
    assert best - 1e-9 <= cost_of(demand, good, order_cost, holding)
    assert good.sum() == pytest.approx(demand.sum())


def test_silver_meal_by_hand():
    """Of the textbook: while the cost per period falls (Silver, Pyke and Peterson 1998)."""
    demand = np.array(
        [10.0, 62.0, 12.0, 130.0, 154.0, 129.0, 88.0, 52.0, 124.0, 160.0, 238.0, 41.0]
    )
    found = silver_meal(demand, 54.0, 0.4)
    assert found.tolist() == [84.0, 0, 0, 130.0, 283.0, 0, 140.0, 0, 124.0, 160.0, 279.0, 0]
