"""What a flow plan sees: goods, sites, and the stock and pace of each at each, in columns."""

from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Facts:
    """Goods at sites, a row for each product at a site where it lies, comes, or is wanted.

    :param sites: ``oms.site`` recordset, in order
    :param product_ids: sorted, shape (products,)
    :param names: of the products, shape (products,)
    :param price: what a unit sells for, money, shape (products,)
    :param cost: what a unit costs, money; nan where nobody says, shape (products,)
    :param weight: kilograms of a unit; nan where nobody says, shape (products,)
    :param product: position of the product, shape (rows,)
    :param site: position of the site, shape (rows,)
    :param on_hand: units, shape (rows,), as all below
    :param demand: units that transfers will take out
    :param claimed: units that are promised
    :param incoming: units that come, open proposals included
    :param safety: units that are held back
    :param rate: units wanted a day
    :param variance: of the units wanted a day
    :param age: days for which the units have been lying there
    :param local: share of what is wanted that no other site can serve
    """

    sites: Any
    product_ids: Integers
    names: tuple[str, ...]
    price: Array
    cost: Array
    weight: Array
    product: Integers
    site: Integers
    on_hand: Array
    demand: Array
    claimed: Array
    incoming: Array
    safety: Array
    rate: Array
    variance: Array
    age: Array
    local: Array

    @property
    def available(self) -> Array:
        """Units that nobody has asked for yet; below zero where more is promised than is there."""
        return self.on_hand - self.demand - self.claimed

    def get_rows(self, product_ids: Integers, site_ids: Integers) -> Integers:
        """Return the row of each pair of ids, -1 for those that there are none of."""
        return find_rows(self._keys, self.key(product_ids, site_ids))

    def take(self, chosen: NDArray[np.bool_]) -> "Facts":
        """Return the facts of some of the goods.

        :param chosen: shape (products,)
        """
        rows = chosen[self.product]
        of_rows = {
            name: getattr(self, name)[rows]
            for name in (
                "site", "on_hand", "demand", "claimed", "incoming", "safety", "rate", "variance",
                "age", "local",
            )
        }  # fmt: skip
        return Facts(
            sites=self.sites,
            product_ids=self.product_ids[chosen],
            names=tuple(compress(self.names, chosen)),
            price=self.price[chosen],
            cost=self.cost[chosen],
            weight=self.weight[chosen],
            product=(np.cumsum(chosen) - 1)[self.product[rows]],
            **of_rows,
        )

    def find_weightiest(self, days: float, most_rows: int, most_cells: int) -> NDArray[np.bool_]:
        """Return the goods that are worth most, as many as may be looked at together.

        :param days: whose demand counts like stock
        :param most_rows: of goods at sites that there may be
        :param most_cells: how many goods times sites there may be
        :return: shape (products,)
        """
        count = len(self.product_ids)
        units = np.maximum(self.on_hand, 0.0) + self.rate * days
        worth = np.bincount(self.product, units * self.price[self.product], count)
        order = np.argsort(-worth, kind="stable")
        rows = np.cumsum(np.bincount(self.product, minlength=count)[order])
        fitting = order[
            : min(np.searchsorted(rows, most_rows, "right"), most_cells // len(self.sites))
        ]
        chosen = np.zeros(count, dtype=bool)
        chosen[fitting] = True
        return chosen

    @property
    def _keys(self) -> Integers:
        ids = np.array(self.sites.ids, dtype=np.int64)
        return self.key(self.product_ids[self.product], ids[self.site])

    @staticmethod
    def key(product_ids: Integers, site_ids: Integers) -> Integers:
        """Return one number for each pair of a product and a site."""
        return (np.asarray(product_ids, np.int64) << 32) | np.asarray(site_ids, np.int64)


def find_rows(keys: Integers, asked: Integers) -> Integers:
    """Return where each asked key stands among keys, -1 where it does not.

    :param keys: each once, any order
    :param asked: any
    """
    if not len(keys):
        return np.full(len(asked), -1, dtype=np.int64)
    order = np.argsort(keys, kind="stable")
    places = np.searchsorted(keys, asked, sorter=order)
    found = order[np.minimum(places, len(keys) - 1)]
    return np.where(keys[found] == asked, found, -1)


def join_keys(*parts: tuple[Array, Array]) -> tuple[Integers, Integers]:
    """Return each pair of (product id, site id) that is in any of some columns, once, sorted."""
    keys = np.unique(np.concatenate([Facts.key(*part) for part in parts]))
    return keys >> 32, keys & 0xFFFFFFFF


def spread(
    product_ids: Integers, site_ids: Integers, rows: list[NDArray], fill: float = 0.0
) -> list[Array]:
    """Put columns of other rows in the order of some pairs.

    :param product_ids: of the pairs, shape (pairs,)
    :param site_ids: likewise
    :param rows: columns, the first two of them product ids and site ids, each pair once
    :param fill: where a pair has no row
    :return: the further columns, shape (pairs,) each
    """
    places = find_rows(Facts.key(rows[0], rows[1]), Facts.key(product_ids, site_ids))
    return [
        np.where(places >= 0, column[places] if len(column) else fill, fill)
        for column in map(np.asarray, rows[2:])
    ]


def number(value: float) -> float | None:
    """Return a number of an array as JSON can hold it."""
    return None if np.isnan(value) else float(value)
