"""Sourcing many orders at once over shared stock and capacity."""

from ..highs import SolverMissing
from .plan import BatchPlan, CapacityPrice, Stage, StockPrice
from .problem import BatchOrder, BatchProblem, SiteCapacity
from .solver import METHODS, solve_batch

__all__ = [
    "METHODS",
    "BatchOrder",
    "BatchPlan",
    "BatchProblem",
    "CapacityPrice",
    "SiteCapacity",
    "SolverMissing",
    "Stage",
    "StockPrice",
    "solve_batch",
]
