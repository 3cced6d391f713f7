"""The SQL of the gate through which everything passes that is promised to somebody.

What counts is written in :mod:`.position_sql`; here stands how it is taken, in one call.
"""

from odoo.tools import SQL

from . import position_sql


def gate() -> SQL:
    """Return the statement that makes the gate for holds: claim all that is asked for, or nothing.

    ``oms_position_hold(products, sites, quantities, origin, reference, channel, expires_at, uid)``
    touches the rows in order of product and site, claims, and looks whether it was there, in one
    call. It must run in a transaction that reads committed data: what it sees after waiting for a
    row is then the truth. Returns the ids of the claims in the order of what was asked.

    :raises in the database: ``OM001`` with the key and what is left as its detail (JSON) when too
        little is available; ``OM002`` when a product or a site is unknown or archived
    """
    return SQL(
        """
        CREATE OR REPLACE FUNCTION oms_position_hold(
            products integer[], sites integer[], quantities numeric[], origin varchar,
            reference varchar, channel integer, expires_at timestamp, uid integer
        ) RETURNS integer[] LANGUAGE plpgsql AS $body$
        DECLARE
            present timestamp := timezone('UTC', clock_timestamp());
            claims integer[];
            short record;
        BEGIN
            IF EXISTS (
                SELECT FROM unnest(products, sites) AS asked (product_id, site_id)
             LEFT JOIN product_product product ON product.id = asked.product_id
             LEFT JOIN oms_site site ON site.id = asked.site_id
                 WHERE product.active IS NOT TRUE OR site.active IS NOT TRUE
            ) THEN
                RAISE EXCEPTION 'unknown or archived product or site' USING ERRCODE = 'OM002';
            END IF;
            INSERT INTO oms_position_row AS held (product_id, site_id)
            SELECT DISTINCT * FROM unnest(products, sites) AS key (product_id, site_id)
             ORDER BY 1, 2
            ON CONFLICT (product_id, site_id) DO UPDATE SET version = held.version + 1;
            WITH made AS (
                INSERT INTO oms_claim (
                    product_id, site_id, company_id, quantity, origin, reference, channel_id,
                    expires_at, state, create_uid, write_uid, create_date, write_date
                )
                SELECT asked.product_id, asked.site_id, site.company_id, asked.quantity,
                       oms_position_hold.origin, oms_position_hold.reference, channel,
                       oms_position_hold.expires_at, 'active', uid, uid, present, present
                  FROM unnest(products, sites, quantities) WITH ORDINALITY
                       AS asked (product_id, site_id, quantity, place)
                  JOIN oms_site site ON site.id = asked.site_id
              ORDER BY asked.place
             RETURNING id
            )
            SELECT array_agg(id ORDER BY id) FROM made INTO claims;
            SELECT kept.product_id, kept.site_id,
                   on_hand - demand - claimed + (
                       SELECT SUM(quantity) FROM unnest(products, sites, quantities)
                           AS asked (product_id, site_id, quantity)
                        WHERE (asked.product_id, asked.site_id) = (kept.product_id, kept.site_id)
                   ) AS available
              FROM (%s) AS kept
              JOIN product_product product ON product.id = kept.product_id
              JOIN product_template template
                ON template.id = product.product_tmpl_id AND template.is_storable
             WHERE on_hand - demand - claimed < -1e-6 LIMIT 1 INTO short;
            IF FOUND THEN
                RAISE EXCEPTION 'too little is available' USING ERRCODE = 'OM001',
                    DETAIL = row_to_json(short)::text;
            END IF;
            RETURN claims;
        END $body$
        """,
        position_sql.kept(
            SQL("(product_id, site_id) IN (SELECT * FROM unnest(products, sites))"),
            SQL(
                "SELECT product_id, site_id, 0, 0, 0, 0, -quantity FROM oms_claim ended "
                "WHERE state = 'active' AND ended.expires_at <= present "
                "AND (product_id, site_id) IN (SELECT * FROM unnest(products, sites))"
            ),
        ),
    )


def removal() -> SQL:
    """Return the statement that takes the gate away."""
    return SQL("DROP FUNCTION IF EXISTS oms_position_hold;")
