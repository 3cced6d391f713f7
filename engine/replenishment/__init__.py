"""What sites pull from warehouses and what is bought of suppliers: how much, when, of whom."""

from .lots import Break, Lot, best_lot, lot_of, silver_meal, wagner_whitin
from .plan import Alternative, Note, NoteCode, Order, OrderLine, Plan, Pull
from .problem import Offer, Problem, Settings, Supplier
from .solver import replenish

__all__ = [
    "Alternative",
    "Break",
    "Lot",
    "Note",
    "NoteCode",
    "Offer",
    "Order",
    "OrderLine",
    "Plan",
    "Problem",
    "Pull",
    "Settings",
    "Supplier",
    "best_lot",
    "lot_of",
    "replenish",
    "silver_meal",
    "wagner_whitin",
]
