from odoo import api, fields, models
from odoo.tools import SQL

from . import supply_sql

KIND_SELECTION = [
    ("receipt", "Receipt"),
    ("transfer", "Transfer"),
    ("return", "Return"),
    ("production", "Production"),
    ("external", "External Stock"),
]


class OmsSupply(models.Model):
    """What will come to a site, from when on: open moves that reach it, and fresh external stock.

    A view of the database: nothing is written here. Without external stock the quantities add up
    to what positions call incoming.
    """

    _name = "oms.supply"
    _description = "Incoming Supply"
    _auto = False
    _order = "expected_at, product_id, id"
    _rec_name = "product_id"

    # What must have been written before the view is read.
    _depends = {
        "oms.external.stock": [
            "product_id",
            "site_id",
            "quantity",
            "taken",
            "lead_days",
            "updated_at",
        ],
        "oms.site": ["company_id", "feed_max_age_hours", "partner_id"],
        "purchase.order": ["partner_id"],
        "purchase.order.line": ["order_id"],
        "stock.location": ["oms_position_site_id", "usage"],
        "stock.move": [
            "date", "location_dest_id", "location_final_id", "location_id", "origin", "partner_id",
            "picking_id", "product_id", "product_qty", "purchase_line_id", "state",
        ],
        "stock.picking": ["origin", "partner_id"],
    }  # fmt: skip

    product_id = fields.Many2one("product.product", readonly=True)
    categ_id = fields.Many2one(related="product_id.categ_id")
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    site_id = fields.Many2one("oms.site", readonly=True, help="Where the goods will be.")
    company_id = fields.Many2one("res.company", readonly=True)
    kind = fields.Selection(KIND_SELECTION, readonly=True)
    quantity = fields.Float(
        digits="Product Unit", readonly=True, help="In the product's unit, not yet arrived."
    )
    expected_at = fields.Datetime(
        string="Expected",
        readonly=True,
        help="Scheduled date of the transfer; for external stock now and its lead time.",
    )
    overdue = fields.Boolean(readonly=True, help="It was expected before now.")
    lead_days = fields.Integer(
        string="Lead Time",
        readonly=True,
        aggregator="max",
        help="Days from an order until external stock can be here.",
    )
    origin = fields.Char(readonly=True)
    partner_id = fields.Many2one("res.partner", string="From", readonly=True)
    move_id = fields.Many2one("stock.move", string="Stock Move", readonly=True)
    picking_id = fields.Many2one("stock.picking", string="Transfer", readonly=True)
    purchase_line_id = fields.Many2one("purchase.order.line", readonly=True)
    purchase_id = fields.Many2one("purchase.order", readonly=True)
    external_stock_id = fields.Many2one("oms.external.stock", readonly=True)

    # === SCHEMA === #

    def init(self):
        """Make the view once all tables and columns of the addon exist."""
        self.env.registry.post_init(self._install_sql)

    @api.model
    def _install_sql(self):
        self._uninstall_sql()
        self.env.cr.execute(SQL("CREATE VIEW oms_supply AS (%s)", supply_sql.supply()))

    @api.model
    def _uninstall_sql(self):
        """Take the view away, before the columns that it reads."""
        self.env.cr.execute("DROP VIEW IF EXISTS oms_supply")

    # === ACTION METHODS === #

    def action_open_document(self):
        """Open what the supply comes from: a transfer, a production, a feed.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        document = self._get_document()
        return {
            "type": "ir.actions.act_window",
            "res_model": document._name,
            "res_id": document.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def _get_document(self):
        """Return the document behind the supply that tells most.

        :rtype: models.Model
        """
        self.ensure_one()
        move = self.move_id
        # Manufacturing need not be installed.
        production = move.production_id if "production_id" in move._fields else move.browse()
        return self.picking_id or production or move or self.external_stock_id
