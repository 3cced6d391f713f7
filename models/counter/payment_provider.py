from odoo import api, fields, models

COUNTER_SELECTION = [("cash", "Cash"), ("card", "Card")]
#: The kind of journal and the payment method that each is kept under.
JOURNALS = {"cash": "cash", "card": "bank"}
METHODS = {"cash": "payment.payment_method_unknown", "card": "payment.payment_method_card"}


class PaymentProvider(models.Model):
    """Money that clerks take when they hand goods over."""

    _inherit = "payment.provider"

    oms_counter = fields.Selection(
        COUNTER_SELECTION,
        string="Taken at the Counter",
        readonly=True,
        copy=False,
        help="What clerks take when customers collect their goods is kept under this provider. "
        "Customers cannot choose it.",
        groups="base.group_user",
    )

    _oms_counter_uniq = models.UniqueIndex(
        "(company_id, oms_counter) WHERE oms_counter IS NOT NULL",
        "The company keeps money of this kind under another provider already.",
    )

    @api.model
    def _oms_get_counter(self, company, means):
        """Return what money is kept under that clerks take; made when it is first needed.

        :param company: ``res.company``
        :param str means: ``cash`` or ``card``
        :rtype: payment.provider
        """
        # sudo: clerks need not have rights on providers
        providers = self.sudo().with_context(active_test=False)
        found = providers.search([("company_id", "=", company.id), ("oms_counter", "=", means)])
        if found:
            return found
        names = {
            "cash": self.env._("Cash at the counter"),
            "card": self.env._("Card at the counter"),
        }
        return providers.create(
            {
                "name": names[means],
                "code": "none",
                "state": "enabled",
                "is_published": False,
                "company_id": company.id,
                "oms_counter": means,
            }
        )

    def _oms_get_counter_journal(self):
        """Return the journal that counter money goes to: a fitting one, if there is one.

        Branches keep their money in the journals of the company above them, too.

        :rtype: account.journal
        """
        self.ensure_one()
        kind = JOURNALS[self.oms_counter]
        # Odoo gives every provider a bank.
        if self.journal_id.type == kind:
            return self.journal_id
        # sudo: clerks need not have rights on journals
        journals = self.env["account.journal"].sudo()
        liquid = journals.search(
            [
                *journals._check_company_domain(self.company_id),
                ("type", "in", ("cash", "bank")),
            ]
        )
        own = liquid.filtered(lambda journal: journal.company_id == self.company_id)
        liquid = own | liquid
        return (liquid.filtered(lambda journal: journal.type == kind) or liquid)[:1]
