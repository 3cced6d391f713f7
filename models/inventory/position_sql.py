"""The SQL of stock positions, built once from one definition of what counts.

A position is a row per product and site and what the ledger holds of it, see :mod:`.ledger_sql`.

The facts below are written once and used three times: over the rows that a statement changed (the
triggers), over whole tables (rebuilding, auditing), and so both can never disagree on a rule.
"""

from collections.abc import Iterable

from odoo.tools import SQL

from . import external_sql, safety_sql

MEASURES = ("on_hand", "reserved", "demand", "incoming", "claimed")

#: Of how many sites the positions of a product are looked up one by one.
FEW_SITES = 20

#: Smaller differences are noise of adding decimals as floats.
NOISE = SQL("1e-9")

_QUANT_FACTS = """
    SELECT quant.product_id, place.oms_position_site_id AS site_id,
           %(sign)s * COALESCE(quant.quantity, 0) AS on_hand,
           %(sign)s * COALESCE(quant.reserved_quantity, 0) AS reserved,
           0 AS demand, 0 AS incoming, 0 AS claimed
      FROM %(rows)s quant
      JOIN stock_location place ON place.id = quant.location_id
 LEFT JOIN res_company company ON company.id = place.company_id
     WHERE place.oms_position_site_id IS NOT NULL
       AND (quant.owner_id IS NULL OR quant.owner_id = company.partner_id)
"""

# A move within a site is neither demand nor incoming. Of the steps of a delivery the one counts
# whose goods are to leave in the end, whatever location lies between.
_MOVE_FACTS = """
    SELECT move.product_id, side.site_id, 0, 0,
           CASE WHEN side.leaves THEN %(sign)s * COALESCE(move.product_qty, 0) ELSE 0 END,
           CASE WHEN side.leaves THEN 0 ELSE %(sign)s * COALESCE(move.product_qty, 0) END, 0
      FROM %(rows)s move
      JOIN stock_location source ON source.id = move.location_id
      JOIN stock_location target
        ON target.id = COALESCE(move.location_final_id, move.location_dest_id)
CROSS JOIN LATERAL (VALUES (source.oms_position_site_id, TRUE),
                           (target.oms_position_site_id, FALSE)) AS side (site_id, leaves)
     WHERE move.state IN ('waiting', 'confirmed', 'partially_available', 'assigned')
       AND source.oms_position_site_id IS DISTINCT FROM target.oms_position_site_id
       AND side.site_id IS NOT NULL
"""

_CLAIM_FACTS = """
    SELECT claim.product_id, claim.site_id, 0, 0, 0, 0, %(sign)s * claim.quantity
      FROM %(rows)s claim
     WHERE claim.state = 'active'
"""

FACTS = {"stock_quant": _QUANT_FACTS, "stock_move": _MOVE_FACTS, "oms_claim": _CLAIM_FACTS}

#: What the time adds when positions are read: the measures, then what sites outside of Odoo have.
READ_FACTS = {
    "ended claims": """
        SELECT ended.product_id, ended.site_id, 0, 0, 0, 0, -ended.quantity, 0
          FROM oms_claim ended
         WHERE ended.state = 'active' AND ended.expires_at <= %(moment)s AND %(condition)s
    """,
    "external stock": f"""
        SELECT stock.product_id, stock.site_id, 0, 0, 0, 0, 0, stock.quantity::float8
          FROM oms_external_stock stock
          JOIN oms_site site ON site.id = stock.site_id
         WHERE stock.quantity > 0 AND {external_sql.FRESH} AND %(condition)s
    """,
}

_SUMS = SQL(", ").join(SQL("SUM(%s)::float8", SQL.identifier(name)) for name in MEASURES)
_COLUMNS = SQL(", ").join(SQL.identifier(name) for name in MEASURES)


def ids(values: Iterable[int]) -> SQL:
    """Return an array of ids.

    As a literal: to read an array expression of hundreds of elements would take PostgreSQL longer
    than to find the positions.
    """
    return SQL("%s::integer[]", "{" + ",".join(str(int(value)) for value in values) + "}")


def among(products: Iterable[int], sites: Iterable[int]) -> SQL:
    """Return the condition on ``product_id`` and ``site_id`` that they are some of these.

    :param products: ids
    :param sites: ids
    """
    sites = list(sites)
    # Few sites are looked up. Many are filtered by, for the index is not left sooner with them;
    # the sum keeps the planner from trying, and from weighing hundreds of frequencies.
    site = SQL("site_id") if len(sites) <= FEW_SITES else SQL("site_id + 0")
    return SQL("product_id = ANY(%s) AND %s = ANY(%s)", ids(products), site, ids(sites))


def facts(table: str, rows: SQL, sign: int = 1) -> SQL:
    """Return the select that turns rows of a table into changes of positions.

    :param table: ``stock_quant``, ``stock_move`` or ``oms_claim``
    :param rows: relation to read, with the columns of that table
    :param sign: 1 for rows that came, -1 for rows that went
    """
    return SQL(FACTS[table], rows=rows, sign=SQL(str(int(sign))))


def totals(selects: list[SQL], condition: SQL | None = None) -> SQL:
    """Return the select of the sums by product and site of some facts, noise left out."""
    return SQL(
        "SELECT product_id, site_id, %s FROM (%s) AS facts (product_id, site_id, %s) %s "
        "GROUP BY product_id, site_id HAVING %s",
        _SUMS,
        SQL(" UNION ALL ").join(selects),
        _COLUMNS,
        SQL("WHERE %s", condition) if condition else SQL(),
        SQL(" OR ").join(
            SQL("ABS(SUM(%s)) > %s", SQL.identifier(name), NOISE) for name in MEASURES
        ),
    )


def truth(condition: SQL | None = None) -> SQL:
    """Return the select of all positions as quants, moves and claims say.

    :param condition: on ``product_id`` and ``site_id``; all positions when None
    """
    return totals([facts(table, SQL.identifier(table)) for table in FACTS], condition)


def kept(condition: SQL | None = None, further: SQL | None = None) -> SQL:
    """Return the select of positions as rows and ledger have them, whatever the time is.

    :param condition: on ``product_id`` and ``site_id``; all positions when None
    :param further: a select of facts to add
    """
    return SQL(
        "SELECT product_id, site_id, %(sums)s FROM ("
        "SELECT product_id, site_id, %(columns)s FROM oms_position_row %(where)s UNION ALL "
        "SELECT product_id, site_id, %(columns)s FROM oms_position_delta %(where)s %(further)s"
        ") AS facts GROUP BY product_id, site_id",
        further=SQL("UNION ALL %s", further) if further else SQL(),
        sums=sums(),
        columns=_COLUMNS,
        where=SQL("WHERE %s", condition) if condition else SQL(),
    )


def _late(condition: SQL, moment: SQL) -> SQL:
    """Return the select of what the ledger and the time add to rows, by product and site."""
    return SQL(
        """
        SELECT product_id, site_id, %(sums)s, SUM(external) AS external
          FROM (SELECT product_id, site_id, %(columns)s, 0::float8 AS external
                  FROM oms_position_delta WHERE %(condition)s
                 UNION ALL %(further)s) AS facts
      GROUP BY product_id, site_id
        """,
        sums=sums(),
        columns=_COLUMNS,
        condition=condition,
        further=SQL(" UNION ALL ").join(
            SQL(select, condition=condition, moment=moment) for select in READ_FACTS.values()
        ),
    )


def read(condition: SQL, moment: SQL) -> SQL:
    """Return the select of positions at a moment: the measures, ``external`` and ``available``.

    Everybody who reads or checks what can be promised reads this, so that screens, sourcing and
    the gate cannot disagree.

    Most rows are taken as they are, without being sorted or summed: what the ledger and the time
    add concerns few of them.

    :param condition: on ``product_id`` and ``site_id``, which bear no table's name
    :param moment: now, in UTC: what expired before it is free, what is out of date does not count
    """
    return SQL(
        """
        WITH late AS MATERIALIZED (%(late)s)
        SELECT *, on_hand + external - demand - claimed AS available
          FROM (SELECT product_id, site_id, %(columns)s, 0::float8 AS external
                  FROM oms_position_row held
                 WHERE %(condition)s AND NOT EXISTS (
                           SELECT FROM late
                            WHERE (late.product_id, late.site_id)
                                  = (held.product_id, held.site_id))
                 UNION ALL
                SELECT late.product_id, late.site_id, %(added)s, late.external
                  FROM late
             LEFT JOIN oms_position_row held USING (product_id, site_id)) AS position
        """,
        late=_late(condition, moment),
        columns=_COLUMNS,
        added=SQL(", ").join(
            SQL("COALESCE(held.%(n)s, 0) + late.%(n)s", n=SQL.identifier(name)) for name in MEASURES
        ),
        condition=condition,
    )


def read_totals(condition: SQL, moment: SQL) -> SQL:
    """Return the select of what is available at all sites together, by product.

    It is the sum of what :func:`read` tells, a site where more is promised than it has counted as
    nothing, in three quarters of the time: rows are summed as they lie, and then it is added by
    how much the ledger and the time change those that they concern.

    :param condition: as in :func:`read`
    :param moment: as in :func:`read`
    """
    return SQL(
        """
        SELECT product_id, SUM(available) AS available
          FROM (SELECT product_id, GREATEST(on_hand - demand - claimed, 0) AS available
                  FROM oms_position_row WHERE %(condition)s
                 UNION ALL
                SELECT late.product_id,
                       GREATEST(row_available + late.on_hand + late.external
                                - late.demand - late.claimed, 0) - GREATEST(row_available, 0)
                  FROM (%(late)s) AS late
             LEFT JOIN oms_position_row held USING (product_id, site_id)
    CROSS JOIN LATERAL COALESCE(held.on_hand - held.demand - held.claimed, 0) AS row_available
               ) AS part
      GROUP BY product_id
        """,
        late=_late(condition, moment),
        condition=condition,
    )


def view(moment: SQL) -> SQL:
    """Return the select behind the screen of positions, over all of them.

    Written so that PostgreSQL takes a page in order of product and site, or the positions of some
    products, from the keys of the tables, whatever their number. For that the parts of the first
    union are plain tables with no condition of their own, and nothing is a common table
    expression. Of what only the ledger knows yet its oldest entry stands for the position.
    External stock is joined by its own key, which costs nothing where it is not asked for.

    :param moment: as in :func:`read`
    """
    further = [
        SQL(select, condition=SQL("TRUE"), moment=moment)
        for name, select in READ_FACTS.items()
        if name != "external stock"
    ]
    positions = SQL(
        """
        SELECT facts.*, %(external)s AS external,
               on_hand + %(external)s - demand - claimed AS available
          FROM (
                SELECT keyed.id, keyed.product_id, keyed.site_id, %(added)s
                  FROM (
                        SELECT id, product_id, site_id, %(columns)s, NULL::bigint AS entry
                          FROM oms_position_row
                         UNION ALL
                        SELECT -1 - (id %% 2147483647)::integer, product_id, site_id, %(zeros)s, id
                          FROM oms_position_delta
                       ) AS keyed
             LEFT JOIN (
                        SELECT product_id, site_id, %(sums)s
                          FROM (SELECT product_id, site_id, %(columns)s, 0::float8 AS external
                                  FROM oms_position_delta
                                 UNION ALL %(further)s) AS facts
                      GROUP BY product_id, site_id
                       ) AS late USING (product_id, site_id)
                 WHERE entry IS NULL OR NOT EXISTS (
                           SELECT FROM oms_position_row held
                            WHERE (held.product_id, held.site_id)
                                  = (keyed.product_id, keyed.site_id)
                       ) AND NOT EXISTS (
                           SELECT FROM oms_position_delta older
                            WHERE (older.product_id, older.site_id)
                                  = (keyed.product_id, keyed.site_id) AND older.id < entry)
               ) AS facts
     LEFT JOIN oms_external_stock stock
            ON (stock.product_id, stock.site_id) = (facts.product_id, facts.site_id)
     LEFT JOIN oms_site site ON site.id = stock.site_id
         WHERE facts.site_id > 0
        """,
        sums=sums(),
        columns=_COLUMNS,
        zeros=SQL(", ").join(SQL("0::float8") for _name in MEASURES),
        added=SQL(", ").join(
            SQL("keyed.%(n)s + COALESCE(late.%(n)s, 0) AS %(n)s", n=SQL.identifier(name))
            for name in MEASURES
        ),
        further=SQL(" UNION ALL ").join(further),
        external=SQL(
            "CASE WHEN %s THEN stock.quantity::float8 ELSE 0 END",
            SQL(external_sql.FRESH, moment=moment),
        ),
    )
    day = SQL("(%s)::date", moment)
    return safety_sql.apply(positions, SQL("id, %s", read_columns()), day)


def differences(condition: SQL | None = None) -> SQL:
    """Return the select of what must be added to the kept positions to make them true."""
    negated = SQL(", ").join(SQL("-%s", SQL.identifier(name)) for name in MEASURES)
    return totals(
        [
            truth(condition),
            SQL("SELECT product_id, site_id, %s FROM (%s) AS kept", negated, kept(condition)),
        ]
    )


def read_columns() -> SQL:
    """Return the columns of :func:`read` but for ``available``."""
    return SQL("product_id, site_id, %s, external", _COLUMNS)


def columns() -> SQL:
    """Return the measures as a list of columns."""
    return _COLUMNS


def sums() -> SQL:
    """Return the sums of the measures, under their own names."""
    return SQL(", ").join(SQL("SUM(%(n)s) AS %(n)s", n=SQL.identifier(name)) for name in MEASURES)
