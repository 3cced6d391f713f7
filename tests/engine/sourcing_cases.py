"""Random sourcing problems, small enough for an independent truth."""

from __future__ import annotations

import dataclasses

import numpy as np

from engine.sourcing import (
    Budget,
    CostPart,
    Limits,
    MissingCost,
    OrderLine,
    Site,
    SourcingProblem,
)

KINDS = ("plain", "shared", "fractional", "ties")
LIMITS = (
    "max_sites",
    "max_sites_per_line",
    "whole_lines",
    "whole_order",
    "together",
    "min_value",
    "unit_capacity",
    "budgets",
)


def random_problem(
    rng: np.random.Generator, kind: str, *, most_lines: int = 5, most_sites: int = 8
) -> SourcingProblem:
    """Draw a problem.

    :param kind: 'plain'; 'shared': lines that ask for the same product, at different penalties;
        'fractional': decimal quantities, stock and steps; 'ties': small whole costs and ranks
    """
    n_lines = int(rng.integers(1, most_lines + 1))
    n_sites = int(rng.integers(1, most_sites + 1))
    shape = n_lines, n_sites
    quantity = rng.integers(1, rng.choice([2, 5, 13]), n_lines).astype(float)
    product = rng.integers(0, n_lines, n_lines) if kind == "shared" else np.arange(n_lines)
    held = rng.random(shape) < rng.choice([0.15, 0.3, 0.6, 0.9])
    stock = rng.integers(1, rng.choice([3, 7, 16]), shape) * held.astype(float)
    if kind == "ties":
        parcel = rng.integers(0, 4, n_sites).astype(float)
        distance = rng.integers(0, 3, n_sites).astype(float)
        handling = rng.integers(0, 2, shape).astype(float)
        penalty = rng.integers(0, 8, n_lines).astype(float)
        rank = rng.integers(0, 3, n_sites)
    else:
        parcel = rng.random(n_sites) * 10 if rng.random() < 0.5 else np.full(n_sites, 8.759)
        distance = rng.random(n_sites) * rng.choice([0.5, 3.0, 10.0])
        handling = rng.random(shape) * rng.choice([0.0, 0.5])
        penalty = rng.random(n_lines) * rng.choice([1.0, 10.0])
        rank = np.zeros(n_sites, dtype=int)
    rounding = np.ones(n_lines)
    if kind == "fractional":
        rounding = rng.choice([1.0, 0.5, 0.1, 0.25], n_lines)
        stock += np.round(rng.random(shape), 2) * held
        quantity += np.round(rng.random(n_lines), 1)
    return SourcingProblem(
        lines=tuple(
            OrderLine(f"line {i}", int(product[i]), float(quantity[i])) for i in range(n_lines)
        ),
        sites=tuple(Site(j, f"site {j}", int(rank[j])) for j in range(n_sites)),
        stock=stock[product],
        parts=(
            CostPart("parcel", parcel, np.zeros(shape)),
            CostPart("distance", np.zeros(n_sites), np.broadcast_to(distance, shape)),
            CostPart("handling", np.zeros(n_sites), handling[product]),
        ),
        missing=MissingCost(float(rng.choice([0.0, 3.0, 17.5])), penalty),
        rounding=rounding[product],
    )


def simple_problem(
    stock: list[list[float]],
    quantities: list[float],
    *,
    parcel: float | list[float] = 5.0,
    unit: list[float] | None = None,
    ranks: list[int] | None = None,
    missing: tuple[float, float] = (50.0, 10.0),
    rounding: list[float] | None = None,
    products: list[str] | None = None,
) -> SourcingProblem:
    """A problem written by hand: sites 'A', 'B', …, lines 'l0', 'l1', ….

    :param unit: cost of any unit from each site
    :param missing: penalty per order and per unit
    """
    table = np.array(stock, dtype=float)
    n_lines, n_sites = table.shape
    names = [chr(ord("A") + position) for position in range(n_sites)]
    per_unit = np.zeros(n_sites) if unit is None else np.array(unit)
    return SourcingProblem(
        lines=tuple(
            OrderLine(f"l{row}", products[row] if products else f"p{row}", quantity)
            for row, quantity in enumerate(quantities)
        ),
        sites=tuple(
            Site(name, f"Site {name}", rank)
            for name, rank in zip(names, ranks or [0] * n_sites, strict=True)
        ),
        stock=table,
        parts=(
            CostPart("parcel", np.full(n_sites, parcel), np.zeros(table.shape))
            if isinstance(parcel, float)
            else CostPart("parcel", np.array(parcel), np.zeros(table.shape)),
            CostPart("distance", np.zeros(n_sites), np.tile(per_unit, (n_lines, 1))),
        ),
        missing=MissingCost(missing[0], np.full(n_lines, missing[1])),
        rounding=rounding,
    )


def limited(
    rng: np.random.Generator, problem: SourcingProblem, names: tuple[str, ...]
) -> SourcingProblem:
    """The problem under random limits, tight enough to matter often.

    :param names: which limits, of ``LIMITS``
    """
    return dataclasses.replace(problem, limits=Limits(**random_limits(rng, problem, names)))


def random_limits(
    rng: np.random.Generator, problem: SourcingProblem, names: tuple[str, ...]
) -> dict:
    """Draw arguments of ``Limits`` for a problem."""
    n_lines, n_sites = problem.stock.shape
    keys = [line.key for line in problem.lines]
    units = problem.quantities
    drawn: dict = {}
    if "max_sites" in names:
        drawn["max_sites"] = int(rng.integers(1, 4))
    if "max_sites_per_line" in names:
        drawn["max_sites_per_line"] = rng.integers(0, 4, n_lines)
    if "whole_lines" in names:
        drawn["whole_lines"] = rng.random(n_lines) < 0.6
    if "whole_order" in names:
        drawn["whole_order"] = bool(rng.random() < 0.8)
    if "together" in names:
        sizes = rng.integers(1, n_lines + 1, rng.integers(1, 3))
        drawn["together"] = tuple(
            tuple(keys[row] for row in rng.permutation(n_lines)[:size]) for size in sizes
        )
    if "min_value" in names:
        values = np.round(rng.random(n_lines) * 10, 2)
        drawn["values"] = values
        drawn["min_value"] = float(np.round(rng.random() * 0.6 * (values @ units), 2))
    if "unit_capacity" in names:
        capacity = rng.integers(0, max(2, int(units.sum())), n_sites).astype(float)
        capacity[rng.random(n_sites) < 0.3] = np.inf
        drawn["unit_capacity"] = capacity
    if "budgets" in names:
        drawn["budgets"] = tuple(
            Budget(
                f"budget {number}",
                rng.random(n_sites) * rng.choice([0.0, 3.0]),
                rng.random((n_lines, n_sites)),
                float(rng.random() * 0.8 * units.sum() + 0.5),
            )
            for number in range(rng.integers(1, 3))
        )
    return drawn
