"""Strategies of the field by name, each a problem and facts in, a plan out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ..plan import SourcingPlan
from .dom import D365, d365
from .facts import Facts
from .hotwax import HotWax, HotWaxRule, hotwax
from .iom import IOM, iom
from .optimal import (
    balanced,
    cheapest,
    fastest,
    fewest_splits,
    greenest,
    ship_from_store_first,
)
from .preferences import keeping_limits
from .simple import (
    fewest_sites,
    first_non_tie,
    magento_distance,
    magento_priority,
    nearest,
    whole_order_first,
)

Preset = Callable[..., SourcingPlan]
"""Called with a problem and facts, and where there are any with options as the third."""

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        preset.__name__: preset
        for preset in (
            balanced,
            cheapest,
            iom,
            *map(
                keeping_limits,
                (
                    fastest,
                    greenest,
                    nearest,
                    whole_order_first,
                    fewest_sites,
                    fewest_splits,
                    first_non_tie,
                    ship_from_store_first,
                    d365,
                    hotwax,
                    magento_priority,
                    magento_distance,
                ),
            ),
        )
    }
)

OPTIONS: Mapping[str, type] = MappingProxyType({"d365": D365, "iom": IOM, "hotwax": HotWax})
"""The dataclass of the options of those presets that have any."""

__all__ = [
    "D365",
    "IOM",
    "OPTIONS",
    "PRESETS",
    "Facts",
    "HotWax",
    "HotWaxRule",
    "Preset",
]
