"""Random problems with a tariff, and their independent truths."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from typing import Any

import numpy as np
from sourcing_cases import random_problem
from sourcing_truth import add_limits, add_order, exact_solver, whole_steps

from engine.sourcing import Brackets, Rule, Rules, SourcingProblem, Tariff

VARIABLES = ("weight", "volume", "quantity", "price", "wv")


def random_brackets(rng: np.random.Generator) -> Brackets:
    """Draw a card by weight; light parcels are sometimes the better for their weight."""
    count = int(rng.integers(1, 5))
    weights = np.cumsum(rng.integers(1, 9, count) * 0.5)
    prices = np.round(rng.random(count) * 12 + 1, 2)
    if rng.random() < 0.5:
        prices = np.sort(prices)
    if rng.random() < 0.2:
        weights[-1] = math.inf
    return Brackets(
        tuple(zip(weights.tolist(), prices.tolist(), strict=True)),
        float(rng.integers(1, 6)) if rng.random() < 0.4 else math.inf,
        float(rng.integers(1, 6)) if rng.random() < 0.3 else math.inf,
        float(rng.choice([0.0, 0.0, 0.35])),
    )


def random_rules(rng: np.random.Generator) -> Rules:
    """Draw a carrier's rules, neither growing with the shipment nor of use for all of them."""
    rules = tuple(
        Rule(
            str(rng.choice(VARIABLES)),
            str(rng.choice(["<=", "<", ">=", ">", "=="])),
            float(rng.integers(0, 12)),
            float(rng.integers(0, 9)),
            float(rng.choice([0.0, 0.5, 1.25])),
            str(rng.choice(VARIABLES)),
        )
        for _rule in range(int(rng.integers(1, 5)))
    )
    return Rules(
        rules,
        float(rng.integers(5, 40)) if rng.random() < 0.3 else None,
        float(rng.integers(2, 20)) if rng.random() < 0.3 else math.inf,
        float(rng.integers(2, 20)) if rng.random() < 0.2 else math.inf,
    )


def random_tariff_problem(
    rng: np.random.Generator, kind: str, *, rules: bool = True, **sizes: int
) -> SourcingProblem:
    """Draw a problem with a tariff."""
    problem = random_problem(rng, kind, **sizes)
    n_lines, n_sites = problem.stock.shape
    cards = tuple(
        random_rules(rng) if rules and rng.random() < 0.5 else random_brackets(rng)
        for _card in range(int(rng.integers(1, 4)))
    )

    def choice() -> tuple[tuple[int, ...], ...]:
        levels = int(rng.choice([0, 1, 1, 1, 2]))
        return tuple(
            tuple(rng.choice(len(cards), int(rng.integers(1, len(cards) + 1)), replace=False))
            for _level in range(levels)
        )

    product = [line.product for line in problem.lines]
    weight = np.round(rng.random(n_lines) * 3, 1)[product]
    return dataclasses.replace(
        problem,
        tariff=Tariff(
            "tariff",
            cards,
            tuple(tuple(map(tuple, choice())) for _site in range(n_sites)),
            weight,
            np.round(rng.random(n_lines) * 2, 1),
            np.round(rng.random(n_lines) * 20, 0),
            rng.integers(0, 6, (n_sites, 4)) * (rng.random((n_sites, 1)) < 0.3)
            if rng.random() < 0.3
            else None,
        ),
    )


# The price of a shipment, from the definition.


def parcels_price(card: Brackets, weight: float, volume: float, units: float) -> float:
    """The least price of parcels that hold a shipment, by trying sets of parcels."""
    least = 1
    for amount, most in ((units, card.max_units), (volume, card.max_volume)):
        if most < math.inf:
            least = max(least, math.ceil(amount / most - 1e-9))

    @functools.cache
    def best(grams: int, count: int) -> float:
        if grams <= 0 and count <= 0:
            return 0.0
        return min(
            price
            + best(0 if math.isinf(kg) else max(grams - round(kg * 1000), 0), max(count - 1, 0))
            for kg, price in card.parcels
        )

    return best(round(weight * 1000), least) + card.per_kg * weight


def rules_price(card: Rules, measures: list[float]) -> float:
    """The price by rules, one after the other."""
    weight, volume, _units, value, _wv = measures
    if weight > card.max_weight + 1e-9 or volume > card.max_volume + 1e-9:
        return math.inf
    for rule in card.rules:
        there, limit = measures[VARIABLES.index(rule.variable)], rule.limit
        met = {
            "<=": there <= limit,
            "<": there < limit,
            ">=": there >= limit,
            ">": there > limit,
            "==": there == limit,
        }
        if met[rule.operator]:
            if card.free_over is not None and value >= card.free_over:
                return 0.0
            return max(rule.base + rule.factor * measures[VARIABLES.index(rule.factor_variable)], 0)
    return math.inf


def shipment_price(tariff: Tariff, site: int, units: np.ndarray) -> float:
    """What a site's shipment costs by a tariff."""
    if not units.any():
        return 0.0

    def charged(measures: list[float]) -> float:
        for cards in tariff.choices[site]:
            prices = [
                rules_price(card, measures)
                if isinstance(card, Rules)
                else parcels_price(card, *measures[:3])
                for card in (tariff.cards[place] for place in cards)
            ]
            if min(prices) < math.inf:
                return min(prices)
        return math.inf if tariff.choices[site] else 0.0

    each = [tariff.weight, tariff.volume, np.ones(len(units)), tariff.value]
    measures = [float(amount) for amount in units @ np.stack(each, axis=1)]
    wv = float(units @ (tariff.weight * tariff.volume))
    if tariff.shipped is None or not tariff.shipped[site].any():
        return charged([*measures, wv])
    there = [float(amount) for amount in tariff.shipped[site]]
    before = charged([*there, there[0] * there[1]])
    after = charged(
        [*(a + b for a, b in zip(measures, there, strict=True)), wv + there[0] * there[1]]
    )
    return max(after - (before if before < math.inf else 0.0), 0.0)


def brute_force(problem: SourcingProblem) -> float:
    """Least cost of a small problem without limits, by trying every plan."""
    steps = problem.rounding
    wanted = [whole_steps(line.quantity, steps[row]) for row, line in enumerate(problem.lines)]
    shape = problem.stock.shape
    groups: dict[Any, list[int]] = {}
    for row, line in enumerate(problem.lines):
        groups.setdefault(line.product, []).append(row)

    def shipments(site: int):
        ranges = [
            range(min(wanted[row], whole_steps(float(problem.stock[row, site]), steps[row])) + 1)
            for row in range(shape[0])
        ]
        for amounts in itertools.product(*ranges):
            if any(
                sum(amounts[row] for row in rows)
                > whole_steps(float(problem.stock[rows[0], site]), steps[rows[0]])
                for rows in groups.values()
            ):
                continue
            units = np.array(amounts) * steps
            cost = shipment_price(problem.tariff, site, units)
            if any(amounts):
                cost += sum(float(part.per_parcel[site]) for part in problem.parts)
            cost += sum(float(part.per_unit[:, site] @ units) for part in problem.parts)
            if cost < math.inf:
                yield amounts, cost

    totals = {tuple([0] * shape[0]): 0.0}
    for site in range(shape[1]):
        options = list(shipments(site))
        after: dict[tuple[int, ...], float] = {}
        for total, spent in totals.items():
            for amounts, cost in options:
                both = tuple(a + b for a, b in zip(total, amounts, strict=True))
                if all(a <= b for a, b in zip(both, wanted, strict=True)):
                    after[both] = min(after.get(both, math.inf), spent + cost)
        totals = after
    best = math.inf
    for total, spent in totals.items():
        missed = problem.quantities - np.array(total) * steps
        missed[missed < 1e-5 * steps] = 0.0
        penalty = float(missed @ problem.missing.per_unit)
        best = min(best, spent + penalty + problem.missing.per_order * bool(missed.any()))
    return best


def program(highspy: Any, problem: SourcingProblem) -> float:
    """Least cost by a mixed-integer program; cards by weight only, one for each site."""
    model = exact_solver(highspy)
    cost, opened, given, missing = add_order(model, problem)
    add_limits(model, problem, opened, given, missing)
    tariff = problem.tariff
    for site, choices in enumerate(tariff.choices):
        if not choices:
            continue
        card = tariff.cards[choices[0][0]]
        rows = [row for row, at in given if at == site]
        if not rows:
            continue
        counts = [model.addIntegral(0, 1_000) for _parcel in card.parcels]
        boxes = sum(counts)
        amounts = {row: float(problem.rounding[row]) * given[row, site] for row in rows}
        model.addConstr(boxes >= opened[site])
        most = [min(kg, 10_000.0) for kg, _price in card.parcels]
        model.addConstr(
            sum(kg * count for kg, count in zip(most, counts, strict=True))
            >= sum(float(tariff.weight[row]) * amounts[row] for row in rows)
        )
        if card.max_units < math.inf:
            model.addConstr(card.max_units * boxes >= sum(amounts.values()))
        if card.max_volume < math.inf:
            volume = sum(float(tariff.volume[row]) * amounts[row] for row in rows)
            model.addConstr(card.max_volume * boxes >= volume)
        cost = cost + card.per_kg * sum(float(tariff.weight[row]) * amounts[row] for row in rows)
        for count, (_kg, price) in zip(counts, card.parcels, strict=True):
            cost = cost + price * count
    model.minimize(cost)
    assert model.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return model.getObjectiveValue()
