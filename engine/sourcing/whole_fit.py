"""A bound for orders with budgets: the best quantities if sites may be opened bit by bit.

A budget couples all lines, and whole steps matter: of an order that lacks a tenth of a step, one
step must stay missing. Prices of the budget do not see that. This relaxation does: it looks at
quantities in whole steps at all sites at once, and opens a site in proportion to what it gives.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .fitting import Fit
from .incumbent import Mask
from .problem import Array
from .rules import Cap, Rules

MOST_NODES = 300

MOST_AMOUNTS = 6_000
"""Orders with more amounts of a line from a site are not looked at: the table grows too large."""


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """What the relaxation says.

    :param bound: no plan of its world costs less; ``inf`` if there is none
    :param sites: the sites that give something in its best plan
    :param least_missing: so many steps are missing at least
    :param pick: the site to decide next; None if it does not matter
    """

    bound: float
    sites: list[int]
    least_missing: float
    pick: int | None


def look_at_whole(
    rules: Rules,
    *,
    missing: bool,
    deadline: float | None,
    opened: Sequence[int] = (),
    closed: Mask | None = None,
) -> Whole | None:
    """Bound one of the two worlds of a problem with budgets, or a region of it.

    :param missing: whether anything may be missing
    :param deadline: when to stop looking
    :param opened: sites that are paid for
    :param closed: shape (n,) or more: sites that give nothing
    :return: None if there is nothing to say
    """
    usable = rules.supply > 0.0
    if closed is not None:
        usable &= ~closed[: usable.shape[1]]
    if not rules.caps or not usable.any() or np.count_nonzero(usable) > MOST_AMOUNTS:
        return None
    loose, paid = _loosened(rules, list(opened))
    sites = np.flatnonzero(usable.any(axis=0)).tolist()
    fit = Fit(loose, sites, missing=missing, most_nodes=MOST_NODES, by_missing=True)
    fit.paid = paid + (float(rules.core.fixed[-1]) if missing else 0.0)
    found = fit.solve(np.inf, deadline)
    bound = fit.value if fit.proven else min(fit.bound, fit.value)
    given = np.zeros(rules.supply.shape) if found is None else found[1]
    least = 0.0
    if missing and np.isfinite(bound):
        # What is not penalty is at most this; so many steps the rest must come from.
        most = float(rules.demand @ np.where(usable, loose.unit, 0.0).max(axis=1))
        least = (bound - fit.paid - most) / float(rules.penalty.max() or np.inf)
        least = float(max(math.ceil(least - 1e-6), 0))
    return Whole(
        bound, np.flatnonzero(given.any(axis=0)).tolist(), least, _pick(rules, given, opened)
    )


def _loosened(rules: Rules, opened: list[int]) -> tuple[Rules, float]:
    """The problem with what opening a site takes spread over all that it could give.

    :return: the problem, and what the sites that are open for sure cost
    """
    n_lines, n_sites = rules.supply.shape
    most = np.maximum(rules.supply.sum(axis=0), 1.0)

    def spread(per_site: Array, per_step: Array) -> Array:
        share = per_site / most
        share[opened] = 0.0
        return per_step + share

    loose = dataclasses.replace(
        rules,
        unit=spread(rules.core.fixed[:-1], rules.unit),
        most_sites=n_sites,
        most_per_line=np.full(n_lines, n_sites),
        groups=(),
        min_value=0.0,
        capacity=np.full(n_sites, np.inf),
        caps=tuple(
            Cap(
                cap.name,
                np.zeros(n_sites),
                spread(cap.per_parcel, cap.per_step),
                cap.limit - float(cap.per_parcel[opened].sum()),
            )
            for cap in rules.caps
        ),
    )
    return loose, float(rules.core.fixed[opened].sum())


def _pick(rules: Rules, given: Array, opened: Sequence[int]) -> int | None:
    """The site of which most is hidden by opening it bit by bit; None if there is none."""
    weight = rules.core.fixed[:-1] / (rules.core.scale or 1.0)
    for cap in rules.caps:
        weight = weight + cap.per_parcel / max(cap.limit, 1e-9)
    total = given.sum(axis=0)
    hidden = weight * (1.0 - total / np.maximum(rules.supply.sum(axis=0), 1.0))
    hidden[total == 0.0] = 0.0
    hidden[list(opened)] = 0.0
    site = int(np.argmax(hidden))
    return site if hidden[site] > 0.0 else None
