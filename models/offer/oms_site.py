import math
from datetime import UTC, timedelta

from odoo import api, fields, models

from .oms_offer import ANSWERED, RATE_DAYS


class OmsSite(models.Model):
    """Which sites are asked, and how they answered."""

    _inherit = "oms.site"

    takes_offers = fields.Boolean(
        string="Is Asked First",
        compute="_compute_takes_offers",
        store=True,
        readonly=False,
        tracking=True,
        help="On channels that offer orders to stores, this site is asked before it gets one.",
    )
    offer_most = fields.Integer(
        string="Most Open Offers",
        help="With so many offers unanswered the site is asked for no more. 0 is no limit.",
    )
    offer_ids = fields.One2many("oms.offer", "site_id", string="Offers")
    open_offer_count = fields.Integer(string="Open Offers", compute="_compute_offers")
    offer_answer_count = fields.Integer(
        string="Offers Answered",
        compute="_compute_offers",
        help="In the last 90 days: accepted, declined, or left to time out.",
    )
    offer_rate = fields.Float(
        string="Share of Acceptance",
        compute="_compute_offers",
        help="Of the offers of the last 90 days that the site answered or let time out, the share "
        "that it accepted. What others accepted faster does not count.",
    )

    _offer_most_check = models.Constraint(
        "CHECK (COALESCE(offer_most, 0) >= 0)", "A number of offers cannot be negative."
    )

    @api.depends("kind")
    def _compute_takes_offers(self):
        for site in self:
            site.takes_offers = site.kind == "store"

    def _compute_offers(self):
        rates = self.env["oms.offer"]._get_rates(self)
        counts = self.env["oms.offer"]._count_open(self._origin)
        for site in self:
            accepted, answered = rates.get(site._origin.id, (0, 0))
            site.open_offer_count = counts.get(site._origin.id, 0)
            site.offer_answer_count = answered
            site.offer_rate = accepted / answered if answered else 0.0

    def _get_open_stretches(self, moment):
        """Return when the sites are open.

        :param datetime.datetime moment: from its day on, UTC, naive
        :return: (from, until) of all of them in POSIX seconds
        :rtype: list[tuple[float, float]]
        """
        with_hours = self.filtered("resource_calendar_id")
        if self - with_hours:
            return [(moment.replace(tzinfo=UTC).timestamp() - 86_400.0, math.inf)]
        return [
            stretch
            for hours in with_hours._get_working_times(moment).values()
            for stretch in zip(hours.starts.tolist(), hours.ends.tolist(), strict=True)
        ]

    def action_view_offers(self):
        """Open what the sites were offered.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_offer")
        action["domain"] = [("site_id", "in", self.ids)]
        action["context"] = {}
        return action


class OmsOfferRates(models.Model):
    _inherit = "oms.offer"

    @api.model
    def _count_open(self, sites):
        """Count what sites have to answer.

        :return: number by site id
        :rtype: dict[int, int]
        """
        # sudo: how many there are is no secret
        groups = self.sudo()._read_group(
            [("site_id", "in", sites.ids), ("state", "=", "open")], ["site_id"], ["__count"]
        )
        return {site.id: count for site, count in groups}

    @api.model
    def _get_rates(self, sites, days=RATE_DAYS):
        """Return how often sites accepted what they were offered, for whoever plans with it.

        :param sites: ``oms.site`` recordset
        :param float days: how far back is looked
        :return: (accepted, answered) by site id; an offer that timed out counts as answered
        :rtype: dict[int, tuple[int, int]]
        """
        since = fields.Datetime.now() - timedelta(days=days)
        # sudo: rates are for sourcing, whoever causes it
        groups = self.sudo()._read_group(
            [
                ("site_id", "in", sites.ids),
                ("answered_at", ">=", since),
                ("state", "in", ANSWERED),
            ],
            ["site_id", "state"],
            ["__count"],
        )
        rates = dict.fromkeys(sites.ids, (0, 0))
        for site, state, count in groups:
            accepted, answered = rates[site.id]
            rates[site.id] = (accepted + (count if state == "accepted" else 0), answered + count)
        return rates
