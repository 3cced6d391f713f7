"""What channels tell of parcels that reached customers, and what they are answered."""

from typing import Literal

from pydantic import model_validator

from .contract import Code, Error, Given, Moment, Told


class Delivery(Given):
    """Goods that a customer has got.

    They are named by ``tracking`` (the carrier's number), ``shipment`` (its name, or that of the
    parcel, as told in the events and the status of the order) or ``reference`` (the channel's
    number of the order: all that has left of it), or by several of these. ``at`` is when the
    customer got them; now when left out.
    """

    reference: Code | None = None
    shipment: Code | None = None
    tracking: Code | None = None
    at: Moment | None = None

    @model_validator(mode="after")
    def _check_named(self) -> "Delivery":
        if not (self.reference or self.shipment or self.tracking):
            raise ValueError("name a reference, a shipment or a tracking number")
        return self


class Delivered(Told):
    """What became of a delivery that was told.

    ``delivered``; ``unchanged``: it was told before; ``refused``: it is unknown, has not left yet,
    or is still to come.
    """

    reference: str | None = None
    shipment: str | None = None
    tracking: str | None = None
    status: Literal["delivered", "unchanged", "refused"]
    parcels: list[str] = []
    error: Error | None = None


class Deliveries(Told):
    deliveries: list[Delivered]
