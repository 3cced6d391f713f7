from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

#: Ways for which a carrier takes the goods.
BY_CARRIER = ("label", "pickup")


class OmsReturn(models.Model):
    """How goods come back: labels, tracking numbers, and when they are expected."""

    _inherit = "oms.return"

    def write(self, vals):
        res = super().write(vals)
        if vals.get("expected_at"):
            # What is expected counts as supply of the site from then on.
            moves = self.sudo().picking_ids.move_ids
            moves.filtered(lambda move: move.state not in ("done", "cancel")).write(
                {"date": vals["expected_at"]}
            )
        return res

    def _get_expected_at(self):
        """Return when goods that are authorized now should be at their site.

        :return: moment in UTC
        :rtype: datetime
        """
        self.ensure_one()
        return fields.Datetime.now() + timedelta(days=self.policy_id.way_days)

    def _request_labels(self):
        """Have labels bought for what comes by a carrier, where there is one that gives them.

        Without one the customer sends the goods as he likes, and the return says so.

        :return: the tasks that buy them
        :rtype: oms.task
        """
        tasks = self.env["oms.task"]
        for record in self.filtered(lambda each: each.way in BY_CARRIER):
            carrier = record.carrier_id or record._find_carrier()
            pickings = record.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
            if not carrier or not pickings:
                continue
            record.carrier_id = carrier
            try:
                with self.env.cr.savepoint():
                    pickings.carrier_id = carrier
                    tasks |= pickings._oms_request_return_labels()
            except UserError as error:
                record.message_post(body=self.env._("There is no return label: %s", error.args[0]))
        return tasks

    def _find_carrier(self):
        """Return the delivery method by which the goods came, if its carrier gives labels.

        :rtype: delivery.carrier
        """
        self.ensure_one()
        carriers = self.line_ids.origin_move_id.picking_id.carrier_id | self.order_id.carrier_id
        return carriers.filtered(lambda carrier: carrier.delivery_type == "oms")[:1]

    def _get_labels(self):
        """Return the labels that came, newest first.

        :rtype: ir.attachment
        """
        # sudo: whoever sees the return may print its labels
        return self.sudo().picking_ids.return_label_ids


class OmsCarrierReturn(models.AbstractModel):
    _inherit = "oms.carrier.return"

    def _apply(self, task, result):
        res = super()._apply(task, result)
        record = self._get_picking(task).oms_return_id
        if record:
            numbers = [parcel.tracking_number for parcel in self._read_created(result).parcels]
            known = record.tracking.split(", ") if record.tracking else []
            record.tracking = ", ".join(dict.fromkeys([*known, *numbers]))
        return res
