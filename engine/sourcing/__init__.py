"""Sourcing one order: which site gives how much of which line."""

from .credit import credited, without_credits
from .explainer import explain
from .explanation import Explanation, RunnerUp, Verdict
from .limits import Barred, Budget, Limits
from .plan import Assignment, Shortage, SourcingPlan, plan_costs
from .policies import POLICIES, fewest_sites, nearest, whole_order_first
from .problem import CostPart, MissingCost, OrderLine, Site, SourcingProblem
from .solver import solve

__all__ = [
    "POLICIES",
    "Assignment",
    "Barred",
    "Budget",
    "CostPart",
    "Explanation",
    "Limits",
    "MissingCost",
    "OrderLine",
    "RunnerUp",
    "Shortage",
    "Site",
    "SourcingPlan",
    "SourcingProblem",
    "Verdict",
    "credited",
    "explain",
    "fewest_sites",
    "nearest",
    "plan_costs",
    "solve",
    "whole_order_first",
    "without_credits",
]
