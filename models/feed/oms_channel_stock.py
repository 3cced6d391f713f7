from odoo import models
from odoo.exceptions import ValidationError

from . import feed_sql
from .cursor import Cursor, CursorError

#: Rows that one call may ask for. With sites told one by one each may be as long as there are.
MOST_ROWS = 5_000


class OmsChannel(models.Model):
    """What a channel can sell, as a snapshot and as what changed since."""

    _inherit = "oms.channel"

    # === READING === #

    def _get_stock_snapshot(self, after=None, limit=500, by_site=False, products=None):
        """Return what the channel can sell of all that it sells, page by page.

        Quantities are absolute, and the same as ``oms.position.get_availability`` tells for the
        channel: of its sites, less what is promised and held back, within its shares; kits too.
        When the last page is read, ``_get_stock_changes`` goes on from ``cursor`` without a gap,
        however long reading took and whatever happened meanwhile.

        :param str after: ``next`` of the page before; the first page when empty
        :param int limit: products per page, from 1 to 5,000
        :param bool by_site: whether to tell the sites one by one
        :param list products: internal references, barcodes or ids to be told instead of all
        :return: ``rows`` by ascending id, see :meth:`_prepare_stock_rows`; ``next``, what to give
            as ``after`` for the next page, None on the last; ``cursor``
        :rtype: dict
        :raises CursorError: ``after`` was given by no page
        :raises ValidationError: a limit that cannot be, or an unknown product
        :raises AccessError: the user may not read the channel
        """
        self._check_feed_limit(limit, MOST_ROWS)
        return self._read_feed(
            lambda channel: channel._read_stock_snapshot(after, limit, by_site, products)
        )

    def _get_stock_changes(self, cursor, limit=1000, by_site=False):
        """Return what the channel can sell of the products that something changed of.

        Quantities are absolute and as of now. A product is told once, however often it changed;
        one may be told whose quantity is the same again. Applying the rows in any order, each in
        place of what was known of the product, ends at what can be sold.

        :param str cursor: of the last answer of this method or of ``_get_stock_snapshot``
        :param int limit: changes to look at, from 1 to 5,000; fewer rows are told when some
            are of products that the channel cannot know
        :param bool by_site: whether to tell the sites one by one
        :return: ``rows``, see :meth:`_prepare_stock_rows`; ``cursor`` to go on from; ``more``,
            whether there is more already
        :rtype: dict
        :raises CursorExpired: changes since are not kept, or so much changed that a snapshot is
            needed
        :raises CursorError: the feed did not give the cursor
        :raises ValidationError: a limit that cannot be
        :raises AccessError: the user may not read the channel
        """
        self._check_feed_limit(limit, MOST_ROWS)
        return self._read_feed(lambda channel: channel._read_stock_changes(cursor, limit, by_site))

    def _read_stock_snapshot(self, after, limit, by_site, asked):
        last = self.env["oms.feed"]._get_state()[1]
        if asked:
            # sudo: done by whoever reads the feed
            found = self.env["oms.position"]._find_products(asked)
            sold = self._filter_sold(self.env["product.product"].union(*found.values()))
            rows = self._prepare_stock_rows(sold.sorted("id"), by_site)
            return {"rows": rows, "next": None, "cursor": self._make_cursor(last)}
        product_id = 0
        if after:
            place = Cursor.parse(after)
            if not place or place.product_id is None:
                raise CursorError(
                    self.env._(
                        "%s names no page of a snapshot: give `next` of the page before, or "
                        "nothing for the first page.",
                        str(after)[:40],
                    )
                )
            # Changes since the first page are to be read, whatever the others contain already.
            epoch, number, product_id = place
            last = self.env["oms.feed"]._parse(
                str(Cursor(epoch, number)), self._get_stock_floor(), self._get_snapshot_words()
            )
        products = self.env["product.product"].search(
            [*self._get_sold_domain(), ("id", ">", product_id)], order="id", limit=limit + 1
        )
        page = products[:limit]
        more = len(products) > limit
        return {
            "rows": self._prepare_stock_rows(page, by_site),
            "next": self._make_cursor(last, page[-1].id) if more else None,
            "cursor": self._make_cursor(last),
        }

    def _read_stock_changes(self, cursor, limit, by_site):
        if not cursor:
            raise ValidationError(
                self.env._("Say since when: give the cursor of a snapshot or of the last answer.")
            )
        number = self.env["oms.feed"]._parse(
            cursor, self._get_stock_floor(), self._get_snapshot_words()
        )
        changes = self.env.execute_query(feed_sql.changes(number, limit + 1))
        more = len(changes) > limit
        changes = changes[:limit]
        end = changes[-1][1] if more else self.env["oms.feed"]._get_state()[1]
        return {
            "rows": self._prepare_changed([product_id for product_id, _number in changes], by_site),
            "cursor": self._make_cursor(end),
            "more": more,
        }

    def _get_stock_floor(self):
        """Return the number below which a cursor is too old for the channel."""
        return max(self.env["oms.feed"]._get_state()[2], self._get_feed_floor())

    def _get_snapshot_words(self):
        return self.env._("Take a snapshot of the stock and go on from its cursor.")

    # === WHAT IS TOLD === #

    def _get_sold_domain(self):
        return [
            ("sale_ok", "=", True),
            ("type", "=", "consu"),
            ("company_id", "in", [False, self.company_id.id]),
        ]

    def _filter_sold(self, products):
        return products.search([("id", "in", products.ids), *self._get_sold_domain()])

    def _prepare_changed(self, product_ids, by_site):
        """Return the rows of products, in their order, those among them that are sold no more.

        Products of other companies are left out.
        """
        sold = self._filter_sold(self.env["product.product"].browse(product_ids))
        rows = {row["product_id"]: row for row in self._prepare_stock_rows(sold, by_site)}
        others = sold.with_context(active_test=False).search(
            [
                ("id", "in", [each for each in product_ids if each not in rows]),
                ("company_id", "in", [False, self.company_id.id]),
            ]
        )
        for product in others:
            rows[product.id] = self._prepare_stock_row(
                product, product.uom_id.name, 0.0, [] if by_site else None
            )
            rows[product.id]["sellable"] = False
        return [rows[product_id] for product_id in product_ids if product_id in rows]

    def _prepare_stock_rows(self, products, by_site):
        """Return what the channel can sell of products now.

        :param products: ``product.product`` recordset, up to 5,000
        :param bool by_site: whether to tell the sites one by one
        :return: dicts of ``product`` (internal reference, or else barcode, or None),
            ``product_id``, ``unit``, ``available`` (None for goods that are not tracked: there is
            no limit), ``sellable`` (False for what the channel sells no more), and ``sites`` if
            they are asked for: ``site`` (code) and ``available`` of each that has something; the
            others have nothing
        :rtype: list[dict]
        """
        if not products:
            return []
        answers = self.env["oms.position"]._get_answers(
            {product.id: product for product in products}, self, detail=by_site
        )
        return [
            self._prepare_stock_row(
                product, answer["unit"], answer["available"], answer.get("sites")
            )
            for product, answer in zip(products, answers, strict=True)
        ]

    def _prepare_stock_row(self, product, unit, available, sites):
        row = {
            "product": product.default_code or product.barcode or None,
            "product_id": product.id,
            "unit": unit,
            "available": available,
            "sellable": True,
        }
        if sites is not None:
            row["sites"] = [
                {"site": each["site"], "available": each["available"]}
                for each in sites
                if available is not None and each["available"] > 0
            ]
        return row
