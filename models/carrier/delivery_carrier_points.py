from odoo import api, fields, models
from odoo.exceptions import UserError

from ...connectors.carrier import Address, Capability

#: Relay points of which a customer is told at most.
MOST_POINTS = 20


class DeliveryCarrier(models.Model):
    """Relay points of carrier accounts, by Odoo's own hooks."""

    _inherit = "delivery.carrier"

    oms_use_locations = fields.Boolean(
        string="To a Relay Point",
        help="Customers choose a relay point of the carrier, to which their parcels go.",
    )

    @api.depends("oms_use_locations")
    def _compute_oms_has_points(self):
        res = super()._compute_oms_has_points()
        for carrier in self.filtered(lambda carrier: carrier.delivery_type == "oms"):
            carrier.oms_has_points = carrier.oms_use_locations
        return res

    # === ODOO'S HOOKS === #

    def _oms_get_close_locations(self, partner_address, **_kwargs):
        """Return the relay points near an address, as Odoo's selector wants them.

        :param partner_address: ``res.partner``, real or new
        :rtype: list[dict]
        :raises UserError: nobody knows them, and the carrier does not tell now
        """
        near = self._oms_prepare_near(
            partner_address.country_id.code, partner_address.zip, partner_address.city
        )
        found = self._oms_find_points(near, patient=True)
        if found is None:
            raise UserError(
                self.env._("%s does not tell its relay points now: try again later.", self.name)
            )
        return [self._oms_prepare_location(*each) for each in found[:MOST_POINTS]]

    # === RELAY POINTS === #

    @api.model
    def _oms_prepare_near(self, country_code, zip_code, city, street=""):
        return Address("", street or "", zip_code or "", city or "", country_code or "")

    def _oms_get_points_account(self):
        """Return the account by which the relay points of the method are asked for; none if none.

        :rtype: odoo.models.Model
        """
        self.ensure_one()
        # sudo: who looks for a relay point need not have rights on accounts
        accounts = self.sudo().oms_account_ids._find_all_for(
            self.env["oms.site"], self.company_id or self.env.company, any_site=True
        )
        return accounts.filtered(lambda each: each._can(Capability.PICKUP_POINTS))[:1]

    def _oms_find_points(self, near, *, patient=False):
        """Return the relay points of the method near an address.

        :param Address near: where they are wanted
        :param bool patient: see ``oms.carrier.area._find_points``
        :return: (account, point) of each, the nearest first; None where they are not known yet
        :rtype: list[tuple] | None
        """
        self.ensure_one()
        account = self._oms_get_points_account()
        if not account or not self.oms_use_locations:
            return []
        # sudo: whoever delivers with the method may know where its relay points are
        areas = self.env["oms.carrier.area"].sudo()
        points = areas._find_points(account, near, patient=patient)
        return points if points is None else [(account, point) for point in points]

    def _oms_find_point(self, near, point_id):
        """Return a relay point of the method by its id.

        :param Address near: where it was chosen
        :return: (account, point); None if there is none; False where that is not known yet
        :rtype: tuple | None | bool
        """
        found = self._oms_find_points(near)
        for account, point in found or ():
            if point.id == point_id:
                return account, point
        account = self._oms_get_points_account()
        # sudo: likewise
        areas = self.env["oms.carrier.area"].sudo()
        point = account and areas._find_by_id(account, near.country, point_id)
        if point:
            return account, point
        return False if found is None else None

    @api.model
    def _oms_prepare_location(self, account, point):
        """Put a relay point into Odoo's shape, with what is needed to send to it.

        :param account: ``oms.carrier.account`` whose carrier told it
        :rtype: dict
        """
        latitude, longitude = point.latitude, point.longitude
        if latitude is None or longitude is None:
            [place] = self.env["oms.geo.postcode"]._find_places(
                [(point.country, point.zip, point.city)]
            )
            latitude, longitude = (place.latitude, place.longitude) if place else (0.0, 0.0)
        return {
            "id": point.id,
            "name": point.name,
            "street": point.street,
            "city": point.city,
            "zip_code": point.zip,
            "state": "",
            "country_code": point.country,
            "latitude": latitude,
            "longitude": longitude,
            "distance": point.distance,
            "opening_hours": {
                str(day): [
                    f"{since} - {until}" for since, until in point.opening_hours.get(day, ())
                ]
                for day in range(7)
            },
            "network": point.carrier or account.adapter,
            "adapter": account.adapter,
        }
