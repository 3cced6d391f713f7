"""The field's strategies once more, in plain loops over whole steps; slow, and independent."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any

from sourcing_truth import whole_steps

from engine.sourcing import SourcingPlan, SourcingProblem

Taken = dict[tuple[Any, int], int]
"""Steps by product and position of the site."""


class Order:
    """A problem in whole steps, as nested dicts and lists."""

    def __init__(self, problem: SourcingProblem) -> None:
        self.problem = problem
        self.sites = list(range(len(problem.sites)))
        self.products = list(dict.fromkeys(line.product for line in problem.lines))
        self.lines: list[tuple[Any, int]] = []
        self.have: dict[Any, list[int]] = {}
        self.price: dict[Any, list[float]] = {}
        self.row: dict[Any, int] = {}
        for row, line in enumerate(problem.lines):
            step = float(problem.rounding[row])
            self.lines.append((line.product, whole_steps(line.quantity, step)))
            self.row.setdefault(line.product, row)
            self.have[line.product] = [
                whole_steps(float(problem.stock[row, site]), step) for site in self.sites
            ]
            self.price[line.product] = [
                sum(float(part.per_unit[row, site]) for part in problem.parts) * step
                for site in self.sites
            ]
        self.parcel = [
            sum(float(part.per_parcel[site]) for part in problem.parts) for site in self.sites
        ]

    def need(self) -> dict[Any, int]:
        """Steps of each product."""
        need = dict.fromkeys(self.products, 0)
        for product, steps in self.lines:
            need[product] += steps
        return need

    def most(self, sites: Iterable[int]) -> dict[Any, int]:
        """What some sites can fill of each product."""
        sites = list(sites)
        return {
            product: min(steps, sum(self.have[product][site] for site in sites))
            for product, steps in self.need().items()
        }

    def sets(self) -> Iterable[tuple[int, ...]]:
        """Every set of sites, small ones first."""
        for size in range(len(self.sites) + 1):
            yield from itertools.combinations(self.sites, size)


def taken_by(problem: SourcingProblem, plan: SourcingPlan) -> Taken:
    """A plan as steps by product and site."""
    rows = {line.key: row for row, line in enumerate(problem.lines)}
    position = {site.key: number for number, site in enumerate(problem.sites)}
    taken: Taken = {}
    for given in plan.assignments:
        row = rows[given.line]
        key = problem.lines[row].product, position[given.site]
        taken[key] = taken.get(key, 0) + round(given.quantity / float(problem.rounding[row]))
    return taken


def cost_of(order: Order, taken: Taken, free: Iterable[int] = ()) -> float:
    """What a plan costs, without what is missing."""
    used = {site for (_product, site), steps in taken.items() if steps}
    return sum(order.parcel[site] for site in used - set(free)) + sum(
        steps * order.price[product][site] for (product, site), steps in taken.items()
    )


def source_by_source(order: Order, sources: list[int]) -> Taken:
    """Magento's source selection: source items in order of the sources, SKU by SKU."""
    need, taken = order.need(), {}
    for source in sources:
        for sku in order.products:
            deduct = min(max(order.have[sku][source], 0), need[sku])
            if deduct:
                taken[sku, source] = deduct
            need[sku] -= deduct
    return taken


def whole_else_nearest(order: Order, away: list[float]) -> Taken:
    """The nearest site that has everything, else source by source."""
    sources = sorted(order.sites, key=lambda site: (away[site], site))
    for site in sources:
        if all(order.have[product][site] >= steps for product, steps in order.need().items()):
            return source_by_source(order, [site])
    return source_by_source(order, sources)


def most_covering(order: Order, away: list[float]) -> Taken:
    """Again and again the site that covers most units, the nearest of equals."""
    need, taken = order.need(), {}
    left = {product: list(steps) for product, steps in order.have.items()}
    while True:
        best, best_key = None, None
        for site in order.sites:
            units = 0.0
            for product in order.products:
                step = float(order.problem.rounding[order.row[product]])
                units += min(need[product], left[product][site]) * step
            key = (-round(units, 9), away[site], site)
            if units > 0 and (best_key is None or key < best_key):
                best, best_key = site, key
        if best is None:
            return taken
        for product in order.products:
            steps = min(need[product], left[product][best])
            if steps:
                taken[product, best] = taken.get((product, best), 0) + steps
                need[product] -= steps
                left[product][best] -= steps


def filled_alone(order: Order) -> list[int]:
    """How many lines each site could fill wholly."""
    return [
        sum(1 for product, steps in order.lines if steps and order.have[product][site] >= steps)
        for site in order.sites
    ]


def spree_order(order: Order, preferred: list[bool], default: list[bool]) -> list[int]:
    """Spree's reducer: the first rule that is no tie picks, then the rest are ranked again."""
    covered = filled_alone(order)
    rules: list[Callable[[int], int | None]] = [
        lambda site: 0 if preferred[site] else None,
        lambda site: -covered[site],
        lambda site: 0 if default[site] else 1,
    ]

    def pick(remaining: list[int]) -> int:
        for rule in rules:
            ranks = {site: rule(site) for site in remaining if rule(site) is not None}
            if not ranks:
                continue
            top = [site for site, rank in ranks.items() if rank == min(ranks.values())]
            if len(top) == 1:
                return top[0]
            remaining = top
        return min(remaining, key=lambda site: (0 if default[site] else 1, site))

    remaining, ordered = list(order.sites), []
    while remaining:
        chosen = pick(remaining)
        ordered.append(chosen)
        remaining.remove(chosen)
    return ordered


def combinations_until_covered(order: Order, km: list[float]) -> tuple[int, float]:
    """How many sites the smallest sets that cover the order have, and their least mean distance."""
    goal = order.most(order.sites)
    for size in range(len(order.sites) + 1):
        means = [
            sum(km[site] for site in sites) / size if size else 0.0
            for sites in itertools.combinations(order.sites, size)
            if order.most(sites) == goal
        ]
        if means:
            return size, min(means)
    raise AssertionError("all sites together cover what can be covered")


def cheapest_in(
    order: Order,
    sites: Iterable[int],
    goal: dict[Any, int],
    amount: Callable[[Any, int], float] = lambda _product, _site: 0.0,
) -> tuple[float, Taken] | None:
    """Fill a goal from some sites step by step: least of an amount, then least cost.

    :return: the amount in all, and what is taken; None if the sites have too little
    """
    total, taken = 0.0, {}
    for product, steps in goal.items():
        offers = sorted(
            (amount(product, site), order.price[product][site], site)
            for site in sites
            for _step in range(order.have[product][site])
        )[:steps]
        if len(offers) < steps:
            return None
        for much, _price, site in offers:
            total += much
            taken[product, site] = taken.get((product, site), 0) + 1
    return total, taken


def least_amount_then_cost(
    order: Order, amount: Callable[[Any, int], float]
) -> tuple[float, float]:
    """Of all plans that fill what can be filled: least amount, then least cost; brute force."""
    goal = order.most(order.sites)
    best = (math.inf, math.inf)
    for sites in order.sets():
        found = cheapest_in(order, sites, goal, amount)
        if found is not None:
            cost = cost_of(order, found[1])
            best = min(best, (round(found[0], 6), cost))
    return best


def earliest_then_cost(order: Order, days: list[float]) -> tuple[float, float]:
    """Of all plans that fill what can be filled: earliest last parcel, then cost; brute force."""
    goal = order.most(order.sites)
    best = (math.inf, math.inf)
    for sites in order.sets():
        found = cheapest_in(order, sites, goal)
        if found is not None:
            last = max((days[site] for site in sites), default=0.0)
            best = min(best, (last, cost_of(order, found[1])))
    return best
