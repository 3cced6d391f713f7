"""What each strategy comes to where limits keep it from working in its own way.

Rules of thumb know no limits of an order but stock. Where their plan would break one, what they
prefer is sought exactly instead, among the plans that keep it: as much as can be filled, then
least of what the strategy wants little of, unit by unit or site by site.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from ..problem import Array, SourcingProblem
from ..remainder import with_stock
from .desk import Desk
from .dom import D365, candidates, limits_of
from .facts import Known
from .hotwax import HotWax, eligible
from .simple import FirstNonTie, ranked_by_coverage, ranks_of
from .within import distances

Wish = tuple[SourcingProblem, Array, Array]
"""The problem with what stock may be used; amounts per parcel (S,) and per unit (L, S)."""


def _by_unit(problem: SourcingProblem, per_site: Array) -> Wish:
    n_lines, n_sites = problem.stock.shape
    return problem, np.zeros(n_sites), np.tile(per_site, (n_lines, 1))


def _by_distance(problem: SourcingProblem, known: Known) -> Wish:
    return _by_unit(problem, distances(known))


def _by_parcel(problem: SourcingProblem, known: Known) -> Wish:
    """Fewest sites, then the nearest of them."""
    away = distances(known)
    most = min(len(away), int(problem.demand_steps.sum()))
    return problem, most * away.max(initial=0.0) + 1.0 + away, np.zeros(problem.stock.shape)


def _by_rank(problem: SourcingProblem, order: list[int]) -> Wish:
    places = np.empty(len(order))
    places[order] = np.arange(len(order))
    return _by_unit(problem, places)


def _first_non_tie(
    problem: SourcingProblem, known: Known, options: FirstNonTie | None = None
) -> Wish:
    ranked = ranked_by_coverage(Desk(problem), known, options or FirstNonTie())
    return _by_rank(problem, ranked)


def _magento_priority(problem: SourcingProblem, known: Known) -> Wish:
    ranks = ranks_of(known.priority)
    open_ = with_stock(problem, ~known.offline)
    return _by_rank(open_, np.argsort(ranks, kind="stable").tolist())


def _magento_distance(problem: SourcingProblem, known: Known) -> Wish:
    return _by_distance(with_stock(problem, ~known.offline), known)


def _with_costs(problem: SourcingProblem, per_unit: Array) -> Wish:
    """Costs decide among plans that are within a thousandth of the dearest unit."""
    costs = problem.per_unit
    most = float(problem.per_parcel.sum() + problem.quantities @ costs.max(axis=1, initial=0.0))
    weight = 1e3 * (most + 1.0) / (float(per_unit.max(initial=0.0)) or 1.0)
    return problem, problem.per_parcel, weight * per_unit + costs


def _fastest(problem: SourcingProblem, known: Known) -> Wish:
    known_days = ~np.isnan(known.days)
    latest = known.days[known_days].max(initial=0.0)
    days = np.where(known_days, known.days, latest + 1.0)
    return _with_costs(problem, np.tile(days, (len(problem.lines), 1)))


def _greenest(problem: SourcingProblem, known: Known) -> Wish:
    return _with_costs(problem, known.carbon_per_unit)


def _stores_first(problem: SourcingProblem, known: Known) -> Wish:
    elsewhere = np.where(known.is_store, 0.0, 1.0)
    return _with_costs(problem, np.tile(elsewhere, (len(problem.lines), 1)))


def _d365(problem: SourcingProblem, known: Known, options: D365 | None = None) -> Wish:
    options = options or D365()
    desk = Desk(problem, candidates(known, options, options.hard))
    if "min_stock" in options.hard:
        desk.keep(known.min_stock)
    asked = dataclasses.replace(problem, stock=desk.stock * problem.rounding[:, None])
    if "partial_orders" in options.hard:
        asked = dataclasses.replace(asked, limits=limits_of(problem, known, options))
    return _by_parcel(asked, known)


def _hotwax(problem: SourcingProblem, known: Known, options: HotWax | None = None) -> Wish:
    rules = (options or HotWax()).rules
    usable = np.logical_or.reduce([eligible(problem, known, rule) for rule in rules])
    return _by_distance(with_stock(problem, usable), known)


WISHES: Mapping[str, Callable[..., Wish]] = {
    "nearest": _by_distance,
    "whole_order_first": _by_parcel,
    "fewest_sites": _by_parcel,
    "fewest_splits": _by_parcel,
    "fastest": _fastest,
    "greenest": _greenest,
    "ship_from_store_first": _stores_first,
    "first_non_tie": _first_non_tie,
    "magento_priority": _magento_priority,
    "magento_distance": _magento_distance,
    "d365": _d365,
    "hotwax": _hotwax,
}
"""Called with a problem, what is known of it, and options of strategies that have any."""
