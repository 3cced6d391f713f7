from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime

from ..inventory.refusal import Shortage
from ..orchestration.oms_sourcing import Part


class SaleOrder(models.Model):
    """Orders by which goods are reserved in a store, without being bought."""

    _inherit = "sale.order"

    oms_reserved_until = fields.Datetime(
        string="Reserved Until",
        compute="_compute_oms_reserved",
        compute_sudo=True,
        groups="base.group_user",
        help="Until when a store keeps the goods of a quotation.",
    )
    oms_can_reserve = fields.Boolean(
        compute="_compute_oms_reserved",
        compute_sudo=True,
        groups="sales_team.group_sale_salesman",
    )

    @api.depends(
        "state",
        "oms_service",
        "oms_collect_site_id",
        "order_line.oms_claim_ids.state",
        "order_line.oms_claim_ids.expires_at",
    )
    def _compute_oms_reserved(self):
        for order in self:
            reserved = order._oms_get_reserved() if order._oms_is_reservation() else None
            until = min(reserved.mapped("expires_at"), default=False) if reserved else False
            order.oms_reserved_until = until
            order.oms_can_reserve = bool(
                order._oms_is_reservation()
                and order.oms_collect_site_id
                and order.oms_channel_id.orchestrated
                and not until
            )

    def _oms_is_reservation(self):
        """Tell whether goods are only reserved for the order.

        :rtype: bool
        """
        self.ensure_one()
        return self.oms_service == "reserve" and self.state in ("draft", "sent")

    def _oms_get_reserved(self):
        """Return the claims by which goods are kept for quotations.

        :rtype: ``oms.claim``
        """
        # sudo: who sells need not have rights on claims
        return self.sudo().order_line.oms_claim_ids._filter_reserved()

    # === RESERVING === #

    def _oms_reserve(self, until=None, holds=None):
        """Keep the goods of a quotation in the store where the customer wants to see them.

        What the store has is kept, in the caller's transaction; it becomes work of the store.

        :param datetime until: UTC without time zone; as long as the channel says when None
        :param holds: ``oms.claim`` recordset of the customer's cart, whose goods these are
        :return: the fulfillment
        :rtype: ``oms.fulfillment``
        :raise UserError: no store was chosen, or it has nothing of the goods
        """
        self.ensure_one()
        self._oms_check_reservable()
        # sudo: who sells need not have rights on claims and fulfillments
        order = self.sudo()
        if holds:
            holds.sudo()._release()
        site, channel = order.oms_collect_site_id, order.oms_channel_id
        until = until or fields.Datetime.now() + timedelta(hours=channel.reserve_hours)
        quantities = order._oms_find_reservable(site)
        parts = [
            Part(line, site, quantity, 0.0, order.env["oms.decision"])
            for line, quantity in quantities.items()
        ]
        lines = order.env["oms.sourcing"]._plan_parts(parts)
        order.env["oms.claim"].create(
            [
                {
                    "product_id": part.line.product_id.id,
                    "site_id": site.id,
                    "quantity": part.quantity,
                    "origin": "reservation",
                    "reference": order.name,
                    "expires_at": until,
                    "sale_line_id": part.line.id,
                    "fulfillment_line_id": lines[part.line, site].id,
                }
                for part in parts
            ]
        )
        fulfillment = lines[parts[0].line, site].fulfillment_id
        fulfillment.pickup_until = until
        order._oms_note(order._oms_describe_reservation(fulfillment))
        return fulfillment.with_env(self.env)

    def _oms_check_reservable(self):
        if not self._oms_is_reservation():
            raise UserError(
                self.env._("Only quotations for “Reservation in Store” keep goods: %s.", self.name)
            )
        if not self.oms_collect_site_id:
            raise UserError(self.env._("Say in which store the goods are reserved."))
        if self._oms_get_reserved():
            raise UserError(self.env._("The goods of %s are reserved already.", self.name))

    def _oms_find_reservable(self, site):
        """Return what a store can keep of a quotation.

        :return: quantity in the product's unit by order line
        :rtype: dict
        :raise UserError: it has nothing
        """
        lines = self.order_line.filtered(lambda line: line._oms_is_orchestrated())
        products = lines.product_id.filtered("is_storable")
        left = site._get_available(products) if products else {}
        found = {}
        for line in lines:
            unit, key = line.product_id.uom_id, (site.id, line.product_id.id)
            wanted = line._oms_get_qty_ordered()
            if line.product_id.is_storable:
                wanted = min(wanted, unit.round(left.get(key, 0.0), rounding_method="DOWN"))
                left[key] = left.get(key, 0.0) - wanted
            if unit.compare(wanted, 0.0) > 0:
                found[line] = wanted
        if not found:
            raise Shortage(
                self.env._(
                    "%(site)s has nothing of what %(order)s is to reserve.",
                    site=site.name,
                    order=self.name,
                )
            )
        return found

    def _oms_describe_reservation(self, fulfillment):
        until = format_datetime(
            self.env, fulfillment.pickup_until, tz=fulfillment.site_id.tz or "UTC"
        )
        what = ", ".join(fulfillment.line_ids.filtered("quantity").mapped("goods_text"))
        return self.env._(
            "Reserved at %(site)s until %(until)s: %(what)s.",
            site=fulfillment.site_id.name,
            until=until,
            what=what,
        )

    # === SOLD === #

    def _oms_order_only(self, taken):
        """Have a quotation be about no more than what the customer takes.

        :param dict taken: quantity in the product's unit by order line
        """
        for line in self.order_line.filtered(lambda line: line._oms_is_orchestrated()):
            unit = line.product_id.uom_id
            less = unit.round(line._oms_get_qty_ordered() - taken.get(line, 0.0))
            if unit.compare(less, 0.0) > 0:
                line._oms_lower_by(less)

    def _oms_keep_reserved(self):
        """Make what was reserved for quotations claims of orders, which do not expire.

        What has ended is sourced as if it had never been reserved, and what the lines do not need
        is given back.
        """
        claims = self._oms_get_reserved()
        if not claims:
            return
        alive = claims.filtered(lambda claim: claim._lock_alive())
        dead = claims - alive
        for claim in dead:
            claim.fulfillment_line_id._lower_planned(claim.quantity)
        dead._release()
        self.env["oms.position"]._touch([(each.product_id.id, each.site_id.id) for each in alive])
        for line, same in alive.grouped("sale_line_id").items():
            unit = line.product_id.uom_id
            excess = unit.round(sum(same.mapped("quantity")) - line._oms_get_qty_ordered())
            for claim in same.sorted("id", reverse=True):
                part = min(claim.quantity, excess)
                if unit.compare(part, 0.0) > 0:
                    claim.fulfillment_line_id._lower_planned(part)
                    claim._release(part)
                    excess = unit.round(excess - part)
        alive = alive.filtered(lambda claim: claim.state == "active")
        alive.write({"origin": "order", "expires_at": False})

    def _action_confirm(self):
        self._oms_keep_reserved()
        return super()._action_confirm()

    def _oms_release_reserved(self):
        """Have the store begin at once with what was reserved, whatever else its channel waits for.

        The customer stands there.
        """
        if self.oms_held:
            self._oms_let_go()
        lines = self._oms_get_orchestrated_lines()
        if lines.oms_claim_ids.filtered(lambda claim: claim.state == "active"):
            with self._oms_unlocked():
                lines._oms_release()

    # === ACTION METHODS === #

    def action_oms_reserve(self):
        """Keep the goods of the quotations in their stores.

        :return: a notification that tells until when
        :rtype: dict
        :raise UserError: something cannot be reserved
        """
        self.check_access("write")
        texts = []
        for order in self:
            # sudo: who sells need not see the work of stores
            texts.append(order._oms_describe_reservation(order._oms_reserve().sudo()))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": "\n".join(texts),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }


class OmsOrderPlacing(models.AbstractModel):
    _inherit = "oms.order.placing"

    def _confirm_held(self, channel, given, order):
        """Keep the goods of a reservation, which the customer has not bought yet."""
        # sudo: how a channel is set up matters to all its orders
        if order._oms_is_reservation() and channel.sudo().reserve_hours:
            order._oms_reserve(holds=self._find_held(channel, given))
            return True
        return super()._confirm_held(channel, given, order)
