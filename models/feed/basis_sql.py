"""The SQL of the basis: what else than stock decides how much a channel can sell.

Sites, networks, rules and shares are few, and changed in many ways. So nothing is written when
they change: the publisher compares what there is with what there was, and so finds out by itself
what somebody changed in SQL, and which rule began today.

A row of the basis has a ``kind``, a ``key``, a ``signature`` that changes with it, and whose stock
it is about. The kinds:

* ``channel``: from which sites a channel sells,
* ``safety``: a rule of safety stock that counts today,
* ``share``: a share that is in effect,
* ``tree``: of a company with shares, how channels are grouped and from where they sell,
* ``below``: of a category that a rule or a share names, the categories below it,
* ``age``: for how long stock that a site outside of Odoo tells counts,
* ``kits``: what kits are made of.
"""

from odoo.tools import SQL

from .feed_sql import NOW

_REACH = SQL(
    """
    SELECT channel.id, channel.company_id, channel.group_id,
           ARRAY(SELECT site.id FROM oms_site site
                  WHERE site.active AND site.company_id = channel.company_id
                    AND (NOT EXISTS (SELECT FROM oms_channel_network_rel named
                                      WHERE named.channel_id = channel.id)
                         OR site.id IN (
                            SELECT member.site_id FROM oms_channel_network_rel named
                              JOIN oms_network network
                                ON network.id = named.network_id AND network.active
                              JOIN oms_network_site_rel member ON member.network_id = network.id
                             WHERE named.channel_id = channel.id))
               ORDER BY site.id) AS sites
      FROM oms_channel channel
     WHERE channel.active
    """
)

_MEMBERS = """
    CASE WHEN {rule}.network_id IS NOT NULL THEN (
        SELECT network.active::text || array_agg(member.site_id ORDER BY member.site_id)::text
          FROM oms_network network
     LEFT JOIN oms_network_site_rel member ON member.network_id = network.id
         WHERE network.id = {rule}.network_id GROUP BY network.id) END
"""

_SAFETY = SQL(
    """
    SELECT 'safety' AS kind, rule.id AS key,
           md5(ROW(rule.sequence, rule.company_id, rule.product_id, rule.categ_id, rule.site_id,
                   rule.network_id, rule.operator, rule.quantity, %s)::text) AS signature,
           rule.company_id, rule.product_id, rule.categ_id
      FROM oms_safety_stock rule
     WHERE rule.active AND (rule.date_from IS NULL OR rule.date_from <= (%s)::date)
       AND (rule.date_to IS NULL OR rule.date_to >= (%s)::date)
    """,
    SQL(_MEMBERS.format(rule="rule")),
    NOW,
    NOW,
)

_SHARE = SQL(
    """
    SELECT 'share', share.id,
           md5(ROW(share.sequence, share.company_id, share.channel_id, share.group_id, share.kind,
                   share.amount, share.product_id, share.categ_id, share.site_id,
                   share.network_id, share.since, site.active, %s)::text),
           share.company_id, share.product_id, share.categ_id
      FROM oms_allocation share
 LEFT JOIN oms_channel channel ON channel.id = share.channel_id
 LEFT JOIN oms_channel_group band ON band.id = share.group_id
 LEFT JOIN oms_site site ON site.id = share.site_id
     WHERE share.active AND share.since <= %s AND (share.until IS NULL OR share.until > %s)
       AND COALESCE(channel.active, band.active)
    """,
    SQL(_MEMBERS.format(rule="share")),
    NOW,
    NOW,
)

_TREE = SQL(
    """
    SELECT 'tree', company.id,
           md5(ROW(ARRAY(SELECT ROW(reach.id, reach.group_id, reach.sites) FROM reach
                          WHERE reach.company_id = company.id ORDER BY reach.id),
                   ARRAY(SELECT ROW(band.id, band.parent_id) FROM oms_channel_group band
                          WHERE band.company_id = company.id ORDER BY band.id),
                   ARRAY(SELECT site.id FROM oms_site site
                          WHERE site.active AND site.company_id = company.id
                       ORDER BY site.id))::text),
           company.id, NULL, NULL
      FROM res_company company
     WHERE EXISTS (SELECT FROM oms_allocation share
                    WHERE share.active AND share.company_id = company.id)
    """
)

_BELOW = SQL(
    """
    SELECT 'below', named.id,
           md5(ARRAY(SELECT category.id FROM product_category category
                      WHERE starts_with(category.parent_path, named.parent_path)
                   ORDER BY category.id)::text),
           NULL, NULL, NULL
      FROM product_category named
     WHERE named.id IN (SELECT categ_id FROM oms_safety_stock WHERE active
                         UNION SELECT categ_id FROM oms_allocation WHERE active)
    """
)

_AGE = SQL(
    """
    SELECT 'age', site.id, site.feed_max_age_hours::text, site.company_id, NULL, NULL
      FROM oms_site site
     WHERE site.warehouse_id IS NULL
    """
)

_KITS = SQL(
    """
    SELECT 'kits', 0,
           md5(ROW((SELECT SUM(hashtextextended(bill::text, 0)) FROM mrp_bom bill
                     WHERE bill.type = 'phantom'),
                   (SELECT SUM(hashtextextended(line::text, 0)) FROM mrp_bom_line line
                      JOIN mrp_bom bill ON bill.id = line.bom_id AND bill.type = 'phantom')
                  )::text),
           NULL, NULL, NULL
    """
)


def rows(kits: bool) -> SQL:
    """Return the select of the basis as it is now.

    :param kits: whether there are tables of kits
    """
    return SQL(
        """
        WITH reach AS MATERIALIZED (%s)
        %s UNION ALL
        SELECT 'channel', id, md5(sites::text), company_id, NULL, NULL FROM reach UNION ALL
        %s
        """,
        _REACH,
        _SAFETY,
        SQL(" UNION ALL ").join([_SHARE, _TREE, _BELOW, _AGE, *([_KITS] if kits else [])]),
    )


def digest_of(basis: SQL) -> SQL:
    """Return the select of one text that changes whenever a row of a basis does."""
    return SQL(
        "SELECT md5(COALESCE(string_agg("
        "kind || ' ' || key || ' ' || signature, ',' ORDER BY kind, key), '')) FROM (%s) AS basis",
        basis,
    )


def digest(kits: bool) -> SQL:
    """Return the digest of the basis as it is now.

    :param kits: as in :func:`rows`
    """
    return digest_of(rows(kits))


def keep(kits: bool) -> SQL:
    """Return the statements that store the basis as it is now."""
    return SQL(
        "DELETE FROM oms_feed_basis; "
        "INSERT INTO oms_feed_basis (kind, key, signature, company_id, product_id, categ_id) %s",
        rows(kits),
    )


#: The basis as it was when something was published for the last time.
KEPT = SQL("SELECT kind, key, signature, company_id, product_id, categ_id FROM oms_feed_basis")


def products_below(categories: list[int], most: int) -> SQL:
    """Return the select of up to so many products of some categories and of those below."""
    return SQL(
        """
        SELECT product.id
          FROM product_category named
          JOIN product_category category ON starts_with(category.parent_path, named.parent_path)
          JOIN product_template template ON template.categ_id = category.id
          JOIN product_product product ON product.product_tmpl_id = template.id
         WHERE named.id = ANY(%s)
         LIMIT %s
        """,
        categories,
        most,
    )
