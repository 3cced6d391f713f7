"""Orders from which goods may be that came without a word, and how likely each is."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

#: What speaks for an order, strongest first: no number of weaker signs outweighs a stronger one.
WEIGHTS = {"serial": 1000, "order": 300, "customer": 100, "lot": 60, "goods": 30, "period": 10}


@dataclass(frozen=True)
class Candidate:
    """An order that somebody's goods may be from.

    :param order: ``sale.order``
    :param signs: keys of :data:`WEIGHTS`, as often as each speaks for the order
    :param reasons: sentences for people, in the order of the signs
    :param has_all: whether the customer still has all of the goods in hand
    :param delivered: when goods were delivered last, in UTC
    :param lines: what the customer may bring back, as the screen shows it
    """

    order: Any
    signs: tuple[str, ...]
    reasons: tuple[str, ...]
    has_all: bool
    delivered: datetime | None
    lines: tuple[dict[str, Any], ...] = field(default=())

    @property
    def score(self) -> int:
        return sum(WEIGHTS[sign] for sign in self.signs)

    @property
    def is_certain(self) -> bool:
        """Whether it can be no other order: the very piece was delivered with it."""
        return self.has_all and "serial" in self.signs


def rank(candidates: list[Candidate], most: int) -> list[Candidate]:
    """Return the likeliest candidates first.

    Whose customer does not have the goods any more comes last, then the stronger signs go first,
    then what was delivered last.

    :param candidates: of one search
    :param most: how many at most
    """

    def key(candidate: Candidate) -> tuple:
        delivered = candidate.delivered.timestamp() if candidate.delivered else 0.0
        return (not candidate.has_all, -candidate.score, -delivered, -candidate.order.id)

    ranked = sorted(candidates, key=key)
    # One piece was delivered with one order: the others are none.
    certain = [candidate for candidate in ranked if candidate.is_certain]
    return (certain or ranked)[:most]
