"""Telling why a plan was chosen."""

from __future__ import annotations

from .comparison import Comparison
from .explanation import Explanation
from .limited_comparison import LimitedComparison
from .plan import SourcingPlan
from .problem import SourcingProblem
from .tariff_comparison import TariffComparison

SHOWN = 25
PROVEN = 3


def explain(
    problem: SourcingProblem, plan: SourcingPlan, *, limit: int = SHOWN, prove: int = PROVEN
) -> Explanation:
    """Say what became of every site, and what the next best plan would have been.

    What the sites that were not chosen would cost is first found quickly: by adding the site to
    the plan, or putting it in the place of one that was chosen. For the best of them it is then
    proven by searches of their own, about as long as the first one each.

    A site counts as dominated if one of the chosen sites, or of those with a verdict, has at
    least as much of everything that the site has for the order, and no cost of it is higher.

    :param limit: how many sites that were not chosen get a verdict of their own
    :param prove: for how many of these the extra cost is proven
    """
    if problem.tariff is not None:
        return TariffComparison(problem, plan).explanation(limit, prove)
    if problem.limits.is_empty:
        return Comparison(problem, plan).explanation(limit, prove)
    return LimitedComparison(problem, plan).explanation(limit, prove)
