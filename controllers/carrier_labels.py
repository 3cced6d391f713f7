import io
import zipfile

from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import content_disposition, request

#: Digits of the id of a parcel.
MOST_DIGITS = 9


class CarrierLabels(http.Controller):
    @http.route("/oms/labels", type="http", auth="user", readonly=True)
    def labels(self, parcels="", **_others):
        """Send the labels of parcels as one file: PDF, ZPL, or a ZIP of both.

        :param str parcels: ids, separated by commas
        """
        ids = [
            int(each)
            for each in parcels.split(",")
            if each.isascii() and each.isdigit() and len(each) <= MOST_DIGITS
        ]
        records = request.env["oms.parcel"].search([("id", "in", ids)], order="id")
        files = records._merge_labels()
        if not files:
            raise NotFound
        if len(files) == 1:
            [(name, kind, content)] = files
        else:
            name, kind, buffer = "labels.zip", "application/zip", io.BytesIO()
            with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
                for each, _kind, data in files:
                    archive.writestr(each, data)
            content = buffer.getvalue()
        headers = [
            ("Content-Type", kind),
            ("Content-Disposition", content_disposition(name)),
            ("X-Content-Type-Options", "nosniff"),
        ]
        return request.make_response(content, headers)
