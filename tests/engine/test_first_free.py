"""A split is a parcel beyond the first: every sum says so, and says the same."""

import dataclasses
import itertools

import numpy as np
import pytest

from engine.batch import BatchOrder, BatchProblem, solve_batch
from engine.sourcing import (
    PRESETS,
    CostPart,
    Facts,
    Limits,
    MissingCost,
    OrderLine,
    Site,
    SourcingProblem,
    explain,
    solve,
)
from engine.sourcing.stages import Stage, solve_stages

SPLIT = 3.0


def make(rng, *, penalty=None, max_sites=None):
    """Two lines over three sites with a few units each; the split is priced."""
    shape = 2, 3
    missing = rng.uniform(5.0, 40.0, 2) if penalty is None else np.full(2, penalty)
    ones, zeros = np.ones(3), np.zeros(shape)
    return SourcingProblem(
        lines=(OrderLine("a", "A", float(rng.integers(1, 4))), OrderLine("b", "B", 2.0)),
        sites=tuple(Site(name, name) for name in "xyz"),
        stock=rng.integers(0, 4, shape).astype(float),
        parts=(
            CostPart("parcel", rng.uniform(0.0, 6.0, 3), zeros, "parcels", ones, zeros),
            CostPart("split", SPLIT * ones, zeros, "parcels", ones, zeros, True),
            CostPart("distance", np.zeros(3), rng.uniform(0.0, 4.0, shape)),
        ),
        missing=MissingCost(0.0, missing),
        limits=Limits(max_sites=max_sites),
    )


def price(problem, given):
    """What a plan costs, told apart from the engine: so many parcels less one are splits."""
    used = given.any(axis=0)
    parcels = int(used.sum())
    cost = problem.parts[0].per_parcel[used].sum() + SPLIT * max(parcels - 1, 0)
    cost += (problem.parts[2].per_unit * given).sum()
    left = problem.quantities - given.sum(axis=1)
    return float(cost + left @ problem.missing.per_unit)


def cheapest(problem):
    """The cheapest of all plans there are."""
    choices = []
    for row, line in enumerate(problem.lines):
        amounts = [range(int(held) + 1) for held in problem.stock[row]]
        choices.append([g for g in itertools.product(*amounts) if sum(g) <= line.quantity])
    plans = (np.array(plan, dtype=float) for plan in itertools.product(*choices))
    most = problem.limits.max_sites or 3
    return min(price(problem, plan) for plan in plans if plan.any(axis=0).sum() <= most)


def given_by(problem, plan):
    given = np.zeros(problem.stock.shape)
    rows = {line.key: row for row, line in enumerate(problem.lines)}
    columns = {site.key: column for column, site in enumerate(problem.sites)}
    for each in plan.assignments:
        given[rows[each.line], columns[each.site]] += each.quantity
    return given


def agrees(problem, plan):
    """The sums of a plan are those of its parts, and what an independent count says."""
    assert plan.cost == pytest.approx(price(problem, given_by(problem, plan)))
    assert sum(amount for _name, amount in plan.costs) == pytest.approx(plan.cost)
    splits = max(len(plan.sites) - 1, 0)
    assert dict(plan.costs)["split"] == pytest.approx(SPLIT * splits)
    assert ("split", splits, "parcels") in plan.amounts
    assert plan.lower_bound <= plan.cost + 1e-9


@pytest.mark.parametrize("max_sites", [None, 2])
def test_the_cheapest_plan_is_found(max_sites):
    shipped = 0
    for seed in range(150):
        problem = make(np.random.default_rng(seed), max_sites=max_sites)
        plan = solve(problem)
        agrees(problem, plan)
        best = cheapest(problem)
        assert plan.cost == pytest.approx(best)
        assert plan.proven
        shipped += bool(plan.assignments)
    assert shipped > 100, "hardly anything was compared"


def test_what_is_worth_a_parcel_but_no_split_is_shipped():
    """Missing costs 5, a parcel 4: only a first parcel that were charged for a split costs more."""
    problem = dataclasses.replace(
        make(np.random.default_rng(0), penalty=2.5),
        lines=(OrderLine("a", "A", 1.0), OrderLine("b", "B", 1.0)),
        stock=np.array([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]),
        parts=(
            CostPart("parcel", np.full(3, 4.0), np.zeros((2, 3))),
            CostPart("split", np.full(3, SPLIT), np.zeros((2, 3)), first_free=True),
        ),
    )
    plan = solve(problem)
    assert (plan.sites, plan.cost, plan.proven) == (("x",), 4.0, True)


def test_header_table_and_parts_agree():
    for seed in range(60):
        problem = make(np.random.default_rng(seed), penalty=40.0, max_sites=[None, 2][seed % 2])
        plan = solve(problem)
        explanation = explain(problem, plan)
        verdicts = {verdict.site: verdict for verdict in explanation.verdicts}
        shares = [dict(verdicts[site].costs) for site in plan.sites]
        parts = dict(plan.costs)
        for name in ("parcel", "split", "distance"):
            assert sum(share[name] for share in shares) == pytest.approx(parts[name])
        if len(plan.sites) == 1 and not plan.missing:
            assert verdicts[plan.sites[0]].alone_cost == pytest.approx(plan.cost)
        for site, verdict in verdicts.items():
            if verdict.alone_cost is None or problem.limits.max_sites:
                continue
            only = problem.stock * [key.key == site for key in problem.sites]
            alone = solve(dataclasses.replace(problem, stock=only))
            assert verdict.alone_cost == pytest.approx(alone.cost)
            if site not in plan.sites and not verdict.extra_is_bound:
                assert plan.cost + verdict.extra_cost >= cheapest(problem) - 1e-9
        if explanation.runner_up:
            other = explanation.runner_up
            agrees(problem, other.plan)
            assert other.margin == pytest.approx(other.plan.cost - plan.cost)


@pytest.mark.parametrize("key", sorted(PRESETS))
def test_rules_of_thumb_count_the_same(key):
    for seed in range(10):
        problem = make(np.random.default_rng(seed), penalty=40.0)
        facts = Facts(priority=[1, 2, 3], kilometers=np.array([1.0, 2.0, 3.0]))
        try:
            plan = PRESETS[key](problem, facts)
        except ValueError:
            pytest.skip("asks for more facts")
        agrees(problem, plan)
        assert plan.lower_bound <= cheapest(problem) + 1e-9


def test_a_chain_charges_what_comes_after_the_first_stage():
    """What a second stage adds is a split, though it is the first parcel of its own plan."""
    for seed in range(30):
        problem = make(np.random.default_rng(seed), penalty=40.0)
        stages = [
            Stage("near", sites=[True, False, False], accept="part"),
            Stage("any", accept="any"),
        ]
        agrees(problem, solve_stages(problem, stages).plan)


@pytest.mark.parametrize("method", ["sequence", "auto"])
def test_batch(method):
    """Orders that share no stock cost together what each costs alone; so do the bounds."""
    orders, stock, alone = [], {}, 0.0
    for seed in range(8):
        problem = make(np.random.default_rng(seed), penalty=40.0, max_sites=[None, 2][seed % 2])
        problem = dataclasses.replace(
            problem,
            lines=tuple(
                dataclasses.replace(line, product=(seed, line.product)) for line in problem.lines
            ),
        )
        orders.append(BatchOrder(seed, problem))
        for row, line in enumerate(problem.lines):
            for column, site in enumerate(problem.sites):
                stock[line.product, site.key] = float(problem.stock[row, column])
        alone += cheapest(problem)
    batch = solve_batch(BatchProblem(tuple(orders), stock), method=method)
    assert batch.cost == pytest.approx(alone)
    assert batch.lower_bound == pytest.approx(alone)
    assert batch.greedy_cost == pytest.approx(alone)
    assert batch.stages[-1].cost == pytest.approx(alone)
    for order in orders:
        agrees(order.problem, batch.plans[order.key])


def test_kept_and_read_again():
    problem = make(np.random.default_rng(1))
    again = SourcingProblem.from_dict(problem.to_dict())
    assert again.waived == SPLIT
    assert solve(again) == solve(problem)


def test_unequal_parcels_are_refused():
    problem = make(np.random.default_rng(1))
    unequal = CostPart("split", [1.0, 2.0, 1.0], np.zeros((2, 3)), first_free=True)
    with pytest.raises(ValueError, match="first parcel is free of"):
        dataclasses.replace(problem, parts=(unequal,))
