"""Channel shares: how much of a product's stock each channel may sell."""

from .ceilings import Ceiling, ceilings
from .sale import Refusal, Sellable, most_at_each, refused, sellable
from .settlement import Settlement, Standing, settle
from .shares import CAPPED, FIXED, PERCENT, PROTECTED, Allocation, Share

__all__ = [
    "CAPPED",
    "FIXED",
    "PERCENT",
    "PROTECTED",
    "Allocation",
    "Ceiling",
    "Refusal",
    "Sellable",
    "Settlement",
    "Share",
    "Standing",
    "ceilings",
    "most_at_each",
    "refused",
    "sellable",
    "settle",
]
