from odoo import api, fields, models
from odoo.exceptions import UserError

from ...connectors.carrier import sscc

#: Beginning of the codes of the sequences from which the numbers of SSCCs come.
SSCC_CODE = "oms.sscc."


class ResCompany(models.Model):
    _inherit = "res.company"

    oms_gs1_prefix = fields.Char(
        string="GS1 Company Prefix",
        size=12,
        groups="base.group_user",
        help="4 to 12 digits, given by GS1. With it every parcel has an SSCC of its own.",
    )

    _gs1_prefix_check = models.Constraint(
        r"CHECK (oms_gs1_prefix IS NULL OR oms_gs1_prefix ~ '^[0-9]{4,12}$')",
        "A GS1 company prefix has 4 to 12 digits.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies._get_sscc_sequences()
        return companies

    def write(self, vals):
        res = super().write(vals)
        if vals.get("oms_gs1_prefix"):
            # Made now, so that two who pack at the same moment do not make one each.
            self._get_sscc_sequences()
        return res

    # === SSCC === #

    def _get_sscc_sequences(self):
        """Return the sequence of each prefix. Companies that share a prefix share its numbers.

        :rtype: dict
        """
        # sudo: who packs need not have rights on sequences
        sequences = self.env["ir.sequence"].sudo()
        found = {}
        for prefix in set(self.mapped("oms_gs1_prefix")) - {False}:
            code = f"{SSCC_CODE}{prefix}"
            found[prefix] = sequences.search([("code", "=", code)], order="id", limit=1)
            if not found[prefix]:
                found[prefix] = sequences.create(
                    {
                        "name": f"SSCC {prefix}",
                        "code": code,
                        "company_id": False,
                        "implementation": "standard",
                    }
                )
        return found

    @api.model
    def _uninstall_sequences(self):
        """Take the sequences away that came with prefixes."""
        self.env["ir.sequence"].search([("code", "=like", f"{SSCC_CODE}%")]).unlink()

    def _get_next_ssccs(self, count):
        """Return serial shipping container codes that were never given before.

        :param int count: how many
        :return: codes of 18 digits; '' for each without a company prefix
        :rtype: list[str]
        :raises UserError: all numbers of the prefix are used up
        """
        self.ensure_one()
        if not self.oms_gs1_prefix:
            return [""] * count
        sequence = self._get_sscc_sequences()[self.oms_gs1_prefix]
        # As Odoo takes them one by one from a standard sequence.
        self.env.cr.execute(
            "SELECT nextval(%s) FROM generate_series(1, %s)",
            [f"ir_sequence_{sequence.id:03d}", count],
        )
        numbers = [number for (number,) in self.env.cr.fetchall()]
        room = 10 ** (16 - len(self.oms_gs1_prefix))
        if any(number >= 10 * room for number in numbers):
            raise UserError(self.env._("All SSCCs of the prefix %s are used.", self.oms_gs1_prefix))
        return [
            sscc.build(self.oms_gs1_prefix, number % room, number // room) for number in numbers
        ]
