from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class OmsFulfillment(models.Model):
    """Work of sites in waves."""

    _inherit = "oms.fulfillment"

    wave_id = fields.Many2one(
        "stock.picking.batch",
        compute="_compute_wave_id",
        store=True,
        index="btree_not_null",
        help="In which wave it is picked, or was.",
        groups="stock.group_stock_user",
    )
    wave_bin = fields.Integer(
        string="Bin in Wave",
        compute="_compute_wave_id",
        store=True,
        help="In which bin of the picker's cart the goods go.",
        groups="stock.group_stock_user",
    )

    @api.depends(
        "picking_ids.oms_wave_id",
        "picking_ids.oms_wave_id.state",
        "picking_ids.oms_bin",
        "picking_ids.state",
    )
    def _compute_wave_id(self):
        for fulfillment in self:
            inside = fulfillment.picking_ids.filtered(
                lambda picking: picking.oms_wave_id and picking.oms_wave_id.state != "cancel"
            ).sorted(lambda picking: (picking.oms_wave_id.state == "done", picking.id))
            fulfillment.wave_id = inside[:1].oms_wave_id
            fulfillment.wave_bin = inside[:1].oms_bin

    # === ACTION METHODS === #

    def _check_may_prepare(self):
        """Only who works at sites, or for all of them, makes waves.

        :raise AccessError: somebody else tries
        """
        self.check_access("read")
        if not self.env.user.has_group("stock.group_stock_user"):
            raise AccessError(
                self.env._("Only site operators and order operators prepare orders in waves.")
            )

    def action_make_waves(self):
        """Ask how the fulfillments are to be put into waves, and show what that would give.

        :return: a window action
        :rtype: dict
        :raise AccessError: the user does not work at sites
        :raise UserError: nothing of it is to be prepared
        """
        self._check_may_prepare()
        released = self.filtered(lambda each: each.state == "released")
        if not released:
            raise UserError(
                self.env._("Nothing of this is to be prepared: choose what is released.")
            )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Make Waves"),
            "res_model": "oms.preparation.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_fulfillment_ids": released.ids,
                "dialog_size": "extra-large",
            },
        }

    def action_view_wave(self):
        """Open the waves of the fulfillments.

        :return: a window action
        :rtype: dict
        """
        return self.wave_id._oms_open()

    def action_leave_wave(self):
        """Take the fulfillments out of their waves.

        :return: True
        :raise AccessError: the user does not work at sites
        :raise UserError: none is in an open wave
        """
        self._check_may_prepare()
        return self.picking_ids.action_oms_leave_wave()

    def _get_open_pickings(self):
        """Return the open transfers by which the goods leave the shelves of the sites.

        Not those by which they go on from there, or come from another site first.

        :rtype: ``stock.picking``
        """
        return self._get_work().first.picking_id
