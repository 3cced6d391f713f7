import io
import re
import zipfile
from collections import defaultdict

from odoo import api, models
from odoo.tools import SQL

from ...engine.postcode import BRITISH, choose_place, get_place_key, normalize_postcode
from .tabular import MAX_UNPACKED, RawRow, Table, TableError, unpack_gzip
from .work import Chunk, Issue, Outcome

#: Columns of the files of GeoNames, which have no headers.
_GEONAMES = (
    "country_code", "postal_code", "place_name", "admin_name1", "admin_code1", "admin_name2",
    "admin_code2", "admin_name3", "admin_code3", "latitude", "longitude", "accuracy",
)  # fmt: skip
_GEONAMES_LINE = re.compile(rb"[A-Z]{2}\t[^\t\r\n]+(\t[^\t\r\n]*){10}\r?\n?")
_GEONAMES_FILE = re.compile(r"([A-Z]{2}(_full)?|allCountries)(\.csv)?\.txt")
#: Countries of whose postcodes only the part that names the district is kept.
DISTRICTS = BRITISH | {"CA", "IE", "NL", "PT"}
#: Coordinates that differ less are the same.
SAME_DEGREES = 1e-6


class _GeoNamesTable(Table):
    """A table without headers in the file: its first row is the first line."""

    def rows(self):
        for row in super().rows():
            yield RawRow(row.line - 1, row.cells, row.problem)


class OmsImport(models.Model):
    _inherit = "oms.import"

    @api.model
    def _open_table(self, content, encoding):
        """Also open the files of postcodes that GeoNames gives away, packed or not."""
        content = _unpack(content)
        first = content[:2000].split(b"\n", 1)[0] + b"\n"
        if not _GEONAMES_LINE.fullmatch(first):
            return super()._open_table(content, encoding)
        # Quotation marks are part of names there.
        text = "\t".join(_GEONAMES).encode() + b"\n" + content.replace(b'"', b"'")
        table = super()._open_table(text, "utf-8")
        return _GeoNamesTable(table.headers, table._source, table.max_rows)


def _unpack(content):
    """Return the file of GeoNames in an archive, or the content, unpacked if it is packed.

    :raises TableError: it unpacks to too much, or is damaged
    """
    if content[:2] == b"\x1f\x8b":
        return unpack_gzip(content, MAX_UNPACKED)
    if content[:2] != b"PK":
        return content
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            name = next(filter(_GEONAMES_FILE.fullmatch, archive.namelist()), None)
            if not name:
                return content
            with archive.open(name) as file:
                unpacked = file.read(MAX_UNPACKED + 1)
    except (zipfile.BadZipFile, OSError, EOFError):
        return content
    if len(unpacked) > MAX_UNPACKED:
        raise TableError(f"The file unpacks to more than {MAX_UNPACKED // 2**20} MB: split it.")
    return unpacked


class OmsImportPostcodes(models.AbstractModel):
    """Files of postcodes with their coordinates, such as those of GeoNames.

    All rows of a postcode are one: it is where the place is that is nearest to all the others.
    """

    _name = "oms.import.postcodes"
    _inherit = ["oms.import.handler"]
    _description = "Import of Postcodes"

    _chunk_size = 5000
    _group = "oms.group_order_manager"
    _seconds_per_row = 0.0004
    _reference_columns = ("country", "zip")

    def _get_key(self, row):
        country, code = normalize_postcode(row.country, row.zip)
        return country, code

    def _iter_chunks(self, job, reading, start):
        """Cut the file into chunks of postcodes with all of their rows, bad rows by themselves."""
        bad, by_code = [], defaultdict(list)
        countries = self._get_countries()
        for raw in self._iter_rows(job, reading):
            record = reading.parse(raw)
            faults = record.faults or self._get_faults(record, countries)
            if faults:
                bad.append((record._replace(row=None, faults=faults),))
            else:
                # The texts of good rows would fill the memory.
                by_code[self._get_key(record.row)].append(record._replace(cells=()))
        units = bad + [tuple(by_code[key]) for key in sorted(by_code)]
        for begin in range(start, len(units), self._chunk_size):
            chunk = units[begin : begin + self._chunk_size]
            yield Chunk(chunk, begin + len(chunk))

    def _count_units(self, job, reading):
        return sum(len(chunk.units) for chunk in self._iter_chunks(job, reading, 0))

    def _process(self, job, reading, units, dry):
        outcome, good = Outcome(), {}
        countries = self._get_countries()
        for unit in units:
            record = unit[0]
            if record.faults:
                reference = self._get_reference(reading, record)
                outcome.issues.append(Issue(record, reference, "\n".join(record.faults)))
            else:
                country, code = self._get_key(record.row)
                places = [(each.row.lat, each.row.lng, each.row.place) for each in unit]
                good[countries[country], code] = (
                    *choose_place(places),
                    "district" if country in DISTRICTS else "zip",
                )
        return outcome.add(self._load(good, dry))

    def _get_countries(self):
        """Return the id of each country by its code."""
        return {country.code: country.id for country in self.env["res.country"].search([])}

    def _get_faults(self, record, countries):
        """Return what is wrong with a row that was understood.

        :rtype: tuple[str, ...]
        """
        country, code = self._get_key(record.row)
        if country not in countries:
            return (self.env._("There is no country with the code “%s”.", record.row.country),)
        if not code:
            return (self.env._("“%s” has no letter or digit of a postcode.", record.row.zip),)
        return ()

    def _load(self, rows, dry):
        """Write postcodes, where they are new or elsewhere than was known.

        :param dict rows: (latitude, longitude, name, precision) by (country id, postcode)
        :rtype: Outcome
        """
        outcome = Outcome()
        known = self._read_known(list(rows))
        changed = {}
        for key, row in rows.items():
            old = known.get(key)
            if (
                old
                and old[2:] == row[2:]
                and max(abs(old[0] - row[0]), abs(old[1] - row[1])) < (SAME_DEGREES)
            ):
                outcome.unchanged += 1
                continue
            outcome.updated += bool(old)
            outcome.created += not old
            changed[key] = row
        if changed and not dry:
            self._write_rows(changed)
        return outcome

    def _read_known(self, keys):
        """Return what is known of postcodes: latitude, longitude, name, precision.

        :rtype: dict
        """
        self.env["oms.geo.postcode"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT postcode.country_id, postcode.zip, latitude, longitude, place, precision
                  FROM oms_geo_postcode postcode
                  JOIN unnest(%s::int[], %s::varchar[]) AS asked (country_id, zip)
                       USING (country_id, zip)
                 WHERE source <> 'derived'
                """,
                [country_id for country_id, _code in keys],
                [code for _country_id, code in keys],
            )
        )
        return {
            (row[0], row[1]): (row[2], row[3], row[4] or "", row[5])
            for row in self.env.cr.fetchall()
        }

    def _write_rows(self, rows):
        columns = zip(
            *(
                (country_id, code, name, get_place_key(name), latitude, longitude, precision)
                for (country_id, code), (latitude, longitude, name, precision) in rows.items()
            ),
            strict=True,
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO oms_geo_postcode (country_id, zip, place, place_key, latitude,
                                              longitude, precision, source)
                     SELECT *, 'import'
                       FROM unnest(%s::int[], %s::varchar[], %s::varchar[], %s::varchar[],
                                   %s::float8[], %s::float8[], %s::varchar[])
                ON CONFLICT (country_id, zip) DO UPDATE
                        SET place = excluded.place, place_key = excluded.place_key,
                            latitude = excluded.latitude, longitude = excluded.longitude,
                            precision = excluded.precision, source = 'import'
                """,
                *(list(column) for column in columns),
            )
        )
        self.env["oms.geo.postcode"].invalidate_model()
        self.env["oms.geo.postcode"]._forget_all()

    def _finish(self, job, reading, dry, checkpoint):
        """Work out anew where the beginnings of the postcodes of the countries are."""
        if not dry:
            Postcode = self.env["oms.geo.postcode"]
            groups = Postcode._read_group([("source", "=", "import")], ["country_id"])
            Postcode._derive([country.id for (country,) in groups])
        return True
