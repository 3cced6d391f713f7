from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class OmsPointChoice(models.TransientModel):
    """Relay points near a customer, for the seller to choose one."""

    _name = "oms.point.choice"
    _description = "Choose a Relay Point"

    order_id = fields.Many2one("sale.order", required=True, readonly=True, ondelete="cascade")
    carrier_id = fields.Many2one(related="order_id.carrier_id")
    country_id = fields.Many2one("res.country", required=True)
    zip = fields.Char(string="Near the Postcode", required=True)
    point_ids = fields.One2many("oms.point.choice.point", "choice_id", readonly=True)
    problem = fields.Char(readonly=True)

    @api.model
    def _open(self, order):
        """Show the relay points near the customer of a quotation.

        :param order: ``sale.order`` whose delivery method has relay points
        :return: a window action
        :rtype: dict
        :raises UserError: the customer's address has no country or postcode
        """
        home = order._oms_get_home()
        if not (home.country_id and home.zip):
            raise UserError(
                self.env._("Say the country and the postcode of %s first.", home.display_name)
            )
        found = self._find_near(order, home.zip, home.country_id)
        choice = self.create(
            {"order_id": order.id, "country_id": home.country_id.id, "zip": home.zip, **found}
        )
        return choice._show()

    def action_search(self):
        """Show the relay points near the postcode.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        self.order_id.check_access("write")
        self.write(self._find_near(self.order_id, self.zip, self.country_id))
        return self._show()

    @api.model
    def _find_near(self, order, zip_code, country):
        """Return values that tell the relay points; the carrier may be asked, so nothing is
        written before.

        :rtype: dict
        """
        found = order._get_pickup_locations(zip_code, country)
        return {
            "problem": found.get("error"),
            "point_ids": [
                Command.clear(),
                *(
                    Command.create(self._prepare_point(location))
                    for location in found.get("pickup_locations", ())
                ),
            ],
        }

    def _show(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Choose a Relay Point"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    @api.model
    def _prepare_point(self, location):
        place = ", ".join(
            filter(None, (location["street"], f"{location['zip_code']} {location['city']}".strip()))
        )
        return {
            "name": location["name"],
            "address": place,
            "kilometers": location["distance"] or 0.0,
            "has_distance": location["distance"] is not None,
            "hours": self._tell_hours(location["opening_hours"]),
            "location": location,
        }

    @api.model
    def _tell_hours(self, hours):
        """Say when a point is open; days with the same hours stand together.

        :param dict hours: texts by weekday, '0' for Monday
        :rtype: str
        """
        names = dict(
            self.env["resource.calendar.attendance"]
            ._fields["dayofweek"]
            ._description_selection(self.env)
        )
        days, told = [], []
        for day in range(7):
            text = ", ".join(hours.get(str(day), ()))
            if days and days[-1][2] == text:
                days[-1][1] = day
            else:
                days.append([day, day, text])
        for first, last, text in days:
            if text:
                day = names[str(first)][:2]
                day += f"–{names[str(last)][:2]}" if last > first else ""
                told.append(f"{day} {text}")
        return "; ".join(told)


class OmsPointChoicePoint(models.TransientModel):
    """A relay point that may be chosen."""

    _name = "oms.point.choice.point"
    _description = "Relay Point to Choose"

    choice_id = fields.Many2one("oms.point.choice", required=True, ondelete="cascade")
    name = fields.Char(readonly=True)
    address = fields.Char(readonly=True)
    kilometers = fields.Float(string="km", digits=(16, 1), readonly=True)
    has_distance = fields.Boolean(readonly=True)
    hours = fields.Char(string="Opening Hours", readonly=True)
    location = fields.Json(readonly=True)

    def action_choose(self):
        """Have the order go to this relay point.

        :return: an action that closes the dialog
        :rtype: dict
        :raises UserError: the order goes by another method meanwhile, or has left
        """
        self.ensure_one()
        order = self.choice_id.order_id
        order.check_access("write")
        # sudo: who sells need not have rights on accounts of carriers
        if order.state == "cancel" or not order.sudo().carrier_id.oms_use_locations:
            raise UserError(self.env._("The order does not go to a relay point any more."))
        if any(picking.state == "done" for picking in order.picking_ids):
            raise UserError(self.env._("Goods of the order have left already."))
        order.pickup_location_data = self._origin.location
        order._oms_go_to_point()
        return {"type": "ir.actions.act_window_close"}
