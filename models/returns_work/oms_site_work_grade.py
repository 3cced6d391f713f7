import base64
import binascii

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..returns_portal.photo import MOST_PHOTOS, PhotoError, read_photo
from ..site_work.answer import Answer
from ..site_work.oms_site_work_apply import is_id
from ..words import write_goods


class OmsSiteWork(models.AbstractModel):
    """In what state goods came back, and what had best become of them."""

    _inherit = "oms.site.work"

    @api.model
    def _apply_return_grade(self, record, operation):
        """Say in what state goods are.

        Keys: which ones, as ``draft_id``, ``item_id`` (booked already), or line, product and
        ``lot_name``; ``grade_id``, ``answers`` ("yes" or "no" by id of the check), and perhaps
        ``quantity`` of them, ``accepted``, ``disposition``, ``note`` and ``photos`` (base64).
        """
        self._begin_receipt(record, operation)
        # sudo: which grades there are is told to whoever takes goods back
        grades = self.env["oms.grade"].sudo().search([("active", "=", True)])
        grade = self._read_record("oms.grade", operation.get("grade_id"), grades).sudo()
        if operation.get("item_id"):
            return self._grade_booked(record, operation, grade)
        draft = self._find_in_hand(record, operation)
        values = self._read_verdict(record, operation, draft.product_id, grade, draft.photo_ids)
        quantity = self._read_quantity(operation, default=draft.quantity)
        if draft.product_id.uom_id.compare(quantity, 0.0) <= 0:
            raise UserError(self.env._("Say how many are in this state."))
        part = draft._split(quantity)
        before = part._prepare_copy()
        part.write(values)
        return Answer(
            self._tell_graded(part, grade, part.quantity),
            changes={"graded": part.id, "before": before},
        )

    @api.model
    def _tell_graded(self, goods, grade, quantity):
        return self.env._(
            "%(goods)s: grade %(grade)s.",
            goods=write_goods(self.env, quantity, goods.product_id),
            grade=grade.name,
        )

    @api.model
    def _grade_booked(self, record, operation, grade):
        """Grade goods that are in stock already: what follows of it cannot be taken back."""
        item = self._read_record("oms.return.item", operation["item_id"], record.item_ids).sudo()
        if item.state == "inspected":
            raise UserError(self.env._("%s was graded already.", item.product_id.display_name))
        values = self._read_verdict(record, operation, item.product_id, grade, item.photo_ids)
        quantity = self._read_quantity(operation, default=item.quantity)
        unit = item.product_id.uom_id
        rest = unit.round(item.quantity - quantity)
        if unit.compare(rest, 0.0) > 0 and unit.compare(quantity, 0.0) > 0:
            item.copy({"quantity": rest, "received_at": item.received_at})
            item.quantity = quantity
        verdict = {
            "item_id": item.id,
            "grade_id": grade.id,
            "checks": values["answers"],
            "accepted": values["accepted"],
            "photo_ids": [command[1] for command in values.get("photo_ids", ())],
            "disposition": values["disposition"],
        }
        if values.get("note"):
            verdict["note"] = values["note"]
        record._inspect([verdict])
        return Answer(self._tell_graded(item, grade, item.quantity))

    @api.model
    def _read_verdict(self, record, operation, product, grade, photos):
        """Return what somebody says of goods, as values of those in hand.

        :raise UserError: a photo is missing, or is none
        """
        answers = self._read_answers(operation, product)
        made = self._read_photos(record, operation)
        if not made and not photos and any(each["needs_photo"] for each in answers):
            raise UserError(
                self.env._("Take a photo of what is wrong with %s.", product.display_name)
            )
        values = {
            "grade_id": grade.id,
            "answers": [
                {key: each[key] for key in ("id", "question", "answer")} for each in answers
            ],
            "accepted": operation.get("accepted") is not False,
            "disposition": str(operation.get("disposition") or "")[:100] or False,
        }
        if made:
            values["photo_ids"] = [[4, photo.id, 0] for photo in made]
        if operation.get("note"):
            values["note"] = str(operation["note"])[:1000]
        return values

    @api.model
    def _read_answers(self, operation, product):
        """Return what was answered to which question, those that are wrong with their needs."""
        told = operation.get("answers") or {}
        if not isinstance(told, dict):
            raise UserError(self.env._("These are no answers: %s.", told))
        # sudo: the questions are asked of whoever takes goods back
        checks = self.env["oms.grade.check"].sudo()._get_checks(product)[product.id]
        answers = []
        for check in checks:
            answer = told.get(str(check.id)) or told.get(check.id)
            if answer not in ("yes", "no"):
                continue
            wrong = answer != check.good_answer
            answers.append(
                {
                    "id": check.id,
                    "question": check.name,
                    "answer": answer,
                    "needs_photo": wrong and check.needs_photo,
                }
            )
        return answers

    # === PHOTOS === #

    @api.model
    def _read_photos(self, record, operation):
        """Keep the photos of an operation.

        :rtype: ir.attachment
        :raise UserError: one is no picture, too large, or there are too many
        """
        photos = operation.get("photos") or []
        if not isinstance(photos, list) or len(photos) > MOST_PHOTOS:
            raise UserError(self.env._("At most %s photos at once.", MOST_PHOTOS))
        made = [self._read_photo(photo, number) for number, photo in enumerate(photos, 1)]
        # sudo: who takes goods back adds to a return that he need not be able to write
        return (
            self.env["ir.attachment"]
            .sudo()
            .create(
                [
                    {
                        "name": photo.name,
                        "raw": photo.content,
                        "mimetype": "image/jpeg",
                        "res_model": record._name,
                        "res_id": record.id,
                    }
                    for photo in made
                ]
            )
        )

    @api.model
    def _read_photo(self, photo, number):
        """Return a photo as it is kept.

        :param str photo: in base64
        :param int number: of the photo
        :rtype: Photo
        :raise UserError: it is none
        """
        try:
            return read_photo(base64.b64decode(photo, validate=True), number)
        except PhotoError as error:
            if error.reason in ("size", "pixels"):
                text = self.env._("A photo is too large: take a smaller one.")
            else:
                text = self.env._("This is no picture: take another one.")
        except (binascii.Error, TypeError, ValueError):
            text = self.env._("This is no picture: take another one.")
        raise UserError(text)

    # === WHAT BECOMES OF IT === #

    @api.model
    def propose_disposition(self, site_id, return_id, product_id, grade_id, quantity=1.0):
        """Return what had best become of goods of a grade.

        :param int site_id: ``oms.site`` at which the goods are
        :param int return_id: ``oms.return`` with which they came, 0 for a new one
        :param int product_id: ``product.product``
        :param int grade_id: ``oms.grade``
        :param float quantity: in the product's unit
        :return: ``key`` of what is proposed, and ``options`` with ``key``, ``label``, ``value``
            (as text, with its currency) and ``why``; None where nothing is proposed
        :rtype: dict
        :raise AccessError: the user does not work there
        """
        site = self._get_return_site(site_id)
        # sudo: what becomes of goods depends on stock and prices that not everybody may read
        named = Domain("id", "=", product_id if is_id(product_id) else 0)
        product = self.env["product.product"].sudo().search(self._get_goods_domain(site) & named)
        grade = self.env["oms.grade"].sudo().browse(grade_id if is_id(grade_id) else ())
        right = isinstance(quantity, int | float) and quantity > 0
        if not product.exists() or not grade.exists() or not right:
            raise UserError(self.env._("Say of which goods and grade."))
        return self._get_proposal(site.sudo(), product, grade, quantity)

    @api.model
    def _get_proposal(self, site, product, grade, quantity):
        """Return a proposal as :meth:`propose_disposition` does; other rooms know how."""
        return None

    @api.model
    def _name_disposition(self, key):
        """Return how people call what becomes of goods."""
        return key or None

    @api.model
    def _get_item_disposition(self, item):
        """Return what became, or is to become, of goods that are booked."""
        return None
