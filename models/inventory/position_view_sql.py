"""The SQL behind the screen of stock positions; what counts is written in :mod:`.position_sql`."""

from odoo.tools import SQL

from . import external_sql, safety_sql
from .position_sql import MEASURES, READ_FACTS, columns, read_columns, sums


def view(moment: SQL) -> SQL:
    """Return the select behind the screen of positions, over all of them.

    Written so that PostgreSQL takes a page in order of product and site, or the positions of some
    products, from the keys of the tables, whatever their number. For that the parts of the first
    union are plain tables with no condition of their own, and nothing is a common table
    expression. Of what only the ledger knows yet its oldest entry stands for the position.
    External stock is joined by its own key, which costs nothing where it is not asked for. There
    must be few relations, too, see ``MOST_RELATIONS`` of ``oms_position_search.py``: where there
    are more, those of filters and record rules included, PostgreSQL no longer looks for the best
    order of joins.

    :param moment: as in :func:`.position_sql.read`
    """
    further = [
        SQL(select, condition=SQL("TRUE"), moment=moment)
        for name, select in READ_FACTS.items()
        if name != "external stock"
    ]
    positions = SQL(
        """
        SELECT facts.*, site.company_id, %(external)s AS external,
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
          JOIN oms_site site ON site.id = facts.site_id
     LEFT JOIN oms_external_stock stock
            ON (stock.product_id, stock.site_id) = (facts.product_id, facts.site_id)
         WHERE facts.site_id > 0
        """,
        sums=sums(),
        columns=columns(),
        zeros=SQL(", ").join(SQL("0::float8") for _name in MEASURES),
        added=SQL(", ").join(
            SQL("keyed.%(n)s + COALESCE(late.%(n)s, 0) AS %(n)s", n=SQL.identifier(name))
            for name in MEASURES
        ),
        further=SQL(" UNION ALL ").join(further),
        external=SQL(
            "CASE WHEN %s THEN %s ELSE 0 END",
            SQL(external_sql.FRESH, moment=moment),
            SQL(external_sql.LEFT),
        ),
    )
    day = SQL("(%s)::date", moment)
    return safety_sql.apply(positions, SQL("id, company_id, %s", read_columns()), day)
