"""Channel shares: how much of a product's stock each channel may sell."""

from .sale import Refusal, Sellable, most_at_each, refused, sellable
from .settlement import Settlement, Standing, settle
from .shares import CAPPED, FIXED, PERCENT, PROTECTED, Allocation, Share

__all__ = [
    "CAPPED",
    "FIXED",
    "PERCENT",
    "PROTECTED",
    "Allocation",
    "Refusal",
    "Sellable",
    "Settlement",
    "Share",
    "Standing",
    "most_at_each",
    "refused",
    "sellable",
    "settle",
]
