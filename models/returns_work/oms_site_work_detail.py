from odoo import api, models
from odoo.exceptions import AccessError, UserError

from ..site_work.answer import to_text
from ..site_work.oms_site_work_apply import is_id
from .oms_return import COMING_STATES, MATCHING_STATES


class OmsSiteWork(models.AbstractModel):
    """One return: what was announced of it, what came, and in what state."""

    _inherit = "oms.site.work"

    @api.model
    def get_return_detail(self, site_id, return_ref):
        """Return what the screen shows of one return.

        :param int site_id: ``oms.site`` at which the user is
        :param return_ref: id of ``oms.return``, or the key that a device gave it
        :return: its card, and ``lines``, ``items``, ``unknown``, ``grades``, ``checks``,
            ``actions`` and ``events``
        :rtype: dict
        :raise AccessError: the user does not work there, or it is no return that may come there
        """
        site = self._get_return_site(site_id)
        return self._prepare_return_detail(self._get_return(site, return_ref), site)

    @api.model
    def _get_return(self, site, return_ref):
        """Return the return that a screen names.

        :raise AccessError: it is none that people of the site may see
        """
        returns = self.env["oms.return"]
        if isinstance(return_ref, str):
            # sudo: who has the key made the return
            found = returns.sudo().search([("receipt_key", "=", return_ref[:64])]).sudo(False)
        else:
            found = returns.browse(return_ref if is_id(return_ref) else ()).exists()
        if not found:
            raise UserError(self.env._("This return is not there any more."))
        if not found._is_seen_at(site):
            raise AccessError(self.env._("This return is not for %s.", site.name))
        return found

    @api.model
    def _prepare_return_detail(self, record, site):
        # sudo: of what may be seen at the site, all that the screen tells
        record = record.sudo()
        lines = self._prepare_return_lines(record)
        labels = dict(record._fields["outcome"]._description_selection(self.env))
        products = record.order_id.order_line.product_id | record.receipt_item_ids.product_id
        products |= record.line_ids.product_id | record.item_ids.product_id
        return {
            **self._prepare_return_card(record, site),
            "key": record.receipt_key or None,
            "order_id": record.order_id.id or None,
            "outcome_name": labels.get(record.outcome) if record.order_id else None,
            "note": record.note or "",
            "lines": lines,
            "items": self._prepare_return_items(record),
            "unknown": [
                {"id": each.id, "note": each.note or each.barcode, "quantity": each.quantity}
                for each in record.receipt_item_ids
                if not each.product_id
            ],
            "grades": self._prepare_grades(),
            "checks": self._prepare_checks(products),
            "actions": self._get_return_actions(record),
            "events": self._prepare_events([("return_id", "=", record.id)]),
        }

    # === GOODS === #

    @api.model
    def _prepare_return_lines(self, record):
        """Return the goods by order line: announced ones first, then what else was delivered.

        Goods that are of no order line come last.
        """
        order = record.order_id
        returnable = order._oms_get_returnable(record) if order else {}
        sale_lines = record.line_ids.sale_line_id | order.order_line.browse(
            line.id for line in returnable
        )
        lots = sale_lines._oms_get_lots_with_customer()
        rows = {
            row["key"]: row
            for row in self._prepare_order_lines(sale_lines, returnable, lots, record)
        }
        for line in record.line_ids:
            self._add_announced(rows, line)
        for item in [*record.item_ids, *record.receipt_item_ids.filtered("product_id")]:
            key = self._get_line_key(item)
            if key not in rows:
                rows[key] = self._prepare_other_line(item)
            rows[key]["received"] += item.quantity
        codes = self._get_barcodes([row["product"]["id"] for row in rows.values()])
        for row in rows.values():
            row["product"]["barcodes"] = codes.get(row["product"]["id"], [])
        return sorted(rows.values(), key=lambda row: (row["is_other"], not row["announced"]))

    @api.model
    def _get_line_key(self, item):
        """Return to which row of the screen something belongs that came.

        :param item: ``oms.return.item`` or ``oms.receipt.item``
        """
        sale_line = item.line_id.sale_line_id
        if item._name == "oms.receipt.item":
            sale_line = item.sale_line_id
        return f"S{sale_line.id}" if sale_line else f"P{item.product_id.id}"

    @api.model
    def _prepare_order_lines(self, sale_lines, returnable, lots, record=None):
        """Return what of order lines may come back, as the screen shows it.

        :param sale_lines: ``sale.order.line``
        :param dict returnable: of ``sale.order._oms_get_returnable``
        :param dict lots: of ``sale.order.line._oms_get_lots_with_customer``
        :param record: ``oms.return`` with which it comes back, None for a new one
        :rtype: list[dict]
        """
        rows = []
        for line in sale_lines:
            product, known = line.product_id, returnable.get(line) or {}
            if product.type != "consu":
                continue
            has = product.uom_id.round(max(line._oms_get_room(record), 0.0))
            rows.append(
                self._prepare_goods_line(product)
                | {
                    "key": f"S{line.id}",
                    "sale_line_id": line.id,
                    "max": has,
                    # What may not come back for lack of goods is told by how many there are.
                    "why_not": known.get("reason") or None,
                    "until": to_text(known.get("until")),
                    "lots": sorted(lot.name for lot in lots.get(line, ())),
                }
            )
        codes = self._get_barcodes([row["product"]["id"] for row in rows])
        for row in rows:
            row["product"]["barcodes"] = codes.get(row["product"]["id"], [])
        return rows

    @api.model
    def _prepare_goods_line(self, product):
        unit = product.uom_id
        return {
            "key": f"P{product.id}",
            "line_id": None,
            "sale_line_id": None,
            "product": self._prepare_product(product),
            "uom": unit.name,
            "rounding": unit.rounding,
            "announced": 0.0,
            "received": 0.0,
            "max": None,
            "why_not": None,
            "until": None,
            "lots": [],
            "reason": None,
            "note": None,
            "photos": [],
            "is_other": False,
        }

    @api.model
    def _prepare_other_line(self, item):
        """Return a row of goods that are of no line of the order."""
        return self._prepare_goods_line(item.product_id) | {
            "is_other": bool(item.return_id.order_id)
        }

    @api.model
    def _add_announced(self, rows, line):
        """Put what was announced of an order line into its row."""
        row = rows.get(f"S{line.sale_line_id.id}")
        if row is None:
            return
        row["announced"] += line.quantity
        # What came of this return is not with the customer any more.
        row["max"] += sum(line.item_ids.mapped("quantity"))
        row["why_not"] = None if line.quantity else row["why_not"]
        row["reason"] = row["reason"] or line.reason_id.name or None
        row["note"] = row["note"] or line.note or None
        row["photos"] += [f"/web/image/{photo.id}" for photo in line.photo_ids]

    @api.model
    def _prepare_return_items(self, record):
        """Return what came: what is in hand first, then what is booked."""
        rows = []
        for each in record.receipt_item_ids.filtered("product_id"):
            line_key, lot = self._get_line_key(each), each.lot_id.name or each.lot_name or ""
            rows.append(
                self._prepare_return_item(each, lot)
                | {
                    # As the device itself calls what it has not heard of yet.
                    "key": f"D{each.id}" if each.grade_id else f"{line_key}/{lot}",
                    "is_booked": False,
                    "is_inspected": False,
                    "answers": each._get_answers(),
                    "accepted": each.accepted,
                    "disposition": self._name_disposition(each.disposition),
                    "disposition_key": each.disposition or None,
                }
            )
        for item in record.item_ids:
            rows.append(
                self._prepare_return_item(item, item.lot_id.name or "")
                | {
                    "key": f"I{item.id}",
                    "is_booked": True,
                    "is_inspected": item.state == "inspected",
                    "answers": {},
                    "accepted": item.accepted,
                    "disposition": self._get_item_disposition(item),
                    "disposition_key": None,
                }
            )
        return rows

    @api.model
    def _prepare_return_item(self, item, lot):
        grade = item.grade_id
        return {
            "id": item.id,
            "line_key": self._get_line_key(item),
            "product": self._prepare_product(item.product_id),
            "lot": lot,
            "quantity": item.quantity,
            "uom": item.product_id.uom_id.name,
            "rounding": item.product_id.uom_id.rounding,
            "grade": self._prepare_grade(grade) if grade else None,
            "note": item.note or "",
            "photos": [f"/web/image/{photo.id}" for photo in item.photo_ids],
        }

    # === GRADES === #

    @api.model
    def _prepare_grades(self):
        """Return the grades, best first."""
        # sudo: which grades there are is told to whoever takes goods back
        return [self._prepare_grade(grade) for grade in self.env["oms.grade"].sudo().search([])]

    @api.model
    def _prepare_grade(self, grade):
        return {
            "id": grade.id,
            "code": grade.code,
            "name": grade.name,
            "color": grade.color,
            "description": grade.description or "",
        }

    @api.model
    def _prepare_checks(self, products):
        """Return the questions that are asked of products, each with those it is asked of."""
        # sudo: as above
        by_product = self.env["oms.grade.check"].sudo()._get_checks(products)
        asked = {}
        for product_id, checks in by_product.items():
            for check in checks:
                asked.setdefault(check, []).append(product_id)
        return [
            {
                "id": check.id,
                "name": check.name,
                "good_answer": check.good_answer,
                "grade_id": check.grade_id.id,
                "needs_photo": check.needs_photo,
                "product_ids": ids,
            }
            for check, ids in sorted(asked.items(), key=lambda each: (each[0].sequence, each[0].id))
        ]

    # === WHAT CAN BE DONE === #

    @api.model
    def _get_return_actions(self, record):
        """Tell what can be done next with a return.

        :rtype: dict[str, bool]
        """
        in_hand, waiting = (
            record.receipt_item_ids,
            record.item_ids.filtered(lambda item: item.state != "inspected"),
        )
        comes = record.state in COMING_STATES
        return {
            "item": comes,
            "grade": comes and bool(in_hand.filtered("product_id") or waiting),
            "done": comes and bool(in_hand or (record.item_ids and record.state != "received")),
            "match": record.state in MATCHING_STATES and not record.order_id,
        }
