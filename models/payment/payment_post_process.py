from odoo import models


class PaymentTransaction(models.Model):
    """What was captured is booked, also if some of it was given back before it was.

    Odoo books no payment of which a part is done, as its parts are booked; and takes a refund for
    such a part.
    """

    _inherit = "payment.transaction"

    def _post_process(self):
        res = super()._post_process()
        for transaction in self.filtered(lambda each: each._oms_lacks_payment()):
            transaction.with_company(transaction.company_id)._create_payment()
        return res

    def _oms_lacks_payment(self):
        """Tell whether it is done and given back in part, and was not booked."""
        self.ensure_one()
        parts = self.child_transaction_ids.filtered(lambda part: part.state in ("done", "cancel"))
        return (
            self.state == "done"
            and self.operation != "validation"
            and not self.payment_id
            and bool(parts)
            and all(part.operation == "refund" for part in parts)
        )
