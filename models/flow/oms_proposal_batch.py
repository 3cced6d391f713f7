from odoo import models
from odoo.exceptions import UserError


class OmsProposal(models.Model):
    """Many proposals are carried out at once, and one that fails does not sink the others."""

    _inherit = "oms.proposal"

    def _do_apart(self, do):
        """Do something with all proposals at once; if that fails, with as many as it works for.

        Halves are tried apart, so that few failures among many cost few statements.

        :param do: called with proposals inside of a savepoint; returns why some of them were
            refused, by proposal
        :return: why each of those that cannot be done cannot
        :rtype: dict[OmsProposal, str]
        """
        if not self:
            return {}
        try:
            with self.env.cr.savepoint():
                return do(self)
        except UserError as error:
            if len(self) == 1:
                return {self: str(error)}
        middle = len(self) // 2
        return self[:middle]._do_apart(do) | self[middle:]._do_apart(do)
