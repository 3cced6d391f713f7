"""The SQL of the events of orders."""

from odoo.tools import SQL

#: Where an order stands; of what it went through within one transaction only the end is told.
_STANDINGS = ("order.sourced", "order.waiting", "order.held")


def drop_passing() -> SQL:
    """Return the statement that drops what was never true for anybody else.

    Within a transaction an order and its fulfillments go through states that nobody else sees.
    """
    return SQL(
        """
        DELETE FROM oms_feed_event passing
         USING oms_feed_event final
         WHERE passing.number IS NULL AND passing.error IS NULL
           AND final.number IS NULL AND final.error IS NULL AND passing.id < final.id
           AND (passing.order_id, passing.at) = (final.order_id, final.at)
           AND (passing.type = ANY(%(standings)s) AND final.type = ANY(%(standings)s)
                OR passing.fulfillment_id = final.fulfillment_id
                   AND starts_with(passing.type, 'fulfillment.')
                   AND starts_with(final.type, 'fulfillment.'))
        """,
        standings=list(_STANDINGS),
    )


def read(channel_id: int, cursor: int, most: int) -> SQL:
    """Return the select of the events of a channel after a number, by number."""
    return SQL(
        """
        SELECT event.number, event.type, event.at, event.payload, sale.oms_external_ref, sale.name
          FROM oms_feed_event event
          JOIN sale_order sale ON sale.id = event.order_id
         WHERE event.channel_id = %s AND event.number > %s
      ORDER BY event.number
         LIMIT %s
        """,
        channel_id,
        cursor,
        most,
    )
