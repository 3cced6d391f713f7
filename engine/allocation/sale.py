"""What one channel may sell with what is set aside for the others, and why not more."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from .areas import Area, Buyer, Held, Rule, nested
from .settlement import Settlement, Standing, tidy
from .shares import NOISE


@dataclass(frozen=True)
class Sellable:
    """What a channel may sell of a product, and how that comes about.

    :param total: what it may sell at all of its sites together.
    :param by_site: so that this is kept to, what it may sell at each; sites with nothing left out.
    :param available: what can be promised at its sites.
    :param others: set-asides of others that lie at its sites, each with what it takes of the whole.
        What a group and its members, or a network and its sites have set aside counts once.
    :param elsewhere: how much of that can be kept at other sites.
    :param unlimited: what it could sell if it had no limits.
    :param limits: its limits and those of the groups above, the tightest first.
    :param own: what is set aside for itself and for the groups above.
    """

    total: float
    by_site: Mapping[int, float]
    available: float
    others: tuple[tuple[Standing, float], ...]
    elsewhere: float
    unlimited: float
    limits: tuple[Standing, ...]
    own: tuple[Standing, ...]


@dataclass(frozen=True)
class Refusal:
    """Why a channel may not have what it asks for.

    :param asked: what was asked for at the sites in question.
    :param left: how much of that it may have.
    :param sites: the sites in question.
    :param limit: the limit that is exceeded; None if it is the stock.
    :param others: what is set aside there for others.
    """

    asked: float
    left: float
    sites: frozenset[int]
    limit: Standing | None = None
    others: tuple[Standing, ...] = ()


def sellable(
    settlement: Settlement, channel: Hashable | None, preference: Sequence[int]
) -> Sellable:
    """Work out what a channel may sell, and share it out over the sites.

    :param channel: None for sales that belong to no channel.
    :param preference: the sites from which the channel sells, those first that are to be used
        first: what is set aside for others is kept at the last ones.
    """
    sale = _Sale(settlement, channel)
    sites = [site for site in dict.fromkeys(preference) if site in settlement.allocation.stock]
    by_site = sale.share_out(sites, sale.rules)
    total = tidy(sum(by_site.values()))
    limits = sale.limits()
    unlimited = total
    if limits:
        stocks = [rule for rule in sale.rules if rule.holder is None]
        unlimited = tidy(sum(sale.share_out(sites, stocks).values()))
    others = sale.others(settlement.area(sites))
    available = tidy(sum(settlement.allocation.stock[site] for site in sites))
    return Sellable(
        total=total,
        by_site=by_site,
        available=available,
        others=others,
        elsewhere=tidy(unlimited - available + sum(counted for _standing, counted in others)),
        unlimited=unlimited,
        limits=limits,
        own=tuple(s for s in settlement.standings if s.sets_aside and s.share.holder in sale.chain),
    )


def most_at_each(
    settlement: Settlement, channel: Hashable | None, sites: Sequence[int]
) -> dict[int, float]:
    """What a channel may take at each site, if it takes nothing at the others.

    Together that may be too much: see :func:`refused`.

    :param sites: from which the channel sells; those with nothing are left out of the answer.
    """
    sale = _Sale(settlement, channel)
    stock, bits = settlement.allocation.stock, settlement.bits
    highest: dict[Area, float] = {}
    for site in sites:
        if site in stock:
            highest[bits[site]] = max(highest.get(bits[site], 0.0), stock[site])
    # Sites in the same areas are bound by the same rules.
    most = {
        bit: tidy(there - max(0.0, sale.excess({bit: there}, sale.rules)))
        for bit, there in highest.items()
    }
    found = {site: min(stock[site], most[bits[site]]) for site in sites if site in stock}
    return {site: quantity for site, quantity in found.items() if quantity > NOISE}


def refused(
    settlement: Settlement, channel: Hashable | None, asked: Mapping[int, float]
) -> Refusal | None:
    """Tell why a channel may not take some goods, or None if it may.

    :param channel: None for sales that belong to no channel.
    :param asked: quantity by site, above zero.
    """
    sale = _Sale(settlement, channel)
    for site, quantity in asked.items():
        there = settlement.allocation.stock.get(site, 0.0)
        if quantity > there + NOISE:
            return Refusal(quantity, tidy(there), frozenset([site]))
    taken = sale.taken(asked)
    for rule in sale.rules:
        excess = sale.excess(taken, [rule])
        if excess > NOISE:
            there = sum(quantity for bit, quantity in taken.items() if bit & rule.area)
            return Refusal(
                tidy(there),
                tidy(max(0.0, there - excess)),
                settlement.sites(rule.area),
                next((s for s in settlement.standings if s.share.key == rule.key), None),
                sale.keepers(rule),
            )
    return None


def rules_of(settlement: Settlement, channel: Hashable | None) -> list[Rule]:
    """What a channel has to keep to: the stock, its own limits and those of the groups above."""
    chain = set(settlement.allocation.chain(channel))
    return [rule for rule in settlement.rules if rule.holder is None or rule.holder in chain]


@dataclass
class _Sale:
    """A channel at a settlement, and the rules that it has to keep to, tight ones first."""

    settlement: Settlement
    channel: Hashable | None
    chain: frozenset[Hashable] = field(init=False)
    rules: list[Rule] = field(init=False)

    def __post_init__(self) -> None:
        self.chain = frozenset(self.settlement.allocation.chain(self.channel))
        self.rules = rules_of(self.settlement, self.channel)

    def excess(self, taken: Mapping[Area, float], rules: Sequence[Rule]) -> float:
        """How much too much it is if the channel takes some goods."""

        def takes(area: Area) -> float:
            return sum(quantity for bit, quantity in taken.items() if bit & area)

        buyer = Buyer(self.chain, takes)
        settlement = self.settlement
        return max(
            (rule.excess(settlement.tree, settlement.held, buyer) for rule in rules),
            default=0.0,
        )

    def taken(self, by_site: Mapping[int, float]) -> dict[Area, float]:
        """Quantities by the bit of the sites."""
        taken: dict[Area, float] = {}
        for site, quantity in by_site.items():
            bit = self.settlement.bits.get(site, 0)
            taken[bit] = taken.get(bit, 0.0) + quantity
        return taken

    def share_out(self, sites: Sequence[int], rules: Sequence[Rule]) -> dict[int, float]:
        """Give the channel as much as the rules allow, at the first sites first."""
        stock, bits = self.settlement.allocation.stock, self.settlement.bits
        given: dict[int, float] = {}
        rest = list(sites)
        while rest:
            count = self._count_that_fit(given, rest, rules)
            given.update((site, stock[site]) for site in rest[:count])
            if count == len(rest):
                break
            last = rest[count]
            whole = self.taken({**given, last: stock[last]})
            amount = tidy(stock[last] - self.excess(whole, rules))
            if amount > NOISE:
                given[last] = amount
            # What was in the way stands in the way of all sites in the same areas.
            rest = [site for site in rest[count + 1 :] if bits[site] != bits[last]]
        return given

    def _count_that_fit(
        self, given: Mapping[int, float], sites: Sequence[int], rules: Sequence[Rule]
    ) -> int:
        """How many sites, the first ones, can be given in whole."""
        stock = self.settlement.allocation.stock

        def fits(count: int) -> bool:
            whole = {site: stock[site] for site in sites[:count]}
            return self.excess(self.taken({**given, **whole}), rules) <= NOISE

        low, high = 0, len(sites)
        if fits(high):
            return high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if fits(middle) else (low, middle)
        return low

    def limits(self) -> tuple[Standing, ...]:
        """What limits the channel."""
        found = (s for s in self.settlement.standings if s.limits and s.share.holder in self.chain)
        return tuple(sorted(found, key=lambda standing: standing.left))

    def keepers(self, rule: Rule) -> tuple[Standing, ...]:
        """What others have set aside in the area and the subtree of a rule."""
        chain = self.settlement.allocation.chain
        return tuple(
            standing
            for standing in self.settlement.standings
            if standing.held > NOISE
            and standing.share.holder not in self.chain
            and (rule.holder is None or rule.holder in chain(standing.share.holder))
            and not self.settlement.area(standing.share.reachable) & ~rule.area
        )

    def others(self, area: Area) -> tuple[tuple[Standing, float], ...]:
        """What others have set aside where the channel sells, with what it takes of the whole."""
        keepers = [
            standing
            for standing in self.settlement.standings
            if standing.held > NOISE
            and standing.share.holder not in self.chain
            and self.settlement.area(standing.share.reachable) & area
        ]
        whole = area
        for standing in keepers:
            whole |= self.settlement.area(standing.share.reachable)
        rule = Rule(None, whole, 0.0, nested(self.settlement.areas, whole))
        held: Held = {}
        counted, before = [], 0.0
        for standing in keepers:
            held = self.settlement.besides(held, standing)
            needed = rule.excess(self.settlement.tree, held)
            counted.append((standing, tidy(needed - before)))
            before = needed
        return tuple(counted)
