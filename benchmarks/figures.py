"""Prints the figures that a benchmark found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def shown(value: Any) -> str:
    """Write a figure for people: numbers with a comma at each thousand."""
    return f"{value:,}" if isinstance(value, float | int) else str(value)


def rounded(figures: Mapping[str, Any], digits: int = 3) -> dict[str, Any]:
    """Cut off digits that only tell of chance."""
    return {k: round(v, digits) if isinstance(v, float) else v for k, v in figures.items()}


def tell(figures: Mapping[str, Any], as_json: bool) -> None:
    """Print figures.

    :param as_json: as one JSON object, for programs; else a line for each, for people
    """
    if as_json:
        print(json.dumps(figures))
        return
    width = max(map(len, figures))
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):<{width}}{shown(value):>14}")
