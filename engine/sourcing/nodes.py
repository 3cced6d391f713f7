"""Regions of the search under limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .incumbent import Mask
from .problem import Array
from .views import View


@dataclass(slots=True, eq=False)
class Node:
    """A region: sites that are open for sure, and sites that are closed.

    :param view: the world that the region belongs to
    :param opened: shape (n + 1,); the examination of a region may tighten it
    :param closed: shape (n + 1,); likewise
    :param lower: no plan of the region costs less, the opened sites alone left aside
    :param prices: shape (k,): what a step of each item is worth
    :param pick: the site by which to split the region
    """

    view: View
    opened: Mask
    closed: Mask
    lower: float
    prices: Array | None = None
    pick: int | None = None

    @property
    def left(self) -> int:
        """How many further sites the order may have."""
        return self.view.rules.most_sites - int(np.count_nonzero(self.opened[:-1]))

    @property
    def undecided(self) -> list[int]:
        """The sites that are neither open nor closed, ascending."""
        return np.flatnonzero(~(self.opened | self.closed)).tolist()

    @property
    def sites(self) -> list[int]:
        """The opened sites, ascending."""
        return np.flatnonzero(self.opened[:-1]).tolist()

    def may_lose_to(self, used: list[int] | None) -> bool:
        """Whether a plan of the region could win against an equal one by the order of sites.

        :param used: the sites of that one
        """
        if used is None:
            return False
        opened = self.sites
        more = self.undecided[: max(len(used) - len(opened), 0)]
        return sorted(opened + more) < used

    def halves(self, site: int) -> tuple[Node, Node]:
        """The region without a site, and with it."""
        without, within = (
            Node(self.view, self.opened.copy(), self.closed.copy(), self.lower, self.prices)
            for _half in range(2)
        )
        without.closed[site] = within.opened[site] = True
        return without, within
