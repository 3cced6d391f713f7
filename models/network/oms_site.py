from odoo import api, fields, models
from odoo.exceptions import ValidationError

KIND_SELECTION = [
    ("warehouse", "Warehouse"),
    ("store", "Store"),
    ("supplier", "Supplier"),
    ("distributor", "Distributor"),
    ("third_party", "Third-Party Warehouse"),
    ("pickup", "Pickup Point"),
]
#: Kinds whose stock stands in a warehouse of Odoo.
STOCKED_KINDS = ("warehouse", "store", "pickup")


class OmsSite(models.Model):
    """A point where stock is, or from which stock can be promised.

    Each warehouse of Odoo has exactly one site, made and archived with it; suppliers
    get one on demand.
    """

    _name = "oms.site"
    _description = "Fulfillment Site"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "sequence, name, id"
    _check_company_auto = True
    _rec_names_search = ["name", "code"]

    name = fields.Char(required=True, tracking=True)
    code = fields.Char(
        required=True,
        index="btree",
        help="Short name that import files and channels use for the site.",
    )
    kind = fields.Selection(KIND_SELECTION, required=True, default="warehouse", tracking=True)
    sequence = fields.Integer(
        string="Priority",
        default=10,
        help="Where two plans cost the same and use as many sites, the sites with the "
        "lowest numbers win.",
    )
    active = fields.Boolean(default=True, tracking=True)
    color = fields.Integer()
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    warehouse_id = fields.Many2one(
        "stock.warehouse", readonly=True, ondelete="cascade", index="btree_not_null"
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Address",
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        check_company=True,
        help="Address of the site; for a supplier site the supplier.",
    )
    latitude = fields.Float(
        digits=(10, 7), compute="_compute_coordinates", store=True, readonly=False
    )
    longitude = fields.Float(
        digits=(10, 7), compute="_compute_coordinates", store=True, readonly=False
    )
    network_ids = fields.Many2many(
        "oms.network",
        "oms_network_site_rel",
        "site_id",
        "network_id",
        string="Networks",
        check_company=True,
    )
    user_ids = fields.Many2many(
        "res.users",
        "oms_site_user_rel",
        "site_id",
        "user_id",
        string="Operators",
        help="Site operators see the work of the sites in which they are named, and no other.",
    )
    ships = fields.Boolean(
        string="Ships Parcels",
        default=True,
        tracking=True,
        help="Sites without it are never chosen to ship an order.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    parcel_cost = fields.Float(
        string="Extra Cost per Parcel",
        digits=(16, 6),
        help="What a parcel from this site costs on top of the strategy's price per parcel, in the "
        "currency of the company.",
    )
    unit_cost = fields.Float(
        string="Extra Cost per Unit",
        digits=(16, 6),
        help="What picking a unit costs here on top of the strategy's price per unit, in the "
        "currency of the company.",
    )
    fulfillment_ids = fields.One2many("oms.fulfillment", "site_id", string="Fulfillments")
    open_fulfillment_count = fields.Integer(
        string="Open Fulfillments", compute="_compute_open_fulfillment_count"
    )

    _code_company_uniq = models.UniqueIndex(
        "(company_id, code)", "A site with this code exists in the company already."
    )
    _warehouse_uniq = models.UniqueIndex(
        "(warehouse_id) WHERE warehouse_id IS NOT NULL", "The warehouse has a site already."
    )
    _supplier_uniq = models.UniqueIndex(
        "(company_id, partner_id) WHERE kind = 'supplier'", "The supplier has a site already."
    )
    _coordinates_check = models.Constraint(
        "CHECK (latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180)",
        "Latitude runs from -90 to 90 and longitude from -180 to 180.",
    )
    _costs_check = models.Constraint(
        "CHECK (COALESCE(parcel_cost, 0) >= 0 AND COALESCE(unit_cost, 0) >= 0)",
        "The extra costs of a site cannot be negative.",
    )

    # === COMPUTE METHODS === #

    @api.depends("warehouse_id.partner_id")
    def _compute_partner_id(self):
        for site in self:
            site.partner_id = site.warehouse_id.partner_id or site.partner_id

    @api.depends("partner_id.partner_latitude", "partner_id.partner_longitude")
    def _compute_coordinates(self):
        for site in self:
            partner = site.partner_id
            # An address without coordinates must not wipe those typed on the site.
            if partner.partner_latitude or partner.partner_longitude:
                site.latitude = partner.partner_latitude
                site.longitude = partner.partner_longitude
            else:
                site.latitude, site.longitude = site.latitude, site.longitude

    def _compute_open_fulfillment_count(self):
        counts = dict(
            self.env["oms.fulfillment"]._read_group(
                [("site_id", "in", self.ids), ("state", "in", ("planned", "released"))],
                ["site_id"],
                ["__count"],
            )
        )
        for site in self:
            site.open_fulfillment_count = counts.get(site, 0)

    @api.depends("name", "code")
    def _compute_display_name(self):
        for site in self:
            name = site.name or ""
            site.display_name = name if site.code in (False, name) else f"{name} ({site.code})"

    # === CONSTRAINTS === #

    @api.constrains("kind", "warehouse_id", "partner_id")
    def _check_kind(self):
        for site in self:
            if site.warehouse_id and site.kind not in STOCKED_KINDS:
                raise ValidationError(
                    self.env._(
                        "%(site)s stands for the warehouse %(warehouse)s, so it can be a "
                        "warehouse, a store or a pickup point, not a supplier or distributor.",
                        site=site.name,
                        warehouse=site.warehouse_id.name,
                    )
                )
            if not site.warehouse_id and site.kind in STOCKED_KINDS:
                raise ValidationError(
                    self.env._(
                        "Sites of warehouses and stores are made with their warehouse: create a "
                        "warehouse in Inventory ‣ Configuration and its site appears here.",
                    )
                )
            if site.kind == "supplier" and not site.partner_id:
                raise ValidationError(
                    self.env._("The supplier site %s needs its supplier.", site.name)
                )

    # === BUSINESS METHODS === #

    def action_view_fulfillments(self):
        """Open the fulfillments of the sites.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_fulfillment")
        action["domain"] = [("site_id", "in", self.ids)]
        action["context"] = {"search_default_open": 1}
        return action

    def action_view_stock(self):
        """Open the stock records of the site's warehouse.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("stock.stock_quant_action")
        action["domain"] = [
            ("location_id.usage", "=", "internal"),
            ("location_id.warehouse_id", "=", self.warehouse_id.id),
        ]
        action["context"] = {"search_default_internal_loc": 0, "inventory_mode": False}
        return action
