"""What becomes of goods that came back: where they are worth most."""

from .plan import Alternative, Plan
from .problem import KINDS, Cost, Kind, Lot, Option, Pool, Problem
from .returning import Destination, Rank, rank_destinations
from .solver import solve

__all__ = [
    "KINDS",
    "Alternative",
    "Cost",
    "Destination",
    "Kind",
    "Lot",
    "Option",
    "Plan",
    "Pool",
    "Problem",
    "Rank",
    "rank_destinations",
    "solve",
]
