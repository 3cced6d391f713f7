from odoo import api, fields, models


class OmsSite(models.Model):
    """What a site does with goods that came back."""

    _inherit = "oms.site"

    refurbishes = fields.Boolean(
        tracking=True, help="Goods are repaired, cleaned and packed anew here."
    )
    sells_marked_down = fields.Boolean(
        compute="_compute_sells_marked_down",
        store=True,
        readonly=False,
        help="Goods that are not sold as new find a buyer here, as they do in stores.",
    )
    return_room = fields.Float(
        string="Room for Returned Goods (Units)",
        digits="Product Unit",
        help="How many units one run may put or send here; 0 is no limit.",
    )
    refurbish_location_id = fields.Many2one(
        "stock.location",
        string="Refurbishing Location",
        ondelete="restrict",
        domain="[('usage', '=', 'internal'), ('warehouse_id', '=', warehouse_id)]",
        groups="base.group_user",
        help="Where goods are while they are refurbished; made when it is needed first.",
    )

    _return_room_check = models.Constraint(
        "CHECK (COALESCE(return_room, 0) >= 0)", "Room cannot be negative."
    )

    @api.depends("kind")
    def _compute_sells_marked_down(self):
        for site in self:
            site.sells_marked_down = site.kind == "store"

    def _get_refurbish_location(self):
        """Return where goods are refurbished, making the place if need be.

        :rtype: stock.location
        """
        self.ensure_one()
        # sudo: who moves goods need not be allowed to set up the site
        site = self.sudo()
        if not site.refurbish_location_id:
            self.env["oms.grade"]._lock_sites(site)
            site.refurbish_location_id = site.env["stock.location"].create(
                {
                    "name": self.env._("Refurbishing"),
                    "location_id": site.warehouse_id.view_location_id.id,
                    "usage": "internal",
                    "company_id": site.company_id.id,
                    "oms_not_for_sale": True,
                }
            )
        return site.refurbish_location_id
