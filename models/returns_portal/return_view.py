"""What a customer sees of a return: plain data, nothing that leads back to a record."""

from dataclasses import dataclass

from ..tracking.shipment_view import Step


@dataclass(frozen=True)
class LabelView:
    """A file for the way back. ``id`` is that of the attachment."""

    id: int
    name: str


@dataclass(frozen=True)
class ReturnLineView:
    """Goods of a return.

    :param goods: how much of what, as text
    :param status: where they stand, in a word; '' while there is nothing to tell
    :param due: what the customer gets for them, as text; '' while that is not known
    """

    goods: str
    reason: str
    status: str
    tone: str
    due: str


@dataclass(frozen=True)
class ReturnView:
    """A return.

    :param tone: ``success``, ``warning``, ``danger`` or ``info``
    :param advice: what the customer is to do now, in sentences
    :param code: what the store scans, '' where nothing is brought to one
    :param place: where it goes: name, address and hours, each perhaps ''
    :param waits_for_label: whether the carrier is still being asked for it
    :param facts: names and texts
    """

    number: str
    order: str
    status: str
    tone: str
    steps: tuple[Step, ...]
    lines: tuple[ReturnLineView, ...]
    advice: tuple[str, ...]
    code: str
    place: tuple[str, str, str]
    labels: tuple[LabelView, ...]
    waits_for_label: bool
    tracking: str
    tracking_url: str
    facts: tuple[tuple[str, str], ...]
    can_cancel: bool
