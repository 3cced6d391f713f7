import logging
import re

from psycopg2 import OperationalError
from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import MissingError, UserError

from .answer import SOUNDS, Answer, to_moment

_logger = logging.getLogger(__name__)

#: Operations that are taken at once; the screen sends fewer.
MOST_OPERATIONS = 500
#: How deep the values of an operation may be nested.
MOST_LEVELS = 5
#: Signs that a database does not keep.
UNKEPT = re.compile("[\x00\ud800-\udfff]")
#: Larger quantities are mistakes.
MOST_QUANTITY = 1e15
LARGEST_ID = 2**31 - 1


class OmsSiteWork(models.AbstractModel):
    """What people at a site do, told one by one and done once."""

    _inherit = "oms.site.work"

    @api.model
    def apply(self, operations):
        """Do what somebody did at the screen of a site, each of it once.

        What was sent before, by its ``uuid``, is answered as it was then and not done again. Each
        operation stands or falls by itself. Keys of an operation: ``uuid``, ``fulfillment_id``,
        ``kind``, ``at``, and what the kind needs.

        :param list operations: in the order in which they were done
        :return: ``uuid``, ``outcome`` (ok, warning, refused, repeated), ``message``, ``sound`` and
            ``detail`` of each, in the same order; the detail with the last of each fulfillment
        :rtype: list[dict]
        :raise AccessError: the user does not work at sites
        :raise UserError: it is no list of operations, or too long a one
        """
        self._check_works()
        if not isinstance(operations, list | tuple) or len(operations) > MOST_OPERATIONS:
            raise UserError(
                self.env._("Send a list of at most %s operations at once.", MOST_OPERATIONS)
            )
        # Whatever else was sent is answered like an operation that says nothing.
        operations = [each if isinstance(each, dict) else {} for each in operations]
        known = self._find_known([operation.get("uuid") for operation in operations])
        answers, last = [], {}
        for place, operation in enumerate(operations):
            answer = self._answer_one(known, operation)
            answers.append({"uuid": operation.get("uuid"), **answer, "detail": None})
            # Only now: some operations make what they are about.
            last[self._get_subject(operation)] = place
        for subject, place in last.items():
            if subject:
                answers[place]["detail"] = self._get_detail_after(subject, operations[place])
        return answers

    # === WHAT OPERATIONS ARE ABOUT === #

    @api.model
    def _get_subject(self, operation):
        """Return what an operation is about; kinds of other parts of the addon have their own.

        :return: the fulfillment, or another record with ``_check_can_work`` and ``_lock_work``;
            an empty one where the operation names none, or none that is there
        """
        key = operation.get("fulfillment_id")
        return self.env["oms.fulfillment"].browse(key if is_id(key) else ())

    @api.model
    def _find_subject_mistake(self, operation):
        """Return what is wrong with how an operation says what it is about; None if nothing is."""
        if not is_id(operation.get("fulfillment_id")):
            return self.env._("An operation needs to say for which fulfillment it is.")
        return None

    @api.model
    def _prepare_scan_subject(self, subject, operation):
        """Return what the log keeps of what an operation is about."""
        return {"fulfillment_id": subject.id, "site_id": subject.site_id.id}

    @api.model
    def _get_scan_subject(self, scan):
        """Return what a line of the log is about."""
        return scan.fulfillment_id

    # === ONCE EACH === #

    @api.model
    def _answer_one(self, known, operation):
        mistake = self._find_mistake(operation)
        if mistake:
            return self._tell(Answer(mistake, "refused"))
        return self._answer_known(known, operation) or self._run_one(operation, known)

    @api.model
    def _find_known(self, uuids):
        """Return what was answered to operations that were sent before.

        :rtype: dict[str, dict]
        """
        # sudo: the log is written by this method only
        scans = (
            self.env["oms.scan"]
            .sudo()
            .search_fetch(
                [("uuid", "in", [uuid for uuid in uuids if is_uuid(uuid)])],
                ["uuid", "outcome", "message", "fulfillment_id", "kind", "user_id"],
            )
        )
        return {
            scan.uuid: {
                "outcome": scan.outcome,
                "message": scan.message or "",
                "subject": self._get_scan_subject(scan).sudo(False),
                "kind": scan.kind,
            }
            for scan in scans
        }

    @api.model
    def _answer_known(self, known, operation):
        before = known.get(operation.get("uuid"))
        if before is None:
            return None
        same = (self._get_subject(operation), operation.get("kind"))
        if same != (before["subject"] or same[0], before["kind"]):
            # Not the same thing: the device gave an id twice.
            return self._tell(
                Answer(self.env._("This id stands for something else already."), "refused")
            )
        outcome = "repeated" if before["outcome"] != "refused" else "refused"
        return {
            "outcome": outcome,
            "message": before["message"],
            "sound": SOUNDS[before["outcome"]],
        }

    @api.model
    def _tell(self, answer):
        return {
            "outcome": answer.outcome,
            "message": answer.message,
            "sound": SOUNDS[answer.outcome],
        }

    @api.model
    def _run_one(self, operation, known):
        """Do one operation, or nothing of it, and write it down.

        :raise OperationalError: others work on the same; who calls does it all again
        """
        subject = self._get_subject(operation)
        try:
            with self.env.cr.savepoint():
                answer = self._do(subject, operation)
                self._write_down(subject, operation, answer)
        except UserError as error:
            answer = Answer(str(error), "refused")
        except OperationalError:
            raise
        except UniqueViolation:
            # Sent twice at once: the other one did it.
            known.update(self._find_known([operation["uuid"]]))
            return self._answer_known(known, operation)
        except Exception:
            _logger.exception("An operation of a site failed: %s", operation.get("kind"))
            answer = Answer(
                self.env._("That failed on the server. Nothing was changed; tell your manager."),
                "refused",
            )
        if answer.outcome == "refused":
            self._write_down_refusal(subject, operation, answer)
        known[operation["uuid"]] = {
            "outcome": answer.outcome,
            "message": answer.message,
            "subject": self._get_subject(operation),
            "kind": operation["kind"],
        }
        return self._tell(answer)

    @api.model
    def _find_mistake(self, operation):
        """Return what is wrong with how an operation is told; None when nothing is."""
        uuid, kind = operation.get("uuid"), operation.get("kind")
        if not is_uuid(uuid):
            return self.env._("An operation needs an id of 8 to 64 characters.")
        mistake = self._find_subject_mistake(operation)
        if mistake:
            return mistake
        if not isinstance(kind, str) or not hasattr(self, f"_apply_{kind}"):
            return self.env._("There is no such operation: %s.", kind)
        if not _can_be_kept(operation):
            return self.env._("This has signs in it that cannot be read: scan or type it again.")
        return None

    @api.model
    def _do(self, subject, operation):
        try:
            subject._check_can_work()
        except MissingError:
            raise UserError(self.env._("This work is not there any more.")) from None
        # sudo: the user may do this work, as was just made sure of
        subject = subject.sudo()
        subject._lock_work()
        answer = getattr(self, f"_apply_{operation['kind']}")(subject, operation)
        self.env.flush_all()
        return answer

    @api.model
    def _write_down(self, subject, operation, answer):
        now = fields.Datetime.now()
        quantity = operation.get("quantity")
        is_number = isinstance(quantity, int | float) and abs(quantity) < MOST_QUANTITY
        # sudo: the log is written by this method only
        self.env["oms.scan"].sudo().create(
            {
                "uuid": operation["uuid"],
                **self._prepare_scan_subject(subject, operation),
                "user_id": self.env.uid,
                "kind": operation["kind"],
                "barcode": str(operation.get("barcode") or "")[:200] or False,
                "quantity": quantity if is_number else 0.0,
                "outcome": answer.outcome,
                "message": answer.message,
                "moment": min(to_moment(operation.get("at")) or now, now),
                "received_at": now,
                "changes": answer.changes or False,
                **answer.seen,
            }
        )

    @api.model
    def _write_down_refusal(self, subject, operation, answer):
        """Write down what was refused, if the user has to do with it at all."""
        if subject.exists() and subject.has_access("read"):
            self._write_down(subject, operation, answer)

    @api.model
    def _get_detail_after(self, subject, operation):
        if not subject.exists() or not subject.has_access("read"):
            return None
        return self._prepare_detail(subject)


def is_id(value):
    """Tell whether a value that somebody sent can be the id of a record."""
    return type(value) is int and 0 < value <= LARGEST_ID


def is_uuid(value):
    """Tell whether a value that somebody sent can be an id that a device made."""
    return isinstance(value, str) and 8 <= len(value) <= 64 and not UNKEPT.search(value)


def _can_be_kept(value, level=0):
    """Tell whether a database keeps all texts of a value."""
    if isinstance(value, str):
        return not UNKEPT.search(value)
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        return level < MOST_LEVELS and all(_can_be_kept(each, level + 1) for each in value)
    return True
