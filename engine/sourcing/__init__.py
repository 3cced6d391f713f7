"""Sourcing one order: which site gives how much of which line."""

from .credit import credited, without_credits
from .explainer import explain
from .explanation import Explanation, RunnerUp, Verdict
from .limits import Barred, Budget, Limits
from .next_best import alternatives
from .plan import Assignment, Shortage, SourcingPlan, plan_costs
from .presets import D365, OPTIONS, PRESETS, Facts, HotWax, HotWaxRule, Preset
from .problem import CostPart, MissingCost, OrderLine, Site, SourcingProblem
from .solver import solve

__all__ = [
    "D365",
    "OPTIONS",
    "PRESETS",
    "Assignment",
    "Barred",
    "Budget",
    "CostPart",
    "Explanation",
    "Facts",
    "HotWax",
    "HotWaxRule",
    "Limits",
    "MissingCost",
    "OrderLine",
    "Preset",
    "RunnerUp",
    "Shortage",
    "Site",
    "SourcingPlan",
    "SourcingProblem",
    "Verdict",
    "alternatives",
    "credited",
    "explain",
    "plan_costs",
    "solve",
    "without_credits",
]
