import logging

from odoo import fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from .oms_sourcing import Part

_logger = logging.getLogger(__name__)


class OmsClaim(models.Model):
    """How holds become claims of an order, and claims become moves."""

    _inherit = "oms.claim"

    move_ids = fields.Many2many(
        "stock.move",
        string="Moves",
        compute="_compute_move_ids",
        groups="base.group_user",
        help="The moves that were made for the claim and others of its fulfillment line.",
    )
    history_ids = fields.Many2many(
        "oms.claim",
        string="Same Goods, Same Owner",
        compute="_compute_history_ids",
        help="Other claims of the product for the same order line, cart or reservation, newest "
        "first.",
    )

    def _compute_move_ids(self):
        for claim in self:
            claim.move_ids = claim.fulfillment_line_id.move_ids

    def _compute_history_ids(self):
        for claim in self:
            owner = Domain.FALSE
            if claim.sale_line_id:
                owner |= Domain("sale_line_id", "=", claim.sale_line_id.id)
            if claim.reference:
                owner |= Domain("reference", "=", claim.reference)
            same = owner & Domain("product_id", "=", claim.product_id.id)
            claim.history_ids = self.search(same & Domain("id", "!=", claim._origin.id), limit=80)

    # === FROM HOLD TO ORDER === #

    def _confirm(self, sale_lines):
        """Give holds to the order lines that they were waiting for.

        The claims go on holding the same units at the same sites, now without a time limit and in
        the fulfillments of their orders; nothing is taken a second time. What the lines do not
        need is given back, what they need beyond it is left to sourcing. All in the caller's
        transaction, which must have begun after the holds were taken and must confirm the orders:
        see ``sale.order._oms_confirm_held``.

        :param sale_lines: ``sale.order.line`` recordset of orders on orchestrated channels
        :return: the claims that the lines have got
        :raises UserError: a hold has ended
        :raises ValidationError: a line is of another company, or not orchestrated
        :raises psycopg2.errors.SerializationFailure: another transaction was faster: run again
        """
        # sudo: who sells need not have rights on claims and fulfillments
        self, sale_lines = self.sudo(), sale_lines.sudo()
        sale_lines = sale_lines.filtered(lambda line: line.product_id in self.product_id)
        self._check_confirmable(sale_lines)
        guards = self._get_guards(set(self.product_id.ids))
        # Who looks for what has expired has the guard: until now, or only after this transaction.
        keys = [(claim.product_id.id, claim.site_id.id) for claim in self]
        self.env["oms.position"]._touch([*keys, *guards])
        self._check_alive()
        channel = sale_lines.order_id.oms_channel_id
        gained = any(claim.channel_id != channel for claim in self)
        confirmed = self._spread(sale_lines)
        confirmed._plan()
        # What a channel was promised stays its own, whatever became of the shares since.
        if guards and gained:
            self._check_shares(confirmed)
        return confirmed

    def _check_confirmable(self, sale_lines):
        if self.company_id != sale_lines.company_id and sale_lines:
            raise ValidationError(
                self.env._("What a company's site holds goes to orders of that company only.")
            )
        native = sale_lines.filtered(lambda line: not line._oms_is_orchestrated())
        if native:
            raise ValidationError(
                self.env._(
                    "What is held goes to orders of orchestrated channels only, not to %s.",
                    ", ".join(native.mapped("display_name")),
                )
            )

    def _check_alive(self):
        """Lock the holds, and make sure that all of them still hold.

        :raises UserError: one has ended; its goods may be somebody else's by now
        """
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                "SELECT id FROM oms_claim WHERE id = ANY(%s) AND state = 'active' "
                "AND expires_at > timezone('UTC', clock_timestamp()) FOR UPDATE",
                self.ids,
            ),
            # Losing against another transaction is no fault: the caller is run again.
            log_exceptions=False,
        )
        if self.env.cr.rowcount < len(self):
            raise UserError(self._get_ended_sentence())

    def _spread(self, sale_lines):
        """Give the holds to lines of their products, in order, as far as these need something.

        :return: the claims that the lines have got; what is left of the others is released
        """
        needed = {line: line._oms_get_qty_open() for line in sale_lines}
        confirmed = self.browse()
        for claim in self.sorted("id"):
            unit, parts, left = claim.uom_id, [], claim.quantity
            for line in sale_lines.filtered(lambda line, c=claim: line.product_id == c.product_id):
                part = min(needed[line], left)
                if unit.compare(part, 0.0) > 0:
                    parts.append((line, part))
                    needed[line] -= part
                    left = unit.round(left - part)
            if not parts:
                claim._release()
                continue
            if unit.compare(left, 0.0) > 0:
                claim._release(left)
            for line, part in parts[1:]:
                confirmed += claim._cut(part, line)
            claim.write(claim._prepare_order_vals(parts[0][0]))
            confirmed += claim
        return confirmed

    def _cut(self, quantity, line):
        """Make a part of a hold the claim of an order line.

        :return: the new claim
        """
        self.quantity -= quantity
        # Held already, and so not to be looked for: it comes to life after the gate.
        part = self.copy({"quantity": quantity, "state": "released"})
        part.write({"state": "active", **self._prepare_order_vals(line)})
        return part

    def _prepare_order_vals(self, line):
        return {"origin": "order", "expires_at": False, "sale_line_id": line.id}

    def _plan(self):
        """Put claims of order lines into the fulfillments of their orders."""
        sourcing = self.env["oms.sourcing"]
        parts = []
        for order, claims in self.grouped("order_id").items():
            kilometers, _note = sourcing._get_kilometers(order, claims.site_id)
            distances = dict(zip(claims.site_id, kilometers, strict=True))
            for (line, site), same in claims.grouped(lambda c: (c.sale_line_id, c.site_id)).items():
                quantity = sum(same.mapped("quantity"))
                parts.append(Part(line, site, quantity, distances[site], self.env["oms.decision"]))
        lines = sourcing._plan_parts(parts)
        for claim in self:
            claim.fulfillment_line_id = lines[claim.sale_line_id, claim.site_id]

    # === FROM CLAIM TO MOVES === #

    def _get_quantities_in_moves(self):
        """Return what the moves of the claims' fulfillment lines ask for, before and after.

        :return: quantity in the product's unit by fulfillment line
        :rtype: dict
        """
        return {line: line._get_quantity_planned_in_moves() for line in self.fulfillment_line_id}

    def _consume(self, before):
        """End the active claims that the moves just made for them have taken over.

        Moves must ask for what the claims held, no more and no less. Where Odoo's rules made less
        of it, the rest is given back and the line is open again; where they made more, that must
        be available too.

        :param dict before: what the moves asked for before, see :meth:`_get_quantities_in_moves`
        :raises UserError: the moves ask for more than there is
        """
        after = self._get_quantities_in_moves()
        excess = {}
        for line, claims in self.grouped("fulfillment_line_id").items():
            made = after.get(line, 0.0) - before.get(line, 0.0)
            beyond = made - sum(claims.mapped("quantity"))
            if line.uom_id.compare(beyond, 0.0) > 0 and line.product_id.is_storable:
                excess[line.product_id.id, line.site_id.id] = beyond
            elif line.uom_id.compare(beyond, 0.0) < 0:
                claims._release_latest(-beyond)
        self._end("consumed")
        if excess:
            self.env["oms.position"]._touch(excess)
            self.env["oms.position"]._check_not_oversold(excess)

    def _release_latest(self, quantity):
        """Give back what no move was made for, newest claims first."""
        _logger.warning(
            "For %s of what %s claims of fulfillment %s held no transfer was made",
            quantity,
            len(self),
            self.fulfillment_line_id.fulfillment_id.name,
        )
        for claim in self.sorted("id", reverse=True):
            part = min(claim.quantity, quantity)
            if claim.uom_id.compare(part, 0.0) <= 0:
                break
            quantity -= part
            claim.fulfillment_line_id._lower_planned(part)
            claim._release(part)

    # === ACTION METHODS === #

    def _check_manager(self):
        """Only order managers decide on other people's claims, and only on those that they see.

        :raises AccessError: somebody else tries
        """
        self.check_access("read")
        if not self.env.user.has_group("oms.group_order_manager"):
            raise AccessError(self.env._("Only order managers can release or extend claims."))

    def action_release(self):
        """Give back what the claims hold; for what an order loses, it waits for stock again.

        :return: a notification that says how many were active
        :rtype: dict
        :raise UserError: none of them is active
        """
        self._check_manager()
        # sudo: nobody writes claims but through methods like this
        active = self.sudo().filtered(lambda claim: claim.state == "active")
        if not active:
            raise UserError(
                self.env._("None of these claims is active: there is nothing to release.")
            )
        for claim in active:
            claim.fulfillment_line_id._lower_planned(claim.quantity)
        active._release()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Released claims: %s.", len(active)),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_extend(self):
        """Ask how much longer the goods are to be held.

        :return: a window action
        :rtype: dict
        :raise UserError: none of the claims is a hold that is active
        """
        self._check_manager()
        holds = self.filtered(lambda claim: claim.state == "active" and claim.expires_at)
        if not holds:
            raise UserError(
                self.env._(
                    "None of these claims can be extended: only active ones that expire can."
                )
            )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Hold Goods Longer"),
            "res_model": "oms.claim.extend",
            "view_mode": "form",
            "target": "new",
            "context": {"default_claim_ids": holds.ids},
        }
