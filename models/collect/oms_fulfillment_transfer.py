from contextlib import contextmanager

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..inventory.refusal import Shortage

#: States of moves that carry something, or have carried it.
CARRYING = ("waiting", "confirmed", "partially_available", "assigned", "done")


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
        if moves._oms_filter_sent().filtered(lambda move: move.state not in ("done", "cancel")):
            return "released"
        arriving = moves - moves._oms_filter_sent()
        if arriving.filtered(lambda move: move.state not in ("done", "cancel")):
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
        arriving = self.move_ids - self.move_ids._oms_filter_sent()
        return arriving.filtered(lambda move: move.state != "done")._oms_sum(self.uom_id)

    def _get_ways(self):
        """Return what is sent, or was, and what is to arrive of it, or has, by line.

        :return: (sent, arriving) quantities in the product's unit by line
        :rtype: dict
        """
        ways = {}
        for line in self:
            sent = line.move_ids._oms_filter_sent()
            arriving = line.move_ids - sent
            ways[line] = sent._oms_sum(line.uom_id), arriving._oms_sum(line.uom_id)
        return ways

    def _get_quantity_planned_in_moves(self):
        if not self.transfer_line_id:
            return super()._get_quantity_planned_in_moves()
        return self.move_ids._oms_filter_sent()._oms_sum(self.uom_id)

    def _get_open_moves(self):
        if not self.transfer_line_id:
            return super()._get_open_moves()
        return self.move_ids._oms_filter_sent().filtered(
            lambda move: move.state not in ("done", "cancel")
        )

    def _stop(self, quantity):
        spots = super()._stop(quantity)
        if self.transfer_line_id:
            self._follow_sent()
            self.transfer_line_id._lower_planned(quantity)
        return spots

    def _follow_sent(self):
        """Have the store expect no more than what is sent to it."""
        for line in self.filtered("transfer_line_id"):
            sent = line.move_ids._oms_filter_sent()
            arriving = (line.move_ids - sent).filtered(lambda move: move.state in CARRYING)
            excess = arriving._oms_sum(line.uom_id) - sent._oms_sum(line.uom_id)
            for move in arriving.filtered(lambda move: move.state != "done").sorted("id"):
                part = min(move.product_qty, excess)
                if line.uom_id.compare(part, 0.0) > 0:
                    excess -= part
                    less = line.uom_id._compute_quantity(part, move.product_uom)
                    move.with_context(oms_launch="stop")._oms_lower_demand(less)

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

    # === SENDING === #

    def _send(self, quantity):
        """Make the transfers by which a site sends goods to the store that waits for them.

        As Odoo does between two warehouses: out of the one to a location for goods in transit, and
        from there into the other. There they are not for sale: they go on to the customer.

        :param float quantity: in the product's unit
        """
        self.ensure_one()
        store = self.transfer_line_id.site_id
        source, target = self.site_id.warehouse_id, store.warehouse_id
        transit = self.company_id.internal_transit_location_id
        customers = self.sale_line_id.order_id.partner_shipping_id.property_stock_customer
        out = self._make_transfer(
            source.out_type_id, source.lot_stock_id, transit, transit, quantity, store.partner_id
        )
        into = self._make_transfer(
            target.in_type_id,
            transit,
            target.lot_stock_id,
            customers,
            quantity,
            self.site_id.partner_id,
            out.move_ids,
        )
        (out + into).action_confirm()
        out.action_assign()

    def _make_transfer(self, kind, place, target, final, quantity, partner, before=None):
        """Make one of the two transfers.

        :param kind: ``stock.picking.type``
        :param final: ``stock.location`` to which the goods go in the end
        :param before: ``stock.move`` that brings them
        """
        fulfillment = self.fulfillment_id
        return self.env["stock.picking"].create(
            {
                "picking_type_id": kind.id,
                "location_id": place.id,
                "location_dest_id": target.id,
                "partner_id": partner.id,
                "origin": fulfillment.name,
                "company_id": self.company_id.id,
                "move_ids": [
                    fields.Command.create(
                        {
                            "product_id": self.product_id.id,
                            "product_uom": self.uom_id.id,
                            "product_uom_qty": quantity,
                            "location_id": place.id,
                            "location_dest_id": target.id,
                            "location_final_id": final.id,
                            "company_id": self.company_id.id,
                            "origin": fulfillment.name,
                            "oms_fulfillment_line_id": self.id,
                            "procure_method": "make_to_order" if before else "make_to_stock",
                            "move_orig_ids": [fields.Command.set(before.ids if before else [])],
                        }
                    )
                ],
            }
        )

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
        """Keep the moves by which a site sends goods to a store; the others bring them there."""
        return self.filtered(lambda move: move.location_id.usage != "transit")

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
        lines._follow_sent()
        for line, (sent, arriving) in lines._get_ways().items():
            line._give_up_way(before[line][0] - sent, before[line][1] - arriving)


class OmsClaim(models.Model):
    _inherit = "oms.claim"

    def _consume(self, before):
        # Claimed at a site that sends the goods to the store first.
        sent = self.filtered(lambda claim: claim.fulfillment_line_id.transfer_line_id)
        for line, claims in sent.grouped("fulfillment_line_id").items():
            line._send(sum(claims.mapped("quantity")))
        return super()._consume(before)
