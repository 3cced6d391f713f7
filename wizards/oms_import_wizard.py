import base64
import itertools

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.intake.columns import COLUMNS, find_nearest_kind
from ..models.intake.oms_import import KIND_SELECTION
from ..models.intake.oms_import_options import OPTIONS
from ..models.intake.tabular import TableError, match_columns

#: Rows that the preview shows.
PREVIEW_ROWS = 20


class OmsImportWizard(models.TransientModel):
    """Asks for a file, shows what was understood of it, and makes an import job of it."""

    _name = "oms.import.wizard"
    _description = "Import a File"
    _inherit = ["oms.import.options"]

    file = fields.Binary(attachment=False)
    file_name = fields.Char()
    kind = fields.Selection(
        KIND_SELECTION, string="The File Holds", compute="_compute_kind", store=True, readonly=False
    )
    confirm_orders = fields.Boolean(default=True)
    has_months = fields.Boolean(compute="_compute_preview")
    is_readable = fields.Boolean(compute="_compute_preview")
    problem = fields.Text(compute="_compute_preview")
    preview = fields.Html(compute="_compute_preview", sanitize=False)

    # === COMPUTE METHODS === #

    def _open_table(self):
        """Open the chosen file.

        :raise TableError: when it cannot be read
        """
        self.ensure_one()
        return self.env["oms.import"]._open_table(self._get_content(), self.encoding)

    def _get_content(self):
        self.ensure_one()
        # The size only is in the context of a form that is read; the file itself is asked for.
        return base64.b64decode(self.with_context(bin_size=False).file or b"")

    @api.depends("file", "encoding")
    def _compute_kind(self):
        for wizard in self:
            if not wizard.file:
                wizard.kind = wizard.kind or False
                continue
            try:
                guess = self.env["oms.import"]._guess_kind(wizard._open_table())
            except TableError:
                guess = None
            wizard.kind = guess or wizard.kind or False

    @api.depends("file", "file_name", "encoding", "kind")
    def _compute_preview(self):
        for wizard in self:
            wizard.update(
                {"has_months": False, "is_readable": False, "problem": False, "preview": False}
            )
            if not wizard.file:
                # The web client hands over the name of an empty file, and no content.
                if wizard.file_name:
                    wizard.problem = self.env._("The file is empty.")
                continue
            try:
                wizard._read_preview()
            except TableError as error:
                wizard.problem = str(error)

    def _read_preview(self):
        """Fill the preview from the head of the file.

        :raise TableError: when it cannot be read
        """
        table = self._open_table()
        rows = [raw.cells for raw in itertools.islice(table.rows(), PREVIEW_ROWS)]
        if not self.kind:
            self.preview = self._render_table(table.headers, {}, (), rows)
            self.problem = self._explain_headers(table.headers)
            return
        match = match_columns(table.headers, COLUMNS[self.kind])
        names = {index: name for name, index in match.positions.items()}
        self.has_months = self.kind == "stock" and "month" in match.positions
        self.is_readable = not match.missing
        if match.missing:
            self.problem = self.env._("Missing column: %s.", ", ".join(match.missing))
        self.preview = self._render_table(table.headers, names, match.missing, rows)

    def _explain_headers(self, headers):
        """Say what keeps headers from being those of a kind of file.

        :param headers: headers of the file
        :rtype: str
        :raise TableError: when two headers stand for the same column
        """
        nearest = find_nearest_kind(headers)
        if not nearest:
            return self.env._(
                "The headers fit none of the kinds of files: choose what the file holds."
            )
        kind, missing = nearest
        labels = dict(self._fields["kind"]._description_selection(self.env))
        return self.env._(
            "The headers fit none of the kinds of files. Nearest is “%(kind)s”, with this column "
            "missing: %(missing)s. Mend the headers, or choose what the file holds.",
            kind=labels[kind],
            missing=", ".join(missing),
        )

    def _render_table(self, headers, names, missing, rows):
        """Show the head of the file, with the meaning of each column above it.

        :param headers: headers of the file
        :param dict names: meaning by index of the header
        :param missing: required columns that no header stands for; shown as empty columns
        :param list rows: texts of the first rows
        :rtype: Markup
        """
        cell = Markup("<td class='text-nowrap'>%s</td>")
        used = Markup("<span class='badge text-bg-success'>%s</span>")
        unused = Markup("<span class='badge text-bg-light'>%s</span>") % self.env._("not used")
        meanings = Markup().join(
            Markup("<th class='text-nowrap'>%s</th>")
            % (used % names[index] if index in names else unused)
            for index in range(len(headers))
        )
        absent = Markup("<th><span class='badge text-bg-danger'>%s</span></th>")
        meanings += Markup().join(absent % name for name in missing)
        title = Markup("<th class='text-nowrap'>%s</th>")
        texts = [*headers, *(self.env._("missing") for _name in missing)]
        titles = Markup().join(title % text for text in texts)
        body = Markup().join(
            Markup("<tr>%s</tr>") % Markup().join(cell % text for text in row) for row in rows
        )
        return Markup(
            "<div class='table-responsive'><table class='table table-sm table-striped'>"
            "<thead><tr>%s</tr><tr>%s</tr></thead><tbody>%s</tbody></table></div>"
        ) % (meanings, titles, body)

    # === ACTION METHODS === #

    def _create_job(self):
        self.ensure_one()
        if not self.file or not self.kind:
            raise UserError(self.env._("Choose a file, and what it holds."))
        names = [name for name in OPTIONS if name in self._fields]
        options = {name: self[name].id if name.endswith("_id") else self[name] for name in names}
        Job = self.env["oms.import"].with_company(self.company_id)
        return Job._create_job(
            self.kind,
            self.file_name or self.kind,
            self._get_content(),
            {**options, "company_id": self.company_id.id},
        )

    def _open_job(self, job):
        return {
            "type": "ir.actions.act_window",
            "res_model": "oms.import",
            "res_id": job.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "current",
        }

    def action_check(self):
        """Look at all rows without changing anything, and show the report.

        :return: a window action on the job
        :rtype: dict
        """
        job = self._create_job()
        job.action_check()
        return self._open_job(job)

    def action_import(self):
        """Import the good rows, and show the report.

        :return: a window action on the job
        :rtype: dict
        """
        job = self._create_job()
        job.action_import()
        return self._open_job(job)
