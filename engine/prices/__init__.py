"""What one more unit of scarce stock would save: prices by product and site."""

from .cover import cover_prices
from .fluid import DemandClass, FluidModel, FluidPrices
from .interior import InteriorModel

__all__ = ["DemandClass", "FluidModel", "FluidPrices", "InteriorModel", "cover_prices"]
