from odoo import api, fields, models
from odoo.exceptions import UserError

ACTION_SELECTION = [
    ("strategy", "Source by another strategy"),
    ("site", "Give all that is open to one site"),
    ("split", "Share out by hand"),
    ("backorder", "Let it wait"),
    ("substitute", "Ship another product"),
    ("replan", "Look for a better plan"),
    ("date", "Promise another date"),
    ("resolved", "It is looked after"),
    ("cancel_open", "Cancel what is open"),
    ("cancel_order", "Cancel the orders"),
]
#: Of so many orders the dialog says what is the matter.
MOST_TOLD = 4


class OmsExceptionDecide(models.TransientModel):
    """Asks what is to become of orders that need a person."""

    _name = "oms.exception.decide"
    _description = "Decide on Orders"

    order_ids = fields.Many2many("sale.order", required=True, readonly=True)
    order_count = fields.Integer(compute="_compute_order_count")
    company_id = fields.Many2one(related="order_ids.company_id")
    action = fields.Selection(ACTION_SELECTION, required=True, default="site")
    allowed = fields.Json(compute="_compute_allowed", help="What can be decided at all.")
    has_open = fields.Boolean(compute="_compute_allowed")
    summary = fields.Text(compute="_compute_summary")
    strategy_id = fields.Many2one(
        "oms.strategy", domain="[('company_id', 'in', (False, company_id))]"
    )
    site_id = fields.Many2one(
        "oms.site",
        domain="[('ships', '=', True), ('warehouse_id', '!=', False), "
        "('company_id', '=', company_id)]",
    )
    move_begun = fields.Boolean(
        string="Move What Nobody Has Begun",
        help="Also take from other sites what they have not begun, and give it to this one.",
    )
    date = fields.Datetime(
        string="Promised For", help="What the customer agreed to; transfers are due then."
    )
    until = fields.Date(
        string="Wait Until", help="When somebody decides again; empty: when stock comes."
    )
    product_ids = fields.Many2many("product.product", compute="_compute_product_ids")
    product_id = fields.Many2one("product.product", string="Instead Of")
    substitute_id = fields.Many2one(
        "product.product", string="Ship", domain="[('type', '=', 'consu'), ('sale_ok', '=', True)]"
    )
    keep_price = fields.Boolean(
        default=True, help="The customer pays what was agreed; else the price of the other product."
    )
    note = fields.Char(help="Said in the chatter of the orders.")
    line_ids = fields.One2many(
        "oms.exception.decide.line",
        "wizard_id",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )

    @api.depends("order_ids")
    def _compute_order_count(self):
        for wizard in self:
            wizard.order_count = len(wizard.order_ids)

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if "action" in values and values.get("order_ids"):
            # What was asked for may not be possible for these orders.
            wizard = self.new({"order_ids": values["order_ids"]})
            allowed = wizard._get_allowed()
            if values["action"] not in allowed:
                values["action"] = allowed[0]
            values["move_begun"] = not wizard._has_open()
        return values

    @api.depends("order_ids")
    def _compute_allowed(self):
        for wizard in self:
            wizard.allowed = wizard._get_allowed()
            wizard.has_open = wizard._has_open()

    def _has_open(self):
        return bool(self.order_ids._origin._oms_get_open_lines())

    def _get_allowed(self):
        """Return what can be decided on the orders, as keys of the actions in their order.

        :rtype: list[str]
        """
        self.ensure_one()
        orders = self.order_ids._origin
        has_open = self._has_open()
        # sudo: who may change the orders may take their work from sites
        serving = orders.sudo()._oms_get_open_fulfillments()
        can_move = any(line._get_quantity_open(idle=True) for line in serving.line_ids)
        possible = {
            "site": has_open or can_move,
            "replan": can_move,
            "date": has_open or serving,
            "resolved": any(order.oms_conflict for order in orders),
            "cancel_order": True,
        }
        return [key for key, _label in ACTION_SELECTION if possible.get(key, has_open)]

    @api.depends("order_ids")
    def _compute_summary(self):
        for wizard in self:
            orders = wizard.order_ids._origin
            # sudo: the reason is for everybody who sees the exception
            reasons = orders[:MOST_TOLD].sudo()._oms_get_exception_reasons()
            lines = [f"{order.name}: {' '.join(told)}" for order, told in reasons.items() if told]
            if len(orders) > MOST_TOLD:
                lines.append(self.env._("Further orders: %s", len(orders) - MOST_TOLD))
            wizard.summary = "\n".join(lines)

    @api.depends("order_ids")
    def _compute_product_ids(self):
        for wizard in self:
            wizard.product_ids = wizard.order_ids._oms_get_open_lines().product_id

    @api.depends("order_ids", "action")
    def _compute_line_ids(self):
        for wizard in self:
            lines = wizard.order_ids._origin._oms_get_open_lines()
            wizard.line_ids = [fields.Command.clear()] + [
                fields.Command.create({"sale_line_id": line.id, "quantity": line.oms_qty_open})
                for line in lines
                if wizard.action == "split"
            ]

    @api.onchange("action")
    def _onchange_action(self):
        if self.action == "substitute" and len(self.product_ids) == 1:
            self.product_id = self.product_ids._origin

    def action_decide(self):
        """Do what was decided, for all of the orders or none.

        :return: a notification that tells what became of the orders, and a reload below
        :rtype: dict
        :raise UserError: something is missing, or cannot be done
        """
        self.ensure_one()
        getattr(self, f"_decide_{self.action}")()
        return self.env["oms.exception"].browse(self.order_ids.ids)._notify_left()

    def _require(self, value, sentence):
        if not value:
            raise UserError(sentence)

    def _decide_strategy(self):
        self._require(self.strategy_id, self.env._("Choose a strategy."))
        self.order_ids._oms_source_by_strategy(self.strategy_id)

    def _decide_site(self):
        self._require(self.site_id, self.env._("Choose a site."))
        self.order_ids._oms_check_decidable()
        if self.move_begun:
            # sudo: who may change the orders may take their work from sites
            others = self.order_ids.sudo().oms_fulfillment_ids.filtered(
                lambda each: each.site_id != self.site_id.sudo()
            )
            others._take_back_idle()
        shares = [
            (line, self.site_id, line.oms_qty_open) for line in self.order_ids._oms_get_open_lines()
        ]
        self._require(shares, self.env._("Nothing is open to give to a site."))
        self.order_ids._oms_assign(shares)

    def _decide_split(self):
        shares = [(line.sale_line_id, line.site_id, line.quantity) for line in self.line_ids]
        shares = [(line, site, quantity) for line, site, quantity in shares if site and quantity]
        self._require(shares, self.env._("Say which site gives how much."))
        self.order_ids._oms_assign(shares)

    def _decide_replan(self):
        for order in self.order_ids:
            order._oms_note(order._oms_replan("better"))

    def _decide_date(self):
        self._require(self.date, self.env._("Say for when the orders are promised now."))
        self.order_ids._oms_promise_anew(self.date, self.note)

    def _decide_resolved(self):
        self.order_ids._oms_settle_conflicts(self.note)

    def _decide_backorder(self):
        self.order_ids._oms_accept_waiting(self.until, self.note)

    def _decide_substitute(self):
        self._require(
            self.product_id and self.substitute_id,
            self.env._("Say which product is to be shipped instead of which."),
        )
        self.order_ids._oms_substitute(
            self.product_id, self.substitute_id, self.keep_price, self.note
        )

    def _decide_cancel_open(self):
        self.order_ids._oms_cancel_open(self.note)

    def _decide_cancel_order(self):
        self.order_ids._oms_cancel_orders(self.note)


class OmsExceptionDecideLine(models.TransientModel):
    _name = "oms.exception.decide.line"
    _description = "Share of a Site"

    wizard_id = fields.Many2one("oms.exception.decide", required=True, ondelete="cascade")
    order_ids = fields.Many2many(related="wizard_id.order_ids")
    company_id = fields.Many2one(related="wizard_id.company_id")
    sale_line_id = fields.Many2one(
        "sale.order.line",
        required=True,
        ondelete="cascade",
        domain="[('order_id', 'in', order_ids), ('oms_qty_open', '>', 0)]",
    )
    order_id = fields.Many2one(related="sale_line_id.order_id")
    product_id = fields.Many2one(related="sale_line_id.product_id")
    quantity_open = fields.Float(
        string="Open", related="sale_line_id.oms_qty_open", digits="Product Unit"
    )
    uom_id = fields.Many2one(related="product_id.uom_id")
    site_id = fields.Many2one(
        "oms.site",
        domain="[('ships', '=', True), ('warehouse_id', '!=', False), "
        "('company_id', '=', company_id)]",
    )
    available = fields.Float(compute="_compute_available", digits="Product Unit")
    quantity = fields.Float(digits="Product Unit")

    @api.depends("site_id", "sale_line_id")
    def _compute_available(self):
        sites, products = self.site_id._origin, self.product_id._origin
        available = sites._get_available(products) if sites and products else {}
        for line in self:
            line.available = available.get((line.site_id._origin.id, line.product_id.id), 0.0)
