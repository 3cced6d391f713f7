"""What the holders of channel shares sold day by day, in arrays."""

import math
from collections import defaultdict
from datetime import timedelta

import numpy as np

from ...engine.allocation.tempo import WEEK
from ..inventory import allocation_sql

#: Days whose sales tell the pace.
DAYS = 28


class ShareSales:
    """What was sold of some products lately, read in one query.

    A share that has just begun, as those of a new month do, says nothing yet about its holder:
    then what the holder sold before counts, too.

    :param env: environment whose facts are flushed
    :param products: ``product.product``
    :param now: today, UTC

    ``product_ids`` are the ids of the products.
    """

    def __init__(self, env, products, now):
        self._now = now
        self._rows = defaultdict(list)
        self.product_ids = products.ids
        if not products:
            return
        env["oms.position"]._flush_facts()
        env["sale.order"].flush_model(["date_order"])
        moments = [now - timedelta(days=DAYS - number) for number in range(DAYS)]
        query = allocation_sql.sold(products.ids, moments, [])
        for product_id, *row in env.execute_query(query):
            self._rows[product_id].append(row)

    def get_daily(self, allocation, standing, product_id):
        """Return what the holder of a share sold of a product on each of the days, today last.

        :param allocation: of the product, in the words of the engine
        :param standing: of the share
        :rtype: numpy.ndarray
        """
        daily = np.zeros(DAYS)
        share = standing.share
        for channel_id, site_id, target_id, passed, quantity in self._rows.get(product_id, ()):
            if (
                site_id in share.scope
                and target_id not in share.scope
                and share.holder in allocation.chain(("channel", channel_id))
            ):
                daily[passed - 1] += max(quantity, 0.0)
        return daily

    def get_begin(self, daily, share):
        """Return from which of the days on sales tell the pace of a share.

        :param daily: what the holder sold, see :meth:`get_daily`
        :param share: ``oms.allocation``
        :rtype: int
        """
        begin = self._get_place(share.since)
        if begin <= DAYS - WEEK or not (daily[:begin] > 0).any():
            return begin
        first = min(int(np.argmax(daily > 0)), DAYS - WEEK)
        return min(first, self._get_place(share._get_holder().create_date))

    def _get_place(self, moment):
        """Return on which of the days a moment was; the first one for all before."""
        age = max(round((self._now - moment).total_seconds() / 86400.0), 1)
        return max(DAYS - age, 0)

    def get_days(self, daily, begin, standing):
        """Return what was sold on those of the days on which the holder could sell.

        Who has sold all of a share that limits sells nothing more: that is no slow day.

        :rtype: numpy.ndarray
        """
        end = DAYS
        sold = np.flatnonzero(daily[begin:] > 0)
        if standing.limits and standing.left <= 0 and sold.size:
            end = begin + int(sold[-1]) + 1
        return daily[begin:end]


def find_cap(settlement, standing):
    """Return how many units the holder of a share may sell besides, by a limit of its own.

    A protected share says what is set aside; a capped one beside it how much is sold at most.

    :rtype: float
    """
    share = standing.share
    return min(
        (
            other.left
            for other in settlement.standings
            if other.limits
            and other.share.key != share.key
            and other.share.holder == share.holder
            and other.share.scope == share.scope
        ),
        default=math.inf,
    )
