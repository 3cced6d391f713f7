from odoo import api, fields, models


class OmsProposal(models.Model):
    """From a proposal it is a click to all that it is about."""

    _inherit = "oms.proposal"

    source_name = fields.Char(
        string="Comes From", compute="_compute_source_name", help="The site or the supplier."
    )

    @api.depends("origin_id", "supplier_id")
    def _compute_source_name(self):
        for proposal in self:
            proposal.source_name = (proposal.origin_id or proposal.supplier_id).display_name

    def action_view_run(self):
        """Open the run that made the proposal.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        return self.run_id.get_formview_action()

    def action_view_positions(self):
        """Open the stock of the goods at both ends.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_position")
        action["domain"] = [
            ("product_id", "in", self.product_id.ids),
            ("site_id", "in", (self.origin_id | self.site_id).ids),
        ]
        action["context"] = {}
        return action
