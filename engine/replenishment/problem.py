"""What is to be replenished, and who could deliver it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..balancing import Goods, Network, Stocks
from ..balancing.problem import Array
from .lots import Break


@dataclass(frozen=True, slots=True)
class Supplier:
    """Whoever sells.

    :param name: for notes
    :param order_cost: money per order, however many lines it has
    :param minimum_value: least value of an order, money
    :param minimum_units: least units of an order
    """

    name: str
    order_cost: float = 0.0
    minimum_value: float = 0.0
    minimum_units: float = 0.0


@dataclass(frozen=True, slots=True)
class Offer:
    """A product that a supplier delivers.

    :param product: position of the product
    :param supplier: position of the supplier
    :param breaks: prices by quantity
    :param site: position of the site that it delivers to; none if to all
    :param lead_days: from order to stock, on average; none if nobody knows
    :param lead_deviation: standard deviation of these days: how reliable it is
    :param minimum: least units of the product in an order
    :param pack: units are ordered in multiples of it
    """

    product: int
    supplier: int
    breaks: tuple[Break, ...]
    site: int | None = None
    lead_days: float | None = None
    lead_deviation: float = 0.0
    minimum: float = 0.0
    pack: float = 1.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What replenishment should care about.

    :param horizon_days: for so long what is scarce is valued
    :param holding: share of its price that a unit costs per day until it is sold
    :param interest: share per day that money later is worth less
    :param carbon_price: money per kilogram of CO2e
    :param join_days: what would be ordered within so many days can join an order
    :param most_days: an order covers no more than so many days, unless it must
    :param default_lead_days: of offers that say none
    :param buffer: standard deviations of the demand in the lead time that are kept as safety
        stock, to price unreliable suppliers
    :param period_days: length of the periods of the forecast
    """

    horizon_days: float = 28.0
    holding: float = 0.2 / 365.0
    interest: float = 0.08 / 365.0
    carbon_price: float = 0.0
    join_days: float = 7.0
    most_days: float = 90.0
    default_lead_days: float = 7.0
    buffer: float = 1.3
    period_days: float = 7.0

    def __post_init__(self) -> None:
        for name in ("horizon_days", "most_days", "period_days"):
            if not 0.0 < getattr(self, name) < float("inf"):
                raise ValueError(f"The setting {name} must be a number above zero.")


@dataclass(frozen=True, slots=True)
class Problem:
    """What to replenish.

    :param network: sites, and the lanes from warehouses on which sites pull
    :param goods: the products
    :param stocks: of products at sites; `minimum` of a warehouse is what it does not give away
    :param order_point: units at which a row is replenished, shape (rows,); NaN for never
    :param order_up_to: units to which it is filled then
    :param suppliers: who sells
    :param offers: what they sell
    :param settings: what to care about
    :param forecast: units wanted in each period from now on, shape (rows, periods), if demand
        changes over time; else orders follow the rate
    :raises ValueError: columns differ in length, or an offer is of a product, supplier or site
        that there is not
    """

    network: Network
    goods: tuple[Goods, ...]
    stocks: Stocks
    order_point: Array
    order_up_to: Array
    suppliers: tuple[Supplier, ...] = ()
    offers: tuple[Offer, ...] = ()
    settings: Settings = Settings()
    forecast: Array | None = None

    def __post_init__(self) -> None:
        rows = len(self.stocks.product)
        for name in ("order_point", "order_up_to"):
            if np.shape(getattr(self, name)) != (rows,):
                raise ValueError(f"The column {name} does not have a number for each row.")
        if self.forecast is not None and np.shape(self.forecast)[:1] != (rows,):
            raise ValueError("The forecast does not have a line for each row.")
        for number, offer in enumerate(self.offers):
            if not (
                0 <= offer.product < len(self.goods)
                and 0 <= offer.supplier < len(self.suppliers)
                and (offer.site is None or 0 <= offer.site < len(self.network.sites))
            ):
                raise ValueError(f"Offer {number} speaks of what there is not.")
