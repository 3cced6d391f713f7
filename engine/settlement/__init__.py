"""How much of an order is taken, let go and given back: whole steps of a currency, no drift."""

from .money import Step, divide, exact, spread
from .parts import Part, fill
from .refund import Capture, allocate_refund
from .schedule import (
    Method,
    Standing,
    rest_to_authorize,
    rest_to_void,
    schedule_captures,
    surplus_to_refund,
)
from .shares import (
    Line,
    Shipment,
    amounts_of_shipments,
    cumulate,
    due_of,
    due_of_rest,
    shares_of,
)

__all__ = [
    "Capture",
    "Line",
    "Method",
    "Part",
    "Shipment",
    "Standing",
    "Step",
    "allocate_refund",
    "amounts_of_shipments",
    "cumulate",
    "divide",
    "due_of",
    "due_of_rest",
    "exact",
    "fill",
    "rest_to_authorize",
    "rest_to_void",
    "schedule_captures",
    "shares_of",
    "spread",
    "surplus_to_refund",
]
