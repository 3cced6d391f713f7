from odoo import models

from ...connectors.outcome import Ok
from .oms_carrier_area import POINTS


class OmsCarrierPoints(models.AbstractModel):
    """Asking a carrier for its relay points around a postcode."""

    _name = "oms.carrier.points"
    _description = "Ask for Relay Points"
    _inherit = "oms.carrier.asking"
    _kept = "oms.carrier.area"

    def _get_title(self):
        return self.env._("Ask for relay points")

    def _prepare_call(self, task):
        account = self._get_account(task)
        adapter, asked = account._get_adapter(), account._prepare_account()
        near = self._get_kept(task)._prepare_near()

        def call():
            outcome = self._ask(adapter.pickup_points, asked, near)
            if isinstance(outcome, Ok):
                return Ok({"answer": POINTS.dump_python(outcome.value, mode="json")})
            return Ok({"error": outcome.text})

        return call

    def _read_answer(self, data):
        return POINTS.validate_python(data, strict=False)
