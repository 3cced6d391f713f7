import base64
import hashlib

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .columns import guess_kind
from .oms_import_options import OPTIONS
from .reader import ParseOptions
from .tabular import MAX_ROWS, Table, TableError, open_table
from .work import Reading

KIND_SELECTION = [
    ("sites", "Sites"),
    ("products", "Products"),
    ("stock", "Stock"),
    ("external", "External Stock"),
    ("orders", "Orders"),
    ("postcodes", "Postcodes"),
]
STATE_SELECTION = [
    ("draft", "To Check"),
    ("checked", "Checked"),
    ("running", "Running"),
    ("done", "Done"),
    ("failed", "Failed"),
]
#: File size in megabytes above which a file is refused, unless the parameter says otherwise.
MAX_MEGABYTES = 64
ORIGIN = ("name", "kind", "company_id", "file", "file_name", "checksum")


class OmsImport(models.Model):
    """A file of sites, products, stock or orders, and what became of its rows.

    The work is done in chunks. Each commits together with the position it reached, so that an
    import that was interrupted goes on where it stopped; and whatever was imported before is
    found unchanged when the same file comes again.
    """

    _name = "oms.import"
    _description = "Import"
    _inherit = ["oms.import.options", "mail.thread"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(required=True, readonly=True)
    kind = fields.Selection(KIND_SELECTION, required=True, readonly=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        default=lambda self: self.env.company,
        index=True,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Imported By",
        required=True,
        readonly=True,
        default=lambda self: self.env.user,
        help="The import runs with the rights of this user.",
    )
    file = fields.Binary(attachment=True, required=True, readonly=True)
    file_name = fields.Char(readonly=True)
    checksum = fields.Char(readonly=True, help="SHA-256 of the file.")
    state = fields.Selection(
        STATE_SELECTION, required=True, readonly=True, default="draft", tracking=True
    )
    todo = fields.Selection(
        [("check", "Check"), ("import", "Import")],
        readonly=True,
        help="What the background job is to do while the import is running.",
    )

    # What became of it.
    unit_count = fields.Integer(string="Orders or Rows to Do", readonly=True)
    position = fields.Integer(readonly=True)
    progress = fields.Float(compute="_compute_progress")
    row_count = fields.Integer(string="Rows", readonly=True)
    bad_count = fields.Integer(string="Bad Rows", readonly=True)
    good_count = fields.Integer(string="Good Rows", compute="_compute_good_count")
    created_count = fields.Integer(string="Created", readonly=True)
    updated_count = fields.Integer(string="Updated", readonly=True)
    unchanged_count = fields.Integer(string="Unchanged", readonly=True)
    zeroed_count = fields.Integer(string="Emptied", readonly=True)
    confirmed_count = fields.Integer(string="Confirmed", readonly=True)
    confirm_seconds = fields.Float(readonly=True)
    started = fields.Datetime(readonly=True)
    ended = fields.Datetime(readonly=True)
    error = fields.Text(string="Why It Failed", readonly=True)
    line_ids = fields.One2many("oms.import.line", "import_id", string="Report", readonly=True)
    report_file = fields.Binary(string="Bad Rows as CSV", attachment=True, readonly=True)
    report_file_name = fields.Char(readonly=True)
    site_ids = fields.Many2many("oms.site", string="Imported Sites", readonly=True)
    order_ids = fields.One2many("sale.order", "oms_import_id", string="Imported Orders")
    order_count = fields.Integer(compute="_compute_order_count")
    may_import = fields.Boolean(compute="_compute_may_import")

    # === COMPUTE METHODS === #

    @api.depends("position", "unit_count", "state")
    def _compute_progress(self):
        for job in self:
            done = job.position / job.unit_count if job.unit_count else 0.0
            job.progress = 100.0 if job.state == "done" else 100.0 * done

    @api.depends("row_count", "bad_count")
    def _compute_good_count(self):
        for job in self:
            job.good_count = job.row_count - job.bad_count

    def _compute_order_count(self):
        counts = dict(
            self.env["sale.order"]._read_group(
                [("oms_import_id", "in", self.ids)], ["oms_import_id"], ["__count"]
            )
        )
        for job in self:
            job.order_count = counts.get(job, 0)

    @api.depends("kind", "create_products")
    @api.depends_context("uid")
    def _compute_may_import(self):
        for job in self:
            try:
                job._get_handler()._check_access(job)
            except AccessError:
                job.may_import = False
            else:
                job.may_import = True

    @api.constrains("confirm_batch", "order_limit")
    def _check_numbers(self):
        for job in self:
            if job.confirm_batch < 1 or job.order_limit < 0:
                raise UserError(
                    self.env._("Orders are confirmed one or more at once, and limits are positive.")
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self._check_own_fields({name for vals in vals_list for name in vals} - set(ORIGIN))
        return super().create(vals_list)

    def write(self, vals):
        self._check_own_fields(set(vals))
        return super().write(vals)

    def _check_own_fields(self, names):
        """Keep users from writing what an import runs by: on whose behalf, and how far it is.

        :param set names: names of the fields that are written
        :raise AccessError: naming those that are not theirs
        """
        refused = names - set(OPTIONS)
        if refused and not self.env.su:
            raise AccessError(
                self.env._("These fields are written by the import alone: %s.", sorted(refused))
            )

    # === THE FILE === #

    def _get_attachment(self):
        self.ensure_one()
        # sudo: whoever sees the import may have its file read for it
        return (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_field", "=", "file"),
                    ("res_id", "=", self.id),
                ],
                limit=1,
            )
        )

    @api.model
    def _open_table(self, content, encoding):
        """Open a file within the size limit of the database.

        :param bytes content: the whole file
        :param str encoding: a key of the encoding selection
        :rtype: Table
        :raise TableError: when it is too large or cannot be read
        """
        # sudo: the limit is for everybody
        get_param = self.env["ir.config_parameter"].sudo().get_param
        limit = int(get_param("oms.import_max_megabytes", MAX_MEGABYTES))
        if len(content) > limit * 2**20:
            raise TableError(
                self.env._(
                    "The file has %(size)s MB, and the limit is %(limit)s MB: split it, or pack "
                    "it with gzip.",
                    size=round(len(content) / 2**20, 1),
                    limit=limit,
                )
            )
        return open_table(
            content, encoding, max_rows=int(get_param("oms.import_max_rows", MAX_ROWS))
        )

    @api.model
    def _guess_kind(self, table: Table):
        return guess_kind(table.headers)

    def _get_handler(self):
        self.ensure_one()
        return self.env[f"oms.import.{self.kind}"]

    def _get_kind_label(self):
        self.ensure_one()
        labels = dict(self._fields["kind"]._description_selection(self.env))
        return labels[self.kind].lower()

    def _get_inventory_name(self):
        """Return what inventory adjustments of the import are called."""
        self.ensure_one()
        return f"{self.name} (#{self.id})"

    def _open_reading(self):
        self.ensure_one()
        return self._read_table(self._open_table(self._get_attachment().raw or b"", self.encoding))

    def _read_table(self, table):
        """Open a table as one of the job's kind, with its options.

        :rtype: Reading
        """
        return Reading(self.kind, table, ParseOptions(self.date_format, self.decimal_mark))

    @api.model
    def _create_job(self, kind, file_name, content, options):
        """Create a job from the content of a file.

        :param str kind: a key of the kind selection
        :param str file_name: name of the file, for people
        :param bytes content: the whole file
        :param dict options: values of the fields that the user chooses
        :return: the job, not begun
        """
        return self.create(
            {
                "name": f"{dict(KIND_SELECTION)[kind]}: {file_name}",
                "kind": kind,
                "file_name": file_name,
                "file": base64.b64encode(content),
                "checksum": hashlib.sha256(content).hexdigest(),
                **options,
            }
        )

    # === ACTION METHODS === #

    def action_check(self):
        """Look at all rows without changing anything, and report.

        :return: True
        """
        self._launch("check")
        return True

    def action_import(self):
        """Import the good rows and report the bad ones.

        :return: True
        """
        self._launch("import")
        return True

    def action_resume(self):
        """Have a running import gone on with now, rather than at the next scheduled time.

        :return: True
        """
        self.filtered(lambda job: job.state == "running")[:1]._trigger()
        return True

    def action_download_report(self):
        """Download the bad rows as a file that can be corrected and imported.

        :return: a download action
        :rtype: dict
        :raise UserError: when there are none
        """
        self.ensure_one()
        if not self.report_file:
            raise UserError(self.env._("There are no bad rows."))
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/report_file?download=true"
            f"&filename={self.report_file_name}",
            "target": "self",
        }

    def action_view_orders(self):
        """Open the imported orders.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Imported Orders"),
            "res_model": "sale.order",
            "view_mode": "list,form",
            "domain": [("oms_import_id", "=", self.id)],
        }

    def action_view_sites(self):
        """Open the imported sites.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_site")
        action["domain"] = [("id", "in", self.site_ids.ids)]
        action["context"] = {}
        return action

    def action_view_external_stock(self):
        """Open the external stock that files have brought.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_external_stock")
        action["domain"] = [("company_id", "=", self.company_id.id), ("source", "=", "file")]
        return action

    def action_view_moves(self):
        """Open the inventory adjustments of the import.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("stock.stock_move_line_action")
        action["domain"] = [("move_id.inventory_name", "=", self._get_inventory_name())]
        action["context"] = {"search_default_done": 1}
        return action
