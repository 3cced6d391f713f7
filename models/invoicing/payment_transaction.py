from odoo import models


class PaymentTransaction(models.Model):
    """Payments find their invoices, whichever of the two is there first."""

    _inherit = "payment.transaction"

    def _create_payment(self, **extra_create_values):
        payment = super()._create_payment(**extra_create_values)
        self.sudo().oms_order_id._oms_reconcile_payments()  # sudo: as the payment itself
        return payment
