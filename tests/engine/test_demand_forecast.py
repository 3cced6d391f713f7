"""Forecasts in worlds whose truth is known: bias, calibration, and what must not mislead them."""

from dataclasses import replace

import numpy as np
import pytest
from demand_truth import world

from engine.demand import METHODS, History, Promotion, forecast
from engine.demand.history import by_weeks

CHANCES = (0.5, 0.8, 0.9, 0.95, 0.99)


def truth(made):
    group = made.history.group[made.history.product]
    return made.rate * made.season[group, -made.ahead :].mean(1) * made.ahead


def arrays(result):
    return result.rate, result.trend, result.dispersion, result.doubt, result.method


@pytest.mark.parametrize(
    "kind",
    [
        {},
        {"busy": 0.02},
        {"busy": 5.0},
        {"uneven": 2.0},
        {"swing": 0.6},
        {"drift": 0.5},
        {"out": 0.3},
        {"size": 6},
        {"uneven": 1.0, "swing": 0.5, "out": 0.2, "drift": 0.2},
    ],
    ids=str,
)
def test_no_bias_and_calibrated(kind):
    """What comes stays below a quantile as often as it says; whole units make it a bit oftener."""
    made = world(**kind)
    result = forecast(made.history)
    mean, true = result.mean(made.ahead), truth(made)
    assert mean.sum() == pytest.approx(true.sum(), rel=0.03)
    off = ((mean - true) ** 2).sum() / (true**2).sum()
    assert off < 0.02
    for chance in CHANCES:
        spot = result.quantile(chance, made.ahead)
        below, reached = (made.future < spot).mean(), (made.future <= spot).mean()
        # The step of a law of counts that a chance lies on goes from one to the other.
        assert below - 0.025 <= chance <= reached + 0.025


def test_thin_series_learn_from_others():
    """Nearer to the truth than the mean of each series' own demand, by far."""
    made = world(busy=0.01, weeks=52, seed=4)
    history, true = made.history, truth(made)
    own = np.bincount(history.series, history.quantity, history.product.size)
    own *= made.ahead / history.days
    pooled = forecast(history).mean(made.ahead)
    assert ((pooled - true) ** 2 / true).sum() < 0.55 * ((own - true) ** 2 / true).sum()
    assert ((pooled - true) ** 2).sum() < ((own - true) ** 2).sum()


def test_days_without_stock_are_no_days_without_demand():
    made = world(out=0.5, seed=6, swing=0.0)
    blind = replace(
        made.history,
        out_series=np.zeros(0, dtype=int),
        out_from=np.zeros(0),
        out_to=np.zeros(0),
    )
    true = truth(made).sum()
    assert forecast(made.history).mean(made.ahead).sum() == pytest.approx(true, rel=0.03)
    assert forecast(blind).mean(made.ahead).sum() < 0.85 * true


def test_demand_that_was_seen_without_stock_is_counted_once():
    """All of what nobody could be given was written down: as if there had been stock."""
    made = world(seed=7)
    random = np.random.default_rng(1)
    count = made.history.product.size
    begin = random.uniform(0.0, 400.0, count)
    marked = replace(
        made.history, out_series=np.arange(count), out_from=begin, out_to=begin + 120.0
    )
    expected = forecast(made.history).mean(made.ahead)
    got = forecast(marked).mean(made.ahead)
    assert got.sum() == pytest.approx(expected.sum(), rel=0.02)


def test_an_outlier_is_marked_and_does_not_last():
    made = world(busy=0.3, seed=8)
    history = made.history
    row = int(np.argmin(np.abs(made.rate - 0.3)))
    spiked = replace(
        history,
        series=np.append(history.series, row),
        day=np.append(history.day, history.days - 20),
        quantity=np.append(history.quantity, 300.0),
    )
    before, after = forecast(history), forecast(spiked)
    assert after.outlier[row] and not before.outlier[row]
    assert after.outlier.sum() <= before.outlier.sum() + 1
    assert after.mean(28)[row] < 1.5 * before.mean(28)[row] + 1.0


def test_a_new_level_is_no_outlier():
    made = world(busy=0.5, seed=9)
    history = made.history
    row = int(np.argmin(np.abs(made.rate - 0.5)))
    days = np.arange(history.days - 70, history.days)
    raised = replace(
        history,
        series=np.append(history.series, np.full(days.size, row)),
        day=np.append(history.day, days),
        quantity=np.append(history.quantity, np.full(days.size, 6.0)),
    )
    result = forecast(raised)
    assert METHODS[result.method[row]] != "pooled"
    assert result.mean(28)[row] > 0.6 * 28 * 6.5


def promoted(made, factor, product, begin, days):
    """The same history with more of a product wanted for some days at all sites."""
    random = np.random.default_rng(3)
    series = np.flatnonzero(made.history.product == product)
    more = random.poisson(made.rate[series][:, None] * (factor - 1.0), (series.size, days))
    row, day = np.nonzero(more)
    return replace(
        made.history,
        series=np.concatenate((made.history.series, series[row])),
        day=np.concatenate((made.history.day, begin + day)),
        quantity=np.concatenate((made.history.quantity, more[row, day])),
    )


def test_promotions_told_or_detected_do_not_raise_what_is_usual():
    made = world(busy=1.0, spread=0.3, seed=10, products=100)
    product, begin = 17, made.history.days - 35
    plain = forecast(made.history).mean(28)
    history = promoted(made, 5.0, product, begin, 14)
    mine = history.product == product
    detected = forecast(history)
    assert detected.promoted[mine].all() and detected.promoted.sum() <= 3 * mine.sum()
    assert detected.mean(28)[mine].sum() == pytest.approx(plain[mine].sum(), rel=0.1)
    told = replace(history, promotions=(Promotion(np.array([product]), begin, begin + 13),))
    result = forecast(told)
    assert result.factors[0] == pytest.approx(5.0, rel=0.15)
    assert result.mean(28)[mine].sum() == pytest.approx(plain[mine].sum(), rel=0.1)


def test_a_promotion_to_come_raises_its_days_only():
    made = world(products=30, sites=3, weeks=30)
    days = made.history.days
    sites = np.array([1])
    coming = Promotion(np.array([4]), days + 7, days + 13, 3.0, sites)
    plain = forecast(made.history)
    raised = forecast(replace(made.history, promotions=(coming,)))
    mine = (made.history.product == 4) & (made.history.site == 1)
    assert raised.mean(7) == pytest.approx(plain.mean(7))
    ratio = raised.mean(14) / plain.mean(14)
    assert ratio[mine] == pytest.approx(2.0)
    assert ratio[~mine] == pytest.approx(1.0)


def test_new_products_start_like_those_alike():
    """Ten days old and hardly wanted yet: forecast like neighbors of its price, not nothing."""
    made = world(products=120, sites=8, groups=2, busy=0.5, seed=12)
    history = made.history
    fresh = np.arange(0, 120, 10)
    young = np.isin(history.product, fresh)
    kept = ~young[history.series] | (history.day >= history.days - 10)
    newly = replace(
        history,
        series=history.series[kept],
        day=history.day[kept],
        quantity=history.quantity[kept],
        first=np.where(young, history.days - 10.0, 0.0),
    )
    result = forecast(newly)
    assert (result.new == young).all()
    true = truth(made)
    by_product = np.bincount(history.product, result.mean(made.ahead))[fresh]
    right = np.bincount(history.product, true)[fresh]
    off = np.abs(np.log(by_product / right))
    assert off.max() < 0.8 and off.mean() < 0.2
    assert ((result.mean(made.ahead) - true)[young] ** 2).sum() < 0.3 * (true[young] ** 2).sum()


def test_the_order_of_rows_and_the_size_of_chunks_do_not_matter(monkeypatch):
    made = world(products=40, sites=6, swing=0.3, out=0.2, seed=13)
    history = made.history
    expected = forecast(history)
    random = np.random.default_rng(0)
    events, series = random.permutation(history.series.size), random.permutation(240)
    place = np.argsort(series)
    moved = replace(
        history,
        product=history.product[series],
        site=history.site[series],
        series=place[history.series[events]],
        day=history.day[events],
        quantity=history.quantity[events],
        out_series=place[history.out_series],
    )
    for got, right in zip(arrays(forecast(moved)), arrays(expected), strict=True):
        assert got == pytest.approx(right[series], rel=1e-4, abs=1e-7)
    monkeypatch.setattr("engine.demand.history.PIECE", 100)
    monkeypatch.setattr("engine.demand.forecasting.CHUNK", 7)
    for got, right in zip(arrays(forecast(history)), arrays(expected), strict=True):
        assert got == pytest.approx(right, rel=1e-4, abs=1e-7)


def test_twice_as_much_is_forecast_as_twice_as_much():
    made = world(products=60, sites=6, swing=0.4, busy=1.0, seed=14)
    doubled = replace(made.history, quantity=made.history.quantity * 2.0)
    once, twice = forecast(made.history), forecast(doubled)
    assert twice.mean(28).sum() == pytest.approx(2.0 * once.mean(28).sum(), rel=0.01)
    many = once.mean(28) > 10.0
    assert twice.mean(28)[many] == pytest.approx(2.0 * once.mean(28)[many], rel=0.2)
    assert twice.variance(28).sum() == pytest.approx(4.0 * once.variance(28).sum(), rel=0.1)


def test_decimals_keep_their_parts():
    made = world(products=40, sites=5, busy=2.0, seed=15)
    weighed = replace(
        made.history,
        quantity=made.history.quantity * 0.125,
        decimal=np.ones(40, dtype=bool),
    )
    result = forecast(weighed)
    assert result.mean(28).sum() == pytest.approx(truth(made).sum() * 0.125, rel=0.03)
    reached = (made.future * 0.125 <= result.quantile(0.9, 28)).mean()
    assert reached == pytest.approx(0.9, abs=0.03)
    assert (result.quantile(0.9, 28) % 1.0 != 0.0).any()


def test_days_of_the_week_and_horizons_add_up():
    made = world(busy=3.0, products=50, sites=4, seed=16)
    result = forecast(made.history)
    shares = np.array([0.8, 0.8, 0.9, 1.0, 1.3, 1.6, 0.6])
    assert result.weekday.mean(0) == pytest.approx(shares, abs=0.05)
    week = [result.mean(day + 1.0) - result.mean(float(day)) for day in range(7)]
    assert sum(week) == pytest.approx(result.mean(7))
    assert week[5].sum() > 2.0 * week[6].sum()
    each = result.mean(np.where(made.history.site == 0, 10.0, 20.0))
    assert each[made.history.site == 0] == pytest.approx(result.mean(10.0)[::4])
    with pytest.raises(ValueError, match="ahead"):
        result.mean(2000.0)


def test_nonsense_gives_no_nan():
    made = world(products=20, sites=4, weeks=20)
    history = made.history
    odd = replace(
        history,
        quantity=np.concatenate((history.quantity, [np.nan, np.inf, -5.0, 3.0, 4.0, 1e9])),
        series=np.concatenate((history.series, [0, 1, 2, 3, 4, 5])),
        day=np.concatenate((history.day, [1, 1, 1, -8, 10**6, 30])),
        out_series=np.array([0, 1, 2]),
        out_from=np.array([np.nan, 5.0, -1e9]),
        out_to=np.array([3.0, np.nan, 1e9]),
        likeness=np.where(np.arange(20) % 3, np.nan, np.inf),
    )
    result = forecast(odd)
    assert result.odd == 5
    for values in (*arrays(result), result.bias, result.quantile(0.95, 14)):
        assert np.isfinite(values).all()
    spared = np.arange(80) > 5
    assert result.mean(14)[spared] == pytest.approx(forecast(history).mean(14)[spared], rel=0.5)


def test_nothing_at_all_is_forecast_as_nothing():
    none = np.zeros(0, dtype=int)
    history = History(70, np.arange(3), np.zeros(3, int), np.zeros(3, int), none, none, np.zeros(0))
    result = forecast(history)
    assert result.quantile(0.95, 14).max() == 0.0
    assert result.mean(14).max() < 1e-3
    nobody = History(70, none, none, none, none, none, np.zeros(0))
    assert forecast(nobody).mean(14).size == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"days": 3}, "week"),
        ({"days": 20}, "four weeks"),
        ({"day": np.zeros(1, dtype=int)}, "day"),
        ({"product": np.array([0, 9])}, "product"),
        ({"series": np.array([2, 0, 0])}, "series"),
        ({"first": np.zeros(7)}, "first"),
    ],
)
def test_histories_that_do_not_fit_are_refused(change, words):
    three = np.zeros(3, dtype=int)
    given = {
        "days": 70,
        "product": np.array([0, 1]),
        "site": np.zeros(2, dtype=int),
        "group": np.zeros(2, dtype=int),
        "series": three,
        "day": three,
        "quantity": np.ones(3),
    }
    with pytest.raises(ValueError, match=words):
        forecast(History(**{**given, **change}))


def test_weeks_against_a_loop():
    made = world(products=5, sites=3, weeks=9, out=0.3, seed=21)
    history = replace(made.history, first=np.where(np.arange(15) % 4 == 0, 20.5, 0.0))
    weeks = by_weeks(history)
    table, gaps = np.zeros((15, 9)), np.zeros((15, 9))
    for series, day, quantity in zip(history.series, history.day, history.quantity, strict=True):
        table[series, day // 7] += quantity
    spans = [*zip(history.out_series, history.out_from, history.out_to, strict=True)]
    spans += [(row, 0.0, 20.5) for row in range(0, 15, 4)]
    for series, begin, end in spans:
        for week in range(9):
            gaps[series, week] += max(min(end, 7 * week + 7) - max(begin, 7 * week), 0.0) / 7
    got = np.zeros((15, 9))
    got[weeks.series, weeks.week] = weeks.quantity
    assert (got == table).all()
    got = np.zeros((15, 9))
    got[weeks.gap_series, weeks.gap_week] = weeks.gap
    assert got == pytest.approx(np.minimum(gaps, 1.0))
