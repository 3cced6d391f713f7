"""The SQL of the gate through which everything passes that is promised to somebody.

What counts is written in :mod:`.position_sql`; here stands how it is taken. Whoever takes touches
the guards first, the rows of ``oms_position_row``, in order of product and site, and looks then:
nobody who took before can be overlooked. A hold counts what it takes in the rows as it touches
them, and takes it back, with all else, if it then sees that it was too much. A guard at site 0
stands for a product at all sites; it is taken besides where a rule looks at more than one site.

The functions must run in a transaction that reads committed data: what they see after waiting for
a guard is then the truth. They raise

* ``OM001``: too little is available,
* ``OM002``: a product, a site or a channel is unknown, archived or of another company,
* ``OM003``: a hold has ended,

with the particulars as JSON in the detail of the error.
"""

from odoo.tools import SQL

from . import allocation_sql, ledger_sql, news_sql, position_sql, safety_sql

#: How long a hold waits for others. Longer waits only somebody who stands in the own way.
LOCK_TIMEOUT = SQL("'5s'")

#: A guard counts who touched it up to here and begins anew.
TOUCHES = SQL("32767")

#: After so many touches of a guard its part of the ledger is folded by the one who has it.
FOLD_EVERY = SQL("32")

_ASKED = SQL("unnest(asked_products, asked_sites, asked_quantities)")
_ASKED_SUMS = SQL(
    "SELECT product_id, site_id, SUM(quantity)::float8 AS asked "
    "FROM %s AS line (product_id, site_id, quantity) GROUP BY product_id, site_id",
    _ASKED,
)
_NOW = SQL("timezone('UTC', clock_timestamp())")
# As they were before what is asked for was counted. By pairs: each is looked up by its whole key,
# however much of its product was ever claimed.
_POSITIONS = SQL(
    "SELECT %s, asked, available + asked AS available FROM (%s) AS position "
    "JOIN (%s) AS asked USING (product_id, site_id)",
    position_sql.read_columns(),
    position_sql.read(
        SQL("(product_id, site_id) IN (SELECT * FROM unnest(asked_products, asked_sites))"),
        SQL("present"),
    ),
    _ASKED_SUMS,
)
# Of a row as it is after what is asked for was counted in it.
_FOLD_DUE = SQL("mod(held.version, %s) = 0", FOLD_EVERY)
_LEFT = SQL("held.on_hand - held.demand - held.claimed AS left_over")
_TAKEN_AWAY = SQL(
    "SELECT COALESCE(SUM(LEAST(on_hand - demand - claimed, 0)), 0) FROM oms_position_delta "
    "WHERE (product_id, site_id) IN (SELECT * FROM unnest(asked_products, asked_sites))"
)
_UNTIL = SQL("date_trunc('second', present + asked_minutes * interval '1 minute')")
_ALIVE = SQL("held.state = 'active' AND held.expires_at > present")


def touch(keys: SQL) -> SQL:
    """Return the statement that takes the guards of some positions.

    :param keys: a select of (product id, site id), repetitions allowed
    """
    return ledger_sql.upsert(
        SQL("SELECT DISTINCT product_id, site_id FROM (%s) AS key (product_id, site_id)", keys),
        None,
        SQL("version = (held.version + 1) & %s", TOUCHES),
    )


def functions() -> SQL:
    """Return the statements that make the functions of the gate anew, whatever they asked for."""
    return SQL("%s; %s; %s; %s", removal(), _hold(), _extend(), _expire())


def removal() -> SQL:
    """Return the statements that take the gate away."""
    names = ("oms_hold", "oms_hold_extend", "oms_hold_expire")
    return SQL("; ").join(SQL("DROP FUNCTION IF EXISTS %s", SQL.identifier(n)) for n in names)


def _hold() -> SQL:
    """Claim all that is asked for, or nothing, in one call.

    Returns the ids of the claims in the order of what was asked. Holds in ``instead_of`` end in
    the same step: what they held is there to be taken. ``guard_products`` and ``guard_sites`` are
    further guards to take. Where there may be some and they are NULL, nobody has looked for them
    yet: nothing is done then and NULL returned. Most goods have none, and take one call.
    """
    return SQL(
        """
        CREATE OR REPLACE FUNCTION oms_hold(
            asked_products integer[], asked_sites integer[], asked_quantities numeric[],
            asked_origin varchar, asked_reference varchar, asked_channel integer,
            asked_minutes float8, asked_until timestamp, asked_by integer, instead_of integer[],
            guard_products integer[], guard_sites integer[]
        ) RETURNS integer[] LANGUAGE plpgsql
        -- The arrays are short: what a plan for just these would gain is less than its making, and
        -- their few rows are best looked up one by one. Plain scans of an index also mark the
        -- entries of the ledger that are folded, bitmap scans do not.
        SET plan_cache_mode = force_generic_plan
        SET enable_seqscan = off SET enable_bitmapscan = off
        SET lock_timeout = %(timeout)s AS $body$
        DECLARE
            present timestamp;
            fold boolean;
            spare float8;
            changed integer;
            fault record;
            claims integer[];
        BEGIN
            IF guard_products IS NULL AND (%(maybe_governed)s) THEN
                RETURN NULL;
            END IF;
            %(find_fault)s INTO fault;
            IF FOUND THEN
                RAISE EXCEPTION 'unknown or archived' USING ERRCODE = 'OM002',
                    DETAIL = row_to_json(fault)::text;
            END IF;
            -- Most carts take one thing. What its row has left comes with the guard.
            IF cardinality(asked_products) = 1 AND COALESCE(cardinality(guard_products), 0) = 0 THEN
                %(take_one)s INTO fold, spare;
            END IF;
            IF spare IS NULL THEN
                WITH touched AS (%(take)s RETURNING held.site_id, %(fold_due)s AS due, %(left)s)
                SELECT bool_or(due), MIN(left_over) FILTER (WHERE site_id > 0)
                  FROM touched INTO fold, spare;
            END IF;
            present := %(now)s;
            IF instead_of IS NOT NULL THEN
                %(end_others)s;
            END IF;
            -- The whole truth is read only where the rows, less all that the ledger takes away, do
            -- not suffice: what it brings, and the time, can but add to that.
            IF %(any_rule)s OR spare + (%(taken_away)s) < -1e-6 THEN
                IF %(any_rule)s THEN
                    %(find_protected)s INTO fault;
                ELSE
                    %(find_shortage)s INTO fault;
                END IF;
                IF FOUND THEN
                    RAISE EXCEPTION 'too little is available' USING ERRCODE = 'OM001',
                        DETAIL = row_to_json(fault)::text;
                END IF;
            END IF;
            %(claim)s;
            IF fold THEN
                %(fold)s;
            END IF;
            RETURN claims;
        END $body$
        """,
        timeout=LOCK_TIMEOUT,
        maybe_governed=allocation_sql.maybe_governed(SQL("asked_products")),
        find_fault=_find_fault(),
        take_one=_take_one(),
        take=_take(),
        fold_due=_FOLD_DUE,
        left=_LEFT,
        taken_away=_TAKEN_AWAY,
        now=_NOW,
        end_others=_end_others(),
        fold=_fold(),
        any_rule=safety_sql.ANY_RULE,
        find_protected=_find_shortage(
            safety_sql.apply(
                _POSITIONS,
                SQL("%s, asked", position_sql.read_columns()),
                SQL("present::date"),
                SQL("asked_products"),
                SQL("asked_sites"),
            )
        ),
        find_shortage=_find_shortage(_POSITIONS),
        claim=ledger_sql.counted(SQL("%s INTO claims", _claim())),
    )


def _take() -> SQL:
    """Touch the guards, and count what is asked for in those of its positions."""
    return ledger_sql.upsert(
        SQL(
            "SELECT * FROM (%s) AS asked (product_id, site_id, claimed) "
            "UNION ALL SELECT product_id, site_id, 0 "
            "FROM unnest(guard_products, guard_sites) AS guard (product_id, site_id)",
            _ASKED_SUMS,
        ),
        SQL("claimed"),
        SQL(
            "claimed = held.claimed + EXCLUDED.claimed, version = (held.version + 1) & %s", TOUCHES
        ),
    )


def _take_one() -> SQL:
    """Do what :func:`_take` does for a single position whose row there is."""
    return SQL(
        """
        UPDATE oms_position_row held
           SET claimed = held.claimed + asked_quantities[1],
               version = (held.version + 1) & %s
         WHERE (held.product_id, held.site_id) = (asked_products[1], asked_sites[1])
        RETURNING %s, %s
        """,
        TOUCHES,
        _FOLD_DUE,
        _LEFT,
    )


def _find_fault() -> SQL:
    return SQL(
        """
        SELECT CASE WHEN product.active IS NOT TRUE THEN 'product'
                    WHEN site.active IS NOT TRUE THEN 'site' ELSE 'channel' END AS fault,
               asked.product_id, asked.site_id
          FROM %s AS asked (product_id, site_id, quantity)
     LEFT JOIN product_product product ON product.id = asked.product_id
     LEFT JOIN oms_site site ON site.id = asked.site_id
         WHERE product.active IS NOT TRUE OR site.active IS NOT TRUE
            OR asked_channel IS NOT NULL AND NOT EXISTS (
                   SELECT FROM oms_channel channel
                    WHERE channel.id = asked_channel AND channel.active
                      AND channel.company_id = site.company_id)
         LIMIT 1
        """,
        _ASKED,
    )


def _end_others() -> SQL:
    return SQL(
        """
        UPDATE oms_claim held
           SET state = 'released', write_uid = asked_by, write_date = present
         WHERE held.id = ANY(instead_of) AND %s;
        GET DIAGNOSTICS changed = ROW_COUNT;
        IF changed < cardinality(instead_of) THEN
            RAISE EXCEPTION 'a hold has ended' USING ERRCODE = 'OM003';
        END IF
        """,
        _ALIVE,
    )


def _find_shortage(positions: SQL) -> SQL:
    return SQL(
        """
        SELECT product_id, site_id, available, asked
          FROM (%s) AS position
         WHERE available < asked - 1e-6
           AND EXISTS (
                   SELECT FROM product_product product
                     JOIN product_template template ON template.id = product.product_tmpl_id
                    WHERE product.id = position.product_id AND template.is_storable)
         LIMIT 1
        """,
        positions,
    )


def _claim() -> SQL:
    return SQL(
        """
        WITH made AS (
            INSERT INTO oms_claim (
                product_id, site_id, company_id, quantity, origin, reference, channel_id,
                expires_at, state, create_uid, write_uid, create_date, write_date
            )
            SELECT asked.product_id, asked.site_id, site.company_id, asked.quantity,
                   asked_origin, asked_reference, asked_channel,
                   COALESCE(asked_until, %s),
                   'active', asked_by, asked_by, present, present
              FROM unnest(asked_products, asked_sites, asked_quantities) WITH ORDINALITY
                   AS asked (product_id, site_id, quantity, place)
              JOIN oms_site site ON site.id = asked.site_id
          ORDER BY asked.place
         RETURNING id
        ), news AS (%s)
        SELECT array_agg(id ORDER BY id) FROM made
        """,
        _UNTIL,
        # Counted in the rows already, so there is no entry by which it would be known.
        news_sql.add(SQL("SELECT unnest(asked_products) AS product_id")),
    )


def _fold() -> SQL:
    """Return the statement that folds the ledger of what is asked for into its rows.

    Who has the guards may do it in passing: so the ledger of goods that everybody wants stays
    short, however long the compactor takes to come by.
    """
    added = SQL(", ").join(
        SQL("%(n)s = held.%(n)s + folded.%(n)s", n=SQL.identifier(name))
        for name in position_sql.MEASURES
    )
    return SQL(
        """
        WITH taken AS (
            DELETE FROM oms_position_delta WHERE id IN (
                SELECT id FROM oms_position_delta
                 WHERE (product_id, site_id) IN (SELECT * FROM unnest(asked_products, asked_sites))
                   FOR UPDATE SKIP LOCKED
            ) RETURNING id, product_id, site_id, %(columns)s
        ), %(keep_untold)s
        UPDATE oms_position_row held SET %(added)s
          FROM (SELECT product_id, site_id, %(sums)s FROM taken GROUP BY product_id, site_id)
               AS folded
         WHERE (held.product_id, held.site_id) = (folded.product_id, folded.site_id)
        """,
        columns=position_sql.columns(),
        keep_untold=news_sql.keep_untold(),
        sums=position_sql.sums(),
        added=added,
    )


def _extend() -> SQL:
    """Hold longer, counted from now, all of the holds or none; return how many."""
    return SQL(
        """
        CREATE OR REPLACE FUNCTION oms_hold_extend(
            asked integer[], asked_minutes float8, asked_by integer
        ) RETURNS integer LANGUAGE plpgsql SET lock_timeout = %(timeout)s AS $body$
        DECLARE
            present timestamp;
            changed integer;
        BEGIN
            -- Who looks for what has expired has the guard: until now, or only after this.
            %(touch)s;
            present := %(now)s;
            %(tell)s;
            UPDATE oms_claim held
               SET expires_at = %(until)s, write_uid = asked_by, write_date = present
             WHERE held.id = ANY(asked) AND %(alive)s;
            GET DIAGNOSTICS changed = ROW_COUNT;
            IF changed < cardinality(asked) THEN
                RAISE EXCEPTION 'a hold has ended' USING ERRCODE = 'OM003';
            END IF;
            RETURN changed;
        END $body$
        """,
        timeout=LOCK_TIMEOUT,
        touch=touch(SQL("SELECT product_id, site_id FROM oms_claim WHERE id = ANY(asked)")),
        # Somebody may have been told meanwhile that it ended.
        tell=news_sql.add(SQL("SELECT product_id FROM oms_claim WHERE id = ANY(asked)")),
        now=_NOW,
        until=_UNTIL,
        alive=_ALIVE,
    )


def _expire() -> SQL:
    """End up to so many claims whose time is over, but for those that others have in hand.

    Returns how many it ended.
    """
    return SQL(
        """
        CREATE OR REPLACE FUNCTION oms_hold_expire(most integer) RETURNS integer
        LANGUAGE plpgsql AS $body$
        DECLARE
            present timestamp := %s;
            changed integer;
        BEGIN
            UPDATE oms_claim SET state = 'expired', write_date = present
             WHERE id IN (
                SELECT id FROM oms_claim WHERE state = 'active' AND expires_at <= present
              ORDER BY expires_at LIMIT most FOR UPDATE SKIP LOCKED
             );
            GET DIAGNOSTICS changed = ROW_COUNT;
            RETURN changed;
        END $body$
        """,
        _NOW,
    )
