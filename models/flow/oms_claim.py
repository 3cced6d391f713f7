import logging

from odoo import SUPERUSER_ID, api, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..inventory.refusal import Shortage

_logger = logging.getLogger(__name__)

#: How often a refused basket is written down anew when others write the same at once; each time
#: one of them was done.
MOST_ATTEMPTS = 50


class OmsClaim(models.Model):
    """Goods that a basket could not get had been wanted."""

    _inherit = "oms.claim"

    @api.model
    def _hold(self, requests, origin, minutes, reference=None, channel=None):
        try:
            return super()._hold(requests, origin, minutes, reference, channel)
        except Shortage:
            self._remember_refused(requests, reference, channel)
            raise

    @api.model
    def _remember_refused(self, requests, reference, channel):
        """Have it written down what was missing, once the transaction that failed is undone."""
        asked = [tuple(request[:3]) for request in self._replace_kits(requests)]
        key = f"{channel.id if channel else 0}/{reference or ''}"
        registry = self.env.registry

        def record():
            with registry.cursor() as cr:
                demand = api.Environment(cr, SUPERUSER_ID, {})["oms.demand"]
                demand._record_refused(asked, key)

        def record_surely():
            try:
                for _attempt in range(MOST_ATTEMPTS):
                    try:
                        record()
                        return
                    except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                        # Somebody else has just written that the same is missing: look again.
                        continue
                _logger.warning("A refused basket was not counted: too many asked for it at once")
            except Exception:
                # What the caller is told does not depend on it.
                _logger.warning("A refused basket was not counted", exc_info=True)

        self.env.cr.postrollback.add(record_surely)
