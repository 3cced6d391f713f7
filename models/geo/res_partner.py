from odoo import fields, models
from odoo.tools import SQL

from ...engine.geography import great_circle_km
from .place import GOOD, PRECISION_SELECTION, RANKS, Place, notify_placed

#: So many known addresses say well enough where a postcode, a region or a country is.
SAMPLE = 500
#: Coordinates farther than this from the postcode of an address are not those of the address.
ELSEWHERE_KM = 50.0
#: What people change of where somebody lives.
WRITTEN = frozenset(("street", "zip", "city", "state_id", "country_id"))
COORDINATES = frozenset(("partner_latitude", "partner_longitude"))
#: Addresses that one message tells about.
MOST_HINTS = 10


class ResPartner(models.Model):
    """Where addresses are. Nothing is asked of the outside world."""

    _inherit = "res.partner"

    oms_place_precision = fields.Selection(
        PRECISION_SELECTION,
        string="Placed By",
        readonly=True,
        help="How the coordinates were found, if not by somebody who knew them.",
        groups="base.group_user",
    )

    # By it an address without coordinates is put where others of its postcode are.
    _oms_place_idx = models.Index("(country_id, zip) WHERE partner_latitude <> 0")

    def write(self, vals):
        """Forget coordinates that were found by an address that changes, and find them again."""
        given = any(vals.get(name) for name in COORDINATES)
        if COORDINATES & vals.keys() and "oms_place_precision" not in vals:
            # sudo: whoever may write an address may say where it is
            self.sudo().filtered("oms_place_precision").oms_place_precision = False
        if given or not WRITTEN & vals.keys():
            return super().write(vals)
        words = {partner: partner._oms_get_place_words() for partner in self}
        placed = self.filtered(lambda partner: partner._oms_is_on_the_map())
        res = super().write(vals)
        moved = self.filtered(lambda partner: partner._oms_get_place_words() != words[partner])
        # Odoo's geocoder, where it is installed, wipes coordinates with every change.
        wiped = placed.filtered(lambda partner: not partner._oms_is_on_the_map())
        (moved | wiped)._oms_place_again()
        return res

    # === KEEPING COORDINATES === #

    def _oms_is_on_the_map(self):
        """Tell whether an address has coordinates; others' code marks what it cannot find by 1000.

        :rtype: bool
        """
        self.ensure_one()
        latitude, longitude = self.partner_latitude, self.partner_longitude
        return bool(latitude or longitude) and abs(latitude) <= 90 and abs(longitude) <= 180

    def _oms_get_place_words(self):
        """Return by what an address is looked up: code of the country, postcode, city."""
        self.ensure_one()
        # sudo: countries are no secret
        return self.country_id.sudo().code or "", self.zip or "", self.city or ""

    def _oms_place(self):
        """Give coordinates to those of the addresses that have none, by their postcode or city."""
        lost = self.filtered(
            lambda partner: (
                partner.country_id
                and (partner.zip or partner.city)
                and not partner._oms_is_on_the_map()
            )
        )
        if not lost:
            return
        words = [partner._oms_get_place_words() for partner in lost]
        found = self.env["oms.geo.postcode"]._find_places(words)
        for partner, place in zip(lost, found, strict=True):
            if place and place.precision in GOOD:
                # sudo: who orders need not have the right to write addresses
                partner.sudo().write(place.as_partner_vals())

    def _oms_place_again(self):
        """Find out where addresses are that have changed.

        Coordinates that somebody gave stay, unless they are far from where the address is now.
        """
        words = [partner._oms_get_place_words() for partner in self]
        found = self.env["oms.geo.postcode"]._find_places(words) if self else []
        for partner, place in zip(self, found, strict=True):
            # sudo: see _oms_place
            partner = partner.sudo()
            good = place and place.precision in GOOD
            if good and (partner.oms_place_precision or partner._oms_is_far_from(place)):
                partner.write(place.as_partner_vals())
            elif partner.oms_place_precision:
                partner.write({"partner_latitude": 0.0, "partner_longitude": 0.0})

    def _oms_is_far_from(self, place):
        """Tell whether the coordinates of an address, if any, are those of another place."""
        if not self._oms_is_on_the_map():
            return True
        away = great_circle_km(
            self.partner_latitude, self.partner_longitude, place.latitude, place.longitude
        )
        return float(away) > ELSEWHERE_KM

    def _oms_get_place_hint(self):
        """Say why an address is not on the map and how to mend that, or return ''.

        :rtype: str
        """
        self.ensure_one()
        if self._oms_is_on_the_map():
            return ""
        country, code, city = self._oms_get_place_words()
        if not country:
            return self.env._("The address has no country: enter it.")
        if not code and not city:
            return self.env._("The address has neither postcode nor city: enter the postcode.")
        name = self.country_id.name
        # sudo: postcodes are no secret
        if (
            not self.env["oms.geo.postcode"]
            .sudo()
            .search_count([("country_id", "=", self.country_id.id)], limit=1)
        ):
            return self.env._("No postcodes of %s are known: import them.", name)
        if code:
            return self.env._(
                "The postcode %(code)s of %(country)s is not known: correct it.",
                code=code,
                country=name,
            )
        return self.env._(
            "No place, or several, in %(country)s are called %(city)s: enter the postcode.",
            country=name,
            city=city,
        )

    def action_oms_place(self):
        """Give coordinates to those of the addresses that have none, and tell which have none left.

        :return: a notification
        :rtype: dict
        :raise AccessError: the user may not change the addresses
        """
        self.check_access("write")
        lost = self.filtered(lambda partner: not partner._oms_is_on_the_map())
        lost._oms_place()
        left = lost.filtered(lambda partner: not partner._oms_is_on_the_map())
        hints = [
            f"{partner.display_name}: {partner._oms_get_place_hint()}"
            for partner in left[:MOST_HINTS]
        ]
        if len(left) > MOST_HINTS:
            hints.append(self.env._("and %s more", len(left) - MOST_HINTS))
        return notify_placed(
            self.env._(
                "%(count)s placed, %(left)s not placed.", count=len(lost - left), left=len(left)
            ),
            hints,
        )

    # === LOOKING THEM UP === #

    def _oms_locate(self):
        """Find out where some addresses are, as exactly as can be.

        What has no coordinates is where its postcode or city is. If that is not known well, it is
        where other known addresses of its postcode, else of its region, are on average; then
        where postcodes are that begin alike; then in the middle of its country.

        :return: place by partner id; an address of which nothing is known is absent
        :rtype: dict[int, Place]
        """
        places = {
            partner.id: Place(
                partner.partner_latitude,
                partner.partner_longitude,
                partner.oms_place_precision or "exact",
            )
            for partner in self
            if partner._oms_is_on_the_map()
        }
        lost = self.filtered(lambda partner: partner.id not in places and partner.country_id)
        if not lost:
            return places
        words = [partner._oms_get_place_words() for partner in lost]
        found = self.env["oms.geo.postcode"]._find_places(words)
        places.update(
            {partner.id: place for partner, place in zip(lost, found, strict=True) if place}
        )
        vague = lost.filtered(
            lambda partner: partner.id not in places or places[partner.id].precision not in GOOD
        )
        if vague:
            for partner_id, place in vague._oms_locate_among_others().items():
                known = places.get(partner_id)
                if not known or RANKS[place.precision] <= RANKS[known.precision]:
                    places[partner_id] = place
        return places

    def _oms_locate_among_others(self):
        """Place addresses among those of the same postcode, region or country, in one query.

        :return: place by partner id; what has no such others is absent
        :rtype: dict[int, Place]
        """
        self.flush_model(["partner_latitude", "partner_longitude", "zip", "state_id", "country_id"])
        # Only the mean of coordinates is used, of whatever addresses.
        self.env.cr.execute(
            SQL(
                """
                SELECT lost.place, found.precision, found.latitude, found.longitude
                  FROM unnest(%s::int[], %s::int[], %s::int[], %s::varchar[])
                       AS lost (place, country_id, state_id, zip)
            CROSS JOIN LATERAL (%s UNION ALL %s UNION ALL %s) AS found
                 WHERE found.latitude IS NOT NULL
              ORDER BY lost.place, found.rank DESC
                """,
                list(range(len(self))),
                [partner.country_id.id for partner in self],
                [partner.state_id.id or None for partner in self],
                [partner.zip or None for partner in self],
                self._oms_get_mean(1, "zip", SQL("known.zip = lost.zip")),
                self._oms_get_mean(2, "region", SQL("known.state_id = lost.state_id")),
                self._oms_get_mean(3, "country", SQL("TRUE")),
            )
        )
        # The most precise comes last and so stays.
        return {
            self[index].id: Place(latitude, longitude, precision)
            for index, precision, latitude, longitude in self.env.cr.fetchall()
        }

    def _oms_get_mean(self, rank, precision, same):
        """Return the select of where known addresses are that have something in common with one.

        Longitudes are averaged around the first one, so that countries across the date line stay
        whole.
        """
        return SQL(
            """
            SELECT %(rank)s AS rank, %(precision)s AS precision, avg(latitude) AS latitude,
                   min(origin) + avg(mod((longitude - origin + 540)::numeric, 360) - 180)::float8
                       AS longitude
              FROM (SELECT known.partner_latitude::float8 AS latitude,
                           known.partner_longitude::float8 AS longitude,
                           first_value(known.partner_longitude::float8)
                               OVER (ORDER BY known.id) AS origin
                      FROM res_partner known
                     WHERE known.country_id = lost.country_id AND %(same)s
                       AND known.partner_latitude <> 0
                       AND known.partner_latitude BETWEEN -90 AND 90
                       AND known.partner_longitude BETWEEN -180 AND 180
                  ORDER BY known.id
                     LIMIT %(sample)s) AS sample
            """,
            rank=rank,
            precision=precision,
            same=same,
            sample=SAMPLE,
        )
