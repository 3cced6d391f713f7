"""What one move earns by how much goes, all else as it is: for whoever changes its quantity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .plan import PartName
from .problem import Array, Integers, Problem
from .tidy import tidied
from .values import Values
from .ways import charges_of


@dataclass(frozen=True, slots=True, eq=False)
class Amounts:
    """What so many units of a move are worth, columns of shape (quantities,).

    :param parts: money for all units by part, what a shipment costs once left out
    :param chance_here: probability that the last unit would have been sold at the origin
    :param chance_there: that it will be sold at the destination
    """

    parts: dict[PartName, Array]
    chance_here: Array
    chance_there: Array


def worth_of_move(problem: Problem, quantities: Array) -> Amounts:
    """Say what a move earns for some quantities of it.

    :param problem: one product at two sites, with the stock as it is without the move, and the one
        lane on which it goes
    :param quantities: units, shape (quantities,)
    :raises ValueError: there is not one product, one lane, and stock at both of its ends
    """
    tidy = tidied(problem)
    rows, settings = tidy.rows, problem.settings
    if len(tidy.lanes) != 1 or len(problem.goods) != 1 or len(rows.site) != 2:
        raise ValueError("A move is of one product on one lane, between two sites.")
    lane = tidy.lanes[0]
    giver = np.flatnonzero(rows.site == lane.origin)
    getter = np.flatnonzero(rows.site == lane.destination)
    if len(giver) != 1 or len(getter) != 1:
        raise ValueError("The lane does not lead from one of the sites to the other.")
    values = Values(rows, tidy.items, settings)
    positions = values.positions()
    units = np.asarray(quantities, dtype=float)
    held = positions.held[giver]
    stays = values.stay(giver, np.concatenate((held, held - units))[None, :])[0]
    earned = values.arrive(
        getter,
        np.array([lane.days or 0.0]),
        units[None, :],
        positions.here[getter],
        np.minimum(rows.days_left[giver], values.end[getter]),
    )[0]
    aged = settings.ageing * tidy.items.cost[0] * rows.age_days[giver] / 365.0
    parts: dict[PartName, Array] = {
        "value_there": earned,
        "value_here": stays[1:] - stays[0],
        "ageing": aged * units,
    }
    none: Integers = np.zeros(1, dtype=np.int64)
    for name, cost in charges_of(tidy, problem.network, settings).of(none, none).items():
        parts[name] = -cost * units
    days = np.minimum(values.end[giver], settings.risk_days or float("inf"))
    every = np.ones(len(units))
    return Amounts(
        parts,
        values.chance(np.repeat(giver, len(units)), held - units + 1.0, days * every),
        values.chance(
            np.repeat(getter, len(units)),
            positions.held[getter] + units,
            values.end[getter] * every,
        ),
    )
