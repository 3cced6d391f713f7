"""How much of which product to keep where: order points, order-up-to levels and safety stock."""

from .classes import ABC, ABC_SHARES, XYZ, XYZ_VARIATIONS, abc, better_of, xyz
from .cost import base_stock, critical_ratio, newsvendor, newsvendor_cost
from .limits import Levels, Limits, limited
from .points import (
    MEASURES,
    LeadTime,
    Series,
    common_cycle,
    cover_days,
    cycle_service,
    economic_lot,
    fill_rate,
    missed_share,
    order_points,
)
from .pooling import (
    Map,
    Placed,
    mean_stock,
    open_sites,
    place,
    split_whole,
    worth_holding,
)

__all__ = [
    "ABC",
    "ABC_SHARES",
    "MEASURES",
    "XYZ",
    "XYZ_VARIATIONS",
    "LeadTime",
    "Levels",
    "Limits",
    "Map",
    "Placed",
    "Series",
    "abc",
    "base_stock",
    "better_of",
    "common_cycle",
    "cover_days",
    "critical_ratio",
    "cycle_service",
    "economic_lot",
    "fill_rate",
    "limited",
    "mean_stock",
    "missed_share",
    "newsvendor",
    "newsvendor_cost",
    "open_sites",
    "order_points",
    "place",
    "split_whole",
    "worth_holding",
    "xyz",
]
