import re

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime
from odoo.tools.sql import column_exists, create_column

#: What stands between the numbers where a transfer has several.
_BETWEEN = re.compile(r"[,;+\s]+")
#: Those numbers in SQL, as an array; the index below is of the same expression.
NUMBERS = "regexp_split_to_array(carrier_tracking_ref, '[,;+[:space:]]+')"


class StockPicking(models.Model):
    _inherit = "stock.picking"

    oms_fulfillment_id = fields.Many2one(
        "oms.fulfillment",
        string="Fulfillment",
        compute="_compute_oms_fulfillment_id",
        store=True,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_user",
    )

    oms_delivered_at = fields.Datetime(
        string="Delivered",
        readonly=True,
        copy=False,
        help="When the customer had the goods of the transfer.",
        groups="base.group_user",
    )

    oms_delivered_numbers = fields.Json(
        copy=False,
        help="When the customer had the parcels of the transfer that somebody told of one by one, "
        "by tracking number.",
        groups="base.group_user",
    )

    _oms_numbers_idx = models.Index(
        f"USING gin (({NUMBERS})) WHERE POSITION(',' IN carrier_tracking_ref) > 0"
    )

    def _auto_init(self):
        """Create the stored compute empty: transfers from before the addon fulfill nothing."""
        if not column_exists(self.env.cr, self._table, "oms_fulfillment_id"):
            create_column(self.env.cr, self._table, "oms_fulfillment_id", "int4")
        return super()._auto_init()

    @api.depends("move_ids.oms_fulfillment_line_id", "move_ids.origin_returned_move_id")
    def _compute_oms_fulfillment_id(self):
        for picking in self:
            moves = picking.move_ids.filtered(lambda move: not move.origin_returned_move_id)
            picking.oms_fulfillment_id = moves.oms_fulfillment_line_id.fulfillment_id[:1]

    # === PARCELS === #

    @api.model
    def _oms_split_numbers(self, text):
        """Return the tracking numbers that stand in one field, as Odoo writes several.

        :rtype: set[str]
        """
        return set(_BETWEEN.split(text or "")) - {""}

    def _oms_get_numbers(self):
        """Return the tracking numbers of the parcels of the transfer.

        :rtype: set[str]
        """
        self.ensure_one()
        return self._oms_split_numbers(self.carrier_tracking_ref)

    def _oms_get_delivered_numbers(self):
        """Return when the customer had those of the parcels that came, as far as that is known.

        :return: moment in UTC by tracking number
        :rtype: dict
        """
        self.ensure_one()
        told = self.oms_delivered_numbers or {}
        return {number: fields.Datetime.to_datetime(moment) for number, moment in told.items()}

    def _oms_keep_delivered_numbers(self, moments):
        """Write down when the customer had parcels of the transfer.

        :param dict moments: in UTC, by tracking number
        """
        self.ensure_one()
        self.oms_delivered_numbers = {
            number: fields.Datetime.to_string(moment) for number, moment in moments.items()
        }

    # === DELIVERY === #

    def _oms_set_delivered(self, moment=None):
        """Write down that the customer has the goods of transfers.

        A fulfillment is delivered when the last of its transfers is. What was delivered before is
        left as it is.

        :param datetime moment: when, in UTC; now when None
        :return: the transfers that were not delivered before
        :raise UserError: one has not left, or left after the moment, or the moment is still to
            come; nothing is changed
        """
        moment = self.env["oms.fulfillment"]._check_delivery_moment(moment)
        # sudo: who tells of deliveries need not have rights on transfers
        arrived = self.sudo().filtered(lambda picking: not picking.oms_delivered_at)
        for picking in arrived:
            picking._oms_check_can_deliver(moment)
        arrived.write({"oms_delivered_at": moment})
        arrived.oms_fulfillment_id._deliver_arrived()
        return arrived

    def _oms_check_can_deliver(self, moment):
        left = self.move_ids._oms_filter_left()
        if self.state != "done" or not left:
            raise UserError(
                self.env._("%s has not left for the customer: it cannot be delivered.", self.name)
            )
        if max(left.mapped("date")) > moment:
            raise UserError(
                self.env._(
                    "%(name)s cannot be delivered on %(moment)s: it left on %(shipped)s.",
                    name=self.name,
                    moment=format_datetime(self.env, moment),
                    shipped=format_datetime(self.env, max(left.mapped("date"))),
                )
            )

    # === ACTION METHODS === #

    def _oms_get_action(self):
        """Return the action that shows the transfers, a single one as a form.

        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("stock.action_picking_tree_all")
        action["domain"] = [("id", "in", self.ids)]
        action["context"] = {}
        if len(self) == 1:
            action["views"] = [(False, "form")]
            action["res_id"] = self.id
        return action
