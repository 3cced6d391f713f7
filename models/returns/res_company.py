from odoo import api, models

#: Code of the sequences from which returns get their numbers.
RETURN_CODE = "oms.return"


class ResCompany(models.Model):
    _inherit = "res.company"

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies._oms_ensure_return_sequences()
        return companies

    def _oms_ensure_return_sequences(self):
        """Give each company the sequence from which its returns get their numbers.

        :return: the sequence of each company
        :rtype: dict
        """
        # sudo: who takes goods back need not have rights on sequences
        sequences = self.env["ir.sequence"].sudo()
        found = sequences.search([("code", "=", RETURN_CODE), ("company_id", "in", self.ids)])
        by_company = found.grouped("company_id")
        missing = self.filtered(lambda company: company not in by_company)
        made = sequences.create(
            [
                {
                    "name": self.env._("Returns of %s", company.name),
                    "code": RETURN_CODE,
                    "company_id": company.id,
                    "prefix": "RET/",
                    "padding": 5,
                }
                for company in missing
            ]
        )
        by_company |= dict(zip(missing, made, strict=True))
        return {company: by_company[company][:1] for company in self}

    @api.model
    def _uninstall_sequences(self):
        res = super()._uninstall_sequences()
        self.env["ir.sequence"].search([("code", "=", RETURN_CODE)]).unlink()
        return res
