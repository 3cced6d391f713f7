from odoo import fields, models


class OmsReturn(models.Model):
    _inherit = "oms.return"

    # What a form sent is one return, however often it is sent.
    request_key = fields.Char(readonly=True, copy=False, groups="base.group_system")
    external_ref = fields.Char(
        string="Number of the Channel",
        readonly=True,
        copy=False,
        help="By what the channel's own system knows the return.",
    )
    content_hash = fields.Char(readonly=True, copy=False, groups="base.group_system")
    notice_state = fields.Char(
        string="Customer Was Told of", readonly=True, copy=False, groups="base.group_system"
    )

    _request_key_uniq = models.UniqueIndex(
        "(order_id, request_key) WHERE request_key IS NOT NULL", "The return was asked for before."
    )
    _external_ref_uniq = models.UniqueIndex(
        "(channel_id, external_ref) WHERE external_ref IS NOT NULL",
        "The channel has another return of this number.",
    )
