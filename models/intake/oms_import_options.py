from odoo import fields, models

from .reader import DATE_FORMATS
from .tabular import ENCODINGS

ENCODING_SELECTION = [("auto", "Automatic"), *ENCODINGS.items()]
DATE_FORMAT_SELECTION = list(DATE_FORMATS.items())
DECIMAL_SELECTION = [(".", "1234.56"), (",", "1234,56")]
STOCK_MEANING_SELECTION = [("on_hand", "On hand"), ("available", "Available")]
#: What users may say of an import; all else is written by the import itself.
OPTIONS = (
    "channel_id",
    "network_id",
    "encoding",
    "date_format",
    "decimal_mark",
    "month",
    "stock_meaning",
    "create_products",
    "zero_missing",
    "confirm_orders",
    "confirm_batch",
    "order_limit",
)


class OmsImportOptions(models.AbstractModel):
    """What the user says of a file: the same in the dialog and on the import that it makes."""

    _name = "oms.import.options"
    _description = "Options of an Import"
    _check_company_auto = True

    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    channel_id = fields.Many2one(
        "oms.channel",
        check_company=True,
        help="Orders: the channel of rows that name none. Stock: emptied are all sites of the "
        "channel, not only those of the file.",
    )
    network_id = fields.Many2one(
        "oms.network", check_company=True, help="Sites of the file are added to this network."
    )
    encoding = fields.Selection(ENCODING_SELECTION, required=True, default="auto")
    date_format = fields.Selection(
        DATE_FORMAT_SELECTION, string="Dates Like", required=True, default="iso"
    )
    decimal_mark = fields.Selection(
        DECIMAL_SELECTION, string="Numbers Like", required=True, default="."
    )
    month = fields.Char(help="Like 2026-12: the only month of the file to import.")
    stock_meaning = fields.Selection(
        STOCK_MEANING_SELECTION,
        string="Quantity Means",
        required=True,
        default="on_hand",
        help="On hand: what stands at the site. Available: what is free to promise; open demand "
        "is added on top.",
    )
    create_products = fields.Boolean(
        string="Create Missing Products",
        help="Make a storable product of each unknown product reference.",
    )
    zero_missing = fields.Boolean(
        string="Empty What Is Not in the File",
        help="Set the products that the file does not name to zero at the sites it does name.",
    )
    confirm_orders = fields.Boolean(
        string="Confirm and Source Orders",
        help="Confirm the imported orders in order of date and reference, so that they are "
        "sourced at once.",
    )
    confirm_batch = fields.Integer(
        string="Orders per Batch", default=50, help="Orders confirmed together."
    )
    order_limit = fields.Integer(help="Import no more than so many orders; zero for all.")
