from odoo import api, fields, models

from ...connectors.carrier import Address


class StockPicking(models.Model):
    """The relay point to which a transfer goes: Odoo keeps its address, and drops its id."""

    _inherit = "stock.picking"

    oms_point_ref = fields.Char(
        string="Relay Point",
        compute="_compute_oms_point",
        store=True,
        readonly=False,
        copy=False,
        help="The carrier's id of the shop or locker where the customer gets the parcel.",
        groups="base.group_user",
    )
    oms_point_network = fields.Char(
        string="Network of the Relay Point",
        compute="_compute_oms_point",
        store=True,
        readonly=False,
        copy=False,
        help="The carrier's name of the network that the relay point belongs to.",
        groups="base.group_user",
    )
    oms_point_adapter = fields.Char(
        string="Carrier of the Relay Point",
        compute="_compute_oms_point",
        store=True,
        copy=False,
        help="Whose relay point it is: labels are bought by an account of this carrier.",
        groups="base.group_user",
    )

    @api.depends("sale_id.pickup_location_data")
    def _compute_oms_point(self):
        for picking in self:
            if picking.state in ("done", "cancel"):
                # It went where it went.
                continue
            chosen = {}
            if picking.picking_type_code == "outgoing":
                chosen = picking.sale_id.pickup_location_data or {}
            picking.oms_point_ref = str(chosen.get("id") or "") or False
            picking.oms_point_network = chosen.get("network") or False
            picking.oms_point_adapter = chosen.get("adapter") or False

    def _oms_get_pickup_point(self):
        """Return the carrier's id of the relay point that the customer chose, or ''."""
        self.ensure_one()
        return (self.carrier_id.oms_use_locations and self.oms_point_ref) or ""

    def _oms_get_receiver(self):
        """Return who gets the parcels: at a relay point the customer, not the shop.

        :rtype: odoo.models.Model
        """
        partner = self.partner_id
        return partner.parent_id if partner.is_pickup_location and partner.parent_id else partner

    def _oms_prepare_pickup_address(self):
        """Return where the relay point is, in the words of carriers; None without one."""
        chosen = self.sale_id.pickup_location_data or {}
        point = self._oms_get_pickup_point()
        if not point or str(chosen.get("id") or "") != point:
            return None
        return Address(
            name=chosen.get("name") or "",
            street=chosen.get("street") or "",
            zip=chosen.get("zip_code") or "",
            city=chosen.get("city") or "",
            country=chosen.get("country_code") or "",
        )
