"""Prices of stock are what one more unit saves."""

import math

import numpy as np
import pytest

pytest.importorskip("highspy", reason="the fluid model needs highspy")

from engine.prices import DemandClass, FluidModel, cover_prices

PARCEL, MISSED = 5.0, 30.0


def demand(items, rate, unit, quantities=None):
    """A class of orders whose parcels cost the same from everywhere."""
    unit = np.array(unit, dtype=float)
    return DemandClass(
        items=tuple(items),
        quantities=tuple(quantities or [1.0] * len(items)),
        rate=rate,
        per_parcel=np.full(unit.shape[1], PARCEL),
        per_unit=unit,
        missing_per_order=0.0,
        missing_per_unit=np.full(len(items), MISSED),
    )


def random_classes(rng, n_items, n_sites):
    """A demand of a few random classes."""
    found = []
    for _ in range(int(rng.integers(2, 6))):
        count = int(rng.integers(1, n_items + 1))
        found.append(
            demand(
                rng.choice(n_items, count, replace=False).tolist(),
                float(rng.uniform(0.1, 2.0)),
                rng.uniform(0.5, 4.0, (count, n_sites)),
                rng.integers(1, 4, count).astype(float).tolist(),
            )
        )
    return found


def test_by_hand():
    """Ten units near, ten far, fifteen wanted: near saves the difference, far nothing."""
    model = FluidModel([demand([0], 1.0, [[1.0, 3.0]])], 1, 2)
    result = model.solve(np.array([[10.0, 10.0]]), 15.0)
    assert result.cost == pytest.approx(10 * 6.0 + 5 * 8.0)
    assert result.prices == pytest.approx(np.array([[2.0, 0.0]]))
    assert result.shares[0] == pytest.approx(np.array([[10 / 15, 5 / 15, 0.0]]))


def test_scarce_everywhere():
    """What is short everywhere is worth what missing costs less its delivery."""
    model = FluidModel([demand([0], 1.0, [[1.0, 3.0]])], 1, 2)
    result = model.solve(np.array([[4.0, 4.0]]), 15.0)
    assert result.prices == pytest.approx(np.array([[MISSED - 6.0, MISSED - 8.0]]))


def test_two_items_share_a_parcel():
    """One parcel for both where both are, so the pair is worth a parcel."""
    both = demand([0, 1], 1.0, [[1.0, 1.0], [1.0, 1.0]])
    model = FluidModel([both], 2, 2)
    result = model.solve(np.array([[10.0, 10.0], [10.0, 0.0]]), 10.0)
    assert result.cost == pytest.approx(10 * (PARCEL + 2.0))
    # Missing costs nothing per order here, so how often it takes part says nothing.
    assert result.parcels[0][:2] == pytest.approx([1.0, 0.0])


@pytest.mark.parametrize("seed", range(12))
def test_prices_are_the_slope_of_the_cost(seed):
    """Between the slopes to either side, found by solving anew with a little more or less."""
    rng = np.random.default_rng(seed)
    n_items, n_sites = 3, 3
    model = FluidModel(random_classes(rng, n_items, n_sites), n_items, n_sites)
    stock = rng.uniform(1.0, 12.0, (n_items, n_sites))
    result = model.solve(stock, 6.0)
    assert result.prices.min() >= 0.0
    little = 1e-4
    for item in range(n_items):
        for site in range(n_sites):
            step = np.zeros(stock.shape)
            step[item, site] = little
            saved = (result.cost - model.solve(stock + step, 6.0).cost) / little
            lost = (model.solve(stock - step, 6.0).cost - result.cost) / little
            assert saved - 1e-4 <= result.prices[item, site] <= lost + 1e-4


@pytest.mark.parametrize("seed", range(6))
def test_solved_again_is_as_solved_afresh(seed):
    rng = np.random.default_rng(100 + seed)
    classes = random_classes(rng, 3, 3)
    model = FluidModel(classes, 3, 3)
    for _ in range(4):
        stock = rng.uniform(0.0, 12.0, (3, 3))
        fresh = FluidModel(classes, 3, 3, interior=True).solve(stock, 5.0)
        assert model.solve(stock, 5.0).cost == pytest.approx(fresh.cost, rel=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_sites_left_out_are_as_sites_without_stock(seed):
    """Each class may use two of four sites: as if the others had none for it alone."""
    rng = np.random.default_rng(200 + seed)
    unit = rng.uniform(0.5, 4.0, (2, 4))
    whole = demand([0, 1], 1.0, unit)
    sites = tuple(rng.choice(4, 2, replace=False).tolist())
    values = {name: getattr(whole, name) for name in DemandClass.__dataclass_fields__}
    values |= {
        "per_parcel": whole.per_parcel[list(sites)],
        "per_unit": unit[:, list(sites)],
        "sites": sites,
    }
    stock = rng.uniform(1.0, 8.0, (2, 4))
    there = np.zeros(stock.shape)
    there[:, list(sites)] = stock[:, list(sites)]
    some = FluidModel([DemandClass(**values)], 2, 4).solve(stock, 6.0)
    full = FluidModel([whole], 2, 4).solve(there, 6.0)
    assert some.cost == pytest.approx(full.cost)
    rest = [site for site in range(4) if site not in sites]
    assert not some.prices[:, rest].any()


def test_no_policy_is_below_the_bound_on_average():
    """A thousand lives of a shop that serves each order from the cheapest site with stock."""
    rng = np.random.default_rng(5)
    unit = np.array([1.0, 3.0])
    each = demand([0], 1.0, [unit])
    stock = np.array([[10.0, 10.0]])
    bound = FluidModel([each], 1, 2).solve(stock, 15.0).cost
    costs = []
    for _ in range(1000):
        left, cost = stock[0].copy(), 0.0
        for _order in range(rng.poisson(15.0)):
            site = next((k for k in (0, 1) if left[k] > 0), None)
            if site is None:
                cost += MISSED
                continue
            left[site] -= 1
            cost += PARCEL + unit[site]
        costs.append(cost)
    assert np.mean(costs) >= bound - 3 * np.std(costs) / math.sqrt(len(costs))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"items": (0, 0)}, "stands once"),
        ({"items": (7,)}, "1 products"),
        ({"rate": -1.0}, "negative"),
        ({"rate": float("nan")}, "not finite"),
        ({"quantities": (0.0,)}, "negative"),
        ({"per_parcel": np.zeros(3)}, "out of shape"),
        ({"sites": (0, 2)}, "2 sites"),
        ({"sites": (1, 1)}, "stands once"),
        ({"sites": (1,)}, "out of shape"),
    ],
)
def test_bad_classes(change, word):
    good = demand([0], 1.0, [[1.0, 3.0]])
    values = {name: getattr(good, name) for name in DemandClass.__dataclass_fields__}
    with pytest.raises(ValueError, match=word):
        FluidModel([DemandClass(**{**values, **change})], 1, 2)


@pytest.mark.parametrize(
    ("stock", "time", "word"),
    [
        ([[1.0]], 1.0, "shape"),
        ([[-1.0, 0.0]], 1.0, "negative"),
        ([[1.0, 0.0]], 0.0, "more than zero"),
    ],
)
def test_bad_stock_and_time(stock, time, word):
    model = FluidModel([demand([0], 1.0, [[1.0, 3.0]])], 1, 2)
    with pytest.raises(ValueError, match=word):
        model.solve(np.array(stock), time)


def poisson_at_least(units, mean):
    """Sum the probabilities one by one, in logarithms of whole numbers."""
    below = sum(
        math.exp(count * math.log(mean) - mean - math.lgamma(count + 1)) for count in range(units)
    )
    return max(1.0 - below, 0.0)


@pytest.mark.parametrize("mean", [0.3, 4.0, 60.0, 450.0])
def test_cover_against_the_sum(mean):
    units = np.array([1, 2, int(mean) + 1, int(mean + 2 * mean**0.5) + 1])
    truth = [7.0 * poisson_at_least(int(each), mean) for each in units]
    assert cover_prices(units, mean, 7.0) == pytest.approx(truth, abs=1e-9)


def test_cover_of_large_demand_goes_on_smoothly():
    below = cover_prices(np.array([520.0]), 499.9, 1.0)
    above = cover_prices(np.array([520.0]), 500.1, 1.0)
    assert below == pytest.approx(above, abs=0.01)
    assert above == pytest.approx([poisson_at_least(520, 500.1)], abs=0.01)


def test_cover_falls_with_stock_and_rises_with_demand():
    stock = np.arange(1.0, 30.0)
    prices = cover_prices(stock, 10.0, 5.0)
    assert (np.diff(prices) <= 0.0).all()
    assert (np.diff(cover_prices(10.0, stock, 5.0)) >= 0.0).all()
    assert cover_prices(0.0, 10.0, 5.0) == 0.0
    assert cover_prices(3.0, 0.0, 5.0) == 0.0
    with pytest.raises(ValueError, match="demand"):
        cover_prices(1.0, -1.0, 1.0)


def test_the_solver_prints_nothing(capfd):
    """Who reads one JSON object from a program that uses it must find nothing else."""
    FluidModel([demand([0], 1.0, [[1.0, 3.0]])], 1, 2).solve(np.array([[10.0, 10.0]]), 15.0)
    assert capfd.readouterr() == ("", "")
