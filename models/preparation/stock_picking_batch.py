from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL


class StockPickingBatch(models.Model):
    """Batches as preparation waves: bins, a picker, and how far he is."""

    _inherit = "stock.picking.batch"

    oms_site_id = fields.Many2one(
        "oms.site", string="Site", compute="_compute_oms_site_id", store=True, index=True
    )
    oms_run_id = fields.Many2one(
        "oms.preparation.run",
        string="Made By Run",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    oms_picking_ids = fields.One2many(
        "stock.picking",
        "oms_wave_id",
        string="Orders",
        readonly=True,
        help="What is in the wave, and what was picked in it and is done.",
    )
    oms_order_count = fields.Integer(string="Orders in Wave", compute="_compute_oms_progress")
    oms_line_count = fields.Integer(string="Lines", compute="_compute_oms_progress")
    oms_unit_count = fields.Float(
        string="Units", digits="Product Unit", compute="_compute_oms_progress"
    )
    oms_picked_count = fields.Float(
        string="Picked", digits="Product Unit", compute="_compute_oms_progress"
    )
    oms_progress = fields.Float(
        string="Progress", compute="_compute_oms_progress", help="Units picked, in percent of all."
    )
    oms_started_at = fields.Datetime(
        string="Begun",
        readonly=True,
        copy=False,
        help="When somebody took the wave, or its pick list was printed. From then on its work is "
        "not taken back by itself.",
    )
    oms_due_at = fields.Datetime(
        string="Due",
        compute="_compute_oms_due_at",
        help="When the first of its goods have to leave.",
    )

    # === COMPUTE METHODS === #

    @api.depends("picking_type_id")
    def _compute_oms_site_id(self):
        for batch in self:
            # sudo: which site it is, is told to whoever sees the batch
            batch.oms_site_id = batch.sudo().picking_type_id.warehouse_id.oms_site_ids[:1]

    @api.depends("oms_picking_ids.move_ids.state", "oms_picking_ids.move_ids.move_line_ids.picked")
    def _compute_oms_progress(self):
        for batch in self:
            moves = batch.oms_picking_ids.move_ids.filtered(lambda move: move.state != "cancel")
            # What was cut off into a backorder is no part of the wave any more.
            asked = sum(
                max(move.product_qty, 0.0) if move.state != "done" else _get_done(move)
                for move in moves
            )
            picked = sum(_get_done(move) for move in moves)
            batch.oms_order_count = len(batch.oms_picking_ids)
            batch.oms_line_count = len(moves)
            batch.oms_unit_count = asked
            batch.oms_picked_count = picked
            batch.oms_progress = min(100.0 * picked / asked, 100.0) if asked else 0.0

    @api.depends(
        "oms_picking_ids.date_deadline",
        "oms_picking_ids.scheduled_date",
        "oms_picking_ids.oms_fulfillment_id.due_at",
    )
    def _compute_oms_due_at(self):
        get_due = self.env["oms.preparation"]._get_due
        for batch in self:
            moments = [get_due(picking) for picking in batch.oms_picking_ids]
            batch.oms_due_at = min(filter(None, moments), default=False)

    # === BINS === #

    def _oms_number_bins(self):
        """Give each order in the waves that has none the lowest free bin.

        Several transfers of one order share theirs.
        """
        for batch in self:
            pickings = batch.oms_picking_ids
            taken = set(pickings.mapped("oms_bin"))
            by_order = {
                picking.oms_fulfillment_id: picking.oms_bin
                for picking in pickings
                if picking.oms_bin and picking.oms_fulfillment_id
            }
            following = 1
            for picking in pickings.filtered(lambda each: not each.oms_bin).sorted(
                lambda each: (each.batch_sequence, each.id)
            ):
                shared = by_order.get(picking.oms_fulfillment_id)
                if not shared:
                    while following in taken:
                        following += 1
                    shared = following
                    taken.add(shared)
                picking.oms_bin = shared
                if picking.oms_fulfillment_id:
                    by_order[picking.oms_fulfillment_id] = shared

    def _oms_close_empty(self):
        """Cancel open waves from which everything was taken; finish those of which all is done."""
        for batch in self.filtered(lambda each: each.state in ("draft", "in_progress")):
            if not batch.picking_ids:
                done = any(picking.state == "done" for picking in batch.oms_picking_ids)
                batch.state = "done" if done else "cancel"

    # === PICKER === #

    def _oms_begin(self):
        """Note that somebody works on the waves: their work is not taken back by itself."""
        begun = self.filtered(lambda batch: not batch.oms_started_at)
        begun.oms_started_at = fields.Datetime.now()
        self.picking_ids.filtered(lambda picking: not picking.printed).printed = True

    def action_oms_take(self):
        """Take a wave that nobody has, to pick it oneself.

        :return: True
        :raise UserError: somebody else was faster, or the wave is closed
        """
        self.ensure_one()
        self.check_access("write")
        self.flush_recordset(["user_id", "state"])
        # Locked and changed, so that of two who take it at once one is told.
        self.env.cr.execute(
            SQL(
                "UPDATE stock_picking_batch SET write_date = write_date WHERE id = %s "
                "RETURNING user_id, state",
                self.id,
            ),
            log_exceptions=False,
        )
        user_id, state = self.env.cr.fetchone()
        if state not in ("draft", "in_progress"):
            raise UserError(self.env._("%s is closed: there is nothing to pick.", self.name))
        if user_id and user_id != self.env.uid:
            raise UserError(
                self.env._(
                    "%(wave)s was taken already by %(user)s.",
                    wave=self.name,
                    # sudo: the name of a colleague
                    user=self.env["res.users"].sudo().browse(user_id).name,
                )
            )
        if state == "draft":
            self.action_confirm()
        self.user_id = self.env.user
        self._oms_begin()
        return True

    def action_oms_give_back(self):
        """Give a wave back, for somebody else to take.

        :return: True
        :raise UserError: it is somebody else's
        """
        for batch in self:
            batch.check_access("write")
            manager = self.env.user.has_group("stock.group_stock_manager")
            if batch.user_id != self.env.user and not manager:
                raise UserError(
                    self.env._("%s is not yours: only its picker gives it back.", batch.name)
                )
            batch.user_id = False
            idle = batch.picking_ids.filtered(lambda each: not any(each.move_ids.mapped("picked")))
            idle.printed = False
            if idle == batch.picking_ids:
                batch.oms_started_at = False
        return True

    def action_confirm(self):
        res = super().action_confirm()
        self._oms_number_bins()
        return res

    # === ACTION METHODS === #

    def _oms_open(self):
        """Open waves.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_preparation_wave")
        action["domain"] = [("id", "in", self.ids)]
        action["context"] = {}
        if len(self) == 1:
            action["views"] = [(False, "form")]
            action["res_id"] = self.id
        return action

    def action_oms_pick_list(self):
        """Show the pick list, to be printed by the browser.

        :return: a report action
        :rtype: dict
        :raise AccessError: the user may not work on the waves
        """
        if not self.has_access("write"):
            raise AccessError(self.env._("Only who works at the site prints its pick lists."))
        self._oms_begin()
        return self.env.ref("oms.report_pick_list_html").report_action(self, config=False)

    def action_oms_pick_list_pdf(self):
        """Make the pick list as a PDF file; shown as a page where the server cannot make any.

        :return: a report action
        :rtype: dict
        :raise AccessError: the user may not work on the waves
        """
        if not self.has_access("write"):
            raise AccessError(self.env._("Only who works at the site prints its pick lists."))
        self._oms_begin()
        return self.env.ref("oms.report_pick_list_pdf").report_action(self, config=False)


def _get_done(move):
    """Return what was picked of a move, in the product's unit."""
    return sum(line.quantity_product_uom for line in move.move_line_ids if line.picked)
