from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .outcome import to_local_date


class SaleOrder(models.Model):
    """Another date for orders whose date will not be kept, with a message to the customer."""

    _inherit = "sale.order"

    oms_previous_date = fields.Date(
        string="Promised Before",
        compute="_compute_oms_previous_date",
        compute_sudo=True,
        help="The date that the customer was told before the one that holds now.",
        groups="base.group_user",
    )

    @api.depends("oms_promise_ids.superseded_by_id")
    def _compute_oms_previous_date(self):
        for order in self:
            last = order._oms_get_last_promise()
            replaced = order.oms_promise_ids.filtered(
                lambda each, last=last: (
                    each.superseded_by_id and each.promised_date != last.promised_date
                )
            )
            order.oms_previous_date = replaced.sorted("id")[-1:].promised_date

    # === WHY === #

    def _oms_get_risky_promises(self):
        """Return the promises of the orders that will hardly be kept."""
        # sudo: what was promised is known to whoever sees the order
        return self.sudo().oms_promise_ids.filtered(
            lambda promise: promise.risk_stage and promise._is_under_way()
        )

    def _oms_get_own_exception_reasons(self, why_waiting):
        reasons = super()._oms_get_own_exception_reasons(why_waiting)
        risky = self._oms_get_risky_promises()
        return list(dict.fromkeys([*reasons, *(each._get_risk_reason() for each in risky)]))

    # === ANOTHER DATE === #

    def _oms_propose_dates(self):
        """Work out by which day the orders come as things stand, with the channel's confidence.

        :return: {order: {fulfillment: day}}; orders of which nothing is under way are absent
        :rtype: dict
        """
        now = fields.Datetime.now()
        # sudo: a date is worked out with everything in sight, whoever asks for it
        parts = self.sudo()._oms_get_carrying().filtered(lambda part: part.state != "delivered")
        found = {}
        for part, day in parts._get_expected_dates(now).items():
            # What is on its way longer than it should may come tomorrow, but hardly yesterday.
            soonest = to_local_date(now, part._get_zone()) + timedelta(days=1)
            found.setdefault(part.order_id, {})[part] = max(day, soonest)
        return found

    def _oms_promise_again(self, dates, note=None, template=None):
        """Promise other dates, and tell the customers.

        :param dict dates: day by order; another one than that proposed is what was agreed with the
            customer
        :param str note: what else there is to say, for the chatter
        :param template: ``mail.template`` of the message to the customers; none is sent if None
        :return: the promises that hold
        :raise UserError: nothing of an order is under way, or a day has passed
        """
        proposed = self._oms_propose_dates()
        rows = []
        for order, day in dates.items():
            parts = proposed.get(order.sudo())
            if not parts:
                raise UserError(self.env._("Nothing of %s is under way.", order.name))
            last = max(parts.values())
            for part, own in parts.items():
                if day < to_local_date(fields.Datetime.now(), part._get_zone()):
                    raise UserError(self.env._("Choose a day to come for %s.", order.name))
                computed = day == last
                rows.append(order._oms_prepare_again(part, own if computed else day, computed))
        promises = self.env["oms.promise"]._pin(rows)
        for order, day in dates.items():
            text = self.env._("Promised for %s now.", format_date(self.env, day))
            order._oms_note(f"{text} {note or ''}".strip())
        if template:
            template.send_mail_batch([order.id for order in dates], force_send=False)
        return promises

    def _oms_prepare_again(self, part, day, computed):
        row = {"order_id": self.id, "fulfillment_id": part.id, "promised_date": day}
        if not computed:
            return row | {"basis": "agreed"}
        lead = part._get_lead_dates().get(part)
        return row | {
            "confidence": part.channel_id.promise_confidence,
            "basis": lead.basis if lead else "configured",
        }

    def _oms_promise_again_if_needed(self, template=None):
        """Promise the orders at risk for the day by which they come as things stand.

        :param template: ``mail.template`` of the message to the customers
        :return: what came of it, for people, by order id
        :rtype: dict[int, str]
        """
        risky = self._oms_get_risky_promises().order_id
        proposed = risky._oms_propose_dates()
        dates = {
            order: max(parts.values())
            for order, parts in proposed.items()
            if max(parts.values()) > order._oms_get_last_promise().promised_date
        }
        if dates:
            risky._oms_promise_again(dates, template=template)
        return {
            order.id: (
                order._oms_describe_promise()
                if order.sudo() in dates
                else self.env._("The date stays.")
            )
            for order in self
        }

    def action_oms_promise_anew(self):
        """Ask for which dates the orders are promised anew.

        :return: a window action
        :rtype: dict
        """
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Promise Anew"),
            "res_model": "oms.promise.anew",
            "view_mode": "form",
            "target": "new",
            "context": {"default_order_ids": self.ids},
        }


class OmsException(models.Model):
    _inherit = "oms.exception"

    def action_promise_anew(self):
        """Ask for which dates the orders are promised anew.

        :return: a window action
        :rtype: dict
        """
        return self.order_id.action_oms_promise_anew()

    def action_replan(self):
        """Look for a better plan for what no site has begun.

        :return: a notification that tells what became of it
        :rtype: dict
        :raise UserError: an order is not confirmed, or on hold
        """
        return self.order_id.action_oms_replan()
