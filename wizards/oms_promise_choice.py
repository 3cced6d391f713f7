from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..models.promise.promise_case import SERVICE_SELECTION


class OmsPromiseChoice(models.TransientModel):
    """When the goods of a quotation can come: every way to get them, for the seller to choose."""

    _name = "oms.promise.choice"
    _description = "When Can It Come?"

    order_id = fields.Many2one("sale.order", required=True, readonly=True, ondelete="cascade")
    partner_shipping_id = fields.Many2one(related="order_id.partner_shipping_id")
    option_ids = fields.One2many("oms.promise.choice.option", "choice_id", readonly=True)

    @api.model
    def _open(self, order):
        """Find the ways for a quotation and show them.

        :param order: ``sale.order``
        :return: a window action
        :rtype: dict
        """
        rows = [
            Command.create(self._prepare_option(ask, way))
            for ask, ways in [order._oms_find_ways()]
            for way in ways
        ]
        choice = self.create({"order_id": order.id, "option_ids": rows})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("When Can It Come?"),
            "res_model": self._name,
            "res_id": choice.id,
            "view_mode": "form",
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    @api.model
    def _prepare_option(self, ask, way):
        parts = [
            self.env._(
                "%(units)s from %(site)s", units=f"{sum(p.quantities.values()):g}", site=p.site.name
            )
            for p in way.parts
        ]
        return {
            "service": way.service,
            "carrier_id": way.carrier.id,
            "site_id": way.site.id,
            "kilometers": way.kilometers or 0.0,
            "earliest": way.earliest,
            "promised": way.promised,
            "price": way.price or 0.0,
            "has_price": way.price is not None,
            "kg_co2e": way.kg or 0.0,
            "parcel_count": len({(part.site.id, part.ready) for part in way.parts}),
            "source": ", ".join(parts),
            "missing": "\n".join(reason for _index, _quantity, reason in way.unknown),
            # sudo: the key by which promises are signed is nobody's to read
            "token": self.env["oms.promise.token"].sudo()._write(ask, way),
        }


class OmsPromiseChoiceOption(models.TransientModel):
    """One way to get the goods of a quotation."""

    _name = "oms.promise.choice.option"
    _description = "Way to Get an Order"

    choice_id = fields.Many2one("oms.promise.choice", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="choice_id.order_id.company_id.currency_id")
    service = fields.Selection(SERVICE_SELECTION, readonly=True)
    carrier_id = fields.Many2one("delivery.carrier", string="Method", readonly=True)
    site_id = fields.Many2one("oms.site", string="At", readonly=True)
    kilometers = fields.Float(string="km", digits=(16, 0), readonly=True)
    earliest = fields.Date(readonly=True)
    promised = fields.Date(string="There By", readonly=True)
    price = fields.Monetary(string="Delivery", readonly=True)
    has_price = fields.Boolean(readonly=True)
    kg_co2e = fields.Float(string="kg CO2e", digits=(16, 2), readonly=True)
    parcel_count = fields.Integer(string="Parcels", readonly=True)
    source = fields.Char(string="From", readonly=True)
    missing = fields.Text(string="Not Known", readonly=True)
    token = fields.Char(readonly=True)

    def action_choose(self):
        """Have the quotation delivered in this way.

        :return: an action that closes the dialog
        :rtype: dict
        :raises UserError: the order was confirmed or changed meanwhile, or this is too long ago
        """
        self.ensure_one()
        order = self.choice_id.order_id
        order.check_access("write")
        if order.state not in ("draft", "sent"):
            raise UserError(self.env._("The order is confirmed: how it is delivered is settled."))
        # sudo: see _prepare_option
        promised = self.env["oms.promise.token"].sudo()._read(self.token or "")
        order._oms_take_promise(promised)
        # sudo: who sells need not have rights on delivery methods' accounts
        if order.oms_service == "relay" and order.sudo().carrier_id.oms_use_locations:
            # In a request of its own, as the carrier may be asked and the order is written now.
            action = self.env["ir.actions.server"]._for_xml_id("oms.action_order_point")
            return {**action, "context": {"active_model": order._name, "active_id": order.id}}
        return {"type": "ir.actions.act_window_close"}
