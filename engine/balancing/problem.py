"""What there is to balance: sites, lanes, goods, and the stock of each at each.

Rows that make no sense are no reason to plan nothing: :func:`.tidy.tidied` mends or leaves out
what it must and says so in notes. Only what no caller can mean, such as columns of different
length, is refused here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

Kind = Literal["warehouse", "store"]
Preset = Literal["balance", "drain", "consolidate"]

NOTHING: Integers = np.zeros((0, 2), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Site:
    """A place with stock.

    :param name: for notes
    :param kind: a warehouse serves before stores do
    :param handling_out: money per unit that leaves
    :param handling_in: money per unit that arrives
    """

    name: str
    kind: Kind = "store"
    handling_out: float = 0.0
    handling_in: float = 0.0


@dataclass(frozen=True, slots=True)
class Lane:
    """A way from one site to another, on which one shipment can leave in this run.

    :param origin: position of the site where it begins
    :param destination: position of the site where it ends
    :param days: from now until the goods can be sold there, waiting for the departure included;
        none if nobody knows
    :param fixed: money per shipment, shared by all goods on it
    :param per_kg: money per kilogram
    :param per_unit: money per unit
    :param carbon_kg_per_kg: kilograms of CO2e per kilogram carried all the way
    :param carbon_kg: kilograms of CO2e per shipment, whatever it carries
    :param minimum_units: fewer units than this are not sent
    :param capacity_kg: kilograms that a shipment can carry
    :param capacity_units: units that a shipment can carry
    :param capacity_volume: cubic meters that a shipment can carry
    :param allowed: whether it may be used
    """

    origin: int
    destination: int
    days: float | None = None
    fixed: float = 0.0
    per_kg: float = 0.0
    per_unit: float = 0.0
    carbon_kg_per_kg: float = 0.0
    carbon_kg: float = 0.0
    minimum_units: float = 0.0
    capacity_kg: float = float("inf")
    capacity_units: float = float("inf")
    capacity_volume: float = float("inf")
    allowed: bool = True


@dataclass(frozen=True, slots=True)
class Network:
    """Sites and the lanes between them.

    :raises ValueError: a lane begins or ends at a site that there is not
    """

    sites: tuple[Site, ...]
    lanes: tuple[Lane, ...]

    def __post_init__(self) -> None:
        for number, lane in enumerate(self.lanes):
            for site in (lane.origin, lane.destination):
                if not 0 <= site < len(self.sites):
                    raise ValueError(f"Lane {number} leads by site {site}, which there is not.")


@dataclass(frozen=True, slots=True)
class Goods:
    """A product.

    :param name: for notes
    :param price: what a unit earns when it is sold today, money, without tax
    :param cost: what another unit would cost, money; none if nobody knows
    :param weight: kilograms per unit; none if nobody knows
    :param volume: cubic meters per unit
    :param pack: units are moved in multiples of it
    :param end_of_life_days: days until it is not sold any more; none if there is no end in sight
    :param salvage: what a unit that is left at the end brings then, money; none for the cost where
        there is no end in sight (it spares to buy another one) and for nothing where there is
    :param markdown: share by which the price falls per day, continuously
    :param holding: money that a unit costs per day on the shelf; none for the share of its cost
        that the settings say
    :param elsewhere: money by which it costs more to serve a customer from another site than from
        the nearest; none if no other site may: then what is not there is not sold
    """

    name: str
    price: float
    cost: float | None = None
    weight: float | None = None
    volume: float = 0.0
    pack: float = 1.0
    end_of_life_days: float | None = None
    salvage: float | None = None
    markdown: float = 0.0
    holding: float | None = None
    elsewhere: float | None = None


@dataclass(frozen=True, slots=True)
class Stocks:
    """Goods at sites, a row for each product at a site; sites where it is not sold have no row.

    All columns have shape (rows,).

    :param product: position of the product
    :param site: position of the site
    :param stock: units on hand
    :param rate: units wanted there per day
    :param incoming: units on their way there
    :param reserved: units that are promised and cannot be moved
    :param variance: of the units wanted per day; the mean (Poisson) if not given
    :param age_days: how long the units have been lying there
    :param minimum: units that must stay: safety stock, presentation
    :param capacity: units that fit on the shelf
    :param donor_ok: whether units may leave
    :param receiver_ok: whether units may come
    :param local: share of the demand that only this site can serve (collected, walk-in) though
        the goods may be served from elsewhere; none of it if not given
    :param order_point: units, on hand and on their way, below which the site is replenished
        anyway; none (or NaN) where it is not
    :param lead_days: days until what is ordered then has come; until the horizon if not given
    :param life: days until the product is not sold at the site any more; no end if not given
    :param days_left: days in which what lies there can still be sold, less than others where it is
        old; it goes with the goods when they move
    :raises ValueError: columns differ in length, or a product is twice at a site
    """

    product: Integers
    site: Integers
    stock: Array
    rate: Array
    incoming: Array | None = None
    reserved: Array | None = None
    variance: Array | None = None
    age_days: Array | None = None
    minimum: Array | None = None
    capacity: Array | None = None
    donor_ok: Booleans | None = None
    receiver_ok: Booleans | None = None
    local: Array | None = None
    order_point: Array | None = None
    lead_days: Array | None = None
    life: Array | None = None
    days_left: Array | None = None

    def __post_init__(self) -> None:
        shape = np.shape(self.product)
        for name in self.__slots__:
            column = getattr(self, name)
            if column is not None and (np.shape(column) != shape or len(shape) != 1):
                raise ValueError(
                    f"The column {name} has shape {np.shape(column)}, products {shape}."
                )
        if shape[0]:
            keys = np.asarray(self.product, dtype=np.int64) * (int(np.max(self.site)) + 1)
            keys = keys + np.asarray(self.site, dtype=np.int64)
            if len(np.unique(keys)) < len(keys):
                raise ValueError("A product has two rows at one site.")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a plan should care about.

    :param horizon_days: for so long stock is planned: until it could be mended again
    :param interest: share per day that money later is worth less
    :param holding: share of its cost that a unit costs per day on the shelf
    :param ageing: share of its cost that a unit loses for each year that it has been lying
    :param carbon_price: money per kilogram of CO2e
    :param need_days: a donor keeps what is wanted there in so many days …
    :param need_level: … with this probability
    :param keep_minimum: whether a donor keeps its minimum, too
    :param warehouse_first: stores give only what warehouses cannot
    :param towards_slower: whether a store gives to a site where less is wanted per day
    :param only_excess: stores give only what is beyond a quantile of the demand in the horizon
    :param excess_level: that quantile
    :param excess_days: the demand of so many days instead of that in the horizon
    :param risk_days: for so long a donor could miss what it gave; the horizon if not given
    :param least_gain: a shipment must gain so much money
    :param default_days: of lanes that say none
    :param dual_rounds: how often lanes are priced to see how good a plan could be
    :param search_rounds: how often lanes are opened and closed to find a better plan
    """

    horizon_days: float = 28.0
    interest: float = 0.08 / 365.0
    holding: float = 0.15 / 365.0
    ageing: float = 0.05
    carbon_price: float = 0.0
    need_days: float = 7.0
    need_level: float = 0.8
    warehouse_first: bool = True
    towards_slower: bool = False
    only_excess: bool = False
    excess_level: float = 0.95
    excess_days: float | None = None
    risk_days: float | None = None
    keep_minimum: bool = True
    least_gain: float = 0.0
    default_days: float = 2.0
    dual_rounds: int = 12
    search_rounds: int = 2

    def __post_init__(self) -> None:
        for name in ("horizon_days", "need_level", "excess_level"):
            if not 0.0 < getattr(self, name) < float("inf"):
                raise ValueError(f"The setting {name} must be a number above zero.")
        for name in ("interest", "holding", "ageing", "carbon_price", "need_days", "least_gain"):
            if not 0.0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"The setting {name} must be a number from zero.")
        if max(self.need_level, self.excess_level) >= 1.0:
            raise ValueError("The levels need_level and excess_level must be below 1.")

    def with_preset(self, preset: Preset) -> Settings:
        """Change what a preset stands for.

        :param preset: `balance` as it is; `drain` moves old and excess stock only; `consolidate`
            gathers at the end of a season what is left where it still sells, whatever a donor
            would keep for itself
        """
        if preset == "drain":
            return replace(self, only_excess=True, towards_slower=True)
        if preset == "consolidate":
            return replace(
                self,
                need_days=0.0,
                keep_minimum=False,
                towards_slower=True,
                warehouse_first=False,
                ageing=0.0,
            )
        if preset != "balance":
            raise ValueError(f"There is no preset {preset!r}.")
        return self


@dataclass(frozen=True, slots=True)
class Problem:
    """What to balance.

    :param network: sites and lanes
    :param goods: the products
    :param stocks: of products at sites
    :param settings: what to care about
    :param banned: pairs of a product and a lane that nobody wants, shape (n, 2)
    :raises ValueError: a row speaks of a product or a site that there is not
    """

    network: Network
    goods: tuple[Goods, ...]
    stocks: Stocks
    settings: Settings = Settings()
    banned: Integers = field(default_factory=lambda: NOTHING)

    def __post_init__(self) -> None:
        for name, numbers, most in (
            ("product", self.stocks.product, len(self.goods)),
            ("site", self.stocks.site, len(self.network.sites)),
        ):
            if len(numbers) and not (np.min(numbers) >= 0 and np.max(numbers) < most):
                raise ValueError(f"A row of the stock has a {name} that there is not.")
        if np.ndim(self.banned) != 2 or np.shape(self.banned)[1] != 2:
            raise ValueError("Banned are pairs of a product and a lane.")
