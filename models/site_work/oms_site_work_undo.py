from odoo import api, models
from odoo.exceptions import UserError

from .answer import Answer


class OmsSiteWork(models.AbstractModel):
    """Taking back what somebody did at the screen."""

    _inherit = "oms.site.work"

    @api.model
    def _apply_undo(self, fulfillment, operation):
        """Take back an operation, as far as nothing rests on it.

        Of picked goods as many are put back, whatever others picked meanwhile.
        """
        # sudo: the log is written by the screen's methods only
        target = (
            self.env["oms.scan"]
            .sudo()
            .search(
                [("uuid", "=", operation.get("target")), ("fulfillment_id", "=", fulfillment.id)]
            )
        )
        if not target or target.outcome == "refused":
            raise UserError(self.env._("There is nothing of this to take back."))
        if target.undone_by:
            raise UserError(self.env._("That was taken back already."))
        undo = getattr(self, f"_undo_{target.kind}", None)
        if undo is None:
            raise UserError(self.env._("That cannot be taken back here."))
        answer = undo(fulfillment, target)
        target.undone_by = operation["uuid"]
        return answer

    @api.model
    def _undo_accept(self, fulfillment, target):
        fulfillment._unaccept()
        return Answer(self.env._("%s is not accepted any more.", fulfillment.name))

    @api.model
    def _undo_start(self, fulfillment, target):
        return self._apply_leave(fulfillment, {})

    @api.model
    def _undo_scan(self, fulfillment, target):
        fulfillment = fulfillment._begin_work()
        moves = fulfillment._get_work().first
        changes = target.changes or {}
        touched = self.env["stock.move"].sudo()
        for line_id, quantity in changes.get("picked", ()):
            touched |= self._put_back(moves, line_id, quantity)
        for move_id, quantity in changes.get("unpicked", ()):
            move = moves.filtered(lambda move, key=move_id: move.id == key)
            fulfillment._check_can_pick(move, quantity)
            move._oms_pick(quantity)
            touched |= move
        if not touched:
            raise UserError(self.env._("There is nothing of this to take back."))
        fulfillment.ready_at = False
        return Answer(self._tell_picked(touched))

    @api.model
    def _put_back(self, moves, line_id, quantity):
        """Take back that so much was picked on a line.

        :return: its move
        """
        line = self.env["stock.move.line"].sudo().browse(line_id).exists()
        move = line.move_id & moves
        unit = line.product_id.uom_id
        if not move:
            raise UserError(self.env._("The goods went on already: this cannot be taken back."))
        if unit.compare(move._oms_unpick(quantity, line), quantity) >= 0:
            raise UserError(self.env._("That was taken back already."))
        return move

    @api.model
    def _undo_set_picked(self, fulfillment, target):
        return self._undo_scan(fulfillment, target)

    @api.model
    def _undo_pack(self, fulfillment, target):
        package = self.env["stock.package"].sudo().browse((target.changes or {}).get("package"))
        return self._apply_unpack(fulfillment, {"package_id": package.id})

    @api.model
    def _undo_ready(self, fulfillment, target):
        fulfillment._unready()
        return Answer(self.env._("%s is not ready any more.", fulfillment.name))
