from odoo import api, models

from ...engine.geography import great_circle_km

#: Relay points of a method that one answer tells at most.
MOST_TOLD_POINTS = 20


class OmsApi(models.AbstractModel):
    """Relay points, as far as carriers told them: none is asked while a channel waits."""

    _inherit = "oms.api"

    @api.model
    def _add_points(self, options, ways, partner, ship_to, count):
        """Add to options to relay points which ones there are.

        :param list options: data of ``contract_promise.Option``, changed
        :param list ways: ``Way`` of each
        :param partner: new ``res.partner`` where the goods go
        :param GivenDestination ship_to: likewise, as the channel said it
        :param int count: of the nearest points
        """
        place = (partner.partner_latitude, partner.partner_longitude)
        for option, way in zip(options, ways, strict=False):
            if way.service == "relay" and way.carrier.delivery_type == "oms":
                country = partner.country_id.code
                near = way.carrier._oms_prepare_near(country, ship_to.zip, ship_to.city)
                found = way.carrier._oms_find_points(near)
                if found is not None:
                    option["points"] = self._tell_points(found, place, count)

    @api.model
    def _find_pickup_points(self, channel, near, place, max_kilometers, limit):
        """Return the relay points of a channel's methods near a place, the nearest first.

        :param GivenNear near: as the channel named the place, or None
        :param Place place: where it is, or None
        :return: data of ``contract_point.MethodPoint``; None where they are not known (yet)
        :rtype: list[dict] | None
        """
        carriers = channel._get_carriers().filtered("oms_use_locations")
        if not carriers:
            return []
        if not near or near.latitude is not None:
            return None
        country = self._find_country(channel, near.country)
        told = []
        for carrier in carriers:
            asked = carrier._oms_prepare_near(country.code, near.zip, near.city)
            found = carrier._oms_find_points(asked)
            if found is None:
                return None
            names = {"method": carrier._oms_get_code(), "method_name": carrier.name}
            centre = (place.latitude, place.longitude) if place else (0.0, 0.0)
            told += [{**point, **names} for point in self._tell_points(found, centre, limit)]
        if max_kilometers:
            told = [
                point
                for point in told
                if point["kilometers"] is not None and point["kilometers"] <= max_kilometers
            ]
        told.sort(key=lambda point: (point["kilometers"] is None, point["kilometers"] or 0.0))
        return told[:limit]

    @api.model
    def _tell_points(self, found, place, count):
        """Return data of :class:`~.contract_point.RelayPoint`, the nearest first.

        :param list found: (account, ``PickupPoint``) of each
        :param tuple place: latitude and longitude that distances are counted from; zeros if unknown
        :param int count: how many at most
        :rtype: list[dict]
        """
        told = [self._tell_point(account, point, place) for account, point in found]
        told.sort(key=lambda point: (point["kilometers"] is None, point["kilometers"] or 0.0))
        return told[:count]

    @api.model
    def _tell_point(self, account, point, place):
        kilometers = point.distance
        if any(place) and point.latitude is not None and point.longitude is not None:
            kilometers = float(great_circle_km(*place, point.latitude, point.longitude))
        return {
            "id": point.id,
            "name": point.name,
            "network": point.carrier or account.adapter,
            "street": point.street,
            "zip": point.zip,
            "city": point.city,
            "country": point.country,
            "latitude": point.latitude,
            "longitude": point.longitude,
            "kilometers": None if kilometers is None else round(kilometers, 1),
            "hours": [
                {
                    "weekday": day + 1,
                    "periods": [
                        {"opens": since, "closes": until}
                        for since, until in point.opening_hours[day]
                    ],
                }
                for day in sorted(point.opening_hours)
            ],
        }
