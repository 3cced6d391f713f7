import base64

from odoo import models
from odoo.exceptions import UserError

from ...connectors.carrier import Created, Label, LabelFormat, LabelledParcel


class OmsCarrierTask(models.AbstractModel):
    """What the tasks of carriers have in common."""

    _name = "oms.carrier.task"
    _description = "Carrier Task"
    _inherit = "oms.task.handler"

    def _get_account(self, task):
        """Return the account of a task.

        :raises UserError: it is not there any more
        """
        account = self.env["oms.carrier.account"].browse(task.arguments["account_id"]).exists()
        if not account:
            raise UserError(self.env._("The carrier account is not there any more."))
        return account

    def _write_created(self, created):
        """Return a shipment as JSON data."""
        return {
            "carrier_id": created.carrier_id,
            "price": created.price,
            "currency": created.currency,
            "parcels": [
                {
                    "reference": parcel.reference,
                    "tracking_number": parcel.tracking_number,
                    "tracking_url": parcel.tracking_url,
                    **write_label(parcel.label),
                }
                for parcel in created.parcels
            ],
        }

    def _read_created(self, data):
        """Return a shipment of JSON data."""
        return Created(
            data["carrier_id"],
            tuple(
                LabelledParcel(
                    parcel["reference"],
                    parcel["tracking_number"],
                    read_label(parcel),
                    parcel["tracking_url"] or "",
                )
                for parcel in data["parcels"]
            ),
            data["price"],
            data["currency"],
        )

    def _make_label(self, picking, parcel, label):
        if not label:
            return False
        prefix = picking.carrier_id._get_delivery_label_prefix()
        return self._make_attachment(picking, f"{prefix}-{parcel.tracking_number}", label)

    def _make_attachment(self, record, name, label):
        """Attach a label, or another document of a carrier.

        :param record: of any model
        :param str name: without the ending
        :param Label label: what to attach
        :return: ``ir.attachment``
        """
        kind = "application/pdf" if label.format == "pdf" else "x-application/zpl"
        return self.env["ir.attachment"].create(
            {
                "name": f"{name}.{label.format.value}",
                "raw": label.content,
                "mimetype": kind,
                "res_model": record._name,
                "res_id": record.id,
            }
        )


def write_label(label):
    """Return a label, or None, as JSON data."""
    return {
        "label": label and base64.b64encode(label.content).decode(),
        "format": label and label.format.value,
    }


def read_label(data):
    """Return a label of JSON data; None if it has none."""
    if not data["label"]:
        return None
    return Label(base64.b64decode(data["label"]), LabelFormat(data["format"]))
