from typing import NamedTuple

from odoo import api, fields, models

REVIEW_SELECTION = [
    ("automatic", "Authorized at once"),
    ("reviewed", "Somebody looks at it"),
]


class Terms(NamedTuple):
    """What a policy says about the return of a product.

    ``days`` counts from the delivery, None is without end; ``fee_fixed`` and ``keep_below`` are in
    the currency of the policy's company, ``fee_percent`` is of the price.
    """

    returnable: bool
    days: int | None
    fee_fixed: float
    fee_percent: float
    keep_below: float
    reviewed: bool
    reason: str


class OmsReturnPolicy(models.Model):
    """What customers may bring or send back, until when, and what they get for it."""

    _name = "oms.return.policy"
    _description = "Return Policy"
    _inherit = ["mail.thread"]
    _order = "sequence, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(
        default=10, help="Channels that name no policy follow the first one of their company."
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True, help="Empty: for all companies.")
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        help="Of the amounts; they are converted into the currency of the order.",
    )
    description = fields.Text(translate=True, help="What customers read about their returns.")
    days = fields.Integer(
        string="Return Period (Days)",
        default=30,
        required=True,
        tracking=True,
        help="How long after the delivery goods can be returned. 0: without end.",
    )
    fee_fixed = fields.Monetary(
        string="Fee per Return",
        tracking=True,
        help="Kept back once for each return, unless its reason says that the seller pays.",
    )
    fee_percent = fields.Float(
        string="Restocking Fee (%)",
        tracking=True,
        help="Kept back from the price, unless the reason says that the seller pays.",
    )
    keep_below = fields.Monetary(
        string="Customer Keeps Below",
        tracking=True,
        help="When all that is to be returned is worth less than this, the customer keeps it and "
        "gets the money: the way back would cost more. 0: never.",
    )
    review = fields.Selection(
        REVIEW_SELECTION,
        required=True,
        default="automatic",
        tracking=True,
        help="Whether a return that the policy allows has to wait for somebody who looks at it.",
    )
    allow_refund = fields.Boolean(string="Money Back", default=True)
    allow_exchange = fields.Boolean(string="Exchange", default=True)
    allow_credit = fields.Boolean(
        string="Store Credit",
        default=True,
        help="Offered where Odoo's loyalty programs are installed.",
    )
    allow_label = fields.Boolean(string="Return Label", default=True)
    allow_dropoff = fields.Boolean(string="Bring to a Store", default=True)
    allow_pickup = fields.Boolean(string="Pick-Up at Home")
    refund_at = fields.Selection(
        [("received", "When the goods came"), ("inspected", "When the goods were looked at")],
        string="Money Goes Back",
        required=True,
        default="inspected",
        tracking=True,
    )
    way_days = fields.Integer(
        string="Days on the Way Back",
        default=7,
        required=True,
        help="After so many days announced goods are expected at the site; they count there as "
        "incoming supply.",
    )
    wait_days = fields.Integer(
        string="Wait For Goods (Days)",
        default=30,
        required=True,
        tracking=True,
        help="When nothing came so many days after a return was authorized, it is over, and its "
        "goods are expected no more. It can be opened again, and is when they come all the same. "
        "0: never.",
    )
    rule_ids = fields.One2many("oms.return.policy.rule", "policy_id", string="Exceptions")
    channel_ids = fields.One2many("oms.channel", "return_policy_id", string="Channels")

    _days_check = models.Constraint(
        "CHECK (days >= 0 AND way_days >= 0 AND wait_days >= 0)",
        "A return period cannot be negative, nor how long goods are waited for.",
    )
    _percent_check = models.Constraint(
        "CHECK (COALESCE(fee_percent, 0) BETWEEN 0 AND 100)",
        "A restocking fee is between 0 and 100 %.",
    )
    _amounts_check = models.Constraint(
        "CHECK (COALESCE(fee_fixed, 0) >= 0 AND COALESCE(keep_below, 0) >= 0)",
        "Fees and limits of a return policy cannot be negative.",
    )

    @api.depends("company_id")
    @api.depends_context("company")
    def _compute_currency_id(self):
        for policy in self:
            policy.currency_id = (policy.company_id or self.env.company).currency_id

    # === FINDING === #

    @api.model
    def _find_for(self, channel, company):
        """Return the policy that orders of a channel follow.

        :param channel: ``oms.channel``, may be empty
        :param company: ``res.company`` of the orders
        :rtype: oms.return.policy
        """
        named = channel.return_policy_id
        if named and named.company_id in (self.env["res.company"], company):
            return named
        return self.search([("company_id", "in", (False, company.id))], limit=1)

    def _get_terms(self, product, channel):
        """Return what the policy says about a product, by its most specific exception.

        :param product: ``product.product``
        :param channel: ``oms.channel``, may be empty
        :rtype: Terms
        """
        self.ensure_one()
        fitting = self.rule_ids.filtered(lambda rule: rule._fits(product, channel))
        rule = max(fitting, key=lambda rule: rule._get_rank(), default=self.rule_ids.browse())
        own = rule._get_set_terms()
        days = rule.days if "days" in own else self.days
        return Terms(
            returnable=not rule or rule.returnable,
            days=days or None,
            fee_fixed=self.fee_fixed,
            fee_percent=rule.fee_percent if "fee_percent" in own else self.fee_percent,
            keep_below=rule.keep_below if "keep_below" in own else self.keep_below,
            reviewed=((rule.review if rule else False) or self.review) == "reviewed",
            reason=rule.reason or "",
        )


class OmsReturnPolicyRule(models.Model):
    """Where a return policy differs for a channel, a category or a product."""

    _name = "oms.return.policy.rule"
    _description = "Exception of a Return Policy"
    _order = "policy_id, sequence, id"

    policy_id = fields.Many2one("oms.return.policy", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    channel_id = fields.Many2one("oms.channel", ondelete="cascade", help="Empty: all channels.")
    categ_id = fields.Many2one(
        "product.category",
        string="Product Category",
        ondelete="cascade",
        help="With all categories below. Empty: all products.",
    )
    product_tmpl_id = fields.Many2one("product.template", string="Product", ondelete="cascade")
    product_id = fields.Many2one("product.product", string="Variant", ondelete="cascade")
    currency_id = fields.Many2one(related="policy_id.currency_id")
    returnable = fields.Boolean(string="Can Be Returned", default=True)
    reason = fields.Char(
        string="Why Not", translate=True, help="What customers read when it cannot be returned."
    )
    other_days = fields.Boolean(string="Other Period")
    days = fields.Integer(string="Return Period (Days)", help="0: without end.")
    other_fee = fields.Boolean()
    fee_percent = fields.Float(string="Restocking Fee (%)")
    other_keep = fields.Boolean(string="Other Limit")
    keep_below = fields.Monetary(string="Customer Keeps Below")
    review = fields.Selection(REVIEW_SELECTION, help="Empty: as the policy says.")

    _days_check = models.Constraint(
        "CHECK (COALESCE(days, 0) >= 0)", "A return period cannot be negative."
    )
    _percent_check = models.Constraint(
        "CHECK (COALESCE(fee_percent, 0) BETWEEN 0 AND 100)",
        "A restocking fee is between 0 and 100 %.",
    )
    _keep_check = models.Constraint(
        "CHECK (COALESCE(keep_below, 0) >= 0)", "The limit of a return policy cannot be negative."
    )

    @api.depends("channel_id", "categ_id", "product_tmpl_id", "product_id")
    def _compute_display_name(self):
        for rule in self:
            parts = (rule.product_id, rule.product_tmpl_id, rule.categ_id, rule.channel_id)
            names = [part.display_name for part in parts if part]
            rule.display_name = ", ".join(names) or self.env._("All products")

    def _fits(self, product, channel):
        """Tell whether the exception is about a product sold on a channel.

        :rtype: bool
        """
        self.ensure_one()
        if self.channel_id and self.channel_id != channel:
            return False
        if self.product_id and self.product_id != product:
            return False
        if self.product_tmpl_id and self.product_tmpl_id != product.product_tmpl_id:
            return False
        path = product.categ_id.parent_path or ""
        return not self.categ_id or f"/{self.categ_id.id}/" in f"/{path}"

    def _get_rank(self):
        """Return by how much the exception is more specific than others: the higher, the more.

        A variant comes before a product, a product before a category, a deep category before one
        above; for the same goods a channel's own exception wins, and then the first in the list.

        :rtype: tuple
        """
        self.ensure_one()
        depth = (self.categ_id.parent_path or "").count("/")
        return (
            bool(self.product_id),
            bool(self.product_tmpl_id),
            depth,
            bool(self.channel_id),
            -self.sequence,
            -self.id,
        )

    def _get_set_terms(self):
        """Return the names of the terms that the exception sets itself.

        :rtype: list[str]
        """
        flags = {"days": "other_days", "fee_percent": "other_fee", "keep_below": "other_keep"}
        return [name for name, flag in flags.items() if self and self[flag]]
