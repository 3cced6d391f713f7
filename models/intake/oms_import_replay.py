import hashlib
import logging
from pathlib import Path

import numpy as np

from odoo import api, models
from odoo.exceptions import UserError

from ...engine.geography import MILE_KM, great_circle_km

_logger = logging.getLogger(__name__)

#: Prices of the order fulfillment literature (Jasin and Sinha 2015): per parcel, per unit, per
#: unit and mile; and the factor on a parcel and on the dearest way for units left unfilled.
PARCEL_COST = 8.759
UNIT_COST = 0.423
UNIT_MILE_COST = 0.000541
MISSING_FACTOR = 2.0


class OmsImportReplay(models.AbstractModel):
    """Plays files of past orders against the stock of their months, as if they came today."""

    _name = "oms.import.replay"
    _description = "Replay of Order Files"

    def _replay(self, paths, month, limit, progress):
        """See ``oms.import._replay_files``.

        :param dict paths: path of the sites, stock and orders file, by kind
        """
        report = Report(progress, self.env["ir.cron"]._commit_progress)
        files = {kind: (Path(path).name, Path(path).read_bytes()) for kind, path in paths.items()}
        channel = self._ensure_channel()
        self._run("sites", files["sites"], {"network_id": channel.network_ids.id}, report)
        months = [month] if month else self._get_months(files["orders"][1])
        done = 0
        for current in months:
            if limit and done >= limit:
                break
            stock = {
                "channel_id": channel.id,
                "month": current,
                "stock_meaning": "available",
                "zero_missing": True,
                "create_products": True,
            }
            self._run("stock", files["stock"], stock, report)
            orders = {
                "channel_id": channel.id,
                "month": current,
                "create_products": True,
                "confirm_orders": True,
                "confirm_batch": 1,
                "order_limit": max(limit - done, 0) if limit else 0,
            }
            job = self._run("orders", files["orders"], orders, report)
            done += job.unit_count
            self._close(channel)
            report.commit()
        sites = channel._get_sourcing_sites()
        return self._summarize(
            channel,
            report.errors,
            lambda decision, parcels: self._get_literature_cost(decision, parcels, sites),
        )

    # === SET-UP === #

    def _ensure_channel(self):
        """Return the channel and network of replayed files, made at first use."""
        Channel = self.env["oms.channel"]
        company = self.env.company
        channel = Channel.search([("code", "=", "FILES"), ("company_id", "=", company.id)])
        if channel:
            return channel
        strategy = self.env["oms.strategy"].create(
            {
                "name": "Literature (Jasin and Sinha)",
                "company_id": company.id,
                "parcel_cost": PARCEL_COST,
                "unit_cost": UNIT_COST,
                "unit_km_cost": UNIT_MILE_COST / MILE_KM,
                "shortage_policy": "price",
                "missing_factor": MISSING_FACTOR,
            }
        )
        network = self.env["oms.network"].create({"name": "Files", "company_id": company.id})
        return Channel.create(
            {
                "name": "Files",
                "code": "FILES",
                "company_id": company.id,
                "orchestrated": True,
                "strategy_id": strategy.id,
                "network_ids": [(6, 0, network.ids)],
            }
        )

    def _get_months(self, content):
        """Return the months in which an orders file has orders, oldest first."""
        job = self.env["oms.import"].new({"kind": "orders"})
        reading = job._read_table(job._open_table(content, "auto"))
        records = map(reading.parse, reading.table.rows())
        return sorted({f"{record.row.order_date:%Y-%m}" for record in records if record.row})

    def _run(self, kind, file, options, report):
        """Import a file to its end, going on where an earlier call stopped.

        :return: the job
        """
        name, content = file
        Job = self.env["oms.import"]
        job = Job._find_job(kind, content, options)
        if not job:
            job = Job._create_job(kind, name, content, options)
        if job.state != "done":
            if job.state != "running":
                job._begin("import")
            label = " ".join(filter(None, (job._get_kind_label(), options.get("month"))))
            ended = False
            while not ended:
                ended = job._work(report.get_checkpoint(job, label))
            report.commit()
            self.env.invalidate_all()
        report.note(job)
        return job

    # === END OF A MONTH === #

    def _close(self, channel):
        """Give up what no site could fill, so that the next month's stock does not go to it.

        A line is lowered to what was sourced; an order of which nothing was is cancelled.
        """
        orders = self.env["sale.order"].search(
            [("oms_channel_id", "=", channel.id), ("oms_state", "in", ("waiting", "partial"))]
        )
        orders = orders.with_context(tracking_disable=True)
        for order in orders:
            if order.oms_state == "waiting":
                order._action_cancel()
                continue
            for line in order.order_line.filtered(lambda line: line.oms_qty_open > 0):
                line.product_uom_qty -= line.oms_qty_open

    # === FIGURES === #

    def _summarize(self, channels, errors, price):
        """Add up the first decisions of the orders of some channels.

        :param list errors: sentences to hand on
        :param price: called with a decision and the fulfillments of its order, returns the cost
        :return: see ``oms.import._replay_files``
        :rtype: dict
        """
        decisions = self.env["oms.decision"].search(
            [("channel_id", "in", channels.ids), ("trigger", "=", "confirm")], order="id"
        )
        parcels = decisions.order_id.oms_fulfillment_ids.filtered("unit_count")
        by_order = {}
        for fulfillment in parcels:
            by_order.setdefault(fulfillment.order_id, []).append(fulfillment)
        jobs = decisions.order_id.oms_import_id
        confirmed = sum(jobs.mapped("confirmed_count"))
        seconds = sum(jobs.mapped("confirm_seconds"))
        return {
            "orders": len(decisions),
            "units": sum(decisions.mapped("units")),
            "parcels": len(parcels),
            "split_orders": sum(len(group) > 1 for group in by_order.values()),
            "unfilled_units": sum(decisions.mapped("unfilled_units")),
            "km": sum(parcels.mapped("kilometers")),
            "cost": sum(
                price(decision, by_order.get(decision.order_id, [])) for decision in decisions
            ),
            "ms_per_order": 1000 * seconds / confirmed if confirmed else 0.0,
            "errors": errors,
        }

    def _get_literature_cost(self, decision, fulfillments, sites):
        """Price what became of one order by the formula of the literature.

        :param fulfillments: its fulfillments
        :param sites: all sites that could have served it
        :rtype: float
        """
        partner = decision.partner_id
        here = (partner.partner_latitude, partner.partner_longitude)
        placed = any(here)
        cost = 0.0
        for fulfillment in fulfillments:
            site = fulfillment.site_id
            miles = (
                float(great_circle_km(site.latitude, site.longitude, *here)) / MILE_KM
                if placed
                else 0.0
            )
            cost += PARCEL_COST + fulfillment.unit_count * (UNIT_COST + UNIT_MILE_COST * miles)
        if decision.unfilled_units:
            way = great_circle_km(
                np.array(sites.mapped("latitude")), np.array(sites.mapped("longitude")), *here
            )
            farthest = float(way.max(initial=0.0)) / MILE_KM if placed else 0.0
            cost += MISSING_FACTOR * (
                PARCEL_COST + decision.unfilled_units * (UNIT_COST + UNIT_MILE_COST * farthest)
            )
        return cost


class Report:
    """Passes progress on to the caller and collects errors."""

    def __init__(self, progress, commit):
        """Start a report.

        :param progress: called as ``progress(done, total, text)``, or None
        :param commit: called without argument where the work done so far may be committed
        """
        self.progress = progress
        self.commit = commit
        self.errors = []

    def get_checkpoint(self, job, label):
        """Return a checkpoint that commits and tells how far the job is."""

        def checkpoint(_done):
            self.commit()
            if self.progress:
                self.progress(job.position, job.unit_count, label)
            return True

        return checkpoint

    def note(self, job):
        """Take over what a job reports.

        :raise UserError: when the file as a whole could not be imported
        """
        if job.state == "failed":
            raise UserError(job.env._("%(file)s: %(error)s", file=job.file_name, error=job.error))
        if job.bad_count:
            _logger.info("%s: %s bad rows", job.name, job.bad_count)
        self.errors += [
            f"{job.file_name}, line {line.line_number}: {line.message}" for line in job.line_ids
        ]


class OmsImport(models.Model):
    _inherit = "oms.import"

    @api.model
    def _replay_files(
        self, orders_path, sites_path, stock_path, month=None, limit=None, progress=None
    ):
        """Import sites, then month by month the stock and the orders, and source each order.

        Orders are confirmed one by one in order of date and reference against the stock of
        their month; what is left of it at the end of the month is dropped, and so is what no
        site could fill. All goes through import jobs; a second call goes on where the first
        stopped, and changes nothing when it did not.

        :param str orders_path: file of order lines
        :param str sites_path: file of sites
        :param str stock_path: file of stock by month
        :param str month: like ``2021-06``: only this month; all months of the orders when None
        :param int limit: only so many orders, the earliest; all when None
        :param progress: called as ``progress(done, total, text)`` after each chunk
        :return: orders, units, parcels, split_orders, unfilled_units, km (sum of the ways of the
            parcels), cost (by the formula of the literature), ms_per_order (time of a
            confirmation) and errors (list of sentences)
        :rtype: dict
        :raise UserError: when a file cannot be imported at all
        """
        paths = {"orders": orders_path, "sites": sites_path, "stock": stock_path}
        return self.env["oms.import.replay"]._replay(paths, month, limit, progress)

    @api.model
    def _find_job(self, kind, content, options):
        """Return the latest job made from the same file with the same options."""
        domain = [(name, "=", value) for name, value in options.items()]
        return self.search(
            [
                ("kind", "=", kind),
                ("checksum", "=", hashlib.sha256(content).hexdigest()),
                ("company_id", "=", self.env.company.id),
                ("state", "in", ("running", "done")),
                *domain,
            ],
            limit=1,
        )
