from datetime import timedelta

from odoo import fields, models

#: Days over which the share kept is told.
KEPT_DAYS = 90


class OmsPromiseCounts(models.AbstractModel):
    """The share of promises kept, on what promises are scored by."""

    _name = "oms.promise.counts"
    _description = "Share of Promises Kept"

    promise_count = fields.Integer(
        string="Promises", compute="_compute_promise_kept", groups="base.group_user"
    )
    promise_kept = fields.Float(
        string="Promises Kept",
        compute="_compute_promise_kept",
        digits=(5, 4),
        help="Share of the promises of the last 90 days that were kept.",
        groups="base.group_user",
    )

    def _get_promise_field(self):
        """Return the field of promises that names the record."""
        raise NotImplementedError

    def _compute_promise_kept(self):
        name = self._get_promise_field()
        since = fields.Date.context_today(self) - timedelta(days=KEPT_DAYS)
        domain = [
            (name, "in", self.ids),
            ("promised_date", ">=", since),
            ("state", "in", ("kept", "early", "late")),
        ]
        Promise = self.env["oms.promise"]
        groups = (
            Promise._read_group(domain, [name], ["__count", "kept_share:avg"])
            if Promise.has_access("read")
            else ()
        )
        found = {record.id: (count, share) for record, count, share in groups}
        for record in self:
            record.promise_count, record.promise_kept = found.get(record.id, (0, 0.0))

    def action_view_promises(self):
        """Open the promises.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_promise")
        action["domain"] = [(self._get_promise_field(), "in", self.ids)]
        action["context"] = {"search_default_recent": 1}
        return action


class OmsSite(models.Model):
    _name = "oms.site"
    _inherit = ["oms.site", "oms.promise.counts"]

    def _get_promise_field(self):
        return "site_id"


class OmsChannel(models.Model):
    _name = "oms.channel"
    _inherit = ["oms.channel", "oms.promise.counts"]

    def _get_promise_field(self):
        return "channel_id"


class DeliveryCarrier(models.Model):
    _name = "delivery.carrier"
    _inherit = ["delivery.carrier", "oms.promise.counts"]

    def _get_promise_field(self):
        return "carrier_id"
