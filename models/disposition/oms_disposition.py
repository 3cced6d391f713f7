from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

KIND_SELECTION = [
    ("sell", "Sell Here"),
    ("send", "Send to Another Site"),
    ("refurbish", "Refurbish"),
    ("supplier", "Return to the Supplier"),
    ("donate", "Donate"),
    ("scrap", "Scrap"),
]
STATE_SELECTION = [
    ("proposed", "Proposed"),
    ("under_way", "Under Way"),
    ("stopped", "Stopped on the Way"),
    ("done", "Done"),
    ("cancelled", "Cancelled"),
]
#: Dispositions after which goods are at a site of the network.
STAYING = ("sell", "send", "refurbish")


class OmsDisposition(models.Model):
    """What becomes of goods that came back: proposed by value, decided by people or rules."""

    _name = "oms.disposition"
    _description = "Disposition"
    _inherit = ["mail.thread"]
    _order = "id desc"
    _rec_name = "product_id"
    _check_company_auto = True
    _mail_post_access = "read"

    item_id = fields.Many2one(
        "oms.return.item", string="Returned Item", required=True, ondelete="cascade", index=True
    )
    return_id = fields.Many2one(
        related="item_id.return_id", store=True, precompute=True, index=True
    )
    order_id = fields.Many2one(related="return_id.order_id", string="Order")
    channel_id = fields.Many2one(related="return_id.channel_id", store=True, precompute=True)
    company_id = fields.Many2one(
        related="item_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    product_id = fields.Many2one(
        related="item_id.product_id", store=True, precompute=True, index=True
    )
    categ_id = fields.Many2one(related="product_id.categ_id", store=True)
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    lot_id = fields.Many2one(
        related="item_id.lot_id", string="Lot/Serial", groups="base.group_user"
    )
    grade_id = fields.Many2one("oms.grade", required=True, ondelete="restrict", index=True)
    quantity = fields.Float(required=True, digits="Product Unit")
    site_id = fields.Many2one(
        "oms.site", string="Lies At", required=True, ondelete="restrict", index=True
    )
    location_id = fields.Many2one(
        "stock.location", string="Lies In", required=True, ondelete="restrict"
    )
    state = fields.Selection(
        STATE_SELECTION, compute="_compute_state", store=True, index=True, tracking=True
    )
    kind = fields.Selection(
        KIND_SELECTION, string="Disposition", required=True, tracking=True, index=True
    )
    target_site_id = fields.Many2one(
        "oms.site",
        string="Goes To",
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        check_company=True,
    )
    result_grade_id = fields.Many2one(
        "oms.grade",
        string="Will Be",
        ondelete="restrict",
        help="Of which grade the goods are in the end.",
    )
    proposed_kind = fields.Selection(KIND_SELECTION, string="Was Proposed", readonly=True)
    proposed_site_id = fields.Many2one("oms.site", string="Was Proposed To", readonly=True)
    overridden = fields.Boolean(readonly=True, help="Somebody decided otherwise than proposed.")
    override_reason = fields.Char(string="Why Otherwise", tracking=True)
    unit_value = fields.Monetary(
        string="Value per Unit",
        readonly=True,
        aggregator="avg",
        help="What a unit is expected to bring, less all that it costs.",
    )
    value = fields.Monetary(
        compute="_compute_value", store=True, help="What all the units are expected to bring."
    )
    gain = fields.Monetary(
        readonly=True,
        help="By how much that is more than the next best thing to do with them.",
    )
    why = fields.Text(readonly=True, help="Why this is proposed.")
    option_ids = fields.One2many("oms.disposition.option", "disposition_id", readonly=True)
    move_ids = fields.Many2many(
        "stock.move",
        "oms_disposition_move_rel",
        "disposition_id",
        "move_id",
        string="Moves",
        readonly=True,
        copy=False,
        groups="base.group_user",
    )
    picking_ids = fields.Many2many(
        "stock.picking", compute="_compute_picking_ids", groups="base.group_user"
    )
    scrap_id = fields.Many2one("stock.scrap", readonly=True, copy=False, index="btree_not_null")
    decided_at = fields.Datetime(string="Decided", readonly=True, copy=False)
    decided_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    refurbished_at = fields.Datetime(string="Refurbished", readonly=True, copy=False)
    cancelled_at = fields.Datetime(string="Cancelled", readonly=True, copy=False)

    _quantity_check = models.Constraint("CHECK (quantity > 0)", "Something becomes of goods only.")

    # === COMPUTE METHODS === #

    @api.depends("decided_at", "cancelled_at", "refurbished_at", "kind", "move_ids.state")
    def _compute_state(self):
        for record in self:
            record.state = record._get_state()

    def _get_state(self):
        self.ensure_one()
        if self.cancelled_at:
            return "cancelled"
        if not self.decided_at:
            return "proposed"
        moves = self.move_ids.filtered(lambda move: move.state != "cancel")
        if not moves:
            return "cancelled"
        if any(move.state != "done" for move in moves):
            return "under_way"
        if not self._has_arrived(moves):
            return "stopped"
        return "under_way" if self.kind == "refurbish" and not self.refurbished_at else "done"

    def _has_arrived(self, moves):
        """Tell whether done moves brought the goods to where they were to go.

        A transfer to another site has two legs; who cancels the second leaves the goods in transit.
        """
        if self.kind not in ("send", "refurbish") or self.target_site_id == self.site_id:
            return True
        # sudo: who looks at one end of the way need not see the locations of the other
        target = self.sudo().target_site_id.warehouse_id
        moves = moves.sudo()
        return not target or target in moves.location_dest_id.warehouse_id or bool(self.scrap_id)

    @api.depends("unit_value", "quantity")
    def _compute_value(self):
        for record in self:
            record.value = record.unit_value * record.quantity

    @api.depends("move_ids.picking_id")
    def _compute_picking_ids(self):
        for record in self:
            record.picking_ids = record.move_ids.picking_id

    @api.depends("product_id", "kind", "target_site_id")
    def _compute_display_name(self):
        for record in self:
            parts = [record.product_id.display_name, record._describe_kind()]
            record.display_name = " · ".join(part for part in parts if part)

    def _describe_kind(self, kind=None, site=None):
        """Say what becomes of goods, with the site to which they go.

        :rtype: str
        """
        kind, site = kind or self.kind, site or self.target_site_id
        label = dict(self._fields["kind"]._description_selection(self.env)).get(kind, "")
        if kind == "send" and site:
            return self.env._("Send to %s", site.name)
        if kind == "refurbish" and site and site != self.site_id:
            return self.env._("Refurbish at %s", site.name)
        return label

    # === WHO MAY DECIDE === #

    def _check_may_decide(self, sites=None):
        """Make sure that the user may decide what becomes of the goods.

        Who works where they are to come sees them, and does not dispose of them yet.

        :param sites: ``oms.site`` at which the goods are; where they were put when None
        :raises AccessError: he may not
        """
        self.check_access("read")
        if not self.env.user.has_group("stock.group_stock_user"):
            raise AccessError(
                self.env._("Only those who work with stock decide what becomes of goods.")
            )
        sites = self.site_id if sites is None else sites
        others = sites - sites._filtered_access("read")
        if others:
            # sudo: only the name is told
            names = ", ".join(others.sudo().mapped("name"))
            raise AccessError(
                self.env._(
                    "The goods are at %s: those who work there decide what becomes of them.", names
                )
            )

    def _check_state(self, states, what):
        """Make sure that the dispositions are in one of some states.

        :raises UserError: one is not
        """
        labels = dict(self._fields["state"]._description_selection(self.env))
        for record in self:
            if record.state not in states:
                raise UserError(
                    self.env._(
                        "%(goods)s cannot be %(what)s: it is %(state)s.",
                        goods=record.display_name,
                        what=what,
                        state=labels[record.state].lower(),
                    )
                )

    # === ACTIONS === #

    def action_accept(self):
        """Do what is proposed with the goods.

        :return: True
        :raises UserError: one was decided on before, or the goods are not there any more
        """
        self._check_may_decide()
        self._check_state(("proposed",), self.env._("accepted"))
        # sudo: who decides about goods need not have rights on all that is moved
        self.sudo()._carry_out()
        return True

    def action_override(self):
        """Ask what becomes of the goods instead.

        :return: a window action
        :rtype: dict
        """
        self._check_may_decide()
        self._check_state(("proposed",), self.env._("decided on otherwise"))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Decide Otherwise"),
            "res_model": "oms.disposition.override",
            "view_mode": "form",
            "target": "new",
            "context": {"default_disposition_ids": [(6, 0, self.ids)]},
        }

    def action_propose(self):
        """Reckon anew what is best, with the stock and the sales of now.

        :return: True
        :raises UserError: one was decided on before
        """
        self._check_may_decide()
        self._check_state(("proposed",), self.env._("proposed anew"))
        self.item_id._propose_dispositions()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_resume(self):
        """Have goods that were stopped on their way go on to where they were to go.

        :return: True
        :raises UserError: they were not stopped
        """
        self._check_may_decide(self.target_site_id)
        self._check_state(("stopped",), self.env._("sent on"))
        # sudo: as above
        self.sudo()._resume()
        return True

    def action_refurbished(self):
        """Say that the goods are refurbished: they go where goods of their new grade lie.

        :return: True
        :raises UserError: they are not being refurbished, or have not arrived there
        """
        self._check_may_decide(self.target_site_id)
        # sudo: as above
        self.sudo()._end_refurbishing(failed=False)
        return True

    def action_refurbish_failed(self):
        """Say that the goods cannot be refurbished: they are scrapped.

        :return: True
        :raises UserError: they are not being refurbished, or have not arrived there
        """
        self._check_may_decide(self.target_site_id)
        # sudo: as above
        self.sudo()._end_refurbishing(failed=True)
        return True

    def action_view_pickings(self):
        """Open the transfers that were made of the dispositions.

        :return: a window action
        :rtype: dict
        """
        return self.picking_ids._oms_get_action()


class OmsDispositionOption(models.Model):
    """One thing that could become of goods, and what it would be worth."""

    _name = "oms.disposition.option"
    _description = "Option of a Disposition"
    _order = "disposition_id, sequence, id"
    _rec_name = "kind"

    disposition_id = fields.Many2one(
        "oms.disposition", string="Decided On", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="disposition_id.company_id", store=True, precompute=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    state = fields.Selection(related="disposition_id.state")
    sequence = fields.Integer()
    kind = fields.Selection(KIND_SELECTION, string="Disposition", required=True, readonly=True)
    site_id = fields.Many2one("oms.site", readonly=True, ondelete="cascade", index=True)
    grade_id = fields.Many2one("oms.grade", string="As", readonly=True)
    earning = fields.Monetary(
        string="Brings", readonly=True, help="What a unit is expected to bring, before costs."
    )
    cost = fields.Monetary(string="Costs", readonly=True, help="All costs of a unit together.")
    costs = fields.Json(string="Parts of the Costs", readonly=True)
    cost_text = fields.Char(string="Costs in Detail", compute="_compute_cost_text")
    value = fields.Monetary(string="Worth", readonly=True)
    chance = fields.Float(
        readonly=True, help="How surely a unit is sold before it counts as left over."
    )
    days = fields.Float(
        string="Days to Sell", digits=(16, 1), readonly=True, help="On average, if it is sold."
    )
    is_sold = fields.Boolean(readonly=True)
    verdict = fields.Selection(
        [
            ("chosen", "Best"),
            ("other", "Best for Others of Them"),
            ("worse", "Worth Less"),
            ("full", "No Room"),
        ],
        readonly=True,
    )

    @api.depends("costs")
    def _compute_cost_text(self):
        words = self._get_cost_words()
        for option in self:
            option.cost_text = ", ".join(
                f"{words.get(name, name)} {option.currency_id.format(amount)}"
                for name, amount in option.costs or []
                if not option.currency_id.is_zero(amount)
            )

    @api.model
    def _get_cost_words(self):
        """Return what the parts of costs are called."""
        return {
            "handling": self.env._("handling"),
            "transport": self.env._("transport"),
            "carbon": self.env._("carbon"),
            "delay": self.env._("lost by waiting"),
            "refurbish": self.env._("refurbishing"),
            "failure": self.env._("what fails"),
            "lane": self.env._("shipment"),
            "scrap": self.env._("scrapping"),
        }

    def action_choose(self):
        """Ask whether this becomes of the goods instead of what is proposed.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        action = self.disposition_id.action_override()
        action["context"] = {
            **action["context"],
            "default_kind": self.kind,
            "default_site_id": self.site_id.id,
        }
        return action
