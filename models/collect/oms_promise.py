from odoo import api, models


class OmsPromise(models.Model):
    """What is collected is promised to be ready: customers may come later."""

    _inherit = "oms.promise"

    @api.depends("fulfillment_id.pickup_ready_at")
    def _compute_outcome(self):
        return super()._compute_outcome()

    def _get_arrived_at(self):
        return self.fulfillment_id.pickup_ready_at or super()._get_arrived_at()

    def _is_dropped(self):
        if self.fulfillment_id.pickup_ready_at:
            # It was there; whether the customer came is not for the promise to keep.
            return False
        return super()._is_dropped()
