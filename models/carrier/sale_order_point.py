from odoo import api, fields, models
from odoo.exceptions import UserError


class SaleOrder(models.Model):
    """The relay point to which an order goes."""

    _inherit = "sale.order"

    oms_point_text = fields.Char(
        string="Relay Point",
        compute="_compute_oms_point_text",
        help="The shop or locker of the carrier where the customer gets the parcels.",
        groups="base.group_user",
    )

    @api.depends("pickup_location_data")
    def _compute_oms_point_text(self):
        for order in self:
            point = order.pickup_location_data or {}
            told = (
                point.get("name"),
                point.get("street"),
                point.get("zip_code"),
                point.get("city"),
            )
            order.oms_point_text = ", ".join(filter(None, told)) or False

    # === WHERE IT GOES === #

    def write(self, vals):
        """Forget the relay point when the order goes by another method, or to somebody's door."""
        left = self.browse()
        if "carrier_id" in vals and "pickup_location_data" not in vals:
            left = self.filtered(
                lambda order: (
                    order.pickup_location_data and order.carrier_id.id != vals["carrier_id"]
                )
            )
        res = super().write(vals)
        if left:
            left._oms_leave_point("partner_shipping_id" in vals)
        return res

    def _oms_leave_point(self, has_address):
        """Have orders go to the customer's address instead of a relay point.

        :param bool has_address: whether they go to another address already
        """
        for order in self:
            order.pickup_location_data = False
            home = order._oms_get_home()
            if home != order.partner_shipping_id and not has_address:
                # Odoo's word for having the transfers follow.
                follow = order.with_context(update_delivery_shipping_partner=True)
                follow.partner_shipping_id = home

    def _oms_get_home(self):
        """Return the address of the customer, also of an order that goes to a relay point.

        :rtype: odoo.models.Model
        """
        self.ensure_one()
        partner = self.partner_shipping_id
        return partner.parent_id if partner.is_pickup_location and partner.parent_id else partner

    def _oms_go_to_point(self):
        """Have confirmed orders go to relay points that were chosen after Odoo confirmed them."""
        for order in self.filtered(lambda order: order.state == "sale"):
            point = order.pickup_location_data
            if not point:
                continue
            home = order._oms_get_home()
            country = self.env["res.country"].search([("code", "=", point["country_code"])])
            vals = {
                "parent_id": home.id,
                "type": "delivery",
                "is_pickup_location": True,
                "name": point.get("name") or home.name,
                "street": point["street"],
                "city": point["city"],
                "zip": point["zip_code"],
                "country_id": country.id,
            }
            there = self.env["res.partner"].search(
                [(name, "=", value) for name, value in vals.items()], limit=1
            )
            there = there or there.create({**vals, "email": home.email, "phone": home.phone})
            follow = order.with_context(update_delivery_shipping_partner=True)
            follow.partner_shipping_id = there

    def action_oms_point(self):
        """Show the relay points near the customer, for the seller to choose one.

        :return: a window action
        :rtype: dict
        :raises UserError: the delivery method has none
        """
        self.ensure_one()
        self.check_access("write")
        # sudo: who sells need not have rights on accounts of carriers
        if not self.sudo().carrier_id.oms_use_locations:
            raise UserError(self.env._("Choose a delivery method to relay points first."))
        return self.env["oms.point.choice"]._open(self)
