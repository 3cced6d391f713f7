"""SQL of demand: what was wanted where, and when there was nothing to be had.

Demand belongs to the site at which it was wanted: the one that collects or reserves, the store in
which a seller took the order, or the site of the channel next to the customer; not the one that
happened to ship. Only where nobody knows where the customer is, the site that served the order (or
its warehouse) stands for that. Sites that are closed are nobody's any more: what was wanted there
is wanted at the next one.
"""

# Spots are rounded to about a kilometer, so that as few as possible are measured.
_HOMES = """
    sites AS (
        SELECT * FROM jsonb_to_recordset(%(sites)s::jsonb)
            AS given (channel int, site int, latitude float8, longitude float8)
    ),
    orders AS (
        SELECT sale.id, sale.state, sale.date_order, sale.company_id, sale.warehouse_id,
               sale.oms_collect_site_id, sale.oms_service, sale.oms_seller_site_id, sale.oms_state,
               COALESCE(sale.oms_channel_id, 0) AS channel,
               CASE WHEN partner.partner_latitude <> 0 OR partner.partner_longitude <> 0
                    THEN ROUND(partner.partner_latitude::numeric, 2)::float8 END AS latitude,
               CASE WHEN partner.partner_latitude <> 0 OR partner.partner_longitude <> 0
                    THEN ROUND(partner.partner_longitude::numeric, 2)::float8 END AS longitude
          FROM sale_order sale
     LEFT JOIN res_partner partner ON partner.id = sale.partner_shipping_id
         WHERE sale.company_id = %(company)s AND sale.state = 'sale' AND %(which)s
    ),
    spots AS (SELECT DISTINCT channel, latitude, longitude FROM orders WHERE latitude IS NOT NULL),
    near AS (
        SELECT spots.*, found.site
          FROM spots
    CROSS JOIN LATERAL (
                   SELECT sites.site
                     FROM sites
                    WHERE sites.channel = spots.channel AND sites.latitude IS NOT NULL
                 ORDER BY SIND(spots.latitude) * SIND(sites.latitude)
                          + COSD(spots.latitude) * COSD(sites.latitude)
                            * COSD(spots.longitude - sites.longitude) DESC, sites.site
                    LIMIT 1
               ) found
    ),
    homes AS (
        SELECT orders.id, orders.date_order, orders.oms_service, orders.oms_state,
               COALESCE(
                   CASE WHEN orders.oms_service IN ('collect', 'reserve') THEN collecting.id END,
                   selling.id,
                   near.site,
                   (SELECT fulfillment.site_id FROM oms_fulfillment fulfillment
                      JOIN oms_site site ON site.id = fulfillment.site_id
                     WHERE fulfillment.order_id = orders.id AND site.warehouse_id IS NOT NULL
                  ORDER BY fulfillment.id LIMIT 1),
                   (SELECT MIN(site.id) FROM oms_site site
                     WHERE site.warehouse_id = orders.warehouse_id)
               ) AS site_id,
               orders.oms_service IN ('collect', 'reserve') AND collecting.id IS NOT NULL
                   AS is_local
          FROM orders
     LEFT JOIN oms_site collecting ON collecting.id = orders.oms_collect_site_id
           AND collecting.active
     LEFT JOIN oms_site selling ON selling.id = orders.oms_seller_site_id
           AND selling.active AND selling.warehouse_id IS NOT NULL
     LEFT JOIN near ON near.channel = orders.channel AND near.latitude = orders.latitude
           AND near.longitude = orders.longitude
    )
"""

# A supplier sends, or is to send, an order's line.
_FROM_SUPPLIER = """(
    EXISTS (
        SELECT FROM oms_fulfillment_line part
          JOIN oms_fulfillment fulfillment ON fulfillment.id = part.fulfillment_id
          JOIN oms_site supplier ON supplier.id = fulfillment.site_id
         WHERE part.sale_line_id = line.id AND supplier.warehouse_id IS NULL
           AND fulfillment.state NOT IN ('rejected', 'cancelled')
    ) OR EXISTS (
        SELECT FROM stock_move move
          JOIN stock_location source ON source.id = move.location_id
          JOIN stock_location target ON target.id = move.location_dest_id
         WHERE move.sale_line_id = line.id AND move.state <> 'cancel'
           AND source.usage = 'supplier' AND target.usage = 'customer'
    )
)"""

# A site of the company has, or once had, goods.
_KEPT_ONCE = """(
    EXISTS (
        SELECT FROM stock_quant quant
          JOIN stock_location place ON place.id = quant.location_id
         WHERE quant.product_id = line.product_id AND quant.company_id = %(company)s
           AND place.oms_position_site_id IS NOT NULL
    ) OR EXISTS (
        SELECT FROM stock_move move
          JOIN stock_location place ON place.id = move.location_dest_id
         WHERE move.product_id = line.product_id AND move.company_id = %(company)s
           AND move.state = 'done' AND place.oms_position_site_id IS NOT NULL
    )
)"""

#: Lines of orders become demand, kits that of their parts. Returns come later and take nothing off:
#: what came back had been wanted; the same goods anew in exchange are not wanted a second time.
#: ``lost`` is what a site that should have served it did not have, or what waits for stock, and
#: ``local`` what is collected at the site. Goods that suppliers send and no site ever kept are no
#: demand of a site.
COUNT = (
    "WITH"
    + _HOMES
    + """,
    kits AS (
        SELECT * FROM jsonb_to_recordset(%(kits)s::jsonb) AS given (kit int, part int, ratio float8)
    ),
    anew AS (
        SELECT back.exchange_order_id AS order_id, part.product_id, SUM(part.quantity) AS quantity
          FROM oms_return back
          JOIN oms_return_line part ON part.return_id = back.id
         WHERE back.exchange_order_id IS NOT NULL
      GROUP BY 1, 2
    ),
    lines AS (
        SELECT line.product_id, homes.site_id, homes.is_local,
               (homes.date_order AT TIME ZONE 'UTC' AT TIME ZONE COALESCE(site.tz, 'UTC'))::date
                   AS day,
               line.product_uom_qty * line_unit.factor / unit.factor
                   - COALESCE(anew.quantity, 0) AS quantity,
               LEAST(
                   line.product_uom_qty * line_unit.factor / unit.factor,
                   GREATEST(
                   CASE WHEN homes.oms_state IN ('waiting', 'partial')
                        THEN line.oms_qty_open ELSE 0 END,
                   COALESCE((
                       SELECT SUM(rejection.quantity)
                         FROM oms_fulfillment_line part
                         JOIN oms_rejection rejection ON rejection.fulfillment_line_id = part.id
                    LEFT JOIN oms_reject_reason reason ON reason.id = rejection.reason_id
                        WHERE part.sale_line_id = line.id AND rejection.state = 'valid'
                          AND (rejection.stock_effect <> 'none' OR reason.code = 'SHORT')
                   ), 0))
               ) AS lost
          FROM homes
          JOIN oms_site site ON site.id = homes.site_id
          JOIN sale_order_line line ON line.order_id = homes.id
          JOIN product_product variant ON variant.id = line.product_id
          JOIN product_template template ON template.id = variant.product_tmpl_id
          JOIN uom_uom line_unit ON line_unit.id = line.product_uom_id
          JOIN uom_uom unit ON unit.id = template.uom_id
     LEFT JOIN anew ON anew.order_id = line.order_id AND anew.product_id = line.product_id
         WHERE line.product_uom_qty > 0 AND line.display_type IS NULL
           AND NOT (
                   (homes.oms_service = 'drop_ship' OR """
    + _FROM_SUPPLIER
    + """)
               AND NOT """
    + _KEPT_ONCE
    + """)
    ),
    wanted AS (
        SELECT lines.product_id, site_id, day, quantity, LEAST(lost, quantity) AS lost,
               CASE WHEN is_local THEN quantity ELSE 0 END AS local
          FROM lines
          JOIN product_product variant ON variant.id = lines.product_id
          JOIN product_template template ON template.id = variant.product_tmpl_id
         WHERE template.is_storable AND quantity > 0.000001
           AND NOT EXISTS (SELECT FROM kits WHERE kits.kit = lines.product_id)
     UNION ALL
        SELECT kits.part, site_id, day, quantity * kits.ratio, LEAST(lost, quantity) * kits.ratio,
               CASE WHEN is_local THEN quantity * kits.ratio ELSE 0 END
          FROM lines
          JOIN kits ON kits.kit = lines.product_id
         WHERE quantity > 0.000001
    )
    INSERT INTO oms_demand
           (product_id, site_id, company_id, day, quantity, lost, local, source, key)
    SELECT product_id, site_id, %(company)s, day, SUM(quantity), SUM(lost), SUM(local), 'orders',
           ''
      FROM wanted
     WHERE day = ANY(%(days)s)
  GROUP BY product_id, site_id, day
  ORDER BY product_id, site_id, day
    """
)

#: What leaves a site for customers without an order, such as what is sold at tills.
COUNT_SOLD = """
    INSERT INTO oms_demand
           (product_id, site_id, company_id, day, quantity, lost, local, source, key)
    SELECT product_id, site_id, %(company)s, day, SUM(quantity), 0, SUM(quantity), 'counter', ''
      FROM (
            SELECT move.product_id, site.id AS site_id,
                   (move.date AT TIME ZONE 'UTC' AT TIME ZONE COALESCE(site.tz, 'UTC'))::date
                       AS day,
                   move.quantity * move_unit.factor / unit.factor AS quantity
              FROM stock_move move
              JOIN stock_location source ON source.id = move.location_id
              JOIN stock_location target ON target.id = move.location_dest_id
              JOIN oms_site site ON site.id = source.oms_position_site_id
              JOIN product_product variant ON variant.id = move.product_id
              JOIN product_template template ON template.id = variant.product_tmpl_id
              JOIN uom_uom move_unit ON move_unit.id = move.product_uom
              JOIN uom_uom unit ON unit.id = template.uom_id
             WHERE move.state = 'done' AND move.sale_line_id IS NULL AND target.usage = 'customer'
               AND move.company_id = %(company)s AND template.is_storable AND move.quantity > 0
               AND site.company_id = %(company)s
               AND move.date >= %(begin)s AND move.date < %(end)s
           ) sold
     WHERE day = ANY(%(days)s)
  GROUP BY product_id, site_id, day
  ORDER BY product_id, site_id, day
"""

#: Where the demand of some orders belongs, whatever became of them.
HOME = "WITH" + _HOMES.replace("sale.state = 'sale' AND ", "") + "SELECT id, site_id FROM homes"

#: Days whose orders were written since a moment. Orders are written late, too: when they are
#: cancelled, changed or shipped. Days that orders have left, or on which they were deleted, are
#: remembered. A day more at both ends holds all time zones.
CHANGED_DAYS = """
    SELECT DISTINCT (moment + step * INTERVAL '1 day')::date
      FROM (
            SELECT left_day.day::timestamp AS moment
              FROM oms_demand_day left_day
             WHERE left_day.company_id = %(company)s AND left_day.day >= %(since)s
             UNION
            SELECT date_trunc('day', move.date)
              FROM stock_move move
              JOIN stock_location target ON target.id = move.location_dest_id
             WHERE move.company_id = %(company)s AND move.date >= %(since)s
               AND move.state = 'done' AND move.sale_line_id IS NULL
               AND target.usage = 'customer' AND move.write_date >= %(changed)s
             UNION
            SELECT date_trunc('day', sale.date_order) AS moment
              FROM sale_order sale
             WHERE sale.company_id = %(company)s AND sale.date_order >= %(since)s
               AND (sale.write_date >= %(changed)s OR EXISTS (
                       SELECT FROM sale_order_line line
                        WHERE line.order_id = sale.id AND line.write_date >= %(changed)s
                   ))
          GROUP BY 1
           ) days
CROSS JOIN generate_series(-1, 1) AS step
"""

#: Demand of a company by day from a date on: product, site, day and quantity, sorted by series.
READ = """
    SELECT product_id, site_id, (day - %(start)s::date)::int4, SUM(quantity)::float4
      FROM oms_demand
     WHERE company_id = %(company)s AND day >= %(start)s AND day < %(end)s
  GROUP BY product_id, site_id, day
  ORDER BY product_id, site_id, day
"""

#: Times without stock: what is there now, less what has moved since. Who never had any in all the
#: time is not told: others serve what is wanted there. Before the first time that a product moved
#: anywhere nobody wrote down what was there: orders of that time are older than the stock in Odoo.
OUTS = """
    WITH changes AS (
        SELECT line.product_id, place.oms_position_site_id AS site_id, line.date, line.id,
               line.quantity_product_uom AS change
          FROM stock_move_line line
          JOIN stock_location place ON place.id = line.location_dest_id
         WHERE line.state = 'done' AND line.date >= %(start)s AND line.company_id = %(company)s
           AND place.oms_position_site_id IS NOT NULL
     UNION ALL
        SELECT line.product_id, place.oms_position_site_id, line.date, line.id,
               -line.quantity_product_uom
          FROM stock_move_line line
          JOIN stock_location place ON place.id = line.location_id
         WHERE line.state = 'done' AND line.date >= %(start)s AND line.company_id = %(company)s
           AND place.oms_position_site_id IS NOT NULL
    ),
    levels AS (
        SELECT changes.product_id, changes.site_id, date, change,
               COALESCE(position.on_hand + position.external, 0) - COALESCE(
                   SUM(change) OVER (
                       PARTITION BY changes.product_id, changes.site_id
                       ORDER BY date DESC, changes.id DESC
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                   ), 0
               ) AS level,
               LEAD(date) OVER series AS next_date,
               ROW_NUMBER() OVER series AS number
          FROM changes
     LEFT JOIN oms_position position ON position.product_id = changes.product_id
           AND position.site_id = changes.site_id
        WINDOW series AS (
                   PARTITION BY changes.product_id, changes.site_id ORDER BY date, changes.id
               )
    ),
    -- All in passes over sorted rows: joined with itself, the planner, which knows nothing of what
    -- was written today, would look at all pairs.
    firsts AS (
        SELECT product_id, site_id, date, level - change AS level,
               CASE WHEN BOOL_OR(level - change > 0.000001) OVER product THEN %(start)s
                    ELSE MIN(date) OVER product END AS since
          FROM levels
         WHERE number = 1
        WINDOW product AS (PARTITION BY product_id)
    ),
    spans AS (
        SELECT product_id, site_id, date AS begun, COALESCE(next_date, %(now)s) AS ended, level
          FROM levels
     UNION ALL
        SELECT product_id, site_id, since, date, level FROM firsts
    )
    SELECT told.product_id, told.site_id,
           (EXTRACT(EPOCH FROM (begun AT TIME ZONE 'UTC' AT TIME ZONE COALESCE(site.tz, 'UTC'))
               - %(start)s::timestamp) / 86400)::float4,
           (EXTRACT(EPOCH FROM (ended AT TIME ZONE 'UTC' AT TIME ZONE COALESCE(site.tz, 'UTC'))
               - %(start)s::timestamp) / 86400)::float4
      FROM (
            SELECT spans.*, MAX(level) OVER (PARTITION BY product_id, site_id) AS most FROM spans
           ) told
      JOIN oms_site site ON site.id = told.site_id
     WHERE told.level <= 0.000001 AND told.ended > told.begun AND told.most > 0.000001
"""

#: Series besides those of demand: what is kept at sites, though nobody wanted it yet.
KEPT = """
    SELECT position.product_id, position.site_id
      FROM oms_position position
      JOIN oms_site site ON site.id = position.site_id
     WHERE site.company_id = %(company)s AND site.active AND position.on_hand > 0
"""

#: What is known of products: category, price, and the day from which on they are known.
PRODUCTS = """
    SELECT variant.id, COALESCE(template.categ_id, 0),
           LN(GREATEST(template.list_price, 0.01))::float4,
           (variant.create_date::date - %(start)s::date)::int4
      FROM product_product variant
      JOIN product_template template ON template.id = variant.product_tmpl_id
     WHERE variant.id = ANY(%(products)s)
  ORDER BY variant.id
"""
