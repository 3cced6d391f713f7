"""The words in which an import job and the handler of its kind of file talk to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from .columns import COLUMNS
from .reader import ParseOptions
from .row_parsing import parse_row
from .rows import Row
from .tabular import ColumnMatch, RawRow, Table, require_columns


class Record(NamedTuple):
    """A row of the file and what was understood of it; ``row`` is None when it has faults."""

    line: int
    cells: tuple[str, ...]
    row: Row | None
    faults: tuple[str, ...]


#: What is imported or refused as a whole: the rows of an order, or a single row.
Unit = tuple[Record, ...]


class Chunk(NamedTuple):
    """Units to process between two commits.

    :param units: the units
    :param position: number of units of the file that are done after this chunk
    """

    units: list[Unit]
    position: int


class Issue(NamedTuple):
    """What the report says of a row."""

    record: Record
    reference: str
    message: str
    severity: str = "error"


@dataclass(slots=True)
class Outcome:
    """What became of some units; the counts are of units, the issues of rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    issues: list[Issue] = field(default_factory=list)

    def add(self, other: Outcome) -> Outcome:
        """Take in what became of other units.

        :return: this outcome
        """
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.issues += other.issues
        return self

    def refuse(self, unit: Unit, faults: Mapping[int, str], reference: str, rest: str) -> None:
        """Report all rows of a unit as bad.

        :param faults: message by index of the row in the unit
        :param rest: message of the rows that are good by themselves
        """
        for index, record in enumerate(unit):
            self.issues.append(Issue(record, reference, faults.get(index, rest)))


class Reading:
    """A file opened as one kind of table."""

    def __init__(self, kind: str, table: Table, options: ParseOptions) -> None:
        """Match the headers.

        :raises TableError: when a required column is missing
        """
        self.kind = kind
        self.table = table
        self.options = options
        self.match: ColumnMatch = require_columns(table.headers, COLUMNS[kind])

    def parse(self, raw: RawRow) -> Record:
        """Understand one row."""
        if raw.problem:
            return Record(raw.line, raw.cells, None, (raw.problem,))
        row, faults = parse_row(self.kind, self.match, raw.cells, self.options)
        return Record(raw.line, raw.cells, row, faults)

    def cell(self, name: str, cells: tuple[str, ...]) -> str:
        """Return the text in a column, or '' where the row or the file has none."""
        index = self.match.positions.get(name)
        return cells[index] if index is not None and index < len(cells) else ""
