from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..site_work.answer import Answer, to_text

#: Kinds of operations by which offers are answered.
ANSWERS = {"accept_offer", "decline_offer", "accept", "reject"}
#: Filters of the screen that no offer passes: nobody works on it yet.
NOT_OFFERED = ("carrier_id", "wave_id", "late", "mine")


class OmsSiteWork(models.AbstractModel):
    """Offers on the screen of a site, before the work that the site has."""

    _inherit = "oms.site.work"

    # === READING === #

    @api.model
    def get_work(self, site_id, filters=None, limit=80, offset=0):
        work = super().get_work(site_id, filters, limit=limit, offset=offset)
        offered = self._find_offered(self.env["oms.site"].browse(site_id), filters or {})
        if offered:
            work["total"] += len(offered)
            if not offset:
                work["cards"] = self._prepare_cards(offered) + work["cards"]
        return work

    @api.model
    def _find_offered(self, site, filters):
        """Return what a site is asked to do, what is to be answered first first.

        :rtype: ``oms.fulfillment``
        """
        states = filters.get("work_state")
        if (states and "todo" not in states) or any(filters.get(name) for name in NOT_OFFERED):
            return self.env["oms.fulfillment"]
        if filters.get("service") not in (None, False, "", "ship"):
            return self.env["oms.fulfillment"]
        domain = Domain("offer_ids", "any", [("state", "=", "open"), ("site_id", "=", site.id)])
        if filters.get("text"):
            domain &= self._get_text_domain(filters["text"])
        return self.env["oms.fulfillment"].search(domain, order="offer_until, id")

    @api.model
    def _get_counts(self, sites):
        counts = super()._get_counts(sites)
        waiting = self.env["oms.offer"]._count_open(sites)
        for site in sites:
            counts[site]["offered"] = waiting.get(site.id, 0)
        return counts

    @api.model
    def _prepare_card(self, fulfillment, now):
        card = super()._prepare_card(fulfillment, now)
        if fulfillment.offer_state == "open":
            until = to_text(fulfillment.offer_until)
            card.update(offer={"until": until, "round": fulfillment.offer_round}, due=until)
        return card

    @api.model
    def _prepare_lines(self, fulfillment, moves):
        if fulfillment.offer_state != "open":
            return super()._prepare_lines(fulfillment, moves)
        lines = fulfillment.line_ids.filtered("quantity")
        codes = self._get_barcodes(lines.product_id.ids)
        rows = [
            {**self._prepare_given_back(line), "demand": line.quantity, "short": 0.0}
            for line in lines
        ]
        for row in rows:
            row["product"]["barcodes"] = codes.get(row["product"]["id"], [])
        return rows

    @api.model
    def _get_actions(self, fulfillment):
        actions = super()._get_actions(fulfillment)
        offered = fulfillment.offer_state == "open"
        if offered:
            actions.update(accept=True, reject=True)
        return {**actions, "accept_offer": offered, "decline_offer": offered}

    # === ANSWERING === #

    @api.model
    def _do(self, fulfillment, operation):
        if operation["kind"] in ANSWERS and not fulfillment.has_access("read"):
            # Who was asked sees the order as long as he is, and afterwards only how that ended.
            offer = self.env["oms.offer"].search([("fulfillment_id", "=", fulfillment.id)], limit=1)
            # sudo: which site was faster is told to whom it was offered as well
            offer and offer.sudo()._check_open()
        return super()._do(fulfillment, operation)

    @api.model
    def _get_own_offer(self, fulfillment, operation):
        """Return the offer that somebody answers: of the site that is told, or of one's own.

        :raise UserError: there is none
        """
        # sudo: the operation is checked by whoever answers
        offers = fulfillment.sudo().offer_ids.sorted("rank")
        if isinstance(operation.get("site_id"), int):
            offers = offers.filtered(lambda offer: offer.site_id.id == operation["site_id"])
        else:
            own = offers.filtered(lambda offer: self.env.user in offer.site_id.user_ids)
            offers = own or offers
        offer = (offers.filtered(lambda each: each.state == "open") or offers)[:1]
        if not offer:
            raise UserError(self.env._("%s is not offered to this site.", fulfillment.sudo().name))
        return offer.sudo(self.env.su)

    @api.model
    def _apply_accept_offer(self, fulfillment, operation):
        offer = self._get_own_offer(fulfillment, operation)
        result = offer._accept().sudo()
        return Answer(
            self.env._(
                "%(order)s is yours: %(name)s.", order=result.order_id.name, name=result.name
            ),
            seen={"site_id": result.site_id.id},
        )

    @api.model
    def _apply_decline_offer(self, fulfillment, operation):
        offer = self._get_own_offer(fulfillment, operation)
        # sudo: no reason is needed to decline
        reason = self.env["oms.reject.reason"].sudo()
        if operation.get("reason_id"):
            reason = self._read_reason(operation)
        order, site = offer.sudo().order_id, offer.sudo().site_id
        offer._decline(reason, operation.get("note"))
        return Answer(self.env._("%s is declined.", order.name), seen={"site_id": site.id})

    @api.model
    def _apply_accept(self, fulfillment, operation):
        if fulfillment.sudo().offer_state == "open":
            return self._apply_accept_offer(fulfillment, operation)
        return super()._apply_accept(fulfillment, operation)

    @api.model
    def _apply_reject(self, fulfillment, operation):
        if fulfillment.sudo().offer_state == "open":
            return self._apply_decline_offer(fulfillment, operation)
        return super()._apply_reject(fulfillment, operation)

    @api.model
    def _write_down(self, fulfillment, operation, answer):
        if operation["kind"] in ANSWERS:
            # sudo: what was answered need not be seen by who answered any more
            fulfillment = fulfillment.sudo()
        return super()._write_down(fulfillment, operation, answer)


class OmsFulfillment(models.Model):
    """Who accepted an offer has accepted the work."""

    _inherit = "oms.fulfillment"

    def _accept_offered(self):
        waiting = self.filtered(lambda each: each.work_state and not each.accepted_at)
        waiting.write({"accepted_at": fields.Datetime.now(), "accepted_by_id": self.env.uid})
        return super()._accept_offered()
