"""The best plan under limits that a search has so far; sets of sites are worked out exactly."""

from __future__ import annotations

import numpy as np

from .fitting import Fit
from .incumbent import SLACK
from .problem import Array
from .rules import Rules

PATIENCE = 20
"""How many times as long to look in the end for quantities that were not found to be the best."""


class LimitedIncumbent:
    """The best plan so far; sets of sites are offered to it.

    :param rules: the problem
    :param deadline: when to settle for quantities that are not known to be the best
    :param cutoff: plans that do not cost less than this are of no interest
    :param needed: a site that must give at least one step
    :param most_nodes: how long to look for the quantities of one set of sites
    :param by_missing: see :class:`.Fit`
    """

    cost: float
    """Cost of the plan, with the hairs of the tie rule; at first the cutoff."""
    given: Array | None
    """Steps, shape (L, n). None before a plan."""
    used: list[int] | None
    """Sites that give something, ascending. None before a plan."""

    def __init__(
        self,
        rules: Rules,
        deadline: float | None,
        *,
        cutoff: float,
        needed: int | None,
        most_nodes: int,
        by_missing: bool,
    ) -> None:
        self.rules = rules
        self.cost = cutoff
        self.given = None
        self.used = None
        self.slack = SLACK * rules.core.scale
        self.same = self.slack / 16.0
        self._deadline, self._needed = deadline, needed
        self._most_nodes, self._by_missing = most_nodes, by_missing
        self._tried: set[tuple[bool, tuple[int, ...]]] = set()
        self._unfit: list[tuple[float, bool, tuple[int, ...]]] = []

    @property
    def limit(self) -> float:
        """Bounds above this leave nothing to look for."""
        return self.cost + self.slack

    @property
    def target(self) -> float:
        """How high bounds are worth being raised."""
        if np.isfinite(self.cost):
            return self.limit
        return self.rules.nothing + float(self.rules.core.fixed.max())

    def offer_nothing(self) -> None:
        """Try to leave everything missing."""
        if self.rules.nothing < self.cost:
            self.cost = self.rules.nothing
            self.given, self.used = np.zeros(self.rules.supply.shape), []

    def offer(self, missing: bool, sites: list[int], bound: float, patience: int = 1) -> None:
        """Work out a set of sites; keep its plan if it is better, or first among equals.

        :param bound: a known lower bound of the set
        :param patience: how many times as long as usual to look
        """
        if (
            not sites
            or len(sites) > self.rules.most_sites
            or (missing, tuple(sites)) in self._tried
        ):
            return
        self._tried.add((missing, tuple(sites)))
        fit = Fit(
            self.rules,
            sites,
            missing=missing,
            needed=self._needed,
            most_nodes=patience * self._most_nodes,
            by_missing=self._by_missing,
        )
        found = fit.solve(self.cost + self.same, self._deadline)
        if not fit.proven:
            self._unfit.append((max(bound, fit.bound), missing, tuple(sites)))
        if found is None:
            return
        cost, given = found
        used = np.flatnonzero(given.any(axis=0)).tolist()
        if cost < self.cost - self.same or (
            cost <= self.cost + self.same and self.used is not None and used < self.used
        ):
            self.cost, self.given, self.used = cost, given, used

    def work_out(self) -> float:
        """Look again at sets of sites that could not be worked out to the end.

        :return: a lower bound of those that still cannot
        """
        again, self._unfit = self._unfit, []
        for bound, missing, sites in sorted(again):
            if bound <= self.limit:
                self._tried.discard((missing, sites))
                self.offer(missing, list(sites), bound, PATIENCE)
        return min((bound for bound, _missing, _sites in self._unfit), default=np.inf)
