from collections import Counter, defaultdict
from datetime import datetime
from typing import NamedTuple

from odoo import api, models
from odoo.tools import float_round

from . import external_sql
from .external_sql import Entry, Held


class FeedRow(NamedTuple):
    """One row of news of a site.

    :param place: where it stands, as its sender counts
    :param code: internal reference or barcode of a product
    :param quantity: in the product's unit
    :param lead_days: calendar days; None keeps what is stored
    :param updated_at: when it was said, UTC
    """

    place: int
    code: str
    quantity: float
    lead_days: int | None
    updated_at: datetime


class FeedReport(NamedTuple):
    """What became of the rows of a feed.

    :param counts: rows by outcome: created, updated, unchanged
    :param faults: why a row was refused, by its place
    :param named: ids of the products that were named, by good rows and by bad ones
    """

    counts: Counter
    faults: dict[int, str]
    named: set[int]


class OmsExternalStock(models.Model):
    _inherit = "oms.external.stock"

    # === THE SERVICE === #

    @api.model
    def _load(self, site, rows, source, dry=False, lock=False):
        """Write news of a site, set by set; every feed ends here.

        :param site: one ``oms.site`` without a warehouse
        :param rows: list of :class:`FeedRow`
        :param str source: a key of the source selection
        :param bool dry: only look
        :param bool lock: take all rows of the site first, because more of them will be written
        :rtype: FeedReport
        """
        if lock:
            self._get_held(external_sql.of_site(site.id), lock=True)
        found = self._find_feed_products(site.company_id, {row.code for row in rows})
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        named, entries, places, faults = set(), [], {}, {}
        for row in rows:
            product_id, fault = found[row.code]
            fault = fault or self._get_quantity_fault(row.quantity)
            if product_id in places:
                fault = self.env._(
                    "Row %s is about the same product already: keep one of the two.",
                    places[product_id],
                )
            if product_id:
                named.add(product_id)
            if fault:
                faults[row.place] = fault
                continue
            places[product_id] = row.place
            quantity = float_round(row.quantity, digits)
            entries.append(Entry(product_id, site.id, quantity, row.lead_days, row.updated_at))
        counts = Counter()
        for (product_id, _site_id), outcome in self._write_entries(entries, source, dry).items():
            if outcome == "older":
                faults[places[product_id]] = self.env._(
                    "Something later is known of this product already: it stays."
                )
            else:
                counts[outcome] += 1
        return FeedReport(counts, faults, named)

    @api.model
    def _get_held(self, condition, lock=False):
        """Read rows, in order of product and site, flushed before.

        :param SQL condition: on the columns of the table
        :param bool lock: wait for who is writing them, and keep others from it
        :rtype: list[external_sql.Held]
        :raises psycopg2.errors.SerializationFailure: another transaction wrote one of them since
            this one began; the caller is run again
        """
        self.env.flush_all()
        # Losing against another feed is no fault: the caller is run again.
        self.env.cr.execute(external_sql.held(condition, lock), log_exceptions=False)
        return [Held(*row) for row in self.env.cr.fetchall()]

    @api.model
    def _write_entries(self, entries, source, dry=False):
        """Write what was said of products at sites, set by set.

        Outcomes are ``created``, ``updated``, ``unchanged`` (said again, and so fresh again), or
        ``older`` than what is stored, which stays.

        :param entries: list of :class:`external_sql.Entry`, each product and site once
        :param bool dry: only look
        :return: outcome by (product id, site id)
        :rtype: dict[tuple[int, int], str]
        :raises psycopg2.errors.SerializationFailure: as in :meth:`_get_held`
        """
        if not entries:
            return {}
        condition = external_sql.of_products(
            list({entry.product_id for entry in entries}),
            list({entry.site_id for entry in entries}),
        )
        known = {
            (held.product_id, held.site_id): held
            for held in self._get_held(condition, lock=not dry)
        }
        outcomes, rows = {}, []
        for entry in entries:
            key = entry.product_id, entry.site_id
            held = known.get(key)
            said = entry.follow(held, source)
            outcomes[key] = said.compare(held)
            if outcomes[key] != "older" and said != held:
                rows.append(said)
        if not dry:
            self._write_rows(rows, source)
        return outcomes

    @api.model
    def _write_rows(self, rows, source):
        """Write rows as they are to be, in one statement.

        :param rows: list of :class:`external_sql.Held`
        """
        if rows:
            self.env.cr.execute(
                external_sql.write(rows, source, self.env.uid), log_exceptions=False
            )
            self.invalidate_model()
            self._forget_feeds()

    @api.model
    def _take(self, claims):
        """Count no more what was ordered at sites outside of Odoo, until they speak again.

        Else it would be promised twice: the claim holds it no more, and no transfer takes it out
        of a site that Odoo keeps no stock of.

        :param claims: ``oms.claim`` recordset, just consumed
        """
        outside = claims.filtered(lambda claim: not claim.site_id.warehouse_id)
        if outside:
            self.flush_model()
            self.env.cr.execute(external_sql.take(outside.ids), log_exceptions=False)
            self.invalidate_model(["taken", "counted"])

    @api.model
    def _empty_unnamed(self, site, named, moment, source, dry=False):
        """Set to zero what a whole feed of a site does not name; what was said later stays.

        :param named: ids of the products that it names
        :param datetime.datetime moment: when the feed was, UTC
        :param bool dry: only look
        :return: how many products had something
        :rtype: int
        """
        unnamed = [
            held
            for held in self._get_held(external_sql.of_site(site.id), lock=not dry)
            if held.product_id not in named and held.updated_at <= moment
        ]
        if not dry:
            self._write_rows(
                [held._replace(quantity=0.0, updated_at=moment) for held in unnamed], source
            )
        return sum(1 for held in unnamed if held.quantity)

    @api.model
    def _find_feed_products(self, company, codes):
        """Return the products that codes stand for: internal references, or else barcodes.

        Read by SQL and so past the rights of the user: who speaks for a site need not see
        products, and is told no more than whether there is one.

        :return: product id or None, and a fault in words or '', by code
        :rtype: dict[str, tuple[int | None, str]]
        """
        self.env.flush_all()
        asked = [code for code in codes if self._is_code(code)]
        candidates = defaultdict(list)
        for reference, barcode, *product in self.env.execute_query(
            external_sql.products(company.id, asked)
        ):
            candidates[reference].append((*product, True))
            if barcode != reference:
                candidates[barcode].append((*product, False))
        return {code: self._choose_product(candidates.get(code, ())) for code in codes}

    @api.model
    def _choose_product(self, candidates):
        """Choose the product that is meant among those of one code.

        :param candidates: (id, active, storable, whether by reference)
        :return: product id or None, and a fault in words or ''
        :rtype: tuple[int | None, str]
        """
        active = [product for product in candidates if product[1]]
        meant = [product for product in active if product[3]] or active
        if len({product[0] for product in meant}) > 1:
            return None, self.env._("Several products have this reference or barcode.")
        if not meant:
            if candidates:
                return None, self.env._("The product is archived.")
            return None, self.env._("There is no product with this reference or barcode.")
        product_id, _active, storable, _by_reference = meant[0]
        return product_id, self._get_stock_fault(storable)
