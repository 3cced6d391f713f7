import psycopg2.errors

from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Datetime
from odoo.tools import SQL

from . import audit_sql, ledger_sql, position_sql
from .oms_position import CORRECTION

#: Expired claims that one click ends; the job does the rest.
MOST_CLAIMS = 10_000
#: Entries of the ledger that one click folds; the job does the rest.
FOLD_BATCH, FOLD_BATCHES = 20_000, 10


class OmsAuditLine(models.Model):
    """Repair on click. Each looks again first: what is not there any more is not repaired."""

    _inherit = "oms.audit.line"

    def action_repair(self):
        """Repair those of the findings that a click can repair.

        :return: a notification that tells what became of them
        :rtype: dict
        :raises AccessError: the user is no order manager
        :raises UserError: none of them is open and can be repaired by a click
        """
        self.env["oms.audit"]._check_manager()
        self.check_access("read")
        # sudo: findings, and what they are about, are nothing that users write
        lines = self.sudo().filtered("can_repair")
        if not lines:
            raise UserError(
                self.env._(
                    "None of these is open and can be repaired by a click. Open a finding: it says "
                    "what can be done."
                )
            )
        # Two people may press the button at once.
        lines.lock_for_update(allow_referencing=True)
        self.env.flush_all()
        for kind, of_kind in lines.grouped("kind").items():
            getattr(of_kind, f"_repair_{kind}")()
        lines._log(self.env._("Repaired by %s:", self.env.user.name))
        return self._get_repair_notification(lines)

    def _get_repair_notification(self, lines):
        states = lines.mapped("state")
        return self.env["oms.audit"]._get_notification(
            "warning" if "open" in states else "success",
            self.env._(
                "%(repaired)s repaired, %(gone)s not there any more, %(left)s left to you.",
                repaired=states.count("repaired"),
                gone=states.count("gone"),
                left=len(self) - len(lines) + states.count("open"),
            ),
        )

    def _settle(self, outcomes):
        """Close findings as repaired, or as gone when there was nothing to repair.

        :param dict outcomes: by finding: what was done, None where it was not there any more
        """
        for line, outcome in outcomes.items():
            line.outcome = outcome or self.env._("Not there any more when it was to be repaired.")
        repaired = self.browse(line.id for line, outcome in outcomes.items() if outcome)
        gone = self.browse(line.id for line in outcomes) - repaired
        repaired._close("repaired", closed_by_id=self.env.uid)
        gone._close("gone", closed_by_id=self.env.uid)

    # === POSITIONS === #

    def _repair_position(self):
        """Measure again, and append to the ledger what is missing; nothing is overwritten."""
        keys = sorted({(line.product_key, line.site_key) for line in self})
        products = [product_id for product_id, _site_id in keys]
        sites = [site_id for _product_id, site_id in keys]
        # Who takes the guards measures what nobody else corrects at the same time.
        self.env["oms.position"]._touch([CORRECTION, *keys])
        condition = SQL(
            "product_id = ANY(%s) AND (product_id, site_id) IN (SELECT * FROM unnest(%s, %s))",
            products,
            products,
            sites,
        )
        rows = self.env.execute_query(
            SQL(
                "%s RETURNING product_id, site_id, %s",
                ledger_sql.append(position_sql.differences(condition)),
                position_sql.columns(),
            )
        )
        added = {
            (product_id, site_id, measure): amount
            for product_id, site_id, *amounts in rows
            for measure, amount in zip(position_sql.MEASURES, amounts, strict=True)
        }
        # The entry corrects all measures of a position, selected or not.
        siblings = self.search(
            [
                ("kind", "=", "position"),
                ("state", "=", "open"),
                ("product_key", "in", products),
                ("site_key", "in", sites),
            ]
        ).filtered(lambda line: (line.product_key, line.site_key) in keys)
        outcomes = {}
        for line in self | siblings:
            amount = added.get((line.product_key, line.site_key, line.measure), 0.0)
            outcomes[line] = line._describe_correction(amount) if abs(amount) > 1e-6 else None
        self._settle(outcomes)
        self.product_id._oms_wake_waiting_orders()

    def _describe_correction(self, amount):
        if abs(amount - self.difference) > 1e-6:
            return self.env._(
                "%(amount)s added to the ledger; the difference was %(found)s when it was found.",
                amount=f"{amount:+g}",
                found=f"{self.difference:+g}",
            )
        return self.env._("%s added to the ledger.", f"{amount:+g}")

    # === CLAIMS AND ORDERS === #

    def _get_subject(self):
        return (self.evidence or {}).get("subject", "")

    def _repair_claim_ended(self):
        """Release claims whose order or fulfillment is over."""
        query = audit_sql.ended_claims(audit_sql.any_of(self.mapped("product_key")))
        ended = {row[0] for row in self.env.execute_query(query)}
        claim_ids = {line: int(line._get_subject()) for line in self}
        claims = self.env["oms.claim"].browse(ended & set(claim_ids.values()))
        claims._release()
        released = self.env._("Released.")
        self._settle(
            {line: released if claim_id in ended else None for line, claim_id in claim_ids.items()}
        )
        claims.product_id._oms_wake_waiting_orders()

    def _repair_order_excess(self):
        """Release the newest claims of order lines, as far as they are too much."""
        outcomes = {}
        for line in self:
            order_line = self.env["sale.order.line"].browse(int(line._get_subject())).exists()
            excess = -order_line._oms_get_qty_open() if order_line else 0.0
            if not order_line or order_line.product_id.uom_id.compare(excess, 0.0) <= 0:
                outcomes[line] = None
                continue
            left = order_line._oms_reduce_claims(excess)
            line.outcome = self.env._("%s released.", f"{excess - left:g}")
            # What is too much of transfers is for people to decide.
            if order_line.product_id.uom_id.compare(left, 0.0) <= 0:
                outcomes[line] = line.outcome
        self._settle(outcomes)
        self.product_id._oms_wake_waiting_orders()

    def _repair_claim_late(self):
        """End expired claims at the sites."""
        domain = [("state", "=", "active"), ("expires_at", "<=", Datetime.now())]
        outcomes = {}
        for line in self:
            claims = self.env["oms.claim"].search(
                [*domain, ("site_id", "=", line.site_key)], limit=MOST_CLAIMS, order="expires_at"
            )
            claims.state = "expired"
            outcomes[line] = self.env._("Ended claims: %s.", len(claims)) if claims else None
        self._settle(outcomes)

    # === RESERVATIONS === #

    def _repair_reservation(self):
        """Reserve at each place what transfers have reserved, as Odoo's own cleaning does."""
        width = len(audit_sql.PLACE)
        query = audit_sql.reservations(audit_sql.any_of(self.mapped("product_key")))
        found = {row[:width]: row[width:] for row in self.env.execute_query(query)}
        outcomes = {}
        for line in self:
            place = (line.product_key, *map(int, line._get_subject().split("-")))
            _site, kept, recorded = found.get(tuple(part or None for part in place), (0, 0.0, 0.0))
            if abs(recorded - kept) < 1e-6:
                outcomes[line] = None
                continue
            _product, location, lot, package, owner = place
            self.env["stock.quant"]._update_reserved_quantity(
                line.product_id,
                self.env["stock.location"].browse(location),
                recorded - kept,
                lot_id=self.env["stock.lot"].browse(lot or ()),
                package_id=self.env["stock.package"].browse(package or ()),
                owner_id=self.env["res.partner"].browse(owner or ()),
            )
            outcomes[line] = self.env._("%s reserved.", f"{recorded - kept:+g}")
        self._settle(outcomes)

    # === MACHINERY === #

    def _repair_trigger(self):
        self._install()

    def _repair_function(self):
        self._install()

    def _install(self):
        """Make triggers and functions again, as an update of the addon does.

        :raises UserError: somebody works on the tables for long
        """
        names = {line._get_subject() for line in self}
        statements = [
            statement
            for statement, triggers, functions in self.env["oms.audit"]._get_machinery()
            if names & {*triggers, *functions}
        ]
        try:
            with self.env.cr.savepoint(flush=False):
                # Whoever waits for the tables has everybody else wait.
                self.env.cr.execute("SET LOCAL lock_timeout = '3s'")
                for statement in statements:
                    self.env.cr.execute(statement)
        except psycopg2.errors.LockNotAvailable as error:
            raise UserError(
                self.env._("The tables are in use: try again when fewer people work.")
            ) from error
        outcome = self.env._("Made again. Run an audit for what went wrong meanwhile.")
        self._settle(dict.fromkeys(self, outcome))

    def _repair_ledger(self):
        """Fold a part of the ledger, and have the compactor do the rest."""
        folded = 0
        for _batch in range(FOLD_BATCHES):
            [[count]] = self.env.execute_query(SQL("SELECT oms_position_compact(%s)", FOLD_BATCH))
            folded += count
            if count < FOLD_BATCH:
                break
        self._get_records("ir.cron")._trigger()
        outcome = self.env._("%s entries folded.", folded) if folded else None
        self._settle(dict.fromkeys(self, outcome))

    def _repair_job(self):
        """Switch scheduled jobs on again, and have them run at once."""
        jobs = self.env["ir.cron"].union(*(line._get_records("ir.cron") for line in self))
        jobs.active = True
        for job in jobs:
            job._trigger()
        self._settle(dict.fromkeys(self, self.env._("Switched on.")))
