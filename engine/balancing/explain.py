"""Puts a plan into moves whose parts add up to what the plan gains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .flows import EPSILON
from .plan import Limit, Move, Part, PartName, Shipment
from .problem import Array, Integers, Problem
from .sums import Ledger
from .tidy import Rows, Tidy
from .values import Positions, Values
from .ways import Charges, Ways


@dataclass(frozen=True, slots=True)
class Stage:
    """What some sites give.

    :param ways: on which goods could go
    :param amounts: units that go, of the arcs that are used
    :param arcs: these arcs
    :param lane: of each of them
    :param from_rows: rows that give
    :param to_rows: rows that get
    :param positions: of all rows before
    :param giveable: what rows could give
    :param room: what rows could take
    :param prices: of room on lanes
    :param fixed: what a shipment costs on each lane
    :param kg: what lanes could carry
    :param units: likewise
    :param volume: likewise
    """

    ways: Ways
    amounts: Array
    arcs: Integers
    lane: Integers
    from_rows: Integers
    to_rows: Integers
    positions: Positions
    giveable: Array
    room: Array
    prices: Array
    fixed: Array
    kg: Array
    units: Array
    volume: Array


def explain(
    problem: Problem,
    tidy: Tidy,
    values: Values,
    stages: list[Stage],
    after: Rows,
    charges: Charges,
) -> tuple[Move, ...]:
    """Tell all moves.

    :param values: of the stock as it was before
    :param stages: what was decided, one after the other
    :param after: rows as they are after all moves
    :param charges: of lanes
    """
    moves = [
        move
        for stage in stages
        if len(stage.arcs)
        for move in _Teller(problem, tidy, values, stage, after, charges).moves()
    ]
    moves.sort(key=lambda move: (move.lane, -move.gain, move.product))
    return tuple(moves)


class _Teller:
    def __init__(
        self,
        problem: Problem,
        tidy: Tidy,
        values: Values,
        stage: Stage,
        after: Rows,
        charges: Charges,
    ) -> None:
        self._problem, self._tidy, self._stage, self._values = problem, tidy, stage, values
        self._after, self._charges = after, charges
        self._product = tidy.rows.product[stage.from_rows]

    def moves(self) -> list[Move]:
        stage, before, after = self._stage, self._tidy.rows, self._after
        parts = self._parts()
        limits = self._limits()
        here, there = self._chances()
        giver, getter = stage.from_rows, stage.to_rows
        free_before = (before.stock - before.reserved)[giver].tolist()
        free_after = (after.stock - after.reserved)[giver].tolist()
        held_before = (before.stock - before.reserved + before.incoming)[getter].tolist()
        held_after = (after.stock - after.reserved + after.incoming)[getter].tolist()
        need = stage.positions.need[giver].tolist()
        names = list(parts)
        columns = zip(*(parts[name].tolist() for name in names), strict=True)
        found = []
        for place, amounts in enumerate(columns):
            lane = int(stage.lane[place])
            found.append(
                Move(
                    product=int(self._product[place]),
                    lane=lane,
                    origin=self._tidy.lanes[lane].origin,
                    destination=self._tidy.lanes[lane].destination,
                    quantity=float(stage.amounts[place]),
                    parts=tuple(
                        Part(name, amount)
                        for name, amount in zip(names, amounts, strict=True)
                        if amount or name.startswith("value")
                    ),
                    origin_before=free_before[place],
                    origin_after=free_after[place],
                    destination_before=held_before[place],
                    destination_after=held_after[place],
                    need=need[place],
                    days=float(self._charges.days[lane]),
                    chance_here=float(here[place]),
                    chance_there=float(there[place]),
                    limit=limits[place],
                )
            )
        return found

    def _parts(self) -> dict[PartName, Array]:
        """What each move gains by part; those who share a curve have the average of it."""
        stage, ways = self._stage, self._stage.ways
        amounts = np.zeros(len(ways.arcs))
        amounts[stage.arcs] = stage.amounts
        ledger = Ledger(ways)
        lost, earned = ledger.worth(amounts)
        out, into = ledger.sent(amounts)
        donor, receiver = ways.arcs.donor[stage.arcs], ways.arcs.receiver[stage.arcs]
        items, rows = self._tidy.items, self._tidy.rows
        aged = self._problem.settings.ageing * items.cost[self._product]
        aged = aged * rows.age_days[stage.from_rows] / 365.0 * stage.amounts
        unit_costs = self._charges.of(self._product, stage.lane)
        known = np.sum(list(unit_costs.values()), axis=0)
        lateness = (ways.cost[stage.arcs] - known) * stage.amounts
        again = self._carried(-out[donor], stage.from_rows) / out[donor] * stage.amounts
        spared = -self._carried(into[receiver], stage.to_rows) / into[receiver] * stage.amounts
        parts: dict[PartName, Array] = {
            "value_there": earned[receiver] / into[receiver] * stage.amounts - lateness - spared,
            "value_here": again - lost[donor] / out[donor] * stage.amounts - aged,
            "carrying": spared - again,
            "ageing": aged,
        }
        for name, cost in unit_costs.items():
            parts[name] = -cost * stage.amounts
        gross = np.sum(list(parts.values()), axis=0)
        shared = self._shared(np.maximum(gross, 0.0) + EPSILON * stage.amounts)
        lanes = self._tidy.lanes
        price = self._problem.settings.carbon_price
        carbon = np.array([price * lane.carbon_kg for lane in lanes])
        paid = np.where(stage.fixed > 0.0, carbon, 0.0)[stage.lane]
        parts["fixed"] = -shared * (stage.fixed[stage.lane] - paid)
        parts["carbon"] = parts["carbon"] - shared * paid
        return parts

    def _carried(self, change: Array, chosen: Integers) -> Array:
        """What it costs that so much more, or less, lies at rows."""
        held = self._stage.positions.held[chosen]
        return self._values.carried(chosen, held[:, None], (held + change)[:, None])[:, 0]

    def _shared(self, weights: Array) -> Array:
        """Return which share in its shipment each move has."""
        total = np.bincount(self._stage.lane, weights, len(self._tidy.lanes))
        return weights / total[self._stage.lane]

    def _limits(self) -> list[Limit]:
        stage, items = self._stage, self._tidy.items
        shape = len(stage.giveable)
        pack = stage.positions.pack
        given = np.bincount(stage.from_rows, stage.amounts, shape)
        got = np.bincount(stage.to_rows, stage.amounts, shape)
        empty = (stage.giveable - given < pack - EPSILON)[stage.from_rows]
        crowded = (stage.room - got < pack - EPSILON)[stage.to_rows]
        packed = pack[stage.from_rows]
        full = np.zeros(len(stage.arcs), dtype=bool)
        for use, limit in (
            (items.weight[self._product], stage.kg),
            (np.ones(len(stage.arcs)), stage.units),
            (items.volume[self._product], stage.volume),
        ):
            taken = np.bincount(stage.lane, stage.amounts * use, len(limit))
            full |= (limit - taken)[stage.lane] < use * packed - EPSILON
        found = np.where(
            full, "capacity", np.where(crowded, "shelf", np.where(empty, "need", "worth"))
        )
        return found.tolist()

    def _chances(self) -> tuple[Array, Array]:
        """How surely the last unit would be sold here, and how surely it will be there."""
        stage, after, values = self._stage, self._after, self._values
        here_days = np.minimum(
            values.end[stage.from_rows], self._problem.settings.risk_days or float("inf")
        )
        held = after.stock - after.reserved + after.incoming
        here = values.chance(stage.from_rows, held[stage.from_rows] + 1.0, here_days)
        there = values.chance(stage.to_rows, held[stage.to_rows], values.end[stage.to_rows])
        return here, there


def shipments_of(problem: Problem, tidy: Tidy, moves: tuple[Move, ...]) -> tuple[Shipment, ...]:
    """Add moves up by lane."""
    by_lane: dict[int, list[Move]] = {}
    for move in moves:
        by_lane.setdefault(move.lane, []).append(move)
    found = []
    for number, group in sorted(by_lane.items()):
        lane = tidy.lanes[number]
        units = sum(move.quantity for move in group)
        kg = sum(move.quantity * float(tidy.items.weight[move.product]) for move in group)
        found.append(
            Shipment(
                number,
                units,
                kg,
                lane.carbon_kg + kg * lane.carbon_kg_per_kg,
                lane.fixed + kg * lane.per_kg + units * lane.per_unit,
                sum(move.gain for move in group),
            )
        )
    return tuple(found)
