from typing import NamedTuple

from odoo import fields, models
from odoo.exceptions import UserError

from ...connectors.carrier import Capability


class Leg(NamedTuple):
    """A shipment that is to be rated.

    :param site: ``oms.site`` that sends, may be empty
    :param sender: ``res.partner`` of where it is
    :param receiver: ``res.partner`` to whom it goes, real or new
    :param list weights: kilograms of each parcel
    """

    site: models.BaseModel
    sender: models.BaseModel
    receiver: models.BaseModel
    weights: list


class DeliveryCarrier(models.Model):
    """What shipments cost: as the carrier says, where it is known, or the price that is set."""

    _inherit = "delivery.carrier"

    def oms_rate_shipment(self, order):
        """Rate an order shipment by shipment, with what is known of the carrier's rates.

        What is not known costs the price that is set; the carrier is asked for it by a task, as
        nobody is called while somebody waits for a page.

        :rtype: dict
        """
        price = 0.0
        for leg in self._oms_prepare_legs(order):
            price += self._oms_get_leg_price(leg, order.currency_id, order.company_id)
        return {"success": True, "price": price, "error_message": False, "warning_message": False}

    def _oms_prepare_legs(self, order):
        """Return the shipments of an order: one for each fulfillment, or all from its warehouse."""
        # sudo: who sells need not see what other sites do for the order
        order = order.sudo()
        receiver = order.partner_shipping_id
        to_kilograms = self.env["stock.picking"]._oms_in_kilograms
        parts = order.oms_fulfillment_ids.filtered(
            lambda part: part.state not in ("rejected", "cancelled")
        )
        # An order that is only asked about names the site by its warehouse.
        if parts and isinstance(order.id, int):
            return [
                Leg(
                    part.site_id,
                    self._oms_get_leg_sender(part.site_id, order),
                    receiver,
                    [to_kilograms(part._oms_weigh())],
                )
                for part in parts
            ]
        site = order.warehouse_id.oms_site_ids[:1]
        weight = self.env.context.get("order_weight") or order._get_estimated_weight()
        sender = self._oms_get_leg_sender(site, order)
        return [Leg(site, sender, receiver, [to_kilograms(weight)])]

    def _oms_get_leg_sender(self, site, order):
        partners = (site.partner_id, order.warehouse_id.partner_id, order.company_id.partner_id)
        return next((each for each in partners if each.country_id), partners[-1])

    def _oms_get_leg_price(self, leg, currency, company):
        """Return what a shipment costs, in a currency."""
        rate = self._oms_find_rate(leg, company)
        price, own = self.oms_price, self.oms_currency_id
        if rate:
            found = self.env["res.currency"].search([("name", "=", rate.currency)], limit=1)
            price, own = (rate.price, found) if found else (price, own)
        today = fields.Date.context_today(self)
        return own._convert(price, currency, company, today) if own != currency else price

    def _oms_find_rate(self, leg, company, *, ask=True):
        """Return the carrier's rate of the method's service for a shipment; None if not known.

        :rtype: connectors.carrier.Rate | None
        """
        rates = self._oms_find_rates(leg, company, ask=ask)
        code = self.oms_service_code
        if not rates:
            return None
        if code:
            return next((rate for rate in rates if rate.service == code), None)
        return rates[0]

    def _oms_find_rates(self, leg, company, *, ask=True):
        """Return the carrier's rates for a shipment; None where they are not known.

        :param Leg leg: what is sent
        :param bool ask: whether a task asks for what is not known
        :rtype: tuple | None
        """
        self.ensure_one()
        # sudo: who rates need not have rights on accounts
        accounts = self.sudo().oms_account_ids._find_all_for(leg.site, company)
        account = accounts.filtered(lambda each: each._can(Capability.RATES))[:1]
        if not account or not (leg.sender.country_id and leg.receiver.country_id):
            return None
        if not all(weight > 0 for weight in leg.weights):
            return None
        sender, receiver = (
            self._oms_prepare_near(
                partner.country_id.code, partner.zip, partner.city, partner.street
            )
            for partner in (leg.sender, leg.receiver)
        )
        # sudo: likewise
        kept = self.env["oms.carrier.rate"].sudo()
        return kept._find_rates(account, leg.site, sender, receiver, leg.weights, ask=ask)

    # === ODOO'S RULES === #

    def base_on_rule_send_shipping(self, pickings):
        """Rate what a site ships by what is in it, not by all of the order.

        :rtype: list[dict]
        """
        res = super().base_on_rule_send_shipping(pickings)
        for picking, told in zip(pickings, res, strict=True):
            if picking.oms_fulfillment_id:
                told["exact_price"] = self._oms_rate_by_rules(picking, told["exact_price"])
        return res

    def _oms_rate_by_rules(self, picking, price):
        """Return what a transfer costs by the rules of the method; ``price`` if none fits."""
        total = weight = volume = quantity = wv = 0.0
        for move in picking.move_ids.filtered(lambda move: move.state != "cancel"):
            product, units = move.product_id, move.product_qty
            line = move.sale_line_id
            weight += product.weight * units
            volume += product.volume * units
            wv += product.weight * product.volume * units
            quantity += units
            if line.product_uom_qty:
                ordered = line.product_uom_id._compute_quantity(
                    line.product_uom_qty, line.product_id.uom_id
                )
                share = units / ordered if line.product_id == product and ordered else 0.0
                total += line.price_total * share
        order = picking.sale_id
        total = self._compute_currency(order, total, "pricelist_to_company")
        try:
            # sudo: as Odoo rates an order
            return self.sudo()._get_price_from_picking(total, weight, volume, quantity, wv=wv)
        except UserError:
            return price


class OmsFulfillment(models.Model):
    _inherit = "oms.fulfillment"

    def _oms_weigh(self):
        """Return what the goods of the fulfillment weigh, in the unit in which products say it."""
        self.ensure_one()
        return sum(line.product_id.weight * line.quantity for line in self.line_ids)


class StockPicking(models.Model):
    """What the carrier would charge for a transfer."""

    _inherit = "stock.picking"

    oms_rate_text = fields.Text(
        string="Carrier's Rates",
        compute="_compute_oms_rate_text",
        compute_sudo=True,
        help="What the carrier charges for the packages of the transfer from its site, as far as "
        "it told.",
        groups="base.group_user",
    )

    def _compute_oms_rate_text(self):
        rates = self.env["oms.carrier.rate"]
        for picking in self:
            found = None
            if picking._oms_can_be_rated():
                found = picking.carrier_id._oms_find_rates(
                    picking._oms_prepare_leg(), picking.company_id, ask=False
                )
            picking.oms_rate_text = rates._tell_rates(found) if found else False

    def _oms_can_be_rated(self):
        self.ensure_one()
        return (
            self.carrier_id.delivery_type == "oms"
            and self.picking_type_code == "outgoing"
            and self.state not in ("draft", "cancel")
        )

    def _oms_prepare_leg(self):
        """Return the transfer as a shipment to be rated."""
        self.ensure_one()
        try:
            weights = [parcel.weight for parcel in self._oms_prepare_parcels({})]
        except UserError:
            weights = []
        return Leg(self.oms_site_id, self._oms_get_sender(), self._oms_get_receiver(), weights)

    def action_oms_rates(self):
        """Have the carriers asked what the transfers cost."""
        self.check_access("read")
        for picking in self.filtered(lambda each: each._oms_can_be_rated()):
            picking.carrier_id._oms_find_rates(picking._oms_prepare_leg(), picking.company_id)
