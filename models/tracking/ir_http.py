from odoo import models
from odoo.http import request

WEBHOOKS = "/oms/webhook/"


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _pre_dispatch(cls, rule, args):
        res = super()._pre_dispatch(rule, args)
        if request.httprequest.path.startswith(WEBHOOKS):
            # Signatures are over the bytes as they came, which are gone once a form is read.
            request.httprequest.get_data(cache=True)
        return res
