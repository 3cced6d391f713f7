"""Order routing of HotWax Commerce: rules in sequence, each with filters, a sort and an action."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..plan import SourcingPlan
from ..problem import Array, Key, SourcingProblem
from .desk import Desk
from .facts import Facts, Flags, Known, check_names

SORTS = ("proximity", "inventory", "remaining", "custom", "weeks_of_supply")
NEXT_RULE, QUEUE = "next_rule", "queue"


@dataclass(frozen=True)
class HotWaxRule:
    """An inventory rule: which facilities are tried in which order, and what becomes of the rest.

    :param name: for people
    :param sites: keys of the facilities of the group; None is every facility
    :param excluded: keys of the facilities that are left out
    :param max_kilometers: facilities farther away are left out
    :param all_available: nothing is allocated unless the facilities together have all of the group
    :param ignore_order_limit: facilities that have as many orders as they may are tried too
    :param safety_stock: brokering safety stock, in units: facilities with less of a product give
        nothing of it, unless the facts ask for even more
    :param gate_is_inclusive: brokering safety stock is met by exactly that much ('at least');
        otherwise it takes more ('more than')
    :param sorts: the order of the facilities, the most important first: 'proximity', 'inventory'
        (most of the ordered products), 'remaining' (order limit), 'custom' (the priority),
        'weeks_of_supply' (most); equals come in the problem's order, for the date of creation
    :param weeks: the weeks of supply filter; the sort by it is ignored unless this is more than 0
    :param partial: the group may be allocated in parts
    :param partial_kits: kits may be allocated in parts too
    :param min_value: what every part, and what remains after it, is worth at least
    :param then: 'next_rule', or 'queue': what is left is not tried further
    :raises ValueError: a sort or an action is unknown, or a number negative
    """

    name: str = ""
    sites: frozenset[Key] | None = None
    excluded: frozenset[Key] = frozenset()
    max_kilometers: float | None = None
    all_available: bool = False
    ignore_order_limit: bool = False
    safety_stock: float = 0.0
    gate_is_inclusive: bool = True
    sorts: tuple[str, ...] = ("proximity",)
    weeks: float = 0.0
    partial: bool = False
    partial_kits: bool = False
    min_value: float = 0.0
    then: str = NEXT_RULE

    def __post_init__(self) -> None:
        check_names("sort of facilities", self.sorts, SORTS)
        check_names("action", [self.then], (NEXT_RULE, QUEUE))
        for what, number in (
            ("maximum distance", self.max_kilometers),
            ("least value", self.min_value),
            ("number of weeks", self.weeks),
            ("safety stock", self.safety_stock),
        ):
            if number is not None and not number >= 0.0:
                raise ValueError(f"The {what} of a rule must not be negative.")


@dataclass(frozen=True)
class HotWax:
    """The inventory rules of a routing, in sequence.

    By default the nearest facility that has everything, else parts by proximity.

    :raises ValueError: there is no rule
    """

    rules: tuple[HotWaxRule, ...] = (HotWaxRule("whole"), HotWaxRule("parts", partial=True))

    def __post_init__(self) -> None:
        if not self.rules:
            raise ValueError("A routing needs at least one inventory rule.")


def hotwax(problem: SourcingProblem, facts: Facts, options: HotWax | None = None) -> SourcingPlan:
    """Try rule after rule: the first facility that has the whole group, else parts where allowed.

    Looks at ``kilometers``, ``priority`` (the custom sequence), ``weeks_of_supply``, ``on_hand``
    and ``min_stock`` (a gate), ``open_orders`` and ``max_orders``, ``offline``, ``rejected``,
    ``values`` and ``kits``. A facility serves what is left of an order; lines of one kit come from
    one facility unless the rule says otherwise.

    Source: hotwax/oms-documentation, order routing. That the whole group is tried first, and that
    parts come in the order of the facilities, is inferred.
    """
    options = options or HotWax()
    known = facts.for_problem(problem)
    desk = Desk(problem)
    for rule in options.rules:
        if not desk.wanted.any():
            break
        _apply(desk, known, rule)
        if rule.then == QUEUE:
            break
    return desk.plan()


def _apply(desk: Desk, known: Known, rule: HotWaxRule) -> None:
    trial = desk.fork()
    trial.stock = np.where(eligible(desk.problem, known, rule), desk.stock, 0.0)
    if rule.all_available and (trial.fillable() < trial.wanted).any():
        return
    order = _order(trial, known, rule)
    able = trial.able()
    whole = [site for site in order if able[site]][:1]
    if whole:
        desk.take_from(whole)
    elif rule.partial:
        for site in order:
            _take_part(trial, known, rule, site)
        desk.take_over(trial)


def eligible(problem: SourcingProblem, known: Known, rule: HotWaxRule) -> Flags:
    """Where a rule lets stock be taken from, shape (L, S)."""
    keys = [site.key for site in problem.sites]
    tried = [key not in rule.excluded and (rule.sites is None or key in rule.sites) for key in keys]
    sites = np.array(tried, dtype=bool) & ~known.offline & ~known.rejected
    if not rule.ignore_order_limit:
        sites &= ~known.is_full
    if rule.max_kilometers is not None:
        sites &= known.away <= rule.max_kilometers
    least = np.maximum(known.min_stock, rule.safety_stock)
    gate = known.on_hand >= least
    if not rule.gate_is_inclusive:
        # Without a safety stock there is no gate.
        gate = (known.on_hand > least) | (least == 0.0)
    return gate & sites


def _order(desk: Desk, known: Known, rule: HotWaxRule) -> list[int]:
    """Facilities with any stock, in the order in which they are tried."""
    wanted = desk.wanted > 0.0
    keys: list[Array] = []
    for sort in rule.sorts:
        if sort == "proximity":
            keys.append(known.away)
        elif sort == "inventory":
            keys.append(-_per_product(desk, known.on_hand, wanted))
        elif sort == "remaining":
            keys.append(known.open_orders - known.max_orders)
        elif sort == "custom":
            keys.append(np.where(known.priority > 0.0, known.priority, np.inf))
        elif rule.weeks > 0.0:
            keys.append(_by_weeks(desk, known.weeks_of_supply, wanted))
    has_any = desk.stock[wanted].any(axis=0)
    if not keys:
        return np.flatnonzero(has_any).tolist()
    return [site for site in np.lexsort(keys[::-1]).tolist() if has_any[site]]


def _per_product(desk: Desk, amounts: Array, wanted: Flags) -> Array:
    """Sum over the products still wanted, each once, shape (S,)."""
    total = np.zeros(amounts.shape[1])
    for rows in desk.problem.lines_by_product:
        if wanted[list(rows)].any():
            total += amounts[rows[0]]
    return total


def _by_weeks(desk: Desk, weeks: Array, wanted: Flags) -> Array:
    """Sort key by the mean weeks of supply of the products wanted; without any comes last."""
    is_known = ~np.isnan(weeks)
    count = _per_product(desk, is_known.astype(float), wanted)
    total = _per_product(desk, np.where(is_known, weeks, 0.0), wanted)
    mean = np.divide(total, count, out=np.full(len(count), -np.inf), where=count > 0.0)
    return -mean


def _take_part(desk: Desk, known: Known, rule: HotWaxRule, site: int) -> None:
    """Allocate what a facility has of the group, if neither part nor remainder is too small."""
    part = desk.fork()
    for rows, whole in _pieces(known.kits, rule.partial_kits):
        piece = part.fork()
        piece.take_from([site], rows)
        if not whole or not piece.wanted[rows].any():
            part.take_over(piece)
    if (part.wanted == desk.wanted).all():
        return
    rounding = desk.problem.rounding
    fragment = float(((desk.wanted - part.wanted) * rounding) @ known.values)
    remainder = float((part.wanted * rounding) @ known.values)
    if fragment >= rule.min_value and (remainder >= rule.min_value or not part.wanted.any()):
        desk.take_over(part)


def _pieces(kits: Array, partial_kits: bool) -> list[tuple[list[int], bool]]:
    """Lines that are allocated together, in the order of the lines, and whether only wholly."""
    pieces: dict[tuple[bool, float], list[int]] = {}
    for row, kit in enumerate(kits.tolist()):
        whole = kit > 0.0 and not partial_kits
        pieces.setdefault((whole, kit if whole else row), []).append(row)
    return [(rows, whole) for (whole, _key), rows in pieces.items()]
