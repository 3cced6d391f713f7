from odoo import models


class PaymentTransaction(models.Model):
    """A refund of the demo provider is done, also where captures are made by hand.

    Odoo leaves it authorized then, as if it were a payment. See ``provider_adyen`` for why it is
    done here.
    """

    _inherit = "payment.transaction"

    def _process(self, provider_code, payment_data):
        if provider_code == "demo" and self.operation == "refund":
            payment_data = {**payment_data, "manual_capture": True}
        return super()._process(provider_code, payment_data)
