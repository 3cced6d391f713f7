import json
from collections import defaultdict
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import float_round

ORIGIN_SELECTION = [
    ("order", "Order"),
    ("cart", "Cart"),
    ("reservation", "Reservation in Store"),
]
STATE_SELECTION = [
    ("active", "Active"),
    ("consumed", "Consumed"),
    ("released", "Released"),
    ("expired", "Expired"),
]
#: Claims that the scheduled job ends between two commits.
EXPIRE_BATCH = 1000


class OmsClaim(models.Model):
    """A quantity of a product at a site that is held for somebody.

    A claim ends in exactly one way: consumed by the native moves made for it, released, or
    expired. An expired claim counts no more from the second at which it expires, whether the
    scheduled job has ended it or not.
    """

    _name = "oms.claim"
    _description = "Stock Claim"
    _order = "id desc"
    _rec_name = "product_id"

    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, ondelete="restrict", index=True
    )
    site_id = fields.Many2one("oms.site", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one(related="site_id.company_id", store=True, index=True)
    quantity = fields.Float(
        required=True, readonly=True, digits="Product Unit", help="In the product's unit."
    )
    uom_id = fields.Many2one(related="product_id.uom_id")
    origin = fields.Selection(ORIGIN_SELECTION, required=True, readonly=True, default="order")
    reference = fields.Char(
        readonly=True, index="btree_not_null", help="Whose cart or reservation it is."
    )
    expires_at = fields.Datetime(
        string="Expires", readonly=True, help="Empty for claims of orders, which do not expire."
    )
    fulfillment_line_id = fields.Many2one(
        "oms.fulfillment.line", readonly=True, ondelete="cascade", index="btree_not_null"
    )
    sale_line_id = fields.Many2one(
        "sale.order.line", readonly=True, ondelete="cascade", index="btree_not_null"
    )
    order_id = fields.Many2one(related="sale_line_id.order_id", store=True, index="btree_not_null")
    channel_id = fields.Many2one(
        "oms.channel", compute="_compute_channel_id", store=True, readonly=True
    )
    state = fields.Selection(STATE_SELECTION, required=True, readonly=True, default="active")

    _quantity_check = models.Constraint(
        "CHECK (quantity > 0)", "A claim holds a quantity above zero."
    )
    _expiry_check = models.Constraint(
        "CHECK (origin = 'order' OR expires_at IS NOT NULL)",
        "A cart or a reservation holds goods for a limited time: say until when.",
    )
    _active_idx = models.Index("(site_id, product_id) WHERE state = 'active'")
    _expiry_idx = models.Index("(expires_at) WHERE state = 'active' AND expires_at IS NOT NULL")

    @api.depends("order_id.oms_channel_id")
    def _compute_channel_id(self):
        for claim in self:
            claim.channel_id = claim.order_id.oms_channel_id or claim.channel_id

    # === THE GATE === #

    @api.model_create_multi
    def create(self, vals_list):
        """Take the guard of the positions, claim, and make sure that it was there.

        :raises UserError: not so much is available
        """
        # sudo: whether a product is tracked matters to everybody who claims
        products = self.env["product.product"].sudo().browse(v["product_id"] for v in vals_list)
        tracked = set(products.filtered("is_storable").ids)
        claimed = defaultdict(float)
        for vals in vals_list:
            if vals["product_id"] in tracked and vals.get("state", "active") == "active":
                claimed[vals["product_id"], vals["site_id"]] += vals["quantity"]
        Position = self.env["oms.position"]
        Position._touch(claimed)
        claims = super().create(vals_list)
        Position._check_not_oversold(claimed)
        return claims

    @api.model
    def _hold(self, requests, origin, minutes, reference=None, channel=None):
        """Hold goods for a limited time, all of the requests or none.

        The hold is taken in a short transaction of its own and stays when the caller's fails.
        That transaction reads committed data statement by statement, so that waiting for somebody
        else's guard ends in the truth instead of in a failure. Nothing that the caller has not
        committed is seen in it.

        :param requests: (product id, site id, quantity in the product's unit)
        :param str origin: ``cart`` or ``reservation``
        :param float minutes: for how long, above zero
        :param str reference: whose cart or reservation it is
        :param channel: ``oms.channel`` on which it is held
        :return: ids of the claims, committed already, in the order of the requests
        :rtype: list[int]
        :raises ValidationError: a quantity, a time, a product or a site that cannot be
        :raises UserError: not enough is available
        """
        self._check_requests(requests, minutes)
        products, sites, quantities = zip(*requests, strict=True)
        expires_at = fields.Datetime.now() + timedelta(minutes=minutes)
        with self.env.registry.cursor() as cr:
            cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            try:
                cr.execute(
                    "SELECT oms_position_hold(%s, %s, %s::numeric[], %s, %s, %s, %s, %s)",
                    [
                        list(products),
                        list(sites),
                        list(quantities),
                        origin,
                        reference,
                        channel.id if channel else None,
                        expires_at,
                        self.env.uid,
                    ],
                    log_exceptions=False,
                )
            except psycopg2.Error as error:
                raise self._explain_refusal(error, requests) from error
            return cr.fetchone()[0]

    @api.model
    def _check_requests(self, requests, minutes):
        if not requests or minutes <= 0:
            raise ValidationError(self.env._("Something is held, for a time above zero."))
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        for product_id, _site_id, quantity in requests:
            rounded = float_round(quantity, precision_digits=digits)
            if rounded <= 0 or abs(rounded - quantity) > 1e-9:
                raise ValidationError(
                    self.env._(
                        "%(quantity)s is no quantity of %(product)s that can be held.",
                        quantity=quantity,
                        product=self.env["product.product"].browse(product_id).display_name,
                    )
                )

    @api.model
    def _explain_refusal(self, error, requests):
        """Turn what the gate raised into what a person reads.

        :param psycopg2.Error error: what the database said
        :return: the exception to raise
        """
        if error.pgcode == "OM002":
            return ValidationError(
                self.env._("Nothing is held of unknown or archived products or sites.")
            )
        if error.pgcode != "OM001":
            return error
        short = json.loads(error.diag.message_detail)
        asked = sum(
            quantity
            for product_id, site_id, quantity in requests
            if (product_id, site_id) == (short["product_id"], short["site_id"])
        )
        return UserError(
            self.env["oms.position"]._get_shortage_sentence(
                short["product_id"], short["site_id"], short["available"], asked
            )
        )

    # === LIFE === #

    def _consume(self):
        """Mark active claims as taken over by the moves made for them."""
        self.filtered(lambda claim: claim.state == "active").state = "consumed"

    def _release(self, quantity=None):
        """Give back active claims, or a part of a single one.

        :param float quantity: how much of one claim to give back, in the product's unit; all of
            every claim when None
        """
        active = self.filtered(lambda claim: claim.state == "active")
        if quantity is not None and active:
            active.ensure_one()
            rest = active.uom_id.round(active.quantity - quantity)
            if active.uom_id.compare(rest, 0.0) > 0:
                active.copy({"quantity": quantity, "state": "released"})
                active.quantity = rest
                return
        active.state = "released"

    def _extend(self, minutes):
        """Hold goods longer, counted from now.

        :raises UserError: a claim has ended; its goods may be somebody else's by now
        """
        self._check_alive()
        if minutes <= 0:
            raise ValidationError(self.env._("Goods are held for a time above zero."))
        self.expires_at = fields.Datetime.now() + timedelta(minutes=minutes)

    def _check_alive(self):
        now = fields.Datetime.now()
        for claim in self:
            if claim.state != "active" or (claim.expires_at and claim.expires_at <= now):
                raise UserError(
                    self.env._(
                        "The hold of %(product)s at %(site)s has ended: hold it again.",
                        product=claim.product_id.display_name,
                        site=claim.site_id.name,
                    )
                )

    @api.model
    def _cron_expire(self):
        """End the claims whose time is over."""
        domain = [("state", "=", "active"), ("expires_at", "<=", fields.Datetime.now())]
        self.env["ir.cron"]._commit_progress(remaining=self.search_count(domain))
        while claims := self.search(domain, limit=EXPIRE_BATCH, order="product_id, site_id, id"):
            claims.state = "expired"
            if not self.env["ir.cron"]._commit_progress(len(claims)):
                break
