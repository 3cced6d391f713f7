from odoo import api, fields, models


class OmsFulfillment(models.Model):
    """The native documents by which a site sends goods to a store that waits for them."""

    _inherit = "oms.fulfillment"

    def _send(self, quantities):
        """Make the transfers by which a site sends goods to the store that waits for them.

        As Odoo does between two warehouses: by the steps of the one that delivers to a location
        for goods in transit, and from there into the other. What is packed on the way follows
        from Odoo's own rules. In transit goods are not for sale: they go on to the customer.

        :param dict quantities: in the product's unit by ``oms.fulfillment.line``
        """
        self.ensure_one()
        store = self.transfer_for_id.site_id
        source, target = self.site_id.warehouse_id, store.warehouse_id
        transit = self.company_id.internal_transit_location_id
        customers = self.order_id.partner_shipping_id.property_stock_customer
        stock, direct = source.lot_stock_id, source.delivery_steps == "ship_only"
        leaving = stock if direct else source.wh_output_stock_loc_id
        pickings, pick = self.env["stock.picking"], None
        if not direct:
            kind = source.pick_type_id
            first = kind.default_location_dest_id or leaving
            pickings = pick = self._make_transfer(kind, (stock, first, leaving), quantities)
        out = self._make_transfer(
            source.out_type_id, (leaving, transit, transit), quantities, store.partner_id, pick
        )
        # There they count for nobody else: their way ends at the customer.
        places = (transit, target.lot_stock_id, customers)
        into = self._make_transfer(
            target.in_type_id, places, quantities, self.site_id.partner_id, out
        )
        (pickings + out + into).action_confirm()
        (pick or out).action_assign()

    def _make_transfer(self, kind, places, quantities, partner=None, before=None):
        """Make one of the transfers.

        :param kind: ``stock.picking.type``
        :param places: ``stock.location``: where it begins, ends, and where the goods go in the end
        :param dict quantities: in the product's unit by ``oms.fulfillment.line``
        :param before: ``stock.picking`` that brings the goods
        """
        begins, ends, final = places
        return self.env["stock.picking"].create(
            {
                "picking_type_id": kind.id,
                "location_id": begins.id,
                "location_dest_id": ends.id,
                "partner_id": partner and partner.id,
                "origin": self.name,
                "company_id": self.company_id.id,
                "move_ids": [
                    fields.Command.create(
                        {
                            **line._prepare_transfer_move(quantity, before),
                            "location_id": begins.id,
                            "location_dest_id": ends.id,
                            "location_final_id": final.id,
                        }
                    )
                    for line, quantity in quantities.items()
                ],
            }
        )

    def _get_moves_left(self):
        if not self.transfer_for_id:
            return super()._get_moves_left()
        sent = self.line_ids.move_ids._oms_filter_sent()
        return sent.filtered(lambda move: move.state == "done")


class OmsFulfillmentLine(models.Model):
    """What is sent to a store goes through the steps of the site that sends it."""

    _inherit = "oms.fulfillment.line"

    def _prepare_transfer_move(self, quantity, before):
        """Return the values of a move of a line, without its locations.

        :param float quantity: in the product's unit
        :param before: ``stock.picking`` that brings the goods, or None
        """
        origins = before.move_ids if before else self.env["stock.move"]
        origins = origins.filtered(lambda move: move.oms_fulfillment_line_id == self)
        return {
            "product_id": self.product_id.id,
            "product_uom": self.uom_id.id,
            "product_uom_qty": quantity,
            "company_id": self.company_id.id,
            "origin": self.fulfillment_id.name,
            # What Odoo's rules make of it later is put together by fulfillment.
            "reference_ids": [fields.Command.set(self.fulfillment_id.reference_id.ids)],
            "oms_fulfillment_line_id": self.id,
            "procure_method": "make_to_order" if origins else "make_to_stock",
            "move_orig_ids": [fields.Command.set(origins.ids)],
        }

    # === STEPS === #

    def _get_first_moves(self):
        """Return the moves that take what is sent off the shelf.

        :rtype: ``stock.move``
        """
        self.ensure_one()
        sent = self.move_ids._oms_filter_sent()
        within = self.move_ids - sent - self.move_ids._oms_filter_arriving()
        # Odoo makes a move of its own for each step; the one that leaves may be the only one.
        return within.filtered(lambda move: not move.move_orig_ids & within) if within else sent

    def _get_open_moves(self):
        if not self.transfer_line_id:
            return super()._get_open_moves()
        return self._get_first_moves()._oms_filter_open()

    def _get_moves_between(self):
        if not self.transfer_line_id:
            return super()._get_moves_between()
        first = self._get_first_moves() - self.move_ids._oms_filter_sent()
        return first.filtered(lambda move: move.state == "done")

    def _get_quantity_between(self):
        if not self.transfer_line_id:
            return super()._get_quantity_between()
        sent, first = self.move_ids._oms_filter_sent(), self._get_first_moves()
        # The move that leaves the site was made along with the first: it waits for all of them.
        still = [moves._oms_filter_open()._oms_sum(self.uom_id) for moves in (sent, first)]
        return max(self.uom_id.round(still[0] - still[1]), 0.0)

    def _get_quantity_planned_in_moves(self):
        if not self.transfer_line_id:
            return super()._get_quantity_planned_in_moves()
        return min(
            self._get_first_moves()._oms_sum(self.uom_id) - self._get_quantity_carried_back(),
            self.move_ids._oms_filter_sent()._oms_sum(self.uom_id),
        )

    def _get_quantity_carried_back(self):
        """Return what is or was brought back from between two steps, see :meth:`_carry_back`."""
        back = self.env["stock.move"].search(
            [
                ("oms_fulfillment_line_id", "in", self.ids),
                ("origin_returned_move_id", "in", self._get_moves_between().ids),
            ]
        )
        return back._oms_sum(self.uom_id)

    def _prepare_carry_back(self, first, place, quantity):
        vals = super()._prepare_carry_back(first, place, quantity)
        # Nothing of it is a step of the customer's own delivery.
        return {**vals, "sale_line_id": False} if self.transfer_line_id else vals

    @api.depends("transfer_line_id")
    def _compute_quantity_done(self):
        res = super()._compute_quantity_done()
        for line in self.filtered("transfer_line_id"):
            sent = line.move_ids._oms_filter_sent()
            line.quantity_done = sent.filtered(lambda m: m.state == "done")._oms_sum(line.uom_id)
        return res

    # === LESS IS SENT === #

    def _stop(self, quantity):
        spots = super()._stop(quantity)
        if self.transfer_line_id:
            self._follow_sent()
            self.transfer_line_id._lower_planned(quantity)
        return spots

    def _stop_moves(self, quantity):
        first, sent = self._get_open_moves(), self.move_ids._oms_filter_sent()
        if not self.transfer_line_id or not first + self._get_moves_between() - sent:
            return super()._stop_moves(quantity)
        there = sent._oms_filter_open()._oms_sum(self.uom_id)
        left, spots = self._lower_steps(quantity)
        # Odoo cancels the last step along with the first where nothing else brings it goods.
        still = sent._oms_filter_open()._oms_sum(self.uom_id)
        left, _spots = self._lower_moves(
            sent.sorted(lambda move: (move.picked, -move.id)), quantity - there + still
        )
        return left, spots

    def _lower_steps(self, quantity):
        """Have the steps before the last carry less, those that nobody worked on first.

        :param float quantity: in the product's unit
        :return: what lies before the last step already, and where goods were reserved
        :rtype: tuple[float, set]
        """
        sent, arriving = self.move_ids._oms_filter_sent(), self.move_ids._oms_filter_arriving()
        first = self._get_first_moves() - sent
        left, spots = self._lower_moves(
            first.sorted(lambda move: (move.picked, -move.id)), quantity
        )
        later = self.move_ids - sent - arriving - first
        left, more = self._lower_moves(later.sorted(lambda m: (m.picked, -m.id)), left)
        return left, spots | more

    def _stop_idle(self):
        transfers = self.filtered("transfer_line_id")
        before = transfers._get_ways()
        lines = super()._stop_idle()
        transfers._follow_steps(before)
        transfers._follow_sent()
        for line, now in transfers._get_ways().items():
            line.transfer_line_id._lower_planned(before[line].arriving - now.arriving)
        return lines

    def _follow_steps(self, before):
        """Have the steps at the site that sends carry no more than each other.

        :param dict before: what :meth:`_get_ways` gave before one of them carried less
        """
        for line, now in self._get_ways().items():
            was = before[line]
            more = line.uom_id.round((was.first - now.first) - (was.sent - now.sent))
            if line.uom_id.compare(more, 0.0) > 0:
                line._lower_moves(line.move_ids._oms_filter_sent().sorted("id"), more)
            elif line.uom_id.compare(more, 0.0) < 0:
                line._lower_steps(-more)
                line._carry_back()
