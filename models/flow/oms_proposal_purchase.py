from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.stock.models.stock_rule import ProcurementException


class OmsProposal(models.Model):
    """Accepted purchases become lines of requests for quotation, by Odoo's procurement."""

    _inherit = "oms.proposal"

    purchase_line_ids = fields.One2many(
        "purchase.order.line",
        "oms_proposal_id",
        string="Purchase Lines",
        readonly=True,
        groups="purchase.group_purchase_user",
    )
    purchase_count = fields.Integer(
        compute="_compute_purchase_count", groups="purchase.group_purchase_user"
    )

    def _compute_purchase_count(self):
        for proposal in self:
            proposal.purchase_count = len(proposal.sudo().purchase_line_ids.order_id)

    def action_view_purchases(self):
        """Open the purchases that were made.

        :return: a window action
        :rtype: dict
        """
        orders = self.purchase_line_ids.order_id
        action = self.env["ir.actions.act_window"]._for_xml_id("purchase.purchase_rfq")
        action["domain"], action["context"] = [("id", "in", orders.ids)], {}
        if len(orders) == 1:
            action["views"], action["res_id"] = [(False, "form")], orders.id
        return action

    # === CARRYING OUT === #

    def _carry_out_purchase(self):
        """Ask suppliers for what is to be bought.

        :return: why each of those that cannot be bought cannot
        :rtype: dict[OmsProposal, str]
        """
        refused = {}
        for site, same in self.grouped("site_id").items():
            warehouse = site.warehouse_id
            rule = warehouse.buy_pull_id
            if not rule.active or not warehouse.buy_to_resupply:
                sentence = self.env._(
                    "%s does not buy: tick “Buy to Resupply” in its warehouse.", site.name
                )
                refused |= dict.fromkeys(same, sentence)
                continue
            reference = self.env["stock.reference"].create(
                {"name": f"FLOW/{same.sorted('id')[:1].id:05d}"}
            )
            for proposal in same:
                sentence = proposal._buy(rule.route_id, reference)
                if sentence:
                    refused[proposal] = sentence
        return refused

    def _buy(self, route, reference):
        """Ask the supplier for the goods of a proposal.

        :param route: ``stock.route`` that buys
        :param reference: ``stock.reference`` of all that is bought together
        :return: why it cannot be; empty if it was done
        :rtype: str
        """
        self.ensure_one()
        seller = self.supplierinfo_id
        if not seller or seller.partner_id != self.supplier_id:
            seller = self.product_id.with_company(self.company_id)._select_seller(
                partner_id=self.supplier_id or False,
                quantity=self.quantity,
                uom_id=self.uom_id,
            )
        if not seller:
            return self.env._(
                "%(product)s has no price of %(supplier)s for %(quantity)s: complete its vendors.",
                product=self.product_id.display_name,
                supplier=self.supplier_id.name or self.env._("any supplier"),
                quantity=f"{self.quantity:g}",
            )
        now = fields.Datetime.now()
        if self.leaves_at and self.arrives_at and self.leaves_at < now:
            # Ordered later it comes later.
            days = self.arrives_at - self.leaves_at
            self.write({"leaves_at": now, "arrives_at": now + days})
        Rule = self.env["stock.rule"].with_company(self.company_id)
        procurement = Rule.Procurement(
            self.product_id,
            self.quantity,
            self.uom_id,
            self.site_id.warehouse_id.lot_stock_id,
            self.product_id.display_name,
            reference.name,
            self.company_id,
            {
                "route_ids": route,
                "warehouse_id": self.site_id.warehouse_id,
                "reference_ids": reference,
                "supplierinfo_id": seller,
                "date_planned": max(self.arrives_at or now, now),
                "oms_proposal_id": self.id,
            },
        )
        known = self.purchase_line_ids
        try:
            with self.env.cr.savepoint():
                Rule.run([procurement], raise_user_error=False)
        except ProcurementException as error:
            return " ".join(sentence for _procurement, sentence in error.procurement_exceptions)
        self.invalidate_recordset(["purchase_line_ids"])
        if not self.purchase_line_ids - known:
            return self.env._(
                "Odoo's rules of %(site)s do not buy %(product)s: look at its routes.",
                site=self.site_id.name,
                product=self.product_id.display_name,
            )
        return ""

    # === UNDOING === #

    def _undo_purchase(self):
        # What was cancelled before the proposal was accepted once more is over.
        lines = self.purchase_line_ids.filtered(
            lambda line: (
                line.order_id.state != "cancel"
                and not (line.move_ids and set(line.move_ids.mapped("state")) == {"cancel"})
            )
        )
        for line in lines:
            if line.order_id.state in ("purchase", "done"):
                raise UserError(
                    self.env._(
                        "%(order)s is ordered from %(supplier)s: cancel it there first.",
                        order=line.order_id.name,
                        supplier=line.partner_id.name,
                    )
                )
        orders = lines.order_id
        lines.unlink()
        # An order that asks for nothing any more was made for them alone.
        orders.filtered(lambda order: not order.order_line).button_cancel()

    def _follow_cancelled(self):
        """Write down that purchases of which nothing came were cancelled or deleted."""
        for proposal in self.filtered(lambda each: each.state == "accepted"):
            orders = proposal.purchase_line_ids.order_id
            if all(order.state == "cancel" for order in orders) and not any(
                move.state == "done" for move in proposal.move_ids
            ):
                proposal.state = "undone"
