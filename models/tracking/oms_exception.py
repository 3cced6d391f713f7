from odoo import fields, models


class SaleOrder(models.Model):
    """Orders whose parcels need somebody."""

    _inherit = "sale.order"

    oms_parcel_ids = fields.One2many(
        "oms.parcel", "order_id", string="Parcels", readonly=True, groups="base.group_user"
    )

    def _oms_get_troubled_parcels(self):
        """Return the parcels of the orders that somebody has to look after."""
        # sudo: what carriers report is known to whoever may decide on the order
        return self.sudo().oms_parcel_ids.filtered("problem").sorted("id")

    def _oms_get_own_exception_reasons(self, why_waiting):
        reasons = super()._oms_get_own_exception_reasons(why_waiting)
        troubled = self._oms_get_troubled_parcels()
        return list(dict.fromkeys([*reasons, *(each._get_problem_reason() for each in troubled)]))

    def _oms_lose_parcels(self, note=None):
        """Write off what is in the parcels that are lost, so that it is sourced again.

        :param str note: what else there is to say
        :return: the parcels
        """
        lost = self._oms_get_troubled_parcels().filtered(lambda parcel: parcel.state == "lost")
        quantities = lost._get_contents()
        lost._set_problem_settled()
        if quantities:
            lines = self.env["oms.fulfillment.line"].union(*quantities)
            lines.fulfillment_id._lose(quantities, note)
        return lost


class OmsException(models.Model):
    _inherit = "oms.exception"

    def action_lose_parcels(self):
        """Write off what carriers lost of the orders, and source it again.

        :return: a notification that tells what became of it
        :rtype: dict
        """
        self.order_id.check_access("write")
        self.order_id._oms_lose_parcels()
        return self._notify_left()
