"""Adapters that cannot be asked for everything: what is left over is refused with a sentence."""

from datetime import date
from typing import Any

from .contract import Account, Address, Outcome, Rejected, Shipment


class Partial:
    """What an adapter says that has no answer of its own. Nothing is sent."""

    name = ""

    def rates(self, account: Account, shipment: Shipment) -> Outcome[Any]:
        """See :class:`~.contract.Adapter`."""
        return self._refuse("is not asked for rates")

    def find(self, account: Account, shipment: Shipment) -> Outcome[Any]:
        """See :class:`~.contract.Adapter`."""
        return self._refuse("cannot be asked for a shipment by its reference")

    def track(self, account: Account, tracking_numbers: tuple[str, ...]) -> Outcome[Any]:
        """See :class:`~.contract.Adapter`."""
        return self._refuse("is not asked where parcels are")

    def pickup_points(self, account: Account, near: Address) -> Outcome[Any]:
        """See :class:`~.contract.Adapter`."""
        return self._refuse("is not asked for relay points")

    def manifest(self, account: Account, day: date) -> Outcome[Any]:
        """See :class:`~.contract.Adapter`."""
        return self._refuse("closes the day by itself")

    def _refuse(self, what: str) -> Rejected:
        return Rejected("unsupported", f"{self.name} {what}.")
