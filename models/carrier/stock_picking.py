from odoo import api, fields, models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    oms_parcel_ids = fields.One2many(
        "oms.parcel", "picking_id", string="Parcels", copy=False, groups="base.group_user"
    )
    oms_parcel_count = fields.Integer(compute="_compute_oms_parcel_count", groups="base.group_user")
    oms_can_buy_labels = fields.Boolean(
        compute="_compute_oms_can_buy_labels", compute_sudo=True, groups="base.group_user"
    )
    oms_site_id = fields.Many2one(
        related="oms_fulfillment_id.site_id", string="Site", groups="base.group_user"
    )

    def _compute_oms_parcel_count(self):
        parcels = self.env["oms.parcel"]
        # Buyers and accountants open transfers, and have no business with parcels.
        groups = (
            parcels._read_group([("picking_id", "in", self.ids)], ["picking_id"], ["__count"])
            if parcels.has_access("read")
            else ()
        )
        counts = dict(groups)
        for picking in self:
            picking.oms_parcel_count = counts.get(picking, 0)

    @api.depends(
        "carrier_id.delivery_type", "state", "oms_parcel_ids.state", "oms_parcel_ids.unwanted"
    )
    def _compute_oms_can_buy_labels(self):
        for picking in self:
            picking.oms_can_buy_labels = (
                picking.carrier_id.delivery_type == "oms"
                and picking.picking_type_code != "incoming"
                and picking.state in ("assigned", "done")
                and not picking.oms_parcel_ids._filter_wanted()
            )

    # === WHAT ARRIVED === #

    def _oms_get_known_parcels(self):
        """Return the parcels of the transfer that carriers know by a number."""
        # sudo: who tells of deliveries need not have rights on parcels
        return self.sudo().oms_parcel_ids.filtered(
            lambda parcel: parcel.tracking_number and parcel.state != "cancelled"
        )

    def _oms_get_numbers(self):
        parcels = self._oms_get_known_parcels()
        return set(parcels.mapped("tracking_number")) or super()._oms_get_numbers()

    def _oms_get_delivered_numbers(self):
        known = super()._oms_get_delivered_numbers()
        now = fields.Datetime.now()
        for parcel in self._oms_get_known_parcels():
            if parcel.state == "delivered":
                known.setdefault(parcel.tracking_number, min(parcel.state_at or now, now))
        return known

    def _oms_keep_delivered_numbers(self, moments):
        parcels = self._oms_get_known_parcels().filtered(
            lambda parcel: parcel.tracking_number in moments and parcel.state != "delivered"
        )
        # sudo: likewise
        self.env["oms.tracking.event"].sudo().create(
            [
                {
                    "parcel_id": parcel.id,
                    "status": "delivered",
                    "moment": moments[parcel.tracking_number],
                    "text": self.env._("The channel tells that it was delivered."),
                }
                for parcel in parcels
                if not parcel.event_ids.filtered(
                    lambda event, at=moments[parcel.tracking_number]: (
                        event.status == "delivered" and event.moment == at
                    )
                )
            ]
        )
        parcels._follow_events()
        return super()._oms_keep_delivered_numbers(moments)

    # === LABELS === #

    def send_to_shipper(self):
        """Labels of carrier accounts come after the transfer is committed, never within."""
        if self.carrier_id.delivery_type != "oms":
            return super().send_to_shipper()
        self._oms_request_labels()
        return None

    def _oms_cancel_labels(self):
        """Take labels back: those that are not bought yet, and those that are."""
        self._oms_get_label_tasks()._cancel()
        # sudo: who cancels a transfer need not see its parcels
        self._oms_cancel_parcels(self.sudo().oms_parcel_ids)

    def _oms_cancel_parcels(self, parcels):
        """Have the carrier take parcels back, shipment by shipment."""
        parcels = parcels._filter_wanted()
        # sudo: parcels are written by the system only
        parcels.sudo().unwanted = True
        shipments = parcels.grouped(lambda parcel: (parcel.account_id, parcel.shipment_ref))
        self.env["oms.task"]._enqueue(
            [
                {
                    "kind": "carrier.cancel",
                    "key": f"{account.id}-{reference}-{min(of_shipment.ids)}",
                    "name": self.env._("Take back labels of %s", of_shipment.picking_id[:1].name),
                    "company_id": of_shipment.company_id.id,
                    "res_model": self._name,
                    "res_id": of_shipment.picking_id[:1].id,
                    "arguments": {
                        "account_id": account.id,
                        "carrier_id": reference or "",
                        "numbers": of_shipment.mapped("tracking_number"),
                        "parcel_ids": of_shipment.ids,
                    },
                }
                for (account, reference), of_shipment in shipments.items()
            ]
        )

    # === ACTION METHODS === #

    def action_oms_labels(self):
        """Have labels bought now, before the goods leave.

        :raises AccessError: the user may not change the transfers
        """
        self.check_access("write")
        self._oms_request_labels()

    def action_view_parcels(self):
        """Open the parcels of the transfers.

        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_parcel")
        action["domain"] = [("picking_id", "in", self.ids)]
        action["context"] = {}
        return action
