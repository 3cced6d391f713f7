from odoo import api, models
from odoo.exceptions import UserError

from ..site_work.answer import Answer, to_text
from .pickup_code import read_code


class OmsSiteWork(models.AbstractModel):
    """What people at a site do for customers who stand before them."""

    _inherit = "oms.site.work"

    # === FINDING === #

    @api.model
    def find(self, site_id, text, limit=20):
        """Return work of a site by what somebody typed or scanned; a pickup code, too.

        :raise UserError: it is a pickup code of which nothing waits here, with the reason
        """
        cards = super().find(site_id, text, limit=limit)
        code = read_code(text)
        if cards or not code:
            return cards
        site = self.env["oms.site"].browse(site_id)
        site.check_access("read")
        return self._prepare_cards(self.env["oms.fulfillment"]._find_by_code(code, site))

    @api.model
    def _prepare_card(self, fulfillment, now):
        card = super()._prepare_card(fulfillment, now)
        if not fulfillment.pickup_state:
            return card
        policy = fulfillment.channel_id.pickup_identity
        return card | {
            "customer": fulfillment.pickup_partner_id.name or card["customer"],
            "pickup": {
                "state": fulfillment.pickup_state,
                "until": to_text(fulfillment.pickup_until),
                "overdue": fulfillment.pickup_overdue,
                "reserved": fulfillment._is_reservation(),
                "identity": policy,
            },
        }

    @api.model
    def _prepare_detail(self, fulfillment):
        detail = super()._prepare_detail(fulfillment)
        if "pickup" not in detail:
            return detail
        # sudo: of what the user may read, what is still here
        lines = fulfillment.sudo().line_ids
        there = lines._keep_positive({line: line._get_quantity_open() for line in lines})
        detail["pickup"]["lines"] = [
            {
                "id": line.id,
                "product": self._prepare_product(line.product_id),
                "demand": quantity,
                "uom": line.uom_id.name,
                "rounding": line.uom_id.rounding,
            }
            for line, quantity in there.items()
        ]
        return detail

    # === WHAT CAN BE DONE === #

    @api.model
    def _get_actions(self, fulfillment):
        actions = super()._get_actions(fulfillment)
        reserved = fulfillment._is_reservation()
        waits = fulfillment.pickup_state == "ready"
        if fulfillment.pickup_state:
            waits = waits or bool(fulfillment.work_state and fulfillment.picked_at)
            # Not to a carrier, but to a customer.
            actions["hand_over"] = False
        actions |= {
            "collect": waits and not reserved,
            "sell": reserved and fulfillment.pickup_state in ("preparing", "ready"),
            "release": reserved and fulfillment.pickup_state in ("preparing", "ready"),
        }
        if reserved:
            accepted = fulfillment.work_state == "accepted"
            actions |= {
                "pick": False,
                "pack": False,
                "label": False,
                "ready": accepted,
            }
        return actions

    @api.model
    def _prepare_lines(self, fulfillment, moves):
        rows = super()._prepare_lines(fulfillment, moves)
        if not fulfillment._is_reservation():
            return rows
        more = [
            self._prepare_reserved_line(line, claimed)
            for line in fulfillment.line_ids
            if (claimed := sum(line._get_active_claims().mapped("quantity")))
        ]
        codes = self._get_barcodes([row["product"]["id"] for row in more])
        for row in more:
            row["product"]["barcodes"] = codes.get(row["product"]["id"], [])
        return rows + more

    @api.model
    def _prepare_reserved_line(self, line, claimed):
        """Return goods that are to be put aside, or are, with the place where they lie."""
        shelf = line.site_id.warehouse_id.lot_stock_id
        quants = self.env["stock.quant"].search(
            [
                ("product_id", "=", line.product_id.id),
                ("location_id", "child_of", shelf.id),
                ("quantity", ">", 0),
            ],
            order="quantity desc, id",
            limit=1,
        )
        place = quants.location_id or shelf
        ready = bool(line.fulfillment_id.pickup_ready_at)
        return {
            "id": line.id,
            "move_id": None,
            "move_line_id": None,
            "product": self._prepare_product(line.product_id),
            "location": {
                "id": place.id,
                "name": place.display_name,
                "barcode": place.barcode or None,
            },
            "lot": None,
            "package": None,
            "demand": claimed,
            "picked": claimed if ready else 0.0,
            "packed": 0.0,
            "uom": line.uom_id.name,
            "rounding": line.uom_id.rounding,
            "short": 0.0,
        }

    # === OPERATIONS === #

    @api.model
    def _apply_collect(self, fulfillment, operation):
        """Hand goods over to their customer.

        Keys: ``code`` as the customer showed it, ``identity_checked``, ``lines`` (``line_id``,
        ``quantity``) where he does not take all, and ``rest`` (``keep`` or ``return``).
        """
        code = operation.get("code")
        sentences = fulfillment._collect(
            code=None if code in (None, "") else str(code),
            identity_checked=bool(operation.get("identity_checked")),
            quantities=self._read_quantities(fulfillment, operation),
            rest=operation.get("rest") or "keep",
        )
        return self._tell_handed(fulfillment, sentences, self.env._("Handed over."))

    @api.model
    def _apply_hand_over(self, fulfillment, operation):
        # sudo: how the customer gets the goods is known to whoever sees them
        if fulfillment.sudo()._is_handed_over():
            if fulfillment.sudo()._is_reservation():
                return self._apply_sell(fulfillment, operation)
            return self._apply_collect(fulfillment, operation)
        return super()._apply_hand_over(fulfillment, operation)

    @api.model
    def _apply_sell(self, fulfillment, operation):
        """Sell what the customer takes of a reservation.

        Keys: ``lines`` (``line_id``, ``quantity``, ``lot_name``) where it is not all.
        """
        sentences = fulfillment._sell(
            self._read_quantities(fulfillment, operation), self._read_lots(fulfillment, operation)
        )
        return self._tell_handed(fulfillment, sentences, self.env._("Sold and handed over."))

    @api.model
    def _apply_release(self, fulfillment, operation):
        """Give back what the customer does not want. Keys: ``note``."""
        fulfillment._release_reservation(str(operation.get("note") or "")[:500])
        return Answer(self.env._("Released: put the goods back on the shelf."))

    @api.model
    def _tell_handed(self, fulfillment, sentences, text):
        customer = fulfillment.sudo().pickup_partner_id.name
        first = f"{text} {customer or ''}".strip()
        return Answer(" ".join([first, *sentences]), "warning" if sentences else "ok")

    # === TAKING BACK === #

    @api.model
    def _undo_collect(self, fulfillment, target):
        fulfillment._undo_collect()
        return Answer(
            self.env._(
                "Taken back: it waits again for %s.", fulfillment.sudo().pickup_partner_id.name
            )
        )

    @api.model
    def _undo_sell(self, fulfillment, target):
        return self._undo_collect(fulfillment, target)

    # === READING === #

    @api.model
    def _read_lines(self, fulfillment, operation):
        """Return the lines that an operation names, with what it says of each.

        :return: (``oms.fulfillment.line``, dict) pairs
        :rtype: list[tuple]
        :raise UserError: a line is not of this work, or a quantity is no number
        """
        found = []
        for row in operation.get("lines") or ():
            line = fulfillment.line_ids.filtered(lambda line, row=row: line.id == row["line_id"])
            quantity = row.get("quantity")
            if not line or isinstance(quantity, bool) or not isinstance(quantity, int | float):
                raise UserError(self.env._("Say how much of which goods the customer takes."))
            found.append((line, row))
        return found

    @api.model
    def _read_quantities(self, fulfillment, operation):
        if operation.get("lines") is None:
            return None
        quantities = {}
        for line, row in self._read_lines(fulfillment, operation):
            quantities[line] = quantities.get(line, 0.0) + row["quantity"]
        return quantities

    @api.model
    def _read_lots(self, fulfillment, operation):
        lots = {}
        for line, row in self._read_lines(fulfillment, operation):
            name = row.get("lot_name")
            if not name or not row["quantity"]:
                continue
            lot = self.env["stock.lot"].search(
                [("name", "=", name), ("product_id", "=", line.product_id.id)], limit=1
            )
            if not lot:
                raise UserError(
                    self.env._(
                        "%(product)s has no lot or serial number %(lot)s.",
                        product=line.product_id.display_name,
                        lot=name,
                    )
                )
            lots.setdefault(line, []).append((lot, row["quantity"]))
        return lots
