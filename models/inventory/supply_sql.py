"""The SQL of incoming supply: open moves that reach a site, and what others have to offer.

Which moves reach a site is the rule by which positions count what is incoming, so that both agree.
"""

from odoo.tools import SQL

from . import external_sql

# What comes out of a transit location is on its way between two sites: the move into it leads to
# no site and does not count twice.
_MOVES = SQL(
    """
    SELECT move.id, move.product_id, target.oms_position_site_id AS site_id, site.company_id,
           CASE source.usage WHEN 'supplier' THEN 'receipt' WHEN 'customer' THEN 'return'
                             WHEN 'production' THEN 'production' ELSE 'transfer' END AS kind,
           move.product_qty::float8 AS quantity, move.date AS expected_at,
           COALESCE(move.date < %(now)s, FALSE) AS overdue, NULL::integer AS lead_days,
           COALESCE(move.origin, picking.origin) AS origin,
           COALESCE(picking.partner_id, move.partner_id, purchase.partner_id) AS partner_id,
           move.id AS move_id, move.picking_id, move.purchase_line_id,
           line.order_id AS purchase_id, NULL::integer AS external_stock_id
      FROM stock_move move
      JOIN stock_location source ON source.id = move.location_id
      JOIN stock_location target
        ON target.id = COALESCE(move.location_final_id, move.location_dest_id)
      JOIN oms_site site ON site.id = target.oms_position_site_id
 LEFT JOIN stock_picking picking ON picking.id = move.picking_id
 LEFT JOIN purchase_order_line line ON line.id = move.purchase_line_id
 LEFT JOIN purchase_order purchase ON purchase.id = line.order_id
     WHERE move.state IN ('waiting', 'confirmed', 'partially_available', 'assigned')
       AND source.oms_position_site_id IS DISTINCT FROM target.oms_position_site_id
       AND move.product_qty <> 0
    """,
    now=external_sql.NOW,
)

# Ordered now, it comes after its lead time.
_EXTERNAL = SQL(
    """
    SELECT -stock.id, stock.product_id, stock.site_id, stock.company_id, 'external',
           %(left)s, %(now)s + stock.lead_days * interval '1 day', FALSE,
           stock.lead_days, NULL, site.partner_id, NULL, NULL, NULL, NULL, stock.id
      FROM oms_external_stock stock
      JOIN oms_site site ON site.id = stock.site_id
     WHERE %(left)s > 0 AND %(fresh)s
    """,
    now=external_sql.NOW,
    left=SQL(external_sql.LEFT),
    fresh=SQL(external_sql.FRESH, moment=external_sql.NOW),
)


def supply() -> SQL:
    """Return the select of all supply, one row per open move or external stock."""
    return SQL("%s UNION ALL %s", _MOVES, _EXTERNAL)
