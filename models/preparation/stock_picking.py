from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class StockPicking(models.Model):
    """Transfers in waves: each order has a bin of its own on the picker's cart."""

    _inherit = "stock.picking"

    oms_bin = fields.Integer(
        string="Bin",
        readonly=True,
        copy=False,
        help="In which bin of the wave the goods of the order go.",
        groups="base.group_user",
    )
    oms_wave_id = fields.Many2one(
        "stock.picking.batch",
        string="Wave",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The wave in which the transfer is, or was picked: Odoo takes a transfer that is done "
        "before the others out of its batch.",
        groups="base.group_user",
    )

    @api.model_create_multi
    def create(self, vals_list):
        pickings = super().create(vals_list)
        pickings.filtered("batch_id")._oms_note_wave()
        return pickings

    def write(self, vals):
        res = super().write(vals)
        if "batch_id" in vals:
            self._oms_note_wave()
        return res

    def _oms_note_wave(self):
        """Keep wave and bin of transfers that came into a batch, or left it."""
        # sudo: who moves a transfer between batches may do so without rights on what follows
        pickings = self.sudo()
        for picking in pickings.filtered("batch_id"):
            if picking.oms_wave_id != picking.batch_id:
                picking.write({"oms_wave_id": picking.batch_id.id, "oms_bin": 0})
        gone = pickings.filtered(
            lambda picking: (
                not picking.batch_id
                and picking.oms_wave_id
                and not any(move.state == "done" for move in picking.move_ids)
            )
        )
        gone.write({"oms_wave_id": False, "oms_bin": 0})
        pickings.batch_id._oms_number_bins()

    # === ODOO'S AUTOMATIC BATCHES === #

    def _find_auto_batch(self):
        # By default Odoo makes a batch of the deliveries of each customer. What sites do for
        # orders of several of them is put together by rules of preparation, and by people.
        # sudo: who makes a transfer need not see what it is for
        if self.sudo().oms_fulfillment_id:
            return False
        return super()._find_auto_batch()

    def _get_possible_pickings_domain(self):
        return super()._get_possible_pickings_domain() & Domain("oms_fulfillment_id", "=", False)

    def _get_possible_batches_domain(self):
        return super()._get_possible_batches_domain() & Domain("oms_run_id", "=", False)

    # === LEAVING === #

    def _oms_leave_wave(self, text=None):
        """Take transfers out of their waves.

        :param str text: a sentence on why, for the chatter of the waves
        """
        for batch, pickings in self.filtered("batch_id").grouped("batch_id").items():
            names = ", ".join(pickings.mapped("name"))
            # The last one leaves with its wave, which Odoo then cancels.
            pickings.write({"batch_id": False})
            batch._oms_close_empty()
            batch.message_post(
                body=text or self.env._("%s left the wave.", names),
            )

    def action_oms_leave_wave(self):
        """Take the transfers out of their waves, by hand.

        :return: True
        :raise UserError: none is in an open wave
        """
        inside = self.filtered(lambda each: each.batch_id and each.state not in ("done", "cancel"))
        if not inside:
            raise UserError(self.env._("Nothing of this is in an open wave."))
        inside._oms_leave_wave()
        return True
