from odoo import fields, models
from odoo.exceptions import UserError

from ...connectors.carrier import sscc


class ResCompany(models.Model):
    _inherit = "res.company"

    oms_gs1_prefix = fields.Char(
        string="GS1 Company Prefix",
        size=12,
        help="4 to 12 digits, given by GS1. With it every parcel has an SSCC of its own.",
    )

    _gs1_prefix_check = models.Constraint(
        r"CHECK (oms_gs1_prefix IS NULL OR oms_gs1_prefix ~ '^[0-9]{4,12}$')",
        "A GS1 company prefix has 4 to 12 digits.",
    )

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
        code = f"oms.sscc.{self.oms_gs1_prefix}"
        # sudo: who packs need not have rights on sequences
        sequences = self.env["ir.sequence"].sudo()
        sequence = sequences.search([("code", "=", code), ("company_id", "=", self.id)], limit=1)
        if not sequence:
            sequence = sequences.create(
                {
                    "name": f"SSCC {self.oms_gs1_prefix}",
                    "code": code,
                    "company_id": self.id,
                    "implementation": "standard",
                }
            )
        numbers = [int(sequence.next_by_id()) for _code in range(count)]
        room = 10 ** (16 - len(self.oms_gs1_prefix))
        if any(number >= 10 * room for number in numbers):
            raise UserError(self.env._("All SSCCs of the prefix %s are used.", self.oms_gs1_prefix))
        return [
            sscc.build(self.oms_gs1_prefix, number % room, number // room) for number in numbers
        ]
