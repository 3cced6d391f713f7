"""SQL of the figures of flows: how the sites of a plan stood on some days.

Stock of the past is that of today less what has moved since, valued at the cost of today. What was
wanted and what was missing of it is that of the four weeks before a day, see :mod:`.demand_sql`.
"""

#: Units and value at each site now, and the age of the units.
STOCK = """
    SELECT position.site_id, COALESCE(SUM(position.on_hand), 0)::float8,
           COALESCE(SUM(position.on_hand
               * COALESCE((variant.standard_price ->> %(cost_of)s)::float8, 0)), 0)::float8
      FROM oms_position position
      JOIN product_product variant ON variant.id = position.product_id
     WHERE position.site_id = ANY(%(sites)s) AND position.on_hand > 0 AND %(goods)s
  GROUP BY position.site_id
"""

#: Units and their age, in days times units.
AGE = """
    SELECT place.oms_position_site_id, SUM(position.quantity)::float8,
           SUM(position.quantity * GREATEST(EXTRACT(EPOCH FROM %(now)s - position.in_date), 0)
               / 86400)::float8
      FROM stock_quant position
      JOIN stock_location place ON place.id = position.location_id
     WHERE place.oms_position_site_id = ANY(%(sites)s) AND position.quantity > 0 AND %(goods)s
  GROUP BY place.oms_position_site_id
"""

#: What has moved in or out of each site since the first of some moments, by how many have passed.
CHANGES = """
    SELECT site_id, width_bucket(date, %(moments)s::timestamp[]) AS passed,
           SUM(change)::float8, SUM(change * cost)::float8
      FROM (
            SELECT place.oms_position_site_id AS site_id, position.date, direction.sign
                   * position.quantity_product_uom AS change,
                   COALESCE((variant.standard_price ->> %(cost_of)s)::float8, 0) AS cost
              FROM stock_move_line position
              JOIN product_product variant ON variant.id = position.product_id
        CROSS JOIN (VALUES (1), (-1)) AS direction (sign)
              JOIN stock_location place
                ON place.id = CASE WHEN direction.sign = 1 THEN position.location_dest_id
                                   ELSE position.location_id END
             WHERE position.state = 'done' AND position.date >= %(first)s
               AND position.owner_id IS NULL AND place.oms_position_site_id = ANY(%(sites)s)
               AND %(goods)s
           ) moved
  GROUP BY 1, 2
"""

#: What was wanted and what was missing in the weeks before each of some days, and how many of
#: those days the orders of the company are known for.
WANTED = """
    SELECT position.site_id, given.day, SUM(position.quantity)::float8,
           SUM(LEAST(position.lost, position.quantity))::float8,
           LEAST(given.day - (SELECT MIN(first.day) FROM oms_demand first
                               WHERE first.company_id = %(company)s), %(days)s)
      FROM unnest(%(asked)s::date[]) AS given (day)
      JOIN oms_demand position ON position.day >= given.day - %(days)s AND position.day < given.day
     WHERE position.company_id = %(company)s AND position.site_id = ANY(%(sites)s) AND %(goods)s
  GROUP BY position.site_id, given.day
"""

#: Figures are written once for each plan, day and site; those that are there are replaced.
STORE = """
    INSERT INTO oms_flow_kpi (
               plan_id, network_id, company_id, site_id, day, stock_value, stock_units, cover_days,
               fill_rate, daily_units, wanted_units, missing_units, age_days, open_proposals,
               open_gain, transfers, transfer_units, purchases, gain, carbon_kg, is_backfilled,
               create_uid, write_uid, create_date, write_date
           )
    SELECT %(plan)s, %(network)s, %(company)s, given.*, %(uid)s, %(uid)s, %(now)s, %(now)s
      FROM jsonb_to_recordset(%(rows)s::jsonb) AS given (
               site_id int4, day date, stock_value numeric, stock_units numeric,
               cover_days numeric, fill_rate numeric, daily_units numeric, wanted_units numeric,
               missing_units numeric, age_days numeric, open_proposals int4, open_gain numeric,
               transfers int4, transfer_units numeric, purchases int4, gain numeric,
               carbon_kg numeric, is_backfilled bool
           )
    ON CONFLICT (plan_id, day, COALESCE(site_id, 0)) DO UPDATE
       SET (stock_value, stock_units, cover_days, fill_rate, daily_units, wanted_units,
            missing_units, age_days, open_proposals, open_gain, transfers, transfer_units,
            purchases, gain, carbon_kg, is_backfilled, write_uid, write_date)
         = (EXCLUDED.stock_value, EXCLUDED.stock_units, EXCLUDED.cover_days, EXCLUDED.fill_rate,
            EXCLUDED.daily_units, EXCLUDED.wanted_units, EXCLUDED.missing_units,
            EXCLUDED.age_days, EXCLUDED.open_proposals, EXCLUDED.open_gain, EXCLUDED.transfers,
            EXCLUDED.transfer_units, EXCLUDED.purchases, EXCLUDED.gain, EXCLUDED.carbon_kg,
            EXCLUDED.is_backfilled, EXCLUDED.write_uid, EXCLUDED.write_date)
 RETURNING id
"""

#: Days before the first proposal of a plan was accepted tell how it was without it.
PHASES = """
    UPDATE oms_flow_kpi told
       SET phase = now.phase
      FROM (
            SELECT kpi.id, CASE WHEN first.day IS NULL OR kpi.day < first.day
                                THEN '1_before' ELSE '2_after' END AS phase
              FROM oms_flow_kpi kpi
         LEFT JOIN (
                       SELECT plan_id, MIN(decided_at)::date AS day
                         FROM oms_proposal
                        WHERE state IN ('accepted', 'done')
                     GROUP BY plan_id
                   ) first ON first.plan_id = kpi.plan_id
             WHERE kpi.plan_id = ANY(%(plans)s)
           ) now
     WHERE told.id = now.id AND told.phase IS DISTINCT FROM now.phase
"""
