"""Strategies of the field by name, each a problem and facts in, a plan out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

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
from .registry import Preset
from .simple import (
    FirstNonTie,
    fewest_sites,
    first_non_tie,
    magento_distance,
    magento_priority,
    nearest,
    whole_order_first,
)

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        preset.key: preset
        for preset in (
            Preset(balanced, searches=True, is_limited=True),
            Preset(cheapest, searches=True, is_limited=True),
            Preset(fastest, searches=True),
            Preset(greenest, searches=True),
            Preset(nearest),
            Preset(whole_order_first),
            Preset(fewest_sites),
            Preset(fewest_splits, searches=True),
            Preset(first_non_tie, FirstNonTie),
            Preset(ship_from_store_first, searches=True),
            Preset(d365, D365, searches=True),
            Preset(iom, IOM, searches=True, is_limited=True),
            Preset(hotwax, HotWax),
            Preset(magento_priority),
            Preset(magento_distance),
        )
    }
)

OPTIONS: Mapping[str, type] = MappingProxyType(
    {key: preset.options for key, preset in PRESETS.items() if preset.options}
)
"""The dataclass of the options of those presets that have any."""

__all__ = [
    "D365",
    "IOM",
    "OPTIONS",
    "PRESETS",
    "Facts",
    "FirstNonTie",
    "HotWax",
    "HotWaxRule",
    "Preset",
]
