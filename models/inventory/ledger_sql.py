"""The SQL that keeps stock positions: the tables, the triggers and the compactor.

Whatever changes quants, moves or claims, in the ORM or in raw SQL, appends the difference to the
ledger ``oms_position_delta`` in the same transaction, by statement-level triggers with transition
tables: appending never waits for another transaction. ``oms_position_compact()`` folds the ledger
into ``oms_position_row``, one row per product and site. A position is its row and what the ledger
holds of it. What counts is written in :mod:`.position_sql`.
"""

from collections.abc import Iterable

from odoo.tools import SQL

from . import news_sql
from .position_sql import FACTS, MEASURES, columns, differences, facts, sums, totals, truth


def tables() -> SQL:
    """Return the statements that make the two tables.

    Plain keys and fixed-width numbers: updates of a row then stay on its page, which keeps hot
    rows fast. The ledger is swept soon and at full speed, for all that was ever in it goes again
    and lies in the way of the compactor until then.
    """
    measures = SQL(", ").join(
        SQL("%s float8 NOT NULL DEFAULT 0", SQL.identifier(name)) for name in MEASURES
    )
    return SQL(
        """
        CREATE TABLE IF NOT EXISTS oms_position_row (
            product_id integer NOT NULL,
            site_id integer NOT NULL,
            %(measures)s,
            version integer NOT NULL DEFAULT 0,
            id serial NOT NULL,
            PRIMARY KEY (product_id, site_id)
        );
        CREATE UNIQUE INDEX IF NOT EXISTS oms_position_row_id_idx ON oms_position_row (id);
        CREATE INDEX IF NOT EXISTS oms_position_row_site_idx ON oms_position_row (site_id);
        CREATE TABLE IF NOT EXISTS oms_position_delta (
            id bigserial PRIMARY KEY,
            product_id integer NOT NULL,
            site_id integer NOT NULL,
            %(measures)s
        );
        CREATE INDEX IF NOT EXISTS oms_position_delta_key_idx
            ON oms_position_delta (product_id, site_id);
        ALTER TABLE oms_position_row
            SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
        ALTER TABLE oms_position_delta SET (
            autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
            autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000,
            autovacuum_vacuum_cost_delay = 0
        );
        %(news)s
        """,
        measures=measures,
        news=news_sql.tables(),
    )


def fill() -> SQL:
    """Return the statement that makes all rows of tables that are empty.

    In the order of their key: the rows of a product then lie side by side, which makes reading
    them fast.
    """
    return SQL(
        "INSERT INTO oms_position_row (product_id, site_id, %s) "
        "SELECT * FROM (%s) AS truth ORDER BY product_id, site_id; ANALYZE oms_position_row",
        columns(),
        truth(),
    )


def upsert(keys: SQL, values: SQL | None, change: SQL) -> SQL:
    """Return the statement that makes or changes rows, locking them in order of their key.

    Rows that exist keep their id, and none is drawn for them: an insert that ends as an update
    would use one up each time, and there are two billion only.

    :param keys: a select of ``product_id`` and ``site_id``, each pair once, and the values
    :param values: names of the further columns
    :param change: what is set when the row exists; it is ``held``
    """
    return SQL(
        """
        INSERT INTO oms_position_row AS held (product_id, site_id, id %(values)s)
        SELECT product_id, site_id,
               COALESCE((SELECT id FROM oms_position_row known
                          WHERE (known.product_id, known.site_id)
                                = (fresh.product_id, fresh.site_id)),
                        nextval('oms_position_row_id_seq')) %(values)s
          FROM (%(keys)s) AS fresh
      ORDER BY product_id, site_id
        ON CONFLICT (product_id, site_id) DO UPDATE SET %(change)s
        """,
        keys=keys,
        values=SQL(", %s", values) if values else SQL(),
        change=change,
    )


#: A setting of the transaction, on while claims are inserted that are in the rows already.
_COUNTED = SQL("oms.counted")
_UNCOUNTED = SQL("WHEN (current_setting('%s', TRUE) IS DISTINCT FROM 'on')", _COUNTED)


def append(select: SQL, measures: Iterable[str] = MEASURES) -> SQL:
    """Return the statement that appends sums to the ledger."""
    return SQL(
        "INSERT INTO oms_position_delta (product_id, site_id, %s) %s",
        SQL(", ").join(map(SQL.identifier, measures)),
        select,
    )


def counted(statement: SQL) -> SQL:
    """Return PL/pgSQL that inserts claims which are counted in the rows already.

    The trigger leaves them alone. Who has the guard in hand and changes the row anyway counts in
    it for nothing, where the trigger, its entry and folding that cost a third of a hold.
    """
    return SQL(
        "PERFORM set_config('%(flag)s', 'on', TRUE); %(statement)s; "
        "PERFORM set_config('%(flag)s', '', TRUE)",
        flag=_COUNTED,
        statement=statement,
    )


def triggers(table: str) -> SQL:
    """Return the statements that make a table's triggers, for insert, update and delete."""
    kinds = {
        "insert": (
            {"after_rows": 1},
            SQL("NEW TABLE AS after_rows"),
            _UNCOUNTED if table == "oms_claim" else SQL(),
        ),
        "update": (
            {"after_rows": 1, "before_rows": -1},
            SQL("OLD TABLE AS before_rows NEW TABLE AS after_rows"),
            SQL(),
        ),
        "delete": ({"before_rows": -1}, SQL("OLD TABLE AS before_rows"), SQL()),
    }
    measures = FACTS[table].measures
    return SQL("\n").join(
        SQL(
            """
            CREATE OR REPLACE FUNCTION %(name)s() RETURNS trigger LANGUAGE plpgsql AS
            $body$ BEGIN %(append)s; RETURN NULL; END $body$;
            CREATE OR REPLACE TRIGGER %(name)s AFTER %(event)s ON %(table)s
                REFERENCING %(transition)s FOR EACH STATEMENT %(when)s
                EXECUTE FUNCTION %(name)s();
            """,
            name=SQL.identifier(f"oms_position_{table}_{event}"),
            append=append(totals(facts(table, **rows), measures), measures),
            event=SQL(event.upper()),
            table=SQL.identifier(table),
            transition=transition,
            when=when,
        )
        for event, (rows, transition, when) in kinds.items()
    )


def location_trigger() -> SQL:
    """Return the statements that follow a location that starts or stops to count for a site."""
    touched = SQL(
        "product_id IN (SELECT quant.product_id FROM stock_quant quant "
        "JOIN changed ON changed.id = quant.location_id UNION "
        "SELECT move.product_id FROM stock_move move JOIN changed ON changed.id IN "
        "(move.location_id, COALESCE(move.location_final_id, move.location_dest_id)) "
        "WHERE move.state IN ('waiting', 'confirmed', 'partially_available', 'assigned')) "
        "AND site_id IN (SELECT unnest(ARRAY[was, site]) FROM changed)"
    )
    return SQL(
        """
        CREATE OR REPLACE FUNCTION oms_position_stock_location() RETURNS trigger
        LANGUAGE plpgsql AS $body$ BEGIN
            IF EXISTS (
                SELECT FROM after_rows JOIN before_rows USING (id)
                 WHERE after_rows.oms_position_site_id
                       IS DISTINCT FROM before_rows.oms_position_site_id
            ) THEN
                WITH changed AS (
                    SELECT id, before_rows.oms_position_site_id AS was,
                           after_rows.oms_position_site_id AS site
                      FROM after_rows JOIN before_rows USING (id)
                     WHERE after_rows.oms_position_site_id
                           IS DISTINCT FROM before_rows.oms_position_site_id
                )
                %s;
            END IF;
            RETURN NULL;
        END $body$;
        CREATE OR REPLACE TRIGGER oms_position_stock_location AFTER UPDATE ON stock_location
            REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
            FOR EACH STATEMENT EXECUTE FUNCTION oms_position_stock_location();
        """,
        append(differences(touched)),
    )


def compact() -> SQL:
    """Return the statement that makes the compactor.

    ``oms_position_compact(n)`` folds up to n ledger entries, oldest first, into their rows, and
    returns how many it folded. Entries that another compactor has in hand are passed over; rows
    are locked in order of product and site, as everybody locks them. What channels were not told
    of yet is left as news.
    """
    added = SQL(", ").join(
        SQL("%(n)s = held.%(n)s + EXCLUDED.%(n)s", n=SQL.identifier(name)) for name in MEASURES
    )
    return SQL(
        """
        CREATE OR REPLACE FUNCTION oms_position_compact(most integer) RETURNS integer
        LANGUAGE plpgsql AS $body$
        DECLARE folded integer;
        BEGIN
            WITH taken AS (
                DELETE FROM oms_position_delta WHERE id IN (
                    SELECT id FROM oms_position_delta ORDER BY id LIMIT most
                    FOR UPDATE SKIP LOCKED
                ) RETURNING id, product_id, site_id, %(columns)s
            ), %(keep_untold)s, merged AS (
                %(merge)s
            )
            SELECT COUNT(*) FROM taken INTO folded;
            RETURN folded;
        END $body$
        """,
        columns=columns(),
        keep_untold=news_sql.keep_untold(),
        merge=upsert(
            SQL("SELECT product_id, site_id, %s FROM taken GROUP BY product_id, site_id", sums()),
            columns(),
            added,
        ),
    )


def removal() -> SQL:
    """Return the statements that take all of it away, data included."""
    functions = [
        f"oms_position_{table}_{event}"
        for table in FACTS
        for event in ("insert", "update", "delete")
    ]
    return SQL("\n").join(
        [
            SQL("DROP VIEW IF EXISTS oms_position;"),
            *(
                SQL("DROP FUNCTION IF EXISTS %s() CASCADE;", SQL.identifier(name))
                for name in [*functions, "oms_position_stock_location"]
            ),
            SQL("DROP FUNCTION IF EXISTS oms_position_compact(integer);"),
            SQL("DROP TABLE IF EXISTS oms_position_row, oms_position_delta;"),
            news_sql.removal(),
        ]
    )
