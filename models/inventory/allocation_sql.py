"""The SQL of channel shares: which of them govern a product, and what was sold of it."""

from odoo.tools import SQL

from . import position_sql, safety_sql

_NOW = SQL("timezone('UTC', statement_timestamp())")


def maybe_governed(products: list[int] | SQL) -> SQL:
    """Return the select of whether there is any share that could be of some products.

    :param products: ids, or an expression that is an array of ids
    """
    return SQL(
        """
        SELECT EXISTS (
            SELECT FROM oms_allocation
             WHERE active AND since <= %(now)s AND (until IS NULL OR until > %(now)s)
               AND (product_id IS NULL OR product_id = ANY(%(products)s)))
        """,
        now=_NOW,
        products=products,
    )


def governing(products: list[int]) -> SQL:
    """Return the select of the shares in effect of some products.

    A share without effect is left out: archived, over, not begun, of an archived holder or for an
    archived site or network.

    :param products: ids
    :return: select of (product_id, share_id, specificity, company_id): a share of the product is
        closer than one of its category, that than one of a category above, that than one of all
    """
    return SQL(
        """
        SELECT product.id AS product_id, share.id AS share_id,
               CASE WHEN share.product_id IS NOT NULL THEN 1000
                    WHEN share.categ_id IS NULL THEN 0
                    ELSE cardinality(string_to_array(meant.parent_path, '/')) END AS specificity,
               share.company_id
          FROM product_product product
          JOIN product_template template
            ON template.id = product.product_tmpl_id AND template.is_storable
     LEFT JOIN product_category categ ON categ.id = template.categ_id
          JOIN oms_allocation share
            ON share.active AND share.since <= %(now)s
           AND (share.until IS NULL OR share.until > %(now)s)
           AND (share.product_id IS NULL OR share.product_id = product.id)
     LEFT JOIN product_category meant ON meant.id = share.categ_id
     LEFT JOIN oms_channel channel ON channel.id = share.channel_id
     LEFT JOIN oms_channel_group band ON band.id = share.group_id
     LEFT JOIN oms_site site ON site.id = share.site_id
     LEFT JOIN oms_network network ON network.id = share.network_id
         WHERE product.id = ANY(%(products)s)
           AND (meant.id IS NULL OR starts_with(categ.parent_path, meant.parent_path))
           AND COALESCE(channel.active, band.active)
           AND COALESCE(site.active, network.active, TRUE)
        """,
        now=_NOW,
        products=products,
    )


def scopes(shares: list[int]) -> SQL:
    """Return the select of the sites of which shares speak.

    :param shares: ids
    :return: select of (id, site_ids), None for all sites of the company
    """
    return SQL(
        """
        SELECT share.id,
               CASE WHEN share.site_id IS NOT NULL THEN ARRAY[share.site_id]
                    WHEN share.network_id IS NOT NULL THEN ARRAY(
                         SELECT member.site_id FROM oms_network_site_rel member
                           JOIN oms_site site ON site.id = member.site_id AND site.active
                          WHERE member.network_id = share.network_id) END
          FROM oms_allocation share
         WHERE share.id = ANY(%s)
        """,
        shares,
    )


def channels(companies: list[int]) -> SQL:
    """Return the select of channels, the group of each, and from where it sells.

    :param companies: ids
    :return: select of (id, group_id, site_ids), None for all sites of the company
    """
    return SQL(
        """
        SELECT channel.id, channel.group_id,
               CASE WHEN EXISTS (SELECT FROM oms_channel_network_rel named
                                  WHERE named.channel_id = channel.id) THEN ARRAY(
                    SELECT DISTINCT member.site_id FROM oms_channel_network_rel named
                      JOIN oms_network network ON network.id = named.network_id AND network.active
                      JOIN oms_network_site_rel member ON member.network_id = network.id
                     WHERE named.channel_id = channel.id) END
          FROM oms_channel channel
         WHERE channel.company_id = ANY(%s) AND channel.active
        """,
        companies,
    )


def groups(companies: list[int]) -> SQL:
    """Return the select of groups of channels and the group above each.

    :param companies: ids
    :return: select of (id, parent_id)
    """
    return SQL("SELECT id, parent_id FROM oms_channel_group WHERE company_id = ANY(%s)", companies)


def sold(products: list[int], moments: list, but: list[int]) -> SQL:
    """Return the select of what channels sold since some moments.

    Sold is what active claims hold and what moves of orders take out of a site, shipped or not. Of
    the steps of a delivery the one counts that is still open, and in the end the one that left.
    What customers give back stays sold.

    :param products: ids
    :param moments: in UTC, ascending
    :param but: ids of claims that are left out
    :return: select of (product_id, channel_id, site_id, target_id, since, quantity): from which
        site to which, if any, and at how many of the moments or after them
    """
    return SQL(
        """
        SELECT product_id, channel_id, site_id, target_id,
               width_bucket(at, %(moments)s::timestamp[]) AS since, SUM(quantity)::float8
          FROM (
                SELECT claim.product_id, claim.channel_id, claim.site_id, NULL AS target_id,
                       COALESCE(sale.date_order, claim.create_date) AS at, claim.quantity
                  FROM oms_claim claim
             LEFT JOIN sale_order sale ON sale.id = claim.order_id
                 WHERE claim.state = 'active' AND claim.product_id = ANY(%(products)s)
                   AND claim.channel_id IS NOT NULL AND claim.id != ALL(%(but)s)
                   AND (claim.expires_at IS NULL OR claim.expires_at > %(now)s)
                 UNION ALL
                SELECT move.product_id, move.oms_channel_id, source.oms_position_site_id,
                       target.oms_position_site_id, move.oms_ordered_at,
                       CASE WHEN move.state = 'done'
                            THEN move.quantity * unit.factor / base.factor
                            ELSE move.product_qty END
                  FROM stock_move move
                  JOIN stock_location source ON source.id = move.location_id
                  JOIN stock_location target
                    ON target.id = CASE WHEN move.state = 'done' THEN move.location_dest_id
                       ELSE COALESCE(move.location_final_id, move.location_dest_id) END
                  JOIN uom_uom unit ON unit.id = move.product_uom
                  JOIN product_product product ON product.id = move.product_id
                  JOIN product_template template ON template.id = product.product_tmpl_id
                  JOIN uom_uom base ON base.id = template.uom_id
                 WHERE move.product_id = ANY(%(products)s) AND move.oms_channel_id IS NOT NULL
                   AND move.oms_ordered_at >= %(first)s
                   AND move.state NOT IN ('draft', 'cancel')
                   AND source.oms_position_site_id IS NOT NULL
                   AND source.oms_position_site_id IS DISTINCT FROM target.oms_position_site_id
               ) AS sale
         WHERE at >= %(first)s
      GROUP BY 1, 2, 3, 4, 5
        """,
        moments=moments,
        first=moments[0],
        products=products,
        but=but,
        now=_NOW,
    )


def less_safety(quantities: list[tuple[int, int, float]]) -> SQL:
    """Return the select of what safety stock leaves of some quantities today.

    :param quantities: (product id, site id, quantity)
    :return: select of (product id, site id, what is held back, quantity that is left)
    """
    products, sites, left = map(list, zip(*quantities, strict=True))
    return safety_sql.apply(
        SQL(
            "SELECT * FROM unnest(%s, %s, %s::float8[]) AS asked (product_id, site_id, available)",
            products,
            sites,
            left,
        ),
        SQL("product_id, site_id"),
        SQL("(%s)::date", _NOW),
        position_sql.ids(products),
        position_sql.ids(sites),
    )
