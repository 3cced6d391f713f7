"""The program that chooses plans, and the little that is asked of HiGHS about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..highs import load, quiet
from ..sourcing.problem import Array
from .board import Ints
from .columns import Sparse


@dataclass(frozen=True, eq=False)
class Program:
    """Choose one column of each order within the limits of resources, at least cost.

    :param costs: shape (K,)
    :param orders: shape (K,): order of each column, numbered 0 to N - 1
    :param uses: K rows over resources 0 to M - 1
    :param limits: shape (M,)
    :param n_orders: N
    """

    costs: Array
    orders: Ints
    uses: Sparse
    limits: Array
    n_orders: int


@dataclass(frozen=True, eq=False)
class Answer:
    """What the solver says of a program.

    :param values: shape (K,)
    :param prices: shape (M,): of resources, never negative
    :param complete: the solver came to its end, not to its limit
    """

    values: Array
    prices: Array
    complete: bool


def relax(program: Program, *, interior: bool, vertex: bool, seconds: float) -> Answer | None:
    """Solve the program in fractions.

    :param interior: by an interior point method, else by the simplex method
    :param vertex: a corner of the optimal face is wanted rather than a point amid it
    :return: None if there was not time enough
    """
    highspy = load()
    model = _model(highspy, program, seconds)
    model.setOptionValue("solver", "ipm" if interior else "simplex")
    if interior:
        model.setOptionValue("run_crossover", "on" if vertex else "off")
    model.run()
    optimal = model.getModelStatus() == highspy.HighsModelStatus.kOptimal
    solution = model.getSolution()
    if not (optimal or (interior and solution.dual_valid)):
        return None
    prices = np.maximum(-np.array(solution.row_dual)[program.n_orders :], 0.0)
    return Answer(np.array(solution.col_value), prices, optimal)


def choose(
    program: Program, start: Ints | None, *, gap: float, nodes: int, seconds: float
) -> tuple[Ints, bool] | None:
    """Solve the program in whole columns.

    :param start: one column of each order, shape (N,), to begin with
    :param gap: the relative gap at which to stop
    :param nodes: how far to search
    :return: one column of each order, and whether the solver came to its end; None if it found
        nothing
    """
    highspy = load()
    model = _model(highspy, program, seconds)
    for option, value in (
        ("mip_rel_gap", gap),
        ("mip_max_nodes", nodes),
        ("mip_feasibility_tolerance", 1e-7),
    ):
        model.setOptionValue(option, value)
    count = len(program.costs)
    kinds = np.full(count, int(highspy.HighsVarType.kInteger), dtype=np.uint8)
    model.changeColsBounds(count, np.arange(count, dtype=np.int32), np.zeros(count), np.ones(count))
    model.changeColsIntegrality(count, np.arange(count, dtype=np.int32), kinds)
    if start is not None:
        model.setSolution(len(start), start.astype(np.int32), np.ones(len(start)))
    model.run()
    if model.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None
    values = np.array(model.getSolution().col_value)
    chosen = np.flatnonzero(values > 0.5)
    if not np.array_equal(np.sort(program.orders[chosen]), np.arange(program.n_orders)):
        return None
    chosen = chosen[np.argsort(program.orders[chosen])]
    if (program.uses.totals(len(program.limits), chosen) > program.limits + 1e-6).any():
        return None
    in_time = model.getModelStatus() != highspy.HighsModelStatus.kTimeLimit
    return chosen, in_time


def _model(highspy: Any, program: Program, seconds: float) -> Any:
    model = quiet(highspy)
    for option, value in (
        ("threads", 1),
        ("random_seed", 0),
        ("time_limit", max(seconds, 0.01)),
    ):
        model.setOptionValue(option, value)
    count, n_rows = len(program.costs), len(program.limits)
    lengths = np.diff(program.uses.starts)
    starts = program.uses.starts + np.arange(count + 1)
    index = np.empty(starts[-1], dtype=np.int32)
    value = np.ones(starts[-1])
    index[starts[:-1]] = program.orders
    places = np.arange(len(program.uses.index)) + np.repeat(np.arange(count), lengths) + 1
    index[places] = program.uses.index + program.n_orders
    value[places] = program.uses.value
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = count, program.n_orders + n_rows
    lp.col_cost_ = program.costs
    # The rows of the orders keep every column below one.
    lp.col_lower_, lp.col_upper_ = np.zeros(count), np.full(count, highspy.kHighsInf)
    lp.row_lower_ = np.concatenate([np.ones(program.n_orders), np.full(n_rows, -highspy.kHighsInf)])
    lp.row_upper_ = np.concatenate([np.ones(program.n_orders), program.limits])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = starts.astype(np.int32)
    lp.a_matrix_.index_ = index
    lp.a_matrix_.value_ = value
    model.passModel(lp)
    return model
