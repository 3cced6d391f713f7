from odoo import fields, models


class AccountMove(models.Model):
    """Invoices of shipments, and credit notes of returns."""

    _inherit = "account.move"

    oms_fulfillment_ids = fields.Many2many(
        "oms.fulfillment",
        "oms_fulfillment_invoice_rel",
        "move_id",
        "fulfillment_id",
        string="Fulfillments",
        readonly=True,
        copy=False,
        help="The shipments that are invoiced.",
        groups="base.group_user",
    )
    oms_credit = fields.Boolean(
        string="Credits a Return",
        readonly=True,
        copy=False,
        help="Of what it credits nothing is invoiced again, also where orders are invoiced as "
        "ordered.",
        groups="base.group_user",
    )

    def _oms_get_line_amounts(self, step):
        """Return the amounts of the lines of goods and services of the invoices.

        :param step: :class:`settlement.Step` of their currency
        :return: :class:`TaxedAmounts` by ``account.move.line``
        :rtype: dict
        """
        amounts = {}
        for move in self:
            base_lines, _tax_lines = move._get_rounded_base_and_tax_lines()
            for base_line in base_lines:
                line = base_line["record"]
                if isinstance(line, models.Model) and line.display_type == "product":
                    amounts[line] = self.env["account.tax"]._oms_read_base_line(base_line, step)
        return amounts


class OmsFulfillment(models.Model):
    _inherit = "oms.fulfillment"

    invoice_ids = fields.Many2many(
        "account.move",
        "oms_fulfillment_invoice_rel",
        "fulfillment_id",
        "move_id",
        string="Invoices",
        readonly=True,
        copy=False,
        groups="account.group_account_invoice,account.group_account_readonly",
    )
