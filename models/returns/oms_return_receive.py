from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from .oms_return import OPEN_STATES

#: States in which goods of a return may come.
RECEIVING_STATES = (*OPEN_STATES, "received", "expired")


class OmsReturn(models.Model):
    """What really comes: as announced, or more, fewer, other goods, or at another site."""

    _inherit = "oms.return"

    def _receive(self, items, site=None):
        """Take in what came, and put it where it waits for its inspection.

        Goods of an item that names no return line are matched with what was announced and then
        with what else the order delivered; what fits nowhere is kept as goods of no order line, and
        so is what names none on purpose (``unexpected``).

        :param list items: dicts with ``product_id`` (or ``line_id``), ``quantity`` in the product's
            unit, and perhaps ``lot_id``, ``unexpected``, ``note``, ``photo_ids``, ``grade_id``,
            ``checks``
        :param site: ``oms.site`` at which they came; that of the return when None
        :return: what came
        :rtype: oms.return.item
        :raise UserError: the return is over, more than was delivered would be back, or a lot was
            not delivered; nothing is changed
        """
        self.ensure_one()
        # sudo: who takes goods back at a site need not have rights on the order
        record = self.sudo()
        site = (site or record.site_id).sudo()
        record._check_state(RECEIVING_STATES, self.env._("received"))
        record._check_receiving_site(site)
        record._lock_work()
        record.order_id.order_line._oms_lock_returns()
        if record.state == "expired":
            # It came all the same.
            record._wake()
        if record.state == "requested":
            record.site_id = site
            record._authorize()
        known, strange = record._match_items(items)
        made = record._take_in(known, site)
        made |= record._take_in_strange(strange, site)
        record._note_received(made, site)
        return made.with_env(self.env)

    def _check_receiving_site(self, site):
        """Make sure that goods can be taken in at a site.

        :raise UserError: they cannot
        """
        self.ensure_one()
        if not site or not site.warehouse_id or site.company_id != self.company_id:
            raise UserError(self.env._("Say at which site of %s it came.", self.company_id.name))

    # === WHAT FOLLOWS === #

    def _note_moves(self, moves):
        """Write down what came in transfers that people validated themselves.

        :param moves: done ``stock.move`` of lines of the return
        """
        self.ensure_one()
        site = moves.picking_type_id.warehouse_id.oms_site_ids[:1] or self.site_id
        items = self.env["oms.return.item"].create(
            [
                {
                    "return_id": self.id,
                    "line_id": move.oms_return_line_id.id,
                    "product_id": move.product_id.id,
                    "lot_id": lot.id,
                    "quantity": quantity,
                    # What does not lower what was delivered is paid back to nobody.
                    "accepted": move.to_refund,
                    "site_id": site.id,
                    "move_ids": [Command.set(move.ids)],
                }
                for move in moves
                if move.product_id == move.oms_return_line_id.product_id
                for lot, quantity in move._oms_get_quantities_by_lot().items()
            ]
            + [
                {
                    "return_id": self.id,
                    "line_id": line.id,
                    "product_id": line.product_id.id,
                    "quantity": quantity,
                    "accepted": all(of_line.mapped("to_refund")),
                    "site_id": site.id,
                    "move_ids": [Command.set(of_line.ids)],
                }
                for line, of_line in moves.grouped("oms_return_line_id").items()
                if (quantity := line._count_kits(of_line))
            ]
        )
        if items and self.state in RECEIVING_STATES:
            self._note_received(items, site)

    def _note_received(self, items, site):
        """Go on when all that was announced is here."""
        if site != self.site_id and self.site_id and items:
            self.message_post(
                body=self.env._(
                    "It came to %(here)s instead of %(there)s.",
                    here=site.name,
                    there=self.site_id.name,
                )
            )
        missing = any(
            line.uom_id.compare(line.quantity_received, line.quantity) < 0 for line in self.line_ids
        )
        if not missing and self.state in OPEN_STATES:
            self._finish_receipt()

    def _finish_receipt(self):
        """Count returns as received: what did not come so far is not expected any more.

        :raise UserError: nothing came
        """
        self._check_state(OPEN_STATES, self.env._("received"))
        # sudo: who takes goods back at a site need not have rights on the order
        self._lock_work()
        for record in self.sudo():
            if not record.item_ids:
                raise UserError(self.env._("Nothing of %s came: cancel it instead.", record.name))
            record.write({"state": "received", "received_at": fields.Datetime.now()})
            record._cancel_pickings()
            record._raise_event("return.received")
            record._note_inspected()
            if record.state == "received" and record.policy_id.refund_at == "received":
                record._try_settle()


class OmsReturnLine(models.Model):
    _inherit = "oms.return.line"

    def _count_kits(self, moves):
        """Return how many kits came by moves of their parts; zero if it is no kit.

        :param moves: done ``stock.move`` of the line
        :rtype: float
        """
        self.ensure_one()
        if not self.product_id._oms_is_kit(self.company_id):
            return 0.0
        by_part = moves.grouped("product_id")
        return min(
            (
                part.uom_id.round(by_part.get(part, moves[:0])._oms_get_quantity_moved()) / per_kit
                for part, per_kit in self._get_parts_per_kit().items()
                if per_kit
            ),
            default=0.0,
        )
