"""Where a parcel is, by all that was told of it: the same in whatever order and however often."""

from collections.abc import Iterable
from datetime import datetime

from .contract import Status

#: What comes first where two things are told for the same moment: how far along the road.
_RANK = {status: rank for rank, status in enumerate(Status)} | {
    Status.FAILED_ATTEMPT: 4.5,
    Status.AVAILABLE_FOR_PICKUP: 4.7,
    Status.CANCELLED: 0.5,
}
_BEGINNING = frozenset({None, Status.CREATED, Status.CANCELLED})


def may_follow(before: Status | None, status: Status) -> bool:
    """Tell whether a parcel of which one thing was told may come to another one.

    Carriers scan late and announce twice, so that not all that is told last is news: what is
    delivered is under way no more, and what is under way was not picked up again. A parcel that
    was lost may turn up. What was delivered may come back, and what came back is the sender's.
    """
    if status is Status.OTHER or before is Status.RETURNED:
        return False
    if before is Status.DELIVERED:
        return status is Status.RETURNED
    if status is Status.CREATED:
        return before is None
    if status is Status.CANCELLED:
        return before in (None, Status.CREATED)
    if status is Status.PICKED_UP:
        return before in _BEGINNING or before is Status.LOST
    return True


def follow(events: Iterable[tuple[datetime, Status]]) -> tuple[datetime, Status] | None:
    """Return what holds of all that was told of a parcel, and since when.

    :param events: moment and status of each, in any order
    :return: None where nothing says anything
    """
    reached: tuple[datetime, Status] | None = None
    for moment, status in sorted(set(events), key=lambda event: (event[0], _RANK[event[1]])):
        before = reached[1] if reached else None
        if status is not before and may_follow(before, status):
            reached = moment, status
    return reached
