"""What the best transfers are, by linear and mixed integer programs."""

import math

import numpy as np

from engine.balancing.flows import Arcs, Curves


def random_curves(rng, count, *, falling, whole):
    """Steps of so many donors or receivers."""
    lengths = rng.integers(1, 6, count)
    values = []
    for length in lengths:
        steps = np.sort(rng.integers(0, 30, length) if whole else rng.uniform(0.0, 30.0, length))
        values.append(steps[::-1] + 5.0 if falling else steps)
    widths = rng.integers(1, 4, int(lengths.sum())).astype(float)
    return Curves(
        np.concatenate(([0], lengths.cumsum())),
        np.concatenate(values).astype(float),
        widths,
    )


def random_flow(rng, products, *, whole):
    """Products with random donors, receivers and arcs, with costs and rooms."""
    donors, receivers, arcs = [], [], []
    n_donors = n_receivers = 0
    for product in range(products):
        here, there = rng.integers(1, 6, 2)
        pairs = [
            (product, n_donors + donor, n_receivers + receiver)
            for donor in range(here)
            for receiver in range(there)
            if rng.random() < 0.8
        ]
        arcs += pairs
        donors.append(here)
        receivers.append(there)
        n_donors, n_receivers = n_donors + here, n_receivers + there
    table = np.array(arcs).reshape(-1, 3)
    number = len(table)
    costs = rng.integers(0, 12, number) if whole else rng.uniform(0.0, 12.0, number)
    rooms = rng.integers(0, 5, number).astype(float)
    return (
        random_curves(rng, n_donors, falling=False, whole=whole),
        random_curves(rng, n_receivers, falling=True, whole=whole),
        Arcs(table[:, 0], table[:, 1], table[:, 2]),
        costs.astype(float),
        rooms,
    )


def best_flows(donors, receivers, arcs, costs, rooms=None):
    """Gain of all products together, by the solver HiGHS."""
    import highspy

    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.changeObjectiveSense(highspy.ObjSense.kMaximize)
    inf = highspy.kHighsInf
    arc_columns = []
    for number in range(len(arcs)):
        most = inf if rooms is None else rooms[number]
        model.addVar(0.0, most)
        model.changeColCost(number, -costs[number])
        arc_columns.append(number)
    column = len(arcs)
    for curves, sign, owner in ((donors, -1.0, arcs.donor), (receivers, 1.0, arcs.receiver)):
        for curve in range(len(curves)):
            steps = []
            for step in range(curves.start[curve], curves.start[curve + 1]):
                model.addVar(0.0, curves.width[step])
                model.changeColCost(column, sign * curves.value[step])
                steps.append(column)
                column += 1
            own = np.flatnonzero(owner == curve).tolist()
            indices = np.array(own + steps, dtype=np.int32)
            values = np.array([1.0] * len(own) + [-1.0] * len(steps))
            model.addRow(0.0, 0.0, len(indices), indices, values)
    model.run()
    return model.getInfoValue("objective_function_value")[1]


# --- whole problems ---


def random_problem(rng, n_products, n_sites, *, plain=False, density=0.7, fixed=6.0, settings=None):
    """Sites of which the first is a warehouse, lanes between most, goods at most sites.

    :param plain: no packs, minima, shelves, full trucks, or customers that wait
    """
    from engine.balancing import Goods, Lane, Network, Problem, Settings, Site, Stocks

    sites = tuple(
        Site(f"S{number}", "store" if number else "warehouse", 0.1, 0.2)
        for number in range(n_sites)
    )
    lanes = tuple(
        Lane(
            *(origin, to, 0.0 if plain else float(rng.integers(0, 5))),
            fixed=fixed * float(rng.uniform(0.3, 1.5)),
            per_kg=float(rng.uniform(0.0, 0.5)),
            per_unit=float(rng.uniform(0.0, 0.3)),
            carbon_kg_per_kg=float(rng.uniform(0.0, 0.2)),
            minimum_units=0.0 if plain else float(rng.integers(0, 4)),
            capacity_kg=float("inf") if plain else float(rng.uniform(5.0, 60.0)),
            capacity_units=float("inf") if plain or rng.random() < 0.5 else 12.0,
        )
        for origin in range(n_sites)
        for to in range(n_sites)
        if origin != to and rng.random() < 0.8
    )
    goods = tuple(
        Goods(
            f"P{number}",
            float(rng.uniform(5.0, 60.0)),
            float(rng.uniform(2.0, 5.0)),
            float(rng.uniform(0.1, 3.0)),
            pack=1.0 if plain else float(rng.choice([1.0, 1.0, 2.0, 6.0])),
            elsewhere=float(rng.uniform(0.5, 9.0)) if rng.random() < 0.4 else None,
        )
        for number in range(n_products)
    )
    product, site = np.nonzero(rng.random((n_products, n_sites)) < density)
    number = len(product)
    rate = rng.gamma(0.8, 0.15, number)
    more = {
        "local": rng.random(number) * (rng.random(number) < 0.5),
        "order_point": np.where(rng.random(number) < 0.3, np.nan, rng.integers(0, 5, number)),
        "lead_days": rng.integers(5, 40, number),
    }
    if not plain:
        more |= {
            "incoming": rng.integers(0, 3, number) * (rng.random(number) < 0.2),
            "reserved": rng.integers(0, 3, number) * (rng.random(number) < 0.2),
            "variance": rate * rng.uniform(1.0, 2.0, number),
            "age_days": rng.uniform(0.0, 200.0, number),
            "minimum": rng.integers(0, 3, number),
            "capacity": rng.integers(2, 30, number),
            "donor_ok": rng.random(number) < 0.9,
            "receiver_ok": rng.random(number) < 0.9,
            "life": np.full(number, 400.0),
            "days_left": np.full(number, 400.0),
        }
        more = {
            name: column if column.dtype == bool else column.astype(float)
            for name, column in more.items()
        }
    stock = rng.integers(0, 4 if plain else 14, number).astype(float)
    return Problem(
        Network(sites, lanes),
        goods,
        Stocks(product, site, stock, rate, **more),
        settings or Settings(carbon_price=0.1),
    )


def worth_of(problem, row, units):
    """What so many units earn at a row where the goods are now, unit by unit."""
    from engine.prices import Market, unit_values

    goods = problem.goods[problem.stocks.product[row]]
    settings = problem.settings
    price = goods.price
    if goods.elsewhere is not None:
        local = 0.0 if problem.stocks.local is None else float(problem.stocks.local[row])
        price = local * price + (1.0 - local) * min(price, goods.cost + goods.elsewhere)
    # What a site keeps anyway costs the same whether this unit is sold or the next.
    is_kept = goods.elsewhere is not None or point_of(problem, row) is not None
    horizon, lying = horizon_of(problem, row), lying_cost(problem, row, int(units))
    market = Market(
        price,
        float(problem.stocks.rate[row]),
        0.0,
        horizon,
        interest=0.0 if is_kept else settings.interest,
        holding=0.0 if is_kept else settings.holding * goods.cost,
        salvage=goods.cost,
    )
    return float(unit_values(market, max(int(units), 1))[: int(units)].sum()) - lying


def point_of(problem, row):
    """The order point of a row, none where it is not replenished."""
    points = problem.stocks.order_point
    return None if points is None or np.isnan(points[row]) else float(points[row])


def horizon_of(problem, row):
    """Days until more would come anyway, or of the plan."""
    leads, most = problem.stocks.lead_days, problem.settings.horizon_days
    if point_of(problem, row) is None or leads is None:
        return most
    return min(most, float(leads[row]))


def lying_cost(problem, row, units):
    """What it costs that units above the order point lie, one after the other.

    Where others may serve each lies until what is too much in the network is gone; never more than
    a year.
    """
    point, stocks, settings = point_of(problem, row), problem.stocks, problem.settings
    if point is None:
        return 0.0
    product = stocks.product[row]
    goods, rate, days = problem.goods[product], float(stocks.rate[row]), 0.0
    if problem.network.sites[stocks.site[row]].kind == "warehouse":
        rate = float(stocks.rate[stocks.product == product].sum())
    if goods.elsewhere is None:
        for number in range(1, int(units - point) + 1):
            wait = number / rate if rate else math.inf
            days += min(wait, 365.0)
    else:
        same = [other for other, each in enumerate(stocks.product) if each == product]
        pace = sum(float(stocks.rate[other]) for other in same)
        much = sum(float(stocks.stock[other]) - (point_of(problem, other) or 0.0) for other in same)
        days = max(units - point, 0.0) * min(max(much, 0.0) / pace if pace else math.inf, 365.0)
    return days * goods.cost * (settings.holding + settings.interest)


def unit_cost(problem, lane, product):
    """Money per unit on a lane."""
    way, goods = problem.network.lanes[lane], problem.goods[product]
    sites = problem.network.sites
    handled = sites[way.origin].handling_out + sites[way.destination].handling_in
    carbon = problem.settings.carbon_price * way.carbon_kg_per_kg
    return way.per_unit + handled + goods.weight * (way.per_kg + carbon)


def best_plan(problem):
    """Gain of the best plan of plain problems (no days, needs, packs), by a mixed program."""
    import highspy

    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("mip_rel_gap", 0.0)
    model.changeObjectiveSense(highspy.ObjSense.kMaximize)
    lanes, stocks = problem.network.lanes, problem.stocks
    row_of = {
        (int(product), int(site)): row
        for row, (product, site) in enumerate(zip(stocks.product, stocks.site, strict=True))
    }
    integer = highspy.HighsVarType.kInteger
    opened = [model.addVariable(0, 1, -lane.fixed, type=integer) for lane in lanes]
    into, out, on = {}, {}, {}
    for product in range(len(problem.goods)):
        for number, lane in enumerate(lanes):
            giver = row_of.get((product, lane.origin))
            getter = row_of.get((product, lane.destination))
            if giver is None or getter is None or stocks.stock[giver] <= 0:
                continue
            amount = model.addVariable(
                0, float(stocks.stock[giver]), -unit_cost(problem, number, product), type=integer
            )
            out.setdefault(giver, []).append(amount)
            into.setdefault(getter, []).append(amount)
            on.setdefault(number, []).append((amount, float(stocks.stock[giver])))
    for row in range(len(stocks.product)):
        if row not in into and row not in out:
            continue
        stock = int(stocks.stock[row])
        worth = [worth_of(problem, row, units) for units in range(stock + 13)]
        # Nobody gives and gets at once: either the stock falls or it rises.
        gives = model.addVariable(0, 1, 0, type=integer)
        if row in out:
            below = [
                model.addVariable(0, 1, worth[units - 1] - worth[units])
                for units in range(stock, 0, -1)
            ]
            model.addConstr(sum(out[row]) - sum(below) == 0.0)
            model.addConstr(sum(out[row]) - stock * gives <= 0.0)
        if row in into:
            above = [
                model.addVariable(0, 1, worth[units] - worth[units - 1])
                for units in range(stock + 1, stock + 13)
            ]
            model.addConstr(sum(into[row]) - sum(above) == 0.0)
            model.addConstr(sum(into[row]) + 12.0 * gives <= 12.0)
    for number, amounts in on.items():
        for amount, most in amounts:
            model.addConstr(amount - most * opened[number] <= 0.0)
    model.run()
    return model.getInfoValue("objective_function_value")[1]
