"""How much of an order is taken, let go and given back: whole steps of a currency, no drift."""

from .money import Step, divide, exact, spread
from .refund import Capture, Part, allocate_refund
from .schedule import Debit, Method, rest_to_void, schedule_shipment
from .shares import Line, Shipment, amounts_of_shipments, cumulate, due_of, shares_of

__all__ = [
    "Capture",
    "Debit",
    "Line",
    "Method",
    "Part",
    "Shipment",
    "Step",
    "allocate_refund",
    "amounts_of_shipments",
    "cumulate",
    "divide",
    "due_of",
    "exact",
    "rest_to_void",
    "schedule_shipment",
    "shares_of",
    "spread",
]
