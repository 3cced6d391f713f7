"""What the best disposition is, by a mixed integer program and by trying everything."""

import itertools
import math

import numpy as np

from engine.prices import unit_values


def unit_gains(problem):
    """Values of all units that may join each pool, none left out."""
    total = int(sum(lot.quantity for lot in problem.lots)) + 2
    return [unit_values(pool.market, total) for pool in problem.pools]


def by_trying(problem):
    """Value of the best plan for whole units in whole stock, by trying all."""
    gains = unit_gains(problem)
    splits = [list(_compositions(int(lot.quantity), len(lot.options))) for lot in problem.lots]
    best = -math.inf
    for choice in itertools.product(*splits):
        best = max(best, _value(problem, gains, choice))
    return best


def _compositions(total, parts):
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in _compositions(total - first, parts - 1):
            yield (first, *rest)


def _value(problem, gains, choice):
    value, joined, lanes = 0.0, {}, set()
    taken = [0.0] * len(problem.rooms)
    for lot, amounts in zip(problem.lots, choice, strict=True):
        for option, amount in zip(lot.options, amounts, strict=True):
            if not amount:
                continue
            value -= amount * sum(cost.amount for cost in option.costs)
            if option.lane is not None:
                lanes.add(option.lane)
            if option.pool is None:
                value += amount * option.gain
                continue
            joined[option.pool] = joined.get(option.pool, 0) + amount
            place = problem.pools[option.pool].place
            if place is not None:
                taken[place] += amount
    if any(amount > room for amount, room in zip(taken, problem.rooms, strict=True)):
        return -math.inf
    value += sum(gains[pool][:amount].sum() for pool, amount in joined.items())
    return value - sum(problem.lanes[lane] for lane in lanes)


def by_program(problem):
    """Value of the best plan, by the solver HiGHS."""
    import highspy

    gains = unit_gains(problem)
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("mip_rel_gap", 0.0)
    inf = highspy.kHighsInf
    opened = [
        model.addVariable(0, 1, -cost, type=highspy.HighsVarType.kInteger) for cost in problem.lanes
    ]
    into = [[] for _ in problem.pools]
    by_lane = [[] for _ in problem.lanes]
    for lot in problem.lots:
        amounts = []
        for option in lot.options:
            worth = (option.gain if option.pool is None else 0.0) - sum(
                cost.amount for cost in option.costs
            )
            amount = model.addVariable(0, inf, worth)
            amounts.append(amount)
            if option.pool is not None:
                into[option.pool].append(amount)
            if option.lane is not None:
                by_lane[option.lane].append((amount, lot.quantity))
        model.addConstr(sum(amounts) == lot.quantity)
    rooms = [[] for _ in problem.rooms]
    for pool, amounts in enumerate(into):
        if not amounts:
            continue
        broken = problem.pools[pool].market.stock % 1.0
        steps = [
            model.addVariable(0, 1.0 - broken if not place else 1.0, float(gain))
            for place, gain in enumerate(gains[pool])
        ]
        model.addConstr(sum(amounts) == sum(steps))
        place = problem.pools[pool].place
        if place is not None:
            rooms[place] += amounts
    for place, amounts in enumerate(rooms):
        if amounts:
            model.addConstr(sum(amounts) <= problem.rooms[place])
    for lane, amounts in enumerate(by_lane):
        for amount, most in amounts:
            model.addConstr(amount <= most * opened[lane])
    model.setMaximize()
    model.run()
    assert model.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return model.getInfo().objective_function_value


def random_problem(rng, n_lots, n_sites, most, *, lanes=True, decimals=False):
    """Goods of a few products and grades at a few sites, with all kinds of options."""
    from engine.disposition import Cost, Lot, Option, Pool, Problem
    from engine.prices import Market

    n_products = int(rng.integers(1, 4))
    grades = 2
    rooms = tuple(float(rng.integers(0, n_lots * most + 1)) for _ in range(n_sites))
    pools, number = [], {}
    for product in range(n_products):
        price = float(rng.uniform(5, 80))
        for grade in range(grades):
            for site in range(n_sites):
                number[product, grade, site] = len(pools)
                stock = rng.uniform(0, 4) if decimals else rng.integers(0, 5)
                pools.append(
                    Pool(
                        Market(
                            price * (1.0, 0.6)[grade],
                            float(rng.choice([0.0, 0.01, 0.05, 0.3])),
                            float(stock),
                            float(rng.integers(20, 200)),
                            float(rng.uniform(0, 0.01)),
                            0.0002,
                            float(rng.uniform(0, 0.05)),
                            float(rng.uniform(0, 20)),
                        ),
                        site if rng.random() < 0.8 else None,
                    )
                )
    ways = {}
    costs = []
    lots = []
    for index in range(n_lots):
        product, grade, origin = (int(rng.integers(n)) for n in (n_products, grades, n_sites))
        options = [
            Option("sell", number[product, grade, origin], costs=(Cost("handling", 0.5),)),
            Option("scrap", gain=-float(rng.uniform(0, 3))),
        ]
        if rng.random() < 0.5:
            options.append(Option("supplier", gain=float(rng.uniform(-5, 40))))
        if grade == 1 and rng.random() < 0.6:
            options.append(
                Option(
                    "refurbish",
                    number[product, 0, origin],
                    costs=(Cost("work", float(rng.uniform(1, 15))),),
                )
            )
        for site in range(n_sites):
            if site == origin or rng.random() < 0.3:
                continue
            lane = None
            if lanes and rng.random() < 0.7:
                if (origin, site) not in ways:
                    ways[origin, site] = len(costs)
                    costs.append(float(rng.uniform(0, 25)))
                lane = ways[origin, site]
            options.append(
                Option(
                    "send",
                    number[product, grade, site],
                    costs=(Cost("transport", float(rng.uniform(0, 6))),),
                    lane=lane,
                )
            )
        quantity = float(rng.integers(1, most + 1))
        if decimals:
            quantity = float(np.round(rng.uniform(0.2, most), 2))
        lots.append(Lot(f"Lot {index}", quantity, tuple(options)))
    return Problem(tuple(lots), tuple(pools), rooms, tuple(costs))
