from odoo import api, fields, models

STATE_SELECTION = [
    ("requested", "Requested"),
    ("authorized", "Authorized"),
    ("in_transit", "On Its Way"),
    ("received", "Received"),
    ("inspected", "Inspected"),
    ("closed", "Closed"),
    ("refused", "Refused"),
    ("cancelled", "Cancelled"),
    ("expired", "Never Came"),
]
#: States in which goods may still come back.
OPEN_STATES = ("requested", "authorized", "in_transit")
#: States in which nothing came of a return.
DEAD_STATES = ("refused", "cancelled", "expired")
ORIGIN_SELECTION = [
    ("portal", "Customer"),
    ("store", "Store"),
    ("office", "Back Office"),
    ("api", "Channel"),
    ("blind", "Came Unannounced"),
]
OUTCOME_SELECTION = [
    ("refund", "Money Back"),
    ("exchange", "Exchange"),
    ("credit", "Store Credit"),
]
WAY_SELECTION = [
    ("label", "Parcel with Return Label"),
    ("dropoff", "Brought to a Site"),
    ("pickup", "Picked Up at Home"),
    ("keep", "Customer Keeps It"),
]


class OmsReturn(models.Model):
    """Goods of one order that come back: asked for, on their way, received, judged, settled."""

    _name = "oms.return"
    _description = "Return"
    _inherit = ["portal.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True
    # Nobody writes what a return is about, and all who see it may talk about it.
    _mail_post_access = "read"

    name = fields.Char(
        string="Number", required=True, readonly=True, copy=False, index="trigram", default="/"
    )
    state = fields.Selection(
        STATE_SELECTION,
        required=True,
        readonly=True,
        default="requested",
        index=True,
        tracking=True,
        copy=False,
        help="Requested: somebody has to look at it. Authorized: the customer may send or bring "
        "the goods. On its way: the carrier has them. Received: all that came is at a site. "
        "Inspected: it was judged. Closed: money, exchange or credit went to the customer. "
        "Never came: it was waited for as long as the policy says.",
    )
    origin = fields.Selection(
        ORIGIN_SELECTION, string="Asked For By", required=True, readonly=True, default="office"
    )
    outcome = fields.Selection(
        OUTCOME_SELECTION,
        string="Customer Wants",
        required=True,
        default="refund",
        tracking=True,
    )
    way = fields.Selection(
        WAY_SELECTION, string="Way Back", required=True, default="label", tracking=True
    )
    order_id = fields.Many2one(
        "sale.order",
        readonly=True,
        ondelete="restrict",
        index=True,
        check_company=True,
        help="Empty while nobody knows from which order the goods are.",
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", readonly=True, index="btree_not_null"
    )
    channel_id = fields.Many2one(
        "oms.channel", readonly=True, index="btree_not_null", check_company=True
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_currency_id", store=True, precompute=True
    )
    policy_id = fields.Many2one(
        "oms.return.policy", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    site_id = fields.Many2one(
        "oms.site",
        string="Goes To",
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        check_company=True,
        domain="[('takes_returns', '=', True), ('warehouse_id', '!=', False)]",
        help="The site to which the goods are sent or brought.",
    )
    site_reason = fields.Text(
        string="Why There", readonly=True, help="Why the goods go to this site and no other."
    )
    received_site_ids = fields.Many2many(
        "oms.site",
        compute="_compute_received_site_ids",
        store=True,
        relation="oms_return_received_site_rel",
        column1="return_id",
        column2="site_id",
        string="Came To",
        groups="base.group_user",
    )
    carrier_id = fields.Many2one(
        "delivery.carrier", string="Delivery Method", check_company=True, ondelete="restrict"
    )
    tracking = fields.Char(
        string="Tracking Number", copy=False, index="btree_not_null", tracking=True
    )
    line_ids = fields.One2many("oms.return.line", "return_id", string="Goods")
    item_ids = fields.One2many("oms.return.item", "return_id", string="What Came")
    picking_ids = fields.One2many(
        "stock.picking",
        "oms_return_id",
        string="Transfers",
        readonly=True,
        groups="base.group_user",
    )
    picking_count = fields.Integer(compute="_compute_picking_count", compute_sudo=True)
    note = fields.Text(string="Customer's Words")
    refuse_reason = fields.Text(
        string="Why Refused", readonly=True, help="What the customer reads when it is refused."
    )
    review_reason = fields.Text(
        string="To Be Looked At Because",
        readonly=True,
        help="Why the return was not authorized by itself.",
    )

    # === MOMENTS === #

    requested_at = fields.Datetime(
        string="Requested", required=True, readonly=True, default=fields.Datetime.now
    )
    authorized_at = fields.Datetime(string="Authorized", readonly=True, copy=False)
    expected_at = fields.Datetime(
        string="Expected", copy=False, help="When the goods are expected at the site."
    )
    shipped_at = fields.Datetime(
        string="With the Carrier", readonly=True, copy=False, help="When the carrier had the goods."
    )
    received_at = fields.Datetime(string="Received", readonly=True, copy=False)
    inspected_at = fields.Datetime(string="Inspected", readonly=True, copy=False)
    refunded_at = fields.Datetime(
        string="Settled",
        readonly=True,
        copy=False,
        help="When the customer's money, exchange or store credit was set going.",
    )
    closed_at = fields.Datetime(string="Closed", readonly=True, copy=False)

    # === AMOUNTS === #

    amount_announced = fields.Monetary(
        string="Value Announced",
        compute="_compute_amounts",
        store=True,
        help="What the customer paid for the announced goods, with taxes.",
    )
    amount_accepted = fields.Monetary(
        string="Value Accepted",
        compute="_compute_amounts",
        store=True,
        help="What the customer paid for the goods that were accepted, with taxes.",
    )
    amount_fee = fields.Monetary(
        string="Fees", compute="_compute_amounts", store=True, help="What is kept back."
    )
    amount_due = fields.Monetary(
        string="To Be Given Back",
        compute="_compute_amounts",
        store=True,
        help="Value of the accepted goods less the fees.",
    )
    amount_settled = fields.Monetary(
        string="Given Back",
        readonly=True,
        copy=False,
        help="What was given back as money, exchange or store credit, or is on its way.",
    )
    amount_set_off = fields.Monetary(
        string="Set Off",
        readonly=True,
        copy=False,
        help="What of it paid what the customer still owed for the order.",
    )
    credit_move_ids = fields.Many2many(
        "account.move",
        "oms_return_account_move_rel",
        "return_id",
        "move_id",
        string="Credit Notes",
        readonly=True,
        copy=False,
        groups="base.group_user",
    )
    transaction_ids = fields.One2many(
        "payment.transaction",
        "oms_return_id",
        string="Refunds",
        readonly=True,
        groups="base.group_user",
    )
    exchange_order_id = fields.Many2one(
        "sale.order",
        readonly=True,
        copy=False,
        index="btree_not_null",
        groups="base.group_user",
    )
    reason_ids = fields.Many2many("oms.return.reason", compute="_compute_reason_ids")
    unit_count = fields.Float(
        string="Units", digits="Product Unit", compute="_compute_unit_count", store=True
    )
    # What mail leaves open to users who are not internal, but cannot be read by them.
    message_ids = fields.One2many(groups="base.group_user")
    website_message_ids = fields.One2many(groups="base.group_user")
    activity_type_icon = fields.Char(groups="base.group_user")
    activity_exception_decoration = fields.Selection(groups="base.group_user")
    activity_exception_icon = fields.Char(groups="base.group_user")

    _name_uniq = models.UniqueIndex(
        "(company_id, name)", "Another return of the company has this number."
    )
    _site_check = models.Constraint(
        "CHECK (order_id IS NOT NULL OR origin = 'blind')",
        "Only goods that came unannounced can be without an order.",
    )

    # === COMPUTE METHODS === #

    @api.depends("order_id.currency_id", "company_id")
    def _compute_currency_id(self):
        for record in self:
            record.currency_id = record.order_id.currency_id or record.company_id.currency_id

    @api.depends(
        "line_ids.amount",
        "line_ids.amount_accepted",
        "line_ids.fee",
        "line_ids.amount_due",
        "state",
    )
    def _compute_amounts(self):
        for record in self:
            lines = record.line_ids
            record.amount_announced = sum(lines.mapped("amount"))
            record.amount_accepted = sum(lines.mapped("amount_accepted"))
            record.amount_fee = sum(lines.mapped("fee"))
            record.amount_due = sum(lines.mapped("amount_due"))

    @api.depends("line_ids.quantity", "line_ids.quantity_received")
    def _compute_unit_count(self):
        for record in self:
            record.unit_count = sum(
                max(line.quantity, line.quantity_received) for line in record.line_ids
            )

    @api.depends("item_ids.site_id")
    def _compute_received_site_ids(self):
        for record in self:
            record.received_site_ids = record.item_ids.site_id

    @api.depends("line_ids.reason_id")
    def _compute_reason_ids(self):
        for record in self:
            record.reason_ids = record.line_ids.reason_id

    @api.depends("picking_ids")
    def _compute_picking_count(self):
        for record in self:
            record.picking_count = len(record.picking_ids)

    def _compute_access_url(self):
        res = super()._compute_access_url()
        for record in self:
            record.access_url = f"/my/returns/{record.id}"
        return res

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        companies = self.env["res.company"].browse(
            {vals.get("company_id") or self.env.company.id for vals in vals_list}
        )
        sequences = companies._oms_ensure_return_sequences()
        for vals in vals_list:
            if vals.get("name", "/") == "/":
                company = companies.browse(vals.get("company_id") or self.env.company.id)
                vals["name"] = sequences[company].next_by_id()
        return super().create(vals_list)

    # === ACTION METHODS === #

    def action_view_pickings(self):
        """Open the transfers by which the goods come back.

        :return: a window action
        :rtype: dict
        """
        return self.picking_ids._oms_get_action()

    def action_view_order(self):
        """Open the order that the goods are from.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.order_id.id,
            "view_mode": "form",
        }
