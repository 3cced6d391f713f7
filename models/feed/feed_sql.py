"""The SQL of the feeds: the numbers of products and events, and who gives them.

One publisher at a time has the row of ``oms_feed_state`` and numbers what is committed: products
that something changed of, in ``oms_feed_stock``, and events of orders, in ``oms_feed_event``.
Numbers become visible when the publisher commits, in their order, so who read up to a number can
never find a lower one later. Only the last number of a product is kept: how much of it can be sold
is read when somebody asks, with all else that decides on it.

``oms_feed_floor`` says for each channel from which number on its changes are complete: below it,
so much changed at once that a snapshot is cheaper.
"""

from odoo.tools import SQL

from ..inventory import news_sql

#: The moment by the database's clock.
NOW = SQL("timezone('UTC', statement_timestamp())")


def tables() -> SQL:
    """Return the statements that make the tables."""
    return SQL(
        """
        CREATE TABLE IF NOT EXISTS oms_feed_state (
            id integer PRIMARY KEY CHECK (id = 1),
            epoch varchar NOT NULL,
            last bigint NOT NULL DEFAULT 0,
            kept_stock bigint NOT NULL DEFAULT 0,
            kept_events bigint NOT NULL DEFAULT 0,
            moment timestamp NOT NULL,
            basis varchar NOT NULL DEFAULT ''
        );
        INSERT INTO oms_feed_state (id, epoch, moment)
        VALUES (1, substr(md5(random()::text || clock_timestamp()::text), 1, 8), %s)
            ON CONFLICT DO NOTHING;
        CREATE TABLE IF NOT EXISTS oms_feed_stock (
            product_id integer PRIMARY KEY,
            number bigint NOT NULL,
            numbered_at timestamp NOT NULL
        );
        CREATE UNIQUE INDEX IF NOT EXISTS oms_feed_stock_number_idx ON oms_feed_stock (number);
        CREATE TABLE IF NOT EXISTS oms_feed_floor (
            channel_id integer PRIMARY KEY,
            number bigint NOT NULL
        );
        CREATE TABLE IF NOT EXISTS oms_feed_basis (
            kind varchar NOT NULL,
            key integer NOT NULL,
            signature varchar NOT NULL,
            company_id integer,
            product_id integer,
            categ_id integer,
            PRIMARY KEY (kind, key)
        );
        ALTER TABLE oms_feed_stock
            SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
        """,
        NOW,
    )


def removal() -> SQL:
    """Return the statement that takes the tables away."""
    return SQL(
        "DROP TABLE IF EXISTS oms_feed_state, oms_feed_stock, oms_feed_floor, oms_feed_basis"
    )


#: What the publisher has in hand, by whom nobody else publishes until it commits.
LOCK = SQL("SELECT last, moment, basis, %s FROM oms_feed_state FOR UPDATE", NOW)

#: What a reader must know of the feeds.
STATE = SQL("SELECT epoch, last, kept_stock, kept_events, moment FROM oms_feed_state")


def _went_stale(since: SQL, until: SQL) -> SQL:
    """Return the select of products of which stock outside of Odoo counts no more by now."""
    age = SQL("site.feed_max_age_hours * interval '1 hour'")
    return SQL(
        """
        SELECT stock.product_id
          FROM oms_site site
          JOIN oms_external_stock stock
            ON stock.site_id = site.id AND stock.quantity > 0
           AND stock.updated_at >= %(since)s - %(age)s AND stock.updated_at < %(until)s - %(age)s
         WHERE site.feed_max_age_hours > 0
        """,
        since=since,
        until=until,
        age=age,
    )


def _expired(since: SQL, until: SQL) -> SQL:
    return SQL(
        "SELECT product_id FROM oms_claim "
        "WHERE state = 'active' AND expires_at > %s AND expires_at <= %s",
        since,
        until,
    )


def changed_by_time(since: SQL, until: SQL) -> SQL:
    """Return the select of the products that nothing but the time changed something of.

    :param since: moment of the last time that it was asked, UTC
    :param until: now, UTC
    """
    return SQL("%s UNION ALL %s", _expired(since, until), _went_stale(since, until))


def is_due(basis: SQL) -> SQL:
    """Return the select of whether there is anything to publish.

    :param basis: select of the digest of the basis, see :mod:`.basis_sql`
    """
    return SQL(
        """
        SELECT %(any_news)s
            OR EXISTS (SELECT FROM oms_feed_event WHERE number IS NULL AND error IS NULL)
            OR EXISTS (%(by_time)s)
            OR basis IS DISTINCT FROM (%(basis)s)
          FROM oms_feed_state
        """,
        any_news=news_sql.any_news(),
        by_time=changed_by_time(SQL("moment"), NOW),
        basis=basis,
    )


def number_products(products: SQL, last: int) -> SQL:
    """Return the statement that gives each product the next number.

    :param products: array of ids, each once
    :param last: the last number that was given
    """
    return SQL(
        """
        INSERT INTO oms_feed_stock (product_id, number, numbered_at)
        SELECT product_id, %(last)s + ROW_NUMBER() OVER (ORDER BY product_id), %(now)s
          FROM unnest(%(products)s) AS changed (product_id)
      ORDER BY product_id
            ON CONFLICT (product_id) DO UPDATE
           SET number = EXCLUDED.number, numbered_at = EXCLUDED.numbered_at
        """,
        last=last,
        products=products,
        now=NOW,
    )


def number_events(last: int, most: int) -> SQL:
    """Return the statement that gives events the next numbers, in the order of their making.

    Those that are parked are left out.
    """
    return SQL(
        """
        UPDATE oms_feed_event event SET number = %s + fresh.place
          FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place
                  FROM oms_feed_event
                 WHERE number IS NULL AND error IS NULL ORDER BY id LIMIT %s) AS fresh
         WHERE event.id = fresh.id
     RETURNING event.id
        """,
        last,
        most,
    )


def raise_floors(condition: SQL, number: int) -> SQL:
    """Return the statement by which channels need a snapshot.

    :param condition: on ``id`` and ``company_id`` of channels
    :param number: from which on their changes are complete
    """
    return SQL(
        """
        INSERT INTO oms_feed_floor (channel_id, number)
        SELECT id, %s FROM oms_channel WHERE %s ORDER BY id
            ON CONFLICT (channel_id) DO UPDATE SET number = EXCLUDED.number
        """,
        number,
        condition,
    )


def changes(cursor: int, most: int) -> SQL:
    """Return the select of ids and numbers of products after a number, by number."""
    return SQL(
        "SELECT product_id, number FROM oms_feed_stock WHERE number > %s ORDER BY number LIMIT %s",
        cursor,
        most,
    )


def forget_stock(before: SQL) -> SQL:
    """Return the statement that forgets numbers given before a moment."""
    return SQL(
        """
        WITH old AS (
            DELETE FROM oms_feed_stock WHERE numbered_at < %s RETURNING number
        )
        UPDATE oms_feed_state
           SET kept_stock = GREATEST(kept_stock, (SELECT MAX(number) FROM old))
         WHERE EXISTS (SELECT FROM old)
        """,
        before,
    )


def forget_events(before: SQL) -> SQL:
    """Return the statement that forgets events that were numbered and happened before a moment.

    In the order of their numbers: what comes after the last one that is forgotten is all kept.
    What is parked is forgotten as soon as it is as old.
    """
    return SQL(
        """
        WITH parked AS (
            DELETE FROM oms_feed_event
             WHERE number IS NULL AND error IS NOT NULL AND at < %(before)s
        ), old AS (
            DELETE FROM oms_feed_event WHERE number <= (
                SELECT MIN(number) - 1 FROM (
                    SELECT MIN(number) AS number FROM oms_feed_event
                     WHERE number IS NOT NULL AND at >= %(before)s
                     UNION ALL
                    SELECT MAX(number) + 1 FROM oms_feed_event WHERE at < %(before)s
                ) AS bound
            ) RETURNING number
        )
        UPDATE oms_feed_state
           SET kept_events = GREATEST(kept_events, (SELECT MAX(number) FROM old))
         WHERE EXISTS (SELECT FROM old)
        """,
        before=before,
    )
