"""What becomes of an order that a channel sent, and what its words mean."""

from datetime import date
from typing import NamedTuple


class Outcome(NamedTuple):
    """What became of an order that was sent.

    :param str status: as in ``contract.PlacedOrder``
    :param order: ``sale.order`` of the transaction that places, or None
    :param str code: why not, as in ``error.STATUSES``
    :param str message: why not, in words
    :param tuple unknown: (kind, code) pairs that somebody has to say what they are
    :param str name: number of the order, for those whose transaction does not see it
    :param float total: of the order, in its currency, likewise
    :param promised: day by which all of it is promised, or None, likewise
    :param str warning: why it is not promised for the day for which it is wanted, likewise
    """

    status: str
    order: object = None
    code: str = ""
    message: str = ""
    unknown: tuple = ()
    name: str | None = None
    total: float | None = None
    promised: date | None = None
    warning: str = ""

    def tell(self):
        """Return the outcome with what is told of the order, as it stands now."""
        if not self.order:
            return self
        return self._replace(
            name=self.order.name,
            total=self.order.amount_total,
            promised=self.order._oms_get_told_date(),
            warning=self.order._oms_get_wish_refusal(),
        )


class Lookup(NamedTuple):
    """What the words of a channel mean; see ``_look_up``.

    :param dict wishes: how customers want to get their orders, ``Wish`` by reference; filled as
        orders are looked at
    """

    products: dict
    countries: dict
    taxes: dict
    pricelists: dict
    wishes: dict
