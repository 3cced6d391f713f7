"""The SQL that keeps what sites have taken on, day by day.

Whatever changes fulfillments, in the ORM or in raw SQL, changes the days of their sites in the same
transaction, by statement-level triggers with transition tables, in order of site and day. Whoever
takes a slot takes its row first, by :func:`take`, which refuses what exceeds the capacity.
"""

from odoo.tools import SQL

#: A fulfillment in one of these states has given its slot back.
GIVEN_BACK = SQL("('rejected', 'cancelled')")


def tables() -> SQL:
    """Return the statement that makes the table of guards: see ``oms.site._take_guards``."""
    return SQL(
        """
        CREATE TABLE IF NOT EXISTS oms_site_guard (
            site_id integer PRIMARY KEY REFERENCES oms_site ON DELETE CASCADE,
            version integer NOT NULL DEFAULT 0
        )
        """
    )


def _held(table: SQL, sign: SQL) -> SQL:
    """Return what rows of fulfillments hold, with a sign."""
    return SQL(
        "SELECT site_id, slot_day AS day, %(sign)s AS orders, "
        "%(sign)s * COALESCE(unit_count, 0) AS units FROM %(table)s "
        "WHERE slot_day IS NOT NULL AND COALESCE(state, 'planned') NOT IN %(given_back)s",
        sign=sign,
        table=table,
        given_back=GIVEN_BACK,
    )


def _add(parts: SQL) -> SQL:
    """Return the statement that adds what parts sum up to, in order of the key."""
    return SQL(
        """
        INSERT INTO oms_site_slot AS held (site_id, day, orders, units)
        SELECT site_id, day, SUM(orders), SUM(units) FROM (%s) AS part
      GROUP BY site_id, day HAVING SUM(orders) <> 0 OR SUM(units) <> 0
      ORDER BY site_id, day
        ON CONFLICT (site_id, day) DO UPDATE
           SET orders = held.orders + EXCLUDED.orders, units = held.units + EXCLUDED.units
        """,
        parts,
    )


def triggers() -> SQL:
    """Return the statements that make the triggers of fulfillments."""
    new, old = SQL("NEW TABLE AS after_rows"), SQL("OLD TABLE AS before_rows")
    after = _held(SQL("after_rows"), SQL("1"))
    before = _held(SQL("before_rows"), SQL("-1"))
    kinds = {
        "insert": (new, after, SQL("after_rows")),
        "update": (
            SQL("%s %s", old, new),
            SQL("%s UNION ALL %s", before, after),
            SQL("(TABLE before_rows UNION ALL TABLE after_rows) AS both_rows"),
        ),
        "delete": (old, before, SQL("before_rows")),
    }
    return SQL("\n").join(
        SQL(
            """
            CREATE OR REPLACE FUNCTION %(name)s() RETURNS trigger LANGUAGE plpgsql AS $body$
            BEGIN
                -- Most sites have no capacity, and their fulfillments no day.
                IF EXISTS (SELECT FROM %(rows)s WHERE slot_day IS NOT NULL) THEN
                    %(add)s;
                END IF;
                RETURN NULL;
            END $body$;
            CREATE OR REPLACE TRIGGER %(name)s AFTER %(event)s ON oms_fulfillment
                REFERENCING %(transition)s FOR EACH STATEMENT EXECUTE FUNCTION %(name)s();
            """,
            name=SQL.identifier(f"oms_site_slot_{event}"),
            rows=rows,
            add=_add(parts),
            event=SQL(event.upper()),
            transition=transition,
        )
        for event, (transition, parts, rows) in kinds.items()
    )


def removal() -> SQL:
    """Return the statements that take triggers, functions and guards away."""
    statements = [SQL("DROP TABLE IF EXISTS oms_site_guard")]
    for event in ("insert", "update", "delete"):
        name = SQL.identifier(f"oms_site_slot_{event}")
        statements.append(SQL("DROP FUNCTION IF EXISTS %s CASCADE", name))
    return SQL("; ").join(statements)


def take(asked) -> SQL:
    """Return the statement that takes the rows of some days that have room, in order of the key.

    The rows of days without room are left out of what it returns. The triggers add what is taken
    once the fulfillments are written.

    :param asked: (site id, day, orders, units, most orders, most units), None for no limit
    """
    return SQL(
        """
        WITH asked AS (
            SELECT * FROM unnest(%s, %s::date[], %s::numeric[], %s::numeric[], %s::numeric[],
                                 %s::numeric[])
                AS line (site_id, day, orders, units, most_orders, most_units)
        )
        INSERT INTO oms_site_slot AS held (site_id, day, orders, units)
        SELECT site_id, day, 0, 0 FROM asked ORDER BY site_id, day
        ON CONFLICT (site_id, day) DO UPDATE SET orders = held.orders
         WHERE EXISTS (
                SELECT FROM asked
                 WHERE (asked.site_id, asked.day) = (held.site_id, held.day)
                   AND (asked.orders = 0 OR asked.most_orders IS NULL
                        OR held.orders + asked.orders <= asked.most_orders)
                   AND (asked.most_units IS NULL
                        OR held.units + asked.units <= asked.most_units + 0.000001))
        RETURNING held.site_id, held.day
        """,
        *(list(column) for column in zip(*asked, strict=True)),
    )


def differences() -> SQL:
    """Return by how much days differ from what the fulfillments hold."""
    return SQL(
        """
        SELECT site_id, day, SUM(orders) AS orders, SUM(units) AS units FROM (
            %s UNION ALL SELECT site_id, day, -orders, -units FROM oms_site_slot
        ) AS part GROUP BY site_id, day HAVING SUM(orders) <> 0 OR ABS(SUM(units)) > 0.000001
        """,
        _held(SQL("oms_fulfillment"), SQL("1")),
    )


def correct() -> SQL:
    """Return the statement that makes all days say what the fulfillments hold."""
    return SQL("%s RETURNING held.site_id", _add(differences()))
