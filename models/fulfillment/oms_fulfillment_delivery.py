from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_datetime

#: By how much the clocks of those who report deliveries may be ahead.
CLOCK_TOLERANCE = timedelta(minutes=5)


class OmsFulfillment(models.Model):
    """When goods were released, left, and came to the customer."""

    _inherit = "oms.fulfillment"

    released_at = fields.Datetime(
        string="Released",
        compute="_compute_moments",
        store=True,
        help="When the site was first asked to prepare the goods.",
    )
    shipped_at = fields.Datetime(
        string="Shipped",
        compute="_compute_moments",
        store=True,
        help="When the last of the goods left the site; empty while something is still to leave.",
    )
    delivered_at = fields.Datetime(
        string="Delivered",
        readonly=True,
        copy=False,
        help="When the customer had all of the goods.",
    )

    @api.depends("line_ids.move_ids.state", "line_ids.move_ids.date")
    def _compute_moments(self):
        for fulfillment in self:
            fulfillment.released_at = fulfillment.released_at or fulfillment._get_released_at()
            fulfillment.shipped_at = fulfillment._get_shipped_at()

    def _get_released_at(self):
        """Return when the site was first asked for the goods.

        :return: moment in UTC; False if it was not
        """
        self.ensure_one()
        asked = [move.create_date for move in self.line_ids.move_ids if move.create_date]
        return min(asked, default=False)

    def _get_shipped_at(self):
        """Return when the last of the goods left for the customer.

        :return: moment in UTC; False while something is open
        """
        self.ensure_one()
        moves = self.line_ids.move_ids
        if any(move.state not in ("done", "cancel") for move in moves):
            return False
        return max(moves._oms_filter_left().mapped("date"), default=False)

    @api.depends("delivered_at")
    def _compute_state(self):
        return super()._compute_state()

    def _get_state(self):
        state = super()._get_state()
        return "delivered" if state == "shipped" and self.delivered_at else state

    def _is_handed_over(self):
        """Tell whether the customer takes the goods at the site, so that they have no way to go.

        :rtype: bool
        """
        self.ensure_one()
        return False

    # === DELIVERY === #

    def _set_delivered(self, moment=None):
        """Write down that the customer has the goods.

        What was delivered before is left as it is, so that it may be told twice.

        :param datetime moment: when, in UTC; now when None
        :return: the fulfillments that were not delivered before
        :raise UserError: one has not been shipped whole, or was shipped after the moment, or the
            moment is still to come; nothing is changed
        """
        moment = self._check_delivery_moment(moment)
        # sudo: nobody writes fulfillments, they follow what happens
        arrived = self.sudo().filtered(lambda fulfillment: fulfillment.state != "delivered")
        arrived._check_can_deliver(moment)
        arrived._get_parcels().filtered(lambda parcel: not parcel.oms_delivered_at).write(
            {"oms_delivered_at": moment}
        )
        arrived._write_delivered(moment)
        return arrived

    @api.model
    def _check_delivery_moment(self, moment=None):
        """Return the moment of a delivery.

        :param datetime moment: in UTC; now when None
        :raise UserError: it is still to come
        """
        now = fields.Datetime.now()
        if moment and moment > now + CLOCK_TOLERANCE:
            raise UserError(
                self.env._(
                    "Nothing is delivered on %s: that is still to come.",
                    format_datetime(self.env, moment),
                )
            )
        return min(moment or now, now).replace(microsecond=0)

    def _check_can_deliver(self, moment):
        """Make sure that the goods have left.

        :raise UserError: some have not
        """
        waiting = self.filtered(lambda fulfillment: fulfillment.state != "shipped")
        if waiting:
            raise UserError(
                self.env._(
                    "Only what was shipped whole can be delivered, and this was not: %s.",
                    ", ".join(waiting.mapped("name")),
                )
            )
        later = self.filtered(
            lambda fulfillment: fulfillment.shipped_at and fulfillment.shipped_at > moment
        )
        if later:
            raise UserError(
                self.env._(
                    "%(name)s cannot be delivered on %(moment)s: it left on %(shipped)s.",
                    name=later[0].name,
                    moment=format_datetime(self.env, moment),
                    shipped=format_datetime(self.env, later[0].shipped_at),
                )
            )

    def _get_parcels(self):
        """Return the transfers by which goods left for the customer."""
        return self.line_ids.move_ids._oms_filter_left().picking_id

    def _deliver_arrived(self):
        """Count as delivered what the customers took along, or got before the rest was given up."""
        by_moment = {}
        for fulfillment in self.filtered(lambda each: each.state == "shipped"):
            parcels = fulfillment._get_parcels()
            moments = parcels.mapped("oms_delivered_at")
            if fulfillment._is_handed_over():
                moments = [fulfillment.shipped_at]
            if moments and all(moments):
                last = max(moments)
                by_moment[last] = by_moment.get(last, self.browse()) | fulfillment
        for moment, fulfillments in by_moment.items():
            fulfillments._set_delivered(moment)

    def _write_delivered(self, moment):
        if not self:
            return
        self.write({"delivered_at": moment})
        self.order_id._oms_raise("fulfillment.delivered")._run_later()

    def _unset_delivered(self):
        """Take back that the customer has the goods.

        :return: the fulfillments that were delivered
        """
        # sudo: nobody writes fulfillments, they follow what happens
        arrived = self.sudo().filtered("delivered_at")
        arrived._get_parcels().write({"oms_delivered_at": False, "oms_delivered_numbers": False})
        arrived.write({"delivered_at": False})
        return arrived

    # === ACTION METHODS === #

    def _check_may_deliver(self):
        self.check_access("read")
        if not self.env.user.has_group("stock.group_stock_user"):
            raise AccessError(
                self.env._("Only site operators and order operators tell what was delivered.")
            )

    def action_set_delivered(self):
        """Tell that the customers have the goods by now.

        :return: True
        :raise AccessError: the user has no business at the sites
        :raise UserError: something has not been shipped whole
        """
        self._check_may_deliver()
        self._set_delivered()
        return True

    def action_unset_delivered(self):
        """Take back that the customers have the goods.

        :return: True
        :raise AccessError: the user has no business at the sites
        :raise UserError: nothing of this was delivered
        """
        self._check_may_deliver()
        undone = self._unset_delivered()
        if not undone:
            raise UserError(self.env._("Nothing of this was delivered."))
        for fulfillment in undone:
            fulfillment.message_post(body=self.env._("The delivery was taken back."))
        return True
