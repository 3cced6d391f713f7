from collections import defaultdict

from odoo import fields, models

from ..inventory.oms_external_load import FeedRow
from .work import Issue, Outcome


class OmsImportExternal(models.AbstractModel):
    """Files of external stock: what suppliers and others say they have of each product.

    A file is a feed like any other: it goes the same way, and is held to the same rules.
    """

    _name = "oms.import.external"
    _inherit = ["oms.import.handler"]
    _description = "Import of External Stock"

    _chunk_size = 5000
    _group = "oms.group_order_operator"
    _seconds_per_row = 0.0005
    _reference_columns = ("site", "product_id")

    def _get_key(self, row):
        return (row.site, row.product_id)

    def _process_records(self, job, reading, records, dry):
        outcome = Outcome()
        sites = self._find_sites(job, {record.row.site for record in records})
        by_site = defaultdict(list)
        for record in records:
            by_site[record.row.site].append(record)
        for code, of_site in by_site.items():
            site = sites.get(code, self.env["oms.site"])
            fault = self.env["oms.external.stock"]._get_feed_site_fault(code, site)
            if fault:
                outcome.issues += [self._issue(record, fault) for record in of_site]
            else:
                outcome.add(self._load(job, site, of_site, dry))
        return outcome

    def _issue(self, record, fault):
        return Issue(record, f"{record.row.site} / {record.row.product_id}", fault)

    def _find_sites(self, job, codes):
        sites = (
            self.env["oms.site"]
            .with_context(active_test=False)
            .search([("code", "in", list(codes)), ("company_id", "=", job.company_id.id)])
        )
        return {site.code: site for site in sites}

    def _load(self, job, site, records, dry):
        """Hand the rows of one site over to the service that all feeds go through.

        :rtype: Outcome
        """
        Stock = self.env["oms.external.stock"]
        outcome = Outcome()
        now = fields.Datetime.now()
        good = {}
        for record in records:
            row = record.row
            moment = row.updated_at or job.started
            fault = Stock._get_moment_fault(moment, now)
            if fault:
                outcome.issues.append(self._issue(record, fault))
            else:
                good[record.line] = FeedRow(
                    record.line, row.product_id, row.quantity, row.lead_days, min(moment, now)
                )
        report = Stock._load(site, list(good.values()), "file", dry)
        by_line = {record.line: record for record in records}
        outcome.issues += [
            self._issue(by_line[line], fault) for line, fault in report.faults.items()
        ]
        outcome.created = report.counts["created"]
        outcome.updated = report.counts["updated"]
        outcome.unchanged = report.counts["unchanged"]
        return outcome

    # === WHAT IS NOT IN THE FILE === #

    def _finish(self, job, reading, dry, checkpoint):
        """Empty what the file does not name at its sites, where the job asks for it.

        A file without a single good row empties nothing.
        """
        if not job.zero_missing or not job.good_count:
            return True
        named = defaultdict(set)
        for raw in self._iter_rows(job, reading):
            site, code = (reading.cell(name, raw.cells) for name in ("site", "product_id"))
            named[site].add(code)
        Stock = self.env["oms.external.stock"]
        emptied = 0
        for code, site in sorted(self._find_sites(job, named).items()):
            if Stock._get_feed_site_fault(code, site):
                continue
            found = Stock._find_feed_products(job.company_id, named[code])
            product_ids = {product_id for product_id, _fault in found.values() if product_id}
            emptied += Stock._empty_unnamed(site, product_ids, job.started, "file", dry)
        # sudo: counters are a trace that users cannot write themselves
        job.sudo().zeroed_count = emptied
        return True
