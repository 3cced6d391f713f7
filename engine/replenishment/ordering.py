"""Puts what is wanted of suppliers into orders, and heeds their minima."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from .offers import TINY, Need, Risks, compared, missed, risks_of, sound_offers
from .plan import Alternative, Note, Order, OrderLine, Reason
from .problem import Offer, Problem

LONGEST = 3_650.0
"""An order is never extended by more days."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A row and the offers for it, the chosen one first.

    :param need: of the row
    :param alternatives: by cost
    :param days_left: until its order point is reached
    :param reason: why it is ordered
    """

    need: Need
    alternatives: list[Alternative]
    days_left: float
    reason: Reason


class Buyer:
    """Makes orders.

    :param problem: who sells what
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._offers, self.notes = sound_offers(problem)
        self._risks: Risks = {}
        self._long: set[tuple[int, int]] = set()

    def supplies(self, product: int, site: int) -> bool:
        """Whether anybody delivers a product to a site."""
        return any(offer.site in (None, site) for _number, offer in self._offers.get(product, ()))

    def orders(
        self, urgent: list[tuple[Need, Reason]], later: list[tuple[Need, float]]
    ) -> list[Order]:
        """Order what is wanted now.

        :param urgent: what is at or below its order point
        :param later: what could join, and in how many days it will be there
        """
        suppliers = self._problem.suppliers
        later = [each for each in later if each[1] <= self._problem.settings.join_days]
        needs = [need for need, _reason in urgent] + [need for need, _days in later]
        self._risks = risks_of(needs, self._offers)
        costs = np.array([supplier.order_cost for supplier in suppliers], dtype=float)
        choices = self._chosen([(need, 0.0, reason) for need, reason in urgent], costs)
        # Lines of an order share what it costs once: they choose once more.
        counts: dict[tuple[int, int], int] = {}
        for choice in choices:
            key = choice.alternatives[0].supplier, choice.need.site
            counts[key] = counts.get(key, 0) + 1
        shares = costs.copy()
        for (supplier, _site), count in counts.items():
            shares[supplier] = min(shares[supplier], costs[supplier] / count)
        choices = self._chosen([(need, 0.0, reason) for need, reason in urgent], shares)
        groups = _grouped(choices)
        self._join(groups, later, shares)
        return self._within_minima(groups)

    def _chosen(self, needs: list[tuple[Need, float, Reason]], costs: np.ndarray) -> list[Choice]:
        found = []
        for need, days, reason in needs:
            offers = self._offers.get(need.product, [])
            alternatives = compared(self._problem, need, offers, costs, self._risks)
            if alternatives:
                found.append(Choice(need, alternatives, days, reason))
            elif not days:
                note = Note("no_supplier", need.product, need.site, number=need.wanted)
                self.notes.append(note)
        return found

    def _join(
        self,
        groups: dict[tuple[int, int], list[Choice]],
        later: list[tuple[Need, float]],
        shares: np.ndarray,
    ) -> None:
        """Let orders take what would be ordered soon anyway (can-order points, Balintfy 1964).

        It joins if it costs less to hold it until then than its share of another order.
        """
        settings, suppliers = self._problem.settings, self._problem.suppliers
        for choice in self._chosen([(need, days, "joined") for need, days in later], shares):
            best = choice.alternatives[0]
            lines = groups.get((best.supplier, choice.need.site))
            if lines is None:
                continue
            early = settings.holding * best.price * best.quantity * choice.days_left
            if early < suppliers[best.supplier].order_cost / (len(lines) + 1):
                lines.append(choice)

    # --- minima of suppliers ---

    def _within_minima(self, groups: dict[tuple[int, int], list[Choice]]) -> list[Order]:
        orders = {key: self._order(key, choices) for key, choices in sorted(groups.items())}
        for key in sorted(orders):
            order = orders.get(key)
            if order is not None and self._lacks(order):
                self._mend(key, groups[key], orders)
        return [orders[key] for key in sorted(orders)]

    def _lacks(self, order: Order) -> bool:
        supplier = self._problem.suppliers[order.supplier]
        return (
            order.value < supplier.minimum_value - 1e-6
            or order.units < supplier.minimum_units - 1e-6
        )

    def _order(self, key: tuple[int, int], choices: list[Choice]) -> Order:
        lines = [self._line(choice) for choice in choices]
        lines.sort(key=lambda line: line.product)
        return Order(key[0], key[1], tuple(lines))

    def _line(self, choice: Choice, quantity: float | None = None) -> OrderLine:
        need, best = choice.need, choice.alternatives[0]
        offer = self._offer(best)
        if quantity is None:
            quantity = best.quantity
            price = best.price
        else:
            price = _price_at(offer, quantity)
        cover = (need.held + quantity) / max(need.rate, TINY)
        is_long = quantity > need.wanted + TINY and cover > 2.0 * self._problem.settings.most_days
        if is_long and (need.row, best.offer) not in self._long:
            self._long.add((need.row, best.offer))
            note = Note("long_cover", need.product, need.site, best.offer, number=cover)
            self.notes.append(note)
        return OrderLine(
            need.product,
            need.site,
            best.offer,
            quantity,
            price,
            need.held,
            need.wanted,
            self._risks[need.row, best.offer].chance,
            choice.days_left,
            choice.reason,
            need.rate,
            need.variance,
            tuple(choice.alternatives),
        )

    def _offer(self, alternative: Alternative) -> Offer:
        product = self._problem.offers[alternative.offer].product
        return dict(self._offers[product])[alternative.offer]

    def _mend(
        self,
        key: tuple[int, int],
        choices: list[Choice],
        orders: dict[tuple[int, int], Order],
    ) -> None:
        """Do what costs least of: order more, wait until there is enough, ask others."""
        extended, extra = self._extended(key, choices)
        wait, lost = self._wait(orders[key], choices)
        switched, dearer = self._switched(key, choices, orders)
        compared_costs = tuple(
            (name, cost)
            for name, cost in (("extended", extra), ("waits", lost), ("switched", dearer))
            if math.isfinite(cost)
        )
        best = min((cost, place) for place, cost in enumerate((extra, lost, dearer)))
        if best[1] == 2 and math.isfinite(best[0]):
            del orders[key]
            for other, lines in _grouped(switched).items():
                present = orders.get(other)
                added = self._order(other, lines)
                if present is not None:
                    joined = sorted((*present.lines, *added.lines), key=lambda line: line.product)
                    added = replace(present, lines=tuple(joined))
                orders[other] = replace(added, compared=compared_costs)
        elif best[1] == 1:
            self.notes.append(Note("waits", site=key[1], supplier=key[0], number=wait))
            orders[key] = replace(
                orders[key], outcome="waits", wait_days=wait, compared=compared_costs
            )
        else:
            orders[key] = replace(extended, outcome="extended", compared=compared_costs)

    def _extended(self, key: tuple[int, int], choices: list[Choice]) -> tuple[Order, float]:
        """Order for more days, the same for all lines, until there is enough; and what it costs."""
        supplier = self._problem.suppliers[key[0]]

        def is_enough(days: float) -> bool:
            value = units = 0.0
            for choice in choices:
                quantity = self._for_longer(choice, days)
                units += quantity
                value += quantity * _price_at(self._offer(choice.alternatives[0]), quantity)
            return value >= supplier.minimum_value - 1e-6 and units >= supplier.minimum_units - 1e-6

        least, most = 0.0, 1.0
        while not is_enough(most):
            most *= 2.0
            if most > LONGEST:
                return self._order(key, choices), math.inf
        while most - least > 0.01:
            middle = (least + most) / 2.0
            least, most = (least, middle) if is_enough(middle) else (middle, most)
        cost, lines = 0.0, []
        for choice in choices:
            need, before = choice.need, choice.alternatives[0]
            line = self._line(choice, self._for_longer(choice, most))
            more, rate = line.quantity - before.quantity, max(need.rate, TINY)
            waits = max(need.held + before.quantity, 0.0) / rate + more / rate / 2.0
            cost += self._problem.settings.holding * line.price * more * waits
            cost += (line.price - before.price) * before.quantity
            lines.append(line)
        lines.sort(key=lambda line: line.product)
        return Order(key[0], key[1], tuple(lines)), cost

    def _for_longer(self, choice: Choice, days: float) -> float:
        """Units to order so that they last for so many days more, as far as they fit."""
        best, need = choice.alternatives[0], choice.need
        pack = self._offer(best).pack
        more = math.ceil(need.rate * days / pack - 1e-9) * pack
        room = max(need.capacity - need.held - best.quantity, 0.0)
        if math.isfinite(room):
            more = min(more, math.floor(room / pack) * pack)
        return best.quantity + more

    def _wait(self, order: Order, choices: list[Choice]) -> tuple[float, float]:
        """Days until as much is wanted as the supplier asks for, and what is missed till then."""
        supplier = self._problem.suppliers[order.supplier]
        value = sum(each.need.rate * each.alternatives[0].price for each in choices)
        units = sum(each.need.rate for each in choices)
        days = 0.0
        for missing, pace in (
            (supplier.minimum_value - order.value, value),
            (supplier.minimum_units - order.units, units),
        ):
            if missing > 0.0:
                days = max(days, missing / pace if pace > TINY else math.inf)
        if not math.isfinite(days):
            return days, math.inf
        lost = 0.0
        for choice in choices:
            best = choice.alternatives[0]
            offer, need = self._offer(best), choice.need
            more = missed(need, offer, days) - missed(need, offer)
            lost += more * max(need.earns - best.price, 0.0)
        return days, lost

    def _switched(
        self,
        key: tuple[int, int],
        choices: list[Choice],
        orders: dict[tuple[int, int], Order],
    ) -> tuple[list[Choice], float]:
        """Leave the supplier for those who have no minimum or already get an order."""
        found, cost = [], 0.0
        newly: set[int] = set()
        for choice in choices:
            others = []
            for each in choice.alternatives:
                if each.supplier == key[0]:
                    continue
                present = orders.get((each.supplier, key[1]))
                supplier = self._problem.suppliers[each.supplier]
                free = supplier.minimum_value <= 0.0 and supplier.minimum_units <= 0.0
                if free or (present is not None and not self._lacks(present)):
                    others.append(each)
            if not others:
                return [], math.inf
            best, first = others[0], choice.alternatives[0]
            days = first.quantity / max(choice.need.rate, TINY)
            cost += (best.cost - first.cost) * days
            if (best.supplier, key[1]) not in orders:
                newly.add(best.supplier)
            rest = [each for each in choice.alternatives if each is not best]
            ranked = [
                replace(best, verdict="chosen"),
                *(replace(each, verdict="dearer") for each in rest),
            ]
            found.append(replace(choice, alternatives=ranked, reason="switched"))
        saved = self._problem.suppliers[key[0]].order_cost
        cost += sum(self._problem.suppliers[number].order_cost for number in newly) - saved
        return found, cost


def _grouped(choices: list[Choice]) -> dict[tuple[int, int], list[Choice]]:
    groups: dict[tuple[int, int], list[Choice]] = {}
    for choice in choices:
        key = choice.alternatives[0].supplier, choice.need.site
        groups.setdefault(key, []).append(choice)
    return groups


def _price_at(offer: Offer, quantity: float) -> float:
    fitting = [each for each in offer.breaks if each.quantity <= quantity + TINY]
    if not fitting:
        return offer.breaks[0].price
    return max(fitting, key=lambda each: each.quantity).price
