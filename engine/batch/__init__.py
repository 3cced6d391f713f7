"""Sourcing many orders at once over shared stock and capacity."""

from ..highs import SolverMissing
from .chain import ChainOrder, ChainPlan, solve_chain
from .keeping import joined_lines, keep_given
from .plan import BatchPlan, CapacityPrice, QuotaPrice, Stage, StockPrice
from .problem import BatchOrder, BatchProblem, Quota, SiteCapacity
from .solver import METHODS, solve_batch

__all__ = [
    "METHODS",
    "BatchOrder",
    "BatchPlan",
    "BatchProblem",
    "CapacityPrice",
    "ChainOrder",
    "ChainPlan",
    "Quota",
    "QuotaPrice",
    "SiteCapacity",
    "SolverMissing",
    "Stage",
    "StockPrice",
    "joined_lines",
    "keep_given",
    "solve_batch",
    "solve_chain",
]
