from odoo import api, fields, models

METHOD_SELECTION = [
    ("auto", "By what the provider can do"),
    ("multi", "A capture for each shipment"),
    ("single", "One capture, then authorized anew"),
    ("full", "Everything at the first shipment"),
    ("account", "On account, or collected by the marketplace"),
    ("collection", "Paid when it is collected"),
]


class OmsPaymentPolicy(models.Model):
    """How the orders of a channel are paid: when money is taken, how often, and invoiced how."""

    _name = "oms.payment.policy"
    _description = "Payment Policy"
    _order = "sequence, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True, help="Empty: for all companies.")
    description = fields.Text(translate=True)
    method = fields.Selection(
        METHOD_SELECTION,
        required=True,
        default="auto",
        help="A capture for each shipment: what is shipped is paid, the rest stays authorized.\n"
        "One capture, then authorized anew: for providers that release the rest with the first "
        "capture; it is authorized again by the saved payment method.\n"
        "Everything at the first shipment: what is not shipped in the end is refunded.\n"
        "On account, or collected by the marketplace: nothing is captured, only kept as due.\n"
        "Paid when it is collected: in cash or by card, when the goods are handed over.\n"
        "By what the provider can do: the first of the first three that its provider can do, and "
        "on account where the customer paid through none.",
    )
    capture_at = fields.Selection(
        [("shipped", "Goods leave the site"), ("released", "The site begins with them")],
        string="Capture When",
        required=True,
        default="shipped",
        help="As a rule money may be taken when goods leave. Captured when the site begins, "
        "nothing leaves that is not paid.",
    )
    authorization_days = fields.Integer(
        string="Authorizations Hold (Days)",
        default=7,
        required=True,
        help="After so many days the bank lets go of what it authorized.",
    )
    reauthorize_hours = fields.Integer(
        string="Authorize Anew (Hours Before)",
        default=24,
        required=True,
        help="So many hours before an authorization expires what is still open of it is authorized "
        "anew by the saved payment method. Without one, or if it is refused, the order is held "
        "and the customer asked to pay again. Zero: never.",
    )
    invoicing = fields.Selection(
        [
            ("shipment", "An invoice for each shipment"),
            ("order", "One invoice when the order is shipped"),
            ("none", "By hand"),
        ],
        required=True,
        default="shipment",
        help="When invoices are made by themselves.",
    )
    channel_ids = fields.One2many("oms.channel", "payment_policy_id", string="Channels")

    _days_check = models.Constraint(
        "CHECK (authorization_days > 0)", "An authorization holds for a day at least."
    )
    _hours_check = models.Constraint(
        "CHECK (reauthorize_hours >= 0)", "Authorizations are renewed before they expire."
    )

    @api.model
    def _get_default(self):
        """Return the policy of orders whose channel names none; empty if it was deleted."""
        return (
            self.env.ref("oms.payment_policy_standard", raise_if_not_found=False) or self.browse()
        )
