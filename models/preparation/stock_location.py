import re

from odoo import fields, models

_DIGITS = re.compile(r"(\d+)")


class StockLocation(models.Model):
    _inherit = "stock.location"

    oms_pick_sequence = fields.Integer(
        string="Pick Sequence",
        help="In which order pickers come by: the lowest first. Places with the same number follow "
        "each other by name, 2 before 10.",
        groups="base.group_user",
    )

    def _oms_get_pick_key(self):
        """Return by what places are put into the order in which a picker comes by.

        :rtype: tuple
        """
        self.ensure_one()
        parts = _DIGITS.split((self.complete_name or "").lower())
        # Text and digits take turns, so that like is compared with like.
        name = tuple(int(part) if part.isdigit() else part for part in parts)
        return self.oms_pick_sequence, name, self.id
