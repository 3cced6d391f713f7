from odoo import models
from odoo.exceptions import AccessError, UserError

from .oms_return import OPEN_STATES

#: Who decides on returns in the back office.
OFFICE = "sales_team.group_sale_salesman"


class OmsReturn(models.Model):
    """The buttons of the back office."""

    _inherit = "oms.return"

    def _check_may_decide(self):
        """Make sure that the user may decide on the returns.

        :raise AccessError: he may not
        """
        self.check_access("read")
        if not self.env.user.has_group(OFFICE):
            raise AccessError(self.env._("Only those who sell decide on returns: ask one of them."))

    def action_authorize(self):
        """Let the customers send or bring the goods.

        :return: True
        :raise UserError: one was decided on before
        """
        self._check_may_decide()
        self._authorize()
        return True

    def action_refuse(self):
        """Ask why the returns are refused.

        :return: a window action
        :rtype: dict
        """
        self._check_may_decide()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refuse"),
            "res_model": "oms.return.refuse",
            "view_mode": "form",
            "target": "new",
            "context": {"default_return_ids": self.ids},
        }

    def action_cancel(self):
        """Give the returns up.

        :return: True
        :raise UserError: something came already
        """
        self._check_may_decide()
        self._cancel()
        return True

    def action_finish_receipt(self):
        """Expect no more than what came.

        :return: True
        :raise UserError: nothing came
        """
        self._check_may_decide()
        self._finish_receipt()
        return True

    def action_accept_all(self):
        """Accept all that came and was not looked at, as it was announced.

        :return: True
        :raise UserError: nothing waits for it
        """
        self._check_may_decide()
        waiting = self.filtered(lambda record: record._get_uninspected())
        if not waiting:
            raise UserError(self.env._("Nothing of this waits for its inspection."))
        for record in waiting:
            if record.state in OPEN_STATES:
                record._finish_receipt()
            record._inspect([{"item_id": item.id} for item in record._get_uninspected()])
        return True

    def _get_uninspected(self):
        """Return what came and was not looked at."""
        # sudo: who decides on a return sees all that came of it
        return self.sudo().item_ids.filtered(lambda item: item.state == "received")

    def action_settle(self):
        """Give the customers what is still to be given to them.

        :return: True
        :raise UserError: nothing is
        """
        self._check_may_decide()
        # sudo: as in _settle
        open_ones = self.sudo().filtered(lambda record: record._get_unsettled())
        if not open_ones:
            raise UserError(self.env._("Nothing of this waits for its settlement."))
        open_ones._settle()
        return True

    def action_give_nothing(self):
        """Give nothing for what came and is not settled, and end the returns.

        :return: True
        :raise UserError: nothing waits for it
        """
        self._check_may_decide()
        # sudo: as in _settle
        waiting = self.sudo().filtered(lambda record: record._get_unsettled())
        if not waiting:
            raise UserError(self.env._("Nothing of this waits for its settlement."))
        for record in waiting:
            items = (
                self.env["oms.return.item"]
                .sudo()
                .union(*(line.item_ids for line in record._get_unsettled()))
            )
            record._inspect([{"item_id": item.id, "accepted": False} for item in items])
            record.settle_error = False
            record.message_post(body=self.env._("Nothing is given for what came."))
            if record.state == "inspected":
                record._close()
        return True

    def action_close(self):
        """End the returns.

        :return: True
        :raise UserError: something is still to be inspected or settled
        """
        self._check_may_decide()
        self._close()
        return True
