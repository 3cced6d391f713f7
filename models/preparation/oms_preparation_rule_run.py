import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..transaction import retrying

_logger = logging.getLogger(__name__)


class OmsPreparationRule(models.Model):
    """How rules run: once for each of their times, whatever runs at once."""

    _inherit = "oms.preparation.rule"

    @api.model
    def _cron_run(self):
        """Run the rules that are due, each in a transaction of its own.

        Two jobs at once make no wave twice: the first one to commit has the time of the rule, and
        the other finds it taken. A rule that fails is logged and told on the rule, and keeps no
        other waiting.
        """
        now = fields.Datetime.now()
        due = [(rule, rule._find_due_slot(now)) for rule in self.search([])]
        due = [(rule, slot) for rule, slot in due if slot]
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for rule, slot in due:
            try:
                retrying(
                    self.env,
                    lambda env, rule=rule, slot=slot: rule.with_env(env)._run_slot(slot),
                )
            except OperationalError as error:
                _logger.info("Waves of %s are made in the next run: %s", rule.name, error)
            except Exception as error:
                # Whatever is wrong with one rule, the others must not wait for it.
                _logger.warning("No waves were made by %s: %s", rule.name, error, exc_info=True)
            if not self.env["ir.cron"]._commit_progress(1):
                break

    def _run_slot(self, slot):
        """Run for one of the rule's times, unless that was done.

        :param datetime.datetime slot: UTC, naive
        :return: ``oms.preparation.run``, none if somebody else ran for this time
        :raises psycopg2.errors.SerializationFailure: another transaction was faster: run again
        """
        self.ensure_one()
        self.flush_recordset(["last_slot_at"])
        self.env.cr.execute(
            SQL(
                "UPDATE oms_preparation_rule SET last_slot_at = %s "
                "WHERE id = %s AND (last_slot_at IS NULL OR last_slot_at < %s)",
                slot,
                self.id,
                slot,
            ),
            # Losing against another job is no fault: this is run again.
            log_exceptions=False,
        )
        taken = self.env.cr.rowcount
        self.invalidate_recordset(["last_slot_at"])
        if not taken:
            return self.env["oms.preparation.run"]
        return self._run(slot)

    def _run(self, slot=None):
        """Make waves of what is there.

        :param datetime.datetime slot: for which time of the rule; None by hand
        :rtype: ``oms.preparation.run``
        """
        self.ensure_one()
        service = self.env["oms.preparation"]
        waves, left = service._plan(self._find_pickings(), self)
        run = self.env["oms.preparation.run"]._record(
            waves,
            left,
            rule_id=self.id,
            planned_at=slot,
            company_id=self.company_id.id,
            site_ids=[fields.Command.set(self.site_id.ids)],
        )
        service._make(waves, run, self.user_ids)
        return run

    def _find_pickings(self):
        """Return what the site has to prepare and is in no wave.

        :rtype: ``stock.picking``
        """
        self.ensure_one()
        pickings = self.env["stock.picking"].search(
            [
                ("oms_fulfillment_id.site_id", "=", self.site_id.id),
                ("oms_fulfillment_id.state", "=", "released"),
                ("state", "not in", ("draft", "done", "cancel")),
                ("batch_id", "=", False),
            ],
            order="id",
        )
        # What only goes on to the next step is no work of its own to leave out.
        pickings &= pickings.oms_fulfillment_id._get_open_pickings()
        if self.carrier_ids:
            pickings = pickings.filtered(lambda picking: picking.carrier_id in self.carrier_ids)
        if self.due_hours:
            until = fields.Datetime.now() + timedelta(hours=self.due_hours)
            get_due = self.env["oms.preparation"]._get_due
            pickings = pickings.filtered(
                lambda picking: (get_due(picking) or fields.Datetime.now()) <= until
            )
        return pickings

    # === ACTION METHODS === #

    def action_run(self):
        """Make waves now, whatever time it is.

        :return: an action that opens the run
        :rtype: dict
        :raise AccessError: the user may not change rules
        :raise UserError: nothing is there to prepare
        """
        self.ensure_one()
        if not self.has_access("write"):
            raise AccessError(self.env._("Only those who may change rules run them."))
        run = self._run()
        if not run.wave_count and not run.left_count:
            raise UserError(
                self.env._("Nothing is released at %s that is in no wave.", self.site_id.name)
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": "oms.preparation.run",
            "res_id": run.id,
            "view_mode": "form",
        }

    def action_view_runs(self):
        """Open what the rules did.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_preparation_run")
        action["domain"] = [("rule_id", "in", self.ids)]
        action["context"] = {}
        return action
