"""Where goods are worth most: exact for many lots at once.

Units of a kind at a place are worth less one after the other, so what a pool earns is concave in
how many join it: a flow of greatest value finds the best plan (:mod:`.flow`), rooms of places
heeded. What a lane costs once is decided by branch and bound: its cost spread over all units that
could take it never charges too much, which is the bound. A good plan to begin with comes by
charging what a lane cost each of its units in the plan before (dynamic slope scaling, Kim and
Pardalos 1999). For very many goods at once the search ends after a measured amount of work, and
tells the gap.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..prices import unit_values
from .flow import TINY, Flow, Way
from .plan import Plan, explain
from .problem import Option, Problem
from .worth import earned, steps

MOST_NODES = 60
"""After so many branches the best plan so far is taken, and its gap told."""

SLOPES = 8
"""How often a plan is made by what lanes cost in the plan before."""

MOST_WORK = 30_000_000
"""After so many arcs were looked at no more is tried, and the gap is told; some tens of seconds."""

Amounts = dict[tuple[int, int], float]


def solve(problem: Problem, *, most_nodes: int = MOST_NODES, most_work: float = MOST_WORK) -> Plan:
    """Decide what is done with all units of all lots.

    :param problem: what there is and what can be done
    :param most_nodes: branches to look at before the best plan so far is taken
    :param most_work: arcs to look at before no further branch is begun
    :return: the plan, and how far it can be from the best
    """
    values = _values_of(problem)
    search = _Search(problem, values)
    amounts, value, bound = search.run(most_nodes, most_work)
    return explain(problem, values, amounts, value, bound)


def _values_of(problem: Problem) -> list[list[float]]:
    """Values of the units that may join each pool, as many as could be worth it."""
    quantities = [0.0] * len(problem.pools)
    least = [float("inf")] * len(problem.pools)
    for lot in problem.lots:
        floor = max(each.gain - each.cost for each in lot.options if _is_free(each))
        for option in lot.options:
            if option.pool is not None:
                quantities[option.pool] += lot.quantity
                least[option.pool] = min(least[option.pool], floor + option.cost)
    found = []
    for pool, quantity, lowest in zip(problem.pools, quantities, least, strict=True):
        # More than join: the first may only fill up what is broken of the stock, and what one
        # more would be worth is told.
        count = int(np.ceil(quantity)) + 2
        values = unit_values(pool.market, count).tolist() if quantity else []
        kept = next((place for place, value in enumerate(values) if value < lowest), count)
        found.append(values[: kept + 1])
    return found


def _is_free(option: Option) -> bool:
    """Whether any number of units can take an option, at the same value each."""
    return option.pool is None and option.lane is None


@dataclass(order=True)
class _Branch:
    bound: float
    number: int
    charges: dict[int, float] = field(compare=False)
    opened: float = field(compare=False)
    amounts: Amounts = field(compare=False)


class _Search:
    def __init__(self, problem: Problem, values: list[list[float]]) -> None:
        self._problem = problem
        self._values = values
        self._steps = [steps(problem, values, pool) for pool in range(len(problem.pools))]
        self.looked = 0
        self._most = self._get_most()

    def _get_most(self) -> list[float]:
        """Return how many units each lane can carry at most.

        No more than there are, than the pools at its end would take, and than there is room.
        """
        problem = self._problem
        lots = [0.0] * len(problem.lanes)
        pools: list[dict[int | None, float]] = [{} for _ in problem.lanes]
        for lot in problem.lots:
            for lane in {option.lane for option in lot.options if option.lane is not None}:
                lots[lane] += lot.quantity
                for pool in {option.pool for option in lot.options if option.lane == lane}:
                    pools[lane][pool] = pools[lane].get(pool, 0.0) + lot.quantity
        found = []
        for number, into in enumerate(pools):
            places: dict[int | None, float] = {}
            for pool, amount in into.items():
                if pool is None:
                    places[None] = places.get(None, 0.0) + amount
                    continue
                takes = sum(width for width, _value in self._steps[pool])
                place = problem.pools[pool].place
                places[place] = places.get(place, 0.0) + min(amount, takes)
            ends = sum(
                amount if place is None else min(amount, problem.rooms[place])
                for place, amount in places.items()
            )
            found.append(min(lots[number], ends))
        return found

    def run(self, most_nodes: int, most_work: float) -> tuple[Amounts, float, float]:
        """Search for the best plan; return it, its value and the bound."""
        charges = {
            lane: cost / self._most[lane] if self._most[lane] else 0.0
            for lane, cost in enumerate(self._problem.lanes)
        }
        first = self._branch(0, charges, 0.0)
        queue, count = [first], 1
        best, value = self._scale_slopes(first.amounts, charges, most_work)
        while queue and count < most_nodes and self.looked < most_work:
            branch = heapq.heappop(queue)
            if -branch.bound <= value + 1e-7:
                return best, value, value
            lane = self._undecided(branch)
            if lane is None:
                continue
            rest = {key: charge for key, charge in branch.charges.items() if key != lane}
            cost = self._problem.lanes[lane]
            for child in (
                self._branch(count, {**rest, lane: float("inf")}, branch.opened),
                self._branch(count + 1, {**rest, lane: 0.0}, branch.opened + cost),
            ):
                found = self.value_of(child.amounts)
                if found > value:
                    best, value = child.amounts, found
                heapq.heappush(queue, child)
            count += 2
        return best, value, max([value, *(-branch.bound for branch in queue)])

    def _scale_slopes(
        self, amounts: Amounts, charges: dict[int, float], most_work: float
    ) -> tuple[Amounts, float]:
        """Return a good plan and its value, by charging lanes what they cost in the plan before."""
        best, value = amounts, self.value_of(amounts)
        for _round in range(SLOPES if self._problem.lanes else 0):
            taken = self._taken(amounts)
            scaled = {
                lane: self._problem.lanes[lane] / taken[lane] if lane in taken else charge
                for lane, charge in charges.items()
            }
            if scaled == charges or self.looked > most_work:
                break
            charges, amounts = scaled, self._relax(scaled)
            found = self.value_of(amounts)
            if found > value:
                best, value = amounts, found
        return best, value

    def _taken(self, amounts: Amounts) -> dict[int, float]:
        """Return how many units take each lane."""
        taken: dict[int, float] = {}
        for (lot, option), amount in amounts.items():
            lane = self._problem.lots[lot].options[option].lane
            if lane is not None:
                taken[lane] = taken.get(lane, 0.0) + amount
        return taken

    def _branch(self, number: int, charges: dict[int, float], opened: float) -> _Branch:
        amounts = self._relax(charges)
        gained = self.value_of(amounts, charges) - opened
        return _Branch(-gained, number, charges, opened, amounts)

    def _undecided(self, branch: _Branch) -> int | None:
        """Return the lane whose cost is charged least truly."""
        short = {
            lane: self._problem.lanes[lane] - branch.charges[lane] * amount
            for lane, amount in self._taken(branch.amounts).items()
            if 0.0 < branch.charges[lane] < float("inf")
        }
        lane = max(short, key=lambda each: (short[each], -each), default=None)
        return lane if lane is not None and short[lane] > 1e-9 else None

    def value_of(self, amounts: Amounts, charges: Mapping[int, float] | None = None) -> float:
        """What a plan is worth.

        :param charges: money per unit of each lane; their true costs if None
        """
        problem, total, joined, used = self._problem, 0.0, {}, set()
        for (number, place), amount in amounts.items():
            option = problem.lots[number].options[place]
            total += amount * (option.gain * (option.pool is None) - option.cost)
            if option.pool is not None:
                joined[option.pool] = joined.get(option.pool, 0.0) + amount
            if option.lane is not None:
                used.add(option.lane)
                if charges is not None:
                    total -= amount * charges[option.lane]
        total += sum(earned(problem, self._values, pool, amount) for pool, amount in joined.items())
        if charges is None:
            total -= sum(problem.lanes[lane] for lane in used)
        return total

    # --- one relaxation ---

    def _relax(self, charges: Mapping[int, float]) -> Amounts:
        """Plan with lanes charged by unit, at the greatest value."""
        problem = self._problem
        flow = Flow(self._steps, [pool.place for pool in problem.pools], problem.rooms)
        quantities: list[float] = []
        outs: list[int] = []
        for lot in problem.lots:
            ways, out, best = [], -1, -float("inf")
            for place, option in enumerate(lot.options):
                charge = charges[option.lane] if option.lane is not None else 0.0
                if charge == float("inf"):
                    continue
                value = option.gain * (option.pool is None) - option.cost - charge
                if option.pool is not None:
                    ways.append(Way(place, option.pool, value))
                elif value > best:
                    out, best = place, value
            flow.put(lot.quantity, ways, best)
            quantities.append(lot.quantity)
            outs.append(out)
        self.looked += flow.looked
        amounts = flow.joined()
        for (number, _place), amount in amounts.items():
            quantities[number] -= amount
        amounts.update(
            {(number, outs[number]): left for number, left in enumerate(quantities) if left > TINY}
        )
        return dict(sorted(amounts.items()))
