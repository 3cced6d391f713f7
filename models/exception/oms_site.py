from odoo import fields, models


class OmsSite(models.Model):
    _inherit = "oms.site"

    not_for_sale_location_id = fields.Many2one(
        "stock.location",
        string="Not for Sale",
        check_company=True,
        ondelete="set null",
        domain="[('usage', '=', 'internal'), ('oms_for_sale', '=', False), "
        "('warehouse_id', '=', warehouse_id)]",
        help="Where goods go that the site has and cannot sell: damaged, worn by display. Made "
        "when the first goods go there.",
    )
    rejection_count = fields.Integer(compute="_compute_rejections")
    rejection_rate = fields.Float(
        string="Rate of Rejections",
        compute="_compute_rejections",
        help="Share of the fulfillment lines of the last 90 days that the site gave back.",
    )

    def _compute_rejections(self):
        rates = self.env["oms.rejection"]._get_rates(self)
        for site in self:
            rejected, ended = rates.get(site.id, (0, 0))
            site.rejection_count = rejected
            site.rejection_rate = rejected / ended if ended else 0.0

    def _get_not_for_sale_location(self):
        """Return where the site puts goods that it cannot sell, making the place if need be.

        It stands beside the stock of the warehouse, not in it: Odoo too then reserves nothing
        there.

        :rtype: ``stock.location``
        """
        self.ensure_one()
        if not self.not_for_sale_location_id:
            # sudo: whoever rejects goods need not have rights on locations and sites
            self.sudo().not_for_sale_location_id = (
                self.env["stock.location"]
                .sudo()
                .create(
                    {
                        "name": self.env._("Not for Sale"),
                        "location_id": self.warehouse_id.view_location_id.id,
                        "usage": "internal",
                        "company_id": self.company_id.id,
                        "oms_not_for_sale": True,
                    }
                )
            )
        return self.not_for_sale_location_id

    def action_view_rejections(self):
        """Open what the sites gave back.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_rejection")
        action["domain"] = [("site_id", "in", self.ids)]
        action["context"] = {}
        return action
