"""Carriers: one contract, an adapter for each, chosen by its name."""

from .chronopost import Chronopost
from .contract import (
    Account,
    Adapter,
    Address,
    Capability,
    Commodity,
    Created,
    Label,
    LabelFormat,
    LabelledParcel,
    Manifest,
    Message,
    Ok,
    Outcome,
    Parcel,
    PickupPoint,
    Place,
    Rate,
    Rejected,
    Setting,
    Shipment,
    Status,
    Track,
    TrackingEvent,
    Unknown,
)
from .dhl import Dhl
from .gls import Gls
from .sendcloud import Sendcloud
from .simulator import Simulator

#: Adapters by the name under which accounts choose them.
ADAPTERS: dict[str, Adapter] = {
    "chronopost": Chronopost(),
    "dhl": Dhl(),
    "gls": Gls(),
    "sendcloud": Sendcloud(),
    "simulator": Simulator(),
}

__all__ = [
    "ADAPTERS",
    "Account",
    "Adapter",
    "Address",
    "Capability",
    "Commodity",
    "Created",
    "Label",
    "LabelFormat",
    "LabelledParcel",
    "Manifest",
    "Message",
    "Ok",
    "Outcome",
    "Parcel",
    "PickupPoint",
    "Place",
    "Rate",
    "Rejected",
    "Setting",
    "Shipment",
    "Status",
    "Track",
    "TrackingEvent",
    "Unknown",
]
