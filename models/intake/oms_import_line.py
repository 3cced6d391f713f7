from odoo import fields, models


class OmsImportLine(models.Model):
    """What the report of an import says of one row of the file."""

    _name = "oms.import.line"
    _description = "Import Report Line"
    _order = "import_id desc, line_number, id"
    _rec_name = "message"

    import_id = fields.Many2one(
        "oms.import", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="import_id.company_id", store=True)
    line_number = fields.Integer(string="Line", readonly=True, aggregator=False)
    reference = fields.Char(readonly=True)
    severity = fields.Selection(
        [("error", "Error"), ("warning", "Warning")], required=True, readonly=True
    )
    message = fields.Text(required=True, readonly=True)
    cells = fields.Json(readonly=True, help="The row as it stands in the file.")
