from odoo import api, fields, models

STATE_SELECTION = [
    ("created", "Labelled"),
    ("picked_up", "Picked Up"),
    ("in_transit", "In Transit"),
    ("out_for_delivery", "Out for Delivery"),
    ("available_for_pickup", "Can Be Collected"),
    ("delivered", "Delivered"),
    ("failed_attempt", "Not Met"),
    ("returned", "Returned"),
    ("lost", "Lost"),
    ("cancelled", "Cancelled"),
]
#: States in which nothing more is to be expected.
ENDED = ("delivered", "returned", "lost", "cancelled")


class OmsParcel(models.Model):
    """A package that a carrier knows: its label, its number, and where it is."""

    _name = "oms.parcel"
    _description = "Parcel"
    _inherit = ["mail.thread"]
    _order = "id desc"
    _rec_name = "tracking_number"

    picking_id = fields.Many2one(
        "stock.picking", required=True, readonly=True, ondelete="restrict", index=True
    )
    package_id = fields.Many2one(
        "stock.package", readonly=True, ondelete="set null", index="btree_not_null"
    )
    account_id = fields.Many2one(
        "oms.carrier.account", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    carrier_id = fields.Many2one("delivery.carrier", readonly=True, ondelete="restrict")
    company_id = fields.Many2one(
        related="picking_id.company_id", store=True, precompute=True, index=True
    )
    fulfillment_id = fields.Many2one(
        related="picking_id.oms_fulfillment_id",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    site_id = fields.Many2one(
        related="fulfillment_id.site_id", store=True, precompute=True, index="btree_not_null"
    )
    shipment_ref = fields.Char(
        string="Shipment", readonly=True, index=True, help="The carrier's id of the shipment."
    )
    reference = fields.Char(readonly=True, help="By which we told the carrier of it.")
    sscc = fields.Char(
        string="SSCC", readonly=True, index="btree_not_null", help="GS1 code of the package."
    )
    tracking_number = fields.Char(readonly=True, index="trigram")
    tracking_url = fields.Char(string="Tracking Page", readonly=True)
    weight = fields.Float(digits="Stock Weight", readonly=True)
    weight_uom_name = fields.Char(related="picking_id.weight_uom_name")
    price = fields.Monetary(readonly=True, help="What the carrier charges, if it told.")
    currency_id = fields.Many2one("res.currency", readonly=True)
    label_id = fields.Many2one("ir.attachment", readonly=True, ondelete="set null")
    state = fields.Selection(
        STATE_SELECTION,
        required=True,
        readonly=True,
        default="created",
        tracking=True,
        index=True,
    )
    state_at = fields.Datetime(string="Since", readonly=True)
    event_ids = fields.One2many("oms.tracking.event", "parcel_id", string="History")
    next_poll = fields.Datetime(readonly=True, help="When the carrier is asked for it again.")
    poll_count = fields.Integer(readonly=True)

    _number_uniq = models.UniqueIndex(
        "(account_id, tracking_number) WHERE state != 'cancelled'",
        "There is a parcel with this tracking number already.",
    )
    _sscc_uniq = models.UniqueIndex(
        "(sscc) WHERE sscc IS NOT NULL AND sscc != '' AND state != 'cancelled'",
        "There is a parcel with this SSCC already.",
    )
    _poll_idx = models.Index("(next_poll) WHERE next_poll IS NOT NULL")

    @api.depends("tracking_number", "sscc")
    def _compute_display_name(self):
        for parcel in self:
            parcel.display_name = parcel.tracking_number or parcel.sscc or f"#{parcel.id}"

    # === ACTION METHODS === #

    def action_print_label(self):
        """Open the label of the parcel.

        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self.label_id.id}?download=true",
            "target": "self",
        }

    def action_track(self):
        """Ask the carriers now where the parcels are."""
        self.filtered(lambda parcel: parcel.state not in ENDED).next_poll = fields.Datetime.now()
        job = self.env.ref("oms.cron_track_parcels", raise_if_not_found=False)
        if job:
            # sudo: whoever may see parcels may have them looked for
            job.sudo()._trigger()

    def action_view_tracking_page(self):
        """Open the carrier's page of the parcel.

        :rtype: dict
        """
        self.ensure_one()
        url = self.tracking_url or self.picking_id.carrier_tracking_url
        return {"type": "ir.actions.act_url", "url": url, "target": "new"}
