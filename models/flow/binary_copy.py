"""Whole tables between PostgreSQL and numpy, without a Python object for every value.

PostgreSQL's binary copy format: a header, then for each row the number of its fields and for each
field its length and its bytes, big-endian. Rows of fields of one size are an array of records.
"""

from io import BytesIO

import numpy as np

from odoo.tools import SQL

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_SIZES = {"i4": 4, "f4": 4, "f8": 8, "i2": 2, "b1": 1}
_CODES = {"i4": ">i4", "f4": ">f4", "f8": ">f8", "i2": ">i2", "b1": "u1"}


def _row(kinds):
    fields = [("count", ">i2")]
    for place, kind in enumerate(kinds):
        fields += [(f"size{place}", ">i4"), (f"value{place}", _CODES[kind])]
    return np.dtype(fields)


def read(cr, query, kinds):
    """Read the columns of a query.

    :param cr: cursor
    :param SQL query: whose columns have these types and are never empty
    :param kinds: 'i4', 'f4', 'f8', 'i2' or 'b1' for each column
    :return: an array for each column
    :rtype: tuple
    """
    buffer = BytesIO()
    text = cr.mogrify(query.code, query.params).decode()
    cr.copy_expert(f"COPY ({text}) TO STDOUT (FORMAT binary)", buffer)
    row = _row(kinds)
    content = buffer.getbuffer()
    length = len(content) - len(_HEADER) - len(_TRAILER)
    table = np.frombuffer(content, dtype=row, count=length // row.itemsize, offset=len(_HEADER))
    return tuple(
        table[f"value{place}"].astype(_CODES[kind].replace(">", "="))
        for place, kind in enumerate(kinds)
    )


def write(cr, table, names, kinds, columns):
    """Add rows to a table.

    :param cr: cursor
    :param str table: name of the table
    :param names: its columns
    :param kinds: as of :func:`read`
    :param columns: an array for each column
    """
    row = _row(kinds)
    records = np.zeros(len(columns[0]), dtype=row)
    records["count"] = len(kinds)
    for place, (kind, values) in enumerate(zip(kinds, columns, strict=True)):
        records[f"size{place}"] = _SIZES[kind]
        records[f"value{place}"] = values
    query = SQL(
        "COPY %s (%s) FROM STDIN (FORMAT binary)",
        SQL.identifier(table),
        SQL(", ").join(map(SQL.identifier, names)),
    )
    cr.copy_expert(query.code, BytesIO(_HEADER + records.tobytes() + _TRAILER))
