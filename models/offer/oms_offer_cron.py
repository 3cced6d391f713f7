import logging

from psycopg2 import OperationalError

from odoo import api, fields, models

from ..transaction import retrying

_logger = logging.getLogger(__name__)


class OmsOffer(models.Model):
    """Time that runs out."""

    _inherit = "oms.offer"

    @api.model
    def _cron_time_out(self):
        """Ask the next sites where the time to answer is over, each in its own transaction."""
        late = self.env["oms.fulfillment"].search(
            [("offer_state", "=", "open"), ("offer_until", "<=", fields.Datetime.now())],
            order="offer_until, id",
        )
        self.env["ir.cron"]._commit_progress(remaining=len(late))
        for fulfillment in late:
            try:
                retrying(
                    self.env,
                    lambda env, fulfillment=fulfillment: fulfillment.with_env(env)._time_out(),
                )
            except OperationalError as error:
                _logger.info("Offers of %s end in the next run: %s", fulfillment.name, error)
            except Exception as error:
                # Whatever is wrong with one order, the others must not wait for it.
                _logger.warning(
                    "Offers of %s could not go on: %s", fulfillment.name, error, exc_info=True
                )
            if not self.env["ir.cron"]._commit_progress(1):
                break
