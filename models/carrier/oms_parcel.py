from odoo import api, fields, models
from odoo.exceptions import UserError

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
        "stock.picking",
        string="Transfer",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    package_id = fields.Many2one(
        "stock.package", readonly=True, ondelete="set null", index="btree_not_null"
    )
    account_id = fields.Many2one(
        "oms.carrier.account", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    carrier_id = fields.Many2one(
        "delivery.carrier", string="Delivery Method", readonly=True, ondelete="restrict"
    )
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
    unwanted = fields.Boolean(
        readonly=True, help="The carrier is being asked to take it back, until it confirms."
    )
    taken_back = fields.Boolean(readonly=True, help="The carrier took the label back for us.")
    state_at = fields.Datetime(string="Since", readonly=True)
    event_ids = fields.One2many("oms.tracking.event", "parcel_id", string="History")
    next_poll = fields.Datetime(
        string="Asked Again", readonly=True, help="When the carrier is asked for it again."
    )
    poll_count = fields.Integer(readonly=True)

    # Carriers give their numbers anew after some months.
    _number_uniq = models.UniqueIndex(
        "(account_id, tracking_number) "
        "WHERE state NOT IN ('delivered', 'returned', 'lost', 'cancelled')",
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

    # === LABELS === #

    def _filter_wanted(self):
        """Return the parcels that are neither cancelled nor about to be."""
        return self.filtered(lambda parcel: parcel.state != "cancelled" and not parcel.unwanted)

    def _fetch_labels(self, task):
        """Have the labels of parcels of one shipment fetched.

        :param task: ``oms.task`` by which they were bought
        """
        if not self:
            return self.env["oms.task"]
        picking = self.picking_id
        attempts = self.env["oms.task"].search_count(
            [
                ("kind", "=", "carrier.labels"),
                ("res_model", "=", picking._name),
                ("res_id", "=", picking.id),
            ]
        )
        return self.env["oms.task"]._enqueue(
            [
                {
                    "kind": "carrier.labels",
                    "key": f"{picking.id}-{min(self.ids)}-{attempts + 1}",
                    "name": self.env._("Fetch labels of %s", picking.name),
                    "company_id": picking.company_id.id,
                    "res_model": picking._name,
                    "res_id": picking.id,
                    "arguments": {
                        "account_id": self.account_id.id,
                        "shipment": task.arguments["shipment"],
                        "parcel_ids": self.ids,
                    },
                }
            ]
        )

    # === ACTION METHODS === #

    def action_fetch_label(self):
        """Ask the carrier for the labels of the parcels' shipments once more.

        :raises UserError: they were not bought from here
        """
        self.check_access("read")
        for _reference, parcels in self.grouped(
            lambda parcel: (parcel.picking_id, parcel.shipment_ref)
        ).items():
            # sudo: who ships need not have rights on tasks
            parcels = parcels[:1]._get_siblings().sudo()
            task = parcels.picking_id._oms_get_label_tasks().filtered(
                lambda task: "shipment" in (task.arguments or {})
            )[:1]
            if not task:
                raise UserError(self.env._("These labels were not bought from here."))
            parcels._fetch_labels(task)

    def _get_siblings(self):
        """Return the parcels of the same shipment, which carriers label together."""
        self.ensure_one()
        return self.search(
            [
                ("picking_id", "=", self.picking_id.id),
                ("shipment_ref", "=", self.shipment_ref),
                ("state", "!=", "cancelled"),
            ],
            order="id",
        )

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
        self.check_access("read")
        under_way = self.filtered(lambda parcel: parcel.state not in ENDED)
        # sudo: nobody writes parcels, they follow what carriers report
        under_way.sudo().next_poll = fields.Datetime.now()
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
