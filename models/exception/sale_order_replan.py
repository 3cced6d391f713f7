import logging

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...engine.sourcing import SourcingProblem
from ...engine.sourcing.plan import cost_parts
from ..orchestration.oms_sourcing_wave import get_planned_steps
from ..transaction import retrying

_logger = logging.getLogger(__name__)


class KeepPlan(Exception):
    """The plan stays as it is: what was tried is rolled back."""


class SaleOrder(models.Model):
    """A better plan for what no site has begun."""

    _inherit = "sale.order"

    def _oms_replan(self, trigger):
        """Replace what no site has begun by a better plan, if that gains enough.

        The plan is made as if the goods were free again, and priced with the same costs as what
        it would replace. A plan with a site that may serve the order no more is replaced in any
        case.

        :param str trigger: key of the decision's trigger
        :return: what came of it, for people
        :rtype: str
        """
        self.ensure_one()
        # sudo: a plan is made with everything in sight, whoever asks for it
        order = self.sudo()
        if order.state != "sale":
            return ""
        text = order._oms_replan_idle(trigger)
        if trigger in ("address", "date"):
            order._oms_tell_unreachable()
        return text

    def _oms_replan_idle(self, trigger):
        order = self
        planned = order._oms_get_idle_quantities()
        if not planned:
            if order.oms_state in ("waiting", "partial"):
                order._oms_take_up(trigger)
                return order._oms_describe_sourcing()
            return self.env._("Nothing that no site has begun.")
        before = order._oms_get_open_fulfillments().site_id.mapped("name")
        try:
            with self.env.cr.savepoint(), order._oms_watch_standing():
                gain = order._oms_try_new_plan(planned, trigger)
        except KeepPlan as kept:
            return str(kept)
        text = order._oms_describe_sourcing()
        order._oms_note(
            self.env._(
                "Planned anew, before from %(sites)s. %(result)s %(gain)s",
                sites=", ".join(before),
                result=text,
                gain=gain,
            ).strip()
        )
        return text

    def _oms_get_idle_quantities(self):
        """Return what sites are to give and nobody works on yet.

        :return: quantity in the product's unit by (order line id, site id)
        :rtype: dict
        """
        quantities = {}
        for line in self._oms_get_open_fulfillments().line_ids:
            idle = line._get_quantity_open(idle=True)
            if line.uom_id.compare(idle, 0.0) > 0:
                key = (line.sale_line_id.id, line.site_id.id)
                quantities[key] = quantities.get(key, 0.0) + idle
        return quantities

    def _oms_try_new_plan(self, planned, trigger):
        """Plan anew; see :meth:`_oms_replan`.

        :return: a sentence on what is gained
        :rtype: str
        :raise KeepPlan: the new plan is not better by enough; the caller rolls it back
        """
        self._oms_get_open_fulfillments()._take_back_idle()
        self.env.flush_all()
        lines = self._oms_get_orchestrated_lines()
        decision = self.env["oms.sourcing"]._source_lines(lines, trigger)
        if not decision:
            raise KeepPlan(self.env._("Nothing to plan anew."))
        problem = SourcingProblem.from_dict(decision.problem)
        old = self._oms_price(problem, planned)
        new = decision.cost + decision.penalty
        least = self.oms_channel_id.replan_gain
        currency = decision.currency_id
        if old is not None and old - new <= least + 1e-9:
            raise KeepPlan(
                self.env._(
                    "The plan stays: another one gains %(gain)s, less than %(least)s.",
                    gain=currency.format(max(old - new, 0.0)),
                    least=currency.format(least),
                )
            )
        with self._oms_unlocked():
            lines._oms_release()
        if old is None:
            return self.env._("A site may serve the order no more.")
        return self.env._("Gains %s.", currency.format(old - new))

    def _oms_price(self, problem, planned):
        """Return what a plan costs under the costs of a problem.

        :param SourcingProblem problem: what is open now, all that was planned among it
        :param dict planned: quantity by (order line id, site id)
        :return: cost in the currency of the strategy; None if a site is no candidate any more
        :rtype: float | None
        """
        steps = get_planned_steps(problem, planned)
        if steps is None:
            return None
        return sum(amount for _name, amount in cost_parts(problem, steps))

    def action_oms_replan(self):
        """Look for a better plan for what no site has begun.

        :return: a notification that tells what became of it
        :rtype: dict
        :raise UserError: an order is not confirmed, or on hold
        """
        self._oms_check_decidable()
        texts = [f"{order.name}: {order._oms_replan('better')}" for order in self]
        if not texts:
            raise UserError(self.env._("Choose orders first."))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": "\n".join(texts),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def _cron_replan(self):
        """Look for better plans for what no site has begun, on channels that want it.

        An order that fails is left as it is; each is a transaction of its own, run again when
        another one was faster.
        """
        fulfillments = self.env["oms.fulfillment"].search(
            [
                ("state", "in", ("planned", "released")),
                ("channel_id.replan_daily", "=", True),
                ("order_id.state", "=", "sale"),
                ("order_id.oms_held", "=", False),
            ]
        )
        orders = fulfillments.order_id.sorted("id")
        self.env["ir.cron"]._commit_progress(remaining=len(orders))
        for order in orders:
            try:
                retrying(
                    self.env, lambda env, order=order: order.with_env(env)._oms_replan("better")
                )
            except OperationalError as error:
                _logger.info("Order %s is planned anew in the next run: %s", order.name, error)
            except Exception as error:
                # Whatever is wrong with one order, the others must not wait for it.
                _logger.warning("Order %s could not be planned anew: %s", order.name, error)
            if not self.env["ir.cron"]._commit_progress(1):
                break


class OmsChannel(models.Model):
    _inherit = "oms.channel"

    replan_daily = fields.Boolean(
        string="Look for Better Plans",
        tracking=True,
        help="A scheduled job looks for a better plan for what no site has begun, as when better "
        "stock came.",
        groups="base.group_user",
    )
    replan_gain = fields.Float(
        string="Least Gain of a New Plan",
        digits=(16, 2),
        default=1.0,
        help="A plan is replaced only by one that costs less by more than this, in the currency "
        "of the strategy.",
        groups="base.group_user",
    )

    _replan_gain_check = models.Constraint(
        "CHECK (replan_gain IS NULL OR replan_gain >= 0)", "A least gain cannot be negative."
    )
