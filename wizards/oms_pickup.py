from odoo import api, fields, models
from odoo.exceptions import UserError


class OmsPickupCollect(models.TransientModel):
    """Asks for the code and for what the customer takes."""

    _name = "oms.pickup.collect"
    _description = "Hand Over to a Customer"

    fulfillment_id = fields.Many2one(
        "oms.fulfillment", required=True, readonly=True, ondelete="cascade"
    )
    order_id = fields.Many2one(related="fulfillment_id.order_id")
    partner_id = fields.Many2one(related="fulfillment_id.pickup_partner_id")
    storage_place = fields.Char(related="fulfillment_id.storage_place")
    reserved = fields.Boolean(compute="_compute_reserved")
    code = fields.Char(help="As the customer shows it; scan the picture or type the signs.")
    identity = fields.Char(compute="_compute_reserved")
    identity_checked = fields.Boolean(help="You looked at an identity card of the customer.")
    rest = fields.Selection(
        [("keep", "Keep it for the customer"), ("return", "Return it to the shelf")],
        string="What Is Left",
        required=True,
        default="keep",
        help="Returned goods are taken off the order.",
    )
    line_ids = fields.One2many(
        "oms.pickup.collect.line",
        "wizard_id",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )

    @api.depends("fulfillment_id")
    def _compute_reserved(self):
        for wizard in self:
            # sudo: how goods are handed over is told to whoever hands them over
            fulfillment = wizard.fulfillment_id.sudo()
            wizard.reserved = bool(fulfillment) and fulfillment._is_reservation()
            wizard.identity = fulfillment.channel_id.pickup_identity

    @api.depends("fulfillment_id")
    def _compute_line_ids(self):
        for wizard in self:
            commands = [fields.Command.clear()]
            # sudo: who works at a site sees how much of its work is open
            for line in wizard.fulfillment_id._origin.sudo().line_ids:
                quantity = line._get_quantity_open()
                if line.uom_id.compare(quantity, 0.0) > 0:
                    commands.append(
                        fields.Command.create(
                            {
                                "fulfillment_line_id": line.id,
                                "quantity_open": quantity,
                                "quantity": quantity,
                            }
                        )
                    )
            wizard.line_ids = commands

    def action_confirm(self):
        """Hand over, or sell and hand over, what the customer takes.

        :return: a notification that tells what else the clerk should know
        :rtype: dict
        :raise UserError: see ``oms.fulfillment._collect`` and ``_sell``
        """
        self.ensure_one()
        quantities = self._get_taken()
        if self.reserved:
            sentences = self.fulfillment_id._sell(quantities, self._get_lots())
        else:
            sentences = self.fulfillment_id._collect(
                self.code or None, self.identity_checked, quantities, self.rest
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if sentences else "success",
                "message": " ".join([self.env._("Handed over."), *sentences]),
                "sticky": bool(sentences),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _get_taken(self):
        """Return how much the customer takes, in the product's unit by ``oms.fulfillment.line``."""
        quantities = {}
        for line in self.line_ids:
            part = line.fulfillment_line_id._origin
            quantities[part] = quantities.get(part, 0.0) + line.quantity
        return quantities

    def _get_lots(self):
        """Return which lots the customer takes, and how much of each, by line."""
        lots = {}
        for line in self.line_ids.filtered(lambda line: line.lot_id and line.quantity):
            lots.setdefault(line.fulfillment_line_id, []).append((line.lot_id, line.quantity))
        return lots


class OmsPickupCollectLine(models.TransientModel):
    _name = "oms.pickup.collect.line"
    _description = "Goods to Hand Over"

    wizard_id = fields.Many2one("oms.pickup.collect", required=True, ondelete="cascade")
    fulfillment_line_id = fields.Many2one("oms.fulfillment.line", required=True, ondelete="cascade")
    product_id = fields.Many2one(related="fulfillment_line_id.product_id")
    tracking = fields.Selection(related="product_id.tracking")
    uom_id = fields.Many2one(related="product_id.uom_id")
    quantity_open = fields.Float(string="Here", digits="Product Unit", readonly=True)
    quantity = fields.Float(string="Taken", digits="Product Unit")
    lot_id = fields.Many2one(
        "stock.lot",
        string="Lot/Serial",
        domain="[('product_id', '=', product_id)]",
        help="Which one the customer takes, where the site has several.",
    )

    def action_another_lot(self):
        """Let the customer take of another lot, too.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        part = self.uom_id.round(min(self.quantity, 1.0))
        self.quantity -= part
        self.copy({"quantity": part, "lot_id": False})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Sell"),
            "res_model": self.wizard_id._name,
            "res_id": self.wizard_id.id,
            "view_mode": "form",
            "target": "new",
        }


class OmsPickupExtend(models.TransientModel):
    """Asks until when goods wait for their customers."""

    _name = "oms.pickup.extend"
    _description = "Let Goods Wait Longer"

    fulfillment_ids = fields.Many2many("oms.fulfillment", required=True, readonly=True)
    until = fields.Datetime(
        required=True, default=lambda self: fields.Datetime.add(fields.Datetime.now(), days=7)
    )

    def action_confirm(self):
        """Let the goods wait.

        :return: True
        :raise UserError: see ``oms.fulfillment._extend_pickup``
        """
        self.ensure_one()
        if not self.fulfillment_ids:
            raise UserError(self.env._("Say which goods are to wait."))
        self.fulfillment_ids._extend_pickup(self.until)
        return True
