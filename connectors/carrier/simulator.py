"""A carrier that exists in the program only: real labels, nobody who drives.

For demonstrations and for trying out an installation. The same reference always gets the same
tracking numbers, so that nothing has to be remembered. Parcels travel by the clock.

Options of an account: ``company_prefix`` (GS1), ``days`` (of a parcel under way), ``now`` (moment
in ISO 8601, for tests and demonstrations).
"""

import hashlib
from datetime import UTC, date, datetime, time, timedelta

from . import labels, sscc
from .contract import (
    Account,
    Address,
    Capability,
    Created,
    LabelledParcel,
    Manifest,
    Ok,
    Outcome,
    PickupPoint,
    Place,
    Rate,
    Rejected,
    Setting,
    Shipment,
    Status,
    Track,
    TrackingEvent,
)
from .webhook import SECRET, PlainWebhook

NAME = "Demo Carrier"
#: Heaviest parcel that it takes, kilograms.
MOST_WEIGHT = 31.5
_EPOCH = date(2020, 1, 1)
_SERVICES = {"standard": ("Standard", 4.2, 0.55), "express": ("Express", 9.8, 0.9)}
_DEMO_PREFIX = "0000000"
#: What happens to a parcel: share of the days under way, status, words, place.
_ROAD = (
    (0.0, Status.CREATED, "Announced", ""),
    (0.1, Status.PICKED_UP, "Picked up", "Depot of the sender"),
    (0.4, Status.IN_TRANSIT, "Sorted", "Hub"),
    (0.8, Status.OUT_FOR_DELIVERY, "Out for delivery", "Depot of the receiver"),
    (1.0, Status.DELIVERED, "Delivered", ""),
)


class Simulator(PlainWebhook):
    """See the module."""

    name = NAME
    base_url = ""
    settings = (
        Setting("company_prefix", Place.OPTION, "GS1 Company Prefix", default=_DEMO_PREFIX),
        Setting("days", Place.OPTION, "Days Under Way", default="2"),
        SECRET,
    )
    capabilities = frozenset(Capability)

    def rates(self, account: Account, shipment: Shipment) -> Outcome[tuple[Rate, ...]]:
        """See :class:`~.contract.Adapter`."""
        weights = [parcel.weight for parcel in shipment.parcels]
        days = float(account.options.get("days", "2"))
        return Ok(
            tuple(
                Rate(
                    code,
                    name,
                    round(base * len(weights) + per_kg * sum(weights), 2),
                    "EUR",
                    days / 2 if code == "express" else days,
                )
                for code, (name, base, per_kg) in _SERVICES.items()
            )
        )

    def buy(self, account: Account, shipment: Shipment) -> Outcome[Created]:
        """See :class:`~.contract.Adapter`."""
        if problem := _find_problem(shipment):
            return problem
        parcels = []
        for place, parcel in enumerate(shipment.parcels):
            number = _get_number(shipment, place)
            try:
                prefix = account.options.get("company_prefix", _DEMO_PREFIX)
                code = parcel.sscc or _get_sscc(prefix, number)
                face = labels.Face(
                    NAME,
                    _SERVICES[shipment.service or "standard"][0],
                    shipment.sender,
                    shipment.receiver,
                    parcel.reference,
                    number,
                    code,
                    parcel.weight,
                    f"{place + 1}/{len(shipment.parcels)}",
                    shipment.ship_date.isoformat(),
                )
                label = labels.draw(face, shipment.label_format)
            except ValueError as error:
                return Rejected("sscc", str(error), f"parcels.{place}.sscc")
            parcels.append(LabelledParcel(parcel.reference, number, label))
        rates = {rate.service: rate for rate in self.rates(account, shipment).value}
        rate = rates[shipment.service or "standard"]
        return Ok(Created(shipment.reference, tuple(parcels), rate.price, rate.currency))

    def find(self, account: Account, shipment: Shipment) -> Outcome[Created | None]:
        """See :class:`~.contract.Adapter`. Buying again gives the same labels."""
        return Ok(None)

    def labels(self, account: Account, shipment: Shipment, created: Created) -> Outcome[Created]:
        """See :class:`~.contract.Adapter`."""
        return self.buy(account, shipment)

    def cancel(self, account: Account, created: Created) -> Outcome[None]:
        """See :class:`~.contract.Adapter`."""
        return Ok(None)

    def return_label(self, account: Account, shipment: Shipment) -> Outcome[Created]:
        """See :class:`~.contract.Adapter`."""
        return self.buy(account, shipment)

    def track(
        self, account: Account, tracking_numbers: tuple[str, ...]
    ) -> Outcome[tuple[Track, ...]]:
        """See :class:`~.contract.Adapter`."""
        told = account.options.get("now")
        now = datetime.fromisoformat(told) if told else datetime.now(UTC)
        days = float(account.options.get("days", "2"))
        tracks = []
        for number in tracking_numbers:
            started = _get_start(number)
            if started is None:
                continue
            events = (
                TrackingEvent(status, started + timedelta(days=share * days), text, place)
                for share, status, text, place in _ROAD
            )
            tracks.append(Track(number, tuple(event for event in events if event.moment <= now)))
        return Ok(tuple(tracks))

    def pickup_points(self, account: Account, near: Address) -> Outcome[tuple[PickupPoint, ...]]:
        """See :class:`~.contract.Adapter`."""
        hours = dict.fromkeys(range(6), (("09:00", "19:00"),))
        return Ok(
            tuple(
                PickupPoint(
                    f"{near.country}-{near.zip}-{place}",
                    f"Demo Shop {place}",
                    f"{place} Market Street",
                    near.zip,
                    near.city,
                    near.country,
                    distance=0.4 * place,
                    opening_hours=hours,
                    carrier="simulator",
                )
                for place in (1, 2, 3)
            )
        )

    def manifest(self, account: Account, day: date) -> Outcome[tuple[Manifest, ...]]:
        """See :class:`~.contract.Adapter`."""
        return Ok((Manifest(f"DEMO-{day.isoformat()}"),))


def _find_problem(shipment: Shipment) -> Rejected | None:
    if not shipment.parcels:
        return Rejected("parcels", "There is no parcel.", "parcels")
    if shipment.service and shipment.service not in _SERVICES:
        return Rejected("service", f"There is no service “{shipment.service}”.", "service")
    for place, parcel in enumerate(shipment.parcels):
        if not 0 < parcel.weight <= MOST_WEIGHT:
            text = f"A parcel weighs more than 0 and at most {MOST_WEIGHT} kg."
            return Rejected("weight", text, f"parcels.{place}.weight")
    for name in ("zip", "city", "country", "street"):
        if not getattr(shipment.receiver, name):
            return Rejected("address", f"The receiver has no {name}.", f"receiver.{name}")
    return None


def _get_number(shipment: Shipment, place: int) -> str:
    """Return a number that tells the day of sending, the same each time."""
    digest = hashlib.sha256(f"{shipment.reference}\0{place}".encode()).digest()
    days = (shipment.ship_date - _EPOCH).days
    body = f"{days % 100000:05d}{int.from_bytes(digest[:6], 'big') % 10**10:010d}"
    return f"DC{body}{sscc.get_check_digit(body)}"


def _get_start(number: str) -> datetime | None:
    body = number[2:-1]
    known = number.startswith("DC") and len(body) == 15 and number[2:].isascii()
    if not known or not number[2:].isdigit() or sscc.get_check_digit(body) != int(number[-1]):
        return None
    return datetime.combine(_EPOCH + timedelta(days=int(body[:5])), time(18), UTC)


def _get_sscc(prefix: str, number: str) -> str:
    room = 16 - len(prefix)
    serial = int(hashlib.sha256(number.encode()).hexdigest(), 16) % 10 ** max(room, 1)
    return sscc.build(prefix, serial, 9)
