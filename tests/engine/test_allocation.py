"""Channel shares, against a linear program and against what must hold of any of them."""

import random
from dataclasses import replace

import pytest
from allocation_truth import (
    NESTED,
    OVERLAPPING,
    SITES,
    Truth,
    after_sale,
    random_allocation,
    without_inner_limits,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.allocation import (
    CAPPED,
    FIXED,
    PERCENT,
    PROTECTED,
    Allocation,
    Share,
    ceilings,
    most_at_each,
    refused,
    sellable,
    settle,
)

EVERYWHERE = frozenset(SITES)
ABSOLUTE = (FIXED, PROTECTED, CAPPED)
quickly = settings(max_examples=200, deadline=None, derandomize=True)
seeds = st.integers(0, 2**32 - 1)


def nested(seed, kinds=(*ABSOLUTE, PERCENT), scopes=NESTED):
    draw = random.Random(seed)
    return draw, random_allocation(draw, kinds, scopes)


def channels(allocation):
    return [*(holder for holder in allocation.parents if "channel" in holder), None]


def group_limit(share):
    return "group" in share.holder and share.kind != PROTECTED


def held(settlement):
    return {s.share.key: s.held for s in settlement.standings if s.sets_aside}


# === AGAINST A LINEAR PROGRAM === #


@quickly
@given(seeds)
def test_what_is_kept(seed):
    """In order of priority, each share keeps the most that is possible beside the earlier ones."""
    highspy = pytest.importorskip("highspy", reason="highspy is the independent truth")
    _draw, allocation = nested(seed)
    settlement = settle(without_inner_limits(allocation))
    assert settlement.exact
    truth, kept = Truth(highspy, settlement), {}
    for standing in settlement.standings:
        if standing.sets_aside:
            key = standing.share.key
            most = truth.most_kept(kept, key) if standing.share.reachable else 0
            assert standing.held == pytest.approx(min(standing.left, most), abs=1e-5)
            kept[key] = standing.held


@quickly
@given(seeds)
def test_what_can_be_sold(seed):
    """A channel may sell the most that leaves to the others what is set aside for them."""
    highspy = pytest.importorskip("highspy", reason="highspy is the independent truth")
    draw, allocation = nested(seed)
    settlement = settle(without_inner_limits(allocation))
    truth = Truth(highspy, settlement)
    for channel in channels(allocation):
        sites = draw.sample(SITES, draw.randint(1, 5))
        result = sellable(settlement, channel, sites)
        most = truth.most_sold(held(settlement), channel, sites)
        assert result.total == pytest.approx(most, abs=1e-5)
        assert not any(site not in sites for site in result.by_site)
        asked = {site: draw.randint(1, 6) for site in draw.sample(SITES, draw.randint(1, 3))}
        allowed = truth.can_sell(held(settlement), channel, asked)
        assert (refused(settlement, channel, asked) is None) == allowed


@quickly
@given(seeds)
def test_overlapping_areas_are_safe(seed):
    """Where areas overlap, a little may be kept too much, never too little."""
    highspy = pytest.importorskip("highspy", reason="highspy is the independent truth")
    _draw, allocation = nested(seed, scopes=OVERLAPPING)
    settlement = settle(allocation)
    truth = Truth(highspy, settlement)
    for channel in channels(allocation):
        result = sellable(settlement, channel, SITES)
        assert truth.can_sell(held(settlement), channel, result.by_site)


# === WHAT MUST HOLD === #


@quickly
@given(seeds)
def test_kept_never_exceeds_stock(seed):
    _draw, allocation = nested(seed)
    settlement = settle(allocation)
    top = [
        s for s in settlement.standings if s.sets_aside and not allocation.parents[s.share.holder]
    ]
    for scope in set(NESTED):
        largest = {}
        for standing in top:
            if standing.share.reachable <= scope:
                holder = standing.share.holder
                largest[holder] = max(largest.get(holder, 0), standing.held)
        assert sum(largest.values()) <= sum(allocation.stock.get(s, 0) for s in scope) + 1e-6


@quickly
@given(seeds)
def test_no_more_than_the_limits(seed):
    _draw, allocation = nested(seed, scopes=OVERLAPPING)
    settlement = settle(allocation)
    for channel in channels(allocation):
        result = sellable(settlement, channel, SITES)
        for standing in result.limits:
            there = sum(n for site, n in result.by_site.items() if site in standing.share.scope)
            assert there <= standing.left + 1e-6


@quickly
@given(seeds)
def test_what_is_allowed_is_not_refused(seed):
    """The shared-out quantity passes, and one unit more at any of the sites does not."""
    _draw, allocation = nested(seed)
    settlement = settle(allocation)
    for channel in channels(allocation):
        by_site = sellable(settlement, channel, SITES).by_site
        assert refused(settlement, channel, by_site) is None
        for site in SITES:
            more = {**by_site, site: by_site.get(site, 0) + 1}
            assert refused(settlement, channel, more)


@quickly
@given(seeds)
def test_most_at_each_site(seed):
    _draw, allocation = nested(seed, scopes=OVERLAPPING)
    settlement = settle(allocation)
    for channel in channels(allocation):
        alone = {site: sellable(settlement, channel, [site]).total for site in SITES}
        most = most_at_each(settlement, channel, SITES)
        assert most == {site: quantity for site, quantity in alone.items() if quantity}


@quickly
@given(seeds)
def test_ceilings_say_what_is_refused(seed):
    draw, allocation = nested(seed)
    settlement = settle(allocation)
    for channel in channels(allocation):
        found = ceilings(settlement, channel)
        for _turn in range(8):
            asked = {site: draw.randint(0, int(there)) for site, there in allocation.stock.items()}
            fits = all(sum(asked[s] for s in c.sites) <= c.quantity + 1e-6 for c in found)
            assert fits == (refused(settlement, channel, asked) is None)


@quickly
@given(seeds)
def test_ceilings_are_never_too_strict(seed):
    draw, allocation = nested(seed, scopes=OVERLAPPING)
    settlement = settle(allocation)
    for channel in channels(allocation):
        found = ceilings(settlement, channel)
        for _turn in range(8):
            asked = {site: draw.randint(0, int(there)) for site, there in allocation.stock.items()}
            if refused(settlement, channel, asked) is None:
                assert all(sum(asked[s] for s in c.sites) <= c.quantity + 1e-6 for c in found)


@quickly
@given(seeds)
def test_a_sale_takes_nothing_from_the_others(seed):
    """After a sale, whatever it was, everybody else can sell what was set aside for them."""
    draw, allocation = nested(seed)
    allocation = without_inner_limits(allocation, "group")
    settlement = settle(allocation)
    buyer = draw.choice(channels(allocation))
    sold = sellable(settlement, buyer, draw.sample(SITES, 5)).by_site
    later = settle(after_sale(allocation, buyer, sold))
    for standing in settlement.standings:
        channel = standing.share.holder
        if standing.sets_aside and "channel" in channel and channel != buyer:
            can = sellable(later, channel, sorted(standing.share.reachable))
            assert can.total >= standing.held - 1e-6


@quickly
@given(seeds)
def test_a_cancelled_sale_gives_back(seed):
    draw, allocation = nested(seed, scopes=OVERLAPPING)
    buyer = draw.choice(channels(allocation))
    sold = sellable(settle(allocation), buyer, SITES).by_site
    given_back = {site: -quantity for site, quantity in sold.items()}
    back = after_sale(after_sale(allocation, buyer, sold), buyer, given_back)
    for channel in channels(allocation):
        before, after = (sellable(settle(each), channel, SITES) for each in (allocation, back))
        assert before.by_site == after.by_site


@quickly
@given(seeds)
def test_more_stock_is_never_less_to_sell(seed):
    draw, allocation = nested(seed, kinds=ABSOLUTE)
    # Within a group's limit, what an earlier one gets more of is less for a later one.
    allocation = replace(
        allocation, shares=tuple(s for s in allocation.shares if not group_limit(s))
    )
    site = draw.choice(SITES)
    more = Allocation(
        {**allocation.available, site: allocation.available[site] + draw.randint(1, 4)},
        allocation.parents,
        allocation.shares,
    )
    for channel in channels(allocation):
        before, after = (sellable(settle(each), channel, SITES) for each in (allocation, more))
        assert after.total >= before.total - 1e-6


# === RULE BY RULE === #

HERE, THERE = frozenset({0}), frozenset({1})
BOTH = HERE | THERE
TREE = {"web": None, "shops": None, "north": "shops", "south": "shops", "mail": None}


def share(holder, kind, amount, scope=BOTH, key=None, **vals):
    return Share(key or f"{holder} {kind}", holder, kind, amount, scope, **vals)


def allot(here, there, *shares, rounding=1.0):
    return settle(Allocation({0: here, 1: there}, TREE, shares, rounding))


def totals(settlement, *names):
    return [sellable(settlement, name, [0, 1]).total for name in names]


def standing(settlement, key):
    return next(each for each in settlement.standings if each.share.key == key)


def test_kinds():
    """Of ten: what the holder may sell, and what the others may."""
    assert totals(allot(5, 5, share("web", FIXED, 4)), "web", "mail", None) == [4, 6, 6]
    assert totals(allot(5, 5, share("web", PROTECTED, 4)), "web", "mail", None) == [10, 6, 6]
    assert totals(allot(5, 5, share("web", CAPPED, 4)), "web", "mail", None) == [4, 10, 10]
    assert totals(allot(5, 5, share("web", PERCENT, 40)), "web", "mail", None) == [4, 6, 6]


def test_ceilings_of_nested_shares():
    """Eight here and four there; three everywhere are for the shop, two here for the web."""
    allocation = allot(8, 4, share("shop", PROTECTED, 3), share("web", PROTECTED, 2, HERE))
    found = {c.sites: c.quantity for c in ceilings(allocation, "web")}
    assert found == {BOTH: 9}
    found = {c.sites: c.quantity for c in ceilings(allocation, "shop")}
    assert found == {HERE: 6, BOTH: 10}


def test_consumed_as_sold():
    sold = {"web": 3, "mail": 2}
    for kind, amount in ((FIXED, 4), (PERCENT, 40)):
        settlement = allot(2, 3, share("web", kind, amount, sold=sold))
        assert totals(settlement, "web", "mail") == [1, 4]


def test_sold_beyond_the_share():
    """Nothing more is set aside, and what the others have is not touched."""
    settlement = allot(5, 5, share("web", PROTECTED, 4, sold={"web": 9}))
    assert totals(settlement, "web", "mail") == [10, 10]


def test_percentages_are_rounded_down():
    web = share("web", PERCENT, 33.3)
    assert standing(allot(5, 5, web), web.key).entitlement == 3
    assert standing(allot(5, 5, web, rounding=0.01), web.key).entitlement == 3.33
    assert (
        standing(allot(0.1, 0.2, share("web", PERCENT, 100), rounding=0.1), "web percent").held
        == 0.3
    )


def test_percentage_within_a_group():
    """Of what the group has in the same scope; elsewhere of the stock."""
    settlement = allot(
        10,
        10,
        share("shops", PERCENT, 50),
        share("north", PERCENT, 50),
        share("south", PERCENT, 50, HERE),
    )
    assert standing(settlement, "shops percent").entitlement == 10
    assert standing(settlement, "north percent").entitlement == 5
    assert standing(settlement, "south percent").entitlement == 5


def test_nested_groups():
    """Members share what the group has; one member's own part is kept from the other."""
    settlement = allot(10, 10, share("shops", FIXED, 8), share("north", PROTECTED, 5))
    assert totals(settlement, "north", "south", "web") == [8, 3, 12]
    settlement = allot(
        10, 10, share("shops", FIXED, 8, sold={"south": 3}), share("north", PROTECTED, 5)
    )
    assert totals(settlement, "north", "south", "web") == [5, 0, 15]


def test_members_can_have_more_than_their_group():
    settlement = allot(10, 10, share("shops", PROTECTED, 3), share("north", PROTECTED, 5))
    assert totals(settlement, "web", "south") == [15, 15]


def test_too_little_is_served_by_priority():
    web, mail = share("web", FIXED, 6, priority=(2,)), share("mail", FIXED, 6, priority=(1,))
    settlement = allot(4, 4, web, mail)
    assert (standing(settlement, mail.key).held, standing(settlement, web.key).held) == (6, 2)
    assert totals(settlement, "mail", "web", "north") == [6, 2, 0]


def test_sites_where_too_much_is_promised_take_nothing_from_the_others():
    assert totals(allot(-7, 10, share("web", PROTECTED, 4)), "web", "mail") == [10, 6]


def test_closest_match_of_the_product_counts():
    general = share("web", FIXED, 2, key="general")
    close = share("web", PROTECTED, 5, key="close", specificity=9)
    settlement = allot(5, 5, general, close)
    # What only the general share says, the limit, holds besides.
    assert totals(settlement, "web", "mail") == [2, 8]
    assert standing(settlement, "close").held == 2
    close = share("web", CAPPED, 7, key="close", specificity=9)
    assert totals(allot(5, 5, general, close), "web", "mail") == [7, 8]


def test_different_scopes_hold_together():
    settlement = allot(
        5, 5, share("web", PROTECTED, 4, HERE), share("web", PROTECTED, 6, BOTH, "b")
    )
    assert sellable(settlement, "mail", [0, 1]).by_site == {0: 1, 1: 3}
    assert sellable(settlement, "mail", [1, 0]).by_site == {1: 4}


def test_set_aside_where_its_holder_can_sell():
    """A share of all sites is kept at those from which the channel sells."""
    settlement = allot(5, 5, share("web", PROTECTED, 4, reach=HERE))
    assert sellable(settlement, "mail", [0, 1]).by_site == {0: 1, 1: 5}


def test_kept_at_the_last_sites():
    settlement = allot(5, 5, share("web", PROTECTED, 7))
    assert sellable(settlement, "mail", [1, 0]).by_site == {1: 3}
    assert sellable(settlement, "mail", [0, 1]).by_site == {0: 3}


def test_terms_add_up():
    settlement = allot(
        6,
        4,
        share("shops", PROTECTED, 3),
        share("north", PROTECTED, 2),
        share("mail", PROTECTED, 2, HERE),
        share("web", CAPPED, 9, sold={"web": 6}),
    )
    result = sellable(settlement, "web", [0, 1])
    assert (result.available, result.unlimited, result.total) == (10, 5, 3)
    assert result.available - sum(counted for _each, counted in result.others) == result.unlimited
    assert [each.left for each in result.limits] == [3]
    here = sellable(settlement, "web", [0])
    assert (here.available, here.elsewhere, here.total) == (6, 3, 3)
    assert here.available - sum(n for _each, n in here.others) + here.elsewhere == here.unlimited


def test_refusals_say_why():
    settlement = allot(
        6,
        4,
        share("mail", PROTECTED, 3),
        share("web", CAPPED, 9, sold={"web": 4}),
    )
    refusal = refused(settlement, "web", {0: 7})
    assert (refusal.left, refusal.sites, refusal.limit) == (6, HERE, None)
    refusal = refused(settlement, "web", {0: 4, 1: 2})
    assert (refusal.asked, refusal.left, refusal.limit.share.key) == (6, 5, "web capped")
    refusal = refused(settlement, "north", {0: 4, 1: 4})
    assert (refusal.left, refusal.sites, refusal.limit) == (7, BOTH, None)
    assert [each.share.key for each in refusal.others] == ["mail protected"]
    assert refused(settlement, "north", {0: 4, 1: 3}) is None


def test_a_limit_at_one_site_keeps_the_share_at_the_others():
    """Who may not sell from a site needs its share at the others."""
    settlement = allot(5, 5, share("web", PROTECTED, 5), share("web", CAPPED, 0, HERE))
    assert sellable(settlement, "mail", [0, 1]).by_site == {0: 5}


def test_many_overlapping_areas():
    """More unions than are looked at one by one: limits and stock still hold."""
    shares = [
        share("web", PROTECTED, 1, frozenset({site, site + 1}), key=site) for site in range(40)
    ]
    settlement = settle(Allocation(dict.fromkeys(range(41), 1), TREE, tuple(shares)))
    assert not settlement.exact
    assert 0 < sellable(settlement, "mail", range(41)).total <= 21


def test_nonsense():
    for kind, amount in (("gift", 1), (FIXED, -1), (FIXED, float("nan")), (FIXED, float("inf"))):
        with pytest.raises(ValueError):
            share("web", kind, amount)
    with pytest.raises(ValueError, match="cycle"):
        Allocation({}, {"a": "b", "b": "a"}, ())
