from odoo import fields, models

from .oms_parcel import STATE_SELECTION


class OmsTrackingEvent(models.Model):
    """Something that a carrier reported of a parcel, once however often it is told."""

    _name = "oms.tracking.event"
    _description = "Tracking Event"
    _order = "moment desc, id desc"
    _rec_name = "text"

    parcel_id = fields.Many2one(
        "oms.parcel", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="parcel_id.company_id", store=True, precompute=True, index=True
    )
    status = fields.Selection([*STATE_SELECTION, ("other", "Other")], required=True, readonly=True)
    moment = fields.Datetime(required=True, readonly=True)
    text = fields.Char(readonly=True)
    place = fields.Char(readonly=True)
    code = fields.Char(readonly=True, help="The carrier's own code.")

    _event_uniq = models.UniqueIndex(
        "(parcel_id, moment, status, COALESCE(code, ''), COALESCE(place, ''))",
        "This was reported already.",
    )
