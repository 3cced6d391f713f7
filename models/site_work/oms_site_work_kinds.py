from odoo import api, models
from odoo.exceptions import UserError

from .answer import Answer
from .oms_site_work_apply import MOST_QUANTITY


class OmsSiteWork(models.AbstractModel):
    """What each kind of operation does; other parts of the addon add kinds of their own.

    A method ``_apply_<kind>(fulfillment, operation)`` gets a locked fulfillment that the user may
    work on, and returns an :class:`.answer.Answer` or raises a ``UserError``, which is the answer
    then.
    """

    _inherit = "oms.site.work"

    # === READING OPERATIONS === #

    @api.model
    def _read_quantity(self, operation, name="quantity", default=None, least=0.0):
        """Return a quantity of an operation.

        :raise UserError: it is none
        """
        quantity = operation.get(name, default)
        right = isinstance(quantity, int | float) and not isinstance(quantity, bool)
        if not right or not least <= quantity < MOST_QUANTITY:
            raise UserError(self.env._("This is no quantity: %s.", quantity))
        return float(quantity)

    @api.model
    def _read_record(self, model, key, among=None):
        """Return a record that an operation names.

        :param among: recordset that it has to be of
        :raise UserError: there is none
        """
        record = self.env[model].browse(key if isinstance(key, int) else 0).exists()
        if not record or (among is not None and record not in among):
            raise UserError(
                self.env._(
                    "%(what)s %(id)s is not of this work any more: load it anew.",
                    what=self.env["ir.model"]._get(model).name,
                    id=key,
                )
            )
        return record

    @api.model
    def _read_line(self, fulfillment, operation):
        return self._read_record(
            "oms.fulfillment.line", operation.get("line_id"), fulfillment.sudo().line_ids
        )

    @api.model
    def _read_reason(self, operation):
        # sudo: which reasons there are is told to whoever works at a site
        offered = self.env["oms.reject.reason"].sudo().search([("offered", "=", True)])
        return self._read_record("oms.reject.reason", operation.get("reason_id"), offered)

    # === ACCEPTING === #

    @api.model
    def _apply_accept(self, fulfillment, operation):
        if fulfillment._accept():
            return Answer(self.env._("%s is accepted.", fulfillment.name))
        by = fulfillment.sudo().accepted_by_id.name or fulfillment.site_id.name
        return Answer(self.env._("Accepted already by %s.", by), "warning")

    @api.model
    def _apply_reject(self, fulfillment, operation):
        reason = self._read_reason(operation)
        quantities = None
        if operation.get("lines") is not None:
            quantities = {}
            for row in operation["lines"]:
                line = self._read_line(fulfillment, row)
                quantities[line] = quantities.get(line, 0.0) + self._read_quantity(row)
        rejections = fulfillment._reject(reason, quantities, operation.get("note") or None)
        return Answer(self._tell_given_back(rejections), changes={"rejections": rejections.ids})

    @api.model
    def _tell_given_back(self, rejections):
        return self.env._(
            "Given back: %s. It is sourced elsewhere.",
            ", ".join(rejections.sudo().mapped("display_name")),
        )

    @api.model
    def _apply_start(self, fulfillment, operation):
        other = fulfillment.sudo()._get_worker_sentence()
        if other and not operation.get("take_over"):
            fulfillment._accept()
            return Answer(other, "warning")
        fulfillment._start()
        return Answer(
            self.env._("You work on %s now.", fulfillment.name), changes={"started": True}
        )

    @api.model
    def _apply_leave(self, fulfillment, operation):
        fulfillment._leave()
        return Answer(self.env._("Nobody works on %s now.", fulfillment.name))

    # === PICKING === #

    @api.model
    def _begin_picking(self, fulfillment):
        """Lock a fulfillment; who is the first to pick something of it works on it from then on.

        :return: the same, with the rights to do it
        """
        fulfillment = fulfillment._begin_work()
        if not fulfillment.worker_id:
            fulfillment._note_worker()
        return fulfillment

    @api.model
    def _apply_set_picked(self, fulfillment, operation):
        """Set how much of a line is picked: of one move line, one move, or the whole line.

        ``before`` says how much the screen showed.
        """
        # sudo: who works at a site may do its work, and need not have rights on all of it
        line = self._read_line(fulfillment, operation).sudo()
        quantity = self._read_quantity(operation)
        fulfillment = self._begin_picking(fulfillment)
        moves = fulfillment._get_work().first.filtered(
            lambda move: move.oms_fulfillment_line_id == line
        )
        if operation.get("move_id"):
            moves &= self.env["stock.move"].sudo().browse(operation["move_id"])
        if not moves:
            raise UserError(
                self.env._("Nothing of %s is to be picked any more.", line.product_id.display_name)
            )
        if len(moves.product_id) > 1:
            raise UserError(
                self.env._("%s has several parts: say of which.", line.product_id.display_name)
            )
        parts = self._get_parts(moves, operation)
        if operation.get("lot_name"):
            open_quantity = sum(move._oms_get_to_pick() for move in moves)
            if moves.product_id.uom_id.compare(quantity, open_quantity) > 0:
                raise UserError(self._tell_too_many(fulfillment, moves, open_quantity))
            return self._pick_lot(moves, str(operation["lot_name"]), quantity)
        picked = sum(parts.filtered("picked").mapped("quantity_product_uom"))
        # Who saw an older figure means the difference: others may have picked since.
        before = self._read_quantity(operation, "before", default=picked)
        delta = moves.product_id.uom_id.round(max(quantity - before, -picked))
        changes = self._pick_delta(fulfillment, moves, parts, delta)
        return Answer(self._tell_picked(moves), changes=changes)

    @api.model
    def _get_parts(self, moves, operation):
        """Return the move lines that are meant: those of a place and lot, or all."""
        parts = moves.move_line_ids
        if not operation.get("move_line_id"):
            return parts
        chosen = self._read_record("stock.move.line", operation["move_line_id"], parts).sudo()
        spot = chosen._oms_get_spot()
        return parts.filtered(
            lambda part: part.move_id == chosen.move_id and part._oms_get_spot() == spot
        )

    @api.model
    def _pick_delta(self, fulfillment, moves, parts, delta):
        """Pick so much more, or less, from chosen lines of moves first.

        :return: what is needed to take it back
        """
        unit = moves.product_id.uom_id
        if unit.compare(delta, 0.0) < 0:
            left = -delta
            for move in moves:
                left = move._oms_unpick(left, parts & move.move_line_ids)
            fulfillment.ready_at = False
            return {"unpicked": [[moves[0].id, -delta]]}
        open_quantity = sum(move._oms_get_to_pick() for move in moves)
        if unit.compare(delta, open_quantity) > 0:
            raise UserError(self._tell_too_many(fulfillment, moves, open_quantity))
        taken = {}
        for move in moves:
            part = min(move._oms_get_to_pick(), delta)
            if unit.compare(part, 0.0) > 0:
                taken.update(move._oms_pick(part, parts & move.move_line_ids))
                delta = unit.round(delta - part)
        return self._keep_picked(taken)

    @api.model
    def _keep_picked(self, taken):
        return {"picked": [[line.id, quantity] for line, quantity in taken.items()]}

    @api.model
    def _tell_picked(self, moves):
        product = moves.product_id[:1]
        wanted = sum(moves.mapped("product_qty"))
        picked = sum(move._oms_get_picked() for move in moves)
        return self.env._(
            "%(product)s: %(picked)s of %(wanted)s %(unit)s picked.",
            product=product.display_name,
            picked=f"{picked:g}",
            wanted=f"{wanted:g}",
            unit=product.uom_id.name,
        )

    @api.model
    def _tell_too_many(self, fulfillment, moves, open_quantity):
        product = moves.product_id[:1]
        if product.uom_id.compare(open_quantity, 0.0) > 0:
            return self.env._(
                "Too many: only %(open)s %(unit)s %(product)s are still to be picked.",
                open=f"{open_quantity:g}",
                unit=product.uom_id.name,
                product=product.display_name,
            )
        who = self._find_who_picked(fulfillment, moves)
        if who and who != self.env.user:
            return self.env._(
                "Picked already by %(user)s: %(product)s.",
                user=who.name,
                product=product.display_name,
            )
        return self.env._("%s is complete already: put this one back.", product.display_name)

    @api.model
    def _find_who_picked(self, fulfillment, moves):
        """Return who picked last of moves."""
        # sudo: whoever works at a site may know who picked
        scans = (
            self.env["oms.scan"]
            .sudo()
            .search(
                [
                    ("fulfillment_id", "=", fulfillment.id),
                    ("kind", "in", ("scan", "set_picked")),
                    ("outcome", "!=", "refused"),
                    ("undone_by", "=", False),
                ],
                limit=100,
            )
        )
        lines = set(moves.move_line_ids.ids)
        for scan in scans:
            if any(line_id in lines for line_id, _part in (scan.changes or {}).get("picked", ())):
                return scan.user_id
        return scans[:1].user_id

    @api.model
    def _apply_short(self, fulfillment, operation):
        line = self._read_line(fulfillment, operation)
        quantity = operation.get("quantity")
        if quantity is not None:
            quantity = self._read_quantity(operation)
        rejections = fulfillment._short(
            line.sudo(), self._read_reason(operation), quantity, operation.get("note") or None
        )
        return Answer(self._tell_given_back(rejections), changes={"rejections": rejections.ids})

    # === PACKING AND SHIPPING === #

    @api.model
    def _apply_pack(self, fulfillment, operation):
        kind = self.env["stock.package.type"].sudo()
        if operation.get("package_type_id"):
            kind = self._read_record("stock.package.type", operation["package_type_id"])
        weight = operation.get("weight") and self._read_quantity(operation, "weight")
        quantities = None
        if operation.get("lines") is not None:
            quantities = self._read_lines_to_pack(fulfillment, operation["lines"])
        package = fulfillment._pack(kind, weight, quantities)
        return Answer(self.env._("Packed in %s.", package.name), changes={"package": package.id})

    @api.model
    def _read_lines_to_pack(self, fulfillment, rows):
        """Return how much of which move line is to be packed."""
        there = fulfillment.sudo()._get_lines_to_pack()
        quantities = {}
        for row in rows:
            lines, left = there, self._read_quantity(row)
            if row.get("move_line_id"):
                lines &= self.env["stock.move.line"].sudo().browse(row["move_line_id"])
            if row.get("line_id"):
                line = self._read_line(fulfillment, row)
                lines = lines.filtered(
                    lambda part, line=line: part.move_id.oms_fulfillment_line_id == line
                )
            for part in lines:
                more = min(part.quantity_product_uom - quantities.get(part, 0.0), left)
                if more > 0:
                    quantities[part] = quantities.get(part, 0.0) + more
                    left -= more
            if left > 1e-9:
                raise UserError(self.env._("Only what is picked and in no package can be packed."))
        return quantities

    @api.model
    def _apply_unpack(self, fulfillment, operation):
        package = self._read_record("stock.package", operation.get("package_id")).sudo()
        name = package.name
        fulfillment._unpack(package)
        return Answer(self.env._("%s is unpacked.", name))

    @api.model
    def _apply_label(self, fulfillment, operation):
        fulfillment._ask_for_labels()
        return Answer(self.env._("The carrier is asked for the labels."))

    @api.model
    def _apply_ready(self, fulfillment, operation):
        storage = operation.get("storage")
        new = fulfillment._make_ready(storage if storage is None else str(storage)[:100])
        text = self.env._("%s is ready.", fulfillment.name)
        return Answer(text, changes={"ready": True}) if new else Answer(text, "warning")

    @api.model
    def _apply_hand_over(self, fulfillment, operation):
        pickings = fulfillment._hand_over(partial=bool(operation.get("partial")))
        return Answer(
            self.env._("%s is handed over.", fulfillment.name),
            changes={"left": pickings.ids},
            seen={"picking_id": pickings[-1:].id},
        )
