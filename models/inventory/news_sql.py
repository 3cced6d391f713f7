"""The SQL of news: which products something changed of that was not told to channels yet.

A change of a position is known by its entry in the ledger, so nothing else is written when stock
changes. ``oms_position_told`` holds the entries whose products were told. Whoever folds an entry
that was not leaves its product in ``oms_position_news``, in the same transaction; so does whoever
changes what can be promised without an entry. Each change is thus seen at least once, by whoever
tells, in what is committed when he looks: as an entry, or as news.

``oms_position_told_until`` says up to which entry all were told, so that nobody looks at these one
by one again until they are folded. Entries are not committed in the order of their numbers; that
nobody has one in hand is known in a moment in which the ledger can be locked against writing.
"""

from odoo.tools import SQL

from .position_sql import NOISE

#: That an entry of the ledger changes what can be promised, not only how it is made up.
_MATTERS = SQL("ABS(on_hand - demand - claimed) > %s", NOISE)

#: Up to which entry all were told.
_UNTIL = SQL("(SELECT entry FROM oms_position_told_until)")


def tables() -> SQL:
    """Return the statements that make the tables."""
    return SQL(
        """
        CREATE TABLE IF NOT EXISTS oms_position_told (entry bigint PRIMARY KEY);
        CREATE TABLE IF NOT EXISTS oms_position_told_until (
            id integer PRIMARY KEY CHECK (id = 1), entry bigint NOT NULL
        );
        INSERT INTO oms_position_told_until VALUES (1, 0) ON CONFLICT DO NOTHING;
        CREATE TABLE IF NOT EXISTS oms_position_news (
            id bigserial PRIMARY KEY,
            product_id integer NOT NULL
        );
        ALTER TABLE oms_position_told SET (
            autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
            autovacuum_vacuum_cost_delay = 0
        );
        ALTER TABLE oms_position_news SET (
            autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
            autovacuum_vacuum_cost_delay = 0
        );
        """
    )


def removal() -> SQL:
    """Return the statement that takes the tables away."""
    return SQL(
        "DROP TABLE IF EXISTS oms_position_told, oms_position_told_until, oms_position_news;"
    )


def add(products: SQL) -> SQL:
    """Return the statement that leaves news.

    :param products: a select of ``product_id``
    """
    return SQL(
        "INSERT INTO oms_position_news (product_id) "
        "SELECT DISTINCT product_id FROM (%s) AS changed",
        products,
    )


def keep_untold() -> SQL:
    """Return the common table expressions by which folding leaves what was not told as news.

    They follow on one that is named ``taken``: the entries that are folded.
    """
    return SQL(
        "told AS (DELETE FROM oms_position_told WHERE entry IN (SELECT id FROM taken) "
        "RETURNING entry), news AS (%s)",
        add(
            SQL(
                "SELECT product_id FROM taken WHERE %s AND id > %s "
                "AND id NOT IN (SELECT entry FROM told)",
                _MATTERS,
                _UNTIL,
            )
        ),
    )


def _untold() -> SQL:
    # The bound on both sides: neither table is read as far as all is told.
    return SQL(
        "oms_position_delta.id > %(until)s AND NOT EXISTS (SELECT FROM oms_position_told told "
        "WHERE told.entry = oms_position_delta.id AND told.entry > %(until)s)",
        until=_UNTIL,
    )


def any_news() -> SQL:
    """Return the condition that something was not told yet."""
    return SQL(
        "(EXISTS (SELECT FROM oms_position_news) "
        "OR EXISTS (SELECT FROM oms_position_delta WHERE %s AND %s))",
        _MATTERS,
        _untold(),
    )


def count() -> SQL:
    """Return the select of how many changes were not told yet."""
    return SQL(
        "SELECT (SELECT COUNT(*) FROM oms_position_news) "
        "+ (SELECT COUNT(*) FROM oms_position_delta WHERE %s AND %s)",
        _MATTERS,
        _untold(),
    )


def take(most: int) -> SQL:
    """Return the statement that takes news to be told, oldest first.

    For one transaction at a time, which tells them before it commits.

    :param most: of each kind
    :return: statement that returns ``product_ids``, each once, and ``taken``, the larger of how
        many entries and news there were
    """
    return SQL(
        """
        WITH news AS (
            DELETE FROM oms_position_news WHERE id IN (
                SELECT id FROM oms_position_news ORDER BY id LIMIT %(most)s
            ) RETURNING product_id
        ), fresh AS (
            INSERT INTO oms_position_told (entry)
            SELECT id FROM oms_position_delta WHERE %(matters)s AND %(untold)s
          ORDER BY id LIMIT %(most)s
         RETURNING entry
        )
        SELECT ARRAY(SELECT product_id FROM news UNION
                     SELECT product_id FROM oms_position_delta JOIN fresh ON entry = id),
               GREATEST((SELECT COUNT(*) FROM news), (SELECT COUNT(*) FROM fresh))
        """,
        most=most,
        matters=_MATTERS,
        untold=_untold(),
    )


def are_many_told(most: int) -> SQL:
    """Return the select of whether more entries than that were told one by one.

    No, for a transaction that does not see what is committed meanwhile: it cannot know.
    """
    return SQL(
        "SELECT COUNT(*) > %(most)s AND current_setting('transaction_isolation') = "
        "'read committed' FROM (SELECT FROM oms_position_told WHERE entry > %(until)s "
        "LIMIT %(most)s + 1) AS part",
        most=most,
        until=_UNTIL,
    )


#: By this in a transaction of its own: nobody has an entry in hand. It never waits.
LOCK_LEDGER = SQL("LOCK TABLE oms_position_delta IN SHARE MODE NOWAIT")
#: The last entry that anybody made; while nobody has one in hand all up to it are committed.
LAST_ENTRY = SQL("SELECT last_value FROM oms_position_delta_id_seq")


def all_told(until: int) -> SQL:
    """Return the statement that notes that all entries up to one were told."""
    return SQL(
        "UPDATE oms_position_told_until SET entry = GREATEST(entry, %s)",
        until,
    )


def forget() -> SQL:
    """Return the statement that forgets which entries were told that somebody folded meanwhile."""
    return SQL(
        "DELETE FROM oms_position_told told WHERE entry <= %s OR NOT EXISTS "
        "(SELECT FROM oms_position_delta WHERE id = told.entry)",
        _UNTIL,
    )
