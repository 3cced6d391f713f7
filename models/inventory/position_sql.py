"""The SQL of stock positions, built once from one definition of what counts.

A position is a row per product and site and what the ledger holds of it, see :mod:`.ledger_sql`.

The facts below are written once and used three times: over the rows that a statement changed (the
triggers), over whole tables (rebuilding, auditing), and so both can never disagree on a rule.
"""

from collections.abc import Iterable
from typing import NamedTuple

from odoo.tools import SQL

from . import external_sql

MEASURES = ("on_hand", "reserved", "demand", "incoming", "claimed")

#: Of how many sites the positions of a product are looked up one by one.
FEW_SITES = 20

#: Smaller differences are noise of adding decimals as floats.
NOISE = SQL("1e-9")

_QUANT_FACTS = """
    SELECT quant.product_id, place.oms_position_site_id AS site_id,
           sign * COALESCE(quant.quantity, 0) AS on_hand,
           sign * COALESCE(quant.reserved_quantity, 0) AS reserved
      FROM %s quant
      JOIN stock_location place ON place.id = quant.location_id
     WHERE place.oms_position_site_id IS NOT NULL
       AND (quant.owner_id IS NULL OR quant.owner_id = (
               SELECT partner_id FROM res_company company WHERE company.id = place.company_id))
"""

# A move within a site is neither demand nor incoming. Of the steps of a delivery the one counts
# whose goods are to leave in the end, whatever location lies between.
_MOVE_FACTS = """
    SELECT move.product_id, side.site_id,
           CASE WHEN side.leaves THEN sign * COALESCE(move.product_qty, 0) ELSE 0 END AS demand,
           CASE WHEN side.leaves THEN 0 ELSE sign * COALESCE(move.product_qty, 0) END AS incoming
      FROM %s move
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
    SELECT claim.product_id, claim.site_id, sign * claim.quantity AS claimed
      FROM %s claim
     WHERE claim.state = 'active'
"""


class Fact(NamedTuple):
    """What rows of a table say of positions.

    :param columns: of the table, those that are read
    :param measures: those that follow from them
    :param select: of product, site and these measures, from rows with their sign
    """

    columns: tuple[str, ...]
    measures: tuple[str, ...]
    select: str


FACTS = {
    "stock_quant": Fact(
        ("product_id", "location_id", "owner_id", "quantity", "reserved_quantity"),
        ("on_hand", "reserved"),
        _QUANT_FACTS,
    ),
    "stock_move": Fact(
        (
            "product_id",
            "location_id",
            "location_dest_id",
            "location_final_id",
            "state",
            "product_qty",
        ),
        ("demand", "incoming"),
        _MOVE_FACTS,
    ),
    "oms_claim": Fact(("product_id", "site_id", "state", "quantity"), ("claimed",), _CLAIM_FACTS),
}

#: What the time adds when positions are read: the measures, then what sites outside of Odoo have.
READ_FACTS = {
    "ended claims": """
        SELECT ended.product_id, ended.site_id, 0, 0, 0, 0, -ended.quantity, 0
          FROM oms_claim ended
         WHERE ended.state = 'active' AND ended.expires_at <= %(moment)s AND %(condition)s
    """,
    "external stock": f"""
        SELECT stock.product_id, stock.site_id, 0, 0, 0, 0, 0, {external_sql.LEFT}
          FROM oms_external_stock stock
          JOIN oms_site site ON site.id = stock.site_id
         WHERE stock.quantity > 0 AND {external_sql.FRESH} AND %(condition)s
    """,
}


def _names(names: Iterable[str]) -> SQL:
    return SQL(", ").join(map(SQL.identifier, names))


_COLUMNS = _names(MEASURES)


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
    return SQL("product_id = ANY(%s) AND %s", ids(products), _at(list(sites)))


def _at(sites: list[int]) -> SQL:
    # Few sites are looked up. Many are filtered by, for the index is not left sooner with them;
    # in a case the planner does not weigh the frequencies of hundreds, table by table.
    if len(sites) <= FEW_SITES:
        return SQL("site_id = ANY(%s)", ids(sites))
    return SQL("CASE WHEN site_id = ANY(%s) THEN TRUE END", ids(sites))


def facts(table: str, **rows: int) -> SQL:
    """Return the select that turns rows of a table into changes of its measures.

    All rows go through one look-up of their locations, whether they came or went: most of what a
    trigger costs is that PostgreSQL plans it once in every transaction.

    :param table: ``stock_quant``, ``stock_move`` or ``oms_claim``
    :param rows: relations to read, with the columns of that table; 1 for one whose rows came, -1
        for one whose rows went
    """
    fact = FACTS[table]
    return SQL(
        fact.select,
        SQL(
            "(%s)",
            SQL(" UNION ALL ").join(
                SQL(
                    "SELECT %s AS sign, %s FROM %s",
                    SQL(str(int(sign))),
                    _names(fact.columns),
                    SQL.identifier(relation),
                )
                for relation, sign in rows.items()
            ),
        ),
    )


def totals(select: SQL, measures: Iterable[str] = MEASURES, condition: SQL | None = None) -> SQL:
    """Return the select of the sums by product and site of some facts, noise left out.

    :param select: of ``product_id``, ``site_id`` and the measures
    :param measures: which they are
    :param condition: on ``product_id`` and ``site_id``
    """
    return SQL(
        "SELECT product_id, site_id, %s FROM (%s) AS facts %s "
        "GROUP BY product_id, site_id HAVING %s",
        SQL(", ").join(SQL("SUM(%(n)s)::float8 AS %(n)s", n=SQL.identifier(n)) for n in measures),
        select,
        SQL("WHERE %s", condition) if condition else SQL(),
        SQL(" OR ").join(
            SQL("ABS(SUM(%s)) > %s", SQL.identifier(name), NOISE) for name in measures
        ),
    )


def truth(condition: SQL | None = None) -> SQL:
    """Return the select of all positions as quants, moves and claims say.

    :param condition: on ``product_id`` and ``site_id``; all positions when None
    """
    selects = []
    for table, fact in FACTS.items():
        measures = SQL(", ").join(
            SQL.identifier(name) if name in fact.measures else SQL("0 AS %s", SQL.identifier(name))
            for name in MEASURES
        )
        selects.append(
            SQL(
                "SELECT product_id, site_id, %s FROM (%s) AS facts",
                measures,
                facts(table, **{table: 1}),
            )
        )
    return totals(SQL(" UNION ALL ").join(selects), condition=condition)


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


def read_totals(products: Iterable[int], sites: Iterable[int], moment: SQL) -> SQL:
    """Return the select of what is available at all sites together, by product.

    It is the sum of what :func:`read` tells, a site where more is promised than it has counted as
    nothing, in half the time: rows are summed as they lie, product by product, and then it is
    added by how much the ledger and the time change those that they concern.

    :param products: ids, each once
    :param sites: ids
    :param moment: as in :func:`read`
    """
    products, sites = list(products), list(sites)
    return SQL(
        """
        SELECT product_id, SUM(available) AS available
          FROM (SELECT asked.product_id,
                       (SELECT SUM(GREATEST(on_hand - demand - claimed, 0))
                          FROM oms_position_row held
                         WHERE held.product_id = asked.product_id AND %(at_sites)s) AS available
                  FROM unnest(%(products)s) AS asked (product_id)
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
        products=ids(products),
        at_sites=_at(sites),
        late=_late(among(products, sites), moment),
    )


def differences(condition: SQL | None = None) -> SQL:
    """Return the select of what must be added to the kept positions to make them true."""
    negated = SQL(", ").join(SQL("-%s", SQL.identifier(name)) for name in MEASURES)
    return totals(
        SQL(
            "%s UNION ALL SELECT product_id, site_id, %s FROM (%s) AS kept",
            truth(condition),
            negated,
            kept(condition),
        )
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
