"""Flows of many products at once are the best of each, by a solver."""

import numpy as np
import pytest
from balancing_truth import best_flows, random_flow

from engine.balancing.flows import EPSILON, Arcs, Curves, Flows


def check(donors, receivers, arcs, amounts, rooms):
    assert (amounts >= -EPSILON).all()
    for curves, owner in ((donors, arcs.donor), (receivers, arcs.receiver)):
        taken = np.bincount(owner, amounts, len(curves))
        most = np.add.reduceat(curves.width, curves.start[:-1])
        assert (taken <= most + 1e-6).all()
    if rooms is not None:
        assert (amounts <= rooms + 1e-6).all()


def worth(donors, receivers, arcs, costs, amounts):
    """What flows gain, counted anew."""
    total = -float(costs @ amounts)
    for curves, sign, owner in ((donors, -1.0, arcs.donor), (receivers, 1.0, arcs.receiver)):
        for curve, taken in enumerate(np.bincount(owner, amounts, len(curves)).tolist()):
            for step in range(curves.start[curve], curves.start[curve + 1]):
                part = min(curves.width[step], taken)
                total += sign * part * curves.value[step]
                taken -= part
    return total


@pytest.mark.parametrize("limited", [False, True])
@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_against_a_solver(seed, whole, limited):
    """20 times 150 products: the same gain as a linear program of all of them."""
    pytest.importorskip("highspy", reason="the oracle needs highspy")
    donors, receivers, arcs, costs, rooms = random_flow(
        np.random.default_rng(seed), 150, whole=whole
    )
    rooms = rooms if limited else None
    amounts, gains = Flows(donors, receivers, arcs, 150).solve(costs, rooms)
    check(donors, receivers, arcs, amounts, rooms)
    assert gains.sum() == pytest.approx(worth(donors, receivers, arcs, costs, amounts), abs=1e-5)
    assert gains.sum() == pytest.approx(best_flows(donors, receivers, arcs, costs, rooms), abs=1e-5)


def test_by_hand():
    """The donor that only one receiver can have gives to it, though another is nearer."""
    donors = Curves(np.array([0, 1, 2]), np.array([0.0, 0.0]), np.array([1.0, 1.0]))
    receivers = Curves(np.array([0, 1, 2]), np.array([10.0, 9.0]), np.array([1.0, 1.0]))
    arcs = Arcs(np.zeros(3, np.int64), np.array([0, 0, 1]), np.array([0, 1, 0]))
    amounts, gains = Flows(donors, receivers, arcs, 1).solve(np.array([1.0, 3.0, 2.0]))
    assert amounts.tolist() == [0.0, 1.0, 1.0]
    assert gains.tolist() == [14.0]


def test_only_some_products_and_closed_arcs():
    donors, receivers, arcs, costs, _rooms = random_flow(np.random.default_rng(9), 20, whole=True)
    flows = Flows(donors, receivers, arcs, 20)
    amounts, gains = flows.solve(costs)
    chosen = np.arange(20) % 2 == 0
    some, gained = flows.solve(costs, products=np.flatnonzero(chosen))
    assert gained.tolist() == np.where(chosen, gains, 0.0).tolist()
    assert some.tolist() == np.where(chosen[arcs.product], amounts, 0.0).tolist()
    closed = np.where(arcs.donor % 2 == 0, np.inf, costs)
    amounts, _gains = flows.solve(closed)
    assert not amounts[arcs.donor % 2 == 0].any()


def test_of_parallel_lanes_the_cheapest_is_taken():
    donors = Curves(np.array([0, 1]), np.array([1.0]), np.array([4.0]))
    receivers = Curves(np.array([0, 1]), np.array([10.0]), np.array([3.0]))
    arcs = Arcs(np.zeros(2, np.int64), np.zeros(2, np.int64), np.zeros(2, np.int64))
    flows = Flows(donors, receivers, arcs, 1)
    assert flows.solve(np.array([4.0, 2.0]))[0].tolist() == [0.0, 3.0]
    assert flows.solve(np.array([4.0, np.inf]))[0].tolist() == [3.0, 0.0]


@pytest.mark.parametrize("factor", [1e-3, 1e6, 1e9])
def test_the_currency_does_not_matter(factor):
    """The same flows for money that is worth little or much."""
    donors, receivers, arcs, costs, rooms = random_flow(np.random.default_rng(3), 60, whole=False)
    gains = Flows(donors, receivers, arcs, 60).solve(costs, rooms)[1]
    other = Flows(
        *(Curves(each.start, each.value * factor, each.width) for each in (donors, receivers)),
        *(arcs, 60),
    ).solve(costs * factor, rooms)[1]
    assert other == pytest.approx(gains * factor, rel=1e-6, abs=1e-6 * factor)
