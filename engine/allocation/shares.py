"""What shares of a product's stock there are, and which of them are in effect."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

PERCENT, FIXED, PROTECTED, CAPPED = "percent", "fixed", "protected", "capped"
#: Kinds that forbid their holder to sell more, and kinds that keep something from the others.
LIMITING = frozenset({PERCENT, FIXED, CAPPED})
SETTING_ASIDE = frozenset({PERCENT, FIXED, PROTECTED})
KINDS = LIMITING | SETTING_ASIDE

#: Quantities that differ by less are equal: noise of adding decimals as floats.
NOISE = 1e-6


@dataclass(frozen=True)
class Share:
    """What one holder, a channel or a group of channels, is given of a product.

    :param key: what the caller calls the share.
    :param holder: whose it is.
    :param kind: ``fixed``: set aside for the holder, who may sell no more than that; ``percent``:
        the same, of the stock and what was sold of it; ``protected``: set aside only; ``capped``:
        a limit only.
    :param amount: in the product's unit, or in percent.
    :param scope: sites of which the share speaks.
    :param sold: what each channel, of all channels, sold at these sites since the share began.
    :param reach: sites of the scope from which the holder can sell at all: there it is set aside;
        the whole scope when None.
    :param specificity: how closely the share names the product: of a holder's shares with one
        scope the closest counts.
    :param priority: where stock is too little for all, the lowest is served first.
    """

    key: Hashable
    holder: Hashable
    kind: str
    amount: float
    scope: frozenset[int]
    sold: Mapping[Hashable, float] = field(default_factory=dict)
    reach: frozenset[int] | None = None
    specificity: int = 0
    priority: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of share: {self.kind}")
        if not 0 <= self.amount < float("inf"):
            raise ValueError(f"a share is a finite amount, not below zero: {self.amount}")

    @property
    def reachable(self) -> frozenset[int]:
        """Where it is set aside, if it is."""
        return self.scope if self.reach is None else self.scope & self.reach

    @property
    def order(self) -> tuple[tuple[int, ...], str]:
        """Place among the shares that are served."""
        return self.priority, str(self.key)


@dataclass(frozen=True)
class Allocation:
    """One product: its stock and the shares of it.

    :param available: what can be promised at each site, in the product's unit; what is below zero
        counts as nothing.
    :param parents: the group above each holder, None above the topmost; a holder that is not named
        stands alone.
    :param shares: keys are unique.
    :param rounding: smallest quantity of the product, to which percentages are rounded down.
    :raises ValueError: the groups form a cycle.
    """

    available: Mapping[int, float]
    parents: Mapping[Hashable, Hashable | None]
    shares: tuple[Share, ...]
    rounding: float = 1.0

    def __post_init__(self) -> None:
        for holder in self.parents:
            seen = {holder}
            while (holder := self.parents.get(holder)) is not None:
                if holder in seen:
                    raise ValueError(f"the groups above {holder} form a cycle")
                seen.add(holder)

    @cached_property
    def stock(self) -> dict[int, float]:
        """Sites with something to promise."""
        return {site: amount for site, amount in self.available.items() if amount > NOISE}

    def chain(self, holder: Hashable | None) -> Iterator[Hashable]:
        """A holder and the groups above it, from below."""
        while holder is not None:
            yield holder
            holder = self.parents.get(holder)

    def sold_by(self, share: Share) -> float:
        """What the holder of a share and all below it sold since it began."""
        return sum(
            amount for channel, amount in share.sold.items() if share.holder in self.chain(channel)
        )

    def in_effect(self, kinds: frozenset[str]) -> dict[tuple[Hashable, frozenset[int]], Share]:
        """The share that counts of each holder in each scope, among some kinds.

        Of equally close ones the first in order of priority counts.
        """
        counting: dict[tuple[Hashable, frozenset[int]], Share] = {}
        for share in sorted(self.shares, key=lambda share: (-share.specificity, share.order)):
            if share.kind in kinds:
                counting.setdefault((share.holder, share.scope), share)
        return counting
