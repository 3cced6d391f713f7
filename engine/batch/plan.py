"""What sourcing a batch comes to."""

from __future__ import annotations

from dataclasses import dataclass

from ..sourcing import SourcingPlan
from ..sourcing.problem import Key


@dataclass(frozen=True, slots=True)
class StockPrice:
    """What one more unit of a product at a site would have saved the batch.

    :param price: in the currency of the costs, per unit of the product; never negative
    """

    product: Key
    site: Key
    price: float


@dataclass(frozen=True, slots=True)
class CapacityPrice:
    """What room for one more at a site would have saved the batch.

    :param per_order: for one more order; never negative
    :param per_unit: for one more unit; never negative
    """

    site: Key
    per_order: float
    per_unit: float


@dataclass(frozen=True, slots=True)
class QuotaPrice:
    """What one more unit for the channels of a quota would have saved the batch.

    :param key: of the quota
    :param price: in the currency of the costs, per unit of the product; never negative
    """

    key: Key
    price: float


@dataclass(frozen=True, slots=True)
class Stage:
    """How far a step of the work came.

    :param name: what was done
    :param cost: of the best plan known when it ended
    :param bound: the highest proven by then
    :param seconds: since the work began
    """

    name: str
    cost: float
    bound: float
    seconds: float


@dataclass(frozen=True, eq=False)
class BatchPlan:
    """An answer to a :class:`~.problem.BatchProblem`.

    :param plans: of each order, by its key, in the problem's order. Their bounds are those of the
        order alone against the whole stock, so that one may look better than its own plan
    :param cost: of all plans together
    :param change_cost: of the plans that replace a current one
    :param lower_bound: whatever plans keep to stock and capacity cost at least that, changes
        included; lines may be split over sites
    :param greedy_cost: what exact plans made one by one, each with what was left, cost together,
        where they were made; changes included
    :param changed: keys of the orders whose current plan is replaced
    :param prices: of scarce stock, dearest first; what is not listed has the price zero
    :param capacity_prices: of scarce capacity, dearest first
    :param quota_prices: of quotas that bind, dearest first
    :param seconds: how long it took
    :param method: ``columns`` with the solver HiGHS, or ``sequence`` without it
    :param stages: the steps of the work
    :param finished: the work ended by itself: the same problem gives the same plan, always. False
        if the time limit ended it
    """

    plans: dict[Key, SourcingPlan]
    cost: float
    change_cost: float
    lower_bound: float
    greedy_cost: float
    changed: tuple[Key, ...]
    prices: tuple[StockPrice, ...]
    capacity_prices: tuple[CapacityPrice, ...]
    quota_prices: tuple[QuotaPrice, ...]
    seconds: float
    method: str
    stages: tuple[Stage, ...]
    finished: bool

    @property
    def objective(self) -> float:
        """Cost of the plans and of changing to them."""
        return self.cost + self.change_cost

    @property
    def gap(self) -> float:
        """How far the plans may be from the best ones, as a share of the bound."""
        above, bound = self.objective - self.lower_bound, self.lower_bound
        if above <= 0.0:
            return 0.0
        return above / bound if bound > 0.0 else float("inf")
