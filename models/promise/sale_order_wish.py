from odoo import fields, models
from odoo.tools import format_date

from .outcome import to_local_date


class SaleOrder(models.Model):
    """When the customer wants the goods, held against when they can come."""

    _inherit = "sale.order"

    oms_wanted_at = fields.Datetime(
        string="Wanted For",
        copy=False,
        readonly=True,
        help="When the customer wants the goods. A day that can be kept is promised, and nothing "
        "is to come before it; of one that cannot, the day that can is.",
        groups="base.group_user",
    )
    oms_promise_key = fields.Char(
        copy=False,
        readonly=True,
        help="Of the promise that the order was placed with: each counts once.",
        groups="base.group_user",
    )

    _oms_promise_key_uniq = models.UniqueIndex(
        "(oms_promise_key) WHERE oms_promise_key IS NOT NULL",
        "Another order was placed with this promise already.",
    )

    def _oms_get_wanted_day(self, site=None, moment=None):
        """Return the day for which the customer wants the goods, by the calendar there.

        :param site: ``oms.site`` from which they come, if it is known
        :param datetime.datetime moment: UTC, naive, in place of what the order says
        :rtype: datetime.date | None
        """
        self.ensure_one()
        moment = moment or self.oms_wanted_at
        zone = self._oms_get_zone(site or self.oms_collect_site_id)
        return to_local_date(moment, zone) if moment else None

    def _oms_fit_wish(self, site, row):
        """Return what is promised of goods: for the day for which they are wanted if that is later.

        :param site: ``oms.site`` from which they come
        :param dict row: values of the earliest promise that can be made
        :rtype: dict
        """
        day = self._oms_get_wanted_day(site)
        if not day or day <= row["promised_date"]:
            return row
        return row | {
            "promised_date": day,
            "earliest_date": day,
            "confidence": 0.0,
            "basis": "given",
        }

    def _oms_get_told_date(self):
        """Return the day by which all is promised: of the promises, or before there are any, of
        what was told before the order was placed.

        :rtype: datetime.date | None
        """
        self.ensure_one()
        # sudo: what was promised is known to whoever sees the order
        order = self.sudo()
        if order.oms_promised_date:
            return order.oms_promised_date
        told = [fields.Date.to_date(row[2]) for row in order.oms_promised_parts or ()]
        return max(told, default=None)

    def _oms_get_wish_refusal(self):
        """Say that what the customer wants cannot be, and what can; an empty text if it can.

        :rtype: str
        """
        self.ensure_one()
        # sudo: as for what was promised
        day, told = self.sudo()._oms_get_wanted_day(), self._oms_get_told_date()
        if not day or not told or day >= told:
            return ""
        return self.env._(
            "Wanted for %(wanted)s, which cannot be kept: promised for %(promised)s.",
            wanted=format_date(self.env, day),
            promised=format_date(self.env, told),
        )

    def _oms_answer_wishes(self):
        """Promise the orders whose customers want a day, and note on them what cannot be."""
        # sudo: promises are made with everything in sight, whoever causes it
        wishing = self.sudo().filtered("oms_wanted_at")
        if not wishing:
            return
        wishing.env["oms.promise"]._promise_apart(wishing)
        for order in wishing:
            refusal = order._oms_get_wish_refusal()
            if refusal:
                order._oms_note(refusal)
