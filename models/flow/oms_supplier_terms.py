from odoo import api, fields, models


class OmsSupplierTerms(models.Model):
    """What an order costs a company, and the least that a supplier takes one for.

    The price lists of products say what goods cost; this is what an order as a whole costs,
    however many lines it has.
    """

    _name = "oms.supplier.terms"
    _description = "Supplier Terms"
    _order = "partner_id, id"
    _rec_name = "partner_id"
    _check_company_auto = True

    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Supplier",
        required=True,
        ondelete="cascade",
        index=True,
        check_company=True,
        help="Also for the contacts of a company that have no terms of their own.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    order_cost = fields.Monetary(
        string="Cost of an Order",
        help="What an order costs, however many lines it has: work, freight, customs. The dearer "
        "it is the more is ordered at once, and the more waits to be ordered together.",
    )
    minimum_value = fields.Monetary(
        string="Minimum Order",
        help="The least value of an order that the supplier takes; 0 is no minimum. An order below "
        "it is raised, waits until more is wanted, or goes to another supplier, whichever costs "
        "least.",
    )
    note = fields.Char()

    _partner_uniq = models.UniqueIndex(
        "(company_id, partner_id) WHERE active",
        "The company has terms of this supplier already.",
    )
    _numbers_check = models.Constraint(
        "CHECK (COALESCE(order_cost, 0) BETWEEN 0 AND 1e12"
        " AND COALESCE(minimum_value, 0) BETWEEN 0 AND 1e12)",
        "What an order costs and its minimum are amounts of money, zero or above.",
    )

    @api.depends("company_id", "partner_id")
    def _compute_currency_id(self):
        for terms in self:
            own = terms.partner_id.with_company(terms.company_id).property_purchase_currency_id
            terms.currency_id = own or terms.company_id.currency_id

    @api.model
    def _get_terms(self, company, partners):
        """Return what orders of suppliers cost and must be worth, in the company's currency.

        :param company: ``res.company``
        :param partners: ``res.partner``
        :return: cost of an order and least value by id of those who have terms, their own or those
            of the company that they belong to
        :rtype: dict[int, tuple[float, float]]
        """
        whole = partners | partners.commercial_partner_id
        # sudo: the terms of the company that is planned for
        found = {
            terms.partner_id: terms
            for terms in self.sudo().search(
                [("company_id", "=", company.id), ("partner_id", "in", whole.ids)]
            )
        }
        today = fields.Date.context_today(self)
        kept = {}
        for partner in partners:
            terms = found.get(partner) or found.get(partner.commercial_partner_id)
            if terms:
                rate = terms.currency_id._convert(
                    1.0, company.currency_id, company, today, round=False
                )
                kept[partner.id] = (terms.order_cost * rate, terms.minimum_value * rate)
        return kept
