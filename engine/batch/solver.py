"""Sourcing a batch: plans for all orders together, with a proven bound and prices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import highs
from ..sourcing.problem import Array
from .board import Board, Ints
from .clock import Clock
from .columns import Pool
from .incumbent import Incumbent, in_turn, keep_current, one_by_one, polish
from .lagrange import prove, warm_start
from .master import Relaxed, generate
from .neighborhood import Regions
from .plan import BatchPlan, CapacityPrice, QuotaPrice, Stage, StockPrice
from .pricing import Pricer
from .problem import BatchProblem
from .rounding import round_up

METHODS = ("auto", "columns", "sequence")

WARM_ROUNDS, WARM_KEPT = 60, 52
ALONE_ROUNDS = 150
"""Rounds of subgradients where they are all there is."""

GENERATION_SHARE = 0.6
"""Share of the time limit after which no more columns are generated."""

SHAKES, MOST_SHAKES, SHAKEN_ORDERS = 2, 24, 2000
"""How often prices are shaken to find more plans that are about as good: at least, at most, and in
between until that many orders have been looked at."""

SHAKE, STRONG_SHAKE = 0.15, 0.6
"""How far prices are shaken, as a share of them: at least, and by the last of many shakes."""

NEGLIGIBLE = 1e-9
"""Prices below this share of the dearest are noise."""


def solve_batch(
    problem: BatchProblem,
    *,
    time_limit: float | None = None,
    gap: float = 0.0,
    method: str = "auto",
) -> BatchPlan:
    """Plan many orders over shared stock and capacity at least cost.

    Plans may split lines over sites, and leave out what cannot be had or is dearer than to miss.
    They never cost more than exact plans made one by one, nor than the current ones.

    *columns*: column generation, with HiGHS for the linear program; then rounding, then regions
    of the batch solved in whole plans by HiGHS again. *sequence*, without HiGHS: prices by
    subgradients, plans made one by one at these and similar prices, then each order anew until
    nothing gets better. The bound is proven by both: at its prices, no plan of an order, split or
    not, costs less than what the bound counts for it.

    :param time_limit: seconds after which the best plans found are good enough; not observed
        while the first plans are made one by one, nor within one look at all orders
    :param gap: the share above the bound that is good enough
    :param method: one of :data:`METHODS`; *auto* is *columns* if HiGHS is there
    :raises ValueError: there is no such method, or a limit is negative
    :raises SolverMissing: *columns* is asked for without HiGHS
    """
    if method not in METHODS:
        raise ValueError(f"There is no method {method!r}; there are {', '.join(METHODS)}.")
    for what, value in (("time limit", time_limit or 0.0), ("gap", gap)):
        if not value >= 0.0:
            raise ValueError(f"The {what} must not be negative, as {value} is.")
    if method == "columns":
        highs.load()
    if method == "auto":
        method = "columns" if highs.available() else "sequence"
    return _Run(problem, Clock(time_limit), gap, method).plan()


@dataclass(frozen=True, eq=False)
class _Proof:
    """The best bound, the prices that prove it, and what each order pays at least at them."""

    bound: float
    prices: Array
    values: Array


class _Run:
    """One solution of one problem."""

    def __init__(self, problem: BatchProblem, clock: Clock, gap: float, method: str) -> None:
        self.clock, self.gap, self.method = clock, gap, method
        self.stages: list[Stage] = []
        self.board = Board(problem)
        self.pool = Pool(self.board)
        self.pricer = Pricer(self.board)

    def plan(self) -> BatchPlan:
        """Do the work."""
        self._first_plans()
        if self.board.orders:
            if self.method == "columns":
                self._by_columns()
            else:
                self._by_sequence()
        return self._written()

    # === Steps === #

    def _first_plans(self) -> None:
        board, pool = self.board, self.pool
        nothing = np.zeros(board.n_rows + 1)
        self.incumbent = Incumbent(board, pool, one_by_one(self.pricer, pool))
        self.greedy_cost = self._cost()
        if (pool.current >= 0).any():
            self._offer(keep_current(board, pool))
        bound, values = prove(board, self.pricer, pool, nothing, many=3)
        self.alone = np.maximum(values - pool.change_costs, 0.0)
        self.proof = _Proof(bound, nothing, values)
        self._log("one by one")

    def _prices(self, rounds: int, keep: int) -> None:
        """Prices by subgradients, and the plans one by one that they make."""
        board, pool = self.board, self.pool
        prices = warm_start(
            board,
            self.pricer,
            pool,
            self.incumbent.cost,
            self.clock,
            rounds=rounds,
            keep=keep,
        )
        self._prove(prices, many=3)
        if not self._done():
            self._offer(one_by_one(self.pricer, pool, prices=prices))
        self._log("prices")

    def _by_columns(self) -> None:
        board, pool, clock = self.board, self.pool, self.clock
        if self._done():
            return
        self._prices(WARM_ROUNDS, WARM_KEPT)
        if self._done():
            return
        relaxed = generate(board, self.pricer, pool, self.proof.prices, clock, GENERATION_SHARE)
        self._accept(relaxed)
        self._log("columns")
        if len(relaxed.shares):
            self._offer(round_up(board, pool, relaxed.shares, self.proof.prices))
            self._log("rounding")
        if self._done():
            return
        self._shake()
        regions = Regions(board, pool, self.incumbent, self.proof.prices, self.proof.values, clock)
        regions.run(self._target)
        self._log("regions")
        if not self._done():
            polish(board, pool, self.incumbent, clock, self._split_orders(regions.reduced))
            self._log("split lines")

    def _by_sequence(self) -> None:
        if self._done():
            return
        self._prices(ALONE_ROUNDS, 0)
        if not self._done():
            self._shake()
            numbers = np.arange(len(self.board.orders))
            polish(self.board, self.pool, self.incumbent, self.clock, numbers)
            self._log("each anew")

    def _shake(self) -> None:
        """Gather more plans that may be of use: good ones at prices about the best."""
        rng = np.random.default_rng(0)
        n_orders = len(self.board.orders)
        few = min(SHAKEN_ORDERS // n_orders, MOST_SHAKES)
        widths = np.linspace(SHAKE, STRONG_SHAKE, MOST_SHAKES)
        for turn, width in enumerate(widths[: max(few, SHAKES)].tolist()):
            if self.clock.over():
                break
            noise = rng.uniform(1.0 - width, 1.0 + width, self.board.n_rows + 1)
            self._prove(self.proof.prices * noise, many=6)
            if turn < few:
                # What is left of others suggests plans that no prices do.
                prices = self.proof.prices * noise * (turn % 2)
                self._offer(in_turn(self.board, self.pool, rng.permutation(n_orders), prices))
        self._prove(self.proof.prices, many=12)

    def _split_orders(self, reduced: Array) -> Ints:
        """Orders whose lines may be split and that pay more than they have to."""
        columns = self.incumbent.columns
        return np.array(
            [
                number
                for number, view in enumerate(self.board.orders)
                if (view.may_split or not view.whole) and reduced[columns[number]] > 1e-9
            ],
            dtype=np.intp,
        )

    # === Book-keeping === #

    @property
    def _target(self) -> float:
        bound = self.proof.bound
        return bound + max(self.gap, 1e-9) * abs(bound)

    def _done(self) -> bool:
        return self.incumbent.cost <= self._target or self.clock.over()

    def _prove(self, prices: Array, many: int) -> None:
        bound, values = prove(self.board, self.pricer, self.pool, prices, many=many)
        if bound > self.proof.bound:
            self.proof = _Proof(bound, prices, values)

    def _accept(self, relaxed: Relaxed) -> None:
        if relaxed.bound > self.proof.bound:
            self.proof = _Proof(relaxed.bound, relaxed.prices, relaxed.values)

    def _offer(self, columns: Ints) -> None:
        offered = Incumbent(self.board, self.pool, columns)
        if offered.cost < self.incumbent.cost - 1e-9:
            self.incumbent = offered

    def _log(self, name: str) -> None:
        bound = self.proof.bound - self._waived()
        self.stages.append(Stage(name, self._cost(), bound, round(self.clock.spent, 3)))

    def _waived(self) -> float:
        """What of the first parcels no plan is charged, at most."""
        return sum(view.waived for view in self.board.orders)

    def _cost(self) -> float:
        """What the best plans known cost without what is waived of their first parcels."""
        columns = self.incumbent.columns.tolist()
        return self.incumbent.cost - sum(
            view.waived
            for view, column in zip(self.board.orders, columns, strict=True)
            if view.waived and self.pool.steps(column).any()
        )

    # === The answer === #

    def _written(self) -> BatchPlan:
        board, pool = self.board, self.pool
        plans, changed, change_cost = {}, [], 0.0
        for number, column in enumerate(self.incumbent.columns.tolist()):
            view = board.orders[number]
            plan = board.plan_of(number, pool.steps(column), float(self.alone[number]))
            plans[view.order.key] = plan
            if pool.current[number] >= 0 and pool.current[number] != column:
                changed.append(view.order.key)
                change_cost += view.order.change_cost
        cost = float(sum(plan.cost for plan in plans.values()))
        stock, capacity, quotas = self._priced()
        return BatchPlan(
            plans=plans,
            cost=cost,
            change_cost=change_cost,
            lower_bound=min(self.proof.bound - self._waived(), cost + change_cost),
            greedy_cost=self.greedy_cost,
            changed=tuple(changed),
            prices=stock,
            capacity_prices=capacity,
            quota_prices=quotas,
            seconds=self.clock.spent,
            method=self.method,
            stages=tuple(self.stages),
            finished=not self.clock.cut,
        )

    def _priced(
        self,
    ) -> tuple[tuple[StockPrice, ...], tuple[CapacityPrice, ...], tuple[QuotaPrice, ...]]:
        board, prices = self.board, self.proof.prices
        least = NEGLIGIBLE * float(prices.max(initial=0.0))
        steps = board.batch.steps
        stock = [
            StockPrice(product, site, float(prices[row]) / steps[product])
            for row, (product, site) in enumerate(board.stock_rows)
            if prices[row] > least
        ]
        capacity = [
            CapacityPrice(
                key, float(prices[board.order_rows[site]]), float(prices[board.unit_rows[site]])
            )
            for site, key in enumerate(board.sites)
        ]
        capacity = [each for each in capacity if each.per_order + each.per_unit > least]
        quotas = [
            QuotaPrice(quota.key, float(prices[row]) / steps[quota.product])
            for quota, row in board.quota_rows
            if prices[row] > least
        ]
        stock.sort(key=lambda each: -each.price)
        capacity.sort(key=lambda each: -(each.per_order + each.per_unit))
        quotas.sort(key=lambda each: -each.price)
        return tuple(stock), tuple(capacity), tuple(quotas)
