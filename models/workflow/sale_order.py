import logging

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..transaction import retrying
from .oms_event import MOST_CHAINED

_logger = logging.getLogger(__name__)


class SaleOrder(models.Model):
    _inherit = "sale.order"

    oms_event_ids = fields.One2many(
        "oms.event", "order_id", string="Events", groups="sales_team.group_sale_salesman"
    )
    oms_parked_count = fields.Integer(
        string="Parked Events",
        compute="_compute_oms_parked_count",
        compute_sudo=True,
        groups="base.group_user",
    )
    oms_held = fields.Boolean(
        string="On Hold",
        copy=False,
        readonly=True,
        tracking=True,
        help="Nothing is sourced while the order is on hold.",
        groups="base.group_user",
    )
    oms_hold_until = fields.Datetime(
        string="Held Until",
        copy=False,
        readonly=True,
        help="When the order goes on by itself; empty: when somebody lets it go on.",
        groups="base.group_user",
    )
    oms_hold_reason = fields.Char(
        string="Why It Is Held", copy=False, readonly=True, groups="base.group_user"
    )

    oms_attempts = fields.Integer(
        string="Sourced Elsewhere",
        copy=False,
        readonly=True,
        help="How often the order was sourced elsewhere by itself after a site gave goods back.",
        groups="base.group_user",
    )

    _oms_held_idx = models.Index("(oms_hold_until) WHERE oms_held")

    def _compute_oms_parked_count(self):
        counts = dict(
            self.env["oms.event"]._read_group(
                [("order_id", "in", self.ids), ("state", "=", "parked")],
                ["order_id"],
                ["__count"],
            )
        )
        for order in self:
            order.oms_parked_count = counts.get(order, 0)

    # === EVENTS === #

    def _oms_raise(self, event, parent=None):
        """Write down that something happened to the orders; the caller runs what follows.

        :param str event: key of the event
        :param parent: ``oms.event`` from which this one follows
        :return: the events, one for each order of an orchestrated channel
        :raise UserError: too many events follow from each other
        """
        depth = parent.depth + 1 if parent else 0
        if depth > MOST_CHAINED:
            raise UserError(
                self.env._(
                    "More than %s events followed from each other: the workflow runs in a circle.",
                    MOST_CHAINED,
                )
            )
        # sudo: events are written by the workflow, whoever caused them
        return (
            self.env["oms.event"]
            .sudo()
            .create(
                [
                    {
                        "event": event,
                        "order_id": order.id,
                        # sudo: the workflow of a channel is nobody's secret
                        "workflow_id": order.sudo().oms_channel_id.workflow_id.id,
                        "parent_id": parent and parent.id,
                        "depth": depth,
                    }
                    for order in self
                    if order.sudo().oms_channel_id.orchestrated
                ]
            )
        )

    def _oms_source_by_workflow(self, event):
        """Do what the channels' workflows say for an event that may source the orders.

        A channel without workflow sources its orders at once.

        :param str event: ``order.placed`` or ``order.changed``
        """
        # sudo: the workflow of a channel is nobody's secret
        with_workflow = self.filtered(lambda order: order.sudo().oms_channel_id.workflow_id)
        at_once = self - with_workflow
        if at_once:
            at_once._oms_take_up("confirm" if event == "order.placed" else "change")
        with_workflow._oms_raise(event)._run()

    def _oms_describe_sourcing(self):
        """Say in one sentence what sourcing made of the order.

        :rtype: str
        """
        self.ensure_one()
        # sudo: a plan is told in whole, whoever caused it
        fulfillments = self.sudo()._oms_get_open_fulfillments()
        names = ", ".join(fulfillments.site_id.mapped("name"))
        if self.oms_state == "sourced":
            return self.env._("Sourced from %s.", names) if names else ""
        if names:
            return self.env._("Partly sourced from %s; the rest waits.", names)
        return self.env._("Waits: no site has what is open.")

    def _oms_count_attempt(self):
        """Count that the orders are sourced elsewhere by themselves once more.

        :raise UserError: an order was given back too often; somebody has to decide
        """
        for order in self:
            # sudo: how a channel is set up matters to all its orders
            most = order.oms_channel_id.sudo().max_attempts
            if order.oms_attempts >= most:
                raise UserError(
                    self.env._(
                        "Sites gave %(order)s back, and it was sourced elsewhere as often as its "
                        "channel allows (%(times)s): source it again by hand, or change or cancel "
                        "it.",
                        order=order.name,
                        times=order.oms_attempts,
                    )
                )
            order.oms_attempts += 1

    def _oms_get_open_units(self):
        """Return how much is open to source of each order, over all its lines.

        :rtype: dict
        """
        # sudo: who works at a site need not read what is open of an order
        return {order: sum(order.sudo().order_line.mapped("oms_qty_open")) for order in self}

    # === HOLD === #

    def action_oms_let_go(self):
        """Let orders on hold go on.

        :raise UserError: none of them is on hold
        """
        self.check_access("write")
        held = self.filtered("oms_held")
        if not held:
            raise UserError(self.env._("No selected order is on hold."))
        held._oms_let_go()

    def _oms_let_go(self):
        """Lift the hold and go on with what it stopped."""
        self.write({"oms_held": False, "oms_hold_until": False, "oms_hold_reason": False})
        # sudo: events are written by the workflow, whoever lifts the hold
        held = self.sudo().oms_event_ids.filtered(lambda event: event.state == "held")
        held.sorted("id")._resume()

    def _oms_let_go_if_held(self):
        """Let orders go on that nobody has let go meanwhile."""
        self.exists().filtered("oms_held")._oms_let_go()

    @api.model
    def _cron_let_go(self):
        """Let the orders go on whose time on hold is over.

        Each is a transaction of its own, run again when another one was faster.
        """
        orders = self.search(
            [("oms_held", "=", True), ("oms_hold_until", "<=", fields.Datetime.now())], order="id"
        )
        self.env["ir.cron"]._commit_progress(remaining=len(orders))
        for order in orders:
            try:
                retrying(
                    self.env, lambda env, order=order: order.with_env(env)._oms_let_go_if_held()
                )
            except OperationalError as error:
                _logger.info("Order %s goes on in the next run: %s", order.name, error)
            if not self.env["ir.cron"]._commit_progress(1):
                break

    # === OVERRIDES === #

    def action_oms_source(self):
        # A user who decides starts the count anew.
        self.check_access("write")
        self.filtered("oms_attempts").oms_attempts = 0
        return super().action_oms_source()

    def _action_confirm(self):
        res = super(SaleOrder, self.with_context(oms_launch="confirm"))._action_confirm()
        placed = self.filtered(
            lambda order: any(line._oms_is_orchestrated() for line in order.order_line)
        )
        placed._oms_source_by_workflow("order.placed")
        return res

    def _action_cancel(self):
        begun = self.filtered(lambda order: order.state == "sale")
        # sudo: whoever cancels an order gives up what it waits for
        self.sudo().oms_event_ids._discard()
        self.filtered("oms_held").write(
            {"oms_held": False, "oms_hold_until": False, "oms_hold_reason": False}
        )
        res = super(SaleOrder, self.with_context(oms_launch="cancel"))._action_cancel()
        begun._oms_raise("order.cancelled")._run()
        return res
