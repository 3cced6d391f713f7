"""Sourcing many orders at once over shared stock and capacity."""

from ..highs import SolverMissing
from .plan import BatchPlan, CapacityPrice, QuotaPrice, Stage, StockPrice
from .problem import BatchOrder, BatchProblem, Quota, SiteCapacity
from .solver import METHODS, solve_batch

__all__ = [
    "METHODS",
    "BatchOrder",
    "BatchPlan",
    "BatchProblem",
    "CapacityPrice",
    "Quota",
    "QuotaPrice",
    "SiteCapacity",
    "SolverMissing",
    "Stage",
    "StockPrice",
    "solve_batch",
]
