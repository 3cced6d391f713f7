"""The SQL that applies the rules of ``oms.safety.stock`` to positions.

For a product at a site the first rule counts that is about both, in the order: product, nearest
category, all products; then site, network, all sites; then sequence and id. One rule counts of
those that keep a quantity back, one of those that close the site, which look at what is available
before anything is kept back. Days are those of UTC.

The order is one of the rules alone, whatever the product and the site: rules are numbered once,
and of those that are about a position the lowest number counts.
"""

from odoo.tools import SQL

#: A gate that a float misses by this little is open or closed as the number that is meant says.
NOISE = SQL("1e-9")

ANY_RULE = SQL("EXISTS (SELECT FROM oms_safety_stock WHERE active)")


def apply(positions: SQL, columns: SQL, day: SQL) -> SQL:
    """Return the select of positions with what the rules of a day leave of them.

    :param positions: a select with ``product_id``, ``site_id`` and ``available`` among its columns
    :param columns: its columns but for ``available``, bare
    :param day: the date for which rules are looked up
    :return: a select of the columns, ``safety`` (what is held back, zero or above) and
        ``available``, lowered by it. Where nothing is available nothing is held back.
    """
    return SQL(
        """
        WITH stock AS MATERIALIZED (%(positions)s
        ), rule AS MATERIALIZED (
            SELECT rule.product_id, rule.categ_id, rule.site_id, rule.network_id, rule.company_id,
                   operator, quantity::float8 AS quantity,
                   ROW_NUMBER() OVER (
                       ORDER BY rule.product_id IS NULL, rule.categ_id IS NULL,
                                LENGTH(category.parent_path) DESC,
                                rule.site_id IS NULL, rule.network_id IS NULL,
                                rule.sequence, rule.id
                   ) AS number
              FROM oms_safety_stock rule
         LEFT JOIN product_category category ON category.id = rule.categ_id
             WHERE rule.active
               AND (date_from IS NULL OR date_from <= %(day)s)
               AND (date_to IS NULL OR date_to >= %(day)s)
        ), goods AS MATERIALIZED (
            SELECT good.product_id,
                   string_to_array(rtrim(parent_path, '/'), '/')::integer[] AS above
              FROM (SELECT DISTINCT product_id FROM stock) AS good
              JOIN product_product product ON product.id = good.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
         LEFT JOIN product_category category ON category.id = template.categ_id
        ), about_goods AS MATERIALIZED (
            SELECT product_id, number FROM goods JOIN rule USING (product_id)
             UNION ALL
            SELECT goods.product_id, number FROM goods JOIN rule ON rule.categ_id = ANY(above)
             UNION ALL
            SELECT goods.product_id, number
              FROM goods JOIN rule ON rule.product_id IS NULL AND rule.categ_id IS NULL
        ), places AS MATERIALIZED (
            SELECT place.site_id, site.company_id
              FROM (SELECT DISTINCT site_id FROM stock) AS place
              JOIN oms_site site ON site.id = place.site_id
        ), about_places AS MATERIALIZED (
            SELECT site_id, number FROM places JOIN rule USING (site_id, company_id)
             UNION ALL
            SELECT places.site_id, number
              FROM places
              JOIN oms_network_site_rel member ON member.site_id = places.site_id
              JOIN oms_network network ON network.id = member.network_id AND network.active
              JOIN rule ON rule.network_id = network.id AND rule.company_id = places.company_id
             UNION ALL
            SELECT places.site_id, number
              FROM places
              JOIN rule ON rule.company_id = places.company_id
                       AND rule.site_id IS NULL AND rule.network_id IS NULL
        ), counting AS (
            SELECT stock.product_id, stock.site_id,
                   MIN(number) FILTER (WHERE operator = 'subtract') AS back,
                   MIN(number) FILTER (WHERE operator <> 'subtract') AS gate
              FROM stock
              JOIN about_goods USING (product_id)
              JOIN about_places USING (site_id, number)
              JOIN rule USING (number)
             WHERE available > 0
          GROUP BY stock.product_id, stock.site_id
        )
        SELECT %(columns)s, safety, available - safety AS available
          FROM (
                SELECT stock.*,
                       CASE WHEN gate.operator = 'below' AND available < gate.quantity - %(noise)s
                              OR gate.operator = 'at_most'
                                 AND available <= gate.quantity + %(noise)s
                            THEN available
                            ELSE LEAST(GREATEST(available, 0), COALESCE(back.quantity, 0))
                       END AS safety
                  FROM stock
             LEFT JOIN counting USING (product_id, site_id)
             LEFT JOIN rule back ON back.number = counting.back
             LEFT JOIN rule gate ON gate.number = counting.gate
               ) AS protected
        """,
        positions=positions,
        columns=columns,
        day=day,
        noise=NOISE,
    )


def skip(positions: SQL, columns: SQL) -> SQL:
    """Return what :func:`apply` returns, for when there are no rules."""
    return SQL("SELECT %s, 0::float8 AS safety, available FROM (%s) AS stock", columns, positions)


def function() -> SQL:
    """Return the statement that makes the function which the view of positions calls.

    ``oms_safety(product, site, available, day)`` returns what is held back of one position. The
    view asks for it row by row, so that a page of it never waits for all others, and only while
    there is any rule.
    """
    return SQL(
        """
        CREATE OR REPLACE FUNCTION oms_safety(
            asked_product integer, asked_site integer, asked_available float8, asked_day date
        ) RETURNS float8 LANGUAGE plpgsql STABLE PARALLEL SAFE AS $body$ BEGIN
            IF asked_available <= 0 THEN
                RETURN 0;
            END IF;
            RETURN (SELECT safety FROM (%s) AS position);
        END $body$
        """,
        apply(
            SQL(
                "SELECT asked_product AS product_id, asked_site AS site_id, "
                "asked_available AS available"
            ),
            SQL("product_id, site_id"),
            SQL("asked_day"),
        ),
    )


def removal() -> SQL:
    """Return the statement that takes the function away."""
    return SQL("DROP FUNCTION IF EXISTS oms_safety(integer, integer, float8, date) CASCADE")
