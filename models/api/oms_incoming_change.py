import hashlib
import json

from pydantic import ValidationError

from odoo import api, models

from ..promise.promise_case import PICKED_UP
from ..transaction import one_at_a_time, retrying
from .contract import GivenOrder
from .endpoint import get_problem_text
from .oms_incoming_order import fingerprint
from .oms_order_changing import ChangeRefused, Problem

#: How goods get to the customer.
WAYS = {"service", "method", "collect_at"}
#: What a change puts in the place of what was sent.
TAKEN = {"ship_to", "shipping", "total", "wanted_at", *WAYS}


class OmsIncomingOrder(models.Model):
    """Changes that channels send of orders that wait for somebody to mend something."""

    _inherit = "oms.incoming.order"

    def _get_revision(self):
        """Return what tells two contents of the order apart, as ``sale.order`` does."""
        self.ensure_one()
        content = json.dumps(self.payload, sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    @api.model
    def _take_changed(self, given, hashes, parked):
        """Put orders that were changed while they waited in place of what was sent first.

        :param list given: ``GivenOrder`` of each
        :param dict hashes: fingerprint by reference; takes that of what was sent first
        :param dict parked: record by reference
        :return: ``GivenOrder`` of each
        :rtype: list
        """
        taken = []
        for each in given:
            order = parked.get(each.reference)
            if order and order.is_changed and order.state == "parked":
                changed = order._read_payload()
                # Whether it was sent again as at first, or is tried again from here.
                if hashes[each.reference] in (order.content_hash, fingerprint(changed)):
                    hashes[each.reference] = order.content_hash
                    each = changed
            taken.append(each)
        return taken

    @api.model
    def _place_changed(self, channel, reference):
        """Place an order that was changed while it waited, if nothing is missing any more."""
        # The change was committed meanwhile: the transaction of the caller does not see it.
        given = retrying(
            self.env, lambda env: self.with_env(env)._read_waiting(channel.with_env(env), reference)
        )
        if not given:
            return
        with one_at_a_time(self.env, self._get_keys(channel, given)):
            retrying(
                self.env,
                lambda env: self.with_env(env)._place_waiting(channel.with_env(env), reference),
            )

    @api.model
    def _place_waiting(self, channel, reference):
        """Place an order as it waits now: somebody else may just have changed it, too."""
        given = self._read_waiting(channel, reference)
        if given:
            self._place_chunk(channel, given)

    @api.model
    def _read_waiting(self, channel, reference):
        """Return what an order is now that waits; see :meth:`_read_payloads`."""
        order = self.search(
            [
                ("channel_id", "=", channel.id),
                ("reference", "=", reference),
                ("state", "=", "parked"),
            ]
        )
        return order._read_payloads()

    # === CHANGING === #

    def _change_payload(self, given):
        """Change an order where it waits.

        :param GivenChange given: what the channel wants
        :raises ChangeRefused: it cannot be done
        """
        self.ensure_one()
        if self.state == "dropped":
            message = self.env._("Somebody decided not to place order %s.", self.reference)
            raise ChangeRefused([Problem("dropped", message, "reference")])
        if given.if_revision and given.if_revision != self._get_revision():
            message = self.env._(
                "Order %s was changed meanwhile: ask how it stands, and send the change again.",
                self.reference,
            )
            raise ChangeRefused([Problem("conflict", message, "if_revision")], "conflict")
        changed = given.model_dump(mode="json", include=TAKEN, exclude_none=True)
        payload = {**self.payload, **changed}
        if payload.get("promise") and (given.lines or given.ship_to or WAYS & changed.keys()):
            payload |= self._read_way(payload.pop("promise")) | changed
        if given.lines or given.shipping:
            payload["lines"] = self._merge_lines(payload["lines"], given.lines)
            payload["total"] = given.total
        if given.customer:
            contact = given.customer.model_dump(mode="json", exclude_none=True)
            payload["customer"] = {**(payload.get("customer") or {}), **contact}
        if given.note is not None:
            payload["note"] = given.note or None
        if given.prices_include_tax is not None:
            payload["prices_include_tax"] = given.prices_include_tax
        self._keep_payload(payload)

    def _read_way(self, token):
        """Return what a promise says of the delivery: it was made for another order than this."""
        promised = self.env["oms.promise.token"]._read(token)
        if not promised:
            return {}
        # sudo: who retries need not have rights on delivery methods
        carrier = self.env["delivery.carrier"].sudo().browse(promised.carrier_id or ()).exists()
        site = self.env["oms.site"].sudo().browse(promised.site_id or ()).exists()
        way = {"service": promised.service}
        if carrier:
            way["method"] = carrier._oms_get_code()
        if site and promised.service in PICKED_UP:
            way["collect_at"] = site.code
        return way

    def _keep_payload(self, payload):
        """Write another content, if it is still that of an order."""
        try:
            order = GivenOrder.model_validate(payload, strict=False)
        except ValidationError as error:
            problems = error.errors(include_url=False, include_context=False, include_input=False)
            message = get_problem_text(self.env, problems, self.env._("the order"))
            raise ChangeRefused([Problem("invalid", message)]) from error
        self.write({"payload": order.model_dump(mode="json"), "is_changed": True})

    @api.model
    def _merge_lines(self, lines, changes):
        """Return lines as they were sent with what is changed of them.

        :param list lines: data of ``GivenLine``
        :param list changes: ``GivenLineChange`` of each
        :raises ChangeRefused: a line is not known, or there are several
        """
        lines, problems = [dict(line) for line in lines], []
        for index, each in enumerate(changes):
            changed = each.model_dump(mode="json", exclude_none=True)
            found = self._find_lines(lines, each.id, each.product)
            if len(found) == 1:
                found[0].update(changed)
            elif found:
                message = self.env._("The order has several lines of %s: say which.", each.product)
                problems.append(Problem("invalid", message, f"lines.{index}.product"))
            elif each.product and each.quantity:
                lines.append(changed)
            else:
                message = self.env._("The order has no line “%s”.", each.id or each.product or "")
                problems.append(Problem("not_found", message, f"lines.{index}"))
        left = [line for line in lines if line["quantity"]]
        if not left and not problems:
            message = self.env._("Nothing is left of the order: cancel it instead.")
            problems.append(Problem("invalid", message, "lines"))
        if problems:
            raise ChangeRefused(problems)
        return left

    @api.model
    def _find_lines(self, lines, number, product):
        if number:
            return [line for line in lines if line.get("id") == number]
        return [line for line in lines if line["product"] == product]

    def _give_up_lines(self, codes):
        """Take lines off an order where it waits; give it up if nothing is left.

        :param codes: numbers of lines, or products
        :return: ``cancelled``
        :raises ChangeRefused: a line is not known
        """
        self.ensure_one()
        lines, problems = list(self.payload["lines"]), []
        for index, code in enumerate(dict.fromkeys(codes)):
            found = self._find_lines(lines, code, None) or self._find_lines(lines, None, code)
            if len(found) != 1:
                message = self.env._("The order has no line “%s”, or several.", code)
                problems.append(Problem("not_found", message, f"lines.{index}"))
            else:
                lines = [line for line in lines if line is not found[0]]
        if problems:
            raise ChangeRefused(problems)
        if lines:
            self._keep_payload({**self.payload, "lines": lines, "total": None})
        else:
            self.action_drop()
        return "cancelled"
