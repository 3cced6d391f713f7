import logging

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..transaction import retrying

_logger = logging.getLogger(__name__)

#: First half of the key of the lock that a running wave holds; the second is the channel's id.
LOCK_CLASS = 0x6F6D77


class Prepared(Exception):
    """Ends the transaction in which a wave was prepared, so that nothing of it remains.

    :param what: what the engine is to plan, or None
    """

    def __init__(self, what):
        super().__init__()
        self.what = what


class OmsWave(models.Model):
    """How a wave runs: prepared in one transaction that leaves nothing, written in another.

    Thinking takes long; what others take meanwhile must not make it all in vain. So the plans are
    checked against what is there when they are written, and the few orders whose plan cannot be had
    any more are sourced one by one.
    """

    _inherit = "oms.wave"

    @api.model
    def _queue(self, channel, orders):
        """Have the scheduled job run a wave as soon as it can.

        :param channel: ``oms.channel`` record
        :param orders: ``sale.order`` recordset
        :return: the wave
        """
        wave = self.create(
            {
                **self._prepare_vals(channel),
                "trigger": "manual",
                "state": "queued",
                "order_ids": [fields.Command.set(orders.ids)],
                "order_count": len(orders),
            }
        )
        self.env.ref("oms.cron_run_waves")._trigger()
        return wave

    @api.model
    def _run(self, channel, orders, trigger, queued=None):
        """Source orders of a channel together, in transactions of its own.

        A lock that lasts as long as the run keeps out a second wave of the channel; when the
        process is killed, the database lets it go.

        :param channel: ``oms.channel`` record
        :param orders: ``sale.order`` recordset
        :param str trigger: ``scheduled`` or ``manual``
        :param queued: the wave, if it was asked for before
        :return: the wave; empty if another one of the channel is running
        """
        with self.env.registry.cursor() as cursor:
            if not self.with_env(self.env(cr=cursor))._try_lock(channel.id):
                return self.browse()
            wave_id = retrying(
                self.env, lambda env: self.with_env(env)._begin(channel, trigger, queued)
            )
            if not wave_id:
                return self.browse()
            try:
                self._run_locked(wave_id, channel, orders)
            except Exception as error:
                expected = isinstance(error, (UserError, OperationalError))
                _logger.warning("Wave %s failed: %s", wave_id, error, exc_info=not expected)
                # The text may come from the engine: it holds no more than keys and quantities.
                text = str(error)
                retrying(self.env, lambda env: self.with_env(env)._fail(wave_id, text))
        self.invalidate_model()
        return self.browse(wave_id)

    @api.model
    def _try_lock(self, channel_id):
        """Take the lock of a channel's waves for the transaction, if nobody has it."""
        self.env.cr.execute(SQL("SELECT pg_try_advisory_xact_lock(%s, %s)", LOCK_CLASS, channel_id))
        return self.env.cr.fetchone()[0]

    def _tell_dead(self):
        """Write down of waves whose process was killed that they were interrupted."""
        dead = self.search([("state", "=", "running")], order="id")
        dead = dead.filtered(
            # Who has the lock of the channel is at work.
            lambda wave: self._try_lock(wave.channel_id.id)
        )
        dead._tell_interrupted()

    def _tell_interrupted(self):
        """Write down that the process of the waves was killed."""
        for wave in self:
            _logger.warning(
                "Wave %s of channel %s was interrupted: its process ended",
                wave.id,
                wave.channel_id.code,
            )
        self.write(
            {
                "state": "interrupted",
                "log": self.env._("It was interrupted; what it had not written is open."),
            }
        )

    def _begin(self, channel, trigger, queued=None):
        """Write down that a wave runs, and of those that were killed that they do no more.

        :return: id of the wave; None if it was cancelled meanwhile
        """
        dead = self.search([("channel_id", "=", channel.id), ("state", "=", "running")])
        dead._tell_interrupted()
        vals = {
            **self._prepare_vals(channel.with_env(self.env)),
            "trigger": trigger,
            "state": "running",
            "phase": "prepare",
            "started_at": fields.Datetime.now(),
        }
        if queued is None:
            return self.create(vals).id
        queued = queued.with_env(self.env)
        if queued.exists().state != "queued":
            return None
        queued.write(vals)
        return queued.id

    def _prepare_vals(self, channel):
        return {
            "channel_id": channel.id,
            "strategy_id": channel.strategy_id.id,
            "currency_id": channel.strategy_id.currency_id.id,
        }

    def _show_phase(self, wave_id, phase):
        """Let those who look at the wave see what it does now."""
        retrying(self.env, lambda env: self.with_env(env).browse(wave_id).write({"phase": phase}))

    def _fail(self, wave_id, text):
        self.browse(wave_id).write({"state": "failed", "log": text})

    def _run_locked(self, wave_id, channel, orders):
        together = self._think(wave_id, channel, orders)
        if together is None:
            done = {
                "state": "done",
                "log": self.env._("Nothing was open to source."),
                "order_count": 0,
            }
            retrying(self.env, lambda env: self.with_env(env).browse(wave_id).write(done))
            return
        self._show_phase(wave_id, "write")
        retrying(
            self.env,
            lambda env: (
                self.with_env(env).browse(wave_id)._write_plans(orders.with_env(env), together)
            ),
        )

    def _think(self, wave_id, channel, orders):
        """Plan the orders together as if what no site has begun were free again.

        Nothing is locked while the engine thinks: what was freed to see what there is then was
        rolled back before.

        :rtype: Together | None
        """
        try:
            retrying(self.env, lambda env: self._prepare(channel, orders.with_env(env)))
        except Prepared as prepared:
            if not prepared.what:
                return None
            self._show_phase(wave_id, "think")
            return prepared.what.solve(channel.wave_seconds or None)

    def _prepare(self, channel, orders):
        """Gather what the engine has to know.

        :raise Prepared: always, with what was gathered; the caller rolls everything back
        """
        orders = orders._oms_filter_wave(channel)
        planned = {order.id: order._oms_get_idle_quantities() for order in orders}
        reconsidered = orders.filtered(
            lambda order: (
                planned[order.id] and order.oms_channel_id.strategy_id._can_plan_together()
            )
        )
        reconsidered._oms_get_open_fulfillments()._take_back_idle()
        orders.env.flush_all()
        raise Prepared(
            orders.env["oms.sourcing"]._prepare_together(
                orders._oms_get_orchestrated_lines(), planned, channel.replan_gain
            )
        )

    def _write_plans(self, orders, together):
        """Have the orders sourced as planned, those that nobody has begun replaced.

        :param orders: ``sale.order`` recordset
        :param Together together: what the engine said
        """
        self.ensure_one()
        orders = orders._oms_filter_wave(self.channel_id)
        idle = orders.filtered(lambda order: order._oms_get_idle_quantities())
        weighed = set() if together.is_staged else set(together.plans)
        # What is open of orders whose plan in force was not weighed is sourced beside that.
        written = orders.filtered(
            lambda order: (
                order not in idle or order.id in together.changed or order.id not in weighed
            )
        )
        failures = written._oms_source_planned(together, self)
        replaced = (self.decision_ids.order_id & idle).filtered(
            lambda order: order.id in together.changed
        )
        vals = {
            "state": "done",
            "order_count": len(together.plans),
            "order_ids": [fields.Command.set(list(together.plans))],
            "sourced_count": len(
                self.decision_ids.filtered(lambda decision: decision.outcome != "none")
            ),
            "changed_count": len(replaced),
            "changed_ids": [fields.Command.set(replaced.ids)],
            "cost_before": together.before,
            "seconds": together.batch.seconds,
        }
        if together.is_staged:
            vals.update(cost_after=together.batch.cost, method="stages", log="\n".join(failures))
        else:
            vals.update(self._prepare_outcome_vals(together, failures))
        self.write(vals)
        self._keep_prices(together.prices)

    def _prepare_outcome_vals(self, together, failures):
        """Say what planning together came to.

        :param Together together: what the engine said
        :param list[str] failures: sentences on what failed
        :rtype: dict
        """
        batch = together.batch
        stages = [
            self.env._(
                "%(seconds)s s: %(name)s, cost %(cost)s, bound %(bound)s",
                seconds=f"{stage.seconds:.2f}",
                name=stage.name,
                cost=f"{stage.cost:.2f}",
                bound=f"{stage.bound:.2f}",
            )
            for stage in batch.stages
        ]
        return {
            # One by one the plans in force would have stayed.
            "cost_greedy": min(batch.greedy_cost, together.before),
            # As the costs one by one and the bound: what replacing had to gain is counted.
            "cost_after": batch.objective,
            "lower_bound": batch.lower_bound,
            "gap": batch.gap,
            "method": batch.method,
            "log": "\n".join([*stages, *failures]),
        }

    def _keep_prices(self, prices):
        """Keep the prices that the wave showed, where the strategy goes by them.

        Those of stock that the wave did not look at stay.

        :param dict prices: price by (site id, product id), zero for what is not scarce
        """
        strategy = self.strategy_id
        if not strategy.scarcity_factor or strategy.scarcity_source != "batch":
            return
        kept = {
            (price.site_id.id, price.product_id.id): price.price for price in strategy.price_ids
        }
        self.env["oms.stock.price"]._replace(strategy, kept | prices, "batch")

    # === SCHEDULED JOB === #

    @api.model
    def _cron_run(self):
        """Run a wave of each channel whose time has come and on which something waits.

        What was killed is told first, and taken up again at once; what is killed twice in a row
        waits for its time.
        """
        retrying(self.env, lambda env: self.with_env(env)._tell_dead())
        self.env["ir.cron"]._commit_progress()
        queued = self.search([("state", "=", "queued")], order="id")
        self.env["ir.cron"]._commit_progress(remaining=len(queued))
        for wave in queued:
            self._run(wave.channel_id, wave.order_ids, "manual", wave)
            if not self.env["ir.cron"]._commit_progress(1):
                return
        channels = self.env["oms.channel"].search(
            [("wave_minutes", ">", 0), ("orchestrated", "=", True)], order="id"
        )
        due = channels.filtered(lambda channel: channel._is_wave_due())
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for channel in due:
            orders = channel._get_wave_orders()
            if orders:
                self._run(channel, orders, "scheduled")
            if not self.env["ir.cron"]._commit_progress(1):
                break


class OmsChannel(models.Model):
    _inherit = "oms.channel"

    def _is_wave_due(self):
        """Tell whether orders have been collected for long enough."""
        self.ensure_one()
        waves = self.env["oms.wave"].search(
            [("channel_id", "=", self.id), ("state", "not in", ("queued", "cancelled"))], limit=2
        )
        if waves[:1].state == "interrupted" and waves[1:].state != "interrupted":
            return True
        waited = fields.Datetime.now() - waves[0].started_at if waves else None
        return waited is None or waited.total_seconds() >= 60 * self.wave_minutes

    def _get_wave_orders(self):
        """Return the orders that a wave of the channel is about."""
        self.ensure_one()
        Order = self.env["sale.order"]
        channel = [
            ("oms_channel_id", "=", self.id),
            ("state", "=", "sale"),
            ("oms_held", "=", False),
        ]
        waiting = Order.search([*channel, ("oms_state", "in", ("waiting", "partial"))])
        if not waiting or not self.wave_replan:
            return waiting
        fulfillments = self.env["oms.fulfillment"].search(
            [("channel_id", "=", self.id), ("state", "in", ("planned", "released"))]
        )
        return waiting | Order.search([*channel, ("id", "in", fulfillments.order_id.ids)])
