from odoo import models
from odoo.exceptions import UserError, ValidationError

from ..orchestration.oms_sourcing import Part


class SaleOrder(models.Model):
    """What a user decides about the sites of an order."""

    _inherit = "sale.order"

    def _oms_check_decidable(self):
        """Make sure that the user may decide, and that there is something to decide.

        :raise AccessError: the user may not change the orders
        :raise UserError: an order is not confirmed, or on hold
        """
        self.check_access("write")
        for order in self:
            if order.state != "sale":
                raise UserError(self.env._("%s is not a confirmed order.", order.name))
            if order.oms_held:
                raise UserError(self.env._("%s is on hold: let it go on first.", order.name))

    def _oms_assign(self, shares):
        """Give what is open of order lines to sites that a user chose.

        It passes the same gate as every claim. The decision tells who chose.

        :param shares: (order line, site, quantity in the product's unit) tuples
        :return: the decisions, one for each order
        :raise UserError: a site has not so much
        :raise ValidationError: more than is open, a quantity of zero or less, or a site that
            cannot ship
        """
        self._oms_check_decidable()
        self._oms_check_shares(shares)
        decisions = self.env["oms.decision"]
        with self._oms_watch_standing():
            for order in self:
                of_order = [share for share in shares if share[0].order_id == order]
                if of_order:
                    decisions += order._oms_assign_own(of_order)
        return decisions

    def _oms_check_shares(self, shares):
        given = {}
        for line, site, quantity in shares:
            unit = line.product_id.uom_id
            if line.order_id not in self or not line._oms_is_orchestrated():
                raise ValidationError(
                    self.env._("%s is not sourced here: Odoo delivers it.", line.display_name)
                )
            if unit.compare(quantity, 0.0) <= 0:
                raise ValidationError(self.env._("Say how much each site is to give."))
            if (
                not site.warehouse_id
                or not site.ships
                or not site.active
                or site.company_id != line.company_id
            ):
                raise ValidationError(
                    self.env._(
                        "%(site)s cannot ship %(order)s: choose a site of %(company)s that ships.",
                        site=site.name,
                        order=line.order_id.name,
                        company=line.company_id.name,
                    )
                )
            given[line] = given.get(line, 0.0) + quantity
            if unit.compare(given[line], line._oms_get_qty_open()) > 0:
                raise ValidationError(
                    self.env._(
                        "%(given)s of %(product)s is more than the %(open)s that are open.",
                        given=f"{given[line]:g}",
                        product=line.product_id.display_name,
                        open=f"{max(line._oms_get_qty_open(), 0.0):g}",
                    )
                )

    def _oms_assign_own(self, shares):
        self.ensure_one()
        # sudo: who may change the order may decide on its sites
        sourcing, order = self.env["oms.sourcing"].sudo(), self.sudo()
        merged = {}
        for line, site, quantity in shares:
            key = (line.sudo(), site.sudo())
            merged[key] = merged.get(key, 0.0) + quantity
        sites = self.env["oms.site"].sudo().union(*(site for _line, site in merged))
        kilometers, _note = sourcing._get_kilometers(order, sites)
        distances = dict(zip(sites, kilometers, strict=True))
        decision = (
            self.env["oms.decision"]
            .sudo()
            .create(order._oms_prepare_forced_vals(merged, distances))
        )
        parts = [
            Part(line, site, quantity, distances[site], decision)
            for (line, site), quantity in merged.items()
        ]
        sourcing._claim_parts(parts)
        with order._oms_unlocked():
            order._oms_get_orchestrated_lines()._oms_release()
        text = ", ".join(
            f"{site.name}: {quantity:g} {line.product_id.display_name}"
            for (line, site), quantity in merged.items()
        )
        self._oms_note(self.env._("Sites chosen by hand. %s", text))
        return decision

    def _oms_prepare_forced_vals(self, merged, distances):
        """Prepare the decision of a user: what he chose, without costs to compare."""
        units = sum(merged.values())
        left = sum(line._oms_get_qty_open() for line in self._oms_get_orchestrated_lines()) - units
        strategy = self.oms_channel_id.strategy_id
        outside = [
            site.name for site in distances if site not in self.oms_channel_id._get_sourcing_sites()
        ]
        notes = [self.env._("Chosen by %s.", self.env.user.display_name)]
        if outside:
            notes.append(self.env._("Not among the sites of the channel: %s.", ", ".join(outside)))
        return {
            "order_id": self.id,
            "channel_id": self.oms_channel_id.id,
            "strategy_id": strategy.id,
            "currency_id": strategy.currency_id.id,
            "trigger": "forced",
            "outcome": "partial" if left > 1e-9 else "full",
            "split": len(set(distances) | set(self._oms_get_open_fulfillments().site_id)) > 1,
            "site_ids": [(6, 0, [site.id for site in distances])],
            "parcel_count": len(distances),
            "candidate_count": len(distances),
            "units": units + max(left, 0.0),
            "unfilled_units": max(left, 0.0),
            "kilometers": sum(distances.values()),
            "note": "\n".join(notes),
        }

    def _oms_source_by_strategy(self, strategy):
        """Source what is open by another strategy than the channel's, for this once.

        :param strategy: ``oms.strategy``
        :raise UserError: nothing is open, or an order is on hold
        """
        self._oms_check_decidable()
        waiting = self.filtered(lambda order: order.oms_state in ("waiting", "partial"))
        if not waiting:
            raise UserError(self.env._("Nothing is open to source: no selected order waits."))
        # sudo: a user who decides starts the count anew
        waiting.sudo().oms_attempts = 0
        waiting._oms_take_up("manual", strategy)
        for order in waiting:
            order._oms_note(
                self.env._(
                    "Sourced by the strategy %(strategy)s. %(result)s",
                    strategy=strategy.name,
                    result=order._oms_describe_sourcing(),
                )
            )

    def _oms_release_planned(self):
        """Have Odoo make transfers of what is claimed for the orders.

        :return: the fulfillments that were released
        """
        # sudo: the workflow acts for the system, whoever caused the event
        orders = self.sudo().filtered(lambda order: order.state == "sale")
        planned = orders.oms_fulfillment_ids.filtered(lambda each: each.state == "planned")
        lines = planned.line_ids.sale_line_id
        with orders._oms_unlocked():
            lines._oms_release()
        return planned.filtered(lambda each: each.state == "released")
