"""A shop for the benchmark of the channel API: 50 sites, thousands of products, a channel."""

from __future__ import annotations

import json
import random
from typing import Any

VERSION = 1
"""Changes with what is built: an older database is then not used."""

SITES = 50
PRODUCTS = 4_000
#: At how many of the sites a product lies, least and most.
SITES_OF_PRODUCT = (5, 25)
STOCK = 100_000
#: The parameter under which the database keeps what clients must know.
KNOWN = "oms.bench_api"


def key() -> dict[str, int]:
    """Return what two databases have in common that are interchangeable."""
    return {"version": VERSION, "sites": SITES, "products": PRODUCTS}


def build(env: Any) -> None:
    """Make sites, products with stock, carriers and a channel with a key."""
    draw = random.Random(7)
    sites = build_sites(env, draw)
    products = build_products(env, draw, sites)
    carriers = build_carriers(env)
    network = env["oms.network"].create({"name": "Bench", "site_ids": sites.ids})
    channel = env["oms.channel"].create(
        {"name": "Bench", "code": "BENCH", "network_ids": network.ids}
    )
    user = env["res.users"].create(
        {
            "name": "Bench",
            "login": "bench-api",
            "group_ids": env.ref("oms.group_channel_user").ids,
        }
    )
    channel.user_ids = user
    api_key = env["res.users.apikeys"].with_user(user).sudo()._generate("rpc", "Bench", None)
    env["ir.config_parameter"].set_param(
        KNOWN,
        json.dumps({"key": api_key, "products": products, "carriers": carriers.mapped("name")}),
    )
    env.flush_all()
    env["oms.feed"]._publish()
    env["oms.position"]._cron_compact()


def build_sites(env: Any, draw: random.Random) -> Any:
    """Make warehouses all over France, with their sites."""
    warehouses = env["stock.warehouse"].with_context(tracking_disable=True)
    france = env.ref("base.fr")
    for number in range(SITES):
        address = env["res.partner"].create(
            {
                "name": f"Bench site {number}",
                "country_id": france.id,
                "zip": f"{draw.randint(1, 95):02}000",
                "partner_latitude": draw.uniform(43, 50),
                "partner_longitude": draw.uniform(-1, 7),
            }
        )
        warehouses += warehouses.create(
            {"name": f"Bench site {number}", "code": f"B{number:04}", "partner_id": address.id}
        )
        env.cr.commit()
    return warehouses.oms_site_ids


def build_products(env: Any, draw: random.Random, sites: Any) -> list[str]:
    """Make products with stock at some of the sites each; return their references."""
    products = env["product.product"]
    for first in range(0, PRODUCTS, 1000):
        products += products.with_context(tracking_disable=True).create(
            [
                {
                    "name": f"Bench product {n}",
                    "default_code": f"SKU-{n:05}",
                    "type": "consu",
                    "is_storable": True,
                    "list_price": 10 + n % 90,
                    "weight": 0.2 + n % 7 / 5,
                }
                for n in range(first, first + 1000)
            ]
        )
        env.cr.commit()
    places = sites.warehouse_id.lot_stock_id.ids
    rows = [
        (product_id, place)
        for product_id in products.ids
        for place in draw.sample(places, draw.randint(*SITES_OF_PRODUCT))
    ]
    env.cr.execute(
        "INSERT INTO stock_quant "
        "(product_id, location_id, company_id, quantity, reserved_quantity, in_date) "
        "SELECT product, place.id, place.company_id, %s, 0, now() "
        "FROM unnest(%s, %s) AS lying (product, at) JOIN stock_location place ON place.id = at",
        [STOCK, [product_id for product_id, _place in rows], [place for _product, place in rows]],
    )
    env.cr.commit()
    return products.mapped("default_code")


def build_carriers(env: Any) -> Any:
    """Make the methods of delivery."""
    fee = env["product.product"].create({"name": "Bench delivery", "type": "service"})
    return env["delivery.carrier"].create(
        [
            {
                "name": name,
                "delivery_type": "fixed",
                "fixed_price": price,
                "product_id": fee.id,
            }
            for name, price in (("Bench post", 4.9), ("Bench express", 9.9))
        ]
    )
