import logging
from datetime import time, timedelta

import pytz
from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date, format_datetime

from ..transaction import retrying

_logger = logging.getLogger(__name__)


class OmsFulfillment(models.Model):
    """What customers are told of goods that wait for them, and what happens in time."""

    _inherit = "oms.fulfillment"

    # === MESSAGES === #

    def _tell_customer(self, what):
        """Send the customers the message of their channel; it leaves with Odoo's mail queue.

        :param str what: ``ready``, ``reminder`` or ``expired``
        """
        name = self.env["oms.channel"]._get_pickup_template_fields()[what]
        # sudo: what a channel tells its customers is set up by others than who works at a site
        told = self.sudo().filtered("channel_id.pickup_notice")
        for template, group in told.grouped(lambda each: each.channel_id[name]).items():
            if template:
                group._tell_or_note(
                    lambda ids, template=template: template.send_mail_batch(ids, force_send=False)
                )
        for fulfillment in told.filtered("channel_id.pickup_sms"):
            fulfillment._tell_or_note(lambda _ids, each=fulfillment: each._text_customer(what))

    def _tell_or_note(self, tell):
        """Tell customers, and where that fails, those who see their goods.

        :param tell: function of the ids that writes the messages
        """
        try:
            with self.env.cr.savepoint():
                tell(self.ids)
                self.env.flush_all()
        except OperationalError:
            raise
        except Exception:  # what is wrong with a template must not keep goods from going on
            _logger.exception("The customers of %s are not told", ", ".join(self.mapped("name")))
            for fulfillment in self:
                fulfillment.message_post(body=self.env._("The message to the customer failed."))

    def _text_customer(self, what):
        """Send the customer a text message, where Odoo's SMS app is there.

        :param str what: as in :meth:`_tell_customer`
        """
        self.ensure_one()
        partner = self.pickup_partner_id
        if hasattr(self, "_message_sms") and partner.phone:
            lang = partner.lang or self.env.lang
            body = self.with_context(lang=lang)._get_sms_text(what)
            self._message_sms(body, partner_ids=partner.ids, put_in_queue=True)

    def _get_sms_text(self, what):
        """Return what a customer reads on his telephone.

        :rtype: str
        """
        names = {
            "order": self.order_id.oms_external_ref or self.order_id.name,
            "site": self.site_id.name,
            "code": self.pickup_code_text,
            "url": self.pickup_url,
            "until": self._get_until_text(),
        }
        if what == "expired":
            return self.env._("%(order)s was not collected at %(site)s and is cancelled.", **names)
        if what == "reminder":
            return self.env._(
                "%(order)s waits for you at %(site)s, code %(code)s. %(until)s %(url)s", **names
            )
        return self.env._(
            "%(order)s is ready for you at %(site)s, code %(code)s. %(until)s %(url)s", **names
        )

    pickup_until_text = fields.Char(compute="_compute_pickup_until_text")

    @api.depends("pickup_until")
    @api.depends_context("lang")
    def _compute_pickup_until_text(self):
        for fulfillment in self:
            fulfillment.pickup_until_text = fulfillment._get_until_text()

    def _get_until_text(self):
        """Say until when the goods wait, on the clocks of the store.

        :return: a sentence; empty if they wait for ever
        :rtype: str
        """
        self.ensure_one()
        if not self.pickup_until:
            return ""
        zone = self.site_id.tz or "UTC"
        local = pytz.utc.localize(self.pickup_until).astimezone(pytz.timezone(zone))
        # The last second of a day is the day to people.
        until = (
            format_date(self.env, local.date())
            if local.time() >= time(23, 59)
            else format_datetime(self.env, self.pickup_until, tz=zone, dt_format="short")
        )
        return self.env._("It is kept for you until %s.", until)

    # === TIME === #

    @api.model
    def _cron_pickup(self):
        """Remind customers, and give up what nobody came for.

        Each is a transaction of its own, run again when another one was faster; one that fails
        keeps no other waiting.
        """
        reminded = self.search(self._get_reminder_domain(), order="pickup_until, id")
        expired = self.search(self._get_expiry_domain(), order="pickup_until, id")
        work = [(each, "_remind_if_due") for each in reminded - expired]
        work += [(each, "_expire_if_due") for each in expired]
        self.env["ir.cron"]._commit_progress(remaining=len(work))
        for fulfillment, method in work:
            try:
                retrying(
                    self.env,
                    lambda env, each=fulfillment, name=method: getattr(each.with_env(env), name)(),
                )
            except OperationalError as error:
                _logger.info("Pickup of %s waits for the next run: %s", fulfillment.id, error)
            except Exception:  # whatever is wrong with one, the others must not wait for it
                _logger.exception("Pickup of fulfillment %s", fulfillment.id)
            if not self.env["ir.cron"]._commit_progress(1):
                break

    @api.model
    def _get_expiry_domain(self):
        """Return the condition on what is given up now."""
        return Domain("pickup_until", "<=", fields.Datetime.now()) & (
            Domain("pickup_state", "=", "ready")
            # A reservation ends whether somebody has put the goods aside or not.
            | (Domain("pickup_state", "=", "preparing") & self._get_reserved_domain())
        )

    @api.model
    def _get_reserved_domain(self):
        return Domain("order_id.oms_service", "=", "reserve") & Domain(
            "order_id.state", "in", ("draft", "sent")
        )

    @api.model
    def _get_reminder_domain(self):
        """Return the condition on whose customers are reminded now."""
        now = fields.Datetime.now()
        reserved = self._get_reserved_domain()
        # sudo: how channels are set up matters to all their orders
        channels = (
            self.env["oms.channel"]
            .sudo()
            .with_context(active_test=False)
            .search([("orchestrated", "=", True)])
        )
        due = Domain.FALSE
        for days, group in channels.grouped("pickup_reminder_days").items():
            if days > 0:
                since = Domain("pickup_ready_at", "<=", now - timedelta(days=days))
                due |= Domain("channel_id", "in", group.ids) & since & ~reserved
        for hours, group in channels.grouped("reserve_reminder_hours").items():
            if hours > 0:
                soon = Domain("pickup_until", "<=", now + timedelta(hours=hours))
                due |= Domain("channel_id", "in", group.ids) & soon & reserved
        return (
            Domain("pickup_state", "=", "ready")
            & Domain("pickup_reminded_at", "=", False)
            & (Domain("pickup_until", "=", False) | Domain("pickup_until", ">", now))
            & due
        )

    def _remind_if_due(self):
        """Remind the customers whom nobody has reminded meanwhile."""
        for fulfillment in self.exists().filtered_domain(self._get_reminder_domain()):
            fulfillment._remind()

    def _remind(self):
        """Remind customers of what waits for them."""
        self._lock_work()
        # sudo: nobody writes fulfillments, they follow what happens
        self.sudo().pickup_reminded_at = fields.Datetime.now()
        self._tell_customer("reminder")

    def action_remind_pickup(self):
        """Remind the customers of what waits for them, now.

        :return: True
        :raise UserError: nothing waits
        """
        self._check_may_hand_over()
        waiting = self.filtered(lambda each: each.pickup_state == "ready")
        waiting._check_any_waits()
        waiting._remind()
        return True

    def _expire_if_due(self):
        """Give up what nobody came for meanwhile."""
        for fulfillment in self.exists().filtered_domain(self._get_expiry_domain()):
            fulfillment._expire_pickup()
