"""The SQL that applies the rules of ``oms.safety.stock`` to positions.

For a product at a site the first rule counts that is about both, in the order: product, nearest
category, all products; then site, network, all sites; then sequence and id. One rule counts of
those that keep a quantity back ("ring"), one of those that close the site ("gate"), which look at
what is available before anything is kept back. Days are those of UTC.

Rules are few and positions are many, so the rules of a day are laid out once for each query, and a
position is only looked up in what came out. The rules of either family are numbered in their
order; each product and each site gets a bit for each rule, set if the rule is about it; and the
first bit that both have set is the rule that counts. The bits of all products stand in one string,
each of the same width, and are found by the place of the product in a sorted list of ids.
"""

from odoo.tools import SQL

ANY_RULE = SQL("EXISTS (SELECT FROM oms_safety_stock WHERE active)")

FAMILIES = ("ring", "gate")

#: A gate that a float misses by this little is open or closed as the number that is meant says.
_NOISE = SQL("1e-9")

# What rules are about has a number, its scope: a product its id, a category its id below zero, all
# products 0; and so sites, networks and all sites.
_SCOPES = """
    product AS MATERIALIZED (
        SELECT product.id, template.categ_id
          FROM product_product product
          JOIN product_template template ON template.id = product.product_tmpl_id
         WHERE product.id = ANY(products)
    ), category AS MATERIALIZED (
        SELECT id, above::integer
          FROM product_category
    CROSS JOIN unnest(string_to_array(rtrim(parent_path, '/'), '/')) AS above
         WHERE categories OR id IN (SELECT categ_id FROM product)
    ), good (id, scope) AS MATERIALIZED (
        SELECT id, id FROM product
         UNION ALL
        SELECT product.id, -above FROM product JOIN category ON category.id = product.categ_id
         UNION ALL
        SELECT id, 0 FROM product
         UNION ALL
        SELECT -id, -above FROM category WHERE categories
         UNION ALL
        SELECT -id, 0 FROM product_category WHERE categories
         UNION ALL
        SELECT 0, 0 WHERE everything
    ), site AS MATERIALIZED (
        SELECT id, company_id FROM oms_site WHERE id = ANY(sites)
    ), place (id, company_id, scope) AS MATERIALIZED (
        SELECT id, company_id, id FROM site
         UNION ALL
        SELECT site.id, site.company_id, -network.id
          FROM oms_network network
          JOIN oms_network_site_rel member ON member.network_id = network.id
          JOIN site ON site.id = member.site_id
         WHERE network.active
         UNION ALL
        SELECT id, company_id, 0 FROM site
    )
"""

_NUMBERED = """
    numbered AS MATERIALIZED (
        SELECT COALESCE(rule.product_id, -rule.categ_id, 0) AS good,
               COALESCE(rule.site_id, -rule.network_id, 0) AS place,
               rule.company_id, rule.quantity::float8, rule.operator,
               rule.operator = 'subtract' AS is_ring,
               ROW_NUMBER() OVER (
                   PARTITION BY rule.operator = 'subtract'
                       ORDER BY rule.product_id IS NULL, rule.categ_id IS NULL,
                                LENGTH(category.parent_path) DESC, -- the nearest is the deepest
                                rule.site_id IS NULL, rule.network_id IS NULL,
                                rule.sequence, rule.id
               )::integer AS number
          FROM oms_safety_stock rule
     LEFT JOIN product_category category ON category.id = rule.categ_id
         WHERE rule.active
           AND (rule.date_from IS NULL OR rule.date_from <= day)
           AND (rule.date_to IS NULL OR rule.date_to >= day)
           AND COALESCE(rule.product_id, -rule.categ_id, 0) IN (SELECT scope FROM good)
           AND COALESCE(rule.site_id, -rule.network_id, 0) IN (SELECT scope FROM place)
    ), said AS MATERIALIZED (
        SELECT (COUNT(*) FILTER (WHERE is_ring) + 7)::integer / 8 * 8 AS ring_width,
               (COUNT(*) FILTER (WHERE NOT is_ring) + 7)::integer / 8 * 8 AS gate_width,
               ARRAY_AGG(quantity ORDER BY number) FILTER (WHERE is_ring) AS kept_back,
               ARRAY_AGG(
                   CASE operator WHEN 'below' THEN quantity - %(noise)s
                                 ELSE quantity + %(noise)s END ORDER BY number
               ) FILTER (WHERE NOT is_ring) AS closed_below
          FROM numbered
        HAVING COUNT(*) > 0
    )
"""

_BITS = """
    rule AS MATERIALIZED (
        SELECT good, place, company_id,
               CASE WHEN is_ring THEN set_bit(no_ring, number - 1, 1) ELSE no_ring END AS ring,
               CASE WHEN is_ring THEN no_gate ELSE set_bit(no_gate, number - 1, 1) END AS gate
          FROM numbered
    CROSS JOIN (SELECT repeat('0', ring_width)::varbit AS no_ring,
                       repeat('0', gate_width)::varbit AS no_gate FROM said) AS blank
    ), of_good AS (
        SELECT id, %(either)s
          FROM good
     LEFT JOIN (SELECT good AS scope, %(either)s FROM rule GROUP BY good) AS ruled USING (scope)
      GROUP BY id
    ), of_place AS (
        SELECT id, %(either)s
          FROM place
     LEFT JOIN (SELECT place AS scope, company_id, %(either)s
                  FROM rule GROUP BY place, company_id) AS ruled USING (scope, company_id)
      GROUP BY id
    )
    SELECT goods.*, places.*, ring_width, kept_back, gate_width, closed_below
      FROM said
CROSS JOIN (SELECT ARRAY_AGG(id ORDER BY id), %(strings)s FROM of_good CROSS JOIN said) AS goods
CROSS JOIN (SELECT ARRAY_AGG(id ORDER BY id), %(strings)s FROM of_place CROSS JOIN said) AS places
"""


# Joined, for to look up the category of each of millions of positions would take a minute.
_CATEGORY = SQL(
    "LEFT JOIN product_product variant ON variant.id = counted.product_id "
    "LEFT JOIN product_template template ON template.id = variant.product_tmpl_id"
)
# Always true, and what it looks at is joined before: the rules are wide, and rows that bear them
# must not be hashed any more, which would write them all to disk.
_AFTER_CATEGORY = SQL("template.categ_id IS DISTINCT FROM 0")
# Where there are no rules of categories, goods begin with 0 or a product.
_PLACE_OF_CATEGORY = SQL(
    "width_bucket(CASE WHEN laid_out.goods[1] < 0 "
    "THEN -COALESCE(template.categ_id, 0) ELSE 0 END, laid_out.goods)"
)


def functions() -> SQL:
    """Return the statements that make the functions which lay out the rules of a day.

    ``oms_safety(day, products, sites)`` returns one row, or none when no rule counts:

    - ``goods``: the ids of the products, sorted. When ``products`` is NULL, which stands for all:
      those that have rules of their own; the categories, below zero, if any has rules; and 0;
    - ``places``: the ids of the sites, sorted; of all of them when ``sites`` is NULL;
    - ``goods_ring``, ``goods_gate``, ``places_ring``, ``places_gate``: the bits of these, each
      ``ring_width`` or ``gate_width`` bits wide, multiples of 8 so that they are cut out fast;
    - ``kept_back``, ``closed_below``: what the rules say, by their number.

    It is a function so that it is planned once for each connection, not for each query.
    """
    return SQL(
        """
        CREATE OR REPLACE FUNCTION oms_safety(day date, products integer[], sites integer[])
        RETURNS TABLE (
            goods integer[], goods_ring varbit, goods_gate varbit,
            places integer[], places_ring varbit, places_gate varbit,
            ring_width integer, kept_back float8[], gate_width integer, closed_below float8[]
        ) LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1 AS $body$
        #variable_conflict use_column
        DECLARE
            everything boolean := products IS NULL;
            categories boolean;
        BEGIN
            IF NOT %(any_rule)s THEN
                RETURN;
            END IF;
            IF everything THEN
                products := ARRAY(
                    SELECT DISTINCT product_id FROM oms_safety_stock
                     WHERE active AND product_id IS NOT NULL
                );
            END IF;
            categories := everything AND EXISTS (
                SELECT FROM oms_safety_stock WHERE active AND categ_id IS NOT NULL
            );
            sites := COALESCE(sites, ARRAY(SELECT id FROM oms_site));
            RETURN QUERY WITH %(scopes)s, %(numbered)s, %(bits)s;
        END $body$;
        """,
        any_rule=ANY_RULE,
        scopes=SQL(_SCOPES),
        numbered=SQL(_NUMBERED, noise=_NOISE),
        bits=SQL(
            _BITS,
            either=SQL("BIT_OR(ring) AS ring, BIT_OR(gate) AS gate"),
            strings=SQL(", ").join(
                SQL(
                    "STRING_AGG(COALESCE(%s::text, repeat('0', %s)), '' ORDER BY id)::varbit", *each
                )
                for each in [(SQL(family), SQL(f"{family}_width")) for family in FAMILIES]
            ),
        ),
    )


def removal() -> SQL:
    """Return the statements that take the functions away."""
    return SQL("DROP FUNCTION IF EXISTS oms_safety(date, integer[], integer[])")


def apply(
    positions: SQL, columns: SQL, day: SQL, products: SQL | None = None, sites: SQL | None = None
) -> SQL:
    """Return the select of positions with what the rules of a day leave of them.

    :param positions: a select with ``product_id``, ``site_id`` and ``available`` among its columns
    :param columns: its columns but for ``available``, bare
    :param day: the date for which rules are looked up
    :param products: array of the ids of all products that can be in the positions; None for any,
        as in a view: conditions and orders from outside then reach the positions
    :param sites: array of the ids of all sites that can be in the positions; None for any
    :return: a select of the columns, ``safety`` (what is held back, zero or above) and
        ``available``, lowered by it. Where nothing is available nothing is held back.
    """
    good = _place_of(
        SQL("counted.product_id"),
        SQL("laid_out.goods"),
        _PLACE_OF_CATEGORY if products is None else SQL("NULL"),
    )
    return SQL(
        """
        SELECT %(columns)s, safety, unprotected - safety AS available
          FROM (
                SELECT counted.*,
                       CASE WHEN unprotected <= 0 OR laid_out.goods IS NULL THEN 0
                            WHEN unprotected < laid_out.closed_below[%(gate)s] THEN unprotected
                            ELSE LEAST(unprotected, COALESCE(laid_out.kept_back[%(ring)s], 0))
                       END AS safety
                  FROM (SELECT %(columns)s, available AS unprotected
                          FROM (%(positions)s) AS given) AS counted
             %(category)s
             LEFT JOIN oms_safety(%(day)s, %(products)s, %(sites)s) AS laid_out ON %(after)s
                %(once)s
               ) AS protected
        """,
        positions=positions,
        columns=columns,
        day=day,
        products=products or SQL("NULL"),
        sites=sites or SQL("NULL"),
        category=SQL() if products is not None else _CATEGORY,
        after=SQL("TRUE") if products is not None else _AFTER_CATEGORY,
        # Otherwise the expression is worked out twice, for itself and for what is left.
        once=SQL("OFFSET 0") if products is not None else SQL(),
        **{family: _first_in_common(family, good) for family in FAMILIES},
    )


def skip(positions: SQL, columns: SQL) -> SQL:
    """Return what :func:`apply` returns, for when there are no rules."""
    return SQL("SELECT %s, 0::float8 AS safety, available FROM (%s) AS stock", columns, positions)


def _first_in_common(family: str, good: SQL) -> SQL:
    """Return the expression of the number of the rule that counts, 0 or NULL if there is none."""
    place = _place_of(SQL("counted.site_id"), SQL("laid_out.places"), SQL("NULL"))
    width = SQL(f"laid_out.{family}_width")
    return SQL(
        "position(B'1' IN %s)",
        SQL(" & ").join(
            SQL("substring(%s FROM (%s - 1) * %s + 1 FOR %s)", bits, each, width, width)
            for bits, each in (
                (SQL(f"laid_out.goods_{family}"), good),
                (SQL(f"laid_out.places_{family}"), place),
            )
        ),
    )


def _place_of(number: SQL, numbers: SQL, otherwise: SQL) -> SQL:
    """Return the expression of the place of a number in a sorted array."""
    place = SQL("width_bucket(%s, %s)", number, numbers)
    return SQL(
        "CASE WHEN %s[%s] = %s THEN %s ELSE %s END", numbers, place, number, place, otherwise
    )
