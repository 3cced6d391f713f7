"""What one more unit of scarce stock would save, and what it earns: prices by product and site."""

from .cover import cover_prices
from .earning import Market, Outlook, outlook, unit_values
from .fluid import DemandClass, FluidModel, FluidPrices
from .interior import InteriorModel
from .many import Markets, totals, unit_value_table
from .scenarios import scenarios
from .worth import Terms, Worth, worth, worth_together

__all__ = [
    "DemandClass",
    "FluidModel",
    "FluidPrices",
    "InteriorModel",
    "Market",
    "Markets",
    "Outlook",
    "Terms",
    "Worth",
    "cover_prices",
    "outlook",
    "scenarios",
    "totals",
    "unit_value_table",
    "unit_values",
    "worth",
    "worth_together",
]
