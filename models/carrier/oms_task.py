from odoo import api, models


class OmsTask(models.Model):
    _inherit = "oms.task"

    @api.model
    def _get_handlers(self):
        return {
            **super()._get_handlers(),
            "carrier.buy": "oms.carrier.buy",
            "carrier.labels": "oms.carrier.labels",
            "carrier.cancel": "oms.carrier.cancel",
            "carrier.points": "oms.carrier.points",
            "carrier.rates": "oms.carrier.rates",
            "carrier.return": "oms.carrier.return",
            "carrier.manifest": "oms.carrier.close",
        }
