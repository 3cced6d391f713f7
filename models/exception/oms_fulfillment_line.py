from odoo import fields, models


class OmsFulfillmentLine(models.Model):
    _inherit = "oms.fulfillment.line"

    rejection_ids = fields.One2many(
        "oms.rejection", "fulfillment_line_id", string="Rejections", groups="base.group_user"
    )
    quantity_rejected = fields.Float(
        string="Given Back",
        digits="Product Unit",
        compute="_compute_quantity_rejected",
        groups="base.group_user",
    )

    def _compute_quantity_rejected(self):
        for line in self:
            # sudo: how much a site gave back is told to whoever sees the line
            line.quantity_rejected = sum(line.sudo().rejection_ids.mapped("quantity"))

    def _get_open_moves(self):
        """Return the open moves that take goods of the line off the shelf of the site.

        :rtype: ``stock.move``
        """
        self.ensure_one()
        outgoing, _incoming = self.sale_line_id._get_outgoing_incoming_moves(strict=False)
        return outgoing.filtered(
            lambda move: (
                move.oms_fulfillment_line_id == self and move.state not in ("done", "cancel")
            )
        )

    def _get_idle_moves(self):
        """Return those of the open moves that nobody at the site works on yet."""
        return self._get_open_moves().filtered(lambda move: not move._oms_is_begun())

    def _get_active_claims(self):
        return self.claim_ids.filtered(lambda claim: claim.state == "active")

    def _get_quantity_open(self, idle=False):
        """Return what the site has not shipped yet.

        :param bool idle: count only what nobody at the site works on yet
        :return: quantity in the product's unit
        :rtype: float
        """
        self.ensure_one()
        moves = self._get_idle_moves() if idle else self._get_open_moves()
        claimed = sum(self._get_active_claims().mapped("quantity"))
        between = 0.0 if idle else self._get_quantity_between()
        return self.uom_id.round(sum(moves.mapped("product_qty")) + claimed + between)

    def _stop(self, quantity):
        """Cancel exactly so much of what the site has not shipped yet.

        Claims go first, then moves that nobody has picked, then what is between two steps of the
        delivery. The line plans so much less; whoever calls says why, and what becomes of it.

        :param float quantity: in the product's unit, at most what is open
        :return: where the goods were reserved: (location, lot, package) ids
        :rtype: set[tuple]
        """
        self.ensure_one()
        unit, left = self.uom_id, quantity
        for claim in self._get_active_claims().sorted("id", reverse=True):
            part = min(claim.quantity, left)
            if unit.compare(part, 0.0) > 0:
                claim._release(part)
                left = unit.round(left - part)
        left, spots = self._stop_moves(left)
        self._lower_planned(unit.round(quantity - left))
        return spots

    def _stop_moves(self, quantity):
        """Cancel exactly so much of the moves by which the site is to ship.

        :param float quantity: in the product's unit
        :return: what could not be cancelled, and where goods were reserved, see :meth:`_stop`
        :rtype: tuple[float, set]
        """
        moves = self._get_open_moves().sorted(lambda move: (move.picked, -move.id))
        if self._get_quantity_between():
            moves += self._get_later_moves().sorted(lambda move: (move.picked, move.id))
        return self._lower_moves(moves, quantity)

    def _lower_moves(self, moves, quantity):
        """Have open moves carry less, one after the other.

        :param moves: ``stock.move``, the first to be lowered first; done ones are left alone
        :param float quantity: how much less, in the product's unit
        :return: what they did not carry, and where goods were reserved, see :meth:`_stop`
        :rtype: tuple[float, set]
        """
        unit, left, spots = self.uom_id, quantity, set()
        # Who calls raises the event that is right, once.
        for move in moves.with_context(oms_launch="stop"):
            part = min(move.product_qty, left)
            if move.state in ("done", "cancel") or unit.compare(part, 0.0) <= 0:
                continue
            spots |= {
                (line.location_id.id, line.lot_id.id, line.package_id.id)
                for line in move.move_line_ids
            }
            move._oms_lower_demand(unit._compute_quantity(part, move.product_uom))
            left = unit.round(left - part)
        return left, spots

    def _stop_idle(self):
        """Cancel all that nobody at the sites works on yet, at once for all of the lines.

        :return: the lines of which something was cancelled
        """
        idle = {line: line._get_quantity_open(idle=True) for line in self}
        lines = self.filtered(lambda line: line.uom_id.compare(idle[line], 0.0) > 0)
        lines._get_active_claims()._release()
        moves = self.env["stock.move"].union(*(line._get_idle_moves() for line in lines))
        # Who calls raises the event that is right, once.
        moves = moves.with_context(oms_launch="stop")
        moves.product_uom_qty = 0.0
        moves._action_cancel()
        for line in lines:
            line._lower_planned(idle[line])
        return lines

    # === SEEN IN TRANSFERS === #

    def _get_expected(self):
        """Return what the transfers of the lines carry, with what was given back before.

        :return: quantity in the product's unit by line
        :rtype: dict
        """
        return {
            line: line._get_quantity_planned_in_moves() + sum(line.rejection_ids.mapped("quantity"))
            for line in self
        }

    def _record_given_back(self, expected, orders):
        """Write down what transfers carry less than before, as given back.

        A transfer that is shipped short cancels the rest on its way: that is seen once.

        :param dict expected: what :meth:`_get_expected` gave before
        :param orders: ``sale.order`` recordset of which more is open now
        :return: whether anything was given back
        :rtype: bool
        """
        lost = {}
        for line, now in (
            self.filtered(lambda line: line.sale_line_id.order_id in orders)._get_expected().items()
        ):
            missing = line.uom_id.round(expected[line] - now)
            if line.uom_id.compare(missing, 0.0) > 0:
                lost[line] = missing
        if not lost:
            return False
        for line, quantity in lost.items():
            shipped = any(move.state == "done" for move in line.move_ids)
            reason = self.env.ref(
                "oms.reason_short" if shipped else "oms.reason_cancelled", raise_if_not_found=False
            )
            line.fulfillment_id._record_rejections(
                {line: quantity}, reason or self.env["oms.reject.reason"]
            )
            line._lower_planned(quantity)
        self.union(*lost)._carry_back()
        return True
