from odoo import models
from odoo.exceptions import UserError
from odoo.tools.pdf import merge_pdf


class OmsParcel(models.Model):
    """Printing labels, many at once."""

    _inherit = "oms.parcel"

    def _merge_labels(self):
        """Return the labels of the parcels, one file for each kind of printer.

        :return: (name, content type, content) of each
        :rtype: list[tuple]
        """
        self.check_access("read")
        # sudo: whoever may see a parcel may print its label
        labels = self.sudo().filtered(lambda parcel: parcel.state != "cancelled").label_id
        pdfs = [each.raw for each in labels if each.mimetype == "application/pdf"]
        others = [each.raw for each in labels if each.mimetype != "application/pdf"]
        files = []
        if pdfs:
            merged = merge_pdf(pdfs) if len(pdfs) > 1 else pdfs[0]
            files.append(("labels.pdf", "application/pdf", merged))
        if others:
            files.append(("labels.zpl", "x-application/zpl", b"\n".join(others)))
        return files

    def action_print_labels(self):
        """Download the labels of the parcels as one file.

        :rtype: dict
        :raises UserError: none of them has a label
        """
        printable = self.filtered(lambda parcel: parcel.label_id and parcel.state != "cancelled")
        if not printable:
            raise UserError(self.env._("None of these parcels has a label yet."))
        ids = ",".join(map(str, printable.ids))
        return {"type": "ir.actions.act_url", "url": f"/oms/labels?parcels={ids}", "target": "new"}


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def action_oms_print_labels(self):
        """Download the labels of the transfers as one file.

        :rtype: dict
        :raises UserError: none of them has a label
        """
        return self.oms_parcel_ids.action_print_labels()
