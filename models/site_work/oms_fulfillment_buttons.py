from odoo import models
from odoo.exceptions import UserError


class OmsFulfillment(models.Model):
    """The work of sites from lists and forms, for many at once."""

    _inherit = "oms.fulfillment"

    def action_accept(self):
        """Say that the sites do the work.

        :return: True
        :raise AccessError: the user does not work at the sites
        :raise UserError: there is nothing to accept
        """
        if not self._accept():
            raise UserError(self.env._("All of this is accepted already."))
        return True

    def action_start(self):
        """Say that the user works on it now.

        :return: True
        :raise AccessError: the user does not work at the sites
        :raise UserError: there is no work
        """
        self._start()
        return True

    def action_leave(self):
        """Say that nobody works on it any more.

        :return: True
        :raise AccessError: the user does not work at the sites
        """
        self._leave()
        return True

    def action_pick(self):
        """Say that all of the goods are picked.

        :return: True
        :raise AccessError: the user does not work at the sites
        :raise UserError: nothing is to be picked, or a lot is not known
        """
        if not self._pick():
            raise UserError(self.env._("Nothing of this is still to be picked."))
        return True

    def action_pack(self):
        """Put the picked goods into a package, one for each fulfillment.

        :return: True
        :raise AccessError: the user does not work at the sites
        :raise UserError: nothing is picked that could be packed
        """
        self._pack()
        return True

    def action_make_ready(self):
        """Say that the goods wait for the carrier or the customer.

        :return: True
        :raise AccessError: the user does not work at the sites
        :raise UserError: something is still to be picked
        """
        self._make_ready()
        return True

    def action_hand_over(self):
        """Give the goods to the carrier or the customer.

        :return: True
        :raise AccessError: the user does not work at the sites
        :raise UserError: something is still to be picked
        """
        self._hand_over()
        return True
