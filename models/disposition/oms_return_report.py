from odoo import api, fields, models
from odoo.tools import SQL


class OmsReturnReport(models.Model):
    """What was delivered and what of it came back, and why."""

    _name = "oms.return.report"
    _description = "Return Rates"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "product_id"
    _depends = {
        "oms.return": ["state", "order_id", "channel_id", "site_id", "company_id"],
        "oms.return.line": [
            "product_id",
            "reason_id",
            "quantity",
            "quantity_received",
            "quantity_accepted",
            "sale_line_id",
            "origin_move_id",
        ],
        "stock.move": ["state", "quantity", "product_qty", "date", "sale_line_id"],
        "sale.order": ["oms_channel_id"],
    }

    date = fields.Datetime(
        readonly=True,
        help="When it was delivered: what came back counts for the day on which it was delivered.",
    )
    product_id = fields.Many2one("product.product", string="Product Variant", readonly=True)
    product_tmpl_id = fields.Many2one("product.template", string="Product", readonly=True)
    categ_id = fields.Many2one("product.category", readonly=True)
    channel_id = fields.Many2one("oms.channel", readonly=True)
    site_id = fields.Many2one("oms.site", string="Delivered By", readonly=True)
    return_site_id = fields.Many2one("oms.site", string="Came Back To", readonly=True)
    reason_id = fields.Many2one("oms.return.reason", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    order_id = fields.Many2one("sale.order", readonly=True)
    delivered = fields.Float(digits="Product Unit", readonly=True)
    announced = fields.Float(digits="Product Unit", readonly=True)
    returned = fields.Float(string="Came Back", digits="Product Unit", readonly=True)
    accepted = fields.Float(digits="Product Unit", readonly=True)
    rate = fields.Float(
        string="Return Rate (%)",
        readonly=True,
        aggregator="avg",
        help="What came back, in percent of what was delivered. Deliveries have no reason of "
        "return, so there is no rate by reason.",
    )

    @property
    def _table_query(self):
        return SQL("%s UNION ALL %s", self._delivered(), self._returned())

    @api.model
    def _delivered(self):
        return SQL(
            """
            SELECT move.id::bigint * 2 AS id, move.date, move.product_id,
                   product.product_tmpl_id, template.categ_id,
                   sale.oms_channel_id AS channel_id, site.id AS site_id,
                   NULL::integer AS return_site_id, NULL::integer AS reason_id,
                   move.company_id, sale.id AS order_id,
                   CASE WHEN move.product_uom_qty <> 0
                        THEN move.quantity * move.product_qty / move.product_uom_qty
                        ELSE move.quantity END::numeric AS delivered,
                   0::numeric AS announced, 0::numeric AS returned, 0::numeric AS accepted,
                   0::numeric AS rate
              FROM stock_move move
              JOIN sale_order_line line ON line.id = move.sale_line_id
              JOIN sale_order sale ON sale.id = line.order_id
              JOIN stock_location source ON source.id = move.location_id
              JOIN stock_location target ON target.id = move.location_dest_id
              JOIN product_product product ON product.id = move.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
         LEFT JOIN oms_site site ON site.warehouse_id = source.warehouse_id
             WHERE move.state = 'done' AND target.usage = 'customer'
               AND source.usage != 'customer'
            """
        )

    @api.model
    def _returned(self):
        return SQL(
            """
            SELECT line.id::bigint * 2 + 1, COALESCE(origin.date, head.requested_at),
                   line.product_id, product.product_tmpl_id, template.categ_id, head.channel_id,
                   site.id, head.site_id, line.reason_id, head.company_id, head.order_id, 0,
                   COALESCE(line.quantity, 0), COALESCE(line.quantity_received, 0),
                   COALESCE(line.quantity_accepted, 0), 0
              FROM oms_return_line line
              JOIN oms_return head ON head.id = line.return_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
         LEFT JOIN stock_move origin ON origin.id = line.origin_move_id
         LEFT JOIN stock_location source ON source.id = origin.location_id
         LEFT JOIN oms_site site ON site.warehouse_id = source.warehouse_id
             WHERE head.state NOT IN ('refused', 'cancelled', 'expired')
            """
        )

    @api.model
    def _read_group_select(self, aggregate_spec, query):
        # A rate of sums, not an average of rates.
        if aggregate_spec == "rate:avg":
            returned, delivered = (
                self._field_to_sql(self._table, name, query) for name in ("returned", "delivered")
            )
            return SQL("100.0 * SUM(%s) / NULLIF(SUM(%s), 0)", returned, delivered)
        return super()._read_group_select(aggregate_spec, query)
