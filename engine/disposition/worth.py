"""What units earn that join a pool, one after the other."""

from __future__ import annotations

from .flow import TINY
from .problem import Problem


def steps(problem: Problem, values: list[list[float]], pool: int) -> list[tuple[float, float]]:
    """Return how many units may join a pool at which value, best first."""
    broken = problem.pools[pool].market.stock % 1.0
    return [
        (1.0 - broken if place == 0 else 1.0, value) for place, value in enumerate(values[pool])
    ]


def earned(problem: Problem, values: list[list[float]], pool: int, amount: float) -> float:
    """Return what so many units earn together when they join a pool."""
    total = 0.0
    for width, value in steps(problem, values, pool):
        part = min(width, amount)
        total += part * value
        amount -= part
        if amount <= TINY:
            break
    return total
