import hashlib
import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from . import demand_sql

#: Demand older than this is no longer counted: two years, and what is left of a week.
KEPT_DAYS = 2 * 365 + 7
#: Days that are counted between two commits.
BATCH_DAYS = 28
COUNTED_AT = "oms.demand_counted_at"
#: Fingerprint of the sites and kits of a company by which was counted, with the company's id.
COUNTED_BY = "oms.demand_counted_by.%s"
#: What was written by a transaction that took long seems older than it is.
OVERLAP = timedelta(hours=1)


class OmsDemand(models.Model):
    """Demand is counted from orders: first all of it, then the days whose orders changed."""

    _inherit = "oms.demand"

    @api.model
    def _cron_count(self):
        """Count what changed, and have forecasts made of it."""
        now = fields.Datetime.now()
        for company in self.env["res.company"].search([("active", "=", True)]):
            left = self.env["oms.demand.day"].search([("company_id", "=", company.id)])
            days = self._find_changed_days(company, now)
            batches = [days[at : at + BATCH_DAYS] for at in range(0, len(days), BATCH_DAYS)]
            for place, batch in enumerate(batches):
                self._count(company, batch)
                self.env["ir.cron"]._commit_progress(1, remaining=len(batches) - place)
            self._remember_counted_by(company)
            left.unlink()
        # sudo: a parameter of the addon
        self.env["ir.config_parameter"].sudo().set_param(COUNTED_AT, (now - OVERLAP).isoformat())
        self.env["ir.cron"]._commit_progress(1, remaining=1)
        self.env["oms.forecast"]._cron_forecast(now)

    @api.model
    def _find_changed_days(self, company, now):
        """Return the days whose orders were written since the last time, oldest first.

        :rtype: list[datetime.date]
        """
        # sudo: a parameter of the addon
        counted = self.env["ir.config_parameter"].sudo().get_param(COUNTED_AT)
        changed = fields.Datetime.to_datetime(counted.replace("T", " ")) if counted else False
        if self._get_counted_by(company) != self._get_fingerprint(company):
            # Sites were opened or closed, or kits changed: all of it belongs elsewhere by now.
            changed = False
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                demand_sql.CHANGED_DAYS,
                company=company.id,
                since=now - timedelta(days=KEPT_DAYS),
                changed=changed or fields.Datetime.to_datetime("1970-01-01"),
            )
        )
        return sorted(row[0] for row in rows)

    @api.model
    def _get_fingerprint(self, company):
        """Return what changes when demand belongs to other sites or goods than before.

        :rtype: str
        """
        known = json.dumps([self._get_channel_sites(company), self._get_parts(company)])
        return hashlib.sha256(known.encode()).hexdigest()

    @api.model
    def _get_counted_by(self, company):
        # sudo: a parameter of the addon
        return self.env["ir.config_parameter"].sudo().get_param(COUNTED_BY % company.id)

    @api.model
    def _remember_counted_by(self, company):
        """Remember by which sites and kits the orders of a company were counted."""
        # sudo: a parameter of the addon
        self.env["ir.config_parameter"].sudo().set_param(
            COUNTED_BY % company.id, self._get_fingerprint(company)
        )

    @api.model
    def _count(self, company, days):
        """Count the orders of some days anew.

        :param company: ``res.company``
        :param days: list of dates, in the time zones of the sites
        """
        if not days:
            return
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "DELETE FROM oms_demand"
                " WHERE company_id = %s AND source IN ('orders', 'counter') AND day = ANY(%s)",
                company.id,
                list(days),
            )
        )
        begin = fields.Datetime.to_datetime(min(days)) - timedelta(days=1)
        end = fields.Datetime.to_datetime(max(days)) + timedelta(days=2)
        which = SQL("sale.date_order >= %s AND sale.date_order < %s", begin, end)
        self.env.cr.execute(
            SQL(
                demand_sql.COUNT,
                company=company.id,
                sites=json.dumps(self._get_channel_sites(company)),
                which=which,
                kits=json.dumps(self._get_parts(company)),
                days=list(days),
            )
        )
        self.env.cr.execute(
            SQL(demand_sql.COUNT_SOLD, company=company.id, begin=begin, end=end, days=list(days))
        )
        self.invalidate_model()

    @api.model
    def _find_homes(self, orders):
        """Return at which site the goods of orders are wanted, by id of the order.

        :rtype: dict[int, int]
        """
        homes = {}
        self.env.flush_all()
        for company, own in orders.grouped("company_id").items():
            rows = self.env.execute_query(
                SQL(
                    demand_sql.HOME,
                    company=company.id,
                    sites=json.dumps(self._get_channel_sites(company)),
                    which=SQL("sale.id = ANY(%s)", own.ids),
                )
            )
            homes.update(row for row in rows if row[1])
        return homes

    @api.model
    def _get_channel_sites(self, company):
        """Return the sites at which the goods of each channel may be wanted; 0 is no channel."""
        own = self.env["oms.site"].search(
            [("company_id", "=", company.id), ("warehouse_id", "!=", False)]
        )
        channels = (
            self.env["oms.channel"]
            .with_context(active_test=False)
            .search([("company_id", "=", company.id)])
        )
        rows = []
        for channel_id, sites in [
            (0, own),
            *((channel.id, channel.site_ids & own) for channel in channels),
        ]:
            for site in sites.filtered("ships") or sites:
                placed = bool(site.latitude or site.longitude)
                rows.append(
                    {
                        "channel": channel_id,
                        "site": site.id,
                        "latitude": site.latitude if placed else None,
                        "longitude": site.longitude if placed else None,
                    }
                )
        return rows

    @api.model
    def _get_parts(self, company):
        """Return what kits of a company are made of, in units of the parts for each kit."""
        Product = self.env["product.product"]
        if not Product._oms_knows_kits():
            return []
        # sudo: what kits are made of is counted for everybody
        bills = (
            self.env["mrp.bom"]
            .sudo()
            .search([("type", "=", "phantom"), ("company_id", "in", (company.id, False))])
        )
        # What was sold of kits that are sold no more was wanted, too.
        templates = bills.product_tmpl_id.with_context(active_test=False)
        products = bills.product_id | templates.product_variant_ids
        return [
            {"kit": product_id, "part": line.part, "ratio": line.quantity * line.ratio}
            for (_company, product_id), kit in products._oms_get_kits(company).items()
            for line in kit.lines
        ]
