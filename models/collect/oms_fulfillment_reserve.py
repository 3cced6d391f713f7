from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..words import write_number


class OmsFulfillment(models.Model):
    """Goods that are put aside in a store for a customer who decides there."""

    _inherit = "oms.fulfillment"

    def _get_reserved_claims(self):
        """Return the claims by which goods are kept that nobody has bought.

        :rtype: ``oms.claim``
        """
        return self.line_ids.claim_ids._filter_reserved()

    def _check_reserved(self):
        """Make sure that the goods are still kept.

        :raise UserError: the time is over, or they are reserved no more
        """
        self.ensure_one()
        self._check_may_hand_over()
        # sudo: why goods cannot be sold is told to whoever may read them
        fulfillment = self.sudo()
        if not fulfillment._is_reservation():
            if fulfillment.pickup_state in ("collected", "expired"):
                fulfillment._check_waits()
            raise UserError(self.env._("%s is not a reservation.", self.name))
        if not fulfillment._get_reserved_claims()._lock_alive():
            raise UserError(
                self.env._(
                    "The time of the reservation %s is over: its goods may be somebody else's.",
                    self.name,
                )
            )

    def _make_reserved_ready(self, storage=None):
        """Write down that goods were taken from the shelf and put aside; tell the customers.

        :param str storage: where they lie
        :return: the fulfillments that were not ready before
        :raise UserError: the time of a reservation is over
        """
        for fulfillment in self:
            fulfillment._check_reserved()
        # sudo: nobody writes fulfillments, they follow what happens
        reserved = self.sudo()
        reserved._lock_work()
        if storage is not None:
            reserved.storage_place = storage
        new = reserved.filtered(lambda fulfillment: not fulfillment.pickup_ready_at)
        new.write({"worker_id": False, "worker_since": False})
        new._open_pickup()
        return new

    # === SOLD === #

    def _sell(self, quantities=None, lots=None):
        """Confirm the order of a reservation with what the customer takes, and hand that over.

        What he leaves is free for others at once.

        :param dict quantities: in the product's unit by ``oms.fulfillment.line``; all when None
        :param dict lots: (``stock.lot``, quantity in the product's unit) pairs by line, for
            products of which the site has several lots
        :return: what the clerk should know besides, sentences
        :rtype: list[str]
        :raise AccessError: the user does not work at the site
        :raise UserError: it is no reservation, or its time is over
        :raise ValidationError: a quantity that is not there
        """
        self.ensure_one()
        self._lock_work()
        self._check_reserved()
        # sudo: who works at a site sells what was reserved there, and need not sell anything else
        fulfillment = self.sudo()
        open_ = {line: line._get_quantity_open() for line in fulfillment.line_ids}
        taken = open_
        if quantities is not None:
            taken = {line.sudo(): quantity for line, quantity in quantities.items()}
            fulfillment._check_taken(taken)
        taken = fulfillment.line_ids._keep_positive(taken)
        if not taken:
            raise UserError(self.env._("Nothing is taken: release the reservation instead."))
        order = fulfillment.order_id
        order._oms_order_only({line.sale_line_id: taken[line] for line in taken})
        order.action_confirm()
        order._oms_release_reserved()
        fulfillment._accept()
        fulfillment._choose_lots({line.sudo(): pairs for line, pairs in (lots or {}).items()})
        if not fulfillment.pickup_ready_at:
            fulfillment.pickup_ready_at = fields.Datetime.now()
        fulfillment._pick()
        fulfillment._hand_over()
        fulfillment.write({"pickup_handed_by_id": self.env.uid})
        fulfillment.message_post(body=self.env._("Sold in the store and handed over."))
        return fulfillment._get_other_waiting()

    def _choose_lots(self, lots):
        """Have the transfers carry the lots that the customer takes.

        :raise UserError: the site has several lots and nobody said which, or one is not here
        """
        for line in self.line_ids.filtered(lambda line: line.product_id.tracking != "none"):
            moves = line._get_open_moves()
            pairs = lots.get(line)
            if not moves:
                continue
            if not pairs:
                line._check_one_lot(moves)
                continue
            named, wanted = (
                sum(quantity for _lot, quantity in pairs),
                sum(moves.mapped("product_qty")),
            )
            if line.uom_id.compare(named, wanted):
                raise UserError(
                    self.env._(
                        "Say of all %(wanted)s %(product)s which lots or serial numbers they are: "
                        "%(named)s are named.",
                        wanted=write_number(self.env, wanted, line.uom_id),
                        named=write_number(self.env, named, line.uom_id),
                        product=line.product_id.display_name,
                    )
                )
            moves.move_line_ids.unlink()
            for lot, quantity in pairs:
                line._check_lot_here(moves[:1], lot, quantity)
                moves[:1]._oms_pick_unreserved(quantity, lot=lot)

    # === RELEASED === #

    def _release_reservation(self, note=None):
        """Give back what customers do not want after all; the quotations are cancelled.

        :param str note: why
        :raise AccessError: the user does not work at the sites
        :raise UserError: something is no reservation
        """
        self._check_may_hand_over()
        self._lock_work()
        # sudo: who works at a site gives back what was reserved there
        for fulfillment in self.sudo():
            if not fulfillment._is_reservation():
                raise UserError(self.env._("%s is not a reservation.", fulfillment.name))
        self.sudo()._end_reservation()
        for fulfillment in self.sudo():
            text = self.env._("The reservation was released. %s", note or "").strip()
            fulfillment.message_post(body=text)
            fulfillment.order_id._oms_note(text)

    def _end_reservation(self):
        """End the claims of reservations, and cancel their quotations."""
        if not self:
            return
        self.line_ids.claim_ids._release()
        self.line_ids.quantity = 0.0
        self.order_id.with_context(disable_cancel_warning=True)._action_cancel()

    def _reject(self, reason, quantities=None, note=None):
        # sudo: what is only reserved is nobody's order yet
        reserved = self.sudo().filtered(lambda fulfillment: fulfillment._is_reservation())
        rejections = super()._reject(reason, quantities, note)
        gone = reserved.filtered(lambda each: not each._get_reserved_claims())
        # Nobody looks elsewhere for what somebody wanted to see in this store.
        gone.pickup_expired_at = fields.Datetime.now()
        gone._end_reservation()
        gone._tell_customer("expired")
        return rejections

    # === LONGER === #

    def _extend_claims(self, until):
        """Keep the goods of reservations until a moment.

        :raise UserError: a reservation has ended
        """
        for fulfillment in self:
            fulfillment._check_reserved()
            fulfillment._get_reserved_claims().expires_at = until

    # === ACTION METHODS === #

    def action_pickup_ready(self):
        """Tell that reserved goods were put aside.

        :return: True
        """
        self._check_may_hand_over()
        self._make_ready()
        return True

    def action_sell(self):
        """Ask what the customer takes.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        self._check_reserved()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Sell"),
            "res_model": "oms.pickup.collect",
            "view_mode": "form",
            "target": "new",
            "context": {"default_fulfillment_id": self.id},
        }

    def action_release_reservation(self):
        """Give the goods back.

        :return: True
        """
        self._release_reservation()
        return True


class OmsFulfillmentLine(models.Model):
    _inherit = "oms.fulfillment.line"

    def _find_lots(self, move):
        """Return the stock of the product at the place that a move takes from, by lots."""
        return self.env["stock.quant"].search(
            [
                ("product_id", "=", self.product_id.id),
                ("location_id", "child_of", move.location_id.id),
                ("quantity", ">", 0),
            ]
        )

    def _check_one_lot(self, moves):
        """Make sure that nobody has to say which lot the customer takes.

        :raise UserError: the site has several
        """
        lots = self._find_lots(moves[:1]).lot_id
        if len(lots) > 1:
            raise UserError(
                self.env._(
                    "Say which lot or serial number of %s the customer takes.",
                    self.product_id.display_name,
                )
            )

    def _check_lot_here(self, move, lot, quantity):
        """Make sure that the site has so much of a lot, and nobody else is to get it.

        :param float quantity: in the product's unit
        :raise UserError: it has not
        """
        free = self.env["stock.quant"]._get_available_quantity(
            self.product_id, move.location_id, lot_id=lot
        )
        if self.uom_id.compare(free, quantity) < 0:
            raise UserError(
                self.env._(
                    "%(lot)s of %(product)s is not free here: look at the number again.",
                    lot=lot.name,
                    product=self.product_id.display_name,
                )
            )


class OmsClaim(models.Model):
    _inherit = "oms.claim"

    def _filter_reserved(self):
        """Keep those by which goods are kept that nobody has bought."""
        return self.filtered(
            lambda claim: claim.state == "active" and claim.origin == "reservation"
        )

    def _lock_alive(self):
        """Lock reservations, and tell whether all of them still hold.

        :return: False if one has ended, or there is none
        :rtype: bool
        """
        if not self:
            return False
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                "SELECT id FROM oms_claim WHERE id = ANY(%s) AND state = 'active' "
                "AND expires_at > %s FOR UPDATE",
                self.ids,
                fields.Datetime.now(),
            ),
            # Losing against another transaction is no fault: the caller is run again.
            log_exceptions=False,
        )
        return self.env.cr.rowcount == len(self)
