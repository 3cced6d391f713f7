"""Where goods are worth most: exact for many lots at once.

Units of a kind at a place are worth less one after the other, so what a pool earns is concave in
how many join it: a flow of greatest value finds the best plan (:mod:`.flow`). Goods that share no
pool are planned apart. Rooms of places join them, so these are looked at only where the plan
without them takes more than there is. What a lane costs once is decided by branch and bound: its
cost spread over all units that could take it never charges too much, which is the bound. A good
plan to begin with comes by charging what a lane cost each of its units in the plan before
(dynamic slope scaling, Kim and Pardalos 1999).
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..prices import unit_values
from .flow import TINY, Network
from .plan import Plan, explain
from .problem import Option, Problem
from .worth import earned, steps

MOST_NODES = 60
"""After so many branches the best plan so far is taken, and its gap told."""

SLOPES = 8
"""How often a plan is made by what lanes cost in the plan before."""

Amounts = dict[tuple[int, int], float]


def solve(problem: Problem, *, most_nodes: int = MOST_NODES) -> Plan:
    """Decide what is done with all units of all lots.

    :param problem: what there is and what can be done
    :param most_nodes: branches to look at before the best plan so far is taken
    :return: the plan, and how far it can be from the best
    """
    values = _values_of(problem)
    search = _Search(problem, values)
    amounts, value, bound = search.run(most_nodes)
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
        self._tight: set[int] = set()
        self._most = [0.0] * len(problem.lanes)
        for lot in problem.lots:
            for lane in {option.lane for option in lot.options if option.lane is not None}:
                self._most[lane] += lot.quantity

    def run(self, most_nodes: int) -> tuple[Amounts, float, float]:
        """Search for the best plan; return it, its value and the bound."""
        charges = {
            lane: cost / self._most[lane] if self._most[lane] else 0.0
            for lane, cost in enumerate(self._problem.lanes)
        }
        first = self._branch(0, charges, 0.0)
        queue, count = [first], 1
        best, value = self._scale_slopes(first.amounts, charges)
        while queue and count < most_nodes:
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

    def _scale_slopes(self, amounts: Amounts, charges: dict[int, float]) -> tuple[Amounts, float]:
        """Return a good plan and its value, by charging lanes what they cost in the plan before."""
        best, value = amounts, self.value_of(amounts)
        for _round in range(SLOPES if self._problem.lanes else 0):
            taken = self._taken(amounts)
            scaled = {
                lane: self._problem.lanes[lane] / taken[lane] if lane in taken else charge
                for lane, charge in charges.items()
            }
            if scaled == charges:
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
        """Plan with lanes charged by unit; rooms are heeded where they matter."""
        while True:
            amounts: Amounts = {}
            for group in self._groups():
                amounts.update(self._plan(group, charges))
            over = self._overfull(amounts)
            if over <= self._tight:
                return amounts
            self._tight |= over

    def _overfull(self, amounts: Amounts) -> set[int]:
        taken: dict[int, float] = {}
        for (lot, option), amount in amounts.items():
            pool = self._problem.lots[lot].options[option].pool
            place = None if pool is None else self._problem.pools[pool].place
            if place is not None:
                taken[place] = taken.get(place, 0.0) + amount
        return {
            place for place, amount in taken.items() if amount > self._problem.rooms[place] + 1e-6
        }

    def _groups(self) -> list[list[int]]:
        """Lots that must be planned together, since they share a pool or a tight room."""
        leader: dict[object, int] = {}
        parent = list(range(len(self._problem.lots)))

        def find(number: int) -> int:
            while parent[number] != number:
                parent[number] = parent[parent[number]]
                number = parent[number]
            return number

        for number, lot in enumerate(self._problem.lots):
            for option in lot.options:
                if option.pool is None:
                    continue
                place = self._problem.pools[option.pool].place
                for key in (("pool", option.pool), ("place", place)):
                    if key[0] == "pool" or place in self._tight:
                        parent[find(number)] = find(leader.setdefault(key, number))
        groups: dict[int, list[int]] = {}
        for number in range(len(parent)):
            groups.setdefault(find(number), []).append(number)
        return list(groups.values())

    def _plan(self, group: list[int], charges: Mapping[int, float]) -> Amounts:
        """Plan the lots of a group by a flow of greatest value."""
        problem = self._problem
        options = [
            (number, place, option)
            for number in group
            for place, option in enumerate(problem.lots[number].options)
            if option.lane is None or charges[option.lane] != float("inf")
        ]
        pools = sorted({option.pool for _n, _p, option in options if option.pool is not None})
        places = sorted(
            place
            for place in {problem.pools[pool].place for pool in pools}
            if place is not None and place in self._tight
        )
        node_of_lot = {number: 1 + at for at, number in enumerate(group)}
        node_of_pool = {pool: 1 + len(group) + at for at, pool in enumerate(pools)}
        first_place = 1 + len(group) + len(pools)
        node_of_place = {place: first_place + at for at, place in enumerate(places)}
        sink = first_place + len(places)
        network = Network(sink + 1)
        for number in group:
            network.add(0, node_of_lot[number], problem.lots[number].quantity)
        arcs = {}
        for number, place, option in options:
            charge = charges[option.lane] if option.lane is not None else 0.0
            value = option.gain * (option.pool is None) - option.cost - charge
            head = sink if option.pool is None else node_of_pool[option.pool]
            arcs[number, place] = network.add(node_of_lot[number], head, float("inf"), value)
        for pool in pools:
            at = problem.pools[pool].place
            head = node_of_place.get(at, sink) if at is not None else sink
            for width, value in steps(problem, self._values, pool):
                network.add(node_of_pool[pool], head, width, value)
        for place in places:
            network.add(node_of_place[place], sink, problem.rooms[place])
        network.run()
        flows = {key: network.flow(arc) for key, arc in arcs.items()}
        return {key: amount for key, amount in flows.items() if amount > TINY}
