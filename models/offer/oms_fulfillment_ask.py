from odoo import fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_datetime


class OmsFulfillment(models.Model):
    """Asking sites, round by round."""

    _inherit = "oms.fulfillment"

    def _offer(self):
        """Ask sites before one of them gets the fulfillment, if there is more than one to ask.

        :return: whether sites were asked
        :rtype: bool
        """
        self.ensure_one()
        found = self._find_offer_sites()
        if not any(site != self.site_id for site, _more in found):
            # Nobody else could do it.
            return False
        self._ask(found)
        return True

    def _ask(self, found):
        """Ask the best of some sites.

        :param list found: see :meth:`_find_offer_sites`, with at least one
        """
        chosen = found[: self.channel_id.offer_count]
        before = len(self.offer_ids)
        self.write(
            {
                "offer_state": "open",
                "offer_round": self.offer_round + 1,
                "offer_seconds": self.channel_id.offer_minutes * 60.0,
                "offer_counted_at": fields.Datetime.now(),
            }
        )
        offers = self.env["oms.offer"].create(
            [
                {
                    "fulfillment_id": self.id,
                    "order_id": self.order_id.id,
                    "site_id": site.id,
                    "round": self.offer_round,
                    "rank": before + place,
                    "cost_more": max(more, 0.0),
                }
                for place, (site, more) in enumerate(chosen, start=1)
            ]
        )
        self._set_until(offers.site_id)
        names = ", ".join(offers.site_id.mapped("name"))
        self.message_post(
            body=self.env._(
                "Offered to %(sites)s until %(until)s, in round %(round)s.",
                sites=names,
                until=format_datetime(self.env, self.offer_until, tz=self.site_id.tz),
                round=self.offer_round,
            )
        )
        self.order_id._oms_note(self.env._("Offered to %s.", names))
        offers._tell(self.env._("A new order is offered: %s.", self.order_id.name))

    def _go_on_asking(self):
        """Wait for the other sites, or ask the next ones if none is left to wait for."""
        self.ensure_one()
        still = self.offer_ids.filtered(lambda offer: offer.state == "open")
        if still:
            answered = self.offer_ids.filtered(
                lambda offer: offer.state == "declined" and offer.round == self.offer_round
            )
            # Until this answer the site was waited for as well.
            self._count_time(still.site_id | answered.sorted("answered_at")[-1:].site_id)
            self._set_until(still.site_id)
            return
        most = self.channel_id.offer_rounds
        found = [] if most and self.offer_round >= most else self._find_offer_sites()
        if self.channel_id.offer_count and found:
            self._ask(found)
        else:
            self._end_offers()

    def _time_out(self):
        """Ask the next sites if the time to answer is over.

        :return: whether it was
        :rtype: bool
        :raises psycopg2.errors.SerializationFailure: another transaction was faster: run again
        """
        self.ensure_one()
        self._lock_offers()
        if self.offer_state != "open" or self.offer_until > fields.Datetime.now():
            return False
        late = self.offer_ids.filtered(lambda offer: offer.state == "open")
        self._count_time(late.site_id)
        if self.offer_seconds > 1.0:
            # Opening hours were changed meanwhile.
            self._set_until(late.site_id)
            if self.offer_until > fields.Datetime.now():
                return False
        late._close("expired")
        self.message_post(
            body=self.env._("No answer in time from %s.", ", ".join(late.site_id.mapped("name")))
        )
        self._go_on_asking()
        return True

    def _end_offers(self):
        """Source as if nobody had been asked, without the sites that declined."""
        self.ensure_one()
        order = self.order_id
        self.write({"offer_state": "ended", "offer_until": False})
        declined = self.offer_ids.filtered(lambda offer: offer.state == "declined").site_id
        if self.site_id not in declined:
            self.message_post(
                body=self.env._(
                    "No site accepted: %s gets it, as sourcing had planned.", self.site_id.name
                )
            )
            with order._oms_unlocked():
                self.line_ids.sale_line_id._oms_release()
            return
        text = self.env._("No site accepted, and %s declined.", self.site_id.name)
        self._take_back_idle()
        self.message_post(body=text)
        order._oms_note(text)
        self.env.flush_all()
        order._oms_take_up("offer")

    def _note_decline(self, offer):
        self.message_post(
            body=self.env._(
                "%(site)s declined: %(reason)s. %(note)s",
                site=offer.site_id.name,
                reason=offer.reason_id.name or self.env._("no reason given"),
                note=offer.note or "",
            ).strip()
        )

    def _withdraw_offers(self):
        """Ask nobody any more: there is nothing left to do."""
        asked = self.filtered(lambda fulfillment: fulfillment.offer_state == "open")
        offers = asked.offer_ids.filtered(lambda offer: offer.state == "open")
        offers._close("withdrawn")
        asked.write({"offer_state": False, "offer_until": False})
        for order, own in offers.grouped("order_id").items():
            own._tell(self.env._("%s is not offered any more.", order.name))

    def _check_can_reject(self):
        """Only who works at the site gives back what is planned there, not who is asked as well.

        :raise AccessError: somebody else tries
        """
        res = super()._check_can_reject()
        # sudo: where it is planned; whether that is a site of the user is looked up next
        offered = self.sudo().filtered(lambda each: each.offer_state == "open")
        sites = offered.site_id.with_env(self.env)
        if sites - sites._filtered_access("read"):
            raise AccessError(
                self.env._(
                    "%s is only offered to your site: decline the offer.",
                    ", ".join(offered.mapped("name")),
                )
            )
        return res
