from odoo import fields, models


class OmsSite(models.Model):
    """Where customers come."""

    _inherit = "oms.site"

    pickup_note = fields.Char(
        string="Where to Collect",
        translate=True,
        help="What customers read who come to collect: the counter, the floor, the back door.",
    )
    waiting_customer_count = fields.Integer(
        string="Waiting for Customers", compute="_compute_waiting_customer_count"
    )

    def _compute_waiting_customer_count(self):
        counts = dict(
            self.env["oms.fulfillment"]._read_group(
                [("site_id", "in", self.ids), ("pickup_state", "=", "ready")],
                ["site_id"],
                ["__count"],
            )
        )
        for site in self:
            site.waiting_customer_count = counts.get(site, 0)

    def action_view_waiting_customers(self):
        """Open what waits at the sites for customers.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_pickup")
        action["domain"] = [("site_id", "in", self.ids), ("pickup_state", "!=", False)]
        return action
