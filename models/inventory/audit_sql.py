"""The SQL with which an audit looks for what is promised twice, slice of products by slice.

Each select takes a condition on ``product_id`` that bears no table's name, reads each table by
its index on the product, and returns only what is wrong. That positions are kept true is proven
with :func:`.position_sql.differences`.
"""

from odoo.tools import SQL

from . import position_sql

#: Smaller amounts are noise of adding decimals as floats, and below every unit's precision.
TOLERANCE = SQL("1e-6")

#: States of moves whose goods are still to move.
OPEN_STATES = SQL("('waiting', 'confirmed', 'partially_available', 'assigned')")

#: Goods at one place that Odoo reserves together.
PLACE = ("product_id", "location_id", "lot_id", "package_id", "owner_id")
_PLACE = SQL(", ").join(map(SQL.identifier, PLACE))
_FOUND = SQL(", ").join(SQL.identifier("found", name) for name in PLACE)

_STORABLE = SQL(
    "SELECT FROM product_product product "
    "JOIN product_template template ON template.id = product.product_tmpl_id "
    "WHERE product.id = found.product_id AND template.is_storable"
)

#: Own goods that count for a site, as in the facts of positions.
_SELLABLE = SQL(
    """
          JOIN stock_location place ON place.id = found.location_id
     LEFT JOIN res_company company ON company.id = place.company_id
         WHERE place.oms_position_site_id IS NOT NULL
           AND (found.owner_id IS NULL OR found.owner_id = company.partner_id)
    """
)


def bounds(low: int, high: int | None) -> SQL:
    """Return the condition on products above one id up to another, up to the last when None.

    A range, not a list: it also meets what is kept of products that were deleted.
    """
    condition = SQL("product_id > %s", low)
    return condition if high is None else SQL("%s AND product_id <= %s", condition, high)


def any_of(product_ids: list[int]) -> SQL:
    """Return the condition on some products."""
    return SQL("product_id = ANY(%s)", product_ids)


def count_positions(condition: SQL) -> SQL:
    """Return the select of how many positions there are."""
    return SQL(
        """
        SELECT COUNT(*) FROM (
            SELECT product_id, site_id FROM oms_position_row WHERE site_id > 0 AND %(condition)s
             UNION
            SELECT product_id, site_id FROM oms_position_delta WHERE site_id > 0 AND %(condition)s
        ) AS position
        """,
        condition=condition,
    )


def wrong_positions(condition: SQL) -> SQL:
    """Return the select of wrong positions: what must be added, then what is kept, by measure."""
    names = [SQL.identifier(name) for name in position_sql.MEASURES]
    return SQL(
        """
        WITH wrong AS MATERIALIZED (
            SELECT * FROM (%(differences)s) AS difference (product_id, site_id, %(columns)s)
             WHERE %(noticeable)s
        )
        SELECT wrong.product_id, wrong.site_id, %(added)s, %(kept_columns)s
          FROM wrong
     LEFT JOIN (%(kept)s) AS kept USING (product_id, site_id)
        """,
        differences=position_sql.differences(condition),
        columns=position_sql.columns(),
        noticeable=SQL(" OR ").join(SQL("ABS(%s) > %s", name, TOLERANCE) for name in names),
        added=SQL(", ").join(SQL("wrong.%s", name) for name in names),
        kept_columns=SQL(", ").join(SQL("COALESCE(kept.%s, 0)", name) for name in names),
        kept=position_sql.kept(
            SQL(
                "%s AND (product_id, site_id) IN (SELECT product_id, site_id FROM wrong)", condition
            )
        ),
    )


def oversold(condition: SQL, moment: SQL) -> SQL:
    """Return the select of positions of which more is promised than there is.

    Goods that come for one move alone (made to order, resupplied) are no promise of the stock:
    the move waits for them. Safety stock is left out: to have less of it is no oversell.

    :param moment: now, in UTC
    :return: select of (product_id, site_id, promised, present)
    """
    return SQL(
        """
        SELECT found.product_id, found.site_id,
               found.demand + found.claimed - COALESCE(chained.quantity, 0) AS promised,
               found.on_hand + found.external AS present
          FROM (SELECT * FROM (%(positions)s) AS position
                 WHERE on_hand + external - demand - claimed < -%(tolerance)s) AS found
LEFT JOIN LATERAL (
            SELECT SUM(move.product_qty)::float8 AS quantity
              FROM stock_move move
              JOIN stock_location source ON source.id = move.location_id
              JOIN stock_location target
                ON target.id = COALESCE(move.location_final_id, move.location_dest_id)
             WHERE move.product_id = found.product_id AND move.state IN %(open)s
               AND move.procure_method = 'make_to_order'
               AND source.oms_position_site_id = found.site_id
               AND target.oms_position_site_id IS DISTINCT FROM found.site_id
          ) AS chained ON TRUE
         WHERE EXISTS (%(storable)s)
           AND found.on_hand + found.external - found.demand - found.claimed
               + COALESCE(chained.quantity, 0) < -%(tolerance)s
        """,
        positions=position_sql.read(condition, moment),
        tolerance=TOLERANCE,
        open=OPEN_STATES,
        storable=_STORABLE,
    )


def ended_claims(condition: SQL) -> SQL:
    """Return the select of active claims whose order or fulfillment is over.

    :return: select of (claim id, product_id, site_id, quantity, order id, cause)
    """
    return SQL(
        """
        SELECT claim.id, claim.product_id, claim.site_id, claim.quantity::float8, sale.id,
               CASE WHEN sale.state = 'cancel' THEN 'order_cancelled'
                    WHEN fulfillment.state IN ('shipped', 'delivered', 'rejected', 'cancelled')
                    THEN 'fulfillment_ended' ELSE 'order_delivered' END
          FROM (SELECT * FROM oms_claim WHERE state = 'active' AND %s) AS claim
     LEFT JOIN oms_fulfillment_line part ON part.id = claim.fulfillment_line_id
     LEFT JOIN oms_fulfillment fulfillment ON fulfillment.id = part.fulfillment_id
     LEFT JOIN sale_order_line line ON line.id = claim.sale_line_id
     LEFT JOIN sale_order sale ON sale.id = line.order_id
         WHERE sale.state = 'cancel'
            OR fulfillment.state IN ('shipped', 'delivered', 'rejected', 'cancelled')
            OR line.product_uom_qty > 0 AND line.qty_delivered >= line.product_uom_qty
        """,
        condition,
    )


def excess_candidates(condition: SQL) -> SQL:
    """Return the select of order lines of which more may be under way than was ordered.

    What it counts is what :meth:`sale.order.line._oms_get_qty_open` counts, which has the last
    word; here it is asked of all lines with something open at once.

    :return: select of order line ids
    """
    return SQL(
        """
        WITH due AS MATERIALIZED (
            SELECT sale_line_id FROM oms_claim
             WHERE state = 'active' AND sale_line_id IS NOT NULL AND %(condition)s
             UNION
            SELECT sale_line_id FROM stock_move
             WHERE state IN %(open)s AND oms_fulfillment_line_id IS NOT NULL
               AND sale_line_id IS NOT NULL AND %(condition)s
        ), carrying AS (
            SELECT move.id, move.sale_line_id, move.rule_id, move.state,
                   COALESCE(target.usage, dest.usage) AS usage,
                   FIRST_VALUE(move.rule_id) OVER (
                       PARTITION BY move.sale_line_id, move.warehouse_id ORDER BY move.id
                   ) AS first_rule_id,
                   CASE WHEN move.state = 'done'
                        THEN move.quantity * COALESCE(
                            move.product_qty / NULLIF(move.product_uom_qty, 0), 1)
                        ELSE move.product_qty END AS quantity
              FROM due
              JOIN sale_order_line line ON line.id = due.sale_line_id
              JOIN stock_move move
                ON move.sale_line_id = line.id AND move.product_id = line.product_id
              JOIN stock_location dest ON dest.id = move.location_dest_id
         LEFT JOIN stock_location target ON target.id = move.location_final_id
             WHERE move.state <> 'cancel' AND dest.usage <> 'inventory'
               AND (move.origin_returned_move_id IS NULL OR move.to_refund)
        ), promised AS (
            SELECT sale_line_id, SUM(quantity) AS quantity FROM (
                SELECT sale_line_id, quantity FROM carrying
                 WHERE rule_id IS NOT DISTINCT FROM first_rule_id
                   AND usage IN ('customer', 'transit')
                 UNION ALL
                SELECT sale_line_id, quantity FROM oms_claim
                 WHERE state = 'active' AND sale_line_id IN (SELECT sale_line_id FROM due)
            ) AS part GROUP BY sale_line_id
        )
        SELECT line.id
          FROM promised
          JOIN sale_order_line line ON line.id = promised.sale_line_id
          JOIN uom_uom unit ON unit.id = line.product_uom_id
          JOIN product_product product ON product.id = line.product_id
          JOIN product_template template ON template.id = product.product_tmpl_id
          JOIN uom_uom product_unit ON product_unit.id = template.uom_id
         WHERE line.state = 'sale'
           AND promised.quantity
               > line.product_uom_qty * unit.factor / product_unit.factor + %(tolerance)s
        """,
        condition=condition,
        open=OPEN_STATES,
        tolerance=TOLERANCE,
    )


def consumed_twice(condition: SQL) -> SQL:
    """Return the select of claims that were taken over by the same moves.

    Looked for among the order lines that wait for a site again: there it does harm. Two claims
    of one fulfillment line that ended in the same moment must have moves for both.

    :return: select of (fulfillment line id, product_id, site_id, order id, consumed, moved,
        claim ids)
    """
    return SQL(
        """
        SELECT part.id, part.product_id, part.site_id, line.order_id,
               consumed.quantity::float8, COALESCE(moved.quantity, 0)::float8, consumed.ids
          FROM (SELECT * FROM sale_order_line WHERE oms_qty_open > 0 AND %s) AS line
          JOIN oms_fulfillment_line part ON part.sale_line_id = line.id
  JOIN LATERAL (
            SELECT SUM(quantity) AS quantity, array_agg(id ORDER BY id DESC) AS ids
              FROM oms_claim claim
             WHERE claim.fulfillment_line_id = part.id AND claim.state = 'consumed'
            HAVING COUNT(*) > COUNT(DISTINCT write_date)
          ) AS consumed ON TRUE
LEFT JOIN LATERAL (
            SELECT SUM(CASE WHEN move.state = 'done'
                            THEN GREATEST(move.quantity, move.product_uom_qty)
                            ELSE move.product_uom_qty END
                       * COALESCE(move.product_qty / NULLIF(move.product_uom_qty, 0), 1))
                       AS quantity
              FROM stock_move move
             WHERE move.oms_fulfillment_line_id = part.id
               AND move.origin_returned_move_id IS NULL
          ) AS moved ON TRUE
         WHERE consumed.quantity > COALESCE(moved.quantity, 0) + %s
        """,
        condition,
        TOLERANCE,
    )


def reservations(condition: SQL) -> SQL:
    """Return the select of places where Odoo has reserved other than its transfers say.

    :return: select of (the keys of a place, site_id, reserved, by transfers)
    """
    return SQL(
        """
        SELECT %(found)s, place.oms_position_site_id, SUM(kept)::float8, SUM(recorded)::float8
          FROM (
                SELECT %(place)s, reserved_quantity AS kept, 0 AS recorded
                  FROM stock_quant WHERE reserved_quantity <> 0 AND %(condition)s
                 UNION ALL
                SELECT %(place)s, 0, quantity_product_uom
                  FROM stock_move_line
                 WHERE state IN %(open)s AND quantity_product_uom <> 0 AND %(condition)s
               ) AS found
               %(sellable)s AND EXISTS (%(storable)s)
      GROUP BY %(found)s, place.oms_position_site_id
        HAVING ABS(SUM(kept) - SUM(recorded)) > %(tolerance)s
        """,
        place=_PLACE,
        found=_FOUND,
        condition=condition,
        open=OPEN_STATES,
        sellable=_SELLABLE,
        storable=_STORABLE,
        tolerance=TOLERANCE,
    )


def broken_stock(condition: SQL) -> SQL:
    """Return the select of places with less than nothing, or with more reserved than there is.

    :return: select of (the keys of a place, site_id, on hand, reserved, quant ids)
    """
    return SQL(
        """
        SELECT %(found)s, place.oms_position_site_id, SUM(quantity)::float8,
               SUM(reserved_quantity)::float8, array_agg(found.id ORDER BY found.id DESC)
          FROM (SELECT * FROM stock_quant WHERE %(condition)s) AS found
               %(sellable)s AND EXISTS (%(storable)s)
      GROUP BY %(found)s, place.oms_position_site_id
        HAVING SUM(quantity) < -%(tolerance)s
            OR SUM(reserved_quantity) > GREATEST(SUM(quantity), 0) + %(tolerance)s
        """,
        found=_FOUND,
        condition=condition,
        sellable=_SELLABLE,
        storable=_STORABLE,
        tolerance=TOLERANCE,
    )


def late_claims(before: SQL) -> SQL:
    """Return the select of claims whose time was over before a moment, and that nobody ended.

    :return: select of (site_id, how many, the first one's time, ids of some)
    """
    return SQL(
        """
        SELECT site_id, COUNT(*), MIN(expires_at), (array_agg(id ORDER BY expires_at))[:10]
          FROM oms_claim
         WHERE state = 'active' AND expires_at <= %s
      GROUP BY site_id
        """,
        before,
    )
