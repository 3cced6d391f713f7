"""Mends or leaves out what makes no sense, and says so."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .plan import Note
from .problem import Array, Booleans, Goods, Integers, Lane, Problem


@dataclass(frozen=True, slots=True)
class Rows:
    """The stock of products at sites in plain columns, all of shape (rows,), without nonsense.

    Columns mean what those of :class:`.problem.Stocks` do. Rows are sorted by product and site;
    `origin` says which row of the problem each is, `drawn` how many units leave per day: of a
    warehouse what all sites want that pull from it, and which those are nobody says: all do.
    """

    origin: Integers
    product: Integers
    site: Integers
    stock: Array
    rate: Array
    incoming: Array
    reserved: Array
    variance: Array
    age_days: Array
    minimum: Array
    capacity: Array
    donor_ok: Booleans
    receiver_ok: Booleans
    local: Array
    order_point: Array
    lead_days: Array
    drawn: Array
    life: Array
    days_left: Array


@dataclass(frozen=True, slots=True)
class Items:
    """Products in plain columns, shape (products,); those with `ok` can be moved.

    :param horizon: days in which a unit can be sold
    """

    ok: Booleans
    price: Array
    cost: Array
    weight: Array
    volume: Array
    pack: Array
    horizon: Array
    salvage: Array
    markdown: Array
    holding: Array
    elsewhere: Array


@dataclass(frozen=True, slots=True)
class Tidy:
    """A problem without nonsense.

    :param lanes: those that are not used are not allowed; all say their days
    """

    lanes: tuple[Lane, ...]
    items: Items
    rows: Rows
    notes: tuple[Note, ...]


def tidied(problem: Problem) -> Tidy:
    """Mend a problem.

    :param problem: as it was gathered
    :return: the same without what makes no sense, and notes of it
    """
    lanes, lane_notes = _tidy_lanes(problem)
    items, item_notes = _tidy_goods(problem)
    rows, row_notes = _tidy_rows(problem, items)
    return Tidy(lanes, items, rows, (*lane_notes, *item_notes, *row_notes))


def _tidy_lanes(problem: Problem) -> tuple[tuple[Lane, ...], list[Note]]:
    notes, lanes, linked = [], [], set()
    for number, lane in enumerate(problem.network.lanes):
        sound = _is_sound(lane)
        if lane.allowed and not sound:
            notes.append(Note("lane_nonsense", lane=number))
        if lane.allowed and sound and lane.days is None:
            assumed = problem.settings.default_days
            notes.append(Note("lane_without_days", lane=number, number=assumed))
            lane = replace(lane, days=assumed)
        usable = lane.allowed and sound and lane.origin != lane.destination
        lanes.append(replace(lane, allowed=usable))
        if usable:
            linked |= {lane.origin, lane.destination}
    stocked = np.unique(problem.stocks.site).tolist()
    notes += [Note("site_without_lanes", site=site) for site in stocked if site not in linked]
    return tuple(lanes), notes


def _is_sound(lane: Lane) -> bool:
    finite = (lane.fixed, lane.per_kg, lane.per_unit, lane.carbon_kg_per_kg, lane.carbon_kg)
    finite = (*finite, lane.minimum_units, 0.0 if lane.days is None else lane.days)
    rooms = (lane.capacity_kg, lane.capacity_units, lane.capacity_volume)
    return all(0.0 <= each < float("inf") for each in finite) and all(each >= 0 for each in rooms)


def _tidy_goods(problem: Problem) -> tuple[Items, list[Note]]:
    notes: list[Note] = []
    columns: dict[str, list[float]] = {name: [] for name in Items.__slots__}
    stocked = set(np.unique(problem.stocks.product).tolist())
    for number, goods in enumerate(problem.goods):
        cost = _known(goods.cost)
        weight = _known(goods.weight)
        end = goods.end_of_life_days
        numbers = (goods.price, goods.volume, goods.markdown, *(() if end is None else (end,)))
        given = (goods.salvage, goods.holding, goods.elsewhere)
        numbers = (*numbers, *(each for each in given if each is not None))
        sound = all(0.0 <= each < float("inf") for each in numbers)
        sound = sound and 0.0 < goods.pack < float("inf")
        if number in stocked:
            notes += _notes_of(number, goods, sound, cost, weight)
        horizon = problem.settings.horizon_days
        ends = sound and end is not None and end <= horizon
        salvage = (0.0 if ends else cost) if goods.salvage is None else goods.salvage
        holding = problem.settings.holding * cost if goods.holding is None else goods.holding
        found = {
            "ok": sound and goods.price > 0.0 and (end is None or end > 0.0),
            "price": goods.price if sound else 0.0,
            "cost": cost,
            "weight": weight,
            "volume": goods.volume,
            "pack": goods.pack if sound else 1.0,
            "horizon": min(horizon, end) if ends and end else horizon,
            "salvage": salvage if sound else 0.0,
            "markdown": goods.markdown if sound else 0.0,
            "holding": holding if sound else 0.0,
            "elsewhere": np.inf if goods.elsewhere is None or not sound else goods.elsewhere,
        }
        for name, value in found.items():
            columns[name].append(value)
    arrays = {name: np.array(column, dtype=float) for name, column in columns.items()}
    return Items(**{**arrays, "ok": arrays["ok"] > 0.0}), notes


def _known(number: float | None) -> float:
    return number if number is not None and 0.0 <= number < float("inf") else 0.0


def _notes_of(number: int, goods: Goods, sound: bool, cost: float, weight: float) -> list[Note]:
    if not sound:
        return [Note("goods_nonsense", product=number)]
    notes = []
    if goods.price == 0.0:
        notes.append(Note("goods_without_price", product=number))
    if not cost:
        notes.append(Note("goods_without_cost", product=number))
    if not weight:
        notes.append(Note("goods_without_weight", product=number))
    return notes


def _tidy_rows(problem: Problem, items: Items) -> tuple[Rows, list[Note]]:
    stocks = problem.stocks
    product = np.asarray(stocks.product, dtype=np.int64)
    site = np.asarray(stocks.site, dtype=np.int64)
    shape = product.shape

    def column(values: Array | None, default: float) -> Array:
        if values is None:
            return np.full(shape, default)
        return np.asarray(values, dtype=float)

    rate = np.asarray(stocks.rate, dtype=float)
    numbers = {
        "stock": np.asarray(stocks.stock, dtype=float),
        "rate": rate,
        "incoming": column(stocks.incoming, 0.0),
        "reserved": column(stocks.reserved, 0.0),
        "variance": rate if stocks.variance is None else column(stocks.variance, 0.0),
        "age_days": column(stocks.age_days, 0.0),
        "minimum": column(stocks.minimum, 0.0),
        "capacity": column(stocks.capacity, float("inf")),
        "local": np.minimum(column(stocks.local, 0.0), 1.0),
        "lead_days": column(stocks.lead_days, float("inf")),
        "life": column(stocks.life, float("inf")),
        "days_left": column(stocks.days_left, float("inf")),
    }
    order_point = column(stocks.order_point, float("nan"))
    negative = np.isfinite(numbers["stock"]) & (numbers["stock"] < 0.0)
    notes = [
        Note("negative_stock", int(product[row]), int(site[row]), number=float(number))
        for row, number in zip(
            np.flatnonzero(negative).tolist(), numbers["stock"][negative].tolist(), strict=True
        )
    ]
    numbers["stock"] = np.where(negative, 0.0, numbers["stock"])
    sound = np.ones(shape, dtype=bool)
    for name, values in numbers.items():
        sound &= values >= 0.0
        if name not in ("capacity", "lead_days", "life", "days_left"):
            sound &= np.isfinite(values)
    notes += [
        Note("row_nonsense", int(product[row]), int(site[row]))
        for row in np.flatnonzero(~sound).tolist()
    ]
    kept = np.flatnonzero(sound & items.ok[product]) if len(product) else np.zeros(0, np.int64)
    kept = kept[np.lexsort((site[kept], product[kept]))]
    flags = {
        name: np.ones(len(kept), dtype=bool) if flag is None else np.asarray(flag, bool)[kept]
        for name, flag in (("donor_ok", stocks.donor_ok), ("receiver_ok", stocks.receiver_ok))
    }
    columns = {name: values[kept] for name, values in numbers.items()}
    columns["order_point"] = order_point[kept]
    central = np.array([each.kind == "warehouse" for each in problem.network.sites], dtype=bool)
    whole = np.bincount(product[kept], columns["rate"], len(items.ok))
    columns["drawn"] = np.where(central[site[kept]], whole[product[kept]], columns["rate"])
    return Rows(origin=kept, product=product[kept], site=site[kept], **columns, **flags), notes
