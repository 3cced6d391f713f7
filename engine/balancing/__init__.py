"""Transfers between sites: stock goes from where it is worth least to where it is worth most."""

from .plan import Limit, Move, Note, NoteCode, Part, PartName, Plan, Shipment
from .problem import Goods, Kind, Lane, Network, Preset, Problem, Settings, Site, Stocks
from .single import Amounts, worth_of_move
from .solver import balance

__all__ = [
    "Amounts",
    "Goods",
    "Kind",
    "Lane",
    "Limit",
    "Move",
    "Network",
    "Note",
    "NoteCode",
    "Part",
    "PartName",
    "Plan",
    "Preset",
    "Problem",
    "Settings",
    "Shipment",
    "Site",
    "Stocks",
    "balance",
    "worth_of_move",
]
