from odoo import models

from . import event_sql

#: Events that one call may ask for.
MOST_EVENTS = 1_000


class OmsChannel(models.Model):
    """What a channel is told of its orders."""

    _inherit = "oms.channel"

    def _get_order_events(self, cursor=None, limit=500):
        """Return what happened to the channel's orders.

        Each event is told at least once, under an id that stays the same. An order's events come
        in the order in which they were committed.

        :param str cursor: of the last answer; the oldest events that are kept when empty
        :param int limit: from 1 to 1,000
        :return: ``rows``: ``id``, ``type``, ``at`` (ISO 8601, UTC), ``order`` (the channel's own
            reference), ``name`` (the order's number), ``data``; ``cursor`` to go on from; ``more``,
            whether there is more already
        :rtype: dict
        :raises CursorExpired: events since are not kept
        :raises CursorError: the feed did not give the cursor
        :raises ValidationError: a limit that cannot be
        :raises AccessError: the user may not read the channel
        """
        self._check_feed_limit(limit, MOST_EVENTS)
        return self._read_feed(lambda channel: channel._read_order_events(cursor, limit))

    def _read_order_events(self, cursor, limit):
        Feed = self.env["oms.feed"]
        _epoch, last, _kept_stock, kept, _moment = Feed._get_state()
        number = kept
        if cursor:
            words = self.env._("Begin without a cursor, and ask for the state of open orders.")
            number = Feed._parse(cursor, kept, words)
        self.env["sale.order"].flush_model(["name", "oms_external_ref"])
        events = self.env.execute_query(event_sql.read(self.id, number, limit + 1))
        more = len(events) > limit
        events = events[:limit]
        return {
            "rows": [
                {
                    "id": self._make_cursor(number),
                    "type": kind,
                    "at": f"{at.replace(microsecond=0).isoformat()}Z",
                    "order": reference or None,
                    "name": name,
                    "data": payload,
                }
                for number, kind, at, payload, reference, name in events
            ],
            "cursor": self._make_cursor(events[-1][0] if more else last),
            "more": more,
        }
