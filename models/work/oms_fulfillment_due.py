from odoo import api, fields, models


class OmsFulfillment(models.Model):
    """When the goods have to leave the site."""

    _inherit = "oms.fulfillment"

    due_at = fields.Datetime(
        string="Due",
        compute="_compute_due_at",
        store=True,
        index="btree_not_null",
        help="When the goods have to be ready to leave the site.",
    )
    is_late = fields.Boolean(
        string="Late",
        compute="_compute_is_late",
        search="_search_is_late",
        help="The goods should have left the site by now.",
    )

    @api.depends("released_at", "line_ids.move_ids.date")
    def _compute_due_at(self):
        for fulfillment in self:
            fulfillment.due_at = fulfillment._get_due_at()

    def _get_due_at(self):
        """Return when the goods have to leave: the last of the moments of the transfers.

        :return: moment in UTC; False where nothing is asked for
        """
        self.ensure_one()
        work = self._get_work()
        moves = work.first + work.later
        if not moves:
            return self.due_at
        return max(filter(None, moves.mapped("date")), default=False)

    # No @api.depends: it changes with the clock.
    def _compute_is_late(self):
        now = fields.Datetime.now()
        for fulfillment in self:
            fulfillment.is_late = bool(
                fulfillment.work_state and fulfillment.due_at and fulfillment.due_at < now
            )

    def _search_is_late(self, operator, value):
        if operator != "in":
            return NotImplemented
        late = [("work_state", "!=", False), ("due_at", "<", fields.Datetime.now())]
        if True in value:
            return [(1, "=", 1)] if False in value else late
        return ["!", "&", *late]
