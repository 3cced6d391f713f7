"""Cursors of the feeds: where a channel stands, as a short text that nobody has to understand."""

import re
from typing import NamedTuple

from odoo.exceptions import ValidationError

_TEXT = re.compile(r"([0-9a-f]{8})-([0-9]{1,18})(?:-([0-9]{1,10}))?")


class CursorError(ValidationError):
    """A cursor from which a feed cannot go on; ``code`` says why to machines.

    :cvar str code: ``cursor_invalid``: it is none that this feed gave; ``cursor_expired``: what
        followed on it is not kept any more, or too much changed since
    """

    code = "cursor_invalid"


class CursorExpired(CursorError):
    code = "cursor_expired"


class Cursor(NamedTuple):
    """A place in a feed.

    :param epoch: which feed gave it: that of another database does not go on here
    :param number: of the last change that the channel knows
    :param product_id: in a snapshot, the last product of the page
    """

    epoch: str
    number: int
    product_id: int | None = None

    def __str__(self):
        return "-".join(str(part) for part in self if part is not None)

    @classmethod
    def parse(cls, text):
        """Return the cursor of a text; None if it is none.

        :rtype: Cursor | None
        """
        match = _TEXT.fullmatch(text) if isinstance(text, str) else None
        if not match:
            return None
        epoch, number, product_id = match.groups()
        return cls(epoch, int(number), int(product_id) if product_id else None)
