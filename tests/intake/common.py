"""Builders for tests of imports: files out of rows, and jobs out of files."""

import base64
import csv
import io

import openpyxl

from ..common import OmsCase

SITE_HEADERS = "site,kind,lat,lng"
STOCK_HEADERS = "site,product_id,quantity"
ORDER_HEADERS = "order_id,order_date,customer_id,zip,city,state,lat,lng,product_id,quantity,sales"


def make_csv(headers, *rows, encoding="utf-8"):
    """Write a CSV file: each row is one string with commas."""
    return "\n".join([headers, *rows, ""]).encode(encoding)


def make_xlsx(headers, *rows):
    """Write an Excel workbook: headers with commas, rows of cell values."""
    book = openpyxl.Workbook()
    book.active.append(headers.split(","))
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


class IntakeCase(OmsCase):
    """Sites NEAR, MID and FAR, products APPLE and BERRY, channel TWEB."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.apple.default_code = "APPLE"
        cls.berry.default_code = "BERRY"

    def make_job(self, kind, content, name="file.csv", **options):
        """Make a job that is not begun."""
        return self.env["oms.import"]._create_job(kind, name, content, options)

    def run_job(self, kind, content, **options):
        """Import a file at once, whatever its size, and return the job."""
        job = self.make_job(kind, content, **options)
        job._begin("import")
        self.assertTrue(job._work(lambda _done: True))
        return job

    def get_messages(self, job):
        """Return the report as message by line number."""
        return {line.line_number: line.message for line in job.line_ids}

    def get_on_hand(self, site, product):
        """Return the stock of a product in the whole site."""
        return product.with_context(warehouse_id=site.warehouse_id.id).qty_available

    def read_report(self, job):
        """Return the file of bad rows as bytes and as dicts."""
        content = base64.b64decode(job.report_file)
        return content, list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))

    def count_everything(self):
        """Count what an import could make."""
        models = (
            "sale.order", "sale.order.line", "res.partner", "oms.site", "stock.warehouse",
            "stock.move", "stock.quant", "oms.fulfillment", "oms.decision", "product.product",
        )  # fmt: skip
        return {
            name: self.env[name].with_context(active_test=False).search_count([]) for name in models
        }
