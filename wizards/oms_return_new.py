from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.returns.oms_return import OUTCOME_SELECTION, WAY_SELECTION


class OmsReturnNew(models.TransientModel):
    """A customer calls: somebody at work asks for the return."""

    _name = "oms.return.new"
    _description = "New Return"

    order_id = fields.Many2one("sale.order", required=True, readonly=True)
    partner_id = fields.Many2one(related="order_id.partner_id", string="Customer")
    company_id = fields.Many2one(related="order_id.company_id")
    line_ids = fields.One2many("oms.return.new.line", "wizard_id", string="Goods")
    kept = fields.Text(
        string="What Cannot Be Returned", readonly=True, help="Each product with the reason."
    )
    outcome = fields.Selection(
        OUTCOME_SELECTION, string="Customer Wants", required=True, default="refund"
    )
    allowed_outcomes = fields.Json(compute="_compute_allowed_outcomes")
    way = fields.Selection(WAY_SELECTION, string="Way Back", required=True, default="label")
    site_id = fields.Many2one(
        "oms.site",
        string="Goes To",
        domain="[('takes_returns', '=', True), ('warehouse_id', '!=', False), "
        "('company_id', '=', company_id)]",
        help="Empty: the site is chosen by cost and distance.",
    )
    note = fields.Text(string="Customer's Words")

    @api.depends("company_id")
    def _compute_allowed_outcomes(self):
        """Store credit is there only where the company has eWallets."""
        for wizard in self:
            known = self.env["oms.return"]._knows_store_credit(wizard.company_id)
            outcomes = [key for key, _text in OUTCOME_SELECTION if key != "credit" or known]
            wizard.allowed_outcomes = outcomes

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if self.env.context.get("active_model") == "sale.order" and "order_id" in fields_list:
            values["order_id"] = self.env.context.get("active_id")
        order = self.env["sale.order"].browse(values.get("order_id"))
        if order and "line_ids" in fields_list:
            order.check_access("read")
            values |= self._prepare_lines(order)
        return values

    @api.model
    def _prepare_lines(self, order):
        """Return what of an order can come back, and why the rest cannot, as values.

        :rtype: dict
        """
        lines, kept = [], []
        for line, told in order._oms_get_returnable().items():
            if told["reason"]:
                kept.append(told["reason"])
                continue
            lines.append(
                fields.Command.create(
                    {
                        "sale_line_id": line.id,
                        "available": told["quantity"],
                        "until": told["until"],
                    }
                )
            )
        return {"line_ids": lines, "kept": "\n".join(kept)}

    def action_request(self):
        """Ask for the return and open it.

        :return: a window action
        :rtype: dict
        :raise UserError: nothing is chosen, or something of it cannot be returned
        """
        self.ensure_one()
        chosen = self.line_ids.filtered("quantity")
        if not chosen:
            raise UserError(self.env._("Choose what comes back, and how much of it."))
        made = self.env["oms.return"]._request(
            {
                "order_id": self.order_id.id,
                "origin": "office",
                "outcome": self.outcome,
                "way": self.way,
                "site_id": self.site_id.id,
                "note": self.note,
                "partner_id": self.order_id._oms_get_return_partner().id,
                "lines": [
                    {
                        "sale_line_id": line.sale_line_id.id,
                        "quantity": line.quantity,
                        "reason_id": line.reason_id.id,
                        "note": line.note,
                        "exchange_product_id": self.outcome == "exchange"
                        and line.exchange_product_id.id,
                    }
                    for line in chosen
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "oms.return",
            "res_id": made.id,
            "view_mode": "form",
        }


class OmsReturnNewLine(models.TransientModel):
    _name = "oms.return.new.line"
    _description = "Goods of a New Return"

    wizard_id = fields.Many2one("oms.return.new", required=True, ondelete="cascade")
    sale_line_id = fields.Many2one("sale.order.line", required=True, readonly=True)
    product_id = fields.Many2one(related="sale_line_id.product_id")
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    available = fields.Float(
        string="Can Be Returned",
        digits="Product Unit",
        readonly=True,
        help="Delivered and neither returned nor announced yet.",
    )
    until = fields.Datetime(readonly=True, help="End of the return period.")
    quantity = fields.Float(digits="Product Unit")
    reason_id = fields.Many2one(
        "oms.return.reason",
    )
    note = fields.Char(string="Customer's Words")
    exchange_product_id = fields.Many2one(
        "product.product",
        string="Exchanged For",
        domain="[('sale_ok', '=', True), ('type', '=', 'consu')]",
        help="Empty: for the same product. Of a dearer one the customer pays the difference.",
    )
