import base64
import binascii
import hashlib
import json
from typing import Annotated

import psycopg2
from pydantic import Field

from odoo import api, models
from odoo.exceptions import UserError

from ..api.contract import Faulty, Item
from ..api.contract_return import (
    CancelledReturns,
    GivenReturn,
    Reference,
    RequestedReturns,
    ReturnStatuses,
)
from ..api.endpoint import endpoint, get_problem_text
from ..api.error import ApiError, get_shape
from .return_form import Wish, WishLine

#: Returns of one call.
MOST_RETURNS = 50

Returns = Annotated[
    list[Annotated[GivenReturn, Item]], Field(min_length=1, max_length=MOST_RETURNS)
]
Ids = Annotated[list[Reference], Field(min_length=1, max_length=MOST_RETURNS)]


class OmsApi(models.AbstractModel):
    _inherit = "oms.api"

    # === ENDPOINTS === #

    @endpoint
    def request_return(self, channel, returns: Returns) -> RequestedReturns:
        """Ask for goods of orders to come back, each return once.

        The channel's policy says what can come back, until when, and whether somebody looks at it
        first. Each return is taken down whole or not at all; what becomes of one has no say in the
        others. What was refused may be sent again, mended.

        :param returns: up to 50 returns
        :return: what became of each, in the order asked
        """
        good = [each for each in returns if not isinstance(each, Faulty)]
        orders = self._find_orders(channel, [each.reference for each in good])
        return {
            "returns": [
                self._refuse_faulty_return(index, each)
                if isinstance(each, Faulty)
                else self._take_return(channel, index, each, orders.get(each.reference))
                for index, each in enumerate(returns)
            ]
        }

    @endpoint(readonly=True, any_of=("returns", "references"))
    def return_status(
        self,
        channel,
        returns: Ids | None = None,
        references: Ids | None = None,
        with_labels: bool = False,
    ) -> ReturnStatuses:
        """Tell how returns stand.

        :param returns: the channel's own numbers of returns, up to 50
        :param references: the channel's numbers of orders, up to 50: all returns of each, those
            that were asked for elsewhere among them
        :param with_labels: whether to tell the files of return labels
        :return: the returns of the numbers in the order asked, then those of the orders; an
            unknown number has an ``error`` of code ``not_found``
        :raises ApiError: ``invalid`` if nothing is asked for
        """
        if not returns and not references:
            raise ApiError("invalid", self.env._("Say which returns are meant."), "returns")
        known = self._find_returns(channel, returns or [])
        told = [
            self._tell_return(known[each], with_labels)
            if each in known
            else {"id": each, "error": self._refuse_return(each)}
            for each in returns or ()
        ]
        orders = self._find_orders(channel, references or [])
        for reference in references or ():
            if reference not in orders:
                error = self._refuse_reference(reference)
                told.append({"id": None, "reference": reference, "error": error})
                continue
            for record in orders[reference].oms_return_ids.sorted("id"):
                told.append(self._tell_return(record, with_labels))
        return {"returns": told}

    @endpoint
    def cancel_return(self, channel, returns: Ids) -> CancelledReturns:
        """Give returns up of which nothing has come.

        :param returns: the channel's own numbers of returns, up to 50
        :return: what became of each: ``cancelled``, ``unchanged`` if it was before, or ``refused``
            with the reason
        """
        known = self._find_returns(channel, returns)
        return {"returns": [self._cancel_return(each, known.get(each)) for each in returns]}

    # === ASKING === #

    @api.model
    def _refuse_faulty_return(self, index, faulty):
        field = ".".join(map(str, ("returns", index, *faulty.problems[0]["loc"])))[:200]
        text = get_problem_text(self.env, faulty.problems, "returns")
        return {
            "reference": faulty.reference,
            "id": None,
            "status": "refused",
            "error": self._refuse("invalid", text, field),
        }

    @api.model
    def _take_return(self, channel, index, given, order):
        """Take one return down, once.

        :param order: ``sale.order``, or None
        :return: data of ``contract_return.RequestedReturn``
        :rtype: dict
        """
        answer = {"reference": given.reference, "id": given.id}
        field = f"returns.{index}"
        if not order:
            error = self._refuse(
                "not_found",
                self.env._("The channel has no order “%s”.", given.reference),
                f"{field}.reference",
            )
            return answer | {"status": "refused", "error": error}
        content = given.model_dump(mode="json")
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        known = self._find_returns(channel, [given.id]).get(given.id)
        if known:
            if known.content_hash == digest:
                return answer | {"status": "unchanged", **self._tell_taken(known)}
            message = self.env._("There is a return %s with another content.", given.id)
            error = self._refuse("conflict", message, f"{field}.id")
            return answer | {"status": "conflict", "error": error}
        try:
            with self.env.cr.savepoint():
                made = self._request_given(channel, order, given, field)
                made.write({"external_ref": given.id, "content_hash": digest})
                self.env.flush_all()
        except psycopg2.Error:
            raise
        except UserError as error:
            refusal = get_shape(self.env, error)._asdict()
            return answer | {
                "status": "refused",
                "error": {**refusal, "field": refusal["field"] or field},
            }
        return answer | {"status": "requested", **self._tell_taken(made)}

    @api.model
    def _request_given(self, channel, order, given, field):
        """Ask for a return as a channel gave it.

        :rtype: oms.return
        :raises UserError: something of it cannot be returned
        """
        lines = self._find_lines(order, [line.line for line in given.lines])
        reasons = self.env["oms.return.reason"].search(
            [("code", "in", [line.reason for line in given.lines])]
        )
        codes = {reason.code: reason.id for reason in reasons}
        site = given.site and self._find_return_site(channel, given.site, f"{field}.site")
        wished = []
        for place, line in enumerate(given.lines):
            path = f"{field}.lines.{place}"
            if len(lines[line.line]) != 1:
                message = self.env._("The order has no line “%s”, or several.", line.line)
                raise ApiError("not_found", message, f"{path}.line")
            if line.reason not in codes:
                message = self.env._("There is no reason of return “%s”.", line.reason)
                raise ApiError("not_found", message, f"{path}.reason")
            wished.append(
                WishLine(
                    lines[line.line].id,
                    line.quantity,
                    codes[line.reason],
                    line.note or "",
                    tuple(self._read_photos(line.photos, path)),
                )
            )
        wish = Wish(tuple(wished), given.outcome, given.way, site and site.id, given.note or "")
        return order._oms_request_return(wish, "api")

    @api.model
    def _find_return_site(self, channel, code, field):
        site = self.env["oms.site"].search(
            [("company_id", "=", channel.company_id.id), ("code", "=", code)], limit=1
        )
        if not site:
            raise ApiError("not_found", self.env._("There is no site “%s”.", code), field)
        return site

    @api.model
    def _read_photos(self, photos, path):
        for place, text in enumerate(photos):
            try:
                yield base64.b64decode(text, validate=True)
            except binascii.Error:
                message = self.env._("The photo is not written in Base64.")
                raise ApiError("invalid", message, f"{path}.photos.{place}") from None

    # === TELLING === #

    @api.model
    def _find_returns(self, channel, ids):
        """Return the returns of a channel by its own numbers of them.

        :rtype: dict
        """
        found = self.env["oms.return"].search(
            [("channel_id", "=", channel.id), ("external_ref", "in", list(ids))]
        )
        return {record.external_ref: record for record in found}

    @api.model
    def _refuse_return(self, number):
        message = self.env._("The channel has no return “%s”.", number)
        return self._refuse("not_found", message, "returns")

    @api.model
    def _tell_taken(self, record):
        return {
            "name": record.name,
            "state": record.state,
            "way": record.way,
            "site": record.site_id.code or None,
        }

    @api.model
    def _tell_return(self, record, with_labels):
        """Return data of ``contract_return.ReturnStatus``.

        :rtype: dict
        """
        return {
            "id": record.external_ref or None,
            "reference": record.order_id.oms_external_ref or None,
            **self._tell_taken(record),
            "outcome": record.outcome,
            "carrier": record.carrier_id.name or None,
            "tracking": record.tracking or None,
            "refused": record.refuse_reason or None,
            "currency": record.currency_id.name,
            "announced": record.amount_announced,
            "due": record.amount_due,
            "settled": record.amount_settled,
            **{
                name: record[name] or None
                for name in ("requested_at", "authorized_at", "received_at", "closed_at")
            },
            "lines": [self._tell_return_line(line) for line in record.line_ids],
            "labels": [
                {
                    "name": label.name,
                    "mimetype": label.mimetype,
                    "content": base64.b64encode(label.raw or b"").decode(),
                }
                for label in record._get_customer_labels()
            ]
            if with_labels
            else None,
        }

    @api.model
    def _tell_return_line(self, line):
        return {
            "line": line.sale_line_id.oms_external_ref or None,
            "product": self._tell_product(line.product_id),
            "quantity": line.quantity,
            "received": line.quantity_received,
            "accepted": line.quantity_accepted,
            "reason": line.reason_id.code or None,
            "fee": line.fee,
            "due": line.amount_due,
        }

    # === CANCELLING === #

    @api.model
    def _cancel_return(self, number, record):
        """Cancel one return.

        :return: data of ``contract_return.CancelledReturn``
        :rtype: dict
        """
        if not record:
            return {"id": number, "status": "refused", "error": self._refuse_return(number)}
        if record.state == "cancelled":
            return {"id": number, "status": "unchanged"}
        try:
            with self.env.cr.savepoint():
                record._cancel()
                self.env.flush_all()
        except psycopg2.Error:
            raise
        except UserError as error:
            refusal = get_shape(self.env, error)._asdict()
            return {"id": number, "status": "refused", "error": refusal}
        return {"id": number, "status": "cancelled"}
