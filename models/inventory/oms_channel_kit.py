from odoo import models

from .oms_position_read import Question


class OmsChannel(models.Model):
    """What a channel may sell of kits: what shares leave to it of their parts."""

    _inherit = "oms.channel"

    def _explain_kits(self, product, kits):
        """Explain what each of the channels can sell of a kit; see :meth:`_explain_sellable`."""
        # sudo: the caller decides who may see it; what others hold is a part of the answer
        Position = self.env["oms.position"].sudo()
        rows = []
        for channel in self.sudo():
            kit = kits.get((channel.company_id.id, product.id))
            if not kit or not kit.is_limited:
                continue
            question = Question(product.sudo(), channel.site_ids)
            of_company = {(channel.company_id.id, product.id): kit}
            there, left = (
                Position._sum_kits(question, of_company, seller)[product.id]
                for seller in (None, channel)
            )
            terms = [("available", self.env._("Put together of the parts at each site"), there)]
            if there - left > 1e-6:
                terms.append(("held", self.env._("Parts that others may take"), left - there))
            terms.append(("sellable", self.env._("Can be sold"), left))
            rows += [
                {"channel_id": channel.id, "kind": kind, "label": label, "quantity": quantity}
                for kind, label, quantity in terms
            ]
        return rows
