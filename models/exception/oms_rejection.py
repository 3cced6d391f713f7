from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .oms_reject_reason import EFFECT_SELECTION

STATE_SELECTION = [("valid", "Valid"), ("withdrawn", "Withdrawn")]
#: Over how many days the rate of rejections of a site is counted.
RATE_DAYS = 90


class OmsRejection(models.Model):
    """A quantity that a site gave back of what was planned for it, with what became of its stock.

    Written for every rejection: told with a reason, or seen when a transfer was cancelled or
    shipped short.
    """

    _name = "oms.rejection"
    _description = "Rejection by a Site"
    _order = "id desc"
    _rec_name = "product_id"

    fulfillment_line_id = fields.Many2one(
        "oms.fulfillment.line", required=True, readonly=True, ondelete="cascade", index=True
    )
    # Not related: Odoo then adds a new rejection twice to what a fulfillment has in memory.
    fulfillment_id = fields.Many2one(
        "oms.fulfillment", required=True, readonly=True, ondelete="cascade", index=True
    )
    order_id = fields.Many2one(
        "sale.order", required=True, readonly=True, ondelete="cascade", index=True
    )
    channel_id = fields.Many2one(related="fulfillment_id.channel_id", store=True, precompute=True)
    site_id = fields.Many2one(
        related="fulfillment_line_id.site_id", store=True, precompute=True, index=True
    )
    company_id = fields.Many2one(
        related="fulfillment_line_id.company_id", store=True, precompute=True
    )
    product_id = fields.Many2one(
        related="fulfillment_line_id.product_id", store=True, precompute=True, index=True
    )
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    quantity = fields.Float(
        required=True, readonly=True, digits="Product Unit", help="In the product's unit."
    )
    reason_id = fields.Many2one("oms.reject.reason", readonly=True, ondelete="restrict")
    note = fields.Text(readonly=True)
    user_id = fields.Many2one(
        "res.users", string="Given Back By", readonly=True, default=lambda self: self.env.user
    )
    rejected_at = fields.Datetime(
        string="Given Back", readonly=True, required=True, default=fields.Datetime.now, index=True
    )
    cool_until = fields.Datetime(
        string="Asked Again From",
        readonly=True,
        help="From when on the site may be asked for the order again by itself; empty: never.",
    )
    counts = fields.Boolean(
        related="reason_id.counts", store=True, precompute=True, string="Counts Against the Site"
    )
    stock_effect = fields.Selection(EFFECT_SELECTION, readonly=True, required=True, default="none")
    stock_quantity = fields.Float(
        string="Taken Off",
        digits="Product Unit",
        readonly=True,
        help="How much the rejection took off what the site can sell.",
    )
    move_ids = fields.Many2many(
        "stock.move",
        "oms_rejection_move_rel",
        "rejection_id",
        "move_id",
        string="Stock Moves",
        readonly=True,
        groups="base.group_user",
        help="The adjustments and transfers that the rejection made.",
    )
    claim_ids = fields.Many2many(
        "oms.claim",
        "oms_rejection_claim_rel",
        "rejection_id",
        "claim_id",
        string="Blocked",
        readonly=True,
        groups="base.group_user",
    )
    state = fields.Selection(STATE_SELECTION, required=True, readonly=True, default="valid")

    _quantity_check = models.Constraint(
        "CHECK (quantity > 0)", "What a site gives back is above zero."
    )
    # What a site gave back in the last months, for its rate.
    _rate_idx = models.Index("(site_id, rejected_at) WHERE state = 'valid'")

    @api.depends("product_id", "quantity")
    def _compute_display_name(self):
        for rejection in self:
            rejection.display_name = (
                f"{rejection.fulfillment_id.name}: {rejection.quantity:g} "
                f"{rejection.product_id.display_name}"
            )

    # === FOR SOURCING === #

    @api.model
    def _get_rates(self, sites, days=RATE_DAYS):
        """Return how often sites gave back what was planned for them.

        Counted in fulfillment lines that came to their end, by shipping or rejection; a line that
        was given back in part counts as given back.

        :param sites: ``oms.site`` recordset
        :param float days: how far back is looked
        :return: (lines given back, lines ended) by site id
        :rtype: dict[int, tuple[int, int]]
        """
        since = fields.Datetime.now() - timedelta(days=days)
        # sudo: rates are for sourcing, whoever causes it
        lines = self.env["oms.fulfillment.line"].sudo()
        period = [("site_id", "in", sites.ids), ("create_date", ">=", since)]
        rejected = dict(
            self.sudo()._read_group(
                [
                    ("site_id", "in", sites.ids),
                    ("rejected_at", ">=", since),
                    ("state", "=", "valid"),
                    # Without a reason, as when a transfer was cancelled, it counts.
                    "|",
                    ("reason_id", "=", False),
                    ("counts", "=", True),
                ],
                ["site_id"],
                ["fulfillment_line_id:count_distinct"],
            )
        )
        shipped = dict(
            lines._read_group(
                [
                    *period,
                    ("fulfillment_id.state", "in", ("shipped", "delivered")),
                    ("rejection_ids", "=", False),
                ],
                ["site_id"],
                ["__count"],
            )
        )
        return {
            site.id: (rejected.get(site, 0), rejected.get(site, 0) + shipped.get(site, 0))
            for site in sites.sudo()
        }

    # === ACTION METHODS === #

    def action_undo(self):
        """Take rejections back: the stock is as it was, and nothing is held against the site.

        What was sourced elsewhere meanwhile stays there.

        :return: True
        :raise UserError: they are withdrawn already, or their goods are gone
        :raise AccessError: somebody tries who may not adjust stock
        """
        self.check_access("read")
        if not self.env.user.has_group("stock.group_stock_manager"):
            raise AccessError(
                self.env._("Only inventory managers and order managers take rejections back.")
            )
        valid = self.sudo().filtered(lambda rejection: rejection.state == "valid")
        if not valid:
            raise UserError(self.env._("These rejections are withdrawn already."))
        for rejection in valid:
            rejection._undo_stock_effect()
        valid.state = "withdrawn"
        for order, rejections in valid.grouped("order_id").items():
            order._oms_note(
                self.env._(
                    "Rejections were taken back, their stock is as it was: %s.",
                    ", ".join(rejections.mapped("display_name")),
                )
            )
        return True

    def action_view_moves(self):
        """Open the stock moves that the rejections made.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("stock.stock_move_action")
        action["domain"] = [("id", "in", self.move_ids.ids)]
        action["context"] = {}
        return action
