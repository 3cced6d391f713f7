"""Sourcing where the price of a shipment is no sum over its units.

A site's cost is then a function of all that it ships, so the best shipment is looked for rather
than the best site of each unit: least costs of all totals, by adding one shipment after the other
(dynamic programming over amounts of lines). For each shipment only its cheapest site counts; should
that use a site twice, the sites that can still matter are added one by one, each once. Orders
with too many amounts get the best plan of a coarser grid, and a bound from straight lines below
the prices.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .plan import SourcingPlan, build_plan
from .problem import Array, CostPart, SourcingProblem
from .rules import Rules
from .tariff_grid import Board, Grid, tariff_prices

MOST_ADDED = 60_000
"""So many shipments of single sites are added one by one, which takes half a second or so."""

FEW_SITES = 6
"""How many sites besides those chosen a quick plan looks at when a site was used twice."""

POINTS_BELOW = (1.0, 0.5, 0.25)
"""Shares of the order's weight near which straight lines below the prices are close."""

Solver = Callable[..., SourcingPlan]


def solve_with_tariff(
    problem: SourcingProblem, solve: Solver, time_limit: float | None = None
) -> SourcingPlan:
    """Find the cheapest plan of an order whose problem has a tariff.

    :param solve: finds the cheapest plan of a problem without one
    :param time_limit: seconds after which the best plan found is good enough
    """
    rules = Rules.of(problem)
    if not len(rules.demand) or not rules.core.n_sites:
        return build_plan(problem, np.zeros(problem.stock.shape), lower_bound=None)
    deadline = None if time_limit is None else time.perf_counter() + time_limit
    return TariffSearch(problem, rules, deadline).run(solve)


class TariffSearch:
    """One search; see :meth:`run`.

    :param problem: with a tariff
    :param rules: the same, reduced
    :param deadline: when to settle for the best found
    """

    def __init__(
        self, problem: SourcingProblem, rules: Rules, deadline: float | None = None
    ) -> None:
        self.problem, self.rules = problem, rules
        self._deadline = deadline
        self.slack = 1e-11 * (rules.core.scale + abs(rules.nothing))
        self.best = np.zeros(rules.supply.shape)
        self.cost = rules.nothing
        self.bound = -np.inf

    def run(self, solve: Solver) -> SourcingPlan:
        """Find the best plan.

        :param solve: finds the cheapest plan of a problem without a tariff
        """
        core = self.rules.core
        grid = Grid.of(self.rules.demand)
        if grid is not None:
            bound = self._fill(Board(self.problem, self.rules, grid))
            if grid.is_exact:
                self.bound = bound
        if not self._is_proven():
            self._look_below(solve)
        steps = self.rules.steps(self.problem, self.best)
        proven = self._is_proven()
        bound = None if proven else self.bound + core.sunk - core.hairs
        return build_plan(self.problem, steps, lower_bound=bound)

    def _is_proven(self) -> bool:
        return self.cost <= self.bound + self.slack

    def offer(self, given: Array) -> float:
        """Keep a plan if it keeps the limits and is better.

        :param given: shape (L, n): steps
        :return: its cost, with the hairs of the tie rule; ``inf`` if it breaks a limit
        """
        if self.rules.broken(given) is not None:
            return np.inf
        cost = self.true_cost(given)
        if cost < self.cost - self.slack / 16.0:
            self.best, self.cost = given, cost
        return cost

    def true_cost(self, given: Array) -> float:
        """What a plan costs with the tariff and the hairs of the tie rule."""
        used = np.flatnonzero(given.any(axis=0))
        prices = tariff_prices(self.problem, self.rules, given[:, used].T)
        return self.rules.cost(given) + float(prices[np.arange(len(used)), used].sum())

    # On a grid.

    def _fill(self, board: Board) -> float:
        """Find the best plan on a grid.

        :return: no plan on it costs less
        """
        layers, cheapest = self._layers(board)
        bound = float(layers[-1][-1])
        shipments = _trace(board, layers, cheapest)
        sites = board.table.argmin(axis=1)
        given = np.zeros(self.rules.supply.shape)
        for point in shipments:
            given[:, sites[point]] += board.steps[point]
        used = [int(sites[point]) for point in shipments]
        twice = len(set(used)) < len(used)
        if not twice or is_there(self.rules, given):
            self.offer(given)
        if not twice or self.cost <= bound + self.slack:
            return bound
        through = Through(board, layers, cheapest).bounds()
        near = np.argsort(through, kind="stable")[:FEW_SITES].tolist()
        self._add_each(board, sorted({*used, *near}))
        kept = np.flatnonzero(through <= self.cost + self.slack).tolist()
        if self.cost > bound + self.slack and self._add_each(board, kept):
            return self.cost
        return bound

    def _layers(self, board: Board) -> tuple[list[Array], Array]:
        """Least cost of each total, by how many shipments it may be made of at most.

        :return: one array if any number is allowed, else one for 0, 1, …; and the cost of each
            shipment from its cheapest site
        """
        cheapest = board.table.min(axis=1)
        most = self.rules.most_sites
        if most >= min(self.rules.core.n_sites, int(board.grid.counts.sum())):
            return [board.add(board.missed, cheapest, again=True)], cheapest
        layers = [board.missed]
        for _shipment in range(most):
            layers.append(board.add(layers[-1], cheapest, again=False))
        return layers, cheapest

    def look_through(self) -> Through | None:
        """Look at the plans through each site; None if there are too many amounts for that."""
        is_empty = not len(self.rules.demand) or not self.rules.core.n_sites
        grid = None if is_empty else Grid.of(self.rules.demand)
        if grid is None or not grid.is_exact:
            return None
        board = Board(self.problem, self.rules, grid)
        return Through(board, *self._layers(board))

    def _add_each(self, board: Board, sites: list[int]) -> bool:
        """Find the best plan of some sites, each used once.

        :return: it is the best of them, and no limit is in its way
        """
        parts = board.table[:, sites]
        most = min(self.rules.most_sites, len(sites))
        few = self.rules.most_sites < len(sites)
        work = int(np.isfinite(parts).sum()) * (most if few else 1)
        if work > MOST_ADDED or self._is_late():
            return False
        history = [[board.missed] * (most + 1 if few else 1)]
        for column in range(len(sites)):
            if self._is_late():
                return False
            before = history[-1]
            if few:
                after = [before[0]] + [
                    np.minimum(
                        before[number], board.add(before[number - 1], parts[:, column], again=False)
                    )
                    for number in range(1, most + 1)
                ]
            else:
                after = [board.add(before[0], parts[:, column], again=False)]
            history.append(after)
        given, point, number = np.zeros(self.rules.supply.shape), len(parts) - 1, -1
        for column in range(len(sites) - 1, -1, -1):
            before = history[column]
            cost = history[column + 1][number][point]
            if before[number][point] <= cost:
                continue
            below = board.below(point)
            rests = before[number - 1 if few else 0][point - below]
            chosen = int(below[np.argmin(parts[below, column] + rests)])
            given[:, sites[column]] = board.steps[chosen]
            point -= chosen
            number -= 1 if few else 0
        return self.offer(given) <= float(history[-1][-1][-1]) + self.slack

    def _is_late(self) -> bool:
        return self._deadline is not None and time.perf_counter() > self._deadline

    # Without one.

    def _look_below(self, solve: Solver) -> None:
        """Bound the cost by straight lines below the prices, and try the plans that this gives."""
        problem, rules, tariff = self.problem, self.rules, self.problem.tariff
        assert tariff is not None
        each = tariff.weight[rules.lines] * rules.step
        heaviest = float(rules.demand @ each)
        lightest = float(each.min())
        kinds = tariff.kinds_of(np.arange(len(problem.sites)))
        core = rules.core
        for share in POINTS_BELOW if heaviest > lightest else (1.0,):
            if self._is_late() and np.isfinite(self.bound):
                return
            span = np.array([lightest, heaviest])
            start, slope = tariff.line_below(span, share * heaviest)
            line = CostPart(tariff.name, start[kinds], slope[kinds] * tariff.weight[:, None])
            straight = dataclasses.replace(problem, tariff=None, parts=(*problem.parts, line))
            left = None if self._deadline is None else self._deadline - time.perf_counter()
            plan = solve(straight, time_limit=None if left is None else max(left, 0.05))
            self._offer_plan(plan)
            # In terms of the search: without what every plan pays, and with the hairs, by which
            # plans that cost the same may differ.
            below = plan.lower_bound - core.sunk + core.hairs
            self.bound = max(self.bound, min(below, self.cost))
            if self._is_proven():
                return

    def _offer_plan(self, plan: SourcingPlan) -> None:
        """Try a plan of the same problem at other prices."""
        row = {line.key: place for place, line in enumerate(self.problem.lines)}
        column = {site.key: place for place, site in enumerate(self.problem.sites)}
        steps = np.zeros(self.problem.stock.shape)
        for assignment in plan.assignments:
            place = row[assignment.line]
            steps[place, column[assignment.site]] = round(
                assignment.quantity / self.problem.rounding[place]
            )
        self.offer(self.rules.of_steps(steps))


def is_there(rules: Rules, given: Array) -> bool:
    """Whether sites have what they are to give.

    :param given: shape (L, n): steps
    """
    return bool((given <= rules.supply).all()) and all(
        (given[list(lines)].sum(axis=0) <= stock).all()
        for lines, stock in zip(rules.shared, rules.shared_stock, strict=True)
    )


@dataclass(frozen=True, slots=True, eq=False)
class Through:
    """Best plans that use a site for sure; see :meth:`TariffSearch.look_through`.

    :param board: an exact grid
    :param layers: see :meth:`TariffSearch._layers`
    :param cheapest: likewise
    """

    board: Board
    layers: list[Array]
    cheapest: Array

    def bounds(self) -> Array:
        """No plan that uses a site costs less, shape (n,)."""
        rest = self.layers[-2 if len(self.layers) > 1 else -1][::-1]
        return (self.board.table + rest[:, None]).min(axis=0)

    def plan_with(self, site: int) -> tuple[Array, float]:
        """A plan that uses a site, which may take more of it than there is, and its bound.

        :return: steps, shape (L, n); a bound of all such plans, the plan's cost if it can be
        """
        board, layers = self.board, self.layers
        rest = layers[-2 if len(layers) > 1 else -1][::-1]
        costs = board.table[:, site] + rest
        first = int(np.argmin(costs))
        given = np.zeros(board.rules.supply.shape)
        if not np.isfinite(costs[first]):
            return np.full(given.shape, np.inf), np.inf
        given[:, site] = board.steps[first]
        sites = board.table.argmin(axis=1)
        left = len(costs) - 1 - first
        for point in _trace(board, layers, self.cheapest, left, int(len(layers) > 1)):
            given[:, sites[point]] += board.steps[point]
        return given, float(costs[first])


def _trace(
    board: Board, layers: list[Array], cheapest: Array, total: int | None = None, used: int = 0
) -> list[int]:
    """The shipments of the best plan for a total, everything by default.

    :param used: how many shipments there are already
    """
    point = len(cheapest) - 1 if total is None else total
    shipments: list[int] = []
    layer = len(layers) - 1 - used
    while point:
        below = board.below(point)
        rest = layers[max(layer - 1, 0)]
        costs = cheapest[below] + rest[point - below]
        chosen = int(np.argmin(costs))
        if board.missed[point] <= costs[chosen] or (len(layers) > 1 and layer == 0):
            break
        shipments.append(int(below[chosen]))
        point -= int(below[chosen])
        layer -= 1
    return shipments
