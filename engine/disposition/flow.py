"""Goods into pools at the greatest value, by successive shortest paths with local potentials.

Lots go into pools whose units are worth less one after the other; pools take the room of places.
That is a flow of least cost with concave gains (Ahuja, Magnanti, Orlin 1993, chapters 9.7 and 14):
each lot is sent along the shortest paths of what is left, one lot after the other. Only what a
search reached before its end has its potential changed, and nothing is followed that is farther
than the best way out found so far, so that a step costs what the goods near it make it cost, and
not what all there are would.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

TINY = 1e-9
END = -1


@dataclass(frozen=True, slots=True)
class Way:
    """A pool that units of a lot can join.

    :param option: for whoever asks where they went
    :param pool: which
    :param value: money per unit beside what the pool brings
    """

    option: int
    pool: int
    value: float


class Flow:
    """Units of lots in pools, at the greatest value of those that were put there.

    Nodes are pools, then places, then lots. Each has a height, which falls no less along an arc
    than the arc brings; along the arcs of a shortest path it falls by just that.

    :param steps: for each pool how many units may join at which value, best first
    :param places: for each pool the place whose room it takes; none if it takes none
    :param rooms: for each place how many units it takes
    """

    def __init__(
        self,
        steps: Sequence[Sequence[tuple[float, float]]],
        places: Sequence[int | None],
        rooms: Sequence[float],
    ) -> None:
        self._steps, self._places, self._rooms = steps, places, rooms
        self._next = [0] * len(steps)
        self._used = [0.0] * len(steps)
        self._taken = [0.0] * len(rooms)
        self._lots_of: list[dict[int, float]] = [{} for _ in steps]
        self._pools_at: list[dict[int, None]] = [{} for _ in rooms]
        self._ways: list[dict[int, Way]] = []
        self._arcs_of_lot: list[list[tuple[int, float]]] = []
        self._height = [each[0][1] if each else 0.0 for each in steps] + [0.0] * len(rooms)
        self._first_lot = len(self._height)
        self.looked = 0
        """How many arcs were looked at: a measure of the work that is the same everywhere."""

    def put(self, quantity: float, ways: Sequence[Way], out: float) -> int:
        """Place a lot, moving others where that is better.

        :param quantity: units
        :param ways: pools that they can join
        :param out: money per unit if they join none, as any number of them can
        :return: number of the lot, for :meth:`joined`
        """
        best: dict[int, Way] = {}
        for way in ways:
            if self._steps[way.pool] and (way.pool not in best or way.value > best[way.pool].value):
                best[way.pool] = way
        self._ways.append(best)
        arcs = [(END, out), *((pool, way.value) for pool, way in best.items())]
        self._arcs_of_lot.append(arcs)
        self._height.append(
            max([out, *(way.value + self._height[pool] for pool, way in best.items())])
        )
        node = len(self._height) - 1
        while quantity > TINY:
            path = self._find_path(node)
            amount = min(quantity, *(self._room(*arc) for arc in path))
            for arc in path:
                self._push(*arc, amount)
            quantity -= amount
        return node - self._first_lot

    def joined(self) -> dict[tuple[int, int], float]:
        """Return how many units of lots took which option to join a pool, by (lot, option)."""
        return {
            (node - self._first_lot, self._ways[node - self._first_lot][pool].option): amount
            for pool, lots in enumerate(self._lots_of)
            for node, amount in lots.items()
            if amount > TINY
        }

    # --- the way that brings most ---

    def _find_path(self, start: int) -> list[tuple[int, int]]:
        """Return the arcs of the shortest path from a lot to the end; heights fall to it."""
        heights, none = self._height, float("inf")
        distance, before, done = {start: 0.0}, {start: END}, set()
        queue = [(0.0, start)]
        end, last = none, start
        while queue:
            far, node = heapq.heappop(queue)
            if far >= end:
                break
            if node in done:
                continue
            done.add(node)
            arcs = self._arcs(node)
            self.looked += len(arcs)
            top = far + heights[node]
            for to, value in arcs:
                if to == END:
                    if top - value < end:
                        # Rounding can take a step a hair below zero.
                        end, last = max(top - value, far), node
                    continue
                there = top - value - heights[to]
                if there < end and there < distance.get(to, none) - 1e-12:
                    distance[to], before[to] = max(there, far), node
                    heapq.heappush(queue, (max(there, far), to))
        for node, far in distance.items():
            if far < end:
                heights[node] -= end - far
        path, node = [(last, END)], last
        while before[node] != END:
            path.append((before[node], node))
            node = before[node]
        return path

    def _arcs(self, node: int) -> list[tuple[int, float]]:
        """Return where units can go from a node, and what that brings."""
        if node >= self._first_lot:
            number = node - self._first_lot
            return self._arcs_of_lot[number]
        if node >= len(self._steps):
            place = node - len(self._steps)
            arcs = [(pool, -self._last(pool)[1]) for pool in self._pools_at[place]]
            if self._rooms[place] - self._taken[place] > TINY:
                arcs.append((END, 0.0))
            return arcs
        arcs = [
            (lot, -self._ways[lot - self._first_lot][node].value) for lot in self._lots_of[node]
        ]
        if self._next[node] < len(self._steps[node]):
            arcs.append((self._exit(node), self._steps[node][self._next[node]][1]))
        return arcs

    def _exit(self, pool: int) -> int:
        place = self._places[pool]
        return END if place is None else len(self._steps) + place

    def _last(self, pool: int) -> tuple[float, float]:
        """Return of the worst units in a pool how many there are, and what each brings."""
        if self._used[pool] > TINY:
            return self._used[pool], self._steps[pool][self._next[pool]][1]
        return self._steps[pool][self._next[pool] - 1]

    # --- what flows ---

    def _room(self, node: int, to: int) -> float:
        """Return how many units an arc takes."""
        if node >= self._first_lot:
            return float("inf")
        if node >= len(self._steps):
            if to != END:
                return self._last(to)[0]
            place = node - len(self._steps)
            return self._rooms[place] - self._taken[place]
        if to >= self._first_lot:
            return self._lots_of[node][to]
        return self._steps[node][self._next[node]][0] - self._used[node]

    def _push(self, node: int, to: int, amount: float) -> None:
        if node >= self._first_lot:
            if to != END:
                self._lots_of[to][node] = self._lots_of[to].get(node, 0.0) + amount
        elif node >= len(self._steps):
            if to == END:
                self._taken[node - len(self._steps)] += amount
            else:
                self._leave(to, amount)
        elif to >= self._first_lot:
            left = self._lots_of[node][to] - amount
            if left > TINY:
                self._lots_of[node][to] = left
            else:
                del self._lots_of[node][to]
        else:
            self._join(node, amount)

    def _join(self, pool: int, amount: float) -> None:
        self._used[pool] += amount
        if self._used[pool] >= self._steps[pool][self._next[pool]][0] - TINY:
            self._next[pool] += 1
            self._used[pool] = 0.0
        place = self._places[pool]
        if place is not None:
            self._pools_at[place][pool] = None

    def _leave(self, pool: int, amount: float) -> None:
        if self._used[pool] <= TINY:
            self._next[pool] -= 1
            self._used[pool] = self._steps[pool][self._next[pool]][0]
        self._used[pool] -= amount
        if self._used[pool] <= TINY:
            self._used[pool] = 0.0
            place = self._places[pool]
            if not self._next[pool] and place is not None:
                self._pools_at[place].pop(pool, None)
