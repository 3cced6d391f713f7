"""The SQL that watches what the ledger of stock does not tell: triggers that leave news and events.

None of them is on a table of native stock operations. They fire once for each statement.
"""

from odoo.tools import SQL

from ..inventory import news_sql

#: What of a product decides whether, and as what, it can be sold.
_TEMPLATE_FIELDS = ("active", "sale_ok", "type", "is_storable", "uom_id", "categ_id", "company_id")
_PRODUCT_FIELDS = ("active", "default_code", "barcode", "product_tmpl_id")

_TRANSITIONS = {
    "INSERT": SQL("NEW TABLE AS after_rows"),
    "UPDATE": SQL("OLD TABLE AS before_rows NEW TABLE AS after_rows"),
    "DELETE": SQL("OLD TABLE AS before_rows"),
}


def _differs(names) -> SQL:
    return SQL(
        "(%s) IS DISTINCT FROM (%s)",
        SQL(", ").join(SQL("after_rows.%s", SQL.identifier(name)) for name in names),
        SQL(", ").join(SQL("before_rows.%s", SQL.identifier(name)) for name in names),
    )


def _changed_products(rows: SQL, column: str = "product_id") -> SQL:
    return news_sql.add(SQL("SELECT %s AS product_id FROM %s", SQL.identifier(column), rows))


_BOTH = SQL("after_rows JOIN before_rows USING (id)")

#: What is done when rows of a table come, change or go.
_NEWS = {
    ("oms_external_stock", "INSERT"): _changed_products(SQL("after_rows")),
    ("oms_external_stock", "UPDATE"): _changed_products(SQL("after_rows")),
    ("oms_external_stock", "DELETE"): _changed_products(SQL("before_rows")),
    ("product_product", "INSERT"): _changed_products(SQL("after_rows"), "id"),
    ("product_product", "DELETE"): _changed_products(SQL("before_rows"), "id"),
    ("product_product", "UPDATE"): _changed_products(
        SQL("%s WHERE %s", _BOTH, _differs(_PRODUCT_FIELDS)), "id"
    ),
    ("product_template", "UPDATE"): news_sql.add(
        SQL(
            "SELECT product.id AS product_id FROM product_product product "
            "WHERE product.product_tmpl_id IN (SELECT id FROM %s WHERE %s)",
            _BOTH,
            _differs(_TEMPLATE_FIELDS),
        )
    ),
}

_ORDER_EVENTS = SQL(
    """
    INSERT INTO oms_feed_event (type, order_id, channel_id, at)
    SELECT told.type, after_rows.id, after_rows.oms_channel_id, timezone('UTC', now())
      FROM after_rows
 LEFT JOIN before_rows USING (id)
CROSS JOIN LATERAL (VALUES
            (1, 'order.placed', after_rows.state = 'sale'
                AND before_rows.state IS DISTINCT FROM 'sale'),
            (2, 'order.cancelled', after_rows.state = 'cancel' AND before_rows.state = 'sale'),
            (3, 'order.sourced', after_rows.oms_state = 'sourced'
                AND before_rows.oms_state IS DISTINCT FROM 'sourced'),
            (4, 'order.waiting', after_rows.oms_state IN ('waiting', 'partial')
                AND before_rows.oms_state IS DISTINCT FROM after_rows.oms_state),
            (5, 'order.held', after_rows.oms_state = 'held'
                AND before_rows.oms_state IS DISTINCT FROM 'held'),
            (6, 'order.shipped', after_rows.delivery_status = 'full'
                AND before_rows.delivery_status IS DISTINCT FROM 'full')
           ) AS told (place, type, is_so)
     WHERE after_rows.oms_channel_id IS NOT NULL AND told.is_so
  ORDER BY after_rows.id, told.place
    """
)

#: What was sold counts against the shares of the channel that sold it.
_OF_OTHER_CHANNEL = news_sql.add(
    SQL(
        "SELECT line.product_id FROM sale_order_line line WHERE line.product_id IS NOT NULL "
        "AND line.order_id IN (SELECT id FROM %s WHERE %s)",
        _BOTH,
        _differs(["oms_channel_id"]),
    )
)

_FULFILLMENT_EVENTS = SQL(
    """
    INSERT INTO oms_feed_event (type, order_id, fulfillment_id, channel_id, at)
    SELECT 'fulfillment.' || after_rows.state, after_rows.order_id, after_rows.id,
           after_rows.channel_id, timezone('UTC', now())
      FROM after_rows
 LEFT JOIN before_rows USING (id)
     WHERE after_rows.channel_id IS NOT NULL AND after_rows.state IS NOT NULL
       AND after_rows.state IS DISTINCT FROM before_rows.state
  ORDER BY after_rows.id
    """
)

_WORKFLOW_EVENTS = SQL(
    """
    INSERT INTO oms_feed_event (type, order_id, channel_id, at)
    SELECT event, order_id, channel_id, timezone('UTC', now())
      FROM after_rows
     WHERE channel_id IS NOT NULL AND event IN ('order.changed', 'address.changed')
  ORDER BY id
    """
)

#: Rows of a new record were nothing before.
_NOTHING_BEFORE = "WITH before_rows AS (SELECT * FROM after_rows WHERE FALSE) %s"

_EVENTS = {
    ("sale_order", "INSERT"): SQL(_NOTHING_BEFORE, _ORDER_EVENTS),
    ("sale_order", "UPDATE"): SQL("%s; %s", _ORDER_EVENTS, _OF_OTHER_CHANNEL),
    ("oms_fulfillment", "INSERT"): SQL(_NOTHING_BEFORE, _FULFILLMENT_EVENTS),
    ("oms_fulfillment", "UPDATE"): _FULFILLMENT_EVENTS,
    ("oms_event", "INSERT"): _WORKFLOW_EVENTS,
}

_WATCHED = {**_NEWS, **_EVENTS}


def _name(table: str, event: str) -> SQL:
    return SQL.identifier(f"oms_feed_{table}_{event.lower()}")


def triggers() -> list[SQL]:
    """Return the statements that make the triggers, one for each table and kind of change."""
    return [
        SQL(
            """
            CREATE OR REPLACE FUNCTION %(name)s() RETURNS trigger LANGUAGE plpgsql AS
            $body$ BEGIN %(work)s; RETURN NULL; END $body$;
            CREATE OR REPLACE TRIGGER %(name)s AFTER %(event)s ON %(table)s
                REFERENCING %(transition)s FOR EACH STATEMENT EXECUTE FUNCTION %(name)s();
            """,
            name=_name(table, event),
            work=work,
            event=SQL(event),
            table=SQL.identifier(table),
            transition=_TRANSITIONS[event],
        )
        for (table, event), work in _WATCHED.items()
    ]


def removal() -> SQL:
    """Return the statements that take the triggers away."""
    return SQL(" ").join(
        SQL("DROP FUNCTION IF EXISTS %s() CASCADE;", _name(*watched)) for watched in _WATCHED
    )
