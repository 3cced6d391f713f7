"""What came of asking somebody outside: done, rejected or unknown, and nothing else."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Ok(Generic[T]):
    """It was done.

    :param warnings: what was remarked all the same, in their words
    """

    value: T
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rejected:
    """They said no, and will again.

    :param code: their own
    :param text: their words, for whoever mends it
    :param field: what is wrong, as far as they tell
    """

    code: str
    text: str
    field: str = ""


@dataclass(frozen=True)
class Unknown:
    """Nobody can say whether it was done.

    :param text: what came instead of an answer
    :param sent: whether the request may have arrived; where it did not, asking again
        is safe
    :param retry_after: seconds that they ask to wait, or None
    """

    text: str
    sent: bool = True
    retry_after: float | None = None


Outcome = Ok[T] | Rejected | Unknown
