from typing import NamedTuple

from odoo import models


class Barring(NamedTuple):
    """Why a site is not asked to serve an order.

    :param reason: ``offline``, ``closed``, ``ability``, ``distance``, ``capacity``, ``rejected`` or
        ``cool_down``
    :param detail: the rest of a sentence that begins with the name of the site
    :param further: what else keeps it out
    """

    reason: str
    detail: str
    further: tuple = ()

    @property
    def reasons(self):
        """The words of all reasons."""
        return (self.reason, *(barring.reason for barring in self.further))


def bar(barred, site, barring):
    """Add a reason why a site is not asked; the first one is what people are told.

    :param dict barred: :class:`Barring` by site
    """
    first = barred.get(site)
    barred[site] = first._replace(further=(*first.further, barring)) if first else barring


class OmsSite(models.Model):
    """Which sites are left out, and why."""

    _inherit = "oms.site"

    def _get_barred(self, orders, moment, rooms=None):
        """Return which of the sites may not serve some orders, and why, the first reason first.

        The number of queries does not depend on how many orders and sites there are; what no site
        uses costs none.

        :param orders: ``sale.order`` recordset
        :param datetime.datetime moment: UTC, naive
        :param Rooms rooms: what the sites have taken on, read when left out
        :return: :class:`Barring` by site, by order; every order is a key
        :rtype: dict
        """
        if rooms is None:
            rooms = self._open_rooms(moment, orders)
        common = {
            site: Barring("offline", period._get_sentence())
            for site, period in self._get_offline(moment).items()
        }
        for site, sentence in self._find_closed(moment).items():
            bar(common, site, Barring("closed", sentence))
        barred = {order: dict(common) for order in orders}
        for reason, found in (
            ("ability", self._find_unable(orders)),
            ("distance", self._find_too_far(orders)),
            ("distance", self._find_outside(orders)),
            ("capacity", self._find_full(orders, rooms)),
        ):
            for order, sentences in found.items():
                for site, sentence in sentences.items():
                    bar(barred[order], site, Barring(reason, sentence))
        return barred
