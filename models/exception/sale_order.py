from odoo import fields, models
from odoo.tools import format_date

from ..network.oms_site_barred import Barring
from .oms_exception import KIND_SELECTION

#: Events after which a decision that an order may wait is asked for anew.
STOP_WAITING = {"fulfillment.rejected", "receipt.late", "parcel.lost"}


class SaleOrder(models.Model):
    """Why an order needs a person, and what was tried."""

    _inherit = "sale.order"

    oms_rejection_ids = fields.One2many(
        "oms.rejection", "order_id", string="Rejections", groups="base.group_user"
    )
    oms_exception_kind = fields.Selection(
        KIND_SELECTION,
        string="Exception Told",
        copy=False,
        readonly=True,
        index="btree_not_null",
        help="As what kind of exception the order was told last.",
        groups="base.group_user",
    )

    def _oms_note(self, text):
        """Tell something in the chatter of the orders."""
        for order in self:
            # sudo: who works at a site may not write on orders, what he did is told all the same
            order.sudo().message_post(body=text)

    def _oms_raise(self, event, parent=None):
        if event in STOP_WAITING:
            # sudo: what happened asks for a new decision, whoever caused it
            self.sudo()._oms_stop_waiting()
        return super()._oms_raise(event, parent)

    # === SITES THAT GAVE BACK === #

    def _oms_get_valid_rejections(self):
        """Return what sites gave back of the order, by site, as far as it is not withdrawn."""
        # sudo: a plan is made with all rejections in sight, whoever asks for it
        rejections = self.sudo().oms_rejection_ids
        return rejections.filtered(lambda each: each.state == "valid").grouped("site_id")

    def _oms_get_rejections(self):
        # Told by the records: what is planned was lowered when it was given back.
        self.ensure_one()
        return {
            site: [
                max(same.mapped("rejected_at")) for same in group.grouped("fulfillment_id").values()
            ]
            for site, group in self._oms_get_valid_rejections().items()
        }

    def _oms_find_given_back(self, moment):
        """Let the last reason of a site say when it is asked again, where it says so.

        How often a site may give back at most is up to the channel all the same.
        """
        found = super()._oms_find_given_back(moment)
        # sudo: how a channel is set up matters to all its orders
        most = self.oms_channel_id.sudo().max_rejects
        for site, group in self._oms_get_valid_rejections().items():
            last = group.sorted("id")[-1]
            if not last.cool_until or (most and len(group.fulfillment_id) >= most):
                continue
            found.pop(site, None)
            if last.cool_until > moment:
                reason = last.reason_id.name
                found[site] = Barring("cool_down", self.env._("gave the order back: %s", reason))
        return found

    def _oms_get_sites_given_back(self):
        # sudo: a plan is made with all sites in sight, whoever asks for it
        sites = self.env["oms.site"].sudo()
        return sites.union(*self._oms_find_given_back(fields.Datetime.now()))

    # === REASONS === #

    def _oms_get_exception_reasons(self):
        """Say why the orders need a person, a sentence each.

        :return: sentences by order
        :rtype: dict
        """
        waiting = self.filtered(lambda order: order.oms_state in ("waiting", "partial"))
        why_waiting = waiting._oms_get_waiting_reasons()
        return {
            order: order._oms_get_own_exception_reasons(why_waiting.get(order, []))
            for order in self
        }

    def _oms_get_own_exception_reasons(self, why_waiting):
        self.ensure_one()
        reasons = [self.oms_conflict] if self.oms_conflict else []
        parked = self.oms_event_ids.filtered(lambda event: event.state == "parked")
        reasons += [event.error for event in parked if event.error]
        reasons += why_waiting
        late = self._oms_get_late_since()
        if late:
            day = fields.Datetime.context_timestamp(self, late).date()
            reasons.append(
                self.env._("It should have been shipped on %s.", format_date(self.env, day))
            )
        return list(dict.fromkeys(reasons))

    def _oms_get_late_since(self):
        """Return when the order should have been shipped, if that day is over."""
        moves = self.oms_fulfillment_ids.line_ids.move_ids
        deadlines = [
            move.date_deadline
            for move in moves
            if move.state not in ("done", "cancel") and move.date_deadline
        ]
        if self.oms_state in ("waiting", "partial") and self.commitment_date:
            deadlines.append(self.commitment_date)
        first = min(deadlines, default=False)
        return first if first and first < fields.Datetime.today() else False

    def _oms_get_tried(self):
        """Say what was tried for the order, a sentence each.

        :rtype: list[str]
        """
        self.ensure_one()
        tried = []
        if self.oms_decision_ids:
            tried.append(self.env._("Decisions so far: %s.", len(self.oms_decision_ids)))
        valid = self.oms_rejection_ids.filtered(lambda each: each.state == "valid")
        for site, group in valid.grouped("site_id").items():
            reasons = dict.fromkeys(group.reason_id.mapped("name"))
            what = ", ".join(
                f"{sum(each.mapped('quantity')):g} {product.display_name}"
                for product, each in group.grouped("product_id").items()
            )
            tried.append(
                self.env._(
                    "%(site)s gave back %(what)s: %(reasons)s.",
                    site=site.name,
                    what=what,
                    reasons=", ".join(reasons) or self.env._("no reason given"),
                )
            )
        return tried

    # === ACTION METHODS === #

    def _oms_retry(self):
        """Try parked events again, and source again what is open then."""
        # sudo: events are written by the workflow only
        parked = self.sudo().oms_event_ids.filtered(lambda event: event.state == "parked")
        # sudo: a user who decides starts the count anew
        self.sudo().filtered("oms_attempts").oms_attempts = 0
        if parked:
            parked.sorted("id").action_retry()
        waiting = self.filtered(lambda order: order.oms_state in ("waiting", "partial"))
        if waiting:
            waiting.action_oms_source()
        for order in self:
            order._oms_note(
                self.env._("Tried again by hand. %s", order._oms_describe_sourcing()).strip()
            )

    def action_oms_decide(self):
        """Ask for a decision of the kind named in the context.

        :return: a window action
        :rtype: dict
        """
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Decide"),
            "res_model": "oms.exception.decide",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_action": self.env.context.get("oms_decide", "site"),
                "default_order_ids": self.ids,
            },
        }
