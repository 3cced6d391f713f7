"""The best plan that a search has so far, and quick ways to a good first one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .problem import Array
from .reduction import Core, serve, served
from .subsets import MOST_ITEMS, Cover

Mask = NDArray[np.bool_]

MOST_PROMISING = 96
"""How many sites a first plan chooses from."""

SLACK = 1e-12
"""Bounds this share of the scale above a known cost still count as equal to it."""


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """What a set of facilities comes to.

    :param cost: of all, ``inf`` if it does not serve everything
    :param costs: shape (I,): of what it serves of each item
    :param short: shape (I,): items of which it does not serve everything
    """

    cost: float
    costs: Array
    short: Mask


class Incumbent:
    """The best plan so far; sets of facilities are offered to it.

    :param core: the reduced problem
    :param cutoff: plans that do not cost less than this are of no interest
    """

    cost: float
    """Cost of the plan, with the hairs of the tie rule; at first the cutoff."""
    facilities: list[int] | None
    """What the plan opens, ascending; the number of sites means missing. None before a plan."""
    given: Array | None
    """Steps, shape (I, n + T)."""
    whole: Mask
    """Which facilities can serve all of an item, shape (I, n + 1)."""

    def __init__(self, core: Core, cutoff: float = np.inf) -> None:
        self.core = core
        self.cost = cutoff
        self.facilities = None
        self.given = None
        self.whole = core.supply[:, : core.n_sites + 1] == core.demand[:, None]
        self.slack = SLACK * core.scale
        self.same = self.slack / 16.0

    @property
    def limit(self) -> float:
        """Bounds above this leave nothing to look for."""
        return self.cost + self.slack

    def offer_single(self, is_open: Mask, is_closed: Mask) -> bool:
        """Try the facilities that can serve everything alone, missing among them.

        :return: no larger set can be as good
        """
        core = self.core
        width = core.n_sites + 1
        whole = self.whole.all(axis=0) & ~is_closed
        whole[-1] = True
        costs = core.fixed + core.demand @ core.unit[:, :width]
        if core.unit.shape[1] > width:
            rest = core.supply[:, width - 1 :] * core.unit[:, width - 1 :]
            costs[-1] = core.fixed[-1] + rest.sum()
        costs[~whole] = np.inf
        # The first of equals, whatever the noise of the sums.
        best = int(np.argmax(costs <= costs.min() + self.same))
        opened = np.zeros(width, dtype=bool)
        opened[best] = True
        self.offer(opened)
        if is_open.any() or width < 2:
            return False
        # Two facilities cost at least this; hairs are part of their fixed costs.
        two = 2.0 * core.fixed.min() + core.demand @ core.unit.min(axis=1)
        return bool(costs[best] < two - self.slack)

    def offer(self, opened: Mask) -> Offer:
        """Try a set of facilities; keep it if it is better, or first among equals.

        :return: what it comes to
        """
        core = self.core
        columns, given = served(core, opened)
        costs = (given * core.unit.take(columns, axis=1)).sum(axis=1)
        short = given.sum(axis=1) < core.demand
        if short.any():
            return Offer(np.inf, costs, short)
        n_sites = core.n_sites
        used = columns[given.any(axis=0)].tolist()
        if used and used[-1] > n_sites:
            used = [*(column for column in used if column < n_sites), n_sites]
        cost = float(core.fixed[used].sum() + costs.sum())
        if cost < self.cost - self.same or (
            self.facilities is not None and cost <= self.cost + self.same and used < self.facilities
        ):
            self.cost, self.facilities = cost, used
            self.given = np.zeros_like(core.supply)
            self.given[:, columns] = given
        return Offer(cost, costs, short)

    def gather(self, is_open: Mask, is_closed: Mask) -> None:
        """Make first plans, so that bounds have something to be compared with."""
        core = self.core
        if len(core.demand) > MOST_ITEMS:
            self._heap_up(is_open, is_closed)
            return
        whole = self.whole[:, : core.n_sites]
        if np.count_nonzero(whole) == np.count_nonzero(core.supply[:, : core.n_sites]):
            return
        able = (whole.any(axis=0) & ~is_closed[:-1]).nonzero()[0]
        served = whole.take(able, axis=1)
        costs = core.demand[:, None] * core.unit.take(able, axis=1)
        if len(able) > MOST_PROMISING:
            ratio = core.fixed[able] + np.add.reduce(served * costs)
            ratio /= np.count_nonzero(served, axis=0)
            chosen = ratio.argsort(kind="stable")[:MOST_PROMISING]
            able, costs = able[chosen], costs.take(chosen, axis=1)
            served = served.take(chosen, axis=1)
        costs[~served] = np.inf
        n = core.n_sites
        missing = (core.supply[:, n:] * core.unit[:, n:]).sum(axis=1)
        able = np.concatenate([able, [n]])
        cover = Cover(core.fixed[able], np.concatenate([costs, missing[:, None]], axis=1))
        opened = is_open.copy()
        opened[able[cover.choice()]] = True
        self.offer(opened)
        if not self.facilities or self.facilities[-1] == n:
            self._heap_up(is_open, is_closed)

    def _heap_up(self, is_open: Mask, is_closed: Mask) -> None:
        """Make a plan by opening again and again what serves most for its cost."""
        core = self.core
        left = core.demand.copy()
        unit, supply = core.unit[:, : core.n_sites], core.supply[:, : core.n_sites]
        opened = is_open.copy()
        while left.any():
            steps = np.minimum(supply, left[:, None])
            worth = (steps / core.demand[:, None]).sum(axis=0)
            worth[(opened | is_closed)[:-1]] = 0.0
            cost = core.fixed[:-1] + (steps * unit).sum(axis=0)
            cost = np.divide(cost, worth, out=np.full(len(cost), np.inf), where=worth > 0.0)
            if not np.isfinite(cost).any():
                opened[-1] = True
                break
            chosen = int(np.argmin(cost))
            opened[chosen] = True
            left = left - steps[:, chosen]
        self.repair(opened, is_closed)

    def repair(self, opened: Mask, is_closed: Mask) -> None:
        """Make a plan of a set that lacks supply, then close what it can do without."""
        core = self.core
        offered = self.offer(opened)
        cost = offered.cost
        if not np.isfinite(cost):
            extra = serve(core, ~is_closed)[offered.short].any(axis=0)
            opened = opened.copy()
            opened[: core.n_sites] |= extra[: core.n_sites]
            opened[-1] |= extra[core.n_sites :].any()
            cost = self.offer(opened).cost
        while np.isfinite(cost):
            trials = []
            for facility in np.flatnonzero(opened).tolist():
                without = opened.copy()
                without[facility] = False
                trials.append((self.offer(without).cost, facility))
            cheapest, facility = min(trials, default=(np.inf, -1))
            if cheapest >= cost:
                break
            cost = cheapest
            opened[facility] = False

    def prices(self) -> Array:
        """What a step of each item costs in the best plan, its share of parcels included."""
        core, given = self.core, self.given
        if given is None:
            given = serve(core, np.ones(core.n_sites + 1, dtype=bool))
        shares = given / core.demand[:, None]
        total = shares.sum(axis=0)
        parcels = np.zeros(given.shape[1])
        width = core.n_sites + 1
        np.divide(core.fixed, total[:width], out=parcels[:width], where=total[:width] > 0.0)
        return (shares * (core.unit + parcels / core.demand[:, None])).sum(axis=1)

    def may_lose_to(self, is_open: Mask, relevant: NDArray[np.intp]) -> bool:
        """Whether a plan that opens these and some of those could win by the order of sites."""
        n_sites = self.core.n_sites
        if self.facilities is None:
            return False
        best = [facility for facility in self.facilities if facility < n_sites]
        opened = np.flatnonzero(is_open[:n_sites]).tolist()
        more = relevant[relevant < n_sites][: max(len(best) - len(opened), 0)].tolist()
        return sorted(opened + more) < best
