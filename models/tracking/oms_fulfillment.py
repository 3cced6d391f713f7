import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.tools import SQL

from .oms_channel_message import MOMENT_SELECTION

_logger = logging.getLogger(__name__)

#: What happened longer ago is no news, and customers are not told of it any more.
NEWS_DAYS = 3
#: Hours for which the message that goods left waits for the numbers of their parcels.
LABEL_HOURS = 24


class OmsFulfillmentNotice(models.Model):
    """That a customer was told something of a shipment: once, however often it is reported."""

    _name = "oms.fulfillment.notice"
    _description = "Told Customer"
    _order = "id desc"
    _rec_name = "moment"

    fulfillment_id = fields.Many2one(
        "oms.fulfillment", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="fulfillment_id.company_id")
    moment = fields.Selection(MOMENT_SELECTION, required=True, readonly=True)

    _moment_uniq = models.UniqueIndex(
        "(fulfillment_id, moment)", "The customer was told of it already."
    )

    @api.model
    def _note_new(self, fulfillments, moment):
        """Write down that customers are told of something, where they were not.

        :return: the fulfillments whose customers were not told of it before
        """
        self.flush_model()
        now = fields.Datetime.now()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO oms_fulfillment_notice (fulfillment_id, moment, create_uid, write_uid,
                    create_date, write_date)
                SELECT id, %(moment)s, %(user)s, %(user)s, %(now)s, %(now)s
                  FROM unnest(%(ids)s) AS id ORDER BY id
                    ON CONFLICT (fulfillment_id, moment) DO NOTHING
                RETURNING fulfillment_id
                """,
                moment=moment,
                user=self.env.uid,
                now=now,
                ids=fulfillments.ids,
            )
        )
        new = fulfillments.browse(row[0] for row in self.env.cr.fetchall())
        self.invalidate_model()
        return new


class OmsFulfillment(models.Model):
    """Telling customers where their goods are, at the moments that the channel chose."""

    _inherit = "oms.fulfillment"

    parcel_ids = fields.One2many(
        "oms.parcel", "fulfillment_id", string="Parcels", readonly=True, groups="base.group_user"
    )
    notice_ids = fields.One2many(
        "oms.fulfillment.notice", "fulfillment_id", readonly=True, groups="base.group_user"
    )

    def get_tracking_url(self):
        """Return the address of the customer's page of the order, which needs no login.

        :rtype: str
        """
        self.ensure_one()
        self.order_id.check_access("read")
        # sudo: the page is for whoever gets the address
        return self.get_base_url() + self.order_id.sudo().get_portal_url(suffix="/tracking")

    def _tell_moment(self, moment, since=None):
        """Tell customers of a moment, where their channel does and they were not told.

        Messages leave with Odoo's queues after this transaction. That one cannot be written keeps
        nothing else from going on.

        :param str moment: see :class:`OmsChannelMessage`
        :param datetime since: when it happened, UTC; now when None
        """
        # sudo: what happened is told, whoever caused it
        parts = self.sudo()
        ways = {
            line.channel_id: line
            for line in parts.channel_id.filtered("orchestrated").message_line_ids
            if line.moment == moment
        }
        meant = parts.filtered(lambda part: part.channel_id in ways)
        if not meant:
            return
        new = self.env["oms.fulfillment.notice"].sudo()._note_new(meant, moment)
        if since and since < fields.Datetime.now() - timedelta(days=NEWS_DAYS):
            return
        for channel, parts in new.grouped("channel_id").items():
            parts._send_moment(ways[channel])

    def _send_moment(self, way):
        """Put a message about each of the fulfillments into the queues.

        :param way: ``oms.channel.message``
        """
        for part in self:
            try:
                with self.env.cr.savepoint():
                    if way.template_id:
                        way.template_id.send_mail(part.id, force_send=False)
                    if way.by_sms and way.sms_installed:
                        part._text_moment(way.moment)
                    self.env.flush_all()
            except OperationalError:
                raise
            except Exception:  # what is wrong with a template must not keep goods from going on
                _logger.exception("The customer of %s is not told: %s", part.name, way.moment)
                part.message_post(body=self.env._("The message to the customer failed."))

    def _text_moment(self, moment):
        order = self.order_id.with_context(lang=self.order_id.partner_id.lang)
        if not order.partner_id.phone:
            return
        part = self.with_env(order.env)
        order._message_sms(part._get_moment_text(moment), partner_ids=order.partner_id.ids)

    def _get_moment_text(self, moment):
        name = self.order_id.oms_external_ref or self.order_id.name
        sentences = {
            "shipped": self.env._("Your order %s is on its way.", name),
            "out_for_delivery": self.env._("Your order %s comes today.", name),
            "available": self.env._("Your order %s can be collected at the relay point.", name),
            "delivered": self.env._("Your order %s was delivered.", name),
            "failed": self.env._("Your order %s could not be delivered.", name),
            "delayed": self.env._("Your order %s is delayed. We are sorry.", name),
            "returned": self.env._("Your order %s is on its way back to us.", name),
        }
        return f"{sentences[moment]} {self.get_tracking_url()}"

    # === WHEN === #

    def _deliver_arrived(self):
        res = super()._deliver_arrived()
        self._tell_shipped()
        return res

    def _tell_shipped(self, patient=True):
        """Tell of what left; where labels are bought, with the numbers of the parcels.

        :param bool patient: whether to wait for them
        """
        left = self.filtered(lambda part: part.state == "shipped" and not part._is_handed_over())
        if patient:
            # sudo: who ships need not see parcels
            left = left.filtered(lambda part: not part.sudo()._waits_for_labels())
        for part in left:
            part._tell_moment("shipped", part.shipped_at)

    def _waits_for_labels(self):
        pickings = self._get_parcels().filtered(
            lambda picking: picking.carrier_id.delivery_type == "oms"
        )
        return any(
            not picking.oms_parcel_ids._filter_wanted() and not picking.carrier_tracking_ref
            for picking in pickings
        )

    def _write_delivered(self, moment):
        res = super()._write_delivered(moment)
        self.filtered(lambda part: not part._is_handed_over())._tell_moment("delivered", moment)
        return res

    @api.model
    def _tell_unlabelled(self):
        """Tell of what left a day ago and has no labels still."""
        now = fields.Datetime.now()
        self.search(
            [
                ("state", "=", "shipped"),
                ("shipped_at", "<", now - timedelta(hours=LABEL_HOURS)),
                ("shipped_at", ">", now - timedelta(days=NEWS_DAYS)),
                ("channel_id.message_line_ids.moment", "=", "shipped"),
                "!",
                ("notice_ids.moment", "=", "shipped"),
            ]
        )._tell_shipped(patient=False)

    def _was_told_another_date(self):
        """Tell whether the customer was told, after the goods left, by when they come now."""
        self.ensure_one()
        # sudo: what was promised is known to whoever sees the fulfillment
        promises = self.sudo().promise_ids
        return any(
            promise.current and self.shipped_at and promise.made_at > self.shipped_at
            for promise in promises
        )


class OmsParcel(models.Model):
    _inherit = "oms.parcel"

    #: Moments of which customers are told, by the state of a parcel.
    _moments = {
        "out_for_delivery": "out_for_delivery",
        "available_for_pickup": "available",
        "failed_attempt": "failed",
        "returned": "returned",
    }

    @api.model_create_multi
    def create(self, vals_list):
        parcels = super().create(vals_list)
        parcels.fulfillment_id._tell_shipped()
        return parcels

    def _on_state(self, state):
        res = super()._on_state(state)
        if moment := self._moments.get(state):
            for parcel in self:
                parcel.fulfillment_id._tell_moment(moment, parcel.state_at)
        return res

    def _tell_late(self):
        res = super()._tell_late()
        self.fulfillment_id.filtered(lambda part: not part._was_told_another_date())._tell_moment(
            "delayed"
        )
        return res

    @api.model
    def _cron_find_late(self):
        res = super()._cron_find_late()
        self.env["oms.fulfillment"]._tell_unlabelled()
        return res
