from odoo import models
from odoo.exceptions import UserError

from ..orchestration.oms_sourcing import Part


class OmsFulfillment(models.Model):
    """Giving what was offered to the site that accepted."""

    _inherit = "oms.fulfillment"

    def _give_to(self, offer):
        """Let the site of an offer do the work, and tell the others.

        The goods are held at one site all the time: where they were planned until now, at the
        site that accepts from now on, through the gate that every claim passes. So nothing can be
        promised twice, whoever accepts.

        :param offer: open ``oms.offer``
        :return: the ``oms.fulfillment`` of the site
        :raise UserError: the site has not what it takes any more
        """
        self.ensure_one()
        if self.state != "planned":
            raise UserError(self.env._("%s is not offered any more.", self.order_id.name))
        others = self.offer_ids.filtered(lambda each: each.state == "open") - offer
        self.write({"offer_state": "accepted", "offer_until": False})
        offer._close("accepted")
        others._close("lost")
        result = self if offer.site_id == self.site_id else self._move_to(offer.site_id)
        result.offer_state = "accepted"
        offer.result_id = result
        with self.order_id._oms_unlocked():
            result.line_ids.sale_line_id._oms_release()
        result._accept_offered()
        text = self.env._("%s accepted.", offer.site_id.name)
        (self | result)._tell_accepted(text)
        others._tell(
            self.env._(
                "%(site)s was faster: it has %(order)s now.",
                site=offer.site_id.name,
                order=self.order_id.name,
            )
        )
        return result

    def _tell_accepted(self, text):
        for fulfillment in self:
            fulfillment.message_post(body=text)
        self.order_id._oms_note(text)

    def _accept_offered(self):
        """Who accepted an offer has accepted the work."""

    def _move_to(self, site):
        """Have another site do what is planned here.

        :param site: ``oms.site``
        :return: its ``oms.fulfillment``
        :raise UserError: it has not enough, or no room
        """
        self.ensure_one()
        quantities, sourcing = self._get_offered_quantities(), self.env["oms.sourcing"]
        # The guards of both sites at once, in the order that everybody keeps.
        self.env["oms.position"]._touch(
            (line.product_id.id, place.id) for line in quantities for place in self.site_id | site
        )
        [kilometers], _note = sourcing._get_kilometers(self.order_id, site)
        parts = [
            Part(line.sale_line_id, site, quantity, kilometers, self.decision_id)
            for line, quantity in quantities.items()
        ]
        for line, quantity in quantities.items():
            line._stop(quantity)
        self.env.flush_all()
        try:
            sourcing._claim_parts(parts)
        except UserError as error:
            raise UserError(
                self.env._(
                    "%(site)s cannot take %(order)s any more: %(why)s",
                    site=site.name,
                    order=self.order_id.name,
                    why=str(error),
                )
            ) from error
        return self.order_id.oms_fulfillment_ids.filtered(
            lambda each: each.site_id == site and each.state in ("planned", "released")
        )[:1]
