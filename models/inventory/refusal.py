"""Why goods cannot be held, told apart for those who must act on it."""

from odoo.exceptions import UserError


class Shortage(UserError):
    """Not enough is available.

    :param str message: for people of the company
    :param str told: for the system of one channel, which is not to learn of the others; the
        message when None
    """

    def __init__(self, message, told=None):
        super().__init__(message)
        self.told = told or message


class HoldEnded(UserError):
    """A hold has ended; its goods may be somebody else's by now."""


class Busy(UserError):
    """Somebody else has been taking the same goods for longer than one waits."""
