"""The SQL with which an audit finds out how something came to be wrong.

Two kinds of witnesses are asked. For promises beyond stock: what takes the goods, and what took
goods away since the first of these promises. For positions that are not kept true: which rows
PostgreSQL wrote since the position was last proven. Each row bears the number of the transaction
that wrote it (``xmin``), whoever wrote it and whatever its dates say; what was kept true left a
younger entry in the ledger or a younger row of positions.
"""

from odoo.tools import SQL

from .audit_sql import OPEN_STATES

#: Documents that are named of one finding and one reason.
MOST_DOCUMENTS = 5


def takers(products: list[int], sites: list[int], moment: SQL) -> SQL:
    """Return the select of open moves and claims that take goods of some positions.

    ``native`` are moves that serve no fulfillment. Goods on their way for one move alone are no
    promise of the stock.

    :param products: id of the product of each position
    :param sites: id of the site of each position
    :param moment: now, in UTC
    :return: select of (product_id, site_id, kind, quantity, first promised at, ids, newest
        first), kind one of ``claim``, ``move`` and ``native``
    """
    return SQL(
        """
        WITH key AS (SELECT * FROM unnest(%(products)s, %(sites)s) AS key (product_id, site_id))
        SELECT product_id, site_id, kind, SUM(quantity)::float8, MIN(create_date),
               (array_agg(id ORDER BY create_date DESC, id DESC))[:%(most)s]
          FROM (
                SELECT key.product_id, key.site_id, move.id, move.create_date, move.product_qty,
                       CASE WHEN move.oms_fulfillment_line_id IS NULL
                            THEN 'native' ELSE 'move' END
                  FROM key
                  JOIN stock_move move ON move.product_id = key.product_id
                  JOIN stock_location source ON source.id = move.location_id
                  JOIN stock_location target
                    ON target.id = COALESCE(move.location_final_id, move.location_dest_id)
                 WHERE move.state IN %(open)s AND move.procure_method <> 'make_to_order'
                   AND source.oms_position_site_id = key.site_id
                   AND target.oms_position_site_id IS DISTINCT FROM key.site_id
                 UNION ALL
                SELECT product_id, site_id, claim.id, claim.create_date, claim.quantity, 'claim'
                  FROM key
                  JOIN oms_claim claim USING (product_id, site_id)
                 WHERE claim.state = 'active'
                   AND (claim.expires_at IS NULL OR claim.expires_at > %(moment)s)
               ) AS taker (product_id, site_id, id, create_date, quantity, kind)
      GROUP BY product_id, site_id, kind
        """,
        products=products,
        sites=sites,
        moment=moment,
        open=OPEN_STATES,
        most=MOST_DOCUMENTS,
    )


def departures(products: list[int], sites: list[int], since: list) -> SQL:
    """Return the select of goods that went from positions other than to orders of the addon.

    :param products: id of the product of each position
    :param sites: id of the site of each position
    :param since: from when on to look, for each position, in UTC
    :return: select of (product_id, site_id, cause, quantity, ids of moves, newest first)
    """
    return SQL(
        """
        SELECT product_id, site_id, cause, SUM(quantity)::float8,
               (array_agg(id ORDER BY date DESC, id DESC))[:%(most)s]
          FROM (
                SELECT key.product_id, key.site_id, move.id, move.date,
                       move.quantity * COALESCE(
                           move.product_qty / NULLIF(move.product_uom_qty, 0), 1) AS quantity,
                       CASE WHEN move.is_inventory THEN 'counted_down'
                            WHEN move.scrap_id IS NOT NULL OR target.usage = 'inventory'
                            THEN 'scrapped' ELSE 'moved_out' END AS cause
                  FROM unnest(%(products)s, %(sites)s, %(since)s::timestamp[])
                       AS key (product_id, site_id, since)
                  JOIN stock_move move
                    ON move.product_id = key.product_id AND move.date >= key.since
                  JOIN stock_location source ON source.id = move.location_id
                  JOIN stock_location target ON target.id = move.location_dest_id
                 WHERE move.state = 'done' AND move.oms_fulfillment_line_id IS NULL
                   AND source.oms_position_site_id = key.site_id
                   AND target.oms_position_site_id IS DISTINCT FROM key.site_id
               ) AS departure
      GROUP BY product_id, site_id, cause
        """,
        products=products,
        sites=sites,
        since=since,
        most=MOST_DOCUMENTS,
    )


def withdrawn(products: list[int], sites: list[int], since: list) -> SQL:
    """Return the select of goods that still stand at sites but count there no more.

    Arguments as in :func:`departures`.

    :return: select of (product_id, site_id, cause, quantity, ids of quants)
    """
    return SQL(
        """
        SELECT product_id, site_id, cause, SUM(quantity)::float8,
               (array_agg(id ORDER BY id DESC))[:%(most)s]
          FROM (
                SELECT key.product_id, key.site_id, quant.id, quant.quantity,
                       CASE WHEN place.oms_position_site_id IS NULL THEN 'not_for_sale'
                            ELSE 'owned_by_others' END AS cause
                  FROM unnest(%(products)s, %(sites)s, %(since)s::timestamp[])
                       AS key (product_id, site_id, since)
                  JOIN oms_site site ON site.id = key.site_id
                  JOIN stock_quant quant ON quant.product_id = key.product_id
                  JOIN stock_location place
                    ON place.id = quant.location_id AND place.warehouse_id = site.warehouse_id
             LEFT JOIN res_company company ON company.id = place.company_id
                 WHERE quant.quantity > 0 AND place.usage = 'internal'
                   AND (place.oms_position_site_id IS NULL AND place.write_date >= key.since
                        OR place.oms_position_site_id = key.site_id
                        AND quant.owner_id <> company.partner_id
                        AND quant.write_date >= key.since)
               ) AS withdrawal
      GROUP BY product_id, site_id, cause
        """,
        products=products,
        sites=sites,
        since=since,
        most=MOST_DOCUMENTS,
    )


def holders(products: list[int], locations: list[int]) -> SQL:
    """Return the select of what has goods reserved at some places, and what last left there.

    :param products: id of the product at each place
    :param locations: id of each location
    :return: select of (product_id, location_id, ids of open moves that reserve, newest first,
        ids of the last moves that left)
    """
    return SQL(
        """
        SELECT key.product_id, key.location_id,
               ARRAY(SELECT line.move_id FROM stock_move_line line
                      WHERE line.product_id = key.product_id AND line.state IN %(open)s
                        AND line.location_id = key.location_id AND line.quantity_product_uom > 0
                        AND line.move_id IS NOT NULL
                   ORDER BY line.id DESC LIMIT %(most)s),
               ARRAY(SELECT line.move_id FROM stock_move_line line
                      WHERE line.product_id = key.product_id AND line.state = 'done'
                        AND line.location_id = key.location_id AND line.move_id IS NOT NULL
                   ORDER BY line.date DESC, line.id DESC LIMIT 1)
          FROM unnest(%(products)s, %(locations)s) AS key (product_id, location_id)
        """,
        products=products,
        locations=locations,
        open=OPEN_STATES,
        most=MOST_DOCUMENTS,
    )


def snapshot() -> SQL:
    """Return the select of what tells later which rows were written after this moment.

    What a transaction below ``low`` wrote was there then; what one from ``high`` on wrote was
    not. Between them are those that were running. Transactions of other databases, which may run
    for hours, are left out where PostgreSQL tells whose they are.

    :return: select of (database, low, high, last entry of the ledger)
    """
    return SQL(
        """
        WITH running AS (
            SELECT MIN(xid) AS first
              FROM pg_snapshot_xip(pg_current_snapshot()) AS xid
             WHERE NOT EXISTS (
                       SELECT FROM pg_stat_activity other
                        WHERE other.backend_xid = xid::xid
                          AND other.datname <> current_database())
        )
        SELECT (SELECT oid::text FROM pg_database WHERE datname = current_database()),
               COALESCE(running.first, pg_snapshot_xmax(pg_current_snapshot()))::text::bigint,
               pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
               (SELECT COALESCE(MAX(id), 0) FROM oms_position_delta)
          FROM running
        """
    )


def pending(most: int) -> SQL:
    """Return the select of the positions of which the ledger holds something."""
    return SQL("SELECT DISTINCT product_id, site_id FROM oms_position_delta LIMIT %s", most)


def changes(products: list[int], sites: list[int], since: int) -> SQL:
    """Return the select of what was written of positions since they were proven.

    :param products: id of the product of each position
    :param sites: id of the site of each position
    :param since: transaction from which on to look
    :return: select of (product_id, site_id, table, ids, newest first), one per table of which
        something was written; ``kept`` stands for rows and ledger
    """
    return SQL(
        """
        WITH key AS (SELECT * FROM unnest(%(products)s, %(sites)s) AS key (product_id, site_id)),
        written AS (
            SELECT key.*, 'kept' AS source, 0 AS id
              FROM key JOIN oms_position_row held USING (product_id, site_id) WHERE %(row)s
             UNION ALL
            SELECT key.*, 'kept', 0
              FROM key JOIN oms_position_delta entry USING (product_id, site_id) WHERE %(entry)s
             UNION ALL
            SELECT key.*, 'oms.claim', claim.id
              FROM key JOIN oms_claim claim USING (product_id, site_id) WHERE %(claim)s
             UNION ALL
            SELECT key.*, 'stock.quant', quant.id
              FROM key
              JOIN stock_quant quant ON quant.product_id = key.product_id
              JOIN stock_location place
                ON place.id = quant.location_id AND place.oms_position_site_id = key.site_id
             WHERE %(quant)s
             UNION ALL
            SELECT key.*, 'stock.move', move.id
              FROM key
              JOIN stock_move move ON move.product_id = key.product_id
              JOIN stock_location place ON place.oms_position_site_id = key.site_id
               AND place.id IN (move.location_id, move.location_dest_id, move.location_final_id)
             WHERE %(move)s
             UNION ALL
            SELECT key.*, 'stock.location', place.id
              FROM key
              JOIN oms_site site ON site.id = key.site_id
              JOIN stock_location place ON place.warehouse_id = site.warehouse_id
             WHERE %(place)s AND EXISTS (
                       SELECT FROM stock_quant quant
                        WHERE quant.product_id = key.product_id AND quant.location_id = place.id)
        )
        SELECT product_id, site_id, source,
               (array_agg(DISTINCT id ORDER BY id DESC))[:%(most)s]
          FROM written GROUP BY product_id, site_id, source
        """,
        products=products,
        sites=sites,
        most=MOST_DOCUMENTS,
        row=_written_since("held", since),
        entry=_written_since("entry", since),
        claim=_written_since("claim", since),
        quant=_written_since("quant", since),
        move=_written_since("move", since),
        place=_written_since("place", since),
    )


def _written_since(row: str, transaction: int) -> SQL:
    """Return the condition that a row was written by a transaction or a later one."""
    # Rows bear the lower half of the number; both ages count from the same transaction.
    return SQL(
        "age(%s) <= age(%s::text::xid)", SQL.identifier(row, "xmin"), str(transaction % 2**32)
    )
