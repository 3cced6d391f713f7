"""Random shares, and what they allow by a linear program written from their definition."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine.allocation import CAPPED, PERCENT, PROTECTED, Allocation, Settlement, Share

SITES = range(5)
NESTED = [
    frozenset(sites)
    for sites in ({0}, {1}, {2}, {3}, {4}, {0, 1}, {2, 3}, {0, 1, 4}, set(SITES), set(SITES))
]
OVERLAPPING = [*NESTED, frozenset({1, 2}), frozenset({0, 3, 4}), frozenset({1, 2, 4})]


def random_allocation(
    draw: random.Random, kinds: Iterable[str], scopes: Iterable[frozenset[int]]
) -> Allocation:
    """Draw channels in up to three levels of groups, stock, and a few shares."""
    groups = [f"group {number}" for number in range(draw.randint(0, 3))]
    parents: dict[Any, Any] = {
        group: draw.choice([None, *groups[:place]]) for place, group in enumerate(groups)
    }
    channels = [f"channel {number}" for number in range(draw.randint(2, 4))]
    parents |= {channel: draw.choice([None, *groups, *groups]) for channel in channels}
    kinds, scopes = list(kinds), list(scopes)
    percents = dict.fromkeys(scopes, 100)
    shares = []
    for key in range(draw.randint(1, 6)):
        kind, scope = draw.choice(kinds), draw.choice(scopes)
        amount = draw.randint(0, 9)
        if kind == PERCENT:
            amount = min(draw.choice([10, 25, 33.33, 50]), percents[scope])
            percents[scope] -= amount
        shares.append(
            Share(
                key=key,
                holder=draw.choice([*groups, *channels, *channels]),
                kind=kind,
                amount=amount,
                scope=scope,
                reach=draw.choice([None, None, None, draw.choice(scopes) & scope]),
                sold={channel: draw.choice([0, 0, 0, 1, 4]) for channel in channels},
                priority=(draw.randint(0, 2),),
            )
        )
    available = {site: draw.choice([-2, 0, 1, 3, 5, 8, 8]) for site in SITES}
    return Allocation(available, parents, tuple(shares))


def without_inner_limits(allocation: Allocation, whose: str = "") -> Allocation:
    """The same without limits in only a part of where something is set aside below them."""
    shares = allocation.shares
    for limit in allocation.shares:
        if whose not in limit.holder or limit.kind == PROTECTED:
            continue
        if any(
            limit.holder in allocation.chain(share.holder)
            and share.reachable & limit.scope
            and share.reachable - limit.scope
            for share in allocation.shares
            if share.kind != CAPPED
        ):
            shares = tuple(share for share in shares if share is not limit)
    return replace(allocation, shares=shares)


def after_sale(allocation: Allocation, channel: Any, taken: Mapping[int, float]) -> Allocation:
    """The same once a channel has taken goods (below zero: once a sale was cancelled)."""
    available = {site: n - taken.get(site, 0) for site, n in allocation.available.items()}
    shares = tuple(
        replace(
            share,
            sold={
                **share.sold,
                channel: share.sold.get(channel, 0)
                + sum(n for site, n in taken.items() if site in share.scope),
            },
        )
        for share in allocation.shares
    )
    return replace(allocation, available=available, shares=shares)


class Truth:
    """A linear program: who is kept how much at which site, and what a channel takes."""

    def __init__(self, highspy: Any, settlement: Settlement) -> None:
        self.highspy, self.settlement = highspy, settlement
        self.allocation = settlement.allocation
        self.holders = {s.share.holder for s in settlement.standings}

    def most_kept(self, held: Mapping[Any, float], key: Any) -> float:
        """How much more can be kept of one share besides what is kept of some others."""
        model = self._model()
        wish = model.addVariable(lb=0, ub=1e6)
        self._keep(model, {**held, key: wish}, None, {})
        return self._maximum(model, wish)

    def most_sold(self, held: Mapping[Any, float], channel: Any, sites: Iterable[int]) -> float:
        """How much a channel can take so that all that is set aside can still be had."""
        model = self._model()
        stock = self.allocation.stock
        takes = {s: model.addVariable(lb=0, ub=stock[s]) for s in sites if s in stock}
        if not takes:
            return 0.0
        self._keep(model, held, channel, takes)
        return self._maximum(model, sum(takes.values()))

    def can_sell(self, held: Mapping[Any, float], channel: Any, taken: Mapping[int, float]) -> bool:
        """Whether all that is set aside can still be had after a channel took something."""
        if any(n > self.allocation.stock.get(site, 0) for site, n in taken.items()):
            return False
        model = self._model()
        self._keep(model, held, channel, taken)
        model.run()
        return model.getModelStatus() == self.highspy.HighsModelStatus.kOptimal

    def _model(self) -> Any:
        model = self.highspy.Highs()
        model.setOptionValue("output_flag", False)
        model.setOptionValue("threads", 1)
        return model

    def _maximum(self, model: Any, expression: Any) -> float:
        model.maximize(expression)
        assert model.getModelStatus() == self.highspy.HighsModelStatus.kOptimal
        return model.getObjectiveValue()

    def _keep(self, model: Any, held: Mapping[Any, Any], channel: Any, takes: Mapping) -> None:
        chain = set(self.allocation.chain(channel))
        stock = self.allocation.stock
        self._cover(model, held, chain, takes, None, stock, stock)
        for standing in self.settlement.standings:
            if standing.limits:
                share = standing.share
                room = {0: standing.left}
                self._cover(model, held, chain, takes, share.holder, share.scope, room)

    def _cover(self, model, held, chain, takes, top, sites, room) -> None:
        """Keep what is set aside in a subtree and an area, within the room by site or in all."""
        kept = {
            (holder, site): model.addVariable(lb=0, ub=1e6)
            for holder in self.holders
            if top is None or top in self.allocation.chain(holder)
            for site in sites
        }
        zero = model.addVariable(lb=0, ub=0)
        inside = top is None or top in chain

        def total(who, where):
            goods = [kept[key] for key in kept if who(key[0]) and key[1] in where]
            return sum(goods, start=1 * zero)

        def taken(where):
            return sum((takes[site] for site in takes if site in where), start=1 * zero)

        for site in sites if top is None else [0]:
            where = [site] if top is None else sites
            load = total(lambda _holder: True, where) + (taken(where) if inside else 1 * zero)
            model.addConstr(load <= room[site])
        for standing in self.settlement.standings:
            share = standing.share
            area = share.reachable & set(self.allocation.stock)
            if share.key not in held or not (
                top is None or top in self.allocation.chain(share.holder)
            ):
                continue
            if not area <= set(sites):
                continue

            def below(holder, share=share):
                return share.holder in self.allocation.chain(holder)

            has = total(below, area)
            if share.holder in chain:
                has = has + taken(area)
            model.addConstr(has >= held[share.key])
