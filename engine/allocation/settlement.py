"""What shares come to with the stock as it is: entitlements, and what is really set aside."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace

from .areas import Area, Held, Rule, Tree, nested, overlaps, unions
from .shares import LIMITING, NOISE, PERCENT, SETTING_ASIDE, Allocation, Share


@dataclass(frozen=True)
class Standing:
    """What a share in effect comes to.

    :param share: the share.
    :param base: what a percentage is of; None for other kinds.
    :param entitlement: what the holder was given, in the product's unit.
    :param sold: what the holder and all below it sold of it.
    :param limits: whether the holder may sell no more than that.
    :param sets_aside: whether what is left is kept from the others.
    :param held: how much of it is kept, with the stock as it is.
    """

    share: Share
    base: float | None
    entitlement: float
    sold: float
    limits: bool
    sets_aside: bool
    held: float = 0.0

    @property
    def left(self) -> float:
        """What the holder has not sold yet of the entitlement."""
        return tidy(max(0.0, self.entitlement - self.sold))


@dataclass(frozen=True)
class Settlement:
    """What all shares of a product come to.

    :param allocation: what was settled.
    :param standings: of the shares in effect, in order of priority.
    :param exact: whether each two areas in which something is set aside are disjoint or one in the
        other; if not, a little more may be kept than needed.
    :param bits: of each site with stock; sites in the same scopes have the same.
    :param areas: where something is set aside, and unions of overlapping ones, from small to large.
    :param places: of each share, where it is set aside and how much less there than in all.
    :param tree: for whom something is set aside.
    :param rules: what cannot be exceeded.
    :param held: what is set aside for a holder in an area.
    """

    allocation: Allocation
    standings: tuple[Standing, ...]
    exact: bool
    bits: Mapping[int, Area]
    areas: tuple[Area, ...]
    places: Mapping[Hashable, tuple[tuple[Area, float], ...]]
    tree: Tree
    rules: tuple[Rule, ...]
    held: Held

    def area(self, sites: Iterable[int]) -> Area:
        """Some sites as bits; those without stock have none."""
        return _area(self.bits, sites)

    def sites(self, area: Area) -> frozenset[int]:
        """The sites of an area."""
        return frozenset(site for site, bit in self.bits.items() if bit & area)

    def besides(self, held: Held, standing: Standing) -> dict[tuple[Hashable, Area], float]:
        """What is set aside once it is for one more share."""
        changed = dict(held)
        for area, less in self.places[standing.share.key]:
            key = standing.share.holder, area
            changed[key] = max(changed.get(key, 0.0), standing.held - less)
        return changed


def settle(allocation: Allocation) -> Settlement:
    """Work out what every share comes to.

    Where stock or a group's limit is too little for all that is set aside, it is given in order
    of priority: what is set aside never exceeds what is there.

    A group's limit in only a part of where a member's share is set aside is the one thing that is
    not foreseen: what another member sells there may leave to the first one more set aside than
    the group's limit lets it sell.
    """
    standings = _standings(allocation)
    bits = _bits(allocation, standings)
    places = {s.share.key: _places(allocation, standings, s, bits) for s in standings}
    areas = [area for keeping in places.values() for area, _less in keeping]
    settlement = Settlement(
        allocation=allocation,
        standings=standings,
        exact=not overlaps(areas),
        bits=bits,
        areas=tuple(unions(areas)),
        places=places,
        tree=_tree(allocation, standings, places),
        rules=(),
        held={},
    )
    return _serve(replace(settlement, rules=(*_limits(settlement), *_stocks(settlement))))


def tidy(quantity: float) -> float:
    """A quantity without the noise of floats."""
    return round(quantity, 9) + 0.0


# === ENTITLEMENTS === #


def _standings(allocation: Allocation) -> tuple[Standing, ...]:
    limiting, keeping = allocation.in_effect(LIMITING), allocation.in_effect(SETTING_ASIDE)
    counting = {share.key: share for share in (*limiting.values(), *keeping.values())}
    entitlements: dict[Hashable, tuple[float | None, float]] = {}
    depth = {share.holder: len(list(allocation.chain(share.holder))) for share in allocation.shares}
    # From above: a percentage within a group is of what the group has.
    for share in sorted(counting.values(), key=lambda share: depth[share.holder]):
        base = None
        if share.kind == PERCENT:
            above = next(
                (
                    found
                    for group in list(allocation.chain(share.holder))[1:]
                    for shares in (keeping, limiting)
                    if (found := shares.get((group, share.scope)))
                ),
                None,
            )
            base = entitlements[above.key][1] if above else _base(allocation, share)
        entitlements[share.key] = base, _entitlement(share, base, allocation.rounding)
    return tuple(
        Standing(
            share=share,
            base=entitlements[share.key][0],
            entitlement=entitlements[share.key][1],
            sold=tidy(allocation.sold_by(share)),
            limits=limiting.get((share.holder, share.scope)) is share,
            sets_aside=keeping.get((share.holder, share.scope)) is share,
        )
        for share in sorted(counting.values(), key=lambda share: share.order)
    )


def _base(allocation: Allocation, share: Share) -> float:
    """What there is, and what was sold of it: selling does not change a percentage."""
    there = sum(allocation.stock.get(site, 0.0) for site in share.scope)
    return tidy(there + sum(share.sold.values()))


def _entitlement(share: Share, base: float | None, rounding: float) -> float:
    if base is None:
        return share.amount
    return tidy(math.floor(share.amount / 100 * base / rounding + NOISE) * rounding)


# === WHAT IS SET ASIDE === #


def _bits(allocation: Allocation, standings: Iterable[Standing]) -> dict[int, Area]:
    """One bit for all sites that no share tells apart: the fewer, the quicker."""
    scopes = [scope for s in standings for scope in (s.share.scope, s.share.reachable)]
    kinds: dict[tuple[bool, ...], Area] = {}
    return {
        site: kinds.setdefault(tuple(site in scope for scope in scopes), 1 << len(kinds))
        for site in sorted(allocation.stock)
    }


def _area(bits: Mapping[int, Area], sites: Iterable[int]) -> Area:
    area = 0
    for site in sites:
        area |= bits.get(site, 0)
    return area


def _places(
    allocation: Allocation,
    standings: Iterable[Standing],
    standing: Standing,
    bits: Mapping[int, Area],
) -> tuple[tuple[Area, float], ...]:
    """Where a share is set aside, and how much less there than in all.

    What the holder may not sell in a part of the area has to lie in the rest. Of several such
    parts the tightest is left out first, then the two tightest, and so on.
    """
    if not standing.sets_aside:
        return ()

    share = standing.share
    whole = _area(bits, share.reachable)
    rest, less = whole, 0.0
    places = [(rest, less)]
    chain = set(allocation.chain(share.holder))
    for left, inner in sorted(
        (s.left, _area(bits, s.share.scope))
        for s in standings
        if s.limits and s.share.holder in chain
    ):
        if inner & rest and whole & ~inner:
            # A limit that holds in the parts before as well says how much they have in all.
            less = left if not whole & ~rest & ~inner else less + left
            rest &= ~inner
            places.append((rest, less))
    return tuple(place for place in places if place[1] < standing.left)


def _tree(
    allocation: Allocation,
    standings: Iterable[Standing],
    places: Mapping[Hashable, tuple[tuple[Area, float], ...]],
) -> Tree:
    members: dict[Hashable | None, dict[Hashable, None]] = {}
    areas: dict[Hashable | None, dict[Area, None]] = {None: {}}
    for standing in standings:
        inside = dict.fromkeys(area for area, _less in places[standing.share.key])
        if inside:
            areas[None].update(inside)
            for holder in allocation.chain(standing.share.holder):
                members.setdefault(allocation.parents.get(holder), {})[holder] = None
                areas.setdefault(holder, {}).update(inside)
    return Tree(
        {group: tuple(holders) for group, holders in members.items()},
        {holder: tuple(inside) for holder, inside in areas.items()},
    )


def _limits(settlement: Settlement) -> list[Rule]:
    rules = []
    for standing in settlement.standings:
        if standing.limits:
            area = settlement.area(standing.share.scope)
            rules.append(
                Rule(
                    standing.share.holder,
                    area,
                    standing.left,
                    nested(settlement.areas, area),
                    standing.share.key,
                )
            )
    return rules


def _stocks(settlement: Settlement) -> list[Rule]:
    stock = settlement.allocation.stock
    return [
        Rule(
            None,
            area,
            sum(stock[site] for site in settlement.sites(area)),
            nested(settlement.areas, area),
        )
        for area in settlement.areas
    ]


def _serve(settlement: Settlement) -> Settlement:
    """Set aside what is left of each share, in order of priority, as far as it is there."""
    held: Held = {}
    standings = []
    for standing in settlement.standings:
        if settlement.places[standing.share.key]:
            standing = replace(standing, held=_most(settlement, held, standing))
            held = settlement.besides(held, standing)
        standings.append(standing)
    return replace(settlement, standings=tuple(standings), held=held)


def _most(settlement: Settlement, held: Held, standing: Standing) -> float:
    """How much of a share can be set aside besides what is set aside already."""
    share = standing.share
    above = {None, *settlement.allocation.chain(share.holder)}
    rules = [rule for rule in settlement.rules if rule.holder in above]

    def excess(amount: float) -> float:
        kept = settlement.besides(held, replace(standing, held=amount))
        return max((rule.excess(settlement.tree, kept) for rule in rules), default=0.0)

    # Without any stock where something has to lie there is no rule that says so.
    bare = (less for area, less in settlement.places[share.key] if not area)
    most = min([standing.left, *bare])
    over = excess(most)
    if over <= NOISE:
        return tidy(most)
    low = max(0.0, most - over)
    if over < most and excess(low) < -NOISE:
        # Where overlapping areas count it twice, it need not go down by all of the excess.
        low = _largest(lambda amount: excess(amount) <= NOISE, low, most, settlement)
    return tidy(low)


def _largest(
    fits: Callable[[float], bool], low: float, high: float, settlement: Settlement
) -> float:
    """The largest quantity that fits, in steps of the product's rounding, by bisection."""
    step = settlement.allocation.rounding
    few, many = math.floor(low / step), math.ceil(high / step)
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (middle, many) if fits(middle * step) else (few, middle)
    return max(low, few * step)
