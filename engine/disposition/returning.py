"""Where goods that come back should go."""

from __future__ import annotations

from dataclasses import dataclass

from .plan import Plan
from .problem import Cost, Problem
from .solver import solve


@dataclass(frozen=True, slots=True)
class Destination:
    """A site to which a return could go.

    :param name: for people
    :param problem: what could be done with the goods once they are there; where their state is
        not known yet, a lot for each state with the units that are expected to be in it
    :param costs: of the way there, money for all goods together
    """

    name: str
    problem: Problem
    costs: tuple[Cost, ...] = ()


@dataclass(frozen=True, slots=True)
class Rank:
    """What it is worth that a return goes to a site.

    :param position: of the destination among those that were given
    :param value: of the goods there, less the way, money
    :param plan: what would be done with the goods
    """

    position: int
    value: float
    plan: Plan


def rank_destinations(destinations: tuple[Destination, ...]) -> tuple[Rank, ...]:
    """Order destinations by what the goods are worth if they go there, the best first.

    The way is paid and the goods are then used as well as can be, sending them on included.
    Between equals the first one given is first.
    """
    ranks = []
    for position, destination in enumerate(destinations):
        plan = solve(destination.problem)
        way = sum(cost.amount for cost in destination.costs)
        ranks.append(Rank(position, plan.value - way, plan))
    return tuple(sorted(ranks, key=lambda rank: (-round(rank.value, 9), rank.position)))
