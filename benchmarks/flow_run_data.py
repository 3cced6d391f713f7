"""A company for runs of flow plans: sites, lanes, goods, stock, vendors and two months of sales.

Two warehouses and stores lie at random in a square of 800 km; each has lanes by the company's
policy. A product costs half of its price and is wanted at the warehouses and at a share of the
stores; warehouses and stores hold between nothing and months of what is wanted there. All that
is large comes from bulk SQL, which copies rows that Odoo made. Goods are added as asked, so that
one database shows several sizes.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.stock_data import build_positions, columns, drop_extras

WAREHOUSES, SQUARE_DEGREES = 2, 7.0
SALES_DAYS, LINES_PER_ORDER = 63, 5
VENDORS, CATEGORIES = 40, 10
NETWORK = "Flow bench"
Say = Callable[[str], None]


def build(env: Any, sites: int) -> None:
    """Make the sites, their lanes, a plan, customers next to each site, vendors and categories.

    :param env: environment of the superuser, on a database with the addon
    :param sites: how many, at least one more than there are warehouses
    """
    draw = random.Random(17)
    warehouses = (
        env["stock.warehouse"]
        .with_context(tracking_disable=True)
        .create([{"name": f"Flow site {n:03}", "code": f"F{n:03}"} for n in range(sites)])
    )
    made = warehouses.oms_site_ids.sorted("id")
    for number, site in enumerate(made):
        site.write(
            {
                "kind": "warehouse" if number < WAREHOUSES else "store",
                "latitude": 45.0 + SQUARE_DEGREES * draw.random(),
                "longitude": 5.0 + SQUARE_DEGREES * draw.random(),
            }
        )
    network = env["oms.network"].create({"name": NETWORK, "site_ids": [(6, 0, made.ids)]})
    network.action_make_lanes()
    env["oms.flow.plan"].search([]).active = False
    env["oms.flow.plan"].create({"name": NETWORK, "network_id": network.id, "interval_days": 1})
    Partner = env["res.partner"].with_context(tracking_disable=True)
    Partner.create(
        [
            {
                "name": f"Flow customer {site.id}",
                "ref": f"FLOW-C-{site.id}",
                "partner_latitude": site.latitude,
                "partner_longitude": site.longitude,
            }
            for site in made
        ]
    )
    Partner.create([{"name": f"Vendor {n}", "ref": f"FLOW-V-{n}"} for n in range(VENDORS)])
    env["product.category"].create([{"name": f"Flow goods {n}"} for n in range(CATEGORIES)])
    for record in _make_patterns(env):
        record.flush_recordset()


def _make_patterns(env: Any) -> tuple[Any, ...]:
    """Make one record of each kind that is copied many times."""
    values = {"name": "Flow 0", "default_code": "FLOW-0", "type": "consu", "is_storable": True}
    product = env["product.product"].create(values)
    order = env["sale.order"].create(
        {
            "partner_id": env["res.partner"].search([("ref", "=", "FLOW-V-0")]).id,
            "client_order_ref": "FLOW-0",
            "order_line": [(0, 0, {"product_id": product.id, "product_uom_qty": 1.0})],
        }
    )
    place = env["stock.warehouse"].search([("code", "=", "F000")]).lot_stock_id
    move = env["stock.move"].create(
        {
            "product_id": product.id,
            "product_uom_qty": 1.0,
            "location_id": place.id,
            "location_dest_id": env.ref("stock.stock_location_customers").id,
            "origin": "FLOW-0",
        }
    )
    return product, order, move


def _copy(env: Any, table: str, pattern: int, own: Mapping[str, str], source: str) -> None:
    """Copy a row for each row of a source.

    :param own: expressions of what is not as in the pattern, by column
    :param source: tables and conditions of these rows
    """
    rest = [name for name in columns(env, table) if name not in own and name != "id"]
    names = [*own, *rest]
    taken = [*own.values(), *(f"pattern.{name}" for name in rest)]
    env.cr.execute(
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(taken)} "
        f"FROM {table} pattern, {source} AND pattern.id = {int(pattern)}"
    )


def grow(env: Any, before: int, after: int, density: float, say: Say) -> None:
    """Add goods with all that belongs to them.

    :param before: how many goods there are
    :param after: how many there are to be
    :param density: chance that a store has and sells a product
    """
    env.cr.execute("SELECT setseed(%s)", [before / 1e6])
    for name, step in (
        ("goods", _add_goods),
        ("places", _add_places),
        ("stock", _add_stock),
        ("vendors", _add_vendors),
        ("rules", _add_rules),
        ("orders", _add_orders),
        ("deliveries", _add_deliveries),
    ):
        say(f"{name} …")
        step(env, before, after, density)
    build_positions(env, None, say)  # type: ignore[arg-type]
    env.cr.execute("DROP TABLE flow_goods, flow_places, flow_sales")
    env.cr.execute(
        "ANALYZE product_product; ANALYZE product_template; ANALYZE product_supplierinfo; "
        "ANALYZE stock_quant; ANALYZE stock_move; ANALYZE stock_move_line; ANALYZE sale_order; "
        "ANALYZE sale_order_line; ANALYZE oms_position_row; ANALYZE stock_warehouse_orderpoint"
    )
    env.invalidate_all()
    env.registry.clear_cache()


def _add_goods(env: Any, before: int, after: int, _density: float) -> None:
    """Make products: prices about 25, a unit weighs about 0.85 kg, some sell far better."""
    product = env["product.product"].search([("default_code", "=", "FLOW-0")], limit=1)
    env.cr.execute(
        """
        CREATE TEMPORARY TABLE flow_goods AS
        SELECT number, nextval('product_template_id_seq')::int AS template_id,
               nextval('product_product_id_seq')::int AS product_id,
               ROUND((25 * EXP(1.2 * (random() + random() - 1)))::numeric, 2) AS price,
               0.05 + 1.6 * random() AS weight,
               0.02 + 0.25 * POWER(random(), 4) AS base,
               (%(categories)s::int[])[1 + number %% %(count)s] AS categ_id
          FROM generate_series(%(first)s, %(last)s) AS number
        """,
        {
            "first": before + 1,
            "last": after,
            "categories": env["product.category"].search([("name", "like", "Flow goods")]).ids,
            "count": CATEGORIES,
        },
    )
    for table, pattern, own in (
        (
            "product_template",
            product.product_tmpl_id.id,
            {
                "id": "template_id",
                "name": "jsonb_build_object('en_US', 'Flow ' || number)",
                "default_code": "'FLOW-' || number",
                "list_price": "goods.price",
                "categ_id": "goods.categ_id",
            },
        ),
        (
            "product_product",
            product.id,
            {
                "id": "product_id",
                "product_tmpl_id": "template_id",
                "default_code": "'FLOW-' || number",
                "weight": "goods.weight",
                "standard_price": f"jsonb_build_object('{env.company.id}', goods.price / 2)",
            },
        ),
    ):
        _copy(env, table, pattern, own, "flow_goods goods WHERE TRUE")
    env.cr.execute("ANALYZE flow_goods; ANALYZE product_product; ANALYZE product_template")


def _add_places(env: Any, _before: int, _after: int, density: float) -> None:
    """Say which goods are wanted where, and what is there."""
    network = env["oms.network"].search([("name", "=", NETWORK)])
    env.cr.execute(
        """
        CREATE TEMPORARY TABLE flow_places AS
        SELECT place.*,
               FLOOR(CASE WHEN central THEN base * 28 * %(pooled)s ELSE rate * 28 END
                     * -LN(1 - random()) + random()) AS stock
          FROM (SELECT goods.product_id, goods.base, site.id AS site_id,
                       site.kind = 'warehouse' AS central, site.company_id, site.warehouse_id,
                       warehouse.lot_stock_id,
                       goods.base * (0.2 + 1.6 * random())
                       * CASE WHEN site.kind = 'warehouse' THEN 0.5 ELSE 1 END AS rate
                  FROM flow_goods goods
            CROSS JOIN oms_site site
                  JOIN stock_warehouse warehouse ON warehouse.id = site.warehouse_id
                 WHERE site.id = ANY(%(sites)s)
                   AND (site.kind = 'warehouse' OR random() < %(density)s)) AS place;
        ANALYZE flow_places
        """,
        {
            "sites": network.site_ids.ids,
            "density": density,
            "pooled": density * len(network.site_ids) * 0.15,
        },
    )


def _add_stock(env: Any, *_size: Any) -> None:
    """Make quants, some of which have been there for long."""
    env.cr.execute("ALTER TABLE stock_quant DISABLE TRIGGER USER")
    env.cr.execute(
        """
        INSERT INTO stock_quant (
            product_id, location_id, company_id, quantity, reserved_quantity, in_date,
            create_date, write_date, create_uid, write_uid
        )
        SELECT product_id, lot_stock_id, company_id, stock, 0,
               now() - 90 * -LN(1 - random()) * INTERVAL '1 day', now(), now(), 1, 1
          FROM flow_places WHERE stock > 0
        """
    )
    env.cr.execute("ALTER TABLE stock_quant ENABLE TRIGGER USER")


def _add_vendors(env: Any, *_size: Any) -> None:
    """Make price lists: one vendor for each product, with a price for many of every third."""
    vendors = env["res.partner"].search([("ref", "like", "FLOW-V-")], order="id").ids
    env.cr.execute(
        """
        INSERT INTO product_supplierinfo (
            partner_id, product_tmpl_id, sequence, min_qty, price, delay, company_id, currency_id,
            create_date, write_date, create_uid, write_uid, product_uom_id
        )
        SELECT (%(vendors)s::int[])[1 + number %% %(count)s], template_id, 1 + least, least,
               ROUND(price / 2 * CASE WHEN least > 0 THEN 0.95 ELSE 1 END, 2), 3 + number %% 12,
               %(company)s, %(currency)s, now(), now(), 1, 1, %(unit)s
          FROM flow_goods
    CROSS JOIN (VALUES (0), (48)) AS breaks (least)
         WHERE least = 0 OR number %% 3 = 0
        """,
        {
            "vendors": vendors,
            "count": len(vendors),
            "company": env.company.id,
            "currency": env.company.currency_id.id,
            "unit": env.ref("uom.product_uom_unit").id,
        },
    )


def _add_rules(env: Any, *_size: Any) -> None:
    """Make reordering rules of every tenth product at a site."""
    env.cr.execute(
        """
        INSERT INTO stock_warehouse_orderpoint (
            name, trigger, active, warehouse_id, location_id, product_id, product_min_qty,
            product_max_qty, company_id, create_date, write_date, create_uid, write_uid
        )
        SELECT 'FLOW', 'manual', TRUE, warehouse_id, lot_stock_id, product_id, CEIL(rate * 7),
               CEIL(rate * 21), company_id, now(), now(), 1, 1
          FROM flow_places
         WHERE random() < 0.1
        """
    )


def _add_orders(env: Any, *_size: Any) -> None:
    """Make confirmed orders of two months; their customers live next to a site."""
    env.cr.execute(
        """
        CREATE TEMPORARY TABLE flow_sales AS
        SELECT place.*, FLOOR(random() * %(days)s)::int AS day,
               1 + (random() < 0.3)::int + (random() < 0.1)::int AS units, random() AS part,
               NULL::int AS order_id
          FROM flow_places place,
               generate_series(1, FLOOR(rate * %(days)s / 1.4 + random())::int) AS number
        """,
        {"days": SALES_DAYS},
    )
    env.cr.execute("SELECT COUNT(*), COUNT(DISTINCT site_id) FROM flow_sales")
    count, sites = env.cr.fetchone()
    orders = max(1, math.ceil(count / max(1, sites * SALES_DAYS * LINES_PER_ORDER)))
    env.cr.execute(
        """
        CREATE TEMPORARY TABLE flow_orders AS
        SELECT nextval('sale_order_id_seq')::int AS order_id, asked.*, customer.id AS partner_id,
               site.warehouse_id,
               date_trunc('day', now()) - (day + 1) * INTERVAL '1 day' + INTERVAL '11 hours'
                   AS moment
          FROM (SELECT DISTINCT site_id, day, FLOOR(part * %(orders)s)::int AS part
                  FROM flow_sales) AS asked
          JOIN oms_site site ON site.id = asked.site_id
          JOIN res_partner customer ON customer.ref = 'FLOW-C-' || site.id;
        UPDATE flow_sales sold SET order_id = flow_orders.order_id
          FROM flow_orders
         WHERE (flow_orders.site_id, flow_orders.day, flow_orders.part)
               = (sold.site_id, sold.day, FLOOR(sold.part * %(orders)s)::int)
        """,
        {"orders": orders},
    )
    order = env["sale.order"].search([("client_order_ref", "=", "FLOW-0")], limit=1)
    restore = drop_extras(env, "sale_order") + drop_extras(env, "sale_order_line")
    for table in ("sale_order", "sale_order_line"):
        env.cr.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    _copy(
        env,
        "sale_order",
        order.id,
        {
            "id": "asked.order_id",
            "name": "'FLOW-' || asked.order_id",
            "client_order_ref": "NULL",
            "state": "'sale'",
            "date_order": "asked.moment",
            "write_date": "now()",
            "partner_id": "asked.partner_id",
            "partner_shipping_id": "asked.partner_id",
            "partner_invoice_id": "asked.partner_id",
            "warehouse_id": "asked.warehouse_id",
            "access_token": "NULL",
        },
        "flow_orders asked WHERE TRUE",
    )
    _copy(
        env,
        "sale_order_line",
        order.order_line.id,
        {
            "order_id": "sold.order_id",
            "product_id": "sold.product_id",
            "product_uom_qty": "sold.units",
            "state": "'sale'",
        },
        "flow_sales sold WHERE TRUE",
    )
    for table in ("sale_order", "sale_order_line"):
        env.cr.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    for statement in restore:
        env.cr.execute(statement)
    env.cr.execute("DROP TABLE flow_orders")


def _add_deliveries(env: Any, *_size: Any) -> None:
    """Make the moves by which all that was ordered left."""
    move = env["stock.move"].search([("origin", "=", "FLOW-0")], limit=1)
    restore = drop_extras(env, "stock_move") + drop_extras(env, "stock_move_line")
    for table in ("stock_move", "stock_move_line"):
        env.cr.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    moment = "date_trunc('day', now()) - (sold.day + 1) * INTERVAL '1 day' + INTERVAL '15 hours'"
    _copy(
        env,
        "stock_move",
        move.id,
        {
            "state": "'done'",
            "origin": "'FLOW'",
            "product_id": "sold.product_id",
            "location_id": "sold.lot_stock_id",
            "company_id": "sold.company_id",
            "product_uom_qty": "sold.units",
            "product_qty": "sold.units",
            "quantity": "sold.units",
            "date": moment,
        },
        "flow_sales sold WHERE TRUE",
    )
    env.cr.execute(
        f"""
        INSERT INTO stock_move_line (
            product_id, product_uom_id, company_id, location_id, location_dest_id, state,
            quantity, quantity_product_uom, date, create_date, write_date, create_uid, write_uid
        )
        SELECT product_id, %s, company_id, lot_stock_id, %s, 'done', units, units, {moment},
               now(), now(), 1, 1
          FROM flow_sales sold
        """,
        [env.ref("uom.product_uom_unit").id, env.ref("stock.stock_location_customers").id],
    )
    for table in ("stock_move", "stock_move_line"):
        env.cr.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    for statement in restore:
        env.cr.execute(statement)


def get_plan(env: Any) -> Any:
    """Return the plan of all sites."""
    return env["oms.flow.plan"].search([("name", "=", NETWORK)])


def clear(env: Any) -> None:
    """Forget what earlier runs proposed."""
    env.cr.execute("DELETE FROM oms_proposal; DELETE FROM oms_flow_run")
    env.invalidate_all()
