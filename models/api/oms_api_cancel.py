from typing import Annotated

import psycopg2
from pydantic import Field

from odoo import api, models
from odoo.exceptions import UserError

from .contract_change import GivenCancelledLines, LineCancellations
from .endpoint import endpoint
from .error import ApiError, get_shape
from .oms_api_orders import MOST_ORDERS, References
from .oms_order_changing import ChangeRefused, Problem

Lines = Annotated[list[GivenCancelledLines], Field(min_length=1, max_length=MOST_ORDERS)]


class OmsApi(models.AbstractModel):
    _inherit = "oms.api"

    @endpoint(any_of=("references", "lines"))
    def cancel(
        self, channel, references: References | None = None, lines: Lines | None = None
    ) -> LineCancellations:
        """Cancel orders of which nothing has been shipped, or lines of orders.

        Of lines, what has been shipped stays ordered. An order of which nothing is left is
        cancelled. To want less of a line, but not nothing, change the order.

        :param references: the channel's numbers of whole orders, up to 100
        :param lines: lines of up to 100 orders
        :return: what became of each, the whole orders first: ``cancelled``, ``unchanged`` if it
            was before, or ``refused`` with the reason
        :raises ApiError: ``invalid`` if nothing is to be cancelled
        """
        if not references and not lines:
            raise ApiError("invalid", self.env._("Say what is to be cancelled."), "references")
        named = [*(references or ()), *(each.reference for each in lines or ())]
        orders = self._find_orders(channel, named)
        parked = self._find_parked(channel, named)
        return {
            "orders": [
                *(
                    self._cancel(reference, orders.get(reference), parked.get(reference))
                    for reference in references or ()
                ),
                *(
                    self._cancel_lines(
                        index, each, orders.get(each.reference), parked.get(each.reference)
                    )
                    for index, each in enumerate(lines or ())
                ),
            ]
        }

    # === LINES === #

    @api.model
    def _cancel_lines(self, index, given, order, parked):
        """Cancel lines of one order, all of them or none.

        :return: data of ``contract_change.CancelledLines``
        :rtype: dict
        """
        reference = given.reference
        if order and order.state == "cancel":
            return {"reference": reference, "status": "unchanged"}
        try:
            with self.env.cr.savepoint():
                if order:
                    status = self._give_up_lines(order, given)
                elif parked and parked.state == "parked":
                    status = parked._give_up_lines(given.lines)
                else:
                    return self._cancel_parked(reference, parked)
        except psycopg2.Error:
            raise
        except ChangeRefused as refused:
            errors = [
                self._refuse(
                    problem.code,
                    problem.message,
                    ".".join(filter(None, ("lines", str(index), problem.field))),
                )
                for problem in refused.problems
            ]
            return {
                "reference": reference,
                "status": "refused",
                "error": errors[0],
                "errors": errors,
            }
        except UserError as error:
            refusal = get_shape(self.env, error)._asdict()
            return {"reference": reference, "status": "refused", "error": refusal}
        return {"reference": reference, "status": status}

    @api.model
    def _give_up_lines(self, order, given):
        """Take off an order what was not shipped of lines.

        :return: ``cancelled`` or ``unchanged``
        :raises ChangeRefused: one of them is not known
        """
        lines = order.order_line.filtered("product_id")
        meant, problems = self.env["sale.order.line"], []
        for index, (code, line) in enumerate(self._find_lines(order, given.lines).items()):
            if len(line) == 1:
                meant |= line
                continue
            message = self.env._("The order has no line “%s”, or several.", code)
            problems.append(Problem("not_found", message, f"lines.{index}"))
        if problems:
            raise ChangeRefused(problems)
        left = {line: line._oms_get_qty_shipped() for line in meant}
        changed = meant.filtered(lambda line: line._oms_get_qty_ordered() > left[line])
        if not changed:
            return "unchanged"
        goods = lines.filtered(lambda line: line.product_id.type != "service")
        if not any((goods - meant).mapped("product_uom_qty")) and not any(left.values()):
            self._check_cancellable(order)
            order.with_context(disable_cancel_warning=True).action_cancel()
            return "cancelled"
        self.env["oms.order.changing"]._lower(order, {line: left[line] for line in changed})
        return "cancelled"

    @api.model
    def _find_lines(self, order, codes):
        """Return the lines of an order by what the channel calls them.

        :param codes: the channel's numbers of lines, or products
        :return: by code, each once; one line, none if there is none, or several
        :rtype: dict
        """
        lines = order.order_line.filtered("product_id")
        products = self.env["oms.order.placing"]._look_up_words(
            order.oms_channel_id, set(codes), set(), set()
        ).products  # fmt: skip
        found = {}
        for code in dict.fromkeys(codes):
            named = lines.filtered(lambda line, code=code: line.oms_external_ref == code)
            found[code] = named or lines.filtered(
                lambda line, code=code: line.product_id == products.get(code)
            )
        return found

    # === ORDERS === #

    @api.model
    def _cancel(self, reference, order, parked):
        """Cancel one order.

        :return: data of ``contract.Cancelled``
        :rtype: dict
        """
        if order and order.state == "cancel":
            return {"reference": reference, "status": "unchanged"}
        if not order:
            return self._cancel_parked(reference, parked)
        try:
            with self.env.cr.savepoint():
                self._check_cancellable(order)
                order.with_context(disable_cancel_warning=True).action_cancel()
        except psycopg2.Error:
            raise
        except UserError as error:
            refusal = get_shape(self.env, error)._asdict()
            return {"reference": reference, "status": "refused", "error": refusal}
        return {"reference": reference, "status": "cancelled"}

    @api.model
    def _cancel_parked(self, reference, parked):
        if not parked:
            error = self._refuse_reference(reference)
            return {"reference": reference, "status": "refused", "error": error}
        if parked.state == "dropped":
            return {"reference": reference, "status": "unchanged"}
        parked.action_drop()
        return {"reference": reference, "status": "cancelled"}

    @api.model
    def _check_cancellable(self, order):
        """Make sure that nothing has left yet.

        :raises ApiError: something has
        """
        if any(move.state == "done" for move in order.picking_ids.move_ids):
            raise ApiError(
                "conflict",
                self.env._(
                    "Goods of order %s have been shipped: it is returned, not cancelled.",
                    order.oms_external_ref,
                ),
            )
