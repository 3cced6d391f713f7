"""The SQL of external stock: when it is fresh, what it counts for, and how a feed is written.

Feeds are written set by set. Rows are locked in order of product and site, so that two feeds at
once wait for each other instead of blocking each other for good.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from odoo.tools import SQL

#: The moment by the database's clock, as Odoo keeps dates: all who read must agree on it.
NOW = SQL("timezone('UTC', statement_timestamp())")


class Entry(NamedTuple):
    """What was said of one product at one site.

    :param quantity: in the product's unit
    :param lead_days: calendar days until it can be here; None keeps what is stored
    :param updated_at: when it was said, UTC
    """

    product_id: int
    site_id: int
    quantity: float
    lead_days: int | None
    updated_at: datetime

    def follow(self, held: Held | None, source: str) -> Held:
        """Return the row that the entry makes of what is stored, or of nothing."""
        lead_days = self.lead_days
        if lead_days is None:
            lead_days = held.lead_days if held else 0
        return Held(
            held.id if held else None,
            self.product_id,
            self.site_id,
            self.quantity,
            lead_days,
            self.updated_at,
            source,
        )


class Held(NamedTuple):
    """A row as it is stored, or as it will be: a new one has no id."""

    id: int | None
    product_id: int
    site_id: int
    quantity: float
    lead_days: int
    updated_at: datetime
    source: str

    def compare(self, held: Held | None) -> str:
        """Tell what the row does to what is stored: create, update, repeat, or come too late."""
        if not held:
            return "created"
        if held.updated_at > self.updated_at:
            return "older"
        same = (held.quantity, held.lead_days) == (self.quantity, self.lead_days)
        return "unchanged" if same else "updated"


#: That a row ``stock`` is not older than the limit of its ``site`` allows, at a moment in UTC.
FRESH = """(site.feed_max_age_hours = 0 OR stock.updated_at
            >= %(moment)s - site.feed_max_age_hours * interval '1 hour')"""


#: What a row ``stock`` counts for while it is fresh: what was said, less what was ordered since.
LEFT = "GREATEST(stock.quantity - COALESCE(stock.taken, 0), 0)::float8"


def stale_ids(moment: SQL) -> SQL:
    """Return the select of the ids of rows that are older than the limit of their site."""
    return SQL(
        "(SELECT stock.id FROM oms_external_stock stock "
        "JOIN oms_site site ON site.id = stock.site_id WHERE NOT %s)",
        SQL(FRESH, moment=moment),
    )


def feeds(moment: SQL, condition: SQL) -> SQL:
    """Return the select of what is known of the feeds of sites.

    One row per site that has external stock: id, when it last said something, its products, those
    of them that are stale.

    :param condition: on the alias ``site`` of ``oms_site``
    """
    return SQL(
        """
        SELECT site.id, MAX(stock.updated_at), COUNT(*), COUNT(*) FILTER (WHERE NOT %s)
          FROM oms_external_stock stock
          JOIN oms_site site ON site.id = stock.site_id
         WHERE %s
      GROUP BY site.id
      ORDER BY site.id
        """,
        SQL(FRESH, moment=moment),
        condition,
    )


def held(condition: SQL, lock: bool) -> SQL:
    """Return the select of rows in order of product and site, as :class:`Held` has them.

    :param condition: on the columns of ``oms_external_stock``
    :param lock: keep others from writing them until the end of the transaction
    """
    return SQL(
        "SELECT %s FROM oms_external_stock WHERE %s ORDER BY product_id, site_id %s",
        SQL(", ").join(map(SQL.identifier, Held._fields)),
        condition,
        SQL("FOR UPDATE") if lock else SQL(),
    )


def of_products(product_ids: list[int], site_ids: list[int]) -> SQL:
    """Return the condition of rows that are about some products at some sites."""
    return SQL("product_id = ANY(%s) AND site_id = ANY(%s)", product_ids, site_ids)


def of_site(site_id: int) -> SQL:
    """Return the condition of all rows of a site."""
    return SQL("site_id = %s", site_id)


def write(rows: list[Held], source: str, uid: int) -> SQL:
    """Return the statement that writes rows; those without an id are new.

    Old rows are locked by then. They come with their id, so that none is taken from the sequence
    for them: feeds would use it up. Nothing is joined, so that the time it takes does not hang on
    what the database believes of the table. Should another transaction have written a new row in
    the meantime, the later news stay. What was ordered after the moment of the news is what they
    cannot know of, and is looked for only where anything was.
    """
    return SQL(
        """
        INSERT INTO oms_external_stock AS held (
            id, product_id, site_id, company_id, quantity, lead_days, updated_at, source,
            create_uid, write_uid, create_date, write_date
        )
        SELECT COALESCE(said.id, nextval('oms_external_stock_id_seq')), product_id, site_id,
               (SELECT site.company_id FROM oms_site site WHERE site.id = said.site_id),
               quantity, lead_days, updated_at, %(source)s, %(uid)s, %(uid)s, %(now)s, %(now)s
          FROM unnest(%(ids)s::integer[], %(products)s::integer[], %(sites)s::integer[],
                      %(quantities)s::numeric[], %(leads)s::integer[], %(moments)s::timestamp[])
               AS said (id, product_id, site_id, quantity, lead_days, updated_at)
      ORDER BY product_id, site_id
            ON CONFLICT (product_id, site_id) DO UPDATE
           SET quantity = EXCLUDED.quantity, lead_days = EXCLUDED.lead_days,
               taken = CASE WHEN held.taken > 0 THEN (
                       SELECT COALESCE(SUM(claim.quantity), 0) FROM oms_claim claim
                        WHERE (claim.product_id, claim.site_id) = (held.product_id, held.site_id)
                          AND claim.state = 'consumed' AND claim.write_date > EXCLUDED.updated_at
                   ) ELSE 0 END,
               updated_at = EXCLUDED.updated_at, source = EXCLUDED.source,
               write_uid = EXCLUDED.write_uid, write_date = EXCLUDED.write_date
         WHERE held.updated_at <= EXCLUDED.updated_at
        """,
        ids=[row.id for row in rows],
        products=[row.product_id for row in rows],
        sites=[row.site_id for row in rows],
        quantities=[row.quantity for row in rows],
        leads=[row.lead_days for row in rows],
        moments=[row.updated_at for row in rows],
        source=source,
        uid=uid,
        now=NOW,
    )


def take(claims: list[int]) -> SQL:
    """Return the statement that takes off external stock what was ordered of it.

    :param claims: ids of claims that were just consumed
    """
    return SQL(
        """
        UPDATE oms_external_stock stock SET taken = COALESCE(stock.taken, 0) + ordered.quantity
          FROM (SELECT product_id, site_id, SUM(quantity) AS quantity
                  FROM oms_claim WHERE id = ANY(%s) GROUP BY product_id, site_id) AS ordered
         WHERE (stock.product_id, stock.site_id) = (ordered.product_id, ordered.site_id)
        """,
        claims,
    )


def products(company_id: int, codes: list[str]) -> SQL:
    """Return the select of the products that have one of some codes.

    Rows of (internal reference, barcode, id, active, storable), of products of the company or of
    all companies.
    """
    return SQL(
        """
        SELECT product.default_code, product.barcode, product.id,
               product.active AND template.active, template.is_storable
          FROM product_product product
          JOIN product_template template ON template.id = product.product_tmpl_id
         WHERE (product.default_code = ANY(%(codes)s) OR product.barcode = ANY(%(codes)s))
           AND (template.company_id IS NULL OR template.company_id = %(company)s)
        """,
        codes=codes,
        company=company_id,
    )


def positions(rows: SQL) -> SQL:
    """Return the statement that has the keys of some external stock known as positions.

    A ledger entry of nothing does: screens page through positions by the keys that there are.

    :param rows: relation with the columns of ``oms_external_stock``
    """
    return SQL(
        "INSERT INTO oms_position_delta (product_id, site_id) "
        "SELECT product_id, site_id FROM %s AS fresh WHERE NOT EXISTS ("
        "SELECT FROM oms_position_row held "
        "WHERE (held.product_id, held.site_id) = (fresh.product_id, fresh.site_id))",
        rows,
    )


def trigger() -> SQL:
    """Return the statements that have new external stock known as positions."""
    return SQL(
        """
        CREATE OR REPLACE FUNCTION oms_external_stock_position() RETURNS trigger
        LANGUAGE plpgsql AS $body$ BEGIN %s; RETURN NULL; END $body$;
        CREATE OR REPLACE TRIGGER oms_external_stock_position AFTER INSERT ON oms_external_stock
            REFERENCING NEW TABLE AS after_rows
            FOR EACH STATEMENT EXECUTE FUNCTION oms_external_stock_position();
        """,
        positions(SQL("after_rows")),
    )


def removal() -> SQL:
    """Return the statement that takes the trigger away."""
    return SQL("DROP FUNCTION IF EXISTS oms_external_stock_position() CASCADE")
