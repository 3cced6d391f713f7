from odoo import api, fields, models


class DeliveryCarrier(models.Model):
    _inherit = "delivery.carrier"

    oms_code = fields.Char(
        string="Channel Code",
        copy=False,
        help="By what channels call the method; its id when empty.",
    )
    oms_has_points = fields.Boolean(
        string="Delivers to Pick-Up Points",
        compute="_compute_oms_has_points",
        store=True,
        readonly=False,
        help="Customers collect their parcels at a point of the carrier: promised as a relay "
        "point, not as home delivery.",
    )

    _oms_code_uniq = models.UniqueIndex(
        "(COALESCE(company_id, 0), oms_code) WHERE oms_code != ''",
        "Another delivery method of the company has this channel code already.",
    )

    @api.depends("delivery_type")
    def _compute_oms_has_points(self):
        for carrier in self:
            # So Odoo's own connectors declare that they know pick-up points.
            hook = f"_{carrier.delivery_type}_get_close_locations"
            carrier.oms_has_points = hasattr(type(carrier), hook)

    def _oms_get_code(self):
        """Return by what channels call the method.

        :rtype: str
        """
        self.ensure_one()
        return self.oms_code or str(self.id)

    def _oms_find(self, words):
        """Return methods by what channels call them: code, id or name.

        :param words: any iterable of texts
        :return: one method by word; what names none or several of these is not in it
        :rtype: dict
        """
        found = {}
        for word in words:
            for matches in (
                self.filtered(lambda each, word=word: each._oms_get_code() == word),
                self.filtered(lambda each, word=word: str(each.id) == word),
                self.filtered(lambda each, word=word: each.name == word),
            ):
                if len(matches) == 1:
                    found[word] = matches
                    break
        return found
