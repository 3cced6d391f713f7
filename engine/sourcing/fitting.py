"""The best quantities under limits, once it is known which sites a plan may use.

A mixed-integer program of a few dozen variables: amounts of each line from each site, and what is
missing of it. Branch and bound over it, on the dual simplex method; as long as the limits leave
the cheapest filling alone, that is a single look.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from .problem import Array
from .rules import Rules
from .simplex import Program

WHOLE = 1e-6
"""How far an amount may be from a whole step and still count as that step."""

MOST_NODES = 5_000


@dataclass(slots=True, eq=False)
class _Node:
    """A part of the search: a program, and which sites lines are bound to."""

    program: Program
    kept: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def child(self) -> _Node:
        return _Node(self.program.branch(), dict(self.kept))


class Fit:
    """Quantities for one set of sites; see :meth:`solve`.

    :param rules: the problem
    :param sites: the sites, ascending; each of them that must be worth something is
    :param missing: whether anything may be missing; if not, everything is served
    :param needed: a site that must give at least one step
    :param most_nodes: how many nodes to look at before settling for the best found
    :param by_missing: branch on how many steps are missing first
    """

    def __init__(
        self,
        rules: Rules,
        sites: list[int],
        *,
        missing: bool,
        needed: int | None = None,
        most_nodes: int = MOST_NODES,
        by_missing: bool = False,
    ) -> None:
        self.rules, self.sites, self.missing, self.needed = rules, sites, missing, needed
        self._most_nodes = most_nodes
        self._by_missing = missing and by_missing
        self.supply = rules.supply[:, sites]
        self.unit = rules.unit[:, sites]
        self.paid = float(rules.core.fixed[sites].sum())
        self.paid += rules.core.fixed[-1] if missing else 0.0
        self.proven = True
        self.bound = np.inf
        """If not proven: no plan of these sites costs less."""
        self.value = np.inf
        """What the program says that the best plan found costs."""
        self._total: int | None = None
        self._best: tuple[float, Array | None] = (np.inf, None)

    def solve(self, cutoff: float, deadline: float | None = None) -> tuple[float, Array] | None:
        """Find the cheapest quantities.

        :param cutoff: plans that cost more than this are of no interest
        :param deadline: when to stop looking
        :return: cost with the hairs of the tie rule, and steps of shape (L, n); None if there is
            nothing. ``proven`` tells whether the search was complete
        """
        if not self._can_fill():
            return None
        slack = 1e-12 * self.rules.core.scale
        self._best = (cutoff - self.paid + slack, None)
        stack = [(-np.inf, _Node(self._program()))]
        looked = 0
        while stack:
            bound, node = stack.pop()
            if bound >= self._best[0]:
                continue
            looked += 1
            if looked > self._most_nodes or (
                looked > 1 and deadline is not None and time.perf_counter() > deadline
            ):
                self.proven = False
                self.bound = self.paid + min(bound, *(lower for lower, _node in stack), np.inf)
                break
            value = node.program.solve(self._best[0])
            if value >= self._best[0]:
                continue
            children = self._branch(node, value)
            stack += [(value, child) for child in children]
        found = self._best[1]
        if found is None:
            return None
        self.value = self.paid + self._best[0]
        given = np.zeros((len(self.rules.demand), self.rules.core.n_sites))
        given[:, self.sites] = found
        return self.rules.cost(given), given

    def _can_fill(self) -> bool:
        if self.missing:
            return not self.rules.whole_order
        rules = self.rules
        if len(self.sites) > 1 and (rules.most_per_line < len(self.sites)).any():
            ordered = -np.sort(-self.supply, axis=1).cumsum(axis=1)
            most = np.minimum(rules.most_per_line, len(self.sites)) - 1
            return bool((ordered[np.arange(len(most)), most] >= rules.demand).all())
        return bool((self.supply.sum(axis=1) >= rules.demand).all())

    # The program.

    def _program(self) -> Program:
        rules, (n_lines, n_used) = self.rules, self.supply.shape
        n_given = n_lines * n_used
        rows, right = self._rows()
        n_rows = len(rows)
        width = n_given + n_lines + n_rows
        if self._by_missing:
            # The slack of the last row is what is missing of all lines together.
            self._total = width - 1
        matrix = np.zeros((n_lines + n_rows, width))
        each = np.arange(n_lines)
        for site in range(n_used):
            matrix[each, each * n_used + site] = 1.0
        matrix[each, n_given + each] = 1.0
        if n_rows:
            size = np.abs(rows).max(axis=1)
            size[size == 0.0] = 1.0
            matrix[n_lines:, : n_given + n_lines] = rows / size[:, None]
            right = right / size
            matrix[n_lines + np.arange(n_rows), n_given + n_lines + np.arange(n_rows)] = 1.0
        costs = np.concatenate([self.unit.ravel(), rules.penalty, np.zeros(n_rows)])
        most = rules.demand if self.missing else np.zeros(n_lines)
        high = np.concatenate([self.supply.ravel(), most, np.full(n_rows, np.inf)])
        basis = np.empty(n_lines + n_rows, dtype=np.intp)
        basis[:n_lines] = self._marginal(most)
        basis[n_lines:] = np.arange(n_given + n_lines, width)
        right = np.concatenate([rules.demand, right])
        return Program(matrix, right, costs, np.zeros(width), high, basis, n_lines)

    def _marginal(self, most: Array) -> Array:
        """The variable by which each line is filled up when the cheapest come first."""
        n_lines, n_used = self.supply.shape
        unit = np.concatenate([self.unit, self.rules.penalty[:, None]], axis=1)
        supply = np.concatenate([self.supply, most[:, None]], axis=1)
        order = np.argsort(unit, axis=1, kind="stable")
        each = np.arange(n_lines)
        reached = supply[each[:, None], order].cumsum(axis=1) >= self.rules.demand[:, None]
        place = order[each, np.argmax(reached, axis=1)]
        return np.where(place == n_used, n_lines * n_used + each, each * n_used + place)

    def _rows(self) -> tuple[Array, Array]:
        """The limits as rows over given and missing amounts, and the most of each."""
        rules, (n_lines, n_used) = self.rules, self.supply.shape
        rows: list[Array] = []
        right: list[float] = []

        def add(given: Array, most: float, missed: Array | None = None) -> None:
            missed = np.zeros(n_lines) if missed is None else missed
            rows.append(np.concatenate([given.ravel(), missed]))
            right.append(most)

        def at(site: int, amounts: Array) -> Array:
            given = np.zeros((n_lines, n_used))
            given[:, site] = amounts
            return given

        units = rules.step @ self.supply
        for place, site in enumerate(self.sites):
            if units[place] > rules.capacity[site]:
                add(at(place, rules.step), rules.capacity[site])
            for group, stock in zip(rules.shared, rules.shared_stock, strict=True):
                if self.supply[list(group), place].sum() > stock[site]:
                    asks = np.zeros(n_lines)
                    asks[list(group)] = 1.0
                    add(at(place, asks), stock[site])
            if site == self.needed:
                add(at(place, np.full(n_lines, -1.0)), -1.0)
        if rules.min_value > 0.0 and (self.missing or n_used > 1):
            for place in range(n_used):
                add(at(place, -rules.worth), -rules.least)
            if self.missing:
                add(np.zeros((n_lines, n_used)), -rules.least, -rules.worth)
        for cap in rules.caps:
            left = cap.limit - cap.per_parcel[self.sites].sum()
            add(cap.per_step[:, self.sites], left)
        for line in np.flatnonzero(rules.most_per_line < n_used).tolist():
            held = self.supply[line] > 0.0
            if np.count_nonzero(held) > rules.most_per_line[line]:
                share = np.zeros((n_lines, n_used))
                share[line, held] = 1.0 / self.supply[line, held]
                add(share, float(rules.most_per_line[line]))
        if self._by_missing:
            add(np.ones((n_lines, n_used)), float(rules.demand.sum()))
        if not rows:
            return np.zeros((0, n_lines * n_used + n_lines)), np.zeros(0)
        return np.array(rows), np.array(right)

    # Branching.

    def _branch(self, node: _Node, value: float) -> list[_Node]:
        """Split a node at the first limit that its program does not see; the best part last."""
        n_lines, n_used = self.supply.shape
        given = node.program.x[: n_lines * n_used].reshape(n_lines, n_used)
        tiny = given <= WHOLE
        children = self._count_missing(node)
        if children is None:
            children = self._bind(node, given, tiny)
        if children is None:
            children = self._fill_whole(node, given)
        if children is None:
            children = self._make_whole(node, given)
        if children is not None:
            return children
        whole = np.rint(given)
        full = np.zeros((n_lines, self.rules.core.n_sites))
        full[:, self.sites] = whole
        if self.rules.broken(full) is None:
            missed = self.rules.demand - whole.sum(axis=1)
            cost = float((whole * self.unit).sum() + missed @ self.rules.penalty)
            if cost < self._best[0]:
                self._best = (cost, whole)
        return []

    def _bind(self, node: _Node, given: Array, tiny: Array) -> list[_Node] | None:
        """Branch where a line, or lines that ship together, have too many sites."""
        rules, n_used = self.rules, given.shape[1]
        bound: list[tuple[list[int], int]] = [(list(group), 1) for group in rules.groups]
        bound += [
            ([line], int(rules.most_per_line[line]))
            for line in np.flatnonzero(rules.most_per_line < n_used).tolist()
        ]
        for number, (lines, most) in enumerate(bound):
            used = np.flatnonzero(~tiny[lines].all(axis=0)).tolist()
            if len(used) <= most:
                continue
            kept = node.kept.get(number, ())
            share = given[lines] / np.maximum(self.supply[lines], 1.0)
            site = max((s for s in used if s not in kept), key=lambda s: (share[:, s].sum(), -s))
            without, within = node.child(), node.child()
            for line in lines:
                without.program.tighten(line * n_used + site, 0.0, 0.0)
            within.kept[number] = kept = (*kept, site)
            if len(kept) == most:
                for line in lines:
                    for other in range(n_used):
                        if other not in kept:
                            within.program.tighten(line * n_used + other, 0.0, 0.0)
            return [without, within]
        return None

    def _count_missing(self, node: _Node) -> list[_Node] | None:
        """Branch where a budget leaves no whole number of steps missing."""
        if self._total is None:
            return None
        amount = float(node.program.x[self._total])
        if abs(amount - round(amount)) <= WHOLE:
            return None
        return self._around(node, self._total, amount)

    def _around(self, node: _Node, variable: int, amount: float) -> list[_Node]:
        """Two parts: with less of a variable, and with more of it."""
        less, more = node.child(), node.child()
        low, high = float(node.program.low[variable]), float(node.program.high[variable])
        less.program.tighten(variable, low, float(np.floor(amount)))
        more.program.tighten(variable, float(np.ceil(amount)), high)
        return [more, less]

    def _fill_whole(self, node: _Node, given: Array) -> list[_Node] | None:
        """Branch where a line that is filled wholly or not at all is filled in part."""
        rules, (n_lines, n_used) = self.rules, given.shape
        served = given.sum(axis=1)
        partly = rules.whole & (served > WHOLE) & (served < rules.demand - WHOLE)
        if not partly.any():
            return None
        line = int(np.argmax(np.where(partly, served / rules.demand, -1.0)))
        empty, filled = node.child(), node.child()
        most = float(rules.demand[line])
        empty.program.tighten(n_lines * n_used + line, most, most)
        filled.program.tighten(n_lines * n_used + line, 0.0, 0.0)
        return [empty, filled]

    def _make_whole(self, node: _Node, given: Array) -> list[_Node] | None:
        """Branch where an amount is no whole step."""
        off = np.abs(given - np.rint(given))
        if off.max(initial=0.0) <= WHOLE:
            return None
        variable = int(np.argmax(off))
        amount = float(node.program.x[variable])
        children = self._around(node, variable, amount)
        return children if amount - np.floor(amount) < 0.5 else children[::-1]
