"""Flow of greatest value through a network, by successive shortest paths with potentials.

Ahuja, Magnanti, Orlin 1993, chapter 9.7. Networks here have a few hundred nodes and amounts of a
few units; all arcs lead from a lower to a higher node, so the first potentials come in one pass
though values may have any sign.
"""

from __future__ import annotations

import heapq

TINY = 1e-9


class Network:
    """A network whose nodes are numbered so that arcs lead upwards, from source to sink.

    :param n_nodes: number of nodes; the first is the source, the last the sink
    """

    def __init__(self, n_nodes: int) -> None:
        self._arcs_of: list[list[int]] = [[] for _ in range(n_nodes)]
        self._head: list[int] = []
        self._room: list[float] = []
        self._cost: list[float] = []
        self._potential: list[float] = []

    def add(self, tail: int, head: int, most: float, value: float = 0.0) -> int:
        """Add an arc.

        :param tail: node where it begins
        :param head: node where it ends, a higher one
        :param most: how much may flow, from zero; infinite if there is no limit
        :param value: money per unit that flows
        :return: number of the arc, for :meth:`flow`
        """
        number = len(self._head)
        for node, to, room, cost in ((tail, head, most, -value), (head, tail, 0.0, value)):
            self._arcs_of[node].append(len(self._head))
            self._head.append(to)
            self._room.append(room)
            self._cost.append(cost)
        return number

    def flow(self, arc: int) -> float:
        """How much flows through an arc."""
        return self._room[arc ^ 1]

    def run(self) -> float:
        """Send as much as can be sent, and of all ways to do so choose that of greatest value.

        :return: how much was sent
        """
        self._potential = self._first_potentials()
        sent = 0.0
        while True:
            path = self._shortest_path()
            if path is None:
                return sent
            amount = min(self._room[arc] for arc in path)
            for arc in path:
                self._room[arc] -= amount
                self._room[arc ^ 1] += amount
            sent += amount

    def _first_potentials(self) -> list[float]:
        distance = [float("inf")] * len(self._arcs_of)
        distance[0] = 0.0
        for node, arcs in enumerate(self._arcs_of):
            for arc in arcs:
                if self._room[arc] > TINY:
                    head = self._head[arc]
                    distance[head] = min(distance[head], distance[node] + self._cost[arc])
        # What cannot be reached never will be: it may have any potential.
        return [0.0 if each == float("inf") else each for each in distance]

    def _shortest_path(self) -> list[int] | None:
        sink = len(self._arcs_of) - 1
        potential, head, room, cost = self._potential, self._head, self._room, self._cost
        distance = [float("inf")] * len(self._arcs_of)
        by: list[int] = [-1] * len(self._arcs_of)
        done = [False] * len(self._arcs_of)
        distance[0] = 0.0
        queue = [(0.0, 0)]
        while queue:
            so_far, node = heapq.heappop(queue)
            if done[node]:
                continue
            done[node] = True
            if node == sink:
                break
            for arc in self._arcs_of[node]:
                to = head[arc]
                if room[arc] <= TINY or done[to]:
                    continue
                # Rounding can take a reduced cost a hair below zero.
                step = max(cost[arc] + potential[node] - potential[to], 0.0)
                if so_far + step < distance[to] - 1e-12:
                    distance[to] = so_far + step
                    by[to] = arc
                    heapq.heappush(queue, (distance[to], to))
        if not done[sink]:
            return None
        end = distance[sink]
        for node, length in enumerate(distance):
            potential[node] += min(length, end)
        path, node = [], sink
        while node:
            path.append(by[node])
            node = head[by[node] ^ 1]
        return path
