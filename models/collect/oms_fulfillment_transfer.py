from contextlib import contextmanager
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..inventory.refusal import Shortage

#: States of moves that carry something, or have carried it.
CARRYING = ("waiting", "confirmed", "partially_available", "assigned", "done")


class Way(NamedTuple):
    """What transfers carry of a line, or have carried, in the product's unit.

    :param first: off the shelf of the site that sends it
    :param sent: out of that site
    :param arriving: into the store
    """

    first: float
    sent: float
    arriving: float


class OmsFulfillment(models.Model):
    """What one site sends to the store where the customer collects it.

    A fulfillment of its own: the site picks, packs and hands it over like any other. The store's
    fulfillment waits for it, and goes on when it arrives.
    """

    _inherit = "oms.fulfillment"

    transfer_for_id = fields.Many2one(
        "oms.fulfillment",
        string="Sent For",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="cascade",
        help="What the customer collects in a store that gets the goods from here first.",
    )
    transfer_ids = fields.One2many(
        "oms.fulfillment", "transfer_for_id", string="Sent From Other Sites", readonly=True
    )

    @api.depends("transfer_for_id")
    def _compute_state(self):
        return super()._compute_state()

    def _get_state(self):
        if not self.transfer_for_id:
            return super()._get_state()
        moves = self.line_ids.move_ids
        if moves._oms_filter_sent()._oms_filter_open():
            return "released"
        arriving = moves._oms_filter_arriving()
        if arriving._oms_filter_open():
            return "shipped"
        if arriving.filtered(lambda move: move.state == "done"):
            return "delivered"
        return super()._get_state()

    def _get_shipped_at(self):
        if not self.transfer_for_id:
            return super()._get_shipped_at()
        sent = self.line_ids.move_ids._oms_filter_sent()
        if any(move.state not in ("done", "cancel") for move in sent):
            return False
        return max(sent.filtered(lambda move: move.state == "done").mapped("date"), default=False)

    def _get_transfer_sentence(self):
        """Say from where the goods come that the customer collects here; empty if from here.

        :rtype: str
        """
        self.ensure_one()
        coming = self.transfer_ids.filtered(
            lambda each: each.state in ("planned", "released", "shipped")
        )
        if not coming:
            return ""
        return self.env._("Comes from %s first.", ", ".join(coming.site_id.mapped("name")))

    def _check_all_here(self):
        """Make sure that customers are told of goods when all of them are here.

        :raise UserError: other sites have still to send some
        """
        # sudo: from where goods come is told to whoever waits for them
        for fulfillment in self.sudo().filtered(lambda each: not each.pickup_ready_at):
            coming = fulfillment._get_transfer_sentence()
            if coming:
                raise UserError(
                    self.env._(
                        "Not all of %(name)s is here yet. %(coming)s",
                        name=fulfillment.name,
                        coming=coming,
                    )
                )

    def _get_no_work_sentence(self):
        # sudo: from where goods come is told to whoever waits for them
        coming = self.sudo()._get_transfer_sentence()
        sentence = super()._get_no_work_sentence()
        return f"{self.name}: {coming}" if coming else sentence


class OmsFulfillmentLine(models.Model):
    _inherit = "oms.fulfillment.line"

    transfer_line_id = fields.Many2one(
        "oms.fulfillment.line",
        string="Sent For Line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="cascade",
    )
    quantity_on_way = fields.Float(
        string="On Its Way to the Store",
        digits="Product Unit",
        compute="_compute_quantity_on_way",
        store=True,
        help="What another site is to send, or has sent, to the store where it is collected, and "
        "has not arrived there; in the unit of the product.",
    )

    @api.depends("transfer_line_id", "move_ids.state", "move_ids.quantity", "move_ids.product_qty")
    def _compute_quantity_on_way(self):
        for line in self:
            line.quantity_on_way = line._get_quantity_on_way() if line.transfer_line_id else 0.0

    def _get_quantity_on_way(self):
        arriving = self.move_ids._oms_filter_arriving()
        arrived = arriving.filtered(lambda move: move.state == "done")
        # What is sent short does not arrive, whatever the store still expects.
        coming = self._get_quantity_planned_in_moves() - arrived._oms_sum(self.uom_id)
        return max(min((arriving - arrived)._oms_sum(self.uom_id), coming), 0.0)

    def _get_ways(self):
        """Return what the transfers of lines carry, or have carried, by line.

        :rtype: dict[OmsFulfillmentLine, Way]
        """
        return {
            line: Way(
                *(
                    moves._oms_sum(line.uom_id)
                    for moves in (
                        line._get_first_moves(),
                        line.move_ids._oms_filter_sent(),
                        line.move_ids._oms_filter_arriving(),
                    )
                )
            )
            for line in self
        }

    def _follow_sent(self):
        """Have the store expect no more than what is sent to it."""
        for line in self.filtered("transfer_line_id"):
            sent = line.move_ids._oms_filter_sent()._oms_sum(line.uom_id)
            arriving = line.move_ids._oms_filter_arriving()
            line._lower_moves(arriving.sorted("id"), arriving._oms_sum(line.uom_id) - sent)

    def _give_up_way(self, less_sent, less_arriving):
        """Have the store expect less, and look elsewhere for what was sent and does not arrive.

        :param float less_sent: in the product's unit
        :param float less_arriving: likewise
        """
        there, order = self.transfer_line_id, self.transfer_line_id.sale_line_id.order_id
        there._lower_planned(less_arriving)
        lost = self.uom_id.round(less_arriving - less_sent)
        if self.uom_id.compare(lost, 0.0) > 0 and order.state == "sale":
            there.fulfillment_id.message_post(
                body=self.env._(
                    "%(quantity)s %(product)s from %(site)s did not arrive.",
                    quantity=f"{lost:g}",
                    product=self.product_id.display_name,
                    site=self.site_id.name,
                )
            )
            if self.env.context.get("oms_launch") != "cancel":
                order._oms_raise("fulfillment.rejected")._run_later()

    # === ARRIVING === #

    def _take_arrived(self, quantity):
        """Have the store hand over what has arrived for a customer, as far as he still wants it.

        :param float quantity: in the product's unit
        """
        self.ensure_one()
        there = self.transfer_line_id
        order_line = there.sale_line_id
        wanted = min(quantity, order_line._oms_get_qty_open())
        if order_line.state != "sale" or self.uom_id.compare(wanted, 0.0) <= 0:
            there._lower_planned(quantity)
            return
        there._lower_planned(self.uom_id.round(quantity - wanted))
        try:
            with self.env.cr.savepoint():
                self.env["oms.claim"].create(
                    {
                        "product_id": self.product_id.id,
                        "site_id": there.site_id.id,
                        "quantity": wanted,
                        "sale_line_id": order_line.id,
                        "fulfillment_line_id": there.id,
                    }
                )
        except Shortage as error:
            # The store had sold more than it had: what arrived is not this customer's any more.
            there._lower_planned(wanted)
            there.fulfillment_id.message_post(body=str(error))
            return
        with order_line.order_id._oms_unlocked():
            order_line._oms_release()
        # Who collected before is told of the rest, once that is put aside.
        there.fulfillment_id.filtered("pickup_ready_at").pickup_ready_at = False


class StockMove(models.Model):
    _inherit = "stock.move"

    def _oms_filter_sent(self):
        """Keep the moves by which goods leave a site that sends them to a store."""
        return self.filtered(lambda move: move.location_dest_id.usage == "transit")

    def _oms_filter_arriving(self):
        """Keep the moves that bring to a store what other sites sent."""
        return self.filtered(lambda move: move.location_id.usage == "transit")

    def _oms_filter_open(self):
        """Keep the moves that are neither done nor cancelled."""
        return self.filtered(lambda move: move.state not in ("done", "cancel"))

    def _oms_sum(self, unit):
        """Return what the moves carry, or have carried.

        :rtype: float
        """
        return sum(
            move.product_uom._compute_quantity(
                move.quantity if move.state == "done" else move.product_uom_qty, unit
            )
            for move in self
            if move.state in CARRYING
        )

    def _action_cancel(self):
        with self._oms_watch_ways() as moves:
            return super(StockMove, moves)._action_cancel()

    def _action_done(self, cancel_backorder=False):
        with self._oms_watch_ways() as watched:
            moves = super(StockMove, watched)._action_done(cancel_backorder=cancel_backorder)
        moves = moves.with_env(self.env)
        # sudo: who receives goods need not see what they are for
        arrived = moves.sudo().filtered(
            lambda move: (
                move.state == "done"
                and move.location_id.usage == "transit"
                and move.oms_fulfillment_line_id.transfer_line_id
            )
        )
        if arrived:
            self.env.flush_all()
        for line, same in arrived.grouped("oms_fulfillment_line_id").items():
            line._take_arrived(same._oms_sum(line.uom_id))
        return moves

    @contextmanager
    def _oms_watch_ways(self):
        """Have stores expect what is on its way to them after the block, and no more.

        :return: the moves, for which it is watched
        """
        # sudo: who works on a transfer need not see what it is for
        lines = self.sudo().oms_fulfillment_line_id.filtered("transfer_line_id")
        context = self.env.context
        if not lines or context.get("oms_launch") == "stop" or context.get("oms_watches_ways"):
            yield self
            return
        before = lines._get_ways()
        # What is cancelled along with it is seen once.
        yield self.with_context(oms_watches_ways=True)
        lines.invalidate_recordset(["move_ids"])
        lines._follow_steps(before)
        lines._follow_sent()
        for line, now in lines._get_ways().items():
            was = before[line]
            line._give_up_way(was.sent - now.sent, was.arriving - now.arriving)


class OmsClaim(models.Model):
    _inherit = "oms.claim"

    def _consume(self, before):
        # Claimed at a site that sends the goods to the store first.
        sent = self.filtered(lambda claim: claim.fulfillment_line_id.transfer_line_id)
        for fulfillment, claims in sent.grouped(
            lambda claim: claim.fulfillment_line_id.fulfillment_id
        ).items():
            quantities = {
                line: sum(same.mapped("quantity"))
                for line, same in claims.grouped("fulfillment_line_id").items()
            }
            fulfillment._send(quantities)
        return super()._consume(before)
