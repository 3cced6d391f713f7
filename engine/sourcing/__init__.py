"""Sourcing one order: which site gives how much of which line."""

from .cards import Brackets, Rule, Rules
from .credit import credited, without_credits
from .explainer import explain
from .explanation import Explanation, RunnerUp, Verdict
from .limits import Barred, Budget, Limits
from .next_best import alternatives
from .plan import Assignment, Shortage, SourcingPlan, plan_costs
from .presets import (
    D365,
    IOM,
    OPTIONS,
    PRESETS,
    Facts,
    FirstNonTie,
    HotWax,
    HotWaxRule,
    Preset,
)
from .problem import CostPart, MissingCost, OrderLine, Site, SourcingProblem
from .solver import solve
from .stages import (
    Stage,
    StagedPlan,
    check_alternates,
    solve_stages,
    solve_two_passes,
    tolerating,
    widening,
)
from .tariff import Tariff

__all__ = [
    "D365",
    "IOM",
    "OPTIONS",
    "PRESETS",
    "Assignment",
    "Barred",
    "Brackets",
    "Budget",
    "CostPart",
    "Explanation",
    "Facts",
    "FirstNonTie",
    "HotWax",
    "HotWaxRule",
    "Limits",
    "MissingCost",
    "OrderLine",
    "Preset",
    "Rule",
    "Rules",
    "RunnerUp",
    "Shortage",
    "Site",
    "SourcingPlan",
    "SourcingProblem",
    "Stage",
    "StagedPlan",
    "Tariff",
    "Verdict",
    "alternatives",
    "check_alternates",
    "credited",
    "explain",
    "plan_costs",
    "solve",
    "solve_stages",
    "solve_two_passes",
    "tolerating",
    "widening",
    "without_credits",
]
