from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from .refusal import Shortage

ORIGIN_SELECTION = [
    ("order", "Order"),
    ("cart", "Cart"),
    ("reservation", "Reservation in Store"),
    ("block", "Blocked by a Rejection"),
]
STATE_SELECTION = [
    ("active", "Active"),
    ("consumed", "Consumed"),
    ("released", "Released"),
    ("expired", "Expired"),
]


class OmsClaim(models.Model):
    """A quantity of a product at a site that is held for somebody.

    A claim ends in exactly one way: consumed by the native moves made for it, released, or
    expired. An expired claim counts no more from the second at which it expires, whether the
    scheduled job has ended it or not.

    Claims of orders are made and ended in the transaction of the order, by the methods here.
    Holds, which wait for an order, live in short transactions of their own: see the methods of
    the same model in ``oms_claim_hold.py``.
    """

    _name = "oms.claim"
    _description = "Stock Claim"
    _order = "id desc"
    _rec_name = "product_id"

    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, ondelete="restrict", index=True
    )
    site_id = fields.Many2one("oms.site", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one(related="site_id.company_id", store=True, precompute=True)
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
    order_id = fields.Many2one(
        related="sale_line_id.order_id", store=True, precompute=True, index="btree_not_null"
    )
    channel_id = fields.Many2one(
        "oms.channel",
        compute="_compute_channel_id",
        store=True,
        precompute=True,
        # Nobody types it; but what it is made with counts.
        readonly=False,
    )
    state = fields.Selection(STATE_SELECTION, required=True, readonly=True, default="active")

    _quantity_check = models.Constraint(
        "CHECK (quantity > 0)", "A claim holds a quantity above zero."
    )
    _expiry_check = models.Constraint(
        "CHECK ((origin = 'order') = (expires_at IS NULL))",
        "A cart or a reservation holds goods for a limited time, an order without: say until when, "
        "or for which order.",
    )
    # What has expired of a position is looked for whenever somebody claims of it.
    _active_idx = models.Index("(product_id, site_id, expires_at) WHERE state = 'active'")
    _expiry_idx = models.Index("(expires_at) WHERE state = 'active' AND expires_at IS NOT NULL")

    @api.depends("order_id.oms_channel_id")
    def _compute_channel_id(self):
        for claim in self:
            claim.channel_id = claim.order_id.oms_channel_id or claim.channel_id

    # === THE GATE === #

    @api.model_create_multi
    def create(self, vals_list):
        """Take the guard of the positions, make sure that it is there, and claim.

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
        guards = self._get_guards({product_id for product_id, _site_id in claimed})
        Position._touch([*claimed, *guards])
        Position._check_available(claimed)
        claims = super().create(vals_list)
        if guards:
            self._check_shares(claims)
        return claims

    @api.model
    def _get_guards(self, product_ids):
        """Return further guards to take before something of these products is claimed.

        For rules that look at more than one site: whoever claims of a product that such a rule
        governs takes the guard of the product at all sites, which is the one at site 0.

        :param product_ids: ids of products
        :return: (product id, 0) for each product that is governed
        :rtype: list[tuple[int, int]]
        """
        governing = self.env["oms.allocation"]._get_governing(product_ids)
        return [(product_id, 0) for product_id in {row[0] for row in governing}]

    @api.model
    def _get_ended_sentence(self):
        return self.env._("A hold has ended, its goods may be somebody else's: hold them again.")

    @api.model
    def _check_shares(self, claims):
        """Make sure that new claims keep to the shares of the channels.

        Called in the transaction that claims, after the guards were taken and the claims made,
        if any of their products is governed by a share.

        :param claims: ``oms.claim`` recordset, each with its channel
        :raises UserError: a share forbids one of them; nothing is claimed then
        """
        # sudo: shares bind everybody who claims; what is blocked is sold to nobody
        active = claims.sudo().filtered(
            lambda claim: claim.state == "active" and claim.origin != "block"
        )
        if not active:
            return
        Allocation = self.env["oms.allocation"]
        book = Allocation._open_book(active.product_id, active.company_id, claims=active)
        for (company, product, channel), group in active.grouped(
            lambda claim: (claim.company_id, claim.product_id, claim.channel_id)
        ).items():
            if not book.governs(company.id, product.id):
                continue
            asked = defaultdict(float)
            for claim in group:
                asked[claim.site_id.id] += claim.quantity
            refusal = book.get_refusal(company.id, product.id, channel, asked)
            if refusal:
                raise Shortage(
                    Allocation._get_refusal_sentence(product, channel, refusal),
                    told=Allocation._get_left_sentence(product, refusal),
                )
            book.take(company.id, product.id, channel, asked)

    # === LIFE === #

    def _release(self, quantity=None):
        """Give back active claims, or a part of a single one.

        :param float quantity: how much of one claim to give back, in the product's unit; all of
            every claim when None
        """
        if quantity is None:
            self._end("released")
            return
        active = self.filtered(lambda claim: claim.state == "active")
        if active:
            active.ensure_one()
            rest = active.uom_id.round(active.quantity - quantity)
            if active.uom_id.compare(rest, 0.0) > 0:
                active.copy(
                    {"quantity": quantity, "state": "released", "channel_id": active.channel_id.id}
                )
                active.quantity = rest
            else:
                active._end("released")

    def _end(self, state):
        """End those of the claims that are active, in one statement.

        :param str state: how they end
        """
        if not self.ids:
            return
        self.flush_recordset()
        ended = self.env.execute_query(
            SQL(
                "UPDATE oms_claim SET state = %s, write_uid = %s, write_date = %s "
                "WHERE id = ANY(%s) AND state = 'active' RETURNING id, sale_line_id",
                state,
                self.env.uid,
                self.env.cr.now(),
                self.ids,
            )
        )
        claims = self.browse(claim_id for claim_id, _line_id in ended)
        self.invalidate_recordset(["write_uid", "write_date"])
        (self - claims).invalidate_recordset(["state"])
        # Known without being read again.
        self._fields["state"]._update_cache(claims, state)
        self.browse(claim_id for claim_id, line_id in ended if line_id).modified(["state"])
        if state == "consumed":
            self.env["oms.external.stock"]._take(claims)
