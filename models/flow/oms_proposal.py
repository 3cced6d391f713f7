import math

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

KIND_SELECTION = [
    ("transfer", "Transfer"),
    ("pull", "Pull"),
    ("purchase", "Purchase"),
    ("level", "Stock Level"),
    ("share", "Channel Share"),
    ("preparation", "Preparation"),
]
STATE_SELECTION = [
    ("proposed", "Proposed"),
    ("accepted", "Accepted"),
    ("done", "Done"),
    ("rejected", "Rejected"),
    ("superseded", "Superseded"),
    ("undone", "Undone"),
]
#: Kinds that move goods from one site to another.
MOVING_KINDS = ("transfer", "pull")
#: Kinds that are about a quantity of a product.
GOODS_KINDS = ("transfer", "pull", "purchase")
#: What planners may write; all else is written by the addon.
EDITABLE = ("quantity",)


class OmsProposal(models.Model):
    """A flow that the planner suggests, with what it gains and why.

    Accepted it becomes documents of Odoo's own; who wants it otherwise edits the quantity before,
    or rejects it and says why. Quantities are in the unit of the product, money in the currency of
    the company.
    """

    _name = "oms.proposal"
    _description = "Flow Proposal"
    _inherit = ["mail.thread"]
    _order = "gain desc, id"
    _check_company_auto = True
    _mail_post_access = "read"

    kind = fields.Selection(KIND_SELECTION, required=True, readonly=True, index=True)
    state = fields.Selection(
        STATE_SELECTION,
        required=True,
        readonly=True,
        default="proposed",
        copy=False,
        tracking=True,
        index=True,
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    plan_id = fields.Many2one(
        "oms.flow.plan", readonly=True, ondelete="set null", index="btree_not_null"
    )
    network_id = fields.Many2one(
        "oms.network", readonly=True, ondelete="set null", index="btree_not_null"
    )
    run_id = fields.Many2one(
        "oms.flow.run", readonly=True, ondelete="set null", index="btree_not_null"
    )
    origin_id = fields.Many2one(
        "oms.site",
        string="From",
        readonly=True,
        ondelete="cascade",
        index="btree_not_null",
        check_company=True,
    )
    site_id = fields.Many2one(
        "oms.site",
        string="To",
        readonly=True,
        ondelete="cascade",
        index="btree_not_null",
        check_company=True,
        help="Where the goods go; of a level or a preparation the site that it is about.",
    )
    lane_id = fields.Many2one(
        "oms.lane", readonly=True, ondelete="set null", index="btree_not_null"
    )
    supplier_id = fields.Many2one(
        "res.partner", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    supplierinfo_id = fields.Many2one(
        "product.supplierinfo", string="Price List", readonly=True, ondelete="set null"
    )
    product_id = fields.Many2one(
        "product.product",
        readonly=True,
        ondelete="cascade",
        index="btree_not_null",
        check_company=True,
    )
    categ_id = fields.Many2one(
        related="product_id.categ_id", string="Category", store=True, precompute=True
    )
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    subject = fields.Char(
        readonly=True, help="What else tells the proposal from others of its kind, such as a day."
    )
    quantity_proposed = fields.Float(string="Proposed", digits="Product Unit", readonly=True)
    quantity = fields.Float(
        digits="Product Unit", help="What is done on acceptance; edit it before.", tracking=True
    )
    is_edited = fields.Boolean(compute="_compute_is_edited", store=True)
    line_ids = fields.One2many("oms.proposal.line", "proposal_id", string="Details")
    gain = fields.Monetary(
        readonly=True,
        help="What it is expected to earn or save over the days looked ahead, all costs taken off.",
    )
    unit_gain = fields.Monetary(string="Gain per Unit", readonly=True, aggregator="avg")
    cost = fields.Monetary(readonly=True, help="What the transport or the goods cost.")
    carbon_kg = fields.Float(string="kg CO2e", digits=(16, 3), readonly=True)
    weight = fields.Float(string="Weight (kg)", digits="Stock Weight", readonly=True)
    risk = fields.Float(
        digits=(5, 4),
        readonly=True,
        aggregator="avg",
        help="How likely it is to be regretted: that the site which gives runs out because of it "
        "before the end of the days looked ahead, or that what is bought is left over.",
    )
    risk_level = fields.Selection(
        [("low", "Low"), ("middle", "Middle"), ("high", "High")],
        compute="_compute_risk_level",
        store=True,
    )
    origin_before = fields.Float(string="There Before", digits="Product Unit", readonly=True)
    origin_after = fields.Float(string="There After", digits="Product Unit", readonly=True)
    site_before = fields.Float(string="Here Before", digits="Product Unit", readonly=True)
    site_after = fields.Float(string="Here After", digits="Product Unit", readonly=True)
    origin_rate = fields.Float(
        string="Sold There a Day", digits=(16, 4), readonly=True, aggregator="avg"
    )
    site_rate = fields.Float(
        string="Sold Here a Day", digits=(16, 4), readonly=True, aggregator="avg"
    )
    leaves_at = fields.Datetime(string="Leaves", readonly=True)
    arrives_at = fields.Datetime(string="Arrives", readonly=True)
    explanation = fields.Json(readonly=True)
    note = fields.Char(readonly=True, help="What could not be known and was taken for granted.")
    reject_reason = fields.Char(readonly=True, tracking=True)
    decided_at = fields.Datetime(string="Decided", readonly=True)
    decided_by_id = fields.Many2one("res.users", readonly=True)
    by_itself = fields.Boolean(
        string="Accepted by Itself", readonly=True, help="Its gain is above that of the plan."
    )
    before = fields.Json(
        string="What It Was", readonly=True, copy=False, help="Of a level or a share, to undo it."
    )
    move_ids = fields.One2many(
        "stock.move",
        "oms_proposal_id",
        string="Moves",
        readonly=True,
        groups="stock.group_stock_user",
    )

    # Nothing is proposed twice while it is open.
    _open_uniq = models.UniqueIndex(
        "(kind, COALESCE(origin_id, 0), COALESCE(site_id, 0), COALESCE(supplier_id, 0), "
        "COALESCE(product_id, 0), COALESCE(subject, ''), company_id) WHERE state = 'proposed'",
        "This is proposed already: decide on the open proposal first.",
    )
    _quantity_check = models.Constraint(
        "CHECK (COALESCE(quantity, 0) >= 0 AND COALESCE(quantity, 0) < 1e12)",
        "A quantity is a number of units, zero or above.",
    )
    _open_idx = models.Index("(plan_id, kind) WHERE state = 'proposed'")

    # === COMPUTE METHODS === #

    @api.depends("kind", "origin_id", "site_id", "supplier_id", "product_id", "quantity")
    def _compute_display_name(self):
        for proposal in self:
            # sudo: the site at the other end is named to whoever sees the proposal
            proposal.display_name = proposal.sudo()._get_title()

    def _get_title(self):
        """Return what a proposal is called.

        :rtype: str
        """
        self.ensure_one()
        kind = dict(self._fields["kind"]._description_selection(self.env)).get(self.kind, "")
        if self.kind not in GOODS_KINDS:
            about = self.product_id.display_name or self.subject or ""
            return ": ".join(filter(None, (kind, about, self.site_id.name)))
        start = self.origin_id.name or self.supplier_id.name or ""
        return self.env._(
            "%(quantity)s × %(product)s, %(origin)s → %(site)s",
            quantity=f"{self.quantity:g}",
            product=self.product_id.display_name,
            origin=start,
            site=self.site_id.name,
        )

    @api.depends("quantity", "quantity_proposed")
    def _compute_is_edited(self):
        for proposal in self:
            proposal.is_edited = abs(proposal.quantity - proposal.quantity_proposed) > 1e-9

    @api.depends("risk", "risk_there")
    def _compute_risk_level(self):
        for proposal in self:
            proposal.risk_level = self._get_risk_level(proposal.risk, proposal.risk_there)

    @api.model
    def _get_risk_level(self, *risks):
        """Return how high the highest of some chances to regret a proposal is.

        :rtype: str
        """
        risk = max(each or 0.0 for each in risks)
        return "high" if risk > 0.25 else "middle" if risk > 0.1 else "low"

    # === CRUD METHODS === #

    def write(self, vals):
        if not self.env.su and any(
            name not in EDITABLE and not name.startswith(("message_", "activity_")) for name in vals
        ):
            raise AccessError(self.env._("Of a proposal only the quantity is changed by hand."))
        if "quantity" in vals:
            self._check_quantity(vals["quantity"])
        res = super().write(vals)
        if "quantity" in vals:
            # sudo: all but the quantity is written by the addon
            self.sudo()._follow_quantity()
        return res

    def _check_quantity(self, quantity):
        """Make sure that a quantity can be done.

        :raises UserError: the proposal is decided on, or is not about a quantity
        :raises ValidationError: it is no quantity of the product, or more than there is to give
        """
        if not (isinstance(quantity, int | float) and math.isfinite(quantity) and quantity > 0):
            raise ValidationError(
                self.env._("Give a number of units above zero, or reject what you do not want.")
            )
        for proposal in self:
            if proposal.state != "proposed":
                raise UserError(
                    self.env._(
                        "%s is decided on: undo it first, or wait for the next run.",
                        proposal.display_name,
                    )
                )
            if proposal.kind not in GOODS_KINDS:
                raise UserError(
                    self.env._("%s is accepted as it is, or rejected.", proposal.display_name)
                )
            unit = proposal.uom_id
            if proposal.product_id.tracking == "serial" and quantity % 1:
                raise ValidationError(
                    self.env._(
                        "%s has serial numbers: give a whole number.",
                        proposal.product_id.display_name,
                    )
                )
            if unit and abs(unit.round(quantity) - quantity) > 1e-6:
                raise ValidationError(
                    self.env._(
                        "%(quantity)s is finer than %(unit)s are.",
                        quantity=f"{quantity:g}",
                        unit=unit.name,
                    )
                )
        # sudo: who plans need not see all stock
        self.sudo()._check_spare(quantity)

    def _check_spare(self, quantity):
        """Make sure that sites have what they are to give.

        :raises ValidationError: one has less that is promised to nobody
        """
        moving = self.filtered(lambda each: each.kind in MOVING_KINDS)
        left = moving._get_left()
        for each in moving:
            key = each.product_id.id, each.origin_id.id
            there = left.get(key, 0.0)
            if each.uom_id.compare(there, quantity) < 0:
                raise ValidationError(
                    self.env["oms.position"]._get_shortage_sentence(*key, there, quantity)
                )

    def _get_left(self):
        """Return what is available of the goods at the sites that give them.

        :return: units by (product id, site id)
        :rtype: dict
        """
        return {
            (position.product_id, position.site_id): position.available
            for position in self.env["oms.position"]._get_positions(
                self.origin_id.ids, self.product_id.ids
            )
        }

    # === RIGHTS AND STATES === #

    @api.model
    def _check_planner(self):
        """Check that the user may decide on proposals.

        :raises AccessError: the user is no planner
        """
        if not (self.env.su or self.env.user.has_group("oms.group_flow_planner")):
            raise AccessError(self.env._("Planners decide on proposals."))

    def _lock(self):
        """Wait until nobody else decides on the proposals, and see how they are.

        :raises psycopg2.errors.SerializationFailure: somebody did since this transaction began;
            the caller is run again
        """
        if self:
            self.flush_recordset()
            self.env.cr.execute(
                SQL(
                    "SELECT id FROM oms_proposal WHERE id = ANY(%s) ORDER BY id FOR UPDATE",
                    self.ids,
                ),
                log_exceptions=False,
            )
            self.invalidate_recordset()

    def _check_state(self, states, doing):
        """Check that proposals are in one of some states.

        :param str doing: what is done to them, a translated participle
        :raises UserError: one is not
        """
        words = dict(self._fields["state"]._description_selection(self.env))
        for proposal in self:
            if proposal.state not in states:
                raise UserError(
                    self.env._(
                        "%(name)s is %(state)s already: it cannot be %(doing)s.",
                        name=proposal.display_name,
                        state=words[proposal.state].lower(),
                        doing=doing,
                    )
                )
