"""A plan for goods that came back, and why it is as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..prices import outlook
from .flow import TINY
from .problem import Cost, Kind, Problem
from .worth import earned, steps

Verdict = Literal["chosen", "full", "worse"]


@dataclass(frozen=True, slots=True)
class Alternative:
    """What an option is worth for a unit of a lot, all other goods as the plan has them.

    :param option: its position among those of the lot
    :param kind: what is done
    :param name: where, for people
    :param quantity: units that the plan does it with
    :param earning: money that a unit brings before costs; of units that are sold one after the
        other the average of those that the plan sells, or that of the next one
    :param costs: money per unit; what a lane costs once is shared by those who take it
    :param chance: how surely a unit is sold in time; none if it is not sold
    :param days: how long that takes on average; none if it is not sold
    :param verdict: "full" if the place has no room left for more
    """

    option: int
    kind: Kind
    name: str
    quantity: float
    earning: float
    costs: tuple[Cost, ...]
    chance: float | None
    days: float | None
    verdict: Verdict

    @property
    def value(self) -> float:
        """What a unit is worth, money."""
        return self.earning - sum(cost.amount for cost in self.costs)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done with each lot.

    :param lots: for each lot its options, those of the plan first, then from the best to the worst
    :param value: what the plan is worth, money
    :param bound: what no plan can exceed
    """

    lots: tuple[tuple[Alternative, ...], ...]
    value: float
    bound: float

    @property
    def gap(self) -> float:
        """By how much money the best plan can be better."""
        return max(self.bound - self.value, 0.0)


def explain(
    problem: Problem,
    values: list[list[float]],
    amounts: dict[tuple[int, int], float],
    value: float,
    bound: float,
) -> Plan:
    """Put a plan into words that can be checked.

    :param values: of the units that may join each pool
    :param amounts: units by position of lot and option
    :param value: what the plan is worth
    :param bound: what no plan can exceed
    """
    teller = _Teller(problem, values, amounts)
    lots = tuple(
        tuple(
            sorted(
                (teller.tell(number, place) for place in range(len(lot.options))),
                key=lambda each: (each.verdict != "chosen", -each.value, each.option),
            )
        )
        for number, lot in enumerate(problem.lots)
    )
    return Plan(lots, value, bound)


class _Teller:
    def __init__(
        self,
        problem: Problem,
        values: list[list[float]],
        amounts: dict[tuple[int, int], float],
    ) -> None:
        self._problem, self._values, self._amounts = problem, values, amounts
        self._joined = [0.0] * len(problem.pools)
        self._taken = [0.0] * len(problem.rooms)
        self._carried = [0.0] * len(problem.lanes)
        for (lot, place), amount in amounts.items():
            option = problem.lots[lot].options[place]
            if option.lane is not None:
                self._carried[option.lane] += amount
            if option.pool is not None:
                self._joined[option.pool] += amount
                at = problem.pools[option.pool].place
                if at is not None:
                    self._taken[at] += amount

    def tell(self, lot: int, place: int) -> Alternative:
        option = self._problem.lots[lot].options[place]
        quantity = self._amounts.get((lot, place), 0.0)
        costs = option.costs
        if option.lane is not None and self._problem.lanes[option.lane]:
            share = self._share(lot, option.lane, quantity)
            costs = (*costs, Cost("lane", share)) if share else costs
        earning, chance, days = option.gain, None, None
        verdict: Verdict = "chosen" if quantity else "worse"
        if option.pool is not None:
            earning, chance, days = self._sell(option.pool, bool(quantity))
            if not quantity and self._is_full(option.pool):
                verdict = "full"
        return Alternative(
            place, option.kind, option.name, quantity, earning, costs, chance, days, verdict
        )

    def _share(self, lot: int, lane: int, quantity: float) -> float:
        cost, carried = self._problem.lanes[lane], self._carried[lane]
        if quantity:
            return cost / carried
        # Whoever joins others pays nothing more.
        return 0.0 if carried else cost / self._problem.lots[lot].quantity

    def _is_full(self, pool: int) -> bool:
        at = self._problem.pools[pool].place
        return at is not None and self._taken[at] > self._problem.rooms[at] - 1.0 + TINY

    def _sell(self, pool: int, chosen: bool) -> tuple[float, float, float | None]:
        market, joined = self._problem.pools[pool].market, self._joined[pool]
        if chosen:
            earning = earned(self._problem, self._values, pool, joined) / joined
            middle = outlook(market, max(1, round((joined + 1.0) / 2.0)))
            return earning, middle.chance, middle.days
        number, before = 0, 0.0
        for width, _value in steps(self._problem, self._values, pool)[:-1]:
            before += width
            if before > joined + TINY:
                break
            number += 1
        following = outlook(market, number + 1)
        return self._values[pool][number], following.chance, following.days
