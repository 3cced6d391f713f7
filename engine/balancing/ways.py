"""Which units could go where, at what cost, and what they are worth here and there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from .curves import curves_of, most_sent_on, pruned
from .flows import EPSILON, Arcs, Curves
from .plan import PartName
from .problem import Array, Booleans, Integers, Network, Settings
from .tidy import Tidy
from .values import Positions, Values

MOST_STEPS = 200
"""Curves have so many steps at most: of more packs, several are one step."""

MOST_GRID = 2_000_000
"""So many pairs of donor and lane are looked at together."""


@dataclass(frozen=True, slots=True)
class Ways:
    """Ways that could be worth it, for flows.

    :param arcs: of products, counted without gaps
    :param donors: what giving costs
    :param receivers: what getting earns
    :param lane: of each arc
    :param cost: money per unit on each arc
    :param pack: units of a pack, of each arc
    :param most: units that could be worth sending on each arc if it were the only one
    :param products: the products by number
    :param donor_rows: row of each donor
    :param receiver_rows: row of each receiver
    """

    arcs: Arcs
    donors: Curves
    receivers: Curves
    lane: Integers
    cost: Array
    pack: Array
    most: Array
    products: Integers
    donor_rows: Integers
    receiver_rows: Integers

    def keep(self, kept: Booleans) -> Ways:
        """Those on some arcs; curves stay as they are."""
        arcs = Arcs(self.arcs.product[kept], self.arcs.donor[kept], self.arcs.receiver[kept])
        columns = {name: getattr(self, name)[kept] for name in ("lane", "cost", "pack", "most")}
        return replace(self, arcs=arcs, **columns)


@dataclass(frozen=True, slots=True)
class Charges:
    """What lanes cost per unit, columns of shape (lanes,) or (products,)."""

    origin: Integers
    destination: Integers
    days: Array
    allowed: Booleans
    per_unit: Array
    handling: Array
    per_kg: Array
    carbon: Array
    weight: Array

    def of(self, product: Integers, lane: Integers) -> dict[PartName, Array]:
        """Money per unit of products on lanes, by what for."""
        weight = self.weight[product]
        return {
            "weight": weight * self.per_kg[lane],
            "unit": self.per_unit[lane] + np.zeros(weight.shape),
            "handling": self.handling[lane] + np.zeros(weight.shape),
            "carbon": weight * self.carbon[lane],
        }


def charges_of(tidy: Tidy, network: Network, settings: Settings) -> Charges:
    """Bring lanes into columns."""
    lanes, sites = tidy.lanes, network.sites

    def column(name: str) -> Array:
        return np.array([getattr(lane, name) for lane in lanes], dtype=float)

    origin = np.array([lane.origin for lane in lanes], dtype=np.int64)
    destination = np.array([lane.destination for lane in lanes], dtype=np.int64)
    handled = [
        sites[lane.origin].handling_out + sites[lane.destination].handling_in for lane in lanes
    ]
    return Charges(
        origin,
        destination,
        np.array([lane.days or 0.0 for lane in lanes]),
        np.array([lane.allowed for lane in lanes], dtype=bool),
        column("per_unit"),
        np.array(handled, dtype=float),
        column("per_kg"),
        settings.carbon_price * column("carbon_kg_per_kg"),
        tidy.items.weight,
    )


class Finder:
    """Finds ways that could be worth it.

    :param values: of the stock
    :param charges: of the lanes
    :param tidy: the problem
    :param settings: guards
    :param banned: pairs of product and lane
    """

    def __init__(
        self, values: Values, charges: Charges, tidy: Tidy, settings: Settings, banned: Integers
    ) -> None:
        self._values, self._charges, self._tidy = values, charges, tidy
        self._settings = settings
        n_lanes = max(len(charges.origin), 1)
        self._banned = np.unique(banned[:, 0] * n_lanes + banned[:, 1])
        self._n_lanes = n_lanes

    def find(
        self, positions: Positions, giveable: Array, room: Array, is_warehouse: Booleans
    ) -> Ways:
        """Find ways from rows that can give to rows that have room.

        :param positions: as they are
        :param giveable: units that rows can give, shape (rows,)
        :param room: units that rows can take
        :param is_warehouse: by site: its goods may go to slower sellers
        """
        first_loss, days, first_gain = self._first_steps(positions, giveable, room)
        parts = [
            self._ways_of(donor, lane, first_loss, first_gain, days, positions, is_warehouse)
            for donor, lane in self._groups(first_loss, first_gain)
        ]
        columns = [np.concatenate(each) for each in zip(*parts, strict=True)] if parts else None
        if columns is None or not len(columns[0]):
            return _nowhere()
        donor, receiver, lane, cost = columns
        return self._with_curves(donor, receiver, lane, cost, positions, giveable, room, days)

    # --- arcs ---

    def _first_steps(
        self, positions: Positions, giveable: Array, room: Array
    ) -> tuple[Array, Array, Array]:
        """Return what the first pack costs to give, when one can arrive, and what it earns."""
        rows, charges = self._tidy.rows, self._charges
        pack = positions.pack
        loss = np.full(len(pack), np.inf)
        givers = np.flatnonzero(giveable >= pack - EPSILON)
        held, base = positions.held[givers], self._values.before(positions)[givers]
        worth = self._values.stay(givers, np.stack((base - pack[givers], base), axis=1))
        first = self._values.carried(givers, held[:, None], (held - pack[givers])[:, None])
        worth[:, 1] += first[:, 0]
        loss[givers] = (worth[:, 1] - worth[:, 0]) / pack[givers] - self._aged(givers)
        n_sites = int(max(rows.site.max(initial=0), charges.destination.max(initial=0))) + 1
        soonest = np.full(n_sites, np.inf)
        usable = charges.allowed
        np.minimum.at(soonest, charges.destination[usable], charges.days[usable])
        days = soonest[rows.site]
        gain = np.full(len(pack), -np.inf)
        takers = np.flatnonzero((room >= pack - EPSILON) & self._values.in_time(days))
        takers = takers[self._could_gain(takers, days[takers], loss, positions)]
        earned = self._earned(takers, days[takers], pack[takers, None], positions)
        gain[takers] = earned[:, 0] / pack[takers]
        return loss, days, gain

    def _could_gain(
        self, takers: Integers, days: Array, loss: Array, positions: Positions
    ) -> Booleans:
        """Whether the first pack could be worth its way, at least from whoever loses least.

        Most rows want hardly anything: what they would earn exactly need not be computed.
        """
        rows, charges = self._tidy.rows, self._charges
        if not len(takers):
            return np.zeros(0, dtype=bool)
        least = np.full(int(rows.product.max()) + 1, np.inf)
        np.minimum.at(least, rows.product, loss)
        n_sites = int(max(rows.site.max(), charges.destination.max(initial=0))) + 1
        cheapest = np.full(n_sites, np.inf)
        usable = charges.allowed
        cost = (charges.per_unit + charges.handling)[usable]
        np.minimum.at(cheapest, charges.destination[usable], cost)
        held, pack = positions.held[takers], positions.pack[takers]
        spared = -self._values.carried(takers, held[:, None], (held + pack)[:, None])[:, 0]
        most = self._values.most_earned(takers, days) + spared / pack
        needed = least[rows.product[takers]] + cheapest[rows.site[takers]]
        return (most > needed) | (positions.here[takers] < 0.0)

    def _earned(
        self,
        chosen: Integers,
        days: Array,
        amounts: Array,
        positions: Positions,
        left: Array | None = None,
    ) -> Array:
        """What units that come to rows earn there, less what it costs that they lie."""
        held = positions.held[chosen, None]
        earned = self._values.arrive(chosen, days, amounts, positions.here[chosen], left)
        return earned - self._values.carried(chosen, held, held + amounts)

    def _aged(self, chosen: Integers) -> Array:
        """What old units lose where they lie, money per unit."""
        rows = self._tidy.rows
        cost = self._tidy.items.cost[rows.product[chosen]]
        return self._settings.ageing * cost * rows.age_days[chosen] / 365.0

    def _groups(self, loss: Array, gain: Array) -> Iterator[tuple[Integers, Integers]]:
        """Donors and the lanes from them, some at a time.

        Whoever would lose more than anybody gains with the same product is no donor.
        """
        product, site = self._tidy.rows.product, self._tidy.rows.site
        if not len(product) or not len(self._charges.origin):
            return
        dearest = np.full(int(product[-1]) + 1, -np.inf)
        np.maximum.at(dearest, product, gain)
        donors = np.flatnonzero(loss < dearest[product] - EPSILON)
        usable = np.flatnonzero(self._charges.allowed)
        by_origin = usable[np.argsort(self._charges.origin[usable], kind="stable")]
        first = np.searchsorted(self._charges.origin[by_origin], np.arange(site.max() + 2))
        counts = (first[1:] - first[:-1])[site[donors]]
        ends = counts.cumsum()
        begin = 0
        while begin < len(donors):
            done = int(ends[begin - 1]) if begin else 0
            end = max(int(np.searchsorted(ends, done + MOST_GRID, side="right")), begin + 1)
            some, number = donors[begin:end], counts[begin:end]
            offset = np.arange(number.sum()) - np.repeat(number.cumsum() - number, number)
            yield np.repeat(some, number), by_origin[np.repeat(first[site[some]], number) + offset]
            begin = end

    def _ways_of(
        self,
        donor: Integers,
        lane: Integers,
        loss: Array,
        gain: Array,
        days: Array,
        positions: Positions,
        is_warehouse: Booleans,
    ) -> tuple[Integers, Integers, Integers, Array]:
        """Donor row, receiver row, lane and cost of what could be worth it."""
        rows, charges = self._tidy.rows, self._charges
        n_sites = int(max(rows.site.max(), charges.destination.max())) + 1
        keys = rows.product * n_sites + rows.site
        sought = rows.product[donor] * n_sites + charges.destination[lane]
        receiver = np.minimum(np.searchsorted(keys, sought), len(keys) - 1)
        rise = gain[receiver] - loss[donor]
        keep = (keys[receiver] == sought) & (rise > EPSILON)
        if not self._settings.towards_slower:
            faster = rows.rate[receiver] >= rows.rate[donor] - EPSILON
            keep &= faster | is_warehouse[rows.site[donor]]
        donor, receiver, lane, rise = (each[keep] for each in (donor, receiver, lane, rise))
        owner = rows.product[donor]
        cost = np.sum(list(charges.of(owner, lane).values()), axis=0)
        keep = rise - cost > EPSILON
        if len(self._banned):
            keep &= ~np.isin(owner * self._n_lanes + lane, self._banned)
        donor, receiver, lane, cost, rise = (
            each[keep] for each in (donor, receiver, lane, cost, rise)
        )
        late = charges.days[lane] > days[receiver] + EPSILON
        late |= rows.days_left[donor] < self._values.end[receiver] - EPSILON
        cost[late] += self._lateness(
            receiver[late], charges.days[lane[late]], rows.days_left[donor[late]], gain, positions
        )
        keep = rise - cost > EPSILON
        return donor[keep], receiver[keep], lane[keep], cost[keep]

    def _lateness(
        self, receiver: Integers, days: Array, left: Array, gain: Array, positions: Positions
    ) -> Array:
        """What the first unit loses that is old or not come by the fastest lane, money per unit."""
        if not len(receiver):
            return np.zeros(0)
        left = np.minimum(left, self._values.end[receiver])
        keys, inverse = np.unique(
            np.stack((receiver.astype(float), days, left), axis=1), axis=0, return_inverse=True
        )
        rows = keys[:, 0].astype(np.int64)
        pack = positions.pack[rows]
        later = self._earned(rows, keys[:, 1], pack[:, None], positions, keys[:, 2])
        lost = np.maximum(gain[rows] - later[:, 0] / pack, 0.0)
        late = keys[:, 1] >= keys[:, 2]
        return np.where(late, np.inf, lost)[np.ravel(inverse)]

    # --- curves ---

    def _with_curves(
        self,
        donor: Integers,
        receiver: Integers,
        lane: Integers,
        cost: Array,
        positions: Positions,
        giveable: Array,
        room: Array,
        days: Array,
    ) -> Ways:
        """Add what units are worth, as far as they can be worth it."""
        rows = self._tidy.rows
        products, number = np.unique(rows.product[donor], return_inverse=True)
        donor_rows, donor_at = np.unique(donor, return_inverse=True)
        receiver_rows, receiver_at = np.unique(receiver, return_inverse=True)
        giver_product = np.searchsorted(products, rows.product[donor_rows])
        taker_product = np.searchsorted(products, rows.product[receiver_rows])
        offered = np.bincount(giver_product, giveable[donor_rows], len(products))
        wanted = self._values.most_wanted(receiver_rows) - np.minimum(
            positions.here[receiver_rows], 0.0
        )
        pack = positions.pack[receiver_rows]
        most = np.minimum(np.ceil(wanted / pack) * pack, offered[taker_product])
        most = np.minimum(most, room[receiver_rows])
        asked = np.bincount(taker_product, most, len(products))
        given = np.minimum(giveable[donor_rows], asked[giver_product])
        largest = np.zeros(len(products))
        np.maximum.at(largest, taker_product, most / pack)
        np.maximum.at(largest, giver_product, given / positions.pack[donor_rows])
        block = np.maximum(np.ceil(largest / MOST_STEPS), 1.0)

        def earned(some: Integers, amounts: Array) -> Array:
            chosen = receiver_rows[some]
            return self._earned(chosen, days[chosen], amounts, positions)

        def lost(some: Integers, amounts: Array) -> Array:
            chosen = donor_rows[some]
            held = positions.held[chosen, None]
            base = self._values.before(positions)[chosen, None]
            points = np.concatenate((base, base - amounts), axis=1)
            worth = self._values.stay(chosen, points)
            worth[:, 1:] -= self._values.carried(chosen, held, held - amounts)
            return worth[:, :1] - worth[:, 1:] - self._aged(chosen)[:, None] * amounts

        receivers = curves_of(most, block[taker_product] * pack, earned)
        donors = curves_of(
            given, block[giver_product] * positions.pack[donor_rows], lost, is_rising=True
        )
        donors, receivers = pruned(donors, receivers, donor_at, receiver_at, cost)
        order = np.argsort(number, kind="stable")
        arcs = Arcs(number[order], donor_at[order], receiver_at[order])
        cost, lane = cost[order], lane[order]
        most_sent = most_sent_on(donors, receivers, arcs, cost)
        return Ways(
            *(arcs, donors, receivers, lane, cost, positions.pack[donor[order]], most_sent),
            *(products, donor_rows, receiver_rows),
        )


def _nowhere() -> Ways:
    none, zero = np.zeros(0, dtype=np.int64), np.zeros(0)
    empty = Curves(np.zeros(1, dtype=np.int64), zero, zero)
    return Ways(Arcs(none, none, none), empty, empty, none, *([zero] * 3), *([none] * 3))
