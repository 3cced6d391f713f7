from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .oms_event import EVENT_SELECTION

KIND_SELECTION = [
    ("oms_source", "Source the Order"),
    ("oms_promise", "Promise a Date"),
    ("oms_promise_anew", "Promise Anew and Tell the Customer"),
    ("oms_release", "Release What Is Planned"),
    ("oms_replan", "Look for a Better Plan"),
    ("oms_hold", "Hold the Order"),
    ("oms_notify", "Notify the Customer"),
    ("oms_emit", "Raise an Order Event"),
    ("oms_lose_parcels", "Write Off Lost Parcels"),
    ("oms_authorize_returns", "Authorize Returns"),
    ("oms_settle_returns", "Settle Returns"),
    ("oms_dispose", "Put Returned Goods Where They Are Worth Most"),
    ("oms_authorize", "Authorize What Is Open"),
    ("oms_capture", "Capture What Has Left"),
    ("oms_void", "Let Go of What Never Leaves"),
    ("oms_refund", "Refund What Is Too Much"),
    ("oms_invoice", "Invoice What Has Left"),
]
KINDS = frozenset(kind for kind, _label in KIND_SELECTION)
#: By which trigger a decision tells what made it, by event.
TRIGGERS = {
    "order.placed": "confirm",
    "order.changed": "change",
    "fulfillment.rejected": "rejected",
    "site.offline": "offline",
    "parcel.lost": "lost",
    "receipt.late": "receipt",
    "address.changed": "address",
    "date.changed": "date",
}


class IrActionsServer(models.Model):
    _inherit = "ir.actions.server"

    state = fields.Selection(
        selection_add=[*KIND_SELECTION, ("code",)],
        ondelete={kind: "cascade" for kind, _label in KIND_SELECTION},
    )
    oms_hold_minutes = fields.Integer(
        string="Hold For (Minutes)",
        help="After this time the order goes on by itself. Zero: until somebody lets it go on.",
    )
    oms_hold_reason = fields.Char(
        string="Reason of the Hold", translate=True, help="What people read on the order."
    )
    oms_template_id = fields.Many2one(
        "mail.template", string="Message", domain="[('model', '=', 'sale.order')]"
    )
    oms_event = fields.Selection(EVENT_SELECTION, string="Event to Raise")

    @api.constrains("state", "oms_hold_minutes")
    def _check_oms_hold_minutes(self):
        for action in self:
            if action.state == "oms_hold" and action.oms_hold_minutes < 0:
                raise ValidationError(self.env._("An order is held for a time above zero."))

    def _warning_depends(self):
        return [*super()._warning_depends(), "oms_template_id", "oms_event", "oms_hold_reason"]

    def _get_warning_messages(self):
        warnings = super()._get_warning_messages()
        if self.state in KINDS and self.model_id.model != "sale.order":
            warnings.append(self.env._("This kind of action works on sales orders only."))
        if self.state == "oms_notify" and not self.oms_template_id:
            warnings.append(self.env._("Choose the message that the customer gets."))
        if self.state == "oms_emit" and not self.oms_event:
            warnings.append(self.env._("Choose the event to raise."))
        return warnings

    # === FOR WORKFLOWS === #

    def _oms_run_for(self, events, kind):
        """Run the action for the orders of some events.

        :param events: ``oms.event`` recordset
        :param str kind: the ``state`` of the action
        :return: what came of it, for people, by order id
        :rtype: dict[int, str]
        :raise UserError: the action is not set up completely, or what it does failed
        """
        self.ensure_one()
        if kind in KINDS:
            return getattr(self, f"_run_{kind}")(events.order_id, events) or {}
        if self.warning:
            raise UserError(self.warning)
        context = {
            "active_model": "sale.order",
            "active_ids": events.order_id.ids,
            "active_id": events.order_id[:1].id,
        }
        self.with_context(**context).run()
        return {}

    # === KINDS === #

    def _run_oms_source(self, orders, events=None):
        """Source and release what is open of the orders, those on hold left out."""
        held = orders.filtered("oms_held")
        by_trigger = {}
        for order in orders - held:
            code = events and events.filtered(lambda e, o=order: e.order_id == o)[:1].event
            trigger = TRIGGERS.get(code, "workflow" if code else "manual")
            by_trigger.setdefault(trigger, self.env["sale.order"])
            by_trigger[trigger] |= order
        for trigger, of_trigger in by_trigger.items():
            if trigger == "rejected":
                of_trigger._oms_count_attempt()
            of_trigger._oms_take_up(trigger)
        texts = {order.id: order._oms_describe_sourcing() for order in orders - held}
        return texts | {order.id: self.env._("Left out: the order is on hold.") for order in held}

    def _run_oms_release(self, orders, events=None):
        """Have the sites begin with what is planned for the orders, those on hold left out."""
        held = orders.filtered("oms_held")
        released = (orders - held)._oms_release_planned()
        texts = {
            order.id: self.env._("Released: %s.", ", ".join(order_fulfillments.mapped("name")))
            for order, order_fulfillments in released.grouped("order_id").items()
        }
        return texts | {order.id: self.env._("Left out: the order is on hold.") for order in held}

    def _run_oms_replan(self, orders, events=None):
        """Replace what no site has begun by a better plan, those on hold left out."""
        held = orders.filtered("oms_held")
        texts = {}
        for order in orders - held:
            code = events and events.filtered(lambda e, o=order: e.order_id == o)[:1].event
            texts[order.id] = order._oms_replan(TRIGGERS.get(code, "better"))
        return texts | {order.id: self.env._("Left out: the order is on hold.") for order in held}

    def _run_oms_hold(self, orders, events=None):
        """Keep the orders from going on, for a time or until somebody lets them."""
        minutes = self.oms_hold_minutes
        until = fields.Datetime.now() + timedelta(minutes=minutes) if minutes else False
        reason = self.oms_hold_reason or self.name
        orders.write({"oms_held": True, "oms_hold_until": until, "oms_hold_reason": reason})
        return dict.fromkeys(orders.ids, reason)

    def _run_oms_notify(self, orders, events=None):
        """Send the customer a message; it leaves with Odoo's mail queue.

        :raise UserError: no message was chosen
        """
        if not self.oms_template_id:
            raise UserError(self.env._("Choose the message that the customer gets."))
        self.oms_template_id.send_mail_batch(orders.ids, force_send=False)
        return dict.fromkeys(orders.ids, self.oms_template_id.name)

    def _run_oms_emit(self, orders, events=None):
        """Raise another event of the orders, and run it.

        :raise UserError: no event was chosen
        """
        if not self.oms_event:
            raise UserError(self.env._("Choose the event to raise."))
        for order in orders:
            parent = events and events.filtered(lambda e, o=order: e.order_id == o)[:1]
            order._oms_raise(self.oms_event, parent or None)._run()
        names = dict(self._fields["oms_event"]._description_selection(self.env))
        return dict.fromkeys(orders.ids, names[self.oms_event])

    # === FROM ODOO'S OWN SCREENS === #

    def _oms_run_from_screen(self, eval_context):
        orders = (eval_context or {}).get("records") or self.env["sale.order"]
        getattr(self, f"_run_{self.state}")(orders)
        return False

    def _run_action_oms_source_multi(self, eval_context=None):
        return self._oms_run_from_screen(eval_context)

    def _run_action_oms_release_multi(self, eval_context=None):
        return self._oms_run_from_screen(eval_context)

    def _run_action_oms_replan_multi(self, eval_context=None):
        return self._oms_run_from_screen(eval_context)

    def _run_action_oms_hold_multi(self, eval_context=None):
        return self._oms_run_from_screen(eval_context)

    def _run_action_oms_notify_multi(self, eval_context=None):
        return self._oms_run_from_screen(eval_context)

    def _run_action_oms_emit_multi(self, eval_context=None):
        return self._oms_run_from_screen(eval_context)
