from odoo import api, models

from ..promise.promise_case import PICKED_UP
from .contract import GivenAddress, GivenOrder
from .oms_order_changing import Problem
from .outcome import Outcome


class OmsOrderChanging(models.AbstractModel):
    """How the goods of changed orders get to the customer."""

    _inherit = "oms.order.changing"

    @api.model
    def _find_problems(self, order, given, lookup):
        problems = super()._find_problems(order, given, lookup)
        wish = self._read_wish(order, given)
        return [*problems, wish] if isinstance(wish, Problem) else problems

    @api.model
    def _read_wish(self, order, given):
        """Return how the customer wants the goods now; None if that stays.

        :rtype: Wish | Problem | None
        """
        field = next(
            (name for name in ("method", "collect_at", "service", "point") if getattr(given, name)),
            None,
        )
        if not field or order.state != "sale":
            return None
        if order.delivery_status == "full" and not given.lines:
            message = self.env._("All of the order has been shipped.")
            return Problem("conflict", message, field)
        collect_at = given.collect_at
        if given.service in PICKED_UP and not collect_at:
            collect_at = order.oms_collect_site_id.code or None
        method, service = given.method, given.service
        if field == "point" and order.carrier_id:
            # Only the relay point is another one.
            method, service = order.carrier_id._oms_get_code(), order.oms_service
        asked = GivenOrder.model_construct(
            reference=given.reference,
            method=method,
            collect_at=collect_at,
            service=service,
            point=given.point,
            ship_to=given.ship_to or self._tell_home(order),
        )
        wish = self.env["oms.order.placing"]._read_wish(order.oms_channel_id, asked)
        if isinstance(wish, Outcome):
            return Problem(wish.code, wish.message, field)
        if not wish.carrier and wish.service == order.oms_service:
            return wish._replace(carrier=order.carrier_id)
        return wish

    @api.model
    def _tell_home(self, order):
        """Return where the customer is, whom an order reaches at home or near it."""
        home = order._oms_get_home()
        return GivenAddress.model_construct(
            country=home.country_id.code or "", zip=home.zip or None, city=home.city or None
        )

    @api.model
    def _change_head(self, order, given, lookup):
        res = super()._change_head(order, given, lookup)
        wish = self._read_wish(order, given)
        if wish:
            vals = {
                "oms_service": wish.service,
                "oms_collect_site_id": wish.site.id,
                "carrier_id": wish.carrier.id,
            }
            if wish.point:
                vals["pickup_location_data"] = wish.point
            order.write(vals)
            self._tell_sites(order, wish)
        if (wish and wish.point) or given.ship_to:
            order._oms_go_to_point()
        if wish or given.ship_to or given.lines:
            # What was promised, and from where, was another order.
            # The promise itself was used all the same.
            order.write({"oms_promised_plan": False, "oms_promised_parts": False})
        return res

    @api.model
    def _tell_sites(self, order, wish):
        """Have what no site has begun go another way; say what goes the old one."""
        open_pickings = order.picking_ids.filtered(
            lambda picking: (
                picking.state not in ("done", "cancel") and picking.picking_type_code == "outgoing"
            )
        )
        begun = open_pickings.filtered(
            lambda picking: picking.printed or any(picking.move_ids.mapped("picked"))
        )
        (open_pickings - begun).carrier_id = wish.carrier
        if begun:
            order._oms_mark_conflict(
                self.env._(
                    "The way of delivery changed while sites worked on it. The old one go: %s.",
                    ", ".join(begun.mapped("name")),
                )
            )

    @api.model
    def _change_lines(self, order, given, plan):
        res = super()._change_lines(order, given, plan)
        if given.method or given.collect_at or given.service or given.point:
            self.env.flush_all()
            # What no site has begun comes from where it can come now.
            order._oms_replan("change")
        return res
