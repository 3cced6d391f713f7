import logging

from odoo import models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)


class MailTemplate(models.Model):
    """Mails about orders leave without their PDF where none can be made."""

    _inherit = "mail.template"

    def _generate_template_attachments(self, res_ids, render_fields, render_results=None):
        """Leave out the PDF of an order that cannot be printed.

        Odoo mails an order in the transaction that confirms it: without wkhtmltopdf on the
        machine, or when it fails, a paid order would never be confirmed.
        """
        try:
            return super()._generate_template_attachments(
                res_ids, render_fields, render_results=render_results
            )
        except UserError as error:
            if self.model != "sale.order" or "report_template_ids" not in render_fields:
                raise
            _logger.warning("Orders %s are mailed without a PDF: %s", res_ids, error)
            return super()._generate_template_attachments(
                res_ids,
                [field for field in render_fields if field != "report_template_ids"],
                render_results=render_results,
            )
