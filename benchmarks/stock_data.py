"""A large stock for benchmarks: sites, products, quants, open moves and claims.

Shapes follow what large retailers have: few products move fast and lie at many sites (4 to 86 % of
them), the many others at about a fortieth of the sites. Sites come from Odoo itself, all that is
large from bulk SQL. Quants are written without the addon's triggers, in no order, and their
positions are then made as on the day on which the addon is installed. Moves, reservations and
claims come afterwards, through the triggers, and are folded; the newest changes stay in the ledger,
as there always are some. So positions are neither untouched nor in perfect order.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

VERSION = 1
"""Changes with what is built: an older database is then not used."""

CHUNK = 200_000
#: Tables that the data fill.
TABLES = ("stock_quant", "stock_move", "oms_claim", "oms_position_row", "oms_position_delta")
RARE_SHARE = 0.024
FAST_SHARES = (0.04, 0.86)


@dataclass(frozen=True)
class Size:
    """How much there is of everything."""

    quants: int
    sites: int
    products: int
    moves: int
    claims: int
    ledger: int

    def key(self) -> dict[str, int]:
        """What two databases have in common that are interchangeable."""
        return {"version": VERSION, **asdict(self)}

    @property
    def fast_range(self) -> tuple[int, int]:
        """At how many sites a fast mover lies, least and most."""
        least, most = (max(1, round(self.sites * share)) for share in FAST_SHARES)
        return least, most

    @property
    def rare_range(self) -> tuple[int, int]:
        """At how many sites any other product lies, least and most."""
        usual = max(1, round(self.sites * RARE_SHARE))
        return 1, min(self.sites, 2 * usual - 1)

    @property
    def most_quants(self) -> int:
        """How many quants there can be, were all products fast movers."""
        return int(self.products * sum(self.fast_range) / 2 / 1.02)

    @property
    def fast(self) -> int:
        """How many products are fast movers: as many as it takes to have that many quants."""
        usual, often = sum(self.rare_range) / 2, sum(self.fast_range) / 2
        if often <= usual:
            return 0
        # A little more than it takes: what is too much is left out by chance.
        share = (1.02 * self.quants / self.products - usual) / (often - usual)
        return round(self.products * min(1.0, max(0.0, share)))


def build(env: Any, size: Size, say: Callable[[str], None]) -> dict[str, float]:
    """Make the stock, in one transaction.

    :param env: environment of the superuser, on a database with the addon and without stock
    :param say: is told what is being done
    :return: seconds by step
    """
    seconds = {}
    for name, step in (
        ("sites", build_sites),
        ("products", build_products),
        ("quants", build_quants),
        ("positions", build_positions),
        ("moves", build_moves),
        ("claims", build_claims),
        ("folding", fold),
        ("ledger", build_ledger),
    ):
        say(f"{name} …")
        start = time.monotonic()
        step(env, size, say)
        env.flush_all()
        seconds[name] = round(time.monotonic() - start, 1)
    return seconds


def build_sites(env: Any, size: Size, say: Callable[[str], None]) -> None:
    """Make warehouses and their sites, one network of all of them and five of a part each."""
    Warehouse = env["stock.warehouse"].with_context(tracking_disable=True)
    sites = env["oms.site"]
    for first in range(0, size.sites, 50):
        numbers = range(first, min(first + 50, size.sites))
        values = [{"name": f"Large site {n:05}", "code": f"{n:05}"} for n in numbers]
        sites |= Warehouse.create(values).oms_site_ids
        env.flush_all()
        env.invalidate_all()
        say(f"sites: {len(sites)} of {size.sites}")
    parts = {"Everywhere": sites} | {f"Part {n + 1}": sites[n::5] for n in range(5)}
    env["oms.network"].create(
        [{"name": name, "site_ids": [(6, 0, part.ids)]} for name, part in parts.items()]
    )


def build_products(env: Any, size: Size, say: Callable[[str], None]) -> None:
    """Make one product as Odoo does, and copies of its rows."""
    values = {"name": "Large 0", "default_code": "L000000", "type": "consu", "is_storable": True}
    first = env["product.product"].create({**values, "list_price": 10.0})
    env.flush_all()
    for table, own in (
        (
            "product_template",
            {
                "id": "%(first)s + number",
                "name": "jsonb_build_object('en_US', 'Large ' || number)",
                "default_code": "'L' || lpad(number::text, 6, '0')",
            },
        ),
        (
            "product_product",
            {
                "id": "%(first)s + number",
                "product_tmpl_id": "%(template)s + number",
                "default_code": "'L' || lpad(number::text, 6, '0')",
            },
        ),
    ):
        copied = [name for name in columns(env, table) if name not in own]
        env.cr.execute(
            f"INSERT INTO {table} ({', '.join([*own, *copied])}) "
            f"SELECT {', '.join([*own.values(), *(f'pattern.{name}' for name in copied)])} "
            f"FROM generate_series(1, %(last)s) AS number, {table} pattern "
            f"WHERE pattern.id = %(first)s",
            {
                "first": first.product_tmpl_id.id if "template" in table else first.id,
                "template": first.product_tmpl_id.id,
                "last": size.products - 1,
            },
        )
        env.cr.execute(f"SELECT setval('{table}_id_seq', (SELECT MAX(id) FROM {table}))")
    env.cr.execute("ANALYZE product_template; ANALYZE product_product")
    env.invalidate_all()
    env.registry.clear_cache()


def columns(env: Any, table: str) -> list[str]:
    """Return the columns of a table, quoted."""
    env.cr.execute(
        "SELECT quote_ident(attname) FROM pg_attribute "
        "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
        [table],
    )
    return [name for [name] in env.cr.fetchall()]


def first_product(env: Any) -> int:
    """Return the lowest id of the products; the others follow without a gap."""
    return env["product.product"].search([("default_code", "=", "L000000")]).id


def network(env: Any) -> Any:
    """Return the network of all sites."""
    return env["oms.network"].search([("name", "=", "Everywhere")])


def build_quants(env: Any, size: Size, say: Callable[[str], None]) -> None:
    """Make the quants, in no order: a part of the products of each stretch in every chunk."""
    strides = [n for n in range(1, size.sites + 1) if math.gcd(n, size.sites) == 1]
    env.cr.execute(
        """
        SELECT setseed(0.19);
        CREATE TEMP TABLE spread ON COMMIT DROP AS
        SELECT number, %(first)s + number AS product_id,
               CASE WHEN number < %(fast)s
                    THEN %(fast_least)s + floor(random() * (%(fast_most)s - %(fast_least)s + 1))
                    ELSE %(least)s + floor(random() * (%(most)s - %(least)s + 1))
               END::integer AS places,
               floor(random() * %(sites)s)::integer AS start,
               (%(strides)s)[1 + floor(random() * %(stride_count)s)::integer] AS stride
          FROM generate_series(0, %(products)s - 1) AS number;
        CREATE TEMP TABLE places ON COMMIT DROP AS
        SELECT row_number() OVER (ORDER BY site.id) - 1 AS place, warehouse.lot_stock_id,
               site.company_id
          FROM oms_network_site_rel member
          JOIN oms_site site ON site.id = member.site_id
          JOIN stock_warehouse warehouse ON warehouse.id = site.warehouse_id
         WHERE member.network_id = %(network)s;
        CREATE TEMP TABLE planned ON COMMIT DROP AS
        SELECT product_id, place, quantity
          FROM (SELECT product_id, (start::bigint + n::bigint * stride) %% %(sites)s AS place,
                       1 + floor(random() * 40) AS quantity, random() AS draw
                  FROM spread, generate_series(0, places - 1) AS n) AS quant
      ORDER BY draw LIMIT %(quants)s;
        SELECT COUNT(*) FROM planned;
        """,
        {
            "first": first_product(env),
            "products": size.products,
            "fast": size.fast,
            "fast_least": size.fast_range[0],
            "fast_most": size.fast_range[1],
            "least": size.rare_range[0],
            "most": size.rare_range[1],
            "sites": size.sites,
            "strides": strides,
            "stride_count": len(strides),
            "network": network(env).id,
            "quants": size.quants,
        },
    )
    [planned] = env.cr.fetchone()
    say(f"quants: {planned} planned")
    env.cr.execute("ALTER TABLE stock_quant DISABLE TRIGGER USER")
    restore = drop_extras(env, "stock_quant")
    env.cr.execute(
        """
        INSERT INTO stock_quant (
            product_id, location_id, company_id, quantity, reserved_quantity, in_date,
            create_date, write_date, create_uid, write_uid
        )
        SELECT product_id, lot_stock_id, company_id, quantity, 0, '2026-01-01',
               '2026-01-01', '2026-01-01', 1, 1
          FROM planned JOIN places USING (place)
        """
    )
    for number, statement in enumerate(restore, 1):
        say(f"quants: index or constraint {number} of {len(restore)}")
        env.cr.execute(statement)
    env.cr.execute("ALTER TABLE stock_quant ENABLE TRIGGER USER; ANALYZE stock_quant")


def drop_extras(env: Any, table: str) -> list[str]:
    """Drop foreign keys and indexes of a table but its primary key, to be made after the load.

    :return: the statements that make them again
    """
    env.cr.execute(
        """
        SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
               format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname,
                      pg_get_constraintdef(oid))
          FROM pg_constraint WHERE conrelid = %(table)s::regclass AND contype = 'f'
         UNION ALL
        SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
          FROM pg_index WHERE indrelid = %(table)s::regclass AND NOT indisprimary
           AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
        """,
        {"table": table},
    )
    extras = env.cr.fetchall()
    for drop, _make in extras:
        env.cr.execute(drop)
    return [make for _drop, make in extras]


def build_positions(env: Any, size: Size, say: Callable[[str], None]) -> None:
    """Make the positions of all quants, as the addon does when it is installed."""
    from odoo.addons.oms.models.inventory import ledger_sql

    env.cr.execute("TRUNCATE oms_position_row, oms_position_delta")
    env.cr.execute(ledger_sql.fill())


def build_moves(env: Any, size: Size, say: Callable[[str], None]) -> None:
    """Make open moves: of 20, 15 leave to customers, 4 come from suppliers, 1 goes elsewhere.

    Two of those that leave have their goods reserved.
    """
    customers = env.ref("stock.stock_location_customers").id
    suppliers = env.ref("stock.stock_location_suppliers").id
    env.cr.execute("SELECT MIN(id), MAX(id) FROM stock_quant")
    lowest, highest = env.cr.fetchone()
    restore = drop_extras(env, "stock_move")
    for first in range(0, size.moves, CHUNK):
        env.cr.execute(
            """
            INSERT INTO stock_move (
                product_id, product_uom, company_id, location_id, location_dest_id, state,
                procure_method, product_uom_qty, product_qty, quantity, date, create_date,
                write_date, create_uid, write_uid, origin
            )
            SELECT quant.product_id, %(unit)s, quant.company_id,
                   CASE WHEN kind < 15 OR kind = 19 THEN quant.location_id ELSE %(suppliers)s END,
                   CASE WHEN kind < 15 THEN %(customers)s WHEN kind < 19 THEN quant.location_id
                        ELSE other.location_id END,
                   CASE WHEN kind < 2 THEN 'assigned' ELSE 'confirmed' END,
                   'make_to_stock', 1, 1, CASE WHEN kind < 2 THEN 1 ELSE 0 END,
                   now() + kind * interval '1 day', now(), now(), 1, 1, 'Large'
              FROM (SELECT number %% 20 AS kind,
                           %(lowest)s + floor(random() * %(count)s)::integer AS id,
                           %(lowest)s + floor(random() * %(count)s)::integer AS other_id
                      FROM generate_series(%(first)s, %(last)s) AS number) AS drawn
              JOIN stock_quant quant USING (id)
              JOIN stock_quant other ON other.id = drawn.other_id
            """,
            {
                "unit": env.ref("uom.product_uom_unit").id,
                "customers": customers,
                "suppliers": suppliers,
                "lowest": lowest,
                "count": highest - lowest + 1,
                "first": first,
                "last": min(first + CHUNK, size.moves) - 1,
            },
        )
        say(f"moves: {min(first + CHUNK, size.moves)} of {size.moves}")
    for statement in restore:
        env.cr.execute(statement)
    env.cr.execute(
        """
        UPDATE stock_quant quant SET reserved_quantity = reserved.quantity
          FROM (SELECT product_id, location_id, SUM(quantity) AS quantity FROM stock_move
                 WHERE origin = 'Large' AND state = 'assigned'
              GROUP BY product_id, location_id) AS reserved
         WHERE (quant.product_id, quant.location_id)
               = (reserved.product_id, reserved.location_id);
        ANALYZE stock_move
        """
    )


def build_claims(env: Any, size: Size, say: Callable[[str], None]) -> None:
    """Make claims of carts, some of which have expired without the job having ended them."""
    env.cr.execute(
        """
        INSERT INTO oms_claim (
            product_id, site_id, company_id, quantity, origin, state, expires_at,
            create_date, write_date, create_uid, write_uid
        )
        SELECT held.product_id, held.site_id, site.company_id, 1, 'cart', 'active',
               CASE row_number() OVER () %% 10 WHEN 0 THEN timestamp '2026-01-01'
                                                ELSE timestamp '2099-01-01' END,
               now(), now(), 1, 1
          FROM (SELECT product_id, site_id FROM oms_position_row
              ORDER BY random() LIMIT %(claims)s) AS held
          JOIN oms_site site ON site.id = held.site_id;
        ANALYZE oms_claim
        """,
        {"claims": size.claims},
    )


def fold(env: Any, size: Size, say: Callable[[str], None]) -> None:
    """Fold the ledger into the rows, as the scheduled job does."""
    folded = 0
    while True:
        env.cr.execute("SELECT oms_position_compact(20000)")
        [count] = env.cr.fetchone()
        folded += count
        say(f"folding: {folded} entries")
        if not count:
            return


def build_ledger(env: Any, size: Size, say: Callable[[str], None]) -> None:
    """Change quants one by one that are not folded: what a busy moment leaves in the ledger."""
    env.cr.execute(
        """
        UPDATE stock_quant SET quantity = quantity + 1
         WHERE id IN (SELECT id FROM stock_quant ORDER BY random() LIMIT %s)
        """,
        [size.ledger],
    )
