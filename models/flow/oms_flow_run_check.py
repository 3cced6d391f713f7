from odoo import fields, models


class OmsFlowRun(models.Model):
    """Notes of what is missing in the whole company, not of single goods or sites."""

    _inherit = "oms.flow.run"

    def _note_goods(self, facts):
        res = super()._note_goods(facts)
        self._note_rates()
        if not (facts.rate > 0).any():
            self._note(
                "gather",
                self.env._(
                    "Nothing was sold at the sites of %(network)s in %(weeks)s weeks, and nothing "
                    "is forecast: what is wanted is not known. Sell something, or have the "
                    "disposition policy look at more weeks.",
                    network=self.network_id.name,
                    weeks=self.plan_id._get_policy().sales_weeks,
                ),
            )
        return res

    def _note_rates(self):
        """Tell when prices in another currency are taken one to one for want of a rate."""
        company = self.company_id
        shared = company._get_main_company().currency_id
        if shared == company.currency_id:
            return
        known = self.env["res.currency.rate"].search_count(
            [
                ("currency_id", "in", (shared + company.currency_id).ids),
                ("company_id", "in", (False, company.root_id.id)),
                ("name", "<=", fields.Date.today()),
            ],
            limit=1,
        )
        if not known:
            self._note(
                "gather",
                self.env._(
                    "No exchange rate between %(shared)s and %(own)s: sales prices of goods that "
                    "all companies sell are taken one to one. Enter a rate of a currency.",
                    shared=shared.name,
                    own=company.currency_id.name,
                ),
            )
