from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    # Customers of channels are looked for by mail address with each order.
    _oms_mail_idx = models.Index("(email_normalized) WHERE email_normalized IS NOT NULL")
