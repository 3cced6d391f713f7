from odoo import models
from odoo.exceptions import UserError

from ..geo.place import notify_placed


class OmsSite(models.Model):
    _inherit = "oms.site"

    def action_locate(self):
        """Give coordinates to the sites that have none, by the postcode of their address.

        :return: a notification that tells which could not be placed, and why
        :rtype: dict
        :raise UserError: all of them have coordinates
        """
        lost = self.filtered(lambda site: not (site.latitude or site.longitude))
        if not lost:
            raise UserError(
                self.env._(
                    "There are coordinates already: set both to 0 to have them looked up again."
                )
            )
        self.check_access("write")
        lost.partner_id._oms_place()
        # Those whose address has been on the map for long.
        lost._compute_coordinates()
        left = lost.filtered(lambda site: not (site.latitude or site.longitude))
        hints = [
            f"{site.name}: "
            + (
                site.partner_id._oms_get_place_hint()
                if site.partner_id
                else self.env._("The site has no address: enter it.")
            )
            for site in left
        ]
        message = self.env._(
            "%(count)s placed, %(left)s not placed.", count=len(lost - left), left=len(left)
        )
        return notify_placed(message, hints)
