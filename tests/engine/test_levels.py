"""Order points, newsvendor, classes, limits and pooling against sums, simulation and search."""

import itertools
import math

import numpy as np
import pytest

from engine import levels
from engine.levels import LeadTime, Limits, Series


def poisson(mean, count):
    return math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))


def negative_binomial(mean, variance, count):
    size, share = mean * mean / (variance - mean), mean / variance
    log = math.lgamma(count + size) - math.lgamma(size) - math.lgamma(count + 1)
    return math.exp(log + size * math.log(share) + count * math.log1p(-share))


def law(mean, variance):
    """Probabilities of 0, 1, 2, … units, by the formulas of the books."""
    many = int(mean + 40.0 * math.sqrt(variance) + 60.0)
    if variance == mean:
        return [poisson(mean, n) for n in range(many)]
    return [negative_binomial(mean, variance, n) for n in range(many)]


# --- newsvendor and base stock ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("mean", "variance", "under", "over"),
    [(20.0, 20.0, 4.0, 1.0), (20.0, 20.0, 0.7, 0.18), (0.4, 2.0, 9.0, 1.0), (7.0, 40.0, 1.0, 3.0)],
)
def test_the_newsvendor_costs_least_of_all_quantities(mean, variance, under, over):
    chances = law(mean, variance)

    def cost(quantity):
        return sum(
            p * (under * max(n - quantity, 0) + over * max(quantity - n, 0))
            for n, p in enumerate(chances)
        )

    best = min(range(200), key=cost)
    found = float(levels.newsvendor(mean, variance, under, over))
    assert found == best
    assert float(levels.newsvendor_cost(found, mean, variance, under, over)) == pytest.approx(
        cost(best), rel=1e-9
    )


def test_a_known_newsvendor():
    # Demand Poisson 20, too many cost 1, too few 4: P(D <= 23) = 0.787, P(D <= 24) = 0.843.
    assert levels.newsvendor(20.0, 20.0, 4.0, 1.0) == 24.0
    assert levels.critical_ratio(0.70, 0.18) == pytest.approx(0.7954545)


@pytest.mark.parametrize("spread", [1.0, 3.0])
@pytest.mark.parametrize("backorder", [0.5, 5.0, 50.0])
def test_base_stock_costs_least_of_all_levels(spread, backorder):
    series = Series.of(1.3, 1.3 * spread, lead=4.0, review=1.0)
    chances = law(1.3 * 5.0, 1.3 * spread * 5.0)

    def cost(level):
        return sum(
            p * (1.0 * max(level - n, 0) + backorder * max(n - level, 0))
            for n, p in enumerate(chances)
        )

    assert levels.base_stock(series, backorder, 1.0)[0] == min(range(150), key=cost)


def test_the_variance_of_the_lead_time_counts_with_the_square_of_the_rate():
    lead = LeadTime.of([2, 4, 9], [1, 2, 1])
    assert (lead.mean, lead.variance) == (pytest.approx(4.75), pytest.approx(6.6875))
    mean, variance = Series.of(3.0, 5.0, lead.mean, lead.variance, 1.0).over(1.0)
    assert (mean[0], variance[0]) == (pytest.approx(3 * 5.75), pytest.approx(5 * 5.75 + 9 * 6.6875))


def test_what_costs_nothing_or_less_is_refused():
    with pytest.raises(ValueError, match="costs something"):
        levels.critical_ratio(0.0, 0.0)
    with pytest.raises(ValueError, match="not negative"):
        levels.critical_ratio(-1.0, 2.0)
    for days, chances in [([], None), ([1, -1], None), ([1, 2], [0, 0]), ([1, math.inf], None)]:
        with pytest.raises(ValueError, match=r"lead time"):
            LeadTime.of(days, chances)


# --- service -----------------------------------------------------------------------------------


def simulated(rate, variance, lead, minimum, lot, days=30_000, seed=3):
    """Share of units there when they are wanted, day by day: look, order, receive, sell.

    What is ordered in the morning of a day is there in the morning `lead` days later, before that
    day's demand; looks are daily.
    """
    rng = np.random.default_rng(seed)
    size, share = rate * rate / (variance - rate), rate / variance
    wanted = rng.negative_binomial(size, share, days).tolist()
    on_hand, position, coming = minimum + lot - 1, minimum + lot - 1, {}
    missed = 0
    for day, units in enumerate(wanted):
        if position < minimum:
            # Lots until the minimum is reached: the position is then equally often anywhere.
            ordered = -(-(minimum - position) // lot) * lot
            position += ordered
            coming[day + lead] = coming.get(day + lead, 0) + ordered
        on_hand += coming.pop(day, 0)
        missed += min(max(units - max(on_hand, 0), 0), units)
        on_hand -= units
        position -= units
    return 1.0 - missed / sum(wanted)


@pytest.mark.parametrize("lot", [1, 4, 40])
@pytest.mark.parametrize(("rate", "variance"), [(0.3, 1.2), (4.0, 12.0)])
@pytest.mark.parametrize("lead", [0, 3])
def test_the_fill_rate_is_what_a_simulation_sees(rate, variance, lead, lot):
    series = Series.of(rate, variance, lead=lead, review=1.0, lot=lot)
    for minimum in (1, int(rate * (lead + 1)) + 4):
        expected = simulated(rate, variance, lead, minimum, lot)
        assert levels.fill_rate(series, [minimum])[0] == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("measure", levels.MEASURES)
def test_order_points_are_the_least_that_reach_the_target(measure):
    rng = np.random.default_rng(1)
    rate = rng.uniform(0.001, 8.0, 300)
    series = Series.of(
        rate,
        rate * rng.uniform(1.0, 6.0, 300),
        rng.uniform(0.5, 20.0, 300),
        rng.uniform(0.0, 9.0, 300),
        rng.choice([1.0, 7.0], 300),
        rng.integers(1, 12, 300),
    )
    target = rng.uniform(0.5, 0.995, 300)
    points = levels.order_points(series, target, measure)
    reached = levels.fill_rate if measure == "fill" else levels.cycle_service
    assert (reached(series, points) >= target - 1e-9).all()
    some = points > 0
    assert some.sum() > 150
    assert (reached(series, np.maximum(points - 1.0, 0.0))[some] < target[some]).all()


def test_levels_rise_with_target_rate_lead_time_and_spread():
    base = {"rate": 0.5, "variance": 1.0, "lead": 5.0, "lead_variance": 1.0}
    for name, values in {
        "rate": [0.5, 1.0, 1.5],
        "variance": [0.5, 1.0, 4.0],
        "lead": [1.0, 5.0, 30.0],
        "lead_variance": [0.0, 10.0, 90.0],
    }.items():
        points = levels.order_points(Series.of(**{**base, name: values}), 0.95)
        assert (np.diff(points) >= 0.0).all(), name
        assert points[-1] > points[0], name
    points = levels.order_points(Series.of([0.5] * 3, 1.0, 5.0), [0.8, 0.95, 0.99])
    assert points[0] < points[1] < points[2]


def test_what_is_never_wanted_needs_nothing():
    series = Series.of([0.0, 1.0], [0.0, 1.0], 5.0)
    assert levels.order_points(series, 0.99).tolist()[0] == 0.0
    assert levels.base_stock(series, 9.0, 1.0)[0] == 0.0
    assert levels.worth_holding(series, 100.0, 0.01)[0] == 0.0


def test_large_orders_need_stock_however_rare_they_are():
    # Once in 200 days somebody wants about eight: one unit would serve an eighth of it.
    steady = Series.of(0.04, 0.04, 2.0)
    lumpy = Series.of(0.04, 0.4, 2.0)
    assert levels.order_points(steady, 0.9)[0] == 1.0
    assert levels.order_points(lumpy, 0.9)[0] >= 8.0


@pytest.mark.parametrize("target", [1.0, -0.1, math.nan])
def test_targets_outside_are_refused(target):
    with pytest.raises(ValueError, match="below 1"):
        levels.order_points(Series.of(1.0, 1.0, 1.0), target)


def test_the_economic_lot_costs_least():
    rates = np.array([0.05, 0.7, 12.0])

    def cost(lot, rate):
        return 30.0 * rate / lot + 0.02 * lot / 2.0

    best = [min(range(1, 500), key=lambda lot, rate=rate: cost(lot, rate)) for rate in rates]
    assert levels.economic_lot(rates, 30.0, 0.02) == pytest.approx(best, abs=1)


# --- classes -----------------------------------------------------------------------------------


def test_abc_by_shares_of_the_whole():
    assert levels.abc([10, 500, 300, 120, 0, 70]).tolist() == [2, 0, 0, 1, 2, 1]
    assert levels.abc([1000, 1]).tolist() == [0, 2]
    assert levels.abc([0, 0, -5]).tolist() == [2, 2, 2]
    margin, volume = levels.abc([90, 6, 4]), levels.abc([1, 1, 98])
    assert levels.better_of(margin, volume).tolist() == [0, 1, 0]
    with pytest.raises(ValueError, match="finite"):
        levels.abc([math.nan])


def test_xyz_by_the_variation_of_a_period():
    # Poisson with 30 units in the period: 0.18. With 1 unit: 1.0; with half a unit: 1.4.
    assert levels.xyz([1.0, 1 / 30, 1 / 60, 0.0], [1.0, 1 / 30, 1 / 60, 0.0]).tolist() == [
        0,
        1,
        2,
        2,
    ]


# --- limits ------------------------------------------------------------------------------------


def parts_add_up(found):
    total = (
        found.for_demand
        + found.for_service
        + found.for_presentation
        + found.for_lot
        - found.off_life
        - found.off_capacity
    )
    assert total == pytest.approx(found.maximum)


def test_limits_one_by_one():
    series = Series.of([0.5] * 6, 0.5, 2.0)
    points = np.full(6, 3.0)
    limits = Limits.of(
        6,
        presentation=[0, 6, 0, 0, 0, 6],
        pack=[1, 1, 4, 1, 4, 1],
        capacity=[math.inf, math.inf, math.inf, 2, 5, math.inf],
        life=[math.inf] * 5 + [0.0],
    )
    found = levels.limited(series, points, limits)
    assert found.minimum.tolist() == [3, 6, 3, 2, 2, 0]
    assert found.maximum.tolist() == [3, 6, 6, 2, 5, 0]
    parts_add_up(found)


def test_nothing_is_ordered_that_is_not_sold_before_the_end():
    for days, rate, sold in itertools.product((0.0, 3.0, 20.0, 90.0), (0.01, 0.4), (0.5, 0.9)):
        series = Series.of(rate, 2.0 * rate, 3.0)
        found = levels.limited(series, [50.0], Limits.of(1, life=days, sold=sold))
        chances = law(rate * days, 2.0 * rate * days) if days else [1.0]
        expected = max(n for n in range(60) if sum(chances[n:]) >= sold - 1e-9 or n == 0)
        assert found.maximum[0] == min(expected, 50)
        parts_add_up(found)


def test_limits_hold_whatever_meets():
    rng = np.random.default_rng(5)
    rate = rng.uniform(0.0, 5.0, 500)
    series = Series.of(rate, 2.0 * rate, rng.uniform(0.5, 9.0, 500), lot=rng.integers(1, 9, 500))
    limits = Limits.of(
        500,
        rng.integers(0, 9, 500),
        rng.integers(1, 7, 500),
        np.where(rng.random(500) < 0.5, rng.integers(0, 30, 500), np.inf),
        np.where(rng.random(500) < 0.5, rng.uniform(0.0, 60.0, 500), np.inf),
    )
    found = levels.limited(series, levels.order_points(series, 0.9), limits)
    parts_add_up(found)
    assert (found.minimum <= found.maximum).all()
    assert (found.minimum >= 0.0).all()
    assert (found.maximum <= limits.capacity).all()
    # Ordering whole packs at one below the minimum does not lead above the maximum.
    ordered = (found.minimum > 0) & (found.minimum - 1 + limits.pack > found.maximum)
    assert not ordered.any()


# --- pooling -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "spread", "lead"), [(0.02, 5.0, 10.0), (0.5, 1.0, 3.0), (9, 2, 7)]
)
def test_what_is_worth_holding_costs_least(rate, spread, lead):
    for miss in (1.0, 8.0, 100.0):
        series = Series.of(rate, rate * spread, lead)

        units = np.arange(200.0)
        costs = miss * rate * levels.missed_share(series, units[:, None])[:, 0] + 0.02 * units
        found = levels.worth_holding(series, miss, 0.02)[0]
        assert costs[int(found)] == pytest.approx(costs.min())


def test_one_stock_for_all_sites_serves_with_less_than_one_at_each():
    alone = Series.of(0.05, 0.25, 10.0)
    together = Series.of(0.05 * 20, 0.25 * 20, 10.0)
    apart = 20.0 * levels.order_points(alone, 0.95)[0]
    assert levels.order_points(together, 0.95)[0] < 0.5 * apart


def test_sites_are_opened_where_they_are_nearest_to_most():
    rng = np.random.default_rng(4)
    for _ in range(20):
        places = rng.random((6, 2))
        serve = np.linalg.norm(places[:, None] - places[None], axis=2)
        weight = rng.random(6)
        found = levels.open_sites(weight, serve, 0.0, 6)
        assert found.order[0] == int(np.argmin(serve @ weight))
        assert (np.diff(found.cost) <= 1e-12).all()
        assert found.cost[-1] == pytest.approx(0.0)
        two = min(
            np.minimum(serve[a], serve[b]) @ weight / weight.sum()
            for a, b in itertools.combinations(range(6), 2)
        )
        # Greedy is no worse than 1 - 1/e of what could be saved, and never better than the best.
        assert two - 1e-12 <= found.cost[1] <= found.cost[0]
        for count, row in enumerate(found.server, 1):
            opened = found.order[:count]
            assert set(row.tolist()) <= set(opened.tolist())
            assert [serve[row[j], j] for j in range(6)] == pytest.approx(
                serve[opened].min(axis=0).tolist()
            )


def test_slow_sellers_lie_at_one_site_and_fast_ones_near_their_customers():
    places = np.linspace(0.0, 1.0, 10)
    serve = np.abs(places[:, None] - places[None])
    share = np.full((2, 10), 0.1)
    series = Series.of([0.01, 60.0], [0.04, 120.0], 2.0)
    total = levels.order_points(series, 0.99)
    opened = levels.open_sites(share[0], serve, 0.0, 10)
    found = levels.place(total, series, share, opened, split_cost=2.0, serve_elsewhere=0.5)
    assert found.sites[0] == 1
    assert found.sites[1] > 1
    assert found.units.sum(axis=1).tolist() == total.tolist()


def test_whole_units_are_divided_and_add_up():
    rng = np.random.default_rng(6)
    shares = rng.dirichlet(np.full(7, 0.4), 200)
    totals = rng.integers(0, 60, 200).astype(float)
    found = levels.split_whole(totals, shares)
    assert (found == np.round(found)).all()
    assert found.sum(axis=1).tolist() == totals.tolist()
    assert (np.abs(found - totals[:, None] * shares) < 1.0 + 1e-9).all()


def test_decimal_quantities_have_levels_too():
    series = Series.of([0.4], [0.05], 3.0, decimal=True)
    point = levels.order_points(series, 0.95)[0]
    assert 1.0 <= point <= 4.0
    assert levels.fill_rate(series, [point])[0] >= 0.95


def test_levels_in_parts_of_units_reach_the_service_a_simulation_sees():
    """Kilograms by the hundredth: the least that reaches the service, not whole kilograms."""
    step, rate, variance = 0.01, 0.05, 0.0025
    series = Series.of(rate / step, variance / step**2, 3.0, lot=35.0, review=1.0, decimal=True)
    point = levels.order_points(series, 0.98)
    assert 3.0 < point[0] < 100.0
    reached = []
    rng = np.random.default_rng(3)
    for minimum in (point[0] * step, (point[0] - 3.0) * step):
        ordered_up_to = minimum + rng.uniform(0.0, 35.0 * step, 60_000)
        # Independent increments: the demand of three days, and of the day after it.
        before = rng.gamma(3 * rate**2 / variance, variance / rate, len(ordered_up_to))
        day = rng.gamma(rate**2 / variance, variance / rate, len(ordered_up_to))
        there = ordered_up_to - before
        missed = np.maximum(day - there, 0.0) - np.maximum(-there, 0.0)
        reached.append(1.0 - missed.sum() / day.sum())
    assert reached[0] == pytest.approx(0.98, abs=0.004)
    assert reached[1] < reached[0]


def test_levels_are_the_same_in_any_unit():
    grams = Series.of(50.0, 2500.0, 3.0, lot=350.0, decimal=True)
    limits = Limits.of(1, presentation=500.0, pack=100.0, capacity=3000.0)
    found = levels.limited(grams, [400.0], limits)
    inside = levels.limited(
        Series.of(5.0, 25.0, 3.0, lot=35.0, decimal=True), [40.0], limits.times(0.1)
    ).times(10.0)
    for field in ("maximum", "for_demand", "for_service", "for_presentation"):
        assert getattr(inside, field) == pytest.approx(getattr(found, field), abs=10.0)
    assert limits.take(np.array([0])).pack.tolist() == [100.0]


def test_orders_that_bring_many_goods_are_placed_when_it_costs_least():
    """Against all numbers of days: what an order costs and what lies, a day."""
    for value, cost, holding in itertools.product((3.0, 40.0), (5.0, 60.0), (0.0005, 0.004)):
        days = np.arange(1, 4001) / 4.0
        best = days[np.argmin(cost / days + holding * value * days / 2.0)]
        assert levels.common_cycle(value, cost, holding) == pytest.approx(best, abs=0.25)
    assert levels.common_cycle([0.0, 0.0, 2.0], [1.0, 0.0, 0.0], 0.01).tolist() == [math.inf, 0, 0]
    with pytest.raises(ValueError, match="Holding"):
        levels.common_cycle(1.0, 1.0, 0.0)
