from typing import Annotated

from pydantic import Field

from odoo import api, models

from ..inventory.oms_claim_hold import is_measurable
from .contract import (
    Faulty,
    GivenOrder,
    Item,
    OrderStatuses,
    PlacedOrders,
    Text,
)
from .endpoint import endpoint, get_problem_text

#: Orders of one call.
MOST_ORDERS = 100

Orders = Annotated[list[Annotated[GivenOrder, Item]], Field(min_length=1, max_length=MOST_ORDERS)]
Reference = Annotated[Text, Field(min_length=1, max_length=64)]
References = Annotated[list[Reference], Field(min_length=1, max_length=MOST_ORDERS)]


class OmsApi(models.AbstractModel):
    _inherit = "oms.api"

    # === ENDPOINTS === #

    @endpoint
    def place_orders(self, channel, orders: Orders) -> PlacedOrders:
        """Place orders, each once: what is sent again with the same content changes nothing.

        Each order is placed whole, or parked until somebody has mended what is missing, or
        refused; what becomes of one has no say in the others. It is final when the answer is
        there.

        :param orders: up to 100 orders
        :return: what became of each, in the order asked
        """
        given = {}
        answers = [self._sort_in(given, index, order) for index, order in enumerate(orders)]
        outcomes = self.env["oms.incoming.order"]._place(channel, list(given.values()))
        return {
            "orders": [
                answer if isinstance(answer, dict) else self._tell_outcome(answer, outcomes[answer])
                for answer in answers
            ]
        }

    @endpoint(readonly=True)
    def order_status(self, channel, references: References) -> OrderStatuses:
        """Tell how orders stand, with what was shipped by which site.

        :param references: the channel's numbers of the orders, up to 100
        :return: one entry per order in the order asked; an unknown one has an ``error`` of code
            ``not_found``
        """
        statuses = self._get_statuses(channel, references)
        return {
            "orders": [
                statuses.get(reference)
                or {"reference": reference, "error": self._refuse_reference(reference)}
                for reference in references
            ]
        }

    # === PLACING === #

    @api.model
    def _sort_in(self, given, index, order):
        """Put an order among those to place.

        :param dict given: takes the order by its reference
        :return: its reference; the answer if it is not placed
        """
        field = f"orders.{index}"
        if isinstance(order, Faulty):
            error = self._refuse(
                "invalid",
                get_problem_text(self.env, order.problems, "orders"),
                ".".join(map(str, (field, *order.problems[0]["loc"])))[:200],
            )
            return {"reference": order.reference, "status": "refused", "error": error}
        if error := self._refuse_quantities(order.lines, field):
            return {"reference": order.reference, "status": "refused", "error": error}
        if given.setdefault(order.reference, order) != order:
            message = self.env._("Order %s is there twice, with two contents.", order.reference)
            error = self._refuse("conflict", message, f"{field}.reference")
            return {"reference": order.reference, "status": "conflict", "error": error}
        return order.reference

    @api.model
    def _refuse_quantities(self, lines, field):
        """Return the error of the first quantity that Odoo would round, or None.

        :param lines: what has a product and a quantity each
        :param str field: path of what has the lines; empty for the call itself
        """
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        for index, line in enumerate(lines):
            # No quantity is one that stays, and none at all is one that a change may ask for.
            if line.quantity and not is_measurable(line.quantity, digits):
                message = self.env._(
                    "%(quantity)s of %(product)s cannot be ordered: a quantity is a multiple of "
                    "%(step)s.",
                    quantity=line.quantity,
                    product=line.product,
                    step=f"{10.0**-digits:g}",
                )
                path = ".".join(filter(None, (field, "lines", str(index), "quantity")))
                return self._refuse("invalid", message, path)
        return None

    @api.model
    def _tell_outcome(self, reference, outcome):
        # The order itself was made in a transaction that this one does not see.
        error = outcome.code and self._refuse(outcome.code, outcome.message)
        warning = outcome.warning and self._refuse("wanted_too_soon", outcome.warning, "wanted_at")
        return {
            "reference": reference,
            "status": outcome.status,
            "order": outcome.name,
            "total": outcome.total,
            "promised": outcome.promised,
            "warning": warning or None,
            "error": error or None,
        }

    # === HOW ORDERS STAND === #

    @api.model
    def _find_orders(self, channel, references):
        """Return the orders of a channel by its own numbers.

        :rtype: dict
        """
        orders = self.env["sale.order"].search(
            [("oms_channel_id", "=", channel.id), ("oms_external_ref", "in", references)]
        )
        return {order.oms_external_ref: order for order in orders}

    @api.model
    def _find_parked(self, channel, references):
        found = self.env["oms.incoming.order"].search(
            [
                ("channel_id", "=", channel.id),
                ("reference", "in", references),
                ("state", "!=", "placed"),
            ]
        )
        return {order.reference: order for order in found}

    @api.model
    def _refuse_reference(self, reference):
        return self._refuse(
            "not_found", self.env._("The channel has no order “%s”.", reference), "references"
        )

    @api.model
    def _get_statuses(self, channel, references):
        """Return how orders stand, by reference.

        :return: data of ``contract.OrderStatus``; what is unknown is not in it
        :rtype: dict
        """
        statuses = {
            reference: {
                "reference": reference,
                "state": "parked" if order.state == "parked" else "cancelled",
                "revision": order._get_revision(),
            }
            for reference, order in self._find_parked(channel, references).items()
        }
        orders = self._find_orders(channel, references)
        for reference, order in orders.items():
            statuses[reference] = {
                "reference": reference,
                "order": order.name,
                "revision": order._oms_get_revision(),
                "state": self._get_state(order),
                "lines": [self._tell_line(line) for line in order.order_line if line.product_id],
                "promised": order.oms_promised_date or None,
                "shipments": [self._tell_shipment(part) for part in order.oms_fulfillment_ids],
            }
        return statuses

    @api.model
    def _get_state(self, order):
        if order.state == "cancel":
            return "cancelled"
        if order.delivery_status == "full":
            parts = order.oms_fulfillment_ids.filtered(lambda part: part.shipped_at)
            return "delivered" if parts and all(parts.mapped("delivered_at")) else "shipped"
        return order.oms_state or None

    @api.model
    def _tell_line(self, line):
        unit = line.product_id.uom_id
        ordered = line.product_uom_id._compute_quantity(line.product_uom_qty, unit)
        return {
            "id": line.oms_external_ref or None,
            "product": line.product_id.default_code or line.product_id.barcode or None,
            "ordered": ordered,
            "shipped": line.product_uom_id._compute_quantity(line.qty_delivered, unit),
            "open": line.oms_qty_open,
        }

    @api.model
    def _tell_shipment(self, fulfillment):
        promise = fulfillment.promise_ids.filtered("current")[:1]
        tracking = [ref for ref in fulfillment.picking_ids.mapped("carrier_tracking_ref") if ref]
        return {
            "name": fulfillment.name,
            "site": fulfillment.site_id.code,
            "state": fulfillment.state,
            "units": fulfillment.unit_count,
            "tracking": ", ".join(tracking) or None,
            "earliest": promise.earliest_date or None,
            "promised": promise.promised_date or None,
            "shipped_at": fulfillment.shipped_at or None,
            "delivered_at": fulfillment.delivered_at or None,
        }
