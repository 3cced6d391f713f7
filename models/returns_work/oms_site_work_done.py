from odoo import api, models
from odoo.exceptions import UserError

from ..site_work.answer import Answer
from .oms_return import MATCHING_STATES

RESTS = ("later", "none")


class OmsSiteWork(models.AbstractModel):
    """Finding the order of goods, booking what came, and taking back what was counted wrong."""

    _inherit = "oms.site.work"

    # === WHICH ORDER === #

    @api.model
    def _apply_return_match(self, record, operation):
        """Say from which order the goods are that nobody announced. Keys: ``order_id``."""
        site = self._begin_receipt(record, operation, MATCHING_STATES)
        order = self._read_order(operation, site)
        if record.order_id == order:
            return Answer(self.env._("%s is known to be of this order.", record.name))
        record._match_order(order)
        others = [draft for draft in record.receipt_item_ids if not self._tie(record, draft)]
        others += record.item_ids.filtered(lambda item: not item.line_id)
        text = self.env._("%(name)s is of order %(order)s.", name=record.name, order=order.name)
        if not others:
            return Answer(text)
        names = ", ".join(
            dict.fromkeys(each.product_id.display_name or each.note for each in others)
        )
        return Answer(
            f"{text} {self.env._('Not of this order: %s.', names)}",
            "warning",
        )

    @api.model
    def _tie(self, record, draft):
        """Find the order line of goods in hand; a part may fit another line, or none.

        :return: whether all of it is of the order
        :rtype: bool
        """
        draft.is_other = True
        while draft.product_id and draft.is_other:
            line = self._find_sale_line(record, draft.product_id, draft.lot_id)
            if not line or (draft.product_id.tracking != "none" and not draft.lot_id):
                return False
            room = self._get_rows(record)[line]["left"]
            part = draft._split(min(room, draft.quantity))
            part.write({"sale_line_id": line.id, "is_other": False})
        return not draft.is_other

    # === BOOKING === #

    @api.model
    def _apply_return_done(self, record, operation):
        """Book what is in hand, and go on with what is graded.

        Keys: ``rest``, what becomes of what was announced and did not come: ``later`` it may
        still come, ``none`` nothing more comes (so when nothing is said).
        """
        site = self._begin_receipt(record, operation)
        rest = operation.get("rest") or "none"
        if rest not in RESTS:
            raise UserError(self.env._("Say whether more may come."))
        in_hand = record.receipt_item_ids
        if not in_hand and not record.item_ids:
            raise UserError(self.env._("Nothing of %s came yet.", record.name))
        unknown = in_hand.filtered(lambda each: not each.product_id)
        goods = in_hand - unknown
        items = self.env["oms.return.item"].sudo()
        if goods:
            items = record._receive([each._prepare_item() for each in goods], site).sudo()
        if unknown:
            record._note_unknown(unknown, site)
        in_hand.unlink()
        graded = items.filtered("grade_id")
        if record.state in ("authorized", "in_transit") and rest == "none" and record.item_ids:
            record._finish_receipt()
        if graded:
            record._inspect(
                [{"item_id": item.id, "disposition": item.wanted_disposition} for item in graded]
            )
        return Answer(*self._tell_done(record, items, unknown))

    @api.model
    def _tell_done(self, record, items, unknown):
        """Return what is said when goods are booked."""
        count = f"{sum(items.mapped('quantity')):g}"
        parts = [self.env._("%(name)s: %(count)s received.", name=record.name, count=count)]
        waiting = record.item_ids.filtered(lambda item: item.state != "inspected")
        strange = items.filtered(lambda item: not item.line_id)
        if waiting:
            parts.append(self.env._("Still to be graded."))
        if not record.order_id:
            parts.append(self.env._("Somebody looks for the order."))
        elif strange:
            names = ", ".join(strange.product_id.mapped("display_name"))
            parts.append(self.env._("Kept apart: %s.", names))
        if unknown:
            parts.append(self.env._("Somebody looks at what nobody knows."))
        objections = list(dict.fromkeys(filter(None, items.line_id.mapped("objection"))))
        if objections:
            parts += [*objections, self.env._("Somebody decides what the customer gets.")]
        outcome = "warning" if (record.order_id and strange) or unknown or objections else "ok"
        return " ".join(parts), outcome

    # === TAKING BACK === #

    @api.model
    def _apply_return_undo(self, record, operation):
        """Take back what was counted or graded. Keys: ``target``, the ``uuid`` of that."""
        self._begin_receipt(record, operation)
        # sudo: the log is written by the screen's methods only
        target = (
            self.env["oms.scan"]
            .sudo()
            .search([("uuid", "=", str(operation.get("target"))), ("return_id", "=", record.id)])
        )
        if not target or target.outcome == "refused":
            raise UserError(self.env._("There is nothing of this to take back."))
        if target.undone_by:
            raise UserError(self.env._("That was taken back already."))
        undo = getattr(self, f"_undo_{target.kind}", None)
        if undo is None or not target.changes:
            raise UserError(self.env._("That cannot be taken back here."))
        answer = undo(record, target)
        target.undone_by = operation["uuid"]
        return answer

    @api.model
    def _undo_return_item(self, record, target):
        drafts = self.env["oms.receipt.item"].sudo()
        product, line = drafts.product_id, drafts.sale_line_id
        for draft_id, quantity in target.changes.get("added", ()):
            draft = drafts.browse(draft_id).exists() & record.receipt_item_ids
            if not draft or draft.product_id.uom_id.compare(draft.quantity, quantity) < 0:
                raise UserError(self.env._("The goods went on already: this cannot be taken back."))
            product, line = draft.product_id, draft.sale_line_id
            draft._lower(quantity)
        for vals, quantity in target.changes.get("removed", ()):
            line = line.browse(vals["sale_line_id"])
            if line:
                self._check_room(record, line, quantity)
            draft = drafts.create({**vals, "quantity": quantity})
            product = draft.product_id
            draft._merge()
        return Answer(self._tell_received(record, line, product)[0])

    @api.model
    def _undo_return_grade(self, record, target):
        draft = self.env["oms.receipt.item"].sudo().browse(target.changes["graded"]).exists()
        if not draft & record.receipt_item_ids:
            raise UserError(self.env._("The goods went on already: this cannot be taken back."))
        product = draft.product_id
        draft.write(target.changes["before"])
        draft._merge()
        return Answer(self.env._("%s: the grade is taken back.", product.display_name))
