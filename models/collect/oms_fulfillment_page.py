from odoo import api, models
from odoo.tools import format_datetime

from ..words import write_quantity


class OmsFulfillment(models.Model):
    """What the customer sees of goods that wait for him."""

    _inherit = "oms.fulfillment"

    @api.model
    def _find_by_token(self, token):
        """Return what a customer's address is of, with the rights to show it.

        :param str token: last part of the address
        :return: at most one fulfillment
        """
        # sudo: who has the address may see the page, whoever he is
        pickup = self.sudo()
        # Addresses may hold what no database can be asked for.
        if not token or not token.isprintable():
            return pickup.browse()
        return pickup.search([("pickup_token", "=", token)], limit=1)

    def _prepare_pickup_page(self):
        """Return the values of the customer's page: nothing that is not for him.

        :rtype: dict
        """
        self.ensure_one()
        site = self.site_id
        waits = self.pickup_state == "ready"
        gone = self.order_id.state == "cancel" and self.pickup_state != "expired"
        return {
            "company": self.company_id,
            "order": self.order_id.oms_external_ref or self.order_id.name,
            "state": "cancelled" if gone else self.pickup_state or "cancelled",
            "reserved": self._is_reservation(),
            "code": self.pickup_code_text if waits else "",
            "code_url": self.pickup_qr_url if waits else "",
            "until": waits and self.pickup_until_text,
            "identity": self.channel_id.pickup_identity == "always",
            "site": site.name,
            "address": site.partner_id._display_address(without_company=True).strip(),
            "note": site.pickup_note,
            "collected_at": self.delivered_at
            and format_datetime(self.env, self.delivered_at, tz=site.tz),
            "lines": [
                (line.product_id.display_name, write_quantity(self.env, line.quantity, line.uom_id))
                for line in self.line_ids
                if line.quantity
            ],
        }
