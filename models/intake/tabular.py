"""Tables out of CSV and Excel files, as a stream of text rows. No Odoo in here.

Whatever a file holds, :func:`open_table` either returns a :class:`Table` or raises
:class:`TableError` with a sentence that says what is wrong and how to mend it.
"""

from __future__ import annotations

import csv
import datetime
import gzip
import io
import math
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

#: Rows that one file may hold.
MAX_ROWS = 500_000
#: Bytes that one file may unpack to.
MAX_UNPACKED = 512 * 1024 * 1024
#: Encodings that a user may choose, beside automatic.
ENCODINGS = {"utf-8": "UTF-8", "cp1252": "Windows-1252"}

#: Lines that one quoted text may run over, before its quotation mark counts as unclosed.
_MAX_TEXT_LINES = 1000
_UNCLOSED = "look for an opening quotation mark without its closing one"
_DELIMITERS = (",", ";", "\t")
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
#: Headers that the report adds and that are passed over when it comes back.
IGNORED_HEADERS = frozenset({"error"})


class TableError(Exception):
    """A file that cannot be read as a table; the message is for the person who sent it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a kind of file may have.

    :param name: the name under which the parsed rows carry it
    :param required: whether a file without it is refused
    :param aliases: other headers that mean the same
    """

    name: str
    required: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnMatch:
    """Which header stands for which column.

    :param positions: index of the header by column name
    :param missing: required columns that no header stands for
    :param unknown: headers that are not used
    """

    positions: Mapping[str, int]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as it stands in the file.

    :param line: line of the file at which it starts, the header being line 1
    :param cells: the texts, as many as there are headers unless ``problem`` is set
    :param problem: why the row does not fit the header, or ''
    """

    line: int
    cells: tuple[str, ...]
    problem: str = ""


@dataclass(slots=True)
class Table:
    """An open file: its headers, and its rows as often as one asks for them."""

    headers: tuple[str, ...]
    _source: _CsvSource | _XlsxSource = field(repr=False)
    max_rows: int = MAX_ROWS

    def rows(self) -> Iterator[RawRow]:
        """Read the rows from the first one on; empty ones are left out.

        :raises TableError: when the file breaks off, or holds too many rows
        """
        for count, row in enumerate(self._source.rows(len(self.headers)), start=1):
            if count > self.max_rows:
                raise TableError(
                    f"The file has more than {self.max_rows:,} rows: split it and import the parts."
                )
            yield row


def normalize_header(text: str) -> str:
    """Bring a header to the form in which headers are compared.

    >>> normalize_header(" Código-Postal ")
    'codigo_postal'
    """
    plain = unicodedata.normalize("NFKD", text.strip().lower())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return "_".join(part for part in "".join(c if c.isalnum() else " " for c in plain).split())


def match_columns(headers: Sequence[str], columns: Iterable[Column]) -> ColumnMatch:
    """Find the column that each header stands for.

    :param headers: headers of the file
    :param columns: columns that the file may have
    :raises TableError: when two headers stand for the same column
    """
    columns = tuple(columns)
    meaning = {}
    for column in columns:
        for alias in (column.name, *column.aliases):
            meaning[normalize_header(alias)] = column.name
    positions: dict[str, int] = {}
    unknown = []
    for index, header in enumerate(headers):
        key = normalize_header(header)
        if key in IGNORED_HEADERS or not key:
            continue
        name = meaning.get(key)
        if name is None:
            unknown.append(header)
        elif name in positions:
            raise TableError(
                f"The columns “{headers[positions[name]]}” and “{header}” both mean “{name}”: "
                "remove one of them."
            )
        else:
            positions[name] = index
    missing = tuple(c.name for c in columns if c.required and c.name not in positions)
    return ColumnMatch(positions, missing, tuple(unknown))


def require_columns(headers: Sequence[str], columns: Iterable[Column]) -> ColumnMatch:
    """Like :func:`match_columns`, and refuse a file that lacks a required column.

    :raises TableError: naming the missing columns and the headers found
    """
    match = match_columns(headers, columns)
    if match.missing:
        found = ", ".join(header for header in headers if header) or "none"
        raise TableError(
            f"Missing column: {', '.join(match.missing)}. The headers found are: {found}."
        )
    return match


def open_table(
    content: bytes,
    encoding: str = "auto",
    max_rows: int = MAX_ROWS,
    max_unpacked: int = MAX_UNPACKED,
) -> Table:
    """Open a CSV file, plain or packed with gzip, or an Excel workbook (.xlsx).

    :param content: the whole file
    :param encoding: ``auto`` or a key of :data:`ENCODINGS`; only for CSV
    :param max_rows: rows above which reading stops with an error
    :param max_unpacked: bytes above which unpacking stops with an error
    :raises TableError: when the file is empty, packed wrongly, too large or of another encoding
    """
    if content[:2] == b"\x1f\x8b":
        content = unpack_gzip(content, max_unpacked)
    if not content.strip():
        raise TableError("The file is empty.")
    if content[:4] == b"\xd0\xcf\x11\xe0":
        raise TableError("This is an old Excel file (.xls): save it as .xlsx or CSV.")
    if content[:2] == b"PK":
        source: _CsvSource | _XlsxSource = _XlsxSource(content, max_unpacked)
    else:
        source = _CsvSource(content, encoding)
    headers = source.read_headers()
    if not any(header.strip() for header in headers):
        raise TableError("The first line of the file is empty: it must hold the column names.")
    return Table(headers, source, max_rows)


def unpack_gzip(content: bytes, limit: int) -> bytes:
    """Unpack a file that is packed with gzip.

    :param limit: bytes above which unpacking stops with an error
    :raises TableError: it is damaged, or unpacks to more
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            unpacked = stream.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise TableError(f"The file is packed with gzip, and damaged: {error}.") from None
    if len(unpacked) > limit:
        raise TableError(f"The file unpacks to more than {limit // 2**20} MB: split it.")
    return unpacked


class _CsvSource:
    def __init__(self, content: bytes, encoding: str) -> None:
        self.content = content
        self.encoding = self._find_encoding(encoding)
        with self._open() as stream:
            first = stream.readline()
        self.skip = 1 if first.lower().startswith("sep=") else 0
        if self.skip:
            self.delimiter = first[4:5]
        else:
            outside = "".join(part for i, part in enumerate(first.split('"')) if i % 2 == 0)
            self.delimiter = max(_DELIMITERS, key=outside.count)

    def _find_encoding(self, wanted: str) -> str:
        for bom, encoding in _BOMS:
            if self.content.startswith(bom):
                self._check_encoding(encoding)
                return encoding
        encoding = "utf-8" if wanted == "auto" else wanted
        self._check_encoding(encoding)
        return encoding

    def _check_encoding(self, encoding: str) -> None:
        """Refuse bytes that the encoding does not know, by line and byte."""
        if encoding == "utf-16":
            try:
                self.content.decode(encoding)
            except UnicodeDecodeError as error:
                raise TableError(
                    f"The file is marked as UTF-16, but byte {error.start + 1} is not: save it "
                    "as UTF-8."
                ) from None
            return
        for number, line in enumerate(io.BytesIO(self.content), start=1):
            if b"\0" in line:
                raise TableError(
                    f"Line {number} holds a zero byte: this is no text file. Save the table as "
                    "CSV (UTF-8) or as .xlsx."
                )
            try:
                line.decode(encoding)
            except UnicodeDecodeError as error:
                raise TableError(
                    f"Line {number}, byte {error.start + 1} (0x{line[error.start]:02X}) is not "
                    f"{ENCODINGS.get(encoding, 'UTF-8')}: save the file as CSV UTF-8, or choose "
                    f"the encoding {'UTF-8' if encoding == 'cp1252' else 'Windows-1252'}."
                ) from None

    def _open(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(io.BytesIO(self.content), self.encoding, newline="")

    def _read(self) -> Iterator[tuple[int, list[str]]]:
        with self._open() as stream:
            reader = csv.reader(stream, delimiter=self.delimiter)
            line = 1
            try:
                for number, cells in enumerate(reader):
                    if number >= self.skip:
                        yield line, cells
                    if reader.line_num - line > _MAX_TEXT_LINES:
                        raise TableError(f"The row at line {line} has no end: {_UNCLOSED}.")
                    line = reader.line_num + 1
            except csv.Error as error:
                raise TableError(f"Line {line} cannot be read ({error}): {_UNCLOSED}.") from None

    def read_headers(self) -> tuple[str, ...]:
        return tuple(cell.strip() for cell in next((cells for _n, cells in self._read()), ()))

    def rows(self, width: int) -> Iterator[RawRow]:
        rows = self._read()
        next(rows, None)
        for line, cells in rows:
            texts = tuple(cell.strip() for cell in cells)
            if not any(texts):
                continue
            if len(texts) > width and not any(texts[width:]):
                texts = texts[:width]
            problem = ""
            if len(texts) < width:
                problem = f"The line has {len(texts)} columns, the header {width}."
                if any("\n" in text for text in texts):
                    problem += f" It runs over several lines: {_UNCLOSED}."
            elif len(texts) > width:
                problem = (
                    f"The line has {len(texts)} columns, the header {width}: put texts that hold "
                    f"a “{self.delimiter}” between quotation marks."
                )
            yield RawRow(line, texts, problem)


class _XlsxSource:
    def __init__(self, content: bytes, limit: int) -> None:
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                unpacked = sum(info.file_size for info in archive.infolist())
                names = set(archive.namelist())
        except zipfile.BadZipFile:
            raise TableError("The file is a damaged Excel workbook or zip file.") from None
        if unpacked > limit:
            raise TableError(f"The workbook unpacks to more than {limit // 2**20} MB: split it.")
        if "xl/workbook.xml" not in names:
            raise TableError("The file is a zip file without an Excel workbook: unpack it first.")
        self.stream: BinaryIO = io.BytesIO(content)

    def _read(self) -> Iterator[tuple[int, tuple[object, ...]]]:
        # Imported late: only who reads workbooks needs the library, and it takes a while to load.
        import openpyxl

        self.stream.seek(0)
        try:
            book = openpyxl.load_workbook(self.stream, read_only=True, data_only=True)
            sheet = book.worksheets[0]
            # Some programs write a wrong size of the sheet; without it all rows are read.
            sheet.reset_dimensions()
            yield from enumerate(sheet.iter_rows(values_only=True), start=1)
        except TableError:
            raise
        except Exception as error:  # the library raises whatever its XML parser or zlib raises
            raise TableError(
                f"The workbook cannot be read ({error}): open it and save it again as .xlsx."
            ) from error

    def read_headers(self) -> tuple[str, ...]:
        cells = [cell_text(cell) for cell in next((row for _n, row in self._read()), ())]
        while cells and not cells[-1]:
            cells.pop()
        return tuple(cells)

    def rows(self, width: int) -> Iterator[RawRow]:
        for line, cells in self._read():
            if line == 1:
                continue
            texts = tuple(cell_text(cell) for cell in cells)
            if not any(texts):
                continue
            problem = ""
            if any(texts[width:]):
                problem = f"The row has values to the right of the last header (column {width})."
            yield RawRow(line, (texts + ("",) * width)[:width], problem)


def cell_text(value: object) -> str:
    """Write the value of a spreadsheet cell as the text that a CSV file would hold.

    Whole numbers lose their point, so that an identifier stored as a number stays one; dates
    are written in ISO form, without the time when it is midnight.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        whole = math.isfinite(value) and value.is_integer() and abs(value) < 1e15
        return str(int(value)) if whole else repr(value)
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value).strip()
