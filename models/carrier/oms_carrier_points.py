from odoo import models
from odoo.exceptions import UserError

from ...connectors.outcome import Ok
from .oms_carrier_area import POINTS


class OmsCarrierPoints(models.AbstractModel):
    """Asking a carrier for its relay points around a postcode.

    Nothing is bought: what fails is kept with the area, and asked again when somebody wants it.
    """

    _name = "oms.carrier.points"
    _description = "Ask for Relay Points"
    _inherit = "oms.carrier.task"

    def _get_title(self):
        return self.env._("Ask for relay points")

    def _get_area(self, task):
        area = self.env["oms.carrier.area"].browse(task.res_id).exists()
        if not area:
            raise UserError(self.env._("Nobody wants to know of this area any more."))
        return area

    def _prepare_call(self, task):
        area = self._get_area(task)
        account = self._get_account(task)
        adapter, asked = account._get_adapter(), account._prepare_account()
        near = area._prepare_near()

        def call():
            outcome = adapter.pickup_points(asked, near)
            if isinstance(outcome, Ok):
                return Ok({"points": POINTS.dump_python(outcome.value, mode="json")})
            return Ok({"error": outcome.text})

        return call

    def _prepare_look(self, task):
        # Asking twice does no harm.
        return self._prepare_call(task)

    def _apply(self, task, result):
        points = result.get("points")
        if points is not None:
            points = POINTS.validate_python(points, strict=False)
        self._get_area(task)._keep_answer(points, result.get("error"))
