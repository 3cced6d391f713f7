"""Rule engines of vendors once more, in plain loops over whole steps; slow, and independent."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from typing import Any

from presets_truth import Order, Taken, cost_of
from sourcing_truth import whole_steps


def d365_run(order: Order, facts: dict[str, Any], options: Any) -> tuple[dict[Any, int], Taken]:
    """Two passes over one order, each by trying every set of locations.

    :return: steps filled by product, and what is taken
    """
    every = ("min_stock", "distance", "offline", "max_orders", "partial_orders")
    lines = [
        (product, 0 if options.max_rejects and facts["rejects"][row] >= options.max_rejects else n)
        for row, (product, n) in enumerate(order.lines)
    ]
    taken: Taken = {}
    served = [0] * len(lines)
    for rules in (every, tuple(options.hard)):
        open_lines = [(product, n - done) for (product, n), done in zip(lines, served, strict=True)]
        new, filled = _d365_pass(order, open_lines, facts, options, rules, taken)
        for key, steps in new.items():
            taken[key] = taken.get(key, 0) + steps
        served = [done + more for done, more in zip(served, filled, strict=True)]
    totals = dict.fromkeys(order.products, 0)
    for (product, _n), done in zip(lines, served, strict=True):
        totals[product] += done
    return totals, taken


def _d365_allowed(
    order: Order, facts: dict[str, Any], options: Any, rules: tuple[str, ...]
) -> list[int]:
    allowed = []
    for site in order.sites:
        if facts["rejected"][site] or not facts["priority"][site]:
            continue
        if "offline" in rules and facts["offline"][site]:
            continue
        if "max_orders" in rules and facts["open_orders"][site] >= facts["max_orders"][site]:
            continue
        far = options.max_kilometers is not None
        if "distance" in rules and far and facts["kilometers"][site] > options.max_kilometers:
            continue
        allowed.append(site)
    return allowed


def _d365_usable(
    order: Order,
    facts: dict[str, Any],
    allowed: list[int],
    rules: tuple[str, ...],
    before: Taken,
) -> dict[Any, list[int]]:
    """Steps of each product at each location, the ring-fenced ones left out."""
    have = {}
    for product in order.products:
        row, step = order.row[product], float(order.problem.rounding[order.row[product]])
        have[product] = [0] * len(order.sites)
        for site in allowed:
            units = float(order.problem.stock[row, site])
            if "min_stock" in rules:
                units = max(units - facts["min_stock"][row][site], 0.0)
            have[product][site] = max(whole_steps(units, step) - before.get((product, site), 0), 0)
    return have


def _d365_pass(
    order: Order,
    lines: list[tuple[Any, int]],
    facts: dict[str, Any],
    options: Any,
    rules: tuple[str, ...],
    before: Taken,
) -> tuple[Taken, list[int]]:
    allowed = _d365_allowed(order, facts, options, rules)
    have = _d365_usable(order, facts, allowed, rules, before)
    problem = order.problem
    worth = sum(facts["values"][row] * line.quantity for row, line in enumerate(problem.lines))
    most = options.max_locations
    if any(facts["no_split"]) or worth < options.no_split_below:
        most = 1
    partial = options.partial_orders and most is None
    used = {site for _product, site in before}
    best: tuple[Any, Taken, list[int]] = ((0, 0, 0, 0.0), {}, [0] * len(lines))
    for sites in (s for n in range(len(allowed) + 1) for s in itertools.combinations(allowed, n)):
        usable = set(sites) | (used & set(allowed))
        filled = _d365_filled(order, lines, have, usable, options, rules, partial)
        if "partial_orders" in rules and most is not None and len(usable | used) > most:
            continue
        taken = _d365_taken(order, lines, have, usable, filled)
        new = set(sites) - used
        key = (
            -sum(filled),
            len(new),
            sum(facts["priority"][site] for site in new),
            d365_kilometers(facts, options, new)
            if options.by_distance
            else cost_of(order, taken, used)
            + sum(order.parcel[site] for site in new - _sites(taken)),
        )
        if key < best[0]:
            best = (key, taken, filled)
    return best[1], best[2]


def d365_kilometers(facts: dict[str, Any], options: Any, sites: set[int]) -> float:
    """How far some locations are in all; those in the local region are equally near."""
    total = 0.0
    for site in sites:
        near = facts["kilometers"][site] <= options.local_kilometers
        total += options.local_kilometers if near else facts["kilometers"][site]
    return total


def _sites(taken: Taken) -> set[int]:
    return {site for _product, site in taken}


def _d365_taken(
    order: Order,
    lines: list[tuple[Any, int]],
    have: dict[Any, list[int]],
    sites: set[int],
    filled: list[int],
) -> Taken:
    """What is taken, the cheapest unit first."""
    goal = dict.fromkeys(order.products, 0)
    for (product, _n), steps in zip(lines, filled, strict=True):
        goal[product] += steps
    taken: Taken = {}
    for product, steps in goal.items():
        left = steps
        for site in sorted(sites, key=lambda site: (order.price[product][site], site)):
            give = min(left, have[product][site])
            if give:
                taken[product, site] = give
            left -= give
    return taken


def _d365_filled(
    order: Order,
    lines: list[tuple[Any, int]],
    have: dict[Any, list[int]],
    sites: set[int],
    options: Any,
    rules: tuple[str, ...],
    partial: bool,
) -> list[int]:
    """Steps of each line that a set of locations may fill at most."""
    filled = [0] * len(lines)
    for product in order.products:
        rows = [row for row, (asked, _n) in enumerate(lines) if asked == product]
        held = sum(have[product][site] for site in sites)
        if "partial_orders" in rules and not (partial and options.partial_lines):
            # Whole lines only: the best choice of them.
            choices = (c for n in range(len(rows) + 1) for c in itertools.combinations(rows, n))
            sums = ((sum(lines[row][1] for row in chosen), chosen) for chosen in choices)
            for row in max((pair for pair in sums if pair[0] <= held), key=lambda pair: pair[0])[1]:
                filled[row] = lines[row][1]
        else:
            for row in rows:
                filled[row] = min(lines[row][1], held)
                held -= filled[row]
    whole = [steps for _product, steps in lines]
    if "partial_orders" in rules and not partial and filled != whole:
        return [0] * len(lines)
    return filled


def hotwax_run(
    order: Order, facts: dict[str, Any], rules: Iterable[Any]
) -> dict[tuple[int, int], int]:
    """Rule after rule over one ship group.

    :return: steps by line and site
    """
    left = [steps for _product, steps in order.lines]
    have = {product: list(steps) for product, steps in order.have.items()}
    taken: dict[tuple[int, int], int] = {}
    for rule in rules:
        if not any(left):
            break
        hold = _hotwax_gate(order, facts, rule, have)
        facilities = [site for site in order.sites if _hotwax_tries(order, facts, rule, site)]
        facilities.sort(key=lambda site: _hotwax_sort(order, facts, rule, left, site))
        for site, part in _hotwax_parts(order, facts, rule, left, facilities, hold):
            for row, give in enumerate(part):
                if give:
                    taken[row, site] = taken.get((row, site), 0) + give
                    have[order.lines[row][0]][site] -= give
            left = [rest - give for rest, give in zip(left, part, strict=True)]
        if rule.then == "queue":
            break
    return taken


def _hotwax_tries(order: Order, facts: dict[str, Any], rule: Any, site: int) -> bool:
    key = order.problem.sites[site].key
    if rule.sites is not None and key not in rule.sites:
        return False
    if key in rule.excluded or facts["offline"][site] or facts["rejected"][site]:
        return False
    if rule.max_kilometers is not None and facts["kilometers"][site] > rule.max_kilometers:
        return False
    full = facts["open_orders"][site] >= facts["max_orders"][site]
    return rule.ignore_order_limit or not full


def _hotwax_gate(
    order: Order, facts: dict[str, Any], rule: Any, have: dict[Any, list[int]]
) -> dict[Any, list[int]]:
    """What each facility holds of each product, as far as its safety stock lets it go."""
    hold = {}
    for product in order.products:
        hold[product] = list(have[product])
        for site in order.sites:
            hand = facts["on_hand"][order.row[product]][site]
            least = facts["min_stock"][order.row[product]][site]
            if rule.safety_stock > least:
                least = rule.safety_stock
            if hand < least or (not rule.gate_is_inclusive and least and hand == least):
                hold[product][site] = 0
    return hold


def _hotwax_sort(
    order: Order, facts: dict[str, Any], rule: Any, left: list[int], site: int
) -> tuple[float, ...]:
    wanted = {product for (product, _n), rest in zip(order.lines, left, strict=True) if rest}
    rows = [order.row[product] for product in wanted]
    key: list[float] = []
    for sort in rule.sorts:
        if sort == "proximity":
            key.append(facts["kilometers"][site])
        elif sort == "inventory":
            key.append(-round(sum(facts["on_hand"][row][site] for row in rows), 6))
        elif sort == "remaining":
            key.append(-(facts["max_orders"][site] - facts["open_orders"][site]))
        elif sort == "custom":
            key.append(facts["priority"][site] or math.inf)
        elif rule.weeks > 0:
            weeks = [facts["weeks_of_supply"][row][site] for row in rows]
            known = [week for week in weeks if not math.isnan(week)]
            key.append(-sum(known) / len(known) if known else math.inf)
    return (*key, site)


def _hotwax_parts(
    order: Order,
    facts: dict[str, Any],
    rule: Any,
    left: list[int],
    facilities: list[int],
    hold: dict[Any, list[int]],
) -> list[tuple[int, list[int]]]:
    """What facilities give to each line: the first that has all, else parts if the rule allows."""
    need = dict.fromkeys(order.products, 0)
    for (product, _n), rest in zip(order.lines, left, strict=True):
        need[product] += rest
    have_all = all(
        sum(hold[product][site] for site in facilities) >= steps for product, steps in need.items()
    )
    if rule.all_available and not have_all:
        return []
    for site in facilities:
        if all(hold[product][site] >= steps for product, steps in need.items()):
            return [(site, list(left))]
    parts = []
    for site in facilities if rule.partial else []:
        part = _hotwax_part(order, facts, rule, left, site, hold)
        after = [rest - give for rest, give in zip(left, part, strict=True)]
        worth = [
            facts["values"][row] * float(order.problem.rounding[row]) for row in range(len(left))
        ]
        fragment = sum(w * n for w, n in zip(worth, part, strict=True))
        remainder = sum(w * n for w, n in zip(worth, after, strict=True))
        enough = fragment >= rule.min_value and (not any(after) or remainder >= rule.min_value)
        if any(part) and enough:
            parts.append((site, part))
            left = after
    return parts


def _hotwax_part(
    order: Order,
    facts: dict[str, Any],
    rule: Any,
    left: list[int],
    site: int,
    hold: dict[Any, list[int]],
) -> list[int]:
    """What one facility could give to each line, kits wholly or not at all."""
    available = {product: hold[product][site] for product in order.products}
    part = [0] * len(left)
    done: set[int] = set()
    for row, kit in enumerate(facts["kits"]):
        if row in done:
            continue
        is_whole = bool(kit) and not rule.partial_kits
        rows = [n for n, other in enumerate(facts["kits"]) if other == kit] if is_whole else [row]
        done.update(rows)
        trial, gives = dict(available), []
        for each in rows:
            product = order.lines[each][0]
            gives.append(min(left[each], trial[product]))
            trial[product] -= gives[-1]
        if is_whole and gives != [left[each] for each in rows]:
            continue
        available = trial
        for each, give in zip(rows, gives, strict=True):
            part[each] = give
    return part


def iom_run(order: Order, facts: dict[str, Any], options: Any) -> tuple[int, float]:
    """Intelligent Order Management by trying every set of sources; lines of different products.

    :return: steps filled in all, and the sum of kilometers over the sources used
    """
    every = {
        "min_stock",
        "distance",
        "timings",
        "order_lines",
        "sites",
        "sites_per_line",
        "partial",
    }
    filled: dict[int, int] = {}
    used: set[int] = set()
    for rules in (every, every - set(options.soft)):
        best: tuple[Any, set[int], dict[int, int]] = ((0, 0.0), set(), {})
        most = options.max_sites if "sites" in rules and options.max_sites else len(order.sites)
        left = most - len(used)
        allowed = _iom_sources(order, facts, options, rules)
        if left <= 0:
            allowed = [site for site in allowed if site in used]
        sizes = range(len(allowed) + 1 if left <= 0 else min(left, len(allowed)) + 1)
        for sites in (s for n in sizes for s in itertools.combinations(allowed, n)):
            new = _iom_filled(order, facts, options, rules, sites, filled)
            if "partial" in rules and options.restrict_partial:
                wanted = [row for row, (_product, n) in enumerate(order.lines) if n]
                if any(row not in filled and row not in new for row in wanted):
                    continue
            km = sum(facts["kilometers"][site] for site in set(sites) - used)
            key = (-sum(new.values()), km)
            if key < best[0]:
                best = (key, set(sites), new)
        filled |= best[2]
        used |= best[1]
    return sum(filled.values()), sum(facts["kilometers"][site] for site in used)


def _iom_sources(order: Order, facts: dict[str, Any], options: Any, rules: set[str]) -> list[int]:
    sources = []
    for site in order.sites:
        far = options.max_kilometers is not None
        if "distance" in rules and far and facts["kilometers"][site] > options.max_kilometers:
            continue
        if "timings" in rules and options.respect_timings and facts["past_cut_off"][site]:
            continue
        if "order_lines" in rules and facts["remaining_lines"][site] < 1:
            continue
        sources.append(site)
    return sources


def _iom_filled(
    order: Order,
    facts: dict[str, Any],
    options: Any,
    rules: set[str],
    sites: Iterable[int],
    before: dict[int, int],
) -> dict[int, int]:
    """Lines that some sources can fill wholly, and their steps."""
    filled = {}
    for row, (product, steps) in enumerate(order.lines):
        held = []
        for site in sites:
            below = facts["on_hand"][row][site] < facts["min_stock"][row][site]
            held.append(0 if "min_stock" in rules and below else order.have[product][site])
        held.sort(reverse=True)
        if "sites_per_line" in rules and options.max_sites_per_line:
            held = held[: options.max_sites_per_line]
        if steps and row not in before and sum(held) >= steps:
            filled[row] = steps
    return filled
