"""The SQL of what can be promised at a moment to come; its rule is in `engine/availability.py`."""

from odoo.tools import SQL

from . import position_sql

# Each open transfer is demand where it leaves from and supply where it leads to, as in the facts
# of positions; what should have come already is not yet there, and counts from later on.
_FLOWS = """
    SELECT move.id AS move_id, move.product_id, side.site_id, move.date AS due,
           CASE WHEN move.date >= %(moment)s THEN move.date
                WHEN side.leaves THEN %(moment)s
                ELSE %(late)s END AS at,
           CASE WHEN side.leaves THEN -move.product_qty ELSE move.product_qty END AS quantity,
           CASE WHEN side.leaves THEN COALESCE(move.oms_ordered_at, move.create_date) END
               AS ordered_at
      FROM stock_move move
      JOIN stock_location source ON source.id = move.location_id
      JOIN stock_location target
        ON target.id = COALESCE(move.location_final_id, move.location_dest_id)
CROSS JOIN LATERAL (VALUES (source.oms_position_site_id, TRUE),
                           (target.oms_position_site_id, FALSE)) AS side (site_id, leaves)
     WHERE move.state IN ('waiting', 'confirmed', 'partially_available', 'assigned')
       AND source.oms_position_site_id IS DISTINCT FROM target.oms_position_site_id
       AND move.product_id = ANY(%(products)s) AND side.site_id = ANY(%(sites)s)
"""


def flows(products: list[int], sites: list[int], moment: SQL, late: SQL) -> SQL:
    """Return the select of what open transfers will take and bring, below and above zero.

    :param products: ids
    :param sites: ids
    :param moment: now, in UTC
    :param late: from when on supply counts that should have come by now, in UTC
    :return: select of (move_id, product_id, site_id, due, at, quantity, ordered_at), where ``due``
        is the date of the transfer and ``at`` when it counts; ``ordered_at`` is that of demand
    """
    return SQL(
        _FLOWS,
        moment=moment,
        late=late,
        products=position_sql.ids(products),
        sites=position_sql.ids(sites),
    )


def at(
    products: list[int],
    sites: list[int],
    moment: SQL,
    when: SQL,
    horizon: SQL,
    late: SQL,
    before: SQL | None = None,
) -> SQL:
    """Return the select of what can be promised at a moment, by product and site.

    :param products: ids
    :param sites: ids
    :param moment: now, in UTC
    :param when: the moment asked for, from now to the horizon, in UTC
    :param horizon: end of the time that is looked at, in UTC
    :param late: from when on supply counts that should have come by now, in UTC
    :param before: leave out demand that was ordered at this moment or later: who ordered first is
        promised first; None for all demand, as for somebody who orders now
    :return: select of (product_id, site_id, on_hand, external, demand, claimed, incoming,
        available), where demand, claimed and incoming are what counts until ``when``
    """
    condition = position_sql.among(products, sites)
    return SQL(
        """
        WITH present AS (
            SELECT position.*, on_hand + external - claimed + COALESCE(later, 0) AS start,
                   COALESCE(later, 0) AS later
              FROM (%(read)s) AS position
         LEFT JOIN (%(later)s) AS younger USING (product_id, site_id)
        ), flows AS (
            SELECT product_id, site_id, at, SUM(quantity) AS quantity,
                   SUM(quantity) FILTER (WHERE quantity > 0) AS came,
                   SUM(quantity) FILTER (WHERE quantity < 0) AS went
              FROM (%(flows)s) AS flow
             WHERE at <= %(horizon)s AND (%(before)s)
          GROUP BY product_id, site_id, at
        ), running AS (
            SELECT product_id, site_id, at, came, went,
                   SUM(quantity) OVER (PARTITION BY product_id, site_id ORDER BY at) AS change
              FROM flows
        ), change AS (
            SELECT product_id, site_id,
                   COALESCE((array_agg(change ORDER BY at DESC)
                             FILTER (WHERE at <= %(when)s))[1], 0) AS reached,
                   MIN(change) FILTER (WHERE at > %(when)s) AS least,
                   SUM(came) FILTER (WHERE at <= %(when)s) AS came,
                   -SUM(went) FILTER (WHERE at <= %(when)s) AS went
              FROM running
          GROUP BY product_id, site_id
        )
        SELECT product_id, site_id, on_hand, reserved, COALESCE(went, 0) AS demand,
               COALESCE(came, 0) AS incoming, claimed - later AS claimed, external,
               start + COALESCE(LEAST(reached, least), 0) AS available
          FROM present
     LEFT JOIN change USING (product_id, site_id)
        """,
        read=position_sql.read(condition, moment),
        later=_younger_claims(condition, moment, before),
        flows=flows(products, sites, moment, late),
        horizon=horizon,
        when=when,
        before=SQL("ordered_at IS NULL OR ordered_at < %s", before) if before else SQL("TRUE"),
    )


def _younger_claims(condition: SQL, moment: SQL, before: SQL | None) -> SQL:
    """Return the select of what is claimed for those who ordered later."""
    return SQL(
        """
        SELECT claim.product_id, claim.site_id, SUM(claim.quantity)::float8 AS later
          FROM oms_claim claim
     LEFT JOIN sale_order sale ON sale.id = claim.order_id
         WHERE claim.id IN (SELECT id FROM oms_claim
                             WHERE state = 'active' AND %(condition)s
                               AND (expires_at IS NULL OR expires_at > %(moment)s))
           AND COALESCE(sale.date_order, claim.create_date) >= %(before)s
      GROUP BY claim.product_id, claim.site_id
        """,
        condition=condition if before else SQL("FALSE"),
        moment=moment,
        before=before or moment,
    )
