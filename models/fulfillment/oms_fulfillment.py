from odoo import api, fields, models

STATE_SELECTION = [
    ("planned", "Planned"),
    ("released", "Released"),
    ("shipped", "Shipped"),
    ("delivered", "Delivered"),
    ("rejected", "Given Back"),
    ("cancelled", "Cancelled"),
]


class OmsFulfillment(models.Model):
    """What one site does for one order, kept apart by a stock reference of its own."""

    _name = "oms.fulfillment"
    _description = "Fulfillment"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    # Nobody writes fulfillments, and all who see them may talk about them.
    _mail_post_access = "read"

    name = fields.Char(required=True, readonly=True, index="trigram")
    order_id = fields.Many2one(
        "sale.order", required=True, readonly=True, ondelete="cascade", index=True
    )
    partner_id = fields.Many2one(
        related="order_id.partner_shipping_id",
        string="Delivered To",
        store=True,
        precompute=True,
    )
    channel_id = fields.Many2one(
        related="order_id.oms_channel_id", store=True, precompute=True, index="btree_not_null"
    )
    company_id = fields.Many2one(
        related="order_id.company_id", store=True, precompute=True, index=True
    )
    site_id = fields.Many2one(
        "oms.site", required=True, readonly=True, ondelete="restrict", index=True
    )
    decision_id = fields.Many2one(
        "oms.decision",
        string="First Decision",
        readonly=True,
        index="btree_not_null",
        groups="base.group_user",
    )
    reference_id = fields.Many2one(
        "stock.reference",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        groups="base.group_user",
    )
    state = fields.Selection(
        STATE_SELECTION,
        compute="_compute_state",
        store=True,
        index=True,
        tracking=True,
        help="Planned: held by claims. Released: transfers are open at the site. Shipped: the "
        "goods left. Delivered: the customer has them. Given back: the site cancelled or shorted "
        "its transfers.",
    )
    line_ids = fields.One2many("oms.fulfillment.line", "fulfillment_id", string="Lines")
    move_ids = fields.One2many(
        "stock.move", compute="_compute_move_ids", string="Moves", groups="base.group_user"
    )
    picking_ids = fields.One2many(
        "stock.picking",
        "oms_fulfillment_id",
        string="Transfers",
        readonly=True,
        groups="base.group_user",
    )
    picking_count = fields.Integer(compute="_compute_picking_count", compute_sudo=True)
    unit_count = fields.Float(
        string="Units", digits="Product Unit", compute="_compute_unit_count", store=True
    )
    kilometers = fields.Float(
        string="Distance (km)",
        digits=(16, 1),
        readonly=True,
        help="Great-circle distance from the site to the customer; empty when one of them has "
        "no coordinates.",
    )
    date_order = fields.Datetime(
        related="order_id.date_order", string="Order Date", store=True, precompute=True
    )
    color = fields.Integer(related="site_id.color")
    # What mail leaves open to users who are not internal, but cannot be read by them.
    message_ids = fields.One2many(groups="base.group_user")
    website_message_ids = fields.One2many(groups="base.group_user")
    activity_type_icon = fields.Char(groups="base.group_user")
    activity_exception_decoration = fields.Selection(groups="base.group_user")
    activity_exception_icon = fields.Char(groups="base.group_user")

    # === COMPUTE METHODS === #

    @api.depends("order_id.state", "line_ids.quantity", "line_ids.move_ids.state")
    def _compute_state(self):
        for fulfillment in self:
            fulfillment.state = fulfillment._get_state()

    def _get_state(self):
        """Derive the state from the order and the moves.

        :return: a key of the state selection
        :rtype: str
        """
        self.ensure_one()
        moves = self.line_ids.move_ids
        if any(move.state not in ("done", "cancel") for move in moves):
            return "released"
        if any(move.state == "done" and move.location_dest_id._is_outgoing() for move in moves):
            return "shipped"
        planned = any(
            line.uom_id.compare(line.quantity, 0.0) > 0 for line in self.line_ids if line.uom_id
        )
        if self.line_ids and not planned:
            return "cancelled"
        if moves:
            return "rejected"
        return "cancelled" if self.order_id.state == "cancel" else "planned"

    @api.depends("line_ids.move_ids")
    def _compute_move_ids(self):
        for fulfillment in self:
            fulfillment.move_ids = fulfillment.line_ids.move_ids

    @api.depends("picking_ids")
    def _compute_picking_count(self):
        for fulfillment in self:
            fulfillment.picking_count = len(fulfillment.picking_ids)

    @api.depends("line_ids.quantity")
    def _compute_unit_count(self):
        for fulfillment in self:
            fulfillment.unit_count = sum(fulfillment.line_ids.mapped("quantity"))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        missing = [vals for vals in vals_list if not vals.get("reference_id")]
        references = self.env["stock.reference"].create(
            [
                {"name": vals["name"], "sale_ids": [fields.Command.link(vals["order_id"])]}
                for vals in missing
            ]
        )
        for vals, reference in zip(missing, references, strict=True):
            vals["reference_id"] = reference.id
        return super().create(vals_list)

    # === ACTION METHODS === #

    def action_view_pickings(self):
        """Open the transfers of the fulfillments.

        :return: a window action
        :rtype: dict
        """
        return self.picking_ids._oms_get_action()

    def action_view_decision(self):
        """Open the sourcing decision that made the fulfillment.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "oms.decision",
            "res_id": self.decision_id.id,
            "view_mode": "form",
        }
