import logging
import os
import signal
from unittest.mock import patch

from odoo import sql_db
from odoo.tests import tagged
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger

from ..inventory.gate_case import PATIENCE, GateCase

RUN = "odoo.addons.oms.models.orchestration.oms_wave_run"
TRANSACTION = "odoo.addons.oms.models.transaction"


@tagged("post_install", "-at_install")
class TestWaveCommits(GateCase):
    """Waves beside other waves, other sales and the death of their process, really committed.

    Three units are there.
    """

    def setUp(self):
        super().setUp()
        with self.committed() as env:
            env["oms.channel"].browse(self.channel).write({"wave_minutes": 10, "wave_seconds": 5})

    def wave(self, env, channel_id=None):
        """Run a wave of what waits on a channel; return its id, or False if one is running."""
        channel = env["oms.channel"].browse(channel_id or self.channel)
        return env["oms.wave"]._run(channel, channel._get_wave_orders(), "scheduled").id

    def waves(self):
        with self.committed() as env:
            waves = env["oms.wave"].search([("channel_id", "=", self.channel)], order="id")
            return [(wave.state, wave.log or "") for wave in waves]

    def make_channel(self):
        with self.committed() as env:
            channel = env["oms.channel"].browse(self.channel)
            return channel.copy({"name": "Gate 2", "code": "TGATE2", "wave_minutes": 10}).id

    def assertPlannedOnce(self, *order_ids):
        """What is planned for an order is what is not open of it, and has its transfers."""
        with self.committed() as env:
            for order in env["sale.order"].browse(order_ids):
                ordered = sum(order.order_line.mapped("product_uom_qty"))
                open_units = sum(order.order_line.mapped("oms_qty_open"))
                planned = sum(order.oms_fulfillment_ids.line_ids.mapped("quantity"))
                moved = sum(order.picking_ids.move_ids.mapped("product_uom_qty"))
                self.assertEqual(planned, ordered - open_units, order.name)
                self.assertEqual(moved, planned, order.name)

    def test_two_waves_of_a_channel_at_once(self):
        ids = [self.order(1, confirm=True) for _number in range(5)]
        finishes = [self.start(self.wave) for _number in range(2)]
        with mute_logger("odoo.sql_db"):
            outcomes = [finish() for finish in finishes]
        self.assertTrue(any(outcomes))
        self.assertFalse([outcome for outcome in outcomes if isinstance(outcome, Exception)])
        states = [state for state, _open in self.read_orders(*ids)]
        self.assertEqual(states, ["sourced"] * 3 + ["waiting"] * 2)
        self.assertEqual({state for state, _log in self.waves()}, {"done"})
        self.assertPlannedOnce(*ids)
        self.assertNotOversold()

    def test_waves_of_two_channels_over_the_same_goods(self):
        """The second one is through while the first one writes; that one is tried again."""
        other = self.make_channel()
        mine = [self.order(1, confirm=True) for _number in range(2)]
        theirs = [self.order(1, confirm=True, channel=other) for _number in range(2)]

        def meanwhile():
            with self.committed() as env:
                self.assertTrue(self.wave(env, other))

        with (
            self.meanwhile(self.registry["oms.sourcing"], "_write_outcomes", meanwhile),
            self.assertLogs(TRANSACTION, logging.INFO) as logs,
            mute_logger("odoo.sql_db"),
            self.committed() as env,
        ):
            self.wave(env)
        self.assertIn("SerializationFailure in try 1 of 5", logs.output[0])
        self.assertEqual(self.waves()[0][0], "done")
        self.assertEqual([state for state, _n in self.read_orders(*theirs)], ["sourced"] * 2)
        self.assertEqual([s for s, _n in self.read_orders(*mine)], ["sourced", "waiting"])
        self.assertPlannedOnce(*mine, *theirs)
        self.assertNotOversold()

    def test_waves_of_two_channels_at_once(self):
        other = self.make_channel()
        ids = [self.order(2, confirm=True, channel=each) for each in (self.channel, other)]
        finishes = [
            self.start(lambda env, each=each: self.wave(env, each))
            for each in (self.channel, other)
        ]
        with mute_logger("odoo.sql_db", TRANSACTION):
            for finish in finishes:
                self.assertIsInstance(finish(), int)
        self.assertPlannedOnce(*ids)
        self.assertEqual(self.promised(), 3)
        self.assertNotOversold()

    def test_an_order_confirmed_elsewhere_while_the_wave_thinks(self):
        """What is sold meanwhile is gone for the wave, and the order says that it waits."""
        other = self.make_channel()
        with self.committed() as env:
            env["oms.channel"].browse(other).wave_minutes = 0
        ids = [self.order(1, confirm=True) for _number in range(3)]
        original, sold = self.registry["oms.wave"]._think, []

        def slow(wave, *args):
            together = original(wave, *args)
            sold.append(self.order(2, confirm=True, channel=other))
            return together

        with (
            patch.object(self.registry["oms.wave"], "_think", slow),
            mute_logger("odoo.sql_db"),
            self.committed() as env,
        ):
            self.wave(env)
        states = [state for state, _open in self.read_orders(*ids)]
        self.assertEqual(states, ["sourced", "waiting", "waiting"])
        self.assertPlannedOnce(*ids, *sold)
        self.assertNotOversold()

    # === DEATH === #

    def fork(self, work, until):
        """Run work in a process of its own, and kill that as soon as it came to a point.

        :param until: (class, name) of the method; when it has run, the process waits to be killed
        """
        read, write = os.pipe()
        pid = os.fork()
        if not pid:
            self._be_killed(work, until, write)
        os.close(write)
        try:
            self.assertEqual(os.read(read, 4), b"here", "the process died too early")
        finally:
            os.close(read)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def _be_killed(self, work, until, write):
        """Whatever happens, this process ends here, and runs nothing of its parent."""
        try:
            # The parent's connections are its own: they are neither used nor closed.
            sql_db._Pool = sql_db._Pool_readonly = None
            self.registry._db = sql_db.db_connect(get_db_name())
            owner, name = until
            original = getattr(owner, name)

            def stop(model, *args, **kwargs):
                original(model, *args, **kwargs)
                model.env.flush_all()
                os.write(write, b"here")
                signal.pause()

            setattr(owner, name, stop)
            with self.committed() as env:
                work(env)
        finally:
            os._exit(1)

    def wait_until_gone(self):
        """The database notices that a process is gone, and lets go what it held."""
        with self.registry.cursor() as watch:
            for _attempt in range(PATIENCE * 100):
                watch.execute(
                    "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s",
                    [self.channel],
                )
                if not watch.fetchone()[0]:
                    return
                watch.execute("SELECT pg_sleep(0.01)")
        self.fail("the lock of a dead process is held for ever")

    def assertTakenUpAgain(self, ids):
        """Nothing of the dead wave is there; the job says so and runs another one at once."""
        self.wait_until_gone()
        self.assertEqual(self.promised(), 0)
        self.assertEqual([state for state, _n in self.read_orders(*ids)], ["waiting"] * len(ids))
        self.assertEqual([state for state, _log in self.waves()], ["running"])
        with self.assertLogs(RUN, logging.WARNING) as logs, self.committed() as env:
            env["oms.wave"]._cron_run()
        self.assertIn("was interrupted", logs.output[0])
        (dead, text), (state, _log) = self.waves()
        self.assertEqual((dead, state), ("interrupted", "done"))
        self.assertIn("interrupted", text)
        states = [state for state, _open in self.read_orders(*ids)]
        self.assertEqual(states, ["sourced"] * 3 + ["waiting"] * (len(ids) - 3))
        self.assertPlannedOnce(*ids)
        self.assertNotOversold()

    def test_killed_while_it_writes(self):
        ids = [self.order(1, confirm=True) for _number in range(4)]
        self.fork(self.wave, (self.registry["oms.sourcing"], "_write_outcomes"))
        self.assertTakenUpAgain(ids)

    def test_killed_while_it_prepares(self):
        ids = [self.order(1, confirm=True) for _number in range(4)]
        self.fork(self.wave, (self.registry["oms.sourcing"], "_prepare_together"))
        self.assertTakenUpAgain(ids)

    def test_a_wave_that_dies_each_time_is_not_run_all_the_time(self):
        self.order(1, confirm=True)
        with mute_logger(RUN):
            for _turn in range(2):
                self.fork(
                    lambda env: env["oms.wave"]._cron_run(),
                    (self.registry["oms.sourcing"], "_prepare_together"),
                )
                self.wait_until_gone()
            with self.committed() as env:
                env["oms.wave"]._cron_run()
        self.assertEqual([state for state, _log in self.waves()], ["interrupted", "interrupted"])

    def test_a_dead_wave_does_not_run_for_ever(self):
        """It is told even if nothing waits any more, and one that is alive is left alone."""
        [first] = [self.order(1, confirm=True)]
        self.fork(self.wave, (self.registry["oms.sourcing"], "_prepare_together"))
        self.wait_until_gone()
        with self.committed() as env:
            env["sale.order"].browse(first)._action_cancel()
        with self.registry.cursor() as alive:
            self.open(alive)["oms.wave"]._try_lock(self.channel)
            with self.committed() as env:
                env["oms.wave"]._cron_run()
            self.assertEqual([state for state, _log in self.waves()], ["running"])
        with mute_logger(RUN), self.committed() as env:
            env["oms.wave"]._cron_run()
        self.assertEqual([state for state, _log in self.waves()], ["interrupted"])
