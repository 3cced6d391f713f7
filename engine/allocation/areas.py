"""How full the stock of an area and the limit of a holder are, and how much still goes in.

Set-asides are rectangles: so many units for anybody of a holder's subtree, anywhere in an area.
What they take of the whole is the most that non-overlapping rectangles ask for: a group's own
share and what its members have are not added up, nor are an area's and those of its parts. For
areas of which each two are disjoint or one in the other this is exact (by induction over both
trees, each step a transportation problem). Where areas overlap, all unions of them are looked at
too (Hall's condition for the goods to be handed out); a holder with shares in areas that overlap
is then counted twice in the common part: never too little is kept.

Sources: P. Hall, "On Representatives of Subsets", 1935; D. Gale, "A Theorem on Flows in Networks",
1957.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations

#: Areas are sets of sites as bits of a number.
Area = int
#: Unions of overlapping areas that are looked at one by one; beyond, only the union of all is.
MOST_AREAS = 256

#: What is set aside for a holder in an area.
Held = Mapping[tuple[Hashable, Area], float]


@dataclass(frozen=True)
class Tree:
    """The holders for whom something is set aside, and the groups above them.

    :param members: the holders in each group; the topmost ones in None.
    :param areas: where something is set aside for a holder or for one below it.
    """

    members: Mapping[Hashable | None, tuple[Hashable, ...]]
    areas: Mapping[Hashable | None, tuple[Area, ...]]


@dataclass(frozen=True)
class Buyer:
    """Somebody who takes goods.

    :param chain: the channel and the groups above it: what it takes serves their set-asides.
    :param takes: how much in an area.
    """

    chain: frozenset[Hashable]
    takes: Callable[[Area], float]


@dataclass(frozen=True)
class Rule:
    """What a subtree of holders has and takes of an area cannot be more than there is room.

    :param holder: top of the subtree; None for all holders, with the stock as room.
    :param area: where.
    :param room: in the product's unit.
    :param parts: the areas within, each below the smallest one that contains it.
    :param key: share that makes the rule.
    """

    holder: Hashable | None
    area: Area
    room: float
    parts: Mapping[Area, tuple[Area, ...]]
    key: Hashable = None

    def excess(self, tree: Tree, held: Held, buyer: Buyer | None = None) -> float:
        """How much too much is set aside and taken; below zero if there is room left.

        Of what a buyer takes it is a convex function with slopes up to one: who takes less by the
        excess is at the limit.

        :param held: what is set aside for a holder in an area.
        :param buyer: a member of the subtree.
        """
        taken = buyer.takes(self.area) if buyer else 0.0
        return taken + _Needs(self.parts, tree, held, buyer).of(self.holder, self.area) - self.room


@dataclass
class _Needs:
    """What has to stay in an area for the set-asides within, once the buyer took."""

    parts: Mapping[Area, tuple[Area, ...]]
    tree: Tree
    held: Held
    buyer: Buyer | None
    known: dict[tuple[Hashable | None, Area], float] = field(default_factory=dict)

    def of(self, holder: Hashable | None, area: Area) -> float:
        key = holder, area
        if key not in self.known:
            self.known[key] = self._sum_up(holder, area)
        return self.known[key]

    def _sum_up(self, holder: Hashable | None, area: Area) -> float:
        inside = [each for each in self.tree.areas.get(holder, ()) if not each & ~area]
        if not inside:
            return 0.0
        own = self.held.get((holder, area), 0.0)
        if own and self.buyer and holder in self.buyer.chain:
            own -= self.buyer.takes(area)
        members = self.tree.members.get(holder, ())
        parts = self.parts.get(area, ()) if inside != [area] else ()
        return max(
            own,
            sum(self.of(member, area) for member in members),
            sum(self.of(holder, part) for part in parts),
        )


def unions(areas: Iterable[Area]) -> list[Area]:
    """Areas and all unions of overlapping ones, from small to large.

    :param areas: repetitions allowed; empty ones are left out.
    """
    found = {area for area in areas if area}
    latest = list(found)
    while latest and len(found) <= MOST_AREAS:
        latest = [
            area | other
            for area in latest
            for other in found
            if area & other and area & ~other and other & ~area
        ]
        latest = [area for area in dict.fromkeys(latest) if area not in found]
        found.update(latest[: MOST_AREAS + 1])
    if len(found) > MOST_AREAS:
        found.update(_heaps(found))
    return sorted(found, key=lambda area: (area.bit_count(), area))


def _heaps(areas: Iterable[Area]) -> list[Area]:
    """Unions of all areas that hang together."""
    heaps: list[Area] = []
    for area in areas:
        apart = []
        for heap in heaps:
            if heap & area:
                area |= heap
            else:
                apart.append(heap)
        heaps = [*apart, area]
    return heaps


def nested(areas: Iterable[Area], whole: Area) -> dict[Area, tuple[Area, ...]]:
    """The areas within a whole, each below the smallest one that contains it.

    :param areas: from small to large.
    :param whole: need not be one of them.
    """
    within = [area for area in areas if not area & ~whole and area != whole] + [whole]
    parts: dict[Area, list[Area]] = {}
    for place, area in enumerate(within[:-1]):
        above = next(other for other in within[place + 1 :] if not area & ~other)
        parts.setdefault(above, []).append(area)
    return {area: tuple(inner) for area, inner in parts.items()}


def overlaps(areas: Iterable[Area]) -> bool:
    """Tell whether two areas have something in common and neither contains the other."""
    return any(a & b and a & ~b and b & ~a for a, b in combinations(set(areas), 2))
