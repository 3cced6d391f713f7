from odoo import api, fields, models

from .lead_dates import LeadAsk
from .promise_case import PICKED_UP


class OmsFulfillment(models.Model):
    """What was promised of a fulfillment."""

    _inherit = "oms.fulfillment"

    promise_ids = fields.One2many(
        "oms.promise", "fulfillment_id", string="Promises", groups="base.group_user"
    )
    promised_date = fields.Date(
        string="Promised",
        compute="_compute_promised_date",
        help="The day by whose end the customer is to have the goods.",
        groups="base.group_user",
    )

    @api.depends("promise_ids.current", "promise_ids.promised_date")
    def _compute_promised_date(self):
        for fulfillment in self:
            # sudo: what was promised is known to whoever sees the fulfillment
            promises = fulfillment.sudo().promise_ids
            fulfillment.promised_date = promises.filtered("current")[:1].promised_date

    def _is_handed_over(self):
        return super()._is_handed_over() or self.order_id._oms_get_service() in PICKED_UP

    def _get_lead_dates(self, moment=None, confidence=None, later=None):
        """Tell when the goods of the fulfillments come if work on them begins at a moment.

        :param datetime moment: UTC without time zone; now when None
        :param float confidence: with which; that of each channel when None
        :param dict later: when work begins on those on which it begins later, UTC without time
            zone by fulfillment
        :return: :class:`.lead_dates.LeadDates` by fulfillment; those of sites that send nothing in
            the days ahead are not in it
        :rtype: dict
        """
        moment = moment or fields.Datetime.now()
        found, later = {}, later or {}
        carriers = self._get_lead_carriers()
        for channel, parts in self.grouped("channel_id").items():
            asks = [part._prepare_ask(later.get(part, moment), carriers[part]) for part in parts]
            dates = self.env["oms.lead.time"]._get_dates(asks, channel, moment, confidence)
            found.update(zip(parts, dates, strict=True))
        return {part: dates for part, dates in found.items() if dates}

    def _prepare_ask(self, moment, carrier):
        self.ensure_one()
        partner = self.partner_id
        return LeadAsk(
            site=self.site_id,
            carrier=carrier,
            kilometers=self.kilometers,
            country=partner.country_id,
            zip=partner.zip or "",
            latitude=partner.partner_latitude or None,
            longitude=partner.partner_longitude or None,
            ready=moment,
            units=self.unit_count,
            handed_over=self._is_handed_over(),
            state=partner.state_id,
        )
