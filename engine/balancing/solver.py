"""Plans transfers of all products together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .explain import Stage, explain, shipments_of
from .joint import Answer, Joint
from .plan import Note, Plan
from .problem import Array, Booleans, Problem
from .rooms import Rooms
from .sums import Ledger
from .tidy import Rows, Tidy, tidied
from .values import Values
from .ways import Charges, Finder, Ways, charges_of


def balance(problem: Problem) -> Plan:
    """Decide what goes from where to where.

    Stock goes from where it is worth least to where it is worth most, by what the next unit will
    earn at each site until the horizon, less all costs of the way: see :mod:`.values` for what
    it is worth, :mod:`.flows` for the best flow of one product, :mod:`.joint` for lanes that all
    products share. With warehouses first, stores give only after all warehouses have.

    :param problem: what there is
    :return: the plan, its gap, and what was wrong with the problem
    """
    tidy = tidied(problem)
    planner = _Planner(problem, tidy)
    return planner.run()


@dataclass(frozen=True, slots=True)
class _LaneColumns:
    fixed: Array
    minimum: Array
    kg: Array
    units: Array
    volume: Array


class _Planner:
    def __init__(self, problem: Problem, tidy: Tidy) -> None:
        self._problem, self._tidy, self._settings = problem, tidy, problem.settings
        self._charges: Charges = charges_of(tidy, problem.network, problem.settings)
        self._is_warehouse: Booleans = np.array(
            [site.kind == "warehouse" for site in problem.network.sites], dtype=bool
        )
        price = problem.settings.carbon_price
        lanes = tidy.lanes
        self._lanes = _LaneColumns(
            np.array([lane.fixed + price * lane.carbon_kg for lane in lanes], dtype=float),
            np.array([lane.minimum_units for lane in lanes], dtype=float),
            np.array([lane.capacity_kg for lane in lanes], dtype=float),
            np.array([lane.capacity_units for lane in lanes], dtype=float),
            np.array([lane.capacity_volume for lane in lanes], dtype=float),
        )

    def run(self) -> Plan:
        rows = self._tidy.rows
        self._demand = Values(rows, self._tidy.items, self._settings)
        before = self._worth(self._demand)
        givers = [np.ones(len(self._is_warehouse), dtype=bool)]
        if self._settings.warehouse_first and self._is_warehouse.any():
            givers = [self._is_warehouse, ~self._is_warehouse]
        got = np.zeros(len(rows.product))
        gave = np.zeros(len(rows.product))
        left = self._lanes
        stages, gain, bound = [], 0.0, 0.0
        notes = list(self._tidy.notes)
        for giver in givers:
            stage, answer = self._stage(rows, giver, got, gave, left)
            stages.append(stage)
            gain, bound = gain + answer.value, bound + answer.bound
            notes += [
                Note("minimum_missed", lane=lane, number=units)
                for lane, units in sorted(answer.missed.items())
            ]
            left = self._left(left, stage)
            came = np.bincount(stage.to_rows, stage.amounts, len(got))
            went = np.bincount(stage.from_rows, stage.amounts, len(got))
            got, gave = got + came, gave + went
            rows = replace(rows, stock=rows.stock - went, incoming=rows.incoming + came)
        moves = explain(self._problem, self._tidy, self._demand, stages, rows, self._charges)
        prices = np.max([stage.prices for stage in stages], axis=0)
        return Plan(
            moves,
            shipments_of(self._problem, self._tidy, moves),
            tuple(prices.tolist()),
            before,
            before + gain,
            before + bound,
            tuple(notes),
        )

    def _worth(self, values: Values) -> float:
        rows = values.rows
        held = rows.stock - rows.reserved + rows.incoming
        some = np.flatnonzero(held)
        return float(values.stay(some, held[some, None]).sum())

    def _left(self, lanes: _LaneColumns, stage: Stage) -> _LaneColumns:
        """What lanes can still take; a shipment that goes anyway costs nothing more."""
        items, product = self._tidy.items, self._tidy.rows.product[stage.from_rows]
        count = len(self._tidy.lanes)

        def taken(use: Array) -> Array:
            return np.bincount(stage.lane, stage.amounts * use, count)

        units = taken(np.ones(len(product)))
        return _LaneColumns(
            np.where(units > 0.0, 0.0, lanes.fixed),
            np.where(units > 0.0, 0.0, lanes.minimum),
            np.maximum(lanes.kg - taken(items.weight[product]), 0.0),
            np.maximum(lanes.units - units, 0.0),
            np.maximum(lanes.volume - taken(items.volume[product]), 0.0),
        )

    def _stage(
        self, rows: Rows, giver: Booleans, got: Array, gave: Array, lanes: _LaneColumns
    ) -> tuple[Stage, Answer]:
        """Let some sites give.

        :param giver: by site
        :param got: units that rows got already
        :param gave: units that rows gave already
        :param lanes: what they still cost and can take
        """
        settings = self._settings
        tidy = replace(self._tidy, rows=rows)
        values = Values(rows, tidy.items, settings, self._demand)
        positions = values.positions()
        # Nobody gives of what it gets, and nobody gets what it gives.
        giveable = np.where(giver[rows.site] & (got <= 0.0), positions.giveable, 0.0)
        room = np.where(gave <= 0.0, positions.room, 0.0)
        if settings.only_excess:
            excess = np.minimum(giveable, values.excess(positions))
            giveable = np.where(self._is_warehouse[rows.site], giveable, excess)
        finder = Finder(values, self._charges, tidy, settings, self._problem.banned)
        ways = finder.find(positions, giveable, room, self._is_warehouse)
        ways = self._worthwhile(ways, lanes.fixed)
        answer = self._answer(ways, lanes)
        sent = np.flatnonzero(answer.amounts > 0.0)
        stage = Stage(
            ways,
            answer.amounts[sent],
            sent,
            ways.lane[sent],
            ways.donor_rows[ways.arcs.donor[sent]],
            ways.receiver_rows[ways.arcs.receiver[sent]],
            positions,
            giveable,
            room,
            answer.prices,
            lanes.fixed,
            lanes.kg,
            lanes.units,
            lanes.volume,
        )
        return stage, answer

    def _worthwhile(self, ways: Ways, fixed: Array) -> Ways:
        """Leave out lanes that no plan uses.

        What a lane adds to a plan is never more than what it would add to none: the next units
        cost more and earn less. If that is not what a shipment costs, it never goes.
        """
        every = np.arange(len(ways.arcs))
        alone = Ledger(ways).additions(np.zeros(len(every)), every)
        most = np.bincount(ways.lane, alone, len(fixed))
        return ways.keep((most > fixed)[ways.lane])

    def _answer(self, ways: Ways, lanes: _LaneColumns) -> Answer:
        if not len(ways.arcs):
            count = len(self._tidy.lanes)
            return Answer(np.zeros(0), 0.0, 0.0, np.zeros(count), {})
        items, product = self._tidy.items, ways.products[ways.arcs.product]
        uses = [items.weight[product], np.ones(len(product)), items.volume[product]]
        rooms = Rooms(ways, uses, [lanes.kg, lanes.units, lanes.volume])
        return Joint(ways, lanes.fixed, lanes.minimum, rooms, self._settings).run()
