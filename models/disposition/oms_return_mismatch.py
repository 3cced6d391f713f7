from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

KIND_SELECTION = [
    ("unpaid", "Received, Not Settled"),
    ("not_received", "Settled, Not Received"),
    ("refund", "Settled, Not Paid Back"),
    ("credit", "Credit Note Differs"),
    ("currency", "Credit Note in Another Currency"),
    ("site", "Came to Another Site"),
    ("quantity", "Another Quantity Came"),
    ("unexpected", "Nobody Announced It"),
    ("move", "Not in Stock"),
]
#: Kinds that a button can mend.
MENDED = ("unpaid", "refund", "credit", "currency", "site", "quantity", "unexpected")


class OmsReturnMismatch(models.Model):
    """What of a return does not fit together: goods, stock, credit notes and money.

    Read from the records as they are; what was looked at and left is not shown again until it
    changes.
    """

    _name = "oms.return.mismatch"
    _description = "Mismatch of a Return"
    _auto = False
    _order = "since desc, id desc"
    _rec_name = "return_id"
    _depends = {
        "oms.return": [
            "state",
            "site_id",
            "amount_settled",
            "amount_set_off",
            "credit_move_ids",
            "way",
            "order_id",
        ],
        "oms.return.line": [
            "quantity",
            "quantity_received",
            "quantity_accepted",
            "settled",
            "price",
            "outcome",
        ],
        "oms.disposition": ["item_id", "target_site_id", "state"],
        "oms.return.item": ["line_id", "site_id", "quantity", "move_ids"],
        "oms.return.mismatch.left": ["kind", "return_id", "line_id", "item_id", "difference"],
        "account.move": ["state", "amount_total", "currency_id"],
        "payment.transaction": ["state", "amount", "oms_return_id"],
        "stock.move": ["state"],
    }

    kind = fields.Selection(KIND_SELECTION, string="What Is Wrong", readonly=True)
    return_id = fields.Many2one("oms.return", readonly=True)
    line_id = fields.Many2one("oms.return.line", string="Return Line", readonly=True)
    item_id = fields.Many2one("oms.return.item", string="Returned Item", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    quantity = fields.Float(
        string="By How Many",
        digits="Product Unit",
        readonly=True,
        help="Above zero: too many; below zero: too few.",
    )
    amount = fields.Monetary(string="By How Much", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    channel_id = fields.Many2one("oms.channel", readonly=True)
    site_id = fields.Many2one("oms.site", string="Came To", readonly=True)
    state = fields.Selection(related="return_id.state", string="State of the Return")
    since = fields.Datetime(readonly=True)
    can_mend = fields.Boolean(compute="_compute_can_mend")

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT found.*
              FROM (%s) AS found
             WHERE NOT EXISTS (
                   SELECT FROM oms_return_mismatch_left looked
                    WHERE looked.kind = found.kind AND looked.return_id = found.return_id
                      AND looked.line_id IS NOT DISTINCT FROM found.line_id
                      AND looked.item_id IS NOT DISTINCT FROM found.item_id
                      AND ABS(looked.difference - COALESCE(found.quantity, 0)
                              - COALESCE(found.amount, 0)) < 0.005)
            """,
            SQL(" UNION ALL ").join(
                [self._of_lines(), self._of_refunds(), self._of_credits(), self._of_items()]
            ),
        )

    @api.model
    def _of_lines(self):
        """What was settled, what came and what was announced of a line."""
        return SQL(
            """
            SELECT line.id::bigint * 16 + wrong.number AS id, wrong.kind, line.return_id,
                   line.id AS line_id, NULL::integer AS item_id, line.product_id,
                   wrong.quantity::numeric AS quantity,
                   CASE WHEN wrong.money THEN ROUND((wrong.quantity * line.price)::numeric, 6) END
                       AS amount,
                   head.currency_id, head.company_id, head.channel_id, head.site_id,
                   COALESCE(head.received_at, head.refunded_at, head.requested_at) AS since
              FROM oms_return_line line
              JOIN oms_return head ON head.id = line.return_id
        CROSS JOIN LATERAL (VALUES
                   (0, 'unpaid', line.settled - line.quantity_accepted, TRUE,
                    head.state IN ('inspected', 'closed')
                    AND COALESCE(line.settled, 0) < line.quantity_accepted - 1e-6),
                   (1, 'not_received', line.settled - line.quantity_received, TRUE,
                    head.way != 'keep'
                    AND line.settled > COALESCE(line.quantity_received, 0) + 1e-6),
                   (2, 'quantity', line.quantity_received - line.quantity, FALSE,
                    head.way != 'keep' AND head.state IN ('received', 'inspected', 'closed')
                    AND ABS(COALESCE(line.quantity_received, 0) - line.quantity) > 1e-6)
                   ) AS wrong (number, kind, quantity, money, holds)
             WHERE wrong.holds AND head.order_id IS NOT NULL
            """
        )

    @api.model
    def _of_refunds(self):
        """What was settled as money and was not paid back, as far as it can be."""
        return SQL(
            """
            SELECT head.id::bigint * 16 + 8, 'refund', head.id, NULL, NULL, NULL, NULL,
                   ROUND((paid.amount - owed.amount)::numeric, 6), head.currency_id,
                   head.company_id, head.channel_id, head.site_id, head.refunded_at
              FROM oms_return head
        CROSS JOIN LATERAL (
                   SELECT head.amount_settled - COALESCE(head.amount_set_off, 0) AS amount) AS owed
              JOIN oms_payment_plan plan ON plan.order_id = head.order_id
              JOIN res_currency currency ON currency.id = head.currency_id
        CROSS JOIN LATERAL (
                   SELECT COALESCE(SUM(-tx.amount), 0) AS amount
                     FROM payment_transaction tx
                    WHERE tx.oms_return_id = head.id AND tx.operation = 'refund'
                      AND tx.state NOT IN ('error', 'cancel')) AS paid
             WHERE head.outcome = 'refund'
               AND NOT EXISTS (
                   SELECT FROM oms_return_line line
                    WHERE line.return_id = head.id
                      AND COALESCE(line.outcome, 'refund') != 'refund')
               AND owed.amount > paid.amount + currency.rounding / 2
               AND plan.refundable > currency.rounding / 2
            """
        )

    @api.model
    def _of_credits(self):
        """What credit notes say, against what was settled of invoiced lines."""
        return SQL(
            """
            SELECT head.id::bigint * 16 + 9,
                   CASE WHEN note.foreign_notes > 0 THEN 'currency' ELSE 'credit' END,
                   head.id, NULL, NULL, NULL, NULL,
                   ROUND((note.amount - billed.amount)::numeric, 6), head.currency_id,
                   head.company_id, head.channel_id, head.site_id, head.refunded_at
              FROM oms_return head
              JOIN res_currency currency ON currency.id = head.currency_id
        CROSS JOIN LATERAL (
                   -- Of what is not invoiced there is nothing to credit.
                   SELECT head.amount_settled - COALESCE(SUM(GREATEST(
                              ROUND((line.price * line.settled / currency.rounding)::numeric)
                              * currency.rounding - COALESCE(line.fee, 0), 0)), 0) AS amount
                     FROM oms_return_line line
                    WHERE line.return_id = head.id AND line.settled > 0
                      AND NOT EXISTS (
                          SELECT FROM sale_order_line_invoice_rel rel
                            JOIN account_move_line entry ON entry.id = rel.invoice_line_id
                            JOIN account_move invoice ON invoice.id = entry.move_id
                           WHERE rel.order_line_id = line.sale_line_id
                             AND invoice.move_type = 'out_invoice'
                             AND invoice.state = 'posted')) AS billed
        CROSS JOIN LATERAL (
                   SELECT COALESCE(SUM(move.amount_total), 0) AS amount,
                          COUNT(*) FILTER (WHERE move.currency_id != head.currency_id)
                              AS foreign_notes
                     FROM oms_return_account_move_rel rel
                     JOIN account_move move ON move.id = rel.move_id
                    WHERE rel.return_id = head.id AND move.state = 'posted') AS note
             WHERE head.amount_settled > 0
               AND (note.foreign_notes > 0
                    OR ABS(note.amount - billed.amount) > currency.rounding / 2)
               AND EXISTS (
                   SELECT FROM oms_return_line line
                     JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = line.sale_line_id
                     JOIN account_move_line entry ON entry.id = rel.invoice_line_id
                     JOIN account_move invoice ON invoice.id = entry.move_id
                    WHERE line.return_id = head.id AND invoice.move_type = 'out_invoice'
                      AND invoice.state = 'posted')
            """
        )

    @api.model
    def _of_items(self):
        """What came: where, whether announced, and whether stock knows."""
        return SQL(
            """
            SELECT item.id::bigint * 16 + wrong.number, wrong.kind, item.return_id, item.line_id,
                   item.id, item.product_id, item.quantity::numeric, NULL, head.currency_id,
                   head.company_id, head.channel_id, item.site_id, item.received_at
              FROM oms_return_item item
              JOIN oms_return head ON head.id = item.return_id
        CROSS JOIN LATERAL (VALUES
                   (12, 'site', head.site_id IS NOT NULL AND item.site_id != head.site_id
                        AND NOT EXISTS (
                        SELECT FROM oms_disposition sent
                         WHERE sent.item_id = item.id AND sent.target_site_id = head.site_id
                           AND sent.state IN ('under_way', 'done'))),
                   (13, 'unexpected', item.line_id IS NULL),
                   (14, 'move', NOT EXISTS (
                        SELECT FROM oms_return_item_move_rel rel
                          JOIN stock_move move ON move.id = rel.move_id
                         WHERE rel.item_id = item.id AND move.state = 'done'))
                   ) AS wrong (number, kind, holds)
             WHERE wrong.holds
            """
        )

    @api.depends("kind", "return_id")
    def _compute_can_mend(self):
        for mismatch in self:
            mismatch.can_mend = mismatch.kind in MENDED

    # === MENDING === #

    def _check_may_mend(self):
        self.check_access("read")
        groups = "oms.group_order_operator", "account.group_account_invoice"
        if not any(self.env.user.has_group(group) for group in groups):
            raise AccessError(
                self.env._("Only order operators and accountants mend what does not fit.")
            )

    def action_mend(self):
        """Do what is missing: settle, pay back, credit, or send to where it should have come.

        :return: a client action that loads the screen anew
        :rtype: dict
        :raises UserError: one has to be looked at by a person
        """
        self._check_may_mend()
        for mismatch in self:
            if not mismatch.can_mend:
                raise UserError(
                    self.env._(
                        "%(return)s: a person has to look at this. Open the return, or leave it as "
                        "it is and say why.",
                        **{"return": mismatch.return_id.name},
                    )
                )
            # sudo: who reconciles returns need not have rights on all that is made
            getattr(mismatch.sudo(), f"_mend_{mismatch.kind}")()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_leave(self):
        """Ask why it is left as it is.

        :return: a window action
        :rtype: dict
        """
        self._check_may_mend()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Leave It as It Is"),
            "res_model": "oms.return.mismatch.leave",
            "view_mode": "form",
            "target": "new",
            "context": {"oms_mismatch_ids": self.ids},
        }

    def _leave(self, reason):
        """Leave differences as they are; they come again if they change.

        :param str reason: why
        :raises UserError: there is none
        """
        if not (reason or "").strip():
            raise UserError(self.env._("Say why it is left as it is."))
        # sudo: nobody writes these but through here
        self.env["oms.return.mismatch.left"].sudo().create(
            [
                {
                    "kind": mismatch.kind,
                    "return_id": mismatch.return_id.id,
                    "line_id": mismatch.line_id.id,
                    "item_id": mismatch.item_id.id,
                    "difference": mismatch.quantity + mismatch.amount,
                    "reason": reason.strip(),
                }
                for mismatch in self
            ]
        )
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for mismatch in self:
            mismatch.return_id.sudo().message_post(
                body=self.env._(
                    "Left as it is: %(what)s. %(why)s",
                    what=labels[mismatch.kind],
                    why=reason.strip(),
                )
            )

    def action_view_return(self):
        """Open the return.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "oms.return",
            "res_id": self.return_id.id,
            "view_mode": "form",
        }


class OmsReturnMismatchLeft(models.Model):
    """A difference that somebody looked at and left."""

    _name = "oms.return.mismatch.left"
    _description = "Mismatch That Was Left"
    _order = "id desc"

    kind = fields.Selection(KIND_SELECTION, required=True)
    return_id = fields.Many2one("oms.return", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="return_id.company_id", store=True, precompute=True)
    line_id = fields.Many2one("oms.return.line", ondelete="cascade", index="btree_not_null")
    item_id = fields.Many2one("oms.return.item", ondelete="cascade", index="btree_not_null")
    difference = fields.Float(digits=(16, 6))
    reason = fields.Char(required=True)
