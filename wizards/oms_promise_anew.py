from odoo import api, fields, models
from odoo.exceptions import UserError


class OmsPromiseAnew(models.TransientModel):
    """Asks for which dates orders are promised anew, and what the customers are told."""

    _name = "oms.promise.anew"
    _description = "Promise Anew"

    order_ids = fields.Many2many("sale.order", required=True, readonly=True)
    line_ids = fields.One2many(
        "oms.promise.anew.line",
        "wizard_id",
        string="Orders",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )
    notify = fields.Boolean(
        string="Tell the Customers", default=True, help="A message with the old and the new date."
    )
    template_id = fields.Many2one(
        "mail.template",
        string="Message",
        domain="[('model', '=', 'sale.order')]",
        default=lambda self: self.env.ref("oms.mail_promise_anew", raise_if_not_found=False),
    )
    note = fields.Char(help="Said in the chatter of the orders.")

    @api.depends("order_ids")
    def _compute_line_ids(self):
        for wizard in self:
            proposed = wizard.order_ids._oms_propose_dates()
            wizard.line_ids = [fields.Command.clear()] + [
                fields.Command.create(
                    {
                        "order_id": order.id,
                        "old_date": order.oms_promised_date,
                        "proposed_date": max(parts.values()),
                        "new_date": max(parts.values()),
                    }
                )
                for order, parts in proposed.items()
            ]

    def action_promise(self):
        """Promise the dates, and tell the customers if wanted.

        :return: True
        :raise UserError: nothing is under way, or a date has passed
        """
        self.ensure_one()
        if not self.line_ids:
            raise UserError(self.env._("Nothing of these orders is under way."))
        self.order_ids.check_access("write")
        template = self.template_id if self.notify else None
        dates = {line.order_id: line.new_date for line in self.line_ids}
        self.order_ids._oms_promise_again(dates, self.note, template)
        return True


class OmsPromiseAnewLine(models.TransientModel):
    """The date for which an order is promised anew."""

    _name = "oms.promise.anew.line"
    _description = "Order Promised Anew"

    wizard_id = fields.Many2one("oms.promise.anew", required=True, ondelete="cascade")
    order_id = fields.Many2one("sale.order", required=True, readonly=True, ondelete="cascade")
    old_date = fields.Date(string="Promised So Far", readonly=True)
    proposed_date = fields.Date(
        string="Proposed", readonly=True, help="By when it comes as things stand."
    )
    new_date = fields.Date(string="Promise For", required=True)
