from odoo import models

from ...connectors.carrier import Capability, Created, LabelledParcel
from ...connectors.outcome import Rejected


class OmsCarrierCancel(models.AbstractModel):
    """Giving labels back until the carrier confirms."""

    _name = "oms.carrier.cancel"
    _description = "Cancel Labels"
    _inherit = "oms.carrier.task"

    def _get_title(self):
        return self.env._("Cancel labels")

    def _prepare_call(self, task):
        account = self._get_account(task)
        adapter = account._get_adapter()
        asked = account._prepare_account()
        created = Created(
            task.arguments["carrier_id"],
            tuple(LabelledParcel("", number) for number in task.arguments["numbers"]),
        )
        able = Capability.CANCEL in adapter.capabilities
        text = self.env._("The carrier takes no labels back. Tell it by other means.")

        def call():
            return adapter.cancel(asked, created) if able else Rejected("unsupported", text)

        return call

    def _prepare_look(self, task):
        # Cancelling twice does no harm: what is cancelled already is done.
        return self._prepare_call(task)

    def _on_rejected(self, task):
        # They stay, and may be used.
        parcels = self.env["oms.parcel"].browse(task.arguments["parcel_ids"]).exists()
        parcels.unwanted = False

    def _apply(self, task, result):
        parcels = self.env["oms.parcel"].browse(task.arguments["parcel_ids"]).exists()
        parcels.write({"state": "cancelled", "unwanted": False, "next_poll": False})
        for picking, gone in parcels.grouped("picking_id").items():
            numbers = set(gone.mapped("tracking_number"))
            left = (picking.carrier_tracking_ref or "").split(",")
            left = [number for number in left if number and number not in numbers]
            picking.carrier_tracking_ref = ",".join(left) or False
