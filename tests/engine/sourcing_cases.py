"""Random sourcing problems, small enough for an independent truth."""

from __future__ import annotations

import numpy as np

from engine.sourcing import CostPart, MissingCost, OrderLine, Site, SourcingProblem

KINDS = ("plain", "shared", "fractional", "ties")


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
