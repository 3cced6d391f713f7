from odoo import api, models
from odoo.tools import SQL

from . import basis_sql, feed_sql

#: Of so many products at once a change is told one by one; of more, channels need a snapshot.
MOST_TOUCHED = 20_000


class OmsFeed(models.AbstractModel):
    """What follows when something else than stock changed, see :mod:`.basis_sql`."""

    _inherit = "oms.feed"

    @api.model
    def _follow_basis(self, known, last):
        """Find out what somebody changed of the basis, and have channels told.

        :param str known: digest of the basis when it was looked at for the last time, empty when
            it never was
        :param int last: the last number that was given
        :return: the last number that is given now, the digest of the basis, and the ids of
            products to be told
        :rtype: tuple[int, str, set[int]]
        """
        kits = self.env["product.product"]._oms_knows_kits()
        [[digest]] = self.env.execute_query(basis_sql.digest(kits))
        if digest == known:
            return last, digest, set()
        before = self._key(basis_sql.KEPT)
        self.env.cr.execute(basis_sql.keep(kits))
        if not known:
            return last, digest, set()
        # What was kept, and not what another look would show: it decides the next time.
        after = self._key(basis_sql.KEPT)
        changed = [
            (kind, key, before.get((kind, key)), after.get((kind, key)))
            for kind, key in sorted(before.keys() | after.keys())
            if before.get((kind, key)) != after.get((kind, key))
        ]
        floors, products = self._get_touched(changed)
        if floors:
            last += 1
            self.env.cr.execute(feed_sql.raise_floors(SQL(" OR ").join(floors), last))
        # Not the digest of before: the basis may have changed since.
        [[digest]] = self.env.execute_query(basis_sql.digest_of(basis_sql.KEPT))
        return last, digest, products

    @api.model
    def _key(self, select):
        return {
            (kind, key): (signature, *scope)
            for kind, key, signature, *scope in self.env.execute_query(select)
        }

    @api.model
    def _get_touched(self, changed):
        """Return whose feeds have a gap now, and the products that are to be told.

        :param changed: (kind, key, row as it was or None, row as it is or None)
        :return: conditions on channels, and ids of products
        :rtype: tuple[list[SQL], set[int]]
        """
        floors, products = [], set()
        for kind, key, before, after in changed:
            if kind in ("safety", "share"):
                for _signature, company_id, product_id, categ_id in filter(None, (before, after)):
                    if product_id:
                        products.add(product_id)
                        continue
                    touched = self._get_products_below(categ_id) if categ_id else None
                    if touched is None:
                        floors.append(SQL("company_id = %s", company_id))
                    else:
                        products |= touched
            elif kind == "channel" and after:
                floors.append(SQL("id = %s", key))
            elif kind == "tree" and before and after:
                floors.append(SQL("company_id = %s", key))
            elif kind == "below" and before and after:
                floors.append(SQL("TRUE"))
            elif kind == "age":
                products |= self._get_external_products(key)
            elif kind == "kits":
                products |= self.env["product.product"]._oms_get_all_kits()
        return floors, products

    @api.model
    def _get_products_below(self, categ_id):
        """Return the ids of the products of a category, None when there are too many."""
        rows = self.env.execute_query(basis_sql.products_below([categ_id], MOST_TOUCHED + 1))
        return None if len(rows) > MOST_TOUCHED else {product_id for [product_id] in rows}

    @api.model
    def _get_external_products(self, site_id):
        rows = self.env.execute_query(
            SQL("SELECT product_id FROM oms_external_stock WHERE site_id = %s", site_id)
        )
        return {product_id for [product_id] in rows}
