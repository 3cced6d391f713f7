"""Which supplier is best for a row, and how much to order of him."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ..demand import law
from .lots import Break, best_lot, lot_of, wagner_whitin
from .plan import Alternative, Note
from .problem import Array, Offer, Problem

TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Need:
    """What a row wants of suppliers.

    :param row: of the problem
    :param product: position of the product
    :param site: position of the site
    :param held: units that are there or come, less those that others pull
    :param wanted: units without which it stays below its level
    :param rate: units wanted per day, by those who pull from it, too
    :param variance: of the units per day
    :param capacity: units that fit
    :param earns: what a unit earns when it is sold, money
    """

    row: int
    product: int
    site: int
    held: float
    wanted: float
    rate: float
    variance: float
    capacity: float
    earns: float


@dataclass(frozen=True, slots=True)
class Risk:
    """What may happen until goods come.

    :param missed: units that are wanted in vain, on average
    :param chance: probability that the stock does not last
    """

    missed: float
    chance: float


Risks = dict[tuple[int, int], Risk]


def sound_offers(problem: Problem) -> tuple[dict[int, list[tuple[int, Offer]]], list[Note]]:
    """Sort offers by product, and leave out those that make no sense.

    :return: for each product its offers with their positions, and notes
    """
    notes: list[Note] = []
    found: dict[int, list[tuple[int, Offer]]] = {}
    for number, offer in enumerate(problem.offers):
        breaks = tuple(
            each for each in offer.breaks if _is_sound(each.price) and _is_sound(each.quantity)
        )
        if not breaks:
            notes.append(Note("offer_without_price", offer.product, offer.site, number))
            continue
        numbers = (offer.lead_deviation, offer.minimum)
        numbers = (*numbers, *(() if offer.lead_days is None else (offer.lead_days,)))
        if not all(map(_is_sound, numbers)) or not 0.0 < offer.pack < math.inf:
            notes.append(Note("offer_nonsense", offer.product, offer.site, number))
            continue
        if offer.lead_days is None:
            assumed = problem.settings.default_lead_days
            note = Note("offer_without_lead", offer.product, offer.site, number, number=assumed)
            notes.append(note)
            offer = replace(offer, lead_days=assumed)
        found.setdefault(offer.product, []).append((number, replace(offer, breaks=breaks)))
    return found, notes


def _is_sound(number: float) -> bool:
    return 0.0 <= number < math.inf


def compared(
    problem: Problem,
    need: Need,
    offers: list[tuple[int, Offer]],
    order_costs: Array,
    risks: Risks,
) -> list[Alternative]:
    """Look at all offers for a row, the best first.

    What is compared is the cost per day when ordering goes on like that: goods, orders, what lies
    (safety stock for the lead time and its spread included), and what will be missed until this
    order comes.

    :param problem: settings, and the forecast if there is one
    :param need: of the row
    :param offers: those for the product, with their positions
    :param order_costs: money per order and line, by supplier
    :param risks: of being late
    """
    found = []
    for number, offer in offers:
        if offer.site is not None and offer.site != need.site:
            continue
        cost = float(order_costs[offer.supplier])
        late = risks[need.row, number].missed
        found.append(_looked_at(problem, need, number, offer, cost, late))
    found.sort(key=lambda each: (each.cost, each.lead_days, each.offer))
    return [
        replace(each, verdict="dearer" if place else "chosen") for place, each in enumerate(found)
    ]


def _looked_at(
    problem: Problem, need: Need, number: int, offer: Offer, order_cost: float, late: float
) -> Alternative:
    """Say what an offer costs; `late` are the units missed until the goods come."""
    settings = problem.settings
    quantity = quantity_of(problem, need, offer, order_cost)
    rate = max(need.rate, TINY)
    lot = lot_of(rate, order_cost, offer.breaks, settings.holding, quantity)
    deviation = math.sqrt(_lead_demand(need, offer)[1])
    cushion = settings.holding * lot.price * settings.buffer * deviation
    margin = max(need.earns - lot.price, 0.0)
    return Alternative(
        number,
        offer.supplier,
        quantity,
        lot.price,
        offer.lead_days or 0.0,
        lot.buying,
        lot.ordering,
        lot.holding + cushion,
        margin * late * rate / quantity,
        "dearer",
    )


def quantity_of(problem: Problem, need: Need, offer: Offer, order_cost: float) -> float:
    """Say how much to order: what is wanted at least, and more if that is cheaper per day."""
    settings, pack = problem.settings, offer.pack
    least = max(need.wanted, offer.minimum, TINY)
    room = need.capacity - need.held
    most = min(max(settings.most_days * need.rate, least), max(room, offer.minimum))
    floor = float(np.ceil(least / pack - TINY)) * pack
    if problem.forecast is not None:
        planned = _by_forecast(problem, need, offer, order_cost)
        if planned is not None:
            return max(float(np.ceil(min(planned, most) / pack - TINY)) * pack, floor)
    lot = best_lot(
        need.rate,
        order_cost,
        offer.breaks,
        settings.holding,
        pack=pack,
        least=min(least, max(most, offer.minimum)),
        most=most,
    )
    return floor if lot is None else lot.quantity


def _by_forecast(problem: Problem, need: Need, offer: Offer, order_cost: float) -> float | None:
    """The first lot of the best plan for demand that changes; none if nothing is forecast."""
    assert problem.forecast is not None
    demand = np.asarray(problem.forecast[need.row], dtype=float)
    if not len(demand) or not (np.isfinite(demand).all() and demand.min() >= 0.0):
        return None
    # What is above the level already serves what comes first.
    before = np.concatenate(([0.0], demand.cumsum()))
    spare = max(need.held, 0.0)
    net = np.diff(np.maximum(before - spare, 0.0))
    price = _price(offer.breaks, need.wanted)
    kept = problem.settings.holding * price * problem.settings.period_days
    lots = wagner_whitin(net, order_cost, kept)
    ordered = lots[lots > 0.0]
    return float(ordered[0]) if len(ordered) else None


def _price(breaks: tuple[Break, ...], quantity: float) -> float:
    return lot_of(1.0, 0.0, breaks, 0.0, max(quantity, TINY)).price


def _lead_demand(need: Need, offer: Offer) -> tuple[float, float]:
    """Mean and variance of what is wanted until the goods come."""
    days, spread = offer.lead_days or 0.0, offer.lead_deviation
    return need.rate * days, need.variance * days + (need.rate * spread) ** 2


def missed(need: Need, offer: Offer, wait: float = 0.0) -> float:
    """Say how many units are missed until the goods come.

    :param wait: days until the order is sent
    """
    mean, variance = _lead_demand(need, offer)
    mean, variance = mean + need.rate * wait, variance + need.variance * wait
    return float(law.loss(need.held, mean, max(variance, mean)))


def risks_of(needs: list[Need], offers: dict[int, list[tuple[int, Offer]]]) -> Risks:
    """Say how late the goods could be, by row of the problem and position of the offer.

    :param needs: of rows
    :param offers: by product, with their positions
    """
    keys, held, means, variances = [], [], [], []
    for need in needs:
        for number, offer in offers.get(need.product, ()):
            mean, variance = _lead_demand(need, offer)
            keys.append((need.row, number))
            held.append(need.held)
            means.append(mean)
            variances.append(max(variance, mean))
    lost = law.loss(held, means, variances)
    enough = np.where(np.array(held) < 0.0, 0.0, law.cdf(held, means, variances))
    found = zip(lost.tolist(), (1.0 - enough).tolist(), strict=True)
    return {key: Risk(*each) for key, each in zip(keys, found, strict=True)}
