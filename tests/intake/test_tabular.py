import gzip
import zipfile
from io import BytesIO

from odoo.tests import BaseCase

from ...models.intake import tabular
from ...models.intake.tabular import Column, TableError, cell_text, match_columns, open_table
from .common import make_csv, make_xlsx


class TestTabular(BaseCase):
    def read_table(self, content, **options):
        table = open_table(content, **options)
        return table.headers, [(raw.line, raw.cells) for raw in table.rows()]

    def assertRefused(self, content, *parts, **options):
        with self.assertRaises(TableError) as caught:
            self.read_table(content, **options)
        for part in parts:
            self.assertIn(part, str(caught.exception))

    def test_delimiters(self):
        for delimiter in ",;\t":
            headers, rows = self.read_table(f"a{delimiter}b\n1{delimiter}x y\n".encode())
            self.assertEqual(headers, ("a", "b"))
            self.assertEqual(rows, [(2, ("1", "x y"))])

    def test_excel_separator_line(self):
        self.assertEqual(self.read_table(b"sep=;\na;b\n1;2\n"), (("a", "b"), [(3, ("1", "2"))]))

    def test_delimiter_within_quotes_is_text(self):
        headers, rows = self.read_table(b'"a,b,c,d";e\n"1,2";3\n')
        self.assertEqual(headers, ("a,b,c,d", "e"))
        self.assertEqual(rows, [(2, ("1,2", "3"))])

    def test_encodings(self):
        text = "city,x\nOrléans,1\n"
        for encoding in ("utf-8", "utf-8-sig", "utf-16"):
            with self.subTest(encoding):
                self.assertEqual(self.read_table(text.encode(encoding))[1], [(2, ("Orléans", "1"))])
        chosen = self.read_table(text.encode("cp1252"), encoding="cp1252")
        self.assertEqual(chosen[1], [(2, ("Orléans", "1"))])

    def test_wrong_encoding_names_line_byte_and_mend(self):
        self.assertRefused(
            "city,x\nLyon,1\nOrléans,1\n".encode("cp1252"),
            "Line 3, byte 4 (0xE9)",
            "Windows-1252",
        )

    def test_binary_is_refused(self):
        self.assertRefused(b"a,b\n\0\1,2\n", "zero byte")
        self.assertRefused(b"\xd0\xcf\x11\xe0" + b"x" * 100, ".xlsx")

    def test_empty(self):
        self.assertRefused(b"", "empty")
        self.assertRefused(b" \n\n", "empty")
        self.assertEqual(self.read_table(b"a,b\n"), (("a", "b"), []))

    def test_blank_lines_are_left_out_and_lines_counted(self):
        _headers, rows = self.read_table(b'a,b\n\n"x\ny",2\n,\n3,4\n')
        self.assertEqual(rows, [(3, ("x\ny", "2")), (6, ("3", "4"))])

    def test_unclosed_quote(self):
        _good, bad = open_table(b'a,b\n1,2\n"3,4\n5,6\n').rows()
        self.assertIn("quotation mark without its closing one", bad.problem)
        self.assertRefused(b'a,b\n"1,2\n' + b"3,4\n" * 2000, "line 2 has no end")

    def test_too_few_and_too_many_columns(self):
        few, many, trailing = open_table(b"a,b\n1\n1,2,3\n1,2,,\n").rows()
        self.assertIn("has 1 columns, the header 2", few.problem)
        self.assertIn("has 3 columns", many.problem)
        self.assertFalse(trailing.problem)

    def test_gzip(self):
        self.assertEqual(self.read_table(gzip.compress(b"a,b\n1,2\n"))[1], [(2, ("1", "2"))])
        self.assertRefused(gzip.compress(b"a,b\n1,2\n")[:-6], "damaged")

    def test_gzip_bomb(self):
        bomb = gzip.compress(b"a,b\n" + b"1,2\n" * 500_000)
        self.assertRefused(bomb, "unpacks to more than 1 MB", max_unpacked=2**20)

    def test_xlsx_bomb(self):
        stream = BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", b" " * (2 * 2**20))
        self.assertRefused(stream.getvalue(), "unpacks to more than", max_unpacked=2**20)

    def test_zip_without_workbook(self):
        stream = BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("orders.csv", b"a,b")
        self.assertRefused(stream.getvalue(), "unpack it first")
        self.assertRefused(stream.getvalue()[:40], "damaged")

    def test_too_many_rows(self):
        content = make_csv("a", *("1" for _row in range(11)))
        self.assertRefused(content, "more than 10 rows", max_rows=10)
        self.assertEqual(len(self.read_table(content, max_rows=11)[1]), 11)

    def test_xlsx(self):
        content = make_xlsx("zip,quantity,flag,empty", [77095, 2.0, True], [None] * 3, ["01000"])
        headers, rows = self.read_table(content)
        self.assertEqual(headers, ("zip", "quantity", "flag", "empty"))
        self.assertEqual(rows, [(2, ("77095", "2", "true", "")), (4, ("01000", "", "", ""))])

    def test_xlsx_formula_without_value_is_empty(self):
        self.assertEqual(self.read_table(make_xlsx("a,b", ["=1+1", 3]))[1], [(2, ("", "3"))])

    def test_cell_text(self):
        self.assertEqual(cell_text(2.50), "2.5")
        self.assertEqual(cell_text(float("nan")), "nan")
        self.assertEqual(cell_text("  x "), "x")

    def test_headers_are_recognized(self):
        columns = (Column("zip", True, ("postal_code", "code_postal")), Column("city", True))
        match = match_columns(["Code Postal", "error", "CITY ", "Note"], columns)
        self.assertEqual(match.positions, {"zip": 0, "city": 2})
        self.assertEqual(match.unknown, ("Note",))

    def test_missing_column_is_named_with_the_headers_found(self):
        with self.assertRaisesRegex(TableError, r"Missing column: zip.*found are: city, note"):
            tabular.require_columns(["city", "note"], (Column("zip", True), Column("city", True)))

    def test_two_headers_of_one_meaning(self):
        with self.assertRaisesRegex(TableError, "“zip” and “ZIP” both mean"):
            match_columns(["zip", "ZIP"], (Column("zip"),))
