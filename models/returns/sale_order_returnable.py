from collections import defaultdict
from datetime import timedelta
from typing import NamedTuple, TypedDict

from odoo import fields, models
from odoo.tools import SQL, format_date

from ..words import write_quantity
from .oms_return import DEAD_STATES, OPEN_STATES


class Returnable(TypedDict):
    """What of an order line can still come back.

    ``quantity`` is in the unit of the product; ``until`` is the moment in UTC until which some of
    it can, False without end or where nothing can; ``reason`` says why nothing can, and is empty
    where something can; ``moves`` are those by which it was delivered, oldest first, each with how
    much of it can come back (none for kits, which have no moves of their own).
    """

    quantity: float
    until: object
    reason: str
    moves: list


class Facts(NamedTuple):
    """What is looked up once for all lines: quantities in units of the products."""

    announced: dict  # by order line, and move or None: on its way in returns
    returns: dict  # by order line: the numbers of these returns
    under_way: dict  # by order line, and move or None: in transfers of no return
    credited: dict  # by order line: on credit notes
    invoiced: dict  # by order line: on invoices

    def get_taken(self, line):
        """Return what of an order line is on its way back, in any transfer or return."""
        return sum(
            amount
            for known in (self.announced, self.under_way)
            for (each, _move), amount in known.items()
            if each == line
        )


class SaleOrder(models.Model):
    """What of orders can come back, and why the rest cannot."""

    _inherit = "sale.order"

    def _oms_get_returnable(self, ignored=None):
        """Return what of the orders' lines can come back now.

        Sections, notes and down payments are left out.

        :param ignored: ``oms.return`` recordset whose announced goods do not count
        :rtype: dict[sale.order.line, Returnable]
        """
        lines = self.order_line.filtered(
            lambda line: not line.display_type and not line.is_downpayment
        )
        # sudo: what can come back depends on documents that not everybody may read
        facts = lines.sudo()._oms_get_return_facts(ignored)
        found = lines.sudo()._oms_get_returnable(facts)
        return {line: found[line.sudo()] for line in lines}

    def _oms_is_refunded(self):
        """Tell whether all of the order's money went back, or is about to.

        :rtype: bool
        """
        self.ensure_one()
        plan = self.oms_payment_plan_id
        back = plan.refunded + plan.refunding
        return back > 0 and self.currency_id.compare_amounts(back, self.amount_total) >= 0


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    oms_return_line_ids = fields.One2many(
        "oms.return.line", "sale_line_id", string="Return Lines", groups="base.group_user"
    )

    # === WHAT CAME BACK === #

    def _oms_lock_returns(self):
        """Make sure that nobody else takes goods of the lines back at the same time.

        The rows are changed, not only locked: a transaction that began before another one
        committed then fails and is run again, instead of counting what it cannot see.
        """
        self.env.cr.execute(
            SQL(
                "UPDATE sale_order_line SET id = id WHERE id IN (SELECT id FROM sale_order_line "
                "WHERE id = ANY(%s) ORDER BY id FOR UPDATE)",
                sorted(self.ids),
            ),
            log_exceptions=False,
        )

    def _oms_get_delivered_moves(self):
        """Return the moves by which the customer got goods of the line, oldest first."""
        self.ensure_one()
        return self.move_ids.filtered(
            lambda move: (
                move.state == "done"
                and move.location_dest_id._is_outgoing()
                and not move.location_id._is_outgoing()
                and move.product_id == self.product_id
            )
        ).sorted(lambda move: (move.date, move.id))

    def _oms_get_back_moves(self, states=("done",)):
        """Return the moves by which goods of the line come back, in some states."""
        self.ensure_one()
        return self.move_ids.filtered(
            lambda move: (
                move.state in states
                and move.location_id._is_outgoing()
                and not move.location_dest_id._is_outgoing()
                and move.product_id == self.product_id
            )
        )

    def _oms_get_quantity_with_customer(self):
        """Return what was delivered of the line less what came back, in the product's unit.

        :rtype: float
        """
        self.ensure_one()
        unit = self.product_id.uom_id
        if self.product_id._oms_is_kit(self.company_id):
            return self.product_uom_id._compute_quantity(self.qty_delivered, unit)
        return (
            self._oms_get_delivered_moves()._oms_get_quantity_moved()
            - self._oms_get_back_moves()._oms_get_quantity_moved()
        )

    def _oms_get_return_facts(self, ignored=None):
        """Look up what is under way and credited of the lines.

        :param ignored: ``oms.return`` recordset whose announced goods do not count
        :rtype: Facts
        """
        facts = Facts(
            announced=defaultdict(float),
            returns=defaultdict(set),
            under_way=defaultdict(float),
            credited=defaultdict(float),
            invoiced=defaultdict(float),
        )
        for part in self.oms_return_line_ids:
            if ignored and part.return_id in ignored:
                continue
            left = part._get_quantity_expected()
            if part.uom_id.compare(left, 0.0) > 0:
                facts.announced[part.sale_line_id, part.origin_move_id] += left
                facts.returns[part.sale_line_id].add(part.return_id.name)
        open_states = ("draft", "waiting", "confirmed", "partially_available", "assigned")
        for line in self:
            for move in line._oms_get_back_moves(open_states):
                if not move.oms_return_line_id:
                    # Odoo's own returns, made in its wizard.
                    facts.under_way[line, move.origin_returned_move_id] += move.product_qty
            for entry in line.invoice_lines.filtered(lambda each: each.parent_state == "posted"):
                known = facts.credited if entry.move_type == "out_refund" else facts.invoiced
                unit = entry.product_uom_id or line.product_uom_id
                known[line] += unit._compute_quantity(
                    entry.quantity, line.product_id.uom_id, round=False
                )
        return facts

    # === WHAT CAN COME BACK === #

    def _oms_get_returnable(self, facts):
        """Return what of each line can come back.

        :param Facts facts: what was looked up for them
        :rtype: dict[sale.order.line, Returnable]
        """
        policies = {}
        found = {}
        for line in self:
            order = line.order_id
            key = order.oms_channel_id, order.company_id
            if key not in policies:
                policies[key] = self.env["oms.return.policy"]._find_for(*key)
            found[line] = line._oms_get_returnable_of(policies[key], facts)
        return found

    def _oms_get_returnable_of(self, policy, facts):
        """Return what of one line can come back.

        :param policy: ``oms.return.policy``, may be empty
        :param Facts facts: what was looked up
        :rtype: Returnable
        """
        self.ensure_one()
        terms = policy and policy._get_terms(self.product_id, self.order_id.oms_channel_id)
        reason = self._oms_get_never_returnable(terms)
        if reason:
            return Returnable(quantity=0.0, until=False, reason=reason, moves=[])
        left = self._oms_get_left_of_moves(facts)
        if left and self.order_id._oms_is_refunded():
            left, reason = [], self.env._("All of %s was refunded already.", self.order_id.name)
        elif not left:
            reason = self._oms_tell_nothing_left(facts)
        if not left:
            return Returnable(quantity=0.0, until=False, reason=reason, moves=[])
        ends = {move: terms.days and at + timedelta(days=terms.days) for move, at, _left in left}
        now = fields.Datetime.now()
        inside = [(move, part) for move, _at, part in left if not ends[move] or ends[move] > now]
        if not inside:
            last = format_date(self.env, max(ends.values()))
            reason = self.env._(
                "%(product)s could be returned until %(day)s.",
                product=self.product_id.display_name,
                day=last,
            )
            return Returnable(quantity=0.0, until=False, reason=reason, moves=[])
        open_ends = [ends[move] for move, _part in inside]
        return Returnable(
            quantity=self.product_id.uom_id.round(sum(part for _move, part in inside)),
            until=max(open_ends) if all(open_ends) else False,
            reason="",
            moves=[(move, part) for move, part in inside if move],
        )

    def _oms_get_never_returnable(self, terms):
        """Say why nothing of the line can come back, whatever was delivered.

        :param Terms terms: what the policy says, empty without policy
        :return: '' if it can
        :rtype: str
        """
        self.ensure_one()
        product = self.product_id
        if self.state != "sale":
            return self.env._("The order %s is not confirmed.", self.order_id.name)
        if product.type != "consu" or self.is_expense:
            return self.env._("%s is a service: it cannot be returned.", product.display_name)
        if not terms:
            return self.env._("There is no return policy: make one for the channel.")
        if not terms.returnable:
            return terms.reason or self.env._("%s is excluded from returns.", product.display_name)
        return ""

    def _oms_get_left_of_moves(self, facts):
        """Return what the customer has of each delivery of the line and did not announce.

        What came back or was announced without naming its delivery is taken off the oldest first.

        :param Facts facts: what was looked up
        :return: (move, delivered at, quantity) with something left; of kits one without move
        :rtype: list[tuple]
        """
        self.ensure_one()
        unit = self.product_id.uom_id
        has = self._oms_get_quantity_with_customer()
        taken = facts.get_taken(self)
        is_kit = self.product_id._oms_is_kit(self.company_id)
        if is_kit:
            came = sum(self.oms_return_line_ids.item_ids.mapped("quantity"))
        else:
            came = self._oms_get_back_moves()._oms_get_quantity_moved()
        # What was paid back without coming back stays with the customer, but for what never left.
        never = max(facts.invoiced[self] - has - came, 0.0)
        room = has - max(facts.credited[self] - came - never, taken)
        if unit.compare(room, 0.0) <= 0:
            return []
        if is_kit:
            moves = self.move_ids.filtered(lambda move: move.state == "done")
            return [(self.env["stock.move"], max(moves.mapped("date")), room)]
        left = {move: move._oms_get_quantity_moved() for move in self._oms_get_delivered_moves()}
        off = defaultdict(float)
        for move in self._oms_get_back_moves():
            off[move.origin_returned_move_id] += move._oms_get_quantity_moved()
        for known in (facts.announced, facts.under_way):
            for (line, move), amount in known.items():
                if line == self:
                    off[move] += amount
        rest = 0.0
        for move, amount in off.items():
            if move in left:
                rest += max(amount - left[move], 0.0)
                left[move] = max(left[move] - amount, 0.0)
            else:
                rest += amount
        for move in left:
            part = min(rest, left[move])
            left[move] -= part
            rest -= part
        # What was paid back is taken off the oldest, too.
        surplus = sum(left.values()) - room
        for move in left:
            part = min(max(surplus, 0.0), left[move])
            left[move] -= part
            surplus -= part
        return [
            (move, move.picking_id.oms_delivered_at or move.date, amount)
            for move, amount in left.items()
            if unit.compare(amount, 0.0) > 0
        ]

    def _oms_get_objection(self, quantity):
        """Say why goods that come unannounced could not have been announced.

        :param float quantity: in the unit of the product
        :return: '' if they could
        :rtype: str
        """
        self.ensure_one()
        told = self.order_id._oms_get_returnable()[self]
        if told["reason"] or self.product_id.uom_id.compare(quantity, told["quantity"]) <= 0:
            return told["reason"]
        return self.env._(
            "Of %(product)s only %(left)s could be returned.",
            product=self.product_id.display_name,
            left=write_quantity(self.env, told["quantity"], self.product_id.uom_id),
        )

    def _oms_tell_nothing_left(self, facts):
        """Say why the customer has nothing of the line to give back."""
        self.ensure_one()
        name = self.product_id.display_name
        if not self._oms_get_delivered_moves() and self.qty_delivered <= 0:
            return self.env._("%s has not been delivered yet.", name)
        numbers = ", ".join(sorted(facts.returns[self]))
        if numbers:
            return self.env._(
                "All of %(product)s that was delivered is being returned already: %(returns)s.",
                product=name,
                returns=numbers,
            )
        if self.product_id.uom_id.compare(self._oms_get_quantity_with_customer(), 0.0) <= 0:
            return self.env._("All of %s that was delivered was returned already.", name)
        return self.env._("All of %s that was delivered was refunded already.", name)


class OmsReturnLine(models.Model):
    _inherit = "oms.return.line"

    def _get_quantity_expected(self):
        """Return what was announced and may still come, or is kept by the customer.

        :return: quantity in the product's unit
        :rtype: float
        """
        self.ensure_one()
        record = self.return_id
        if record.state in DEAD_STATES:
            return 0.0
        if record.way == "keep":
            return self.quantity
        if record.state not in OPEN_STATES:
            return 0.0
        return max(self.quantity - self.quantity_received, 0.0)
