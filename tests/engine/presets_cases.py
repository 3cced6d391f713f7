"""What tests of strategies share: random instances, facts, and running one."""

import numpy as np
from sourcing_cases import KINDS, random_problem
from sourcing_truth import check_plan

from engine.sourcing import PRESETS

FEW = 200
"""Instances of each kind for each strategy."""


def instances(seed, *, lines=4, sites=5, kinds=KINDS, count=FEW):
    """Random problems, each with the generator that drew it."""
    for number, kind in enumerate(kinds):
        rng = np.random.default_rng([seed, number])
        for _ in range(count):
            yield rng, random_problem(rng, kind, most_lines=lines, most_sites=sites)


def some_kilometers(rng, problem, *, unknown=0.0):
    km = np.round(rng.random(len(problem.sites)) * rng.choice([5, 3000]), rng.choice([0, 3]))
    km[rng.random(len(km)) < unknown] = np.nan
    return km


def by_product(problem, values):
    """An array (L, S) made so that lines with the same product have equal rows."""
    for rows in problem.lines_by_product:
        values[list(rows)] = values[rows[0]]
    return values


def run(name, problem, facts, *options):
    plan = PRESETS[name](problem, facts, *options)
    check_plan(problem, plan)
    return plan


def quantities(plan):
    return {(a.line, a.site): a.quantity for a in plan.assignments}
