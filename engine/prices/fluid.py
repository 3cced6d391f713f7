"""Prices of stock from the fluid model: demand as a stream, orders in fractions.

The model is the deterministic linear program of the order fulfillment literature (Jasin and Sinha
2015; Acimovic and Graves 2015 use its duals as the opportunity cost of stock). Its value bounds
what any policy costs on average, since the average of what a policy does, whatever it knows, is
one of its solutions; and the dual of each stock says what one more unit there would save.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..highs import load, quiet

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DemandClass:
    """Orders that are alike: the same products, in the same place.

    :param items: positions of the products, each once
    :param quantities: units of each, more than zero
    :param rate: how many such orders come in a unit of time
    :param per_parcel: shape (k,): cost of a parcel from each site to that place
    :param per_unit: shape (len(items), k): cost of a unit of each product from each site
    :param missing_per_order: cost if anything of the order is missing
    :param missing_per_unit: shape (len(items),): cost of a missing unit
    :param sites: positions of the k sites that may serve it, each once; all of them if None
    """

    items: tuple[int, ...]
    quantities: tuple[float, ...]
    rate: float
    per_parcel: Array
    per_unit: Array
    missing_per_order: float
    missing_per_unit: Array
    sites: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FluidPrices:
    """What the fluid model says.

    :param prices: shape (I, K): what one more unit of a product at a site would save
    :param cost: least cost of the demand; no policy costs less on average
    :param shares: for each class, shape (len(items), k + 1): how much of each product which of
        its sites serves, what is missing last
    :param parcels: for each class, shape (k + 1,): how often a site, or missing, takes part
    :param bound: what the prices prove that no policy can be below on average; the cost, but for
        the tolerance of the method
    """

    prices: Array
    cost: float
    shares: tuple[Array, ...]
    parcels: tuple[Array, ...]
    bound: float

    @property
    def gap(self) -> float:
        """How far the cost may be from the least, as a share of it."""
        return (self.cost - self.bound) / self.cost if self.cost > self.bound else 0.0


class FluidModel:
    """The fluid model of a demand, solved again and again as stock and time run down.

    Only the right-hand sides change between two solutions, which then take a fraction of the
    first: the simplex method goes on from where it stood.

    :param classes: the demand, C classes
    :param n_items: number of products: I
    :param n_sites: number of sites: K
    :param interior: solve first by an interior point method; faster for large models
    :raises SolverMissing: the package highspy is not there
    :raises ValueError: a class is contradictory or out of shape
    """

    def __init__(
        self,
        classes: Sequence[DemandClass],
        n_items: int,
        n_sites: int,
        *,
        interior: bool = False,
    ) -> None:
        check_classes(classes, n_items, n_sites)
        self._highspy = load()
        self._classes = tuple(classes)
        self._n_items, self._n_sites = n_items, n_sites
        self._model = self._build(interior)

    def solve(self, stock: Array, time: float) -> FluidPrices:
        """Serve the demand of some time from a stock at least cost.

        :param stock: shape (I, K): units
        :param time: how long the stock must last, in the unit of the rates, more than zero
        :raises ValueError: the stock or the time cannot be
        :raises RuntimeError: the solver did not come to an end
        """
        stock = checked_stock(stock, time, (self._n_items, self._n_sites))
        model, limits = self._model, stock.ravel() / time
        rows = np.arange(self._first_stock, self._first_stock + len(limits), dtype=np.int32)
        lower = np.full(len(limits), -self._highspy.kHighsInf)
        model.changeRowsBounds(len(limits), rows, lower, limits)
        model.run()
        if model.getModelStatus() != self._highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(f"The fluid model was not solved: {model.getModelStatus()}.")
        solution = model.getSolution()
        duals = np.array(solution.row_dual)[self._first_stock :]
        prices = np.maximum(-duals, 0.0).reshape(stock.shape)
        values = np.array(solution.col_value)
        shares, parcels = [], []
        for each, start in zip(self._classes, self._starts, strict=True):
            width = len(each.per_parcel) + 1
            parcels.append(values[start : start + width])
            share = values[start + width : start + width * (len(each.items) + 1)]
            shares.append(share.reshape(len(each.items), width))
        cost = float(model.getInfo().objective_function_value) * time
        return FluidPrices(prices, cost, tuple(shares), tuple(parcels), cost)

    def _build(self, interior: bool) -> Any:
        """Write the model down, row by row.

        For each class its parcels (k + 1 columns), then the shares of each product (k + 1 each).
        """
        infinity = self._highspy.kHighsInf
        costs: list[Array] = []
        # Of every share that a site gives: the row of the stock, the column, and what it takes.
        drawn: list[tuple[NDArray[np.int64], NDArray[np.int64], Array]] = []
        index: list[NDArray[np.int64]] = []
        value: list[Array] = []
        lengths: list[NDArray[np.int64]] = []
        lower: list[Array] = []
        upper: list[Array] = []
        self._starts: list[int] = []
        column = 0
        for each in self._classes:
            count, width = len(each.items), len(each.per_parcel) + 1
            sites = np.arange(self._n_sites) if each.sites is None else np.array(each.sites)
            self._starts.append(column)
            fixed = np.append(each.per_parcel, each.missing_per_order)
            unit = np.column_stack([each.per_unit, each.missing_per_unit])
            quantities = np.array(each.quantities)[:, None]
            costs += [each.rate * fixed, (each.rate * quantities * unit).ravel()]
            parcels = column + np.arange(width)
            shares = column + width + np.arange(count * width).reshape(count, width)
            # Every product is served or missing.
            index.append(shares.ravel())
            value.append(np.ones(count * width))
            lengths.append(np.full(count, width))
            lower.append(np.ones(count))
            upper.append(np.ones(count))
            # No share without its parcel.
            pairs = np.stack([np.broadcast_to(parcels, shares.shape), shares], axis=-1)
            index.append(pairs.ravel())
            value.append(np.tile([1.0, -1.0], count * width))
            lengths.append(np.full(count * width, 2))
            lower.append(np.zeros(count * width))
            upper.append(np.full(count * width, infinity))
            stocks = np.array(each.items)[:, None] * self._n_sites + sites
            takes = np.broadcast_to(each.rate * quantities, stocks.shape)
            drawn.append((stocks.ravel(), shares[:, :-1].ravel(), takes.ravel()))
            column += width * (count + 1)
        self._first_stock = sum(len(each) for each in lower)
        n_stocks = self._n_items * self._n_sites
        stocks, places, takes = (np.concatenate(each) for each in zip(*drawn, strict=True))
        order = np.argsort(stocks, kind="stable")
        index.append(places[order])
        value.append(takes[order])
        lengths.append(np.bincount(stocks, minlength=n_stocks))
        lower.append(np.full(n_stocks, -infinity))
        upper.append(np.zeros(n_stocks))
        return self._pass(column, costs, index, value, lengths, lower, upper, interior)

    def _pass(
        self,
        n_columns: int,
        costs: list[Array],
        index: list[NDArray[np.int64]],
        value: list[Array],
        lengths: list[NDArray[np.int64]],
        lower: list[Array],
        upper: list[Array],
        interior: bool,
    ) -> Any:
        highspy = self._highspy
        starts = np.concatenate([[0], np.concatenate(lengths).cumsum()])
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = n_columns, len(starts) - 1
        lp.col_cost_ = np.concatenate(costs)
        lp.col_lower_, lp.col_upper_ = np.zeros(n_columns), np.ones(n_columns)
        lp.row_lower_, lp.row_upper_ = np.concatenate(lower), np.concatenate(upper)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = starts.astype(np.int32)
        lp.a_matrix_.index_ = np.concatenate(index).astype(np.int32)
        lp.a_matrix_.value_ = np.concatenate(value)
        model = quiet(highspy)
        for option, setting in (
            ("threads", 1),
            ("random_seed", 0),
            ("solver", "ipm" if interior else "choose"),
        ):
            model.setOptionValue(option, setting)
        model.passModel(lp)
        return model


def check_classes(classes: Sequence[DemandClass], n_items: int, n_sites: int) -> None:
    """Refuse a demand that cannot be.

    :raises ValueError: there is no class, or one is contradictory or out of shape
    """
    if not classes:
        raise ValueError("There is no demand class.")
    for number, each in enumerate(classes):
        _check(number, each, n_items, n_sites)


def checked_stock(stock: Array, time: float, shape: tuple[int, int]) -> Array:
    """The stock as an array.

    :raises ValueError: the stock or the time cannot be
    """
    stock = np.asarray(stock, dtype=float)
    if stock.shape != shape:
        raise ValueError(f"The stock has the shape {stock.shape}.")
    if not (np.isfinite(stock).all() and stock.min(initial=0.0) >= 0.0):
        raise ValueError("The stock holds a negative or not finite number.")
    if not (0.0 < time < np.inf):
        raise ValueError(f"The time must be more than zero, not {time}.")
    return stock


def _check(number: int, each: DemandClass, n_items: int, n_sites: int) -> None:
    what = f"Demand class {number}"
    if not each.items or len(set(each.items)) < len(each.items):
        raise ValueError(f"{what}: each product stands once, and there must be one.")
    if min(each.items) < 0 or max(each.items) >= n_items:
        raise ValueError(f"{what}: there are {n_items} products, not {max(each.items) + 1}.")
    count = n_sites if each.sites is None else len(each.sites)
    if each.sites is not None and not set(each.sites) <= set(range(n_sites)):
        raise ValueError(f"{what}: there are {n_sites} sites, numbered from 0.")
    if each.sites is not None and len(set(each.sites)) < count:
        raise ValueError(f"{what}: each site stands once.")
    shape = (len(each.items), count)
    sizes = (len(each.quantities), *each.per_parcel.shape, *each.per_unit.shape)
    if sizes != (len(each.items), count, *shape) or each.missing_per_unit.shape != shape[:1]:
        raise ValueError(f"{what} is out of shape.")
    numbers = np.concatenate(
        [
            each.per_parcel,
            each.per_unit.ravel(),
            each.missing_per_unit,
            each.quantities,
            [each.missing_per_order, each.rate],
        ]
    )
    if not (np.isfinite(numbers).all() and numbers.min() >= 0.0 and min(each.quantities) > 0.0):
        raise ValueError(f"{what} holds a negative or not finite number.")
