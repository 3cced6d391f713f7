"""Many orders at once: what they ask for, and the stock and capacity that they share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from ..sourcing import SourcingPlan, SourcingProblem
from ..sourcing.problem import Key


@dataclass(frozen=True, eq=False)
class BatchOrder:
    """One order of a batch.

    :param key: what the caller calls the order; unique within the batch
    :param problem: its lines, sites and costs. Its stock says what the order alone might get: a
        site that must not serve the order has none for it
    :param current: the plan in force, if there is one; its goods count as part of the stock
    :param change_cost: what a plan other than the current one must gain at least to be worth the
        change, in the currency of the costs; of no effect without a current plan
    :param channel: who sells; quotas may name it
    :param joined: keys of the sites that work for the order anyway, so that it takes no further
        order of their capacity
    :raises ValueError: the change cost is negative or not finite
    """

    key: Key
    problem: SourcingProblem
    current: SourcingPlan | None = None
    change_cost: float = 0.0
    channel: Key | None = None
    joined: frozenset[Key] = frozenset()

    def __post_init__(self) -> None:
        if not 0.0 <= self.change_cost < inf:
            raise ValueError(
                f"Order {self.key!r}: the cost of a change must not be negative"
                f" nor infinite, as {self.change_cost} is."
            )


@dataclass(frozen=True, slots=True)
class SiteCapacity:
    """What a site can do for the batch in all.

    :param site: key of the site
    :param orders: most orders that it may have a part in; None for any number
    :param units: most units that it may give; None for any number
    :raises ValueError: a limit is negative or not a number
    """

    site: Key
    orders: float | None = None
    units: float | None = None

    def __post_init__(self) -> None:
        for what, limit in (("orders", self.orders), ("units", self.units)):
            if limit is not None and not limit >= 0.0:
                raise ValueError(
                    f"Site {self.site!r}: the capacity in {what} must not be negative,"
                    f" as {limit} is."
                )


@dataclass(frozen=True, slots=True)
class Quota:
    """What some channels may have of a product at some sites together.

    :param key: what the caller calls the quota; unique within the batch
    :param product: key of the product
    :param sites: keys of the sites
    :param quantity: in the unit of the product
    :param channels: whose orders count; None for all orders
    :raises ValueError: the quantity is negative or not finite
    """

    key: Key
    product: Key
    sites: frozenset[Key]
    quantity: float
    channels: frozenset[Key] | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.quantity < inf:
            raise ValueError(
                f"Quota {self.key!r}: the quantity must not be negative nor infinite,"
                f" as {self.quantity} is."
            )

    def counts(self, channel: Key | None) -> bool:
        """Whether what a channel takes counts."""
        return self.channels is None or channel in self.channels


@dataclass(frozen=True, eq=False)
class BatchProblem:
    """Orders that compete for stock and for the capacity of sites.

    :param orders: in the order in which they would be served one by one
    :param stock: what there is for all of them together, by (product, site), in the product's
        unit. None: the most that any of the orders sees there
    :param capacities: limits of sites; sites without one are not limited
    :param quotas: limits of channels
    :raises ValueError: a key appears twice, or a number is impossible, or a product is counted in
        different steps
    """

    orders: tuple[BatchOrder, ...]
    stock: Mapping[tuple[Key, Key], float] | None = None
    capacities: tuple[SiteCapacity, ...] = ()
    quotas: tuple[Quota, ...] = ()
    _steps: dict[Key, float] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "orders", tuple(self.orders))
        put(self, "capacities", tuple(self.capacities))
        put(self, "quotas", tuple(self.quotas))
        _check_unique("order", [order.key for order in self.orders])
        _check_unique("capacity of site", [capacity.site for capacity in self.capacities])
        _check_unique("quota", [quota.key for quota in self.quotas])
        for order in self.orders:
            steps = order.problem.rounding
            for line, step in zip(order.problem.lines, steps.tolist(), strict=True):
                if self._steps.setdefault(line.product, step) != step:
                    raise ValueError(
                        f"Order {order.key!r}: product {line.product!r} is counted in steps of"
                        f" {step:g}, elsewhere of {self._steps[line.product]:g}."
                    )
        if self.stock is None:
            put(self, "stock", self._most_seen())
        for (product, site), quantity in self.stock.items():
            if not 0.0 <= quantity < inf:
                raise ValueError(
                    f"The stock of product {product!r} at site {site!r} must not be negative"
                    f" nor infinite, as {quantity} is."
                )

    @property
    def steps(self) -> Mapping[Key, float]:
        """The smallest quantity of each product, in its unit."""
        return self._steps

    def _most_seen(self) -> dict[tuple[Key, Key], float]:
        most: dict[tuple[Key, Key], float] = {}
        for order in self.orders:
            for product, site, quantity in _held(order.problem):
                if quantity > most.get((product, site), 0.0):
                    most[product, site] = quantity
        return most


def _held(problem: SourcingProblem) -> Iterator[tuple[Key, Key, float]]:
    lines, sites = problem.stock.nonzero()
    amounts = problem.stock[lines, sites].tolist()
    for line, site, amount in zip(lines.tolist(), sites.tolist(), amounts, strict=True):
        yield problem.lines[line].product, problem.sites[site].key, amount


def _check_unique(what: str, keys: Sequence[Key]) -> None:
    seen: set[Key] = set()
    for key in keys:
        if key in seen:
            raise ValueError(f"The {what} {key!r} appears twice.")
        seen.add(key)
