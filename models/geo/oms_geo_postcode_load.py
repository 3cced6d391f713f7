import csv
import gzip
import hashlib
import io
import logging

from odoo import api, models
from odoo.tools import SQL, file_open

from ...engine.postcode import BRITISH, get_place_key
from .place import GOOD

_logger = logging.getLogger(__name__)

SHIPPED_FILE = "oms/data/postcodes/postcodes.csv.gz"
#: Parameter with the checksum of the shipped file that was loaded.
LOADED_PARAMETER = "oms.postcodes_loaded"
_COPY = """
    COPY oms_geo_postcode (
        country_id, zip, place, place_key, latitude, longitude, precision, source
    ) FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL (zip, place, place_key))
"""


class OmsGeoPostcode(models.Model):
    _inherit = "oms.geo.postcode"

    @api.model
    def _load_shipped(self):
        """Load the postcodes that come with the addon, unless these have been loaded.

        Countries of which somebody imported or entered postcodes keep theirs.
        """
        with file_open(SHIPPED_FILE, "rb") as file:
            packed = file.read()
        checksum = hashlib.sha256(packed).hexdigest()
        # sudo: installing and updating the addon is nobody's right but the superuser's
        parameters = self.env["ir.config_parameter"].sudo()
        if parameters.get_param(LOADED_PARAMETER) == checksum:
            return
        ids = {country.code: country.id for country in self.env["res.country"].search([])}
        own = self._read_group([("source", "in", ("import", "manual"))], ["country_id"])
        kept = {country.code for (country,) in own}
        rows = csv.DictReader(io.StringIO(gzip.decompress(packed).decode()))
        self._replace(
            (
                ids[row["country"]],
                row["zip"],
                row["place"],
                float(row["latitude"]),
                float(row["longitude"]),
                row["precision"],
            )
            for row in rows
            if row["country"] in ids and row["country"] not in kept
        )
        parameters.set_param(LOADED_PARAMETER, checksum)

    @api.model
    def _replace(self, rows, source="shipped"):
        """Replace all that is known of some countries.

        :param rows: (country id, postcode, name, latitude, longitude, precision) each; the
            countries are those that have rows
        :param str source: where they come from
        :return: how many there were
        :rtype: int
        """
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, lineterminator="\n")
        country_ids, count = set(), 0
        for country_id, code, place, latitude, longitude, precision in rows:
            key = get_place_key(place)
            writer.writerow((country_id, code, place, key, latitude, longitude, precision, source))
            country_ids.add(country_id)
            count += 1
        buffer.seek(0)
        self._remove_countries(country_ids)
        self.env.cr.copy_expert(_COPY, buffer)
        self._derive(country_ids)
        _logger.info("%s postcodes of %s countries were loaded", count, len(country_ids))
        return count

    @api.model
    def _remove_countries(self, country_ids):
        """Remove all that is known of some countries."""
        self.flush_model()
        self.env.cr.execute(
            SQL("DELETE FROM oms_geo_postcode WHERE country_id = ANY(%s)", list(country_ids))
        )
        self.invalidate_model()
        self._forget_all()

    @api.model
    def _forget_all(self):
        self.env.registry.clear_cache()

    @api.model
    def _derive(self, country_ids):
        """Work out where the beginnings of the postcodes of some countries are, and the countries.

        It is the median of the postcodes that begin so: one far off does not move it.
        """
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM oms_geo_postcode
                      WHERE country_id = ANY(%(countries)s) AND source = 'derived';
                INSERT INTO oms_geo_postcode (country_id, zip, place, place_key, latitude,
                                              longitude, precision, source)
                     SELECT postcode.country_id, beginning.zip, '', '',
                            percentile_cont(0.5) WITHIN GROUP (ORDER BY postcode.latitude),
                            percentile_cont(0.5) WITHIN GROUP (ORDER BY postcode.longitude),
                            CASE beginning.zip WHEN '' THEN 'country' ELSE 'prefix' END, 'derived'
                       FROM oms_geo_postcode postcode
                       JOIN res_country country ON country.id = postcode.country_id
         CROSS JOIN LATERAL (SELECT left(postcode.zip, size) AS zip
                               FROM generate_series(0, length(postcode.zip) - 1) AS size
                              WHERE country.code <> ALL(%(british)s) OR size = 0
                              UNION
                             SELECT substring(postcode.zip FROM '^[A-Z]*')
                              WHERE country.code = ANY(%(british)s)) AS beginning
                      WHERE postcode.country_id = ANY(%(countries)s)
                        AND postcode.precision = ANY(%(good)s)
                   GROUP BY postcode.country_id, beginning.zip
                ON CONFLICT (country_id, zip) DO NOTHING;
                ANALYZE oms_geo_postcode
                """,
                countries=list(country_ids),
                british=sorted(BRITISH),
                good=list(GOOD),
            )
        )
        self.invalidate_model()
        self._forget_all()
