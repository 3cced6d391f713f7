from odoo import fields, models
from odoo.exceptions import UserError


class OmsFulfillment(models.Model):
    """Having goods wait, and handing them over."""

    _inherit = "oms.fulfillment"

    def _make_ready(self, storage=None):
        """Say that the goods wait for the carrier or the customer.

        :param str storage: where they lie
        :return: the fulfillments that were not ready before
        :raise AccessError: the user does not work at the sites
        :raise UserError: something is still to be picked
        """
        fulfillments = self._begin_work()
        fulfillments._check_picked()
        if storage is not None:
            fulfillments.storage_place = storage
        fulfillments._do_steps_before_last()
        new = fulfillments.filtered(lambda each: not each.ready_at)
        new.write({"ready_at": fields.Datetime.now(), "worker_id": False, "worker_since": False})
        return new

    def _unready(self):
        """Take back that the goods wait.

        :raise AccessError: the user does not work at the sites
        """
        self._begin_work().write({"ready_at": False})

    def _check_picked(self):
        for fulfillment in self.filtered(lambda each: not each.picked_at):
            moves = fulfillment._get_work().first
            missing = {move: move._oms_get_to_pick() for move in moves}
            raise UserError(
                self.env._(
                    "%(name)s is not picked whole. Missing: %(goods)s. Pick it, or say that it is "
                    "not there.",
                    name=fulfillment.name,
                    goods=", ".join(
                        f"{quantity:g} {move.product_id.display_name}"
                        for move, quantity in missing.items()
                        if quantity
                    ),
                )
            )

    def _hand_over(self, partial=False):
        """Give the goods to the carrier or the customer: the transfers are done.

        :param bool partial: hand over what is picked, and leave the rest as work of the site
        :return: the transfers that left
        :rtype: ``stock.picking``
        :raise AccessError: the user does not work at the sites
        :raise UserError: something is still to be picked, or Odoo refuses to ship
        """
        fulfillments = self._begin_work()
        if not partial:
            fulfillments._check_picked()
        elif not fulfillments._get_work().first.filtered("picked") + fulfillments._get_work().later:
            raise UserError(self.env._("Nothing of this is picked that could be handed over."))
        fulfillments._do_steps_before_last()
        work = fulfillments._get_work()
        work.later.move_line_ids.picked = True
        left = (work.first.filtered("picked") + work.later)._oms_validate()
        fulfillments.write({"worker_id": False, "worker_since": False})
        return left

    # === LABELS === #

    def _can_ask_for_labels(self, work):
        """Tell whether labels of a carrier account can be bought now.

        :param Work work: what is open
        :rtype: bool
        """
        self.ensure_one()
        return bool(self.picked_at) and any(
            picking.oms_can_buy_labels or picking.picking_type_code == "internal"
            for picking in (work.first + work.later).picking_id
            if (picking.carrier_id or self.order_id.carrier_id).delivery_type == "oms"
        )

    def _ask_for_labels(self):
        """Have labels bought for what is picked; the steps before the last are done for it.

        :return: the tasks
        :rtype: ``oms.task``
        :raise AccessError: the user does not work at the sites
        :raise UserError: something is still to be picked, or no carrier makes labels
        """
        fulfillments = self._begin_work()
        fulfillments._check_picked()
        fulfillments._do_steps_before_last()
        work = fulfillments._get_work()
        pickings = (work.first + work.later).picking_id.filtered(
            lambda picking: picking.carrier_id.delivery_type == "oms"
        )
        if not pickings:
            raise UserError(
                self.env._("No carrier makes labels for this: its parcels go without, or by hand.")
            )
        wanted = pickings.filtered("oms_can_buy_labels")
        if not wanted:
            raise UserError(self.env._("The labels of this are there already."))
        return wanted._oms_request_labels()
