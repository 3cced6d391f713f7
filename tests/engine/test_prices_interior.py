"""The interior point method of the fluid model against a general solver."""

import numpy as np
import pytest

from engine.prices import DemandClass, InteriorModel


def random_classes(rng, n_items, n_sites, count):
    """A demand whose classes are alike by twos and threes, as those of cities are."""
    found = []
    while len(found) < count:
        items = rng.choice(n_items, int(rng.integers(1, n_items + 1)), replace=False).tolist()
        sites = sorted(rng.choice(n_sites, int(rng.integers(1, n_sites + 1)), replace=False))
        sites = None if rng.random() < 0.5 else tuple(int(site) for site in sites)
        width = n_sites if sites is None else len(sites)
        for _city in range(int(rng.integers(1, 4))):
            parcel = rng.choice([0.0, 5.0, 8.759]) * rng.uniform(0.5, 1.5, width)
            found.append(
                DemandClass(
                    items=tuple(items),
                    quantities=tuple(rng.integers(1, 4, len(items)).astype(float).tolist()),
                    rate=float(rng.choice([0.0, 0.01, 1.0, 3.0]) * rng.uniform(0.5, 1.5)),
                    per_parcel=parcel,
                    per_unit=rng.uniform(0.5, 4.0, (len(items), width)),
                    missing_per_order=float(rng.choice([0.0, 17.5])),
                    missing_per_unit=rng.uniform(5.0, 30.0, len(items)),
                    sites=sites,
                )
            )
    return found


def random_stock(rng, n_items, n_sites):
    return rng.uniform(0.0, 25.0, (n_items, n_sites)) * (rng.random((n_items, n_sites)) < 0.7)


def taken(classes, result, n_items, n_sites, time):
    """What the shares of an answer take of each stock, class by class."""
    used = np.zeros((n_items, n_sites))
    for each, shares in zip(classes, result.shares, strict=True):
        sites = range(n_sites) if each.sites is None else each.sites
        for row, item in enumerate(each.items):
            for column, site in enumerate(sites):
                used[item, site] += each.rate * each.quantities[row] * shares[row, column] * time
    return used


def dual_value(classes, prices, stock, time):
    """What prices prove, by the linear program of each class alone.

    It has the shares and the parcels of one order; HiGHS solves it.
    """
    highspy = pytest.importorskip("highspy")
    total = -float((prices * stock).sum())
    for each in classes:
        sites = list(range(prices.shape[1]) if each.sites is None else each.sites)
        model = highspy.Highs()
        model.setOptionValue("output_flag", False)
        fixed = [*each.per_parcel.tolist(), each.missing_per_order]
        parcels = [model.addVariable(lb=0.0, ub=1.0, obj=cost) for cost in fixed]
        for row, item in enumerate(each.items):
            unit = [*(each.per_unit[row] + prices[item, sites]), each.missing_per_unit[row]]
            shares = [model.addVariable(lb=0.0, obj=each.quantities[row] * cost) for cost in unit]
            model.addConstr(sum(shares) == 1.0)
            for share, parcel in zip(shares, parcels, strict=True):
                model.addConstr(parcel - share >= 0.0)
        model.minimize()
        total += each.rate * time * model.getObjectiveValue()
    return total


@pytest.mark.parametrize("seed", range(60))
def test_as_a_general_solver(seed):
    pytest.importorskip("highspy", reason="the general solver is highspy")
    from engine.prices import FluidModel

    rng = np.random.default_rng(seed)
    n_items, n_sites = int(rng.integers(1, 6)), int(rng.integers(1, 6))
    classes = random_classes(rng, n_items, n_sites, int(rng.integers(1, 12)))
    stock = random_stock(rng, n_items, n_sites)
    truth = FluidModel(classes, n_items, n_sites).solve(stock, 5.0).cost
    found = InteriorModel(classes, n_items, n_sites).solve(stock, 5.0)
    assert found.gap <= 1e-6
    assert found.cost == pytest.approx(truth, rel=1.1e-6, abs=1e-6)
    assert truth * (1.0 - 1.1e-6) - 1e-6 <= found.bound <= truth + 1e-7 * (1.0 + truth)


@pytest.mark.parametrize("seed", range(20))
def test_shares_are_there_and_prices_prove_the_bound(seed):
    """Also where nothing is in stock: the prices there keep everybody from wanting it."""
    rng = np.random.default_rng(500 + seed)
    classes = random_classes(rng, 4, 4, 8)
    stock = random_stock(rng, 4, 4)
    found = InteriorModel(classes, 4, 4).solve(stock, 5.0)
    assert (taken(classes, found, 4, 4, 5.0) <= stock + 1e-9).all()
    for shares, parcels in zip(found.shares, found.parcels, strict=True):
        assert shares.sum(axis=1) == pytest.approx(1.0)
        assert (shares <= parcels + 1e-12).all()
    assert found.prices.min() >= 0.0
    assert dual_value(classes, found.prices, stock, 5.0) >= found.bound - 1e-6 * found.cost


def test_nothing_comes_and_nothing_is_there():
    rng = np.random.default_rng(3)
    (each, *_rest) = random_classes(rng, 2, 2, 1)
    values = {name: getattr(each, name) for name in DemandClass.__dataclass_fields__}
    never = DemandClass(**{**values, "rate": 0.0})
    assert InteriorModel([never], 2, 2).solve(np.ones((2, 2)), 5.0).cost == 0.0
    often = DemandClass(**{**values, "rate": 2.0})
    none = InteriorModel([often], 2, 2).solve(np.zeros((2, 2)), 5.0)
    missed = (np.array(each.quantities) * each.missing_per_unit).sum() + each.missing_per_order
    assert none.cost == pytest.approx(10.0 * missed)
    assert none.shares[0][:, -1] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("stock", "time", "word"),
    [([[1.0]], 1.0, "shape"), ([[-1.0, 0.0]], 1.0, "negative"), ([[1.0, 0.0]], 0.0, "more than")],
)
def test_bad_stock_and_time(stock, time, word):
    each = DemandClass((0,), (1.0,), 1.0, np.ones(2), np.ones((1, 2)), 0.0, np.ones(1))
    with pytest.raises(ValueError, match=word):
        InteriorModel([each], 1, 2).solve(np.array(stock), time)


def test_too_many_stocks():
    sites = 6_001
    unit = np.ones((1, sites))
    each = DemandClass((0,), (1.0,), 1.0, np.ones(sites), unit, 0.0, np.ones(1))
    with pytest.raises(ValueError, match="too many"):
        InteriorModel([each], 1, sites).solve(unit, 1.0)


def test_bad_classes():
    with pytest.raises(ValueError, match="no demand class"):
        InteriorModel([], 1, 1)
