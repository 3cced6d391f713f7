from odoo import models
from odoo.exceptions import UserError

from ...connectors.carrier import Capability, Created, LabelledParcel
from ...connectors.outcome import Ok, Rejected
from .oms_carrier_buy import SHIPMENT


class OmsCarrierLabels(models.AbstractModel):
    """Fetching labels of parcels that were bought, when they did not come or were lost."""

    _name = "oms.carrier.labels"
    _description = "Fetch Labels"
    _inherit = "oms.carrier.task"

    def _get_title(self):
        return self.env._("Fetch labels")

    def _get_parcels(self, task):
        parcels = self.env["oms.parcel"].browse(task.arguments["parcel_ids"]).exists()
        parcels = parcels.filtered(lambda parcel: parcel.state != "cancelled")
        if not parcels:
            raise UserError(self.env._("The parcels are not there any more."))
        return parcels

    def _prepare_call(self, task):
        account = self._get_account(task)
        adapter = account._get_adapter()
        asked = account._prepare_account()
        parcels = self._get_parcels(task)
        shipment = SHIPMENT.validate_python(task.arguments["shipment"])
        created = Created(
            parcels[0].shipment_ref or "",
            tuple(LabelledParcel(each.reference, each.tracking_number) for each in parcels),
        )
        able = Capability.LABELS in adapter.capabilities
        text = self.env._("The carrier gives a label only once. Print it from its own pages.")

        def call():
            if not able:
                return Rejected("unsupported", text)
            outcome = adapter.labels(asked, shipment, created)
            if isinstance(outcome, Ok):
                if any(parcel.label is None for parcel in outcome.value.parcels):
                    return Rejected("label", "; ".join(outcome.warnings) or text)
                return Ok(self._write_created(outcome.value), outcome.warnings)
            return outcome

        return call

    def _prepare_look(self, task):
        # Fetching twice does no harm.
        return self._prepare_call(task)

    def _apply(self, task, result):
        by_number = {
            parcel.tracking_number: parcel.label for parcel in self._read_created(result).parcels
        }
        for parcel in self._get_parcels(task):
            label = by_number.get(parcel.tracking_number)
            if label:
                parcel.label_id = self._make_label(parcel.picking_id, parcel, label)
