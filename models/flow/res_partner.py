from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def action_oms_supplier_terms(self):
        """Open what an order of a supplier costs and must be worth.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_supplier_terms")
        return {
            **action,
            "domain": [("partner_id", "in", (self | self.commercial_partner_id).ids)],
            "context": {"default_partner_id": self.id},
        }
