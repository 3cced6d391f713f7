import math
from statistics import median

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL, ormcache

from ...engine.postcode import get_beginnings, get_place_key, get_region, normalize_postcode
from .place import GOOD, PRECISION_SELECTION, Place, notify_placed

SOURCE_SELECTION = [
    ("shipped", "Shipped"),
    ("import", "Imported"),
    ("manual", "Entered"),
    ("derived", "Worked Out"),
]
#: Places of one name count as one city when half of their postcodes are as near, in degrees.
CITY_DEGREES = 0.4
#: The empty text in an array of PostgreSQL.
_NOTHING = '""'


class OmsGeoPostcode(models.Model):
    """Where a postcode is: what places addresses without asking the outside world.

    Each country has, beside its postcodes, a row for each of their beginnings, in the middle of
    the postcodes that begin so, down to the empty one, which stands for the country. So a
    look-up takes the longest beginning that is known.
    """

    _name = "oms.geo.postcode"
    _description = "Postcode"
    _order = "country_id, zip"
    _rec_names_search = ["zip", "place"]
    # A hundred thousand rows that nobody wrote by hand need no trace of who did.
    _log_access = False

    country_id = fields.Many2one("res.country", required=True, ondelete="cascade")
    zip = fields.Char(
        string="Postcode",
        default="",
        help="In capital letters and digits only; of British postcodes the part before the gap, "
        "of Dutch and Portuguese ones the first four digits, of Canadian and Irish ones the first "
        "three characters.",
    )
    place = fields.Char(help="What the place is called, if there are several, one of them.")
    place_key = fields.Char(compute="_compute_place_key", store=True)
    # Sums and means of coordinates say nothing.
    latitude = fields.Float(required=True, digits=False, aggregator=None)
    longitude = fields.Float(required=True, digits=False, aggregator=None)
    precision = fields.Selection(
        PRECISION_SELECTION,
        required=True,
        default="zip",
        help="Postcode: the middle of what has this postcode.\n"
        "Postcode District: the middle of what has postcodes with this first part.\n"
        "City: where the city is to which the postcode belongs.\n"
        "Beginning of the Postcode: the middle of the postcodes that begin so.\n"
        "Country: the middle of the postcodes of the country.",
    )
    source = fields.Selection(
        SOURCE_SELECTION,
        required=True,
        default="manual",
        readonly=True,
        help="Shipped: by GeoNames (www.geonames.org, CC BY 4.0).\n"
        "Worked Out: from the postcodes that begin so.",
    )

    _zip_uniq = models.UniqueIndex(
        "(country_id, zip)", "The country has this postcode already: change that one."
    )
    _place_idx = models.Index("(country_id, place_key) WHERE place_key <> ''")
    _coordinates_check = models.Constraint(
        "CHECK (latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180)",
        "Latitude runs from -90 to 90 and longitude from -180 to 180.",
    )

    # === COMPUTE METHODS === #

    @api.depends("place")
    def _compute_place_key(self):
        for postcode in self:
            postcode.place_key = get_place_key(postcode.place)

    @api.depends("zip", "place", "country_id")
    def _compute_display_name(self):
        for postcode in self:
            parts = postcode.zip or postcode.country_id.name, postcode.place
            postcode.display_name = " ".join(filter(None, parts))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        read = [self._normalize(vals.get("country_id"), vals.get("zip")) for vals in vals_list]
        return super().create(
            [
                {**vals, "country_id": country_id, "zip": code}
                for vals, (country_id, code) in zip(vals_list, read, strict=True)
            ]
        )

    def write(self, vals):
        if not {"zip", "country_id"} & vals.keys():
            self._forget()
            return super().write(self._mark(vals))
        for postcode in self:
            country_id, code = self._normalize(
                vals.get("country_id", postcode.country_id.id), vals.get("zip", postcode.zip)
            )
            postcode._forget()
            super(OmsGeoPostcode, postcode).write(
                self._mark({**vals, "country_id": country_id, "zip": code})
            )
        return True

    def unlink(self):
        self._forget()
        return super().unlink()

    def _forget(self):
        """Let what was found before be looked up again."""
        if self:
            self.env.registry.clear_cache()

    @api.model
    def _mark(self, vals):
        """Keep what somebody changed from being replaced with what is shipped."""
        return vals if "source" in vals else {**vals, "source": "manual"}

    @api.model
    def _normalize(self, country_id, text):
        """Return a country and postcode as they are kept.

        :param int country_id: id of the country
        :param text: postcode as somebody wrote it
        :raise ValidationError: it is none
        """
        country = self.env["res.country"].browse(country_id)
        code, postcode = normalize_postcode(country.code or "", text or "")
        if text and not postcode:
            raise ValidationError(self.env._("“%s” has no letter or digit of a postcode.", text))
        if code != country.code:
            # A postcode of an overseas territory that was written as its country's.
            country = self.env["res.country"].search([("code", "=", code)], limit=1) or country
        return country.id, postcode

    # === ACTION METHODS === #

    def action_remove_countries(self):
        """Remove all postcodes of the countries of these ones.

        :return: a notification
        :rtype: dict
        :raise AccessError: the user may not remove postcodes
        """
        self.check_access("unlink")
        countries = self.country_id
        self._remove_countries(countries.ids)
        message = self.env._(
            "The postcodes of %s were removed.", ", ".join(countries.mapped("name"))
        )
        return notify_placed(message, [])

    # === FINDING === #

    @api.model
    def _get_region(self, country_code, zip_code):
        """Return the region that an address is in, going by its postcode.

        :param str country_code: two letters
        :param zip_code: as somebody wrote it
        :return: such as 'FR-75', 'US-9', 'BR-01', 'GB-SW'; the country alone without postcode, ''
            without country
        :rtype: str
        """
        return get_region(country_code, zip_code)

    @api.model
    def _find_places(self, addresses):
        """Find out where addresses are, in one query for all of them; one alone is cached.

        Taken is, in this order: the postcode; the city among the postcodes that begin alike; the
        longest beginning of the postcode that is known; the city, unless there are several of the
        name; the country.

        :param list addresses: (country code, postcode, city) each, as people wrote them
        :return: a place or None for each, in the same order
        :rtype: list[Place | None]
        """
        if len(addresses) == 1:
            country, code = normalize_postcode(*addresses[0][:2])
            return [self._find_place(country, code, get_place_key(addresses[0][2]))]
        asked = [
            (*normalize_postcode(country, text), get_place_key(city))
            for country, text, city in addresses
        ]
        found = self._look_up(set(asked))
        return [found.get(each) for each in asked]

    @api.model
    @ormcache("country", "code", "key")
    def _find_place(self, country, code, key):
        """Find one address by what was made of its words; see :meth:`_find_places`."""
        return self._look_up({(country, code, key)}).get((country, code, key))

    @api.model
    def _look_up(self, asked):
        """Look addresses up.

        :param set asked: country code, normalized postcode and key of the city of each
        :return: place by what was asked; what cannot be found is absent
        :rtype: dict[tuple, Place]
        """
        asked = [each for each in asked if each[0]]
        if not asked:
            return {}
        self.flush_model()
        # Letters and digits only: the beginnings need no quotes.
        codes = [
            f"{{{','.join(each or _NOTHING for each in get_beginnings(country, code))}}}"
            for country, code, _key in asked
        ]
        self.env.cr.execute(
            SQL(
                """
                SELECT ask.index, known.zip, known.latitude, known.longitude, known.precision,
                       city.points
                  FROM unnest(%(indexes)s::int[], %(countries)s::varchar[], %(codes)s::varchar[],
                              %(keys)s::varchar[]) AS ask (index, country, codes, key)
                  JOIN res_country country ON country.code = ask.country
     LEFT JOIN LATERAL (SELECT zip, latitude, longitude, precision
                          FROM oms_geo_postcode
                         WHERE country_id = country.id AND zip = ANY(ask.codes::varchar[])
                      ORDER BY length(zip) DESC
                         LIMIT 1) AS known ON TRUE
     LEFT JOIN LATERAL (SELECT array_agg(ARRAY[zip, latitude::varchar, longitude::varchar])
                                   AS points
                          FROM oms_geo_postcode
                         WHERE country_id = country.id AND place_key = ask.key
                           AND place_key <> '' AND precision = ANY(%(good)s)
                           AND NOT coalesce(known.precision = ANY(%(good)s), FALSE)) AS city ON TRUE
                """,
                indexes=list(range(len(asked))),
                countries=[country for country, _code, _key in asked],
                codes=codes,
                keys=[key for _country, _code, key in asked],
                good=list(GOOD),
            )
        )
        found = {}
        for index, *known, points in self.env.cr.fetchall():
            place = _choose(asked[index][1], known, points or [])
            if place:
                found[asked[index]] = place
        return found


def _choose(code, known, points):
    """Choose between what is known of a postcode and of a city.

    :param str code: the postcode that was asked for
    :param list known: postcode or beginning of it, latitude, longitude and precision; all None
        where nothing is known
    :param list points: postcode, latitude and longitude of each postcode of cities of the name
    :rtype: Place | None
    """
    beginning, latitude, longitude, precision = known
    if precision in GOOD:
        if precision == "zip" and len(beginning) < len(code):
            precision = "prefix"
        return Place(latitude, longitude, precision)
    points = [(zip_code, float(lat), float(lng)) for zip_code, lat, lng in points]
    # Of several cities of a name it is the one whose postcodes begin most alike.
    for size in range(len(code), -1, -1):
        if size == 1 and precision == "prefix" and len(beginning) > 1:
            return Place(latitude, longitude, precision)
        near = [point[1:] for point in points if point[0][:size] == code[:size]]
        if near and (middle := _get_only_middle(near)):
            return Place(*middle, "city")
        if near:
            break
    return Place(latitude, longitude, precision) if precision else None


def _get_middle(points):
    return median(point[0] for point in points), median(point[1] for point in points)


def _get_only_middle(points):
    """Return the middle of a city, or None where the name stands for several."""
    latitude, longitude = _get_middle(points)
    wide = CITY_DEGREES / max(math.cos(math.radians(latitude)), 0.1)
    near = [
        point
        for point in points
        if abs(point[0] - latitude) <= CITY_DEGREES and abs(point[1] - longitude) <= wide
    ]
    return _get_middle(near) if 2 * len(near) > len(points) else None
