"""The fluid model of many classes and few stocks, solved by an interior point method of its own.

A general solver sees hundreds of thousands of rows. Here only the stocks couple the classes: all
else of a Newton step falls apart by class, down to matrices of a class's few products, and what is
left is one dense system with a row for each stock. The method is Mehrotra's (1992) predictor and
corrector from an interior start, with the barrier of each class weighted by its rate; it needs no
solver and ends in some dozens of steps.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .blocks import Block, Kind, kinds_of, reach
from .fluid import Array, DemandClass, FluidPrices, check_classes, checked_stock

TOLERANCE = 1e-6
"""Relative gap between cost and bound at which the method is content."""

MOST_STEPS = 150

NEAR = 0.995
"""How far to go of the way to the nearest bound."""

MOST_STOCKS = 6_000
"""So many rows the dense system may have."""


class InteriorModel:
    """Like :class:`~.fluid.FluidModel`, for many classes over at most some thousand stocks.

    Cost and bound of an answer differ by about the tolerance; both hold whatever rounding does:
    the shares cost the one and take no more than there is, and the prices prove the other.

    :param classes: the demand; fast where many have the same products and sites
    :param n_items: number of products: I
    :param n_sites: number of sites: K
    :raises ValueError: a class is contradictory or out of shape
    """

    def __init__(self, classes: Sequence[DemandClass], n_items: int, n_sites: int) -> None:
        check_classes(classes, n_items, n_sites)
        self._classes = tuple(classes)
        self._shape = n_items, n_sites
        self._kinds = kinds_of(classes, n_sites)

    def solve(self, stock: Array, time: float, *, tolerance: float = TOLERANCE) -> FluidPrices:
        """Serve the demand of some time from a stock at least cost.

        :param stock: shape (I, K): units
        :param time: how long the stock must last, in the unit of the rates, more than zero
        :param tolerance: gap between cost and bound, as a share of the cost, to stop at
        :raises ValueError: the stock or the time cannot be, or there are too many stocks
        :raises RuntimeError: the method got nowhere
        """
        stock = checked_stock(stock, time, self._shape)
        iterate = Iterate(self._kinds, stock.ravel() / time)
        best: FluidPrices | None = None
        for _step in range(MOST_STEPS):
            # Reading an answer off takes time, so it is not done before it may be good enough.
            if iterate.gap() <= tolerance:
                answer = self._answer(iterate, stock, time)
                if best is None or answer.gap < best.gap:
                    best = answer
                if best.gap <= tolerance:
                    return best
            iterate.step()
        if best is None:
            raise RuntimeError(f"The fluid model was not solved in {MOST_STEPS} steps.")
        return best

    def _answer(self, iterate: Iterate, stock: Array, time: float) -> FluidPrices:
        """Read an answer off an iterate."""
        # Classes that never come count for nothing, and get nothing.
        shares = [np.eye(1, len(c.per_parcel) + 1, len(c.per_parcel)) for c in self._classes]
        parcels = [share[0] for share in shares]
        shares = [
            np.repeat(share, len(each.items), axis=0)
            for share, each in zip(shares, self._classes, strict=True)
        ]
        taken, prices = np.zeros(stock.size), iterate.prices()
        plans = [block.shares() for block in iterate.blocks]
        for block, given in zip(iterate.blocks, plans, strict=True):
            np.add.at(taken, block.kind.cells, block.usage(given))
        # The last digits of a stock may have been promised twice.
        kept = np.minimum(stock.ravel() / time / np.maximum(taken, 1e-300), 1.0)
        cost, bound = 0.0, -float(prices @ stock.ravel()) / time
        for block, given in zip(iterate.blocks, plans, strict=True):
            given = block.cut(given, kept)
            cost += block.cost(given)
            value, least = block.worth(iterate.prices())
            bound += value
            np.maximum.at(prices, block.kind.cells, least)
            for number, share in zip(block.kind.numbers, given, strict=True):
                shares[number], parcels[number] = share, share.max(axis=0)
        prices = prices.reshape(stock.shape)
        return FluidPrices(prices, cost * time, tuple(shares), tuple(parcels), bound * time)


class Iterate:
    """Where the method stands.

    Stocks of which nothing is there, or that nobody asks for, are left out.

    :param kinds: the classes
    :param capacity: shape (I × K,): stock for a unit of time
    :raises ValueError: there are too many stocks
    """

    def __init__(self, kinds: Sequence[Kind], capacity: Array) -> None:
        wanted = np.zeros(len(capacity))
        for kind in kinds:
            asked = (kind.rates[:, None] * kind.quantities[:, :, 0]).sum(axis=0)
            np.add.at(wanted, kind.cells, asked[:, None])
        self.cells = np.flatnonzero((capacity > 0.0) & (wanted > 0.0))
        if len(self.cells) > MOST_STOCKS:
            raise ValueError(
                f"{len(self.cells)} stocks are too many for this method; at most {MOST_STOCKS}."
            )
        self._size = len(capacity)
        self.capacity = capacity[self.cells]
        self.price = np.ones(len(self.cells))
        room = np.zeros(len(capacity))
        room[self.cells] = self.capacity / wanted[self.cells]
        self.blocks = [Block(kind, room, self.prices()) for kind in kinds]
        self.spare = self.capacity - self._usage([block.u for block in self.blocks])
        self._place = np.full(len(capacity), len(self.cells))
        self._place[self.cells] = np.arange(len(self.cells))
        self._weight = float(self.capacity.sum() + sum(block.pairs() for block in self.blocks))

    def prices(self) -> Array:
        """Price of every stock, shape (I × K,)."""
        prices = np.zeros(self._size)
        prices[self.cells] = self.price
        return prices

    def _usage(self, shares: Sequence[Array]) -> Array:
        taken = np.zeros(self._size)
        for block, share in zip(self.blocks, shares, strict=True):
            np.add.at(taken, block.kind.cells, block.usage(share))
        return taken[self.cells]

    def gap(self) -> float:
        """How far values are from their duals, as a share of the cost."""
        bound = sum(block.value() for block in self.blocks) - float(self.price @ self.capacity)
        gap = self._barrier(0.0, 0.0) * self._weight
        return gap / max(abs(bound + gap), 1e-300)

    def step(self) -> None:
        """Go one step towards the optimum."""
        m = len(self.cells)
        system = np.zeros((m + 1, m + 1))
        prices = self.prices()
        for block in self.blocks:
            part = block.factor(prices)
            places = self._place[block.kind.cells].ravel()
            system[np.ix_(places, places)] += part.reshape(len(places), len(places))
        system = system[:m, :m]
        # Rounding may leave less than nothing of what classes add.
        diagonal = np.arange(m)
        system[diagonal, diagonal] = system.diagonal().clip(0.0) + self.spare / self.price
        scale = 1.0 / np.sqrt(system.diagonal())
        inverse = np.linalg.inv(system * scale[:, None] * scale) * scale[:, None] * scale
        off = self.capacity - self._usage([block.u for block in self.blocks]) - self.spare
        now = self._barrier(0.0, 0.0)
        # Where the step would lead without a barrier tells how much of one is needed.
        dprice, dspare = self._direct(inverse, off, 0.0)
        primal, dual = self._reach(dprice, dspare)
        after = self._barrier(primal, dual, dprice, dspare)
        barrier = now * min(max(after / now, 0.0), 1.0) ** 3
        dprice, dspare = self._direct(inverse, off, barrier, (dprice, dspare))
        primal, dual = (NEAR * far for far in self._reach(dprice, dspare))
        for block in self.blocks:
            block.go(primal, dual)
        self.price += dual * dprice
        self.spare += primal * dspare

    def _direct(
        self,
        inverse: Array,
        off: Array,
        barrier: float,
        before: tuple[Array, Array] | None = None,
    ) -> tuple[Array, Array]:
        """Work out a step.

        :param inverse: of the system of the stocks
        :param off: shape (m,): what the stocks are out of balance
        :param barrier: where the products of values and their duals shall go
        :param before: the step of the predictor, whose products are made up for
        :return: the steps of prices and of what stocks have to spare
        """
        target = barrier * self.capacity - self.price * self.spare
        if before is not None:
            target -= before[0] * before[1]
        right = target / self.price - off
        taken = np.zeros(self._size)
        for block in self.blocks:
            to_u, to_s = barrier - block.u * block.z, barrier - block.s * block.w
            if before is not None:
                to_u -= block.step_u * block.step_z
                to_s -= block.step_s * block.step_w
            np.add.at(taken, block.kind.cells, block.aim(to_u, to_s))
        dprice = inverse @ (right + taken[self.cells])
        for polish in (True, False):
            every = np.zeros(self._size)
            every[self.cells] = dprice
            for block in self.blocks:
                block.move(every)
            dspare = (target - self.spare * dprice) / self.price
            if polish:
                over = dspare + self._usage([block.step_u for block in self.blocks]) - off
                dprice = dprice + inverse @ over
        return dprice, dspare

    def _reach(self, dprice: Array, dspare: Array) -> tuple[float, float]:
        """How far a step may go, values and duals apart."""
        far = [block.reach() for block in self.blocks]
        primal = min([reach(self.spare, dspare), *(each for each, _ in far)])
        dual = min([reach(self.price, dprice), *(each for _, each in far)])
        return min(primal, 1.0), min(dual, 1.0)

    def _barrier(
        self,
        primal: float,
        dual: float,
        dprice: Array | float = 0.0,
        dspare: Array | float = 0.0,
    ) -> float:
        """The mean product of values and their duals, after a step if one is given."""
        spare, price = self.spare + primal * dspare, self.price + dual * dprice
        gap = float(spare @ price)
        for block in self.blocks:
            each = block.gap_after(primal, dual) if primal or dual else block.gap()
            gap += float(block.kind.rates @ each)
        return gap / self._weight if self._weight else 0.0
