from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from ...models.inventory import gate_sql
from ...models.transaction import retrying
from .gate_case import GateCase


@tagged("post_install", "-at_install")
class TestHolds(GateCase):
    """Holds of several transactions at once, really committed."""

    def setUp(self):
        super().setUp()
        self.Claim = self.registry["oms.claim"]

    def take(self, env, quantity):
        """Claim as orders do, in the transaction at hand."""
        return env["oms.claim"].create(
            {"product_id": self.product, "site_id": self.site, "quantity": quantity}
        )

    def take_guard(self, env):
        env["oms.position"]._touch([(self.product, self.site)])

    def pass_time(self, claim_id):
        with self.committed() as env:
            env["oms.claim"].browse(claim_id).expires_at = "2020-01-01 00:00:00"

    def state(self, claim_id):
        with self.committed() as env:
            return env["oms.claim"].browse(claim_id).state

    # === TWO AT ONCE === #

    def test_stale_snapshot(self):
        """Who read before another one claimed is run again instead of taking the same units."""
        with self.registry.cursor() as first, self.registry.cursor() as second:
            one, two = self.open(first), self.open(second)
            self.assertTrue(two["oms.site"].browse(self.site).name)  # its snapshot is taken
            self.take(one, 3)
            first.commit()
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                self.take(two, 3)
            second.rollback()
        self.assertEqual(self.promised(), 3)
        self.assertNotOversold()

    def test_hold_waits_and_sees_the_truth(self):
        """Whoever waited for the guard is told what is really left."""
        for origin, taken, words in (("cart", 2, "1 are"), ("reservation", 1, "0 are")):
            with self.subTest(origin), self.registry.cursor() as cr:
                self.take(self.open(cr), taken)
                outcome = self.run_behind(
                    cr, lambda env, origin=origin: self.hold(2, env, origin=origin)
                )
                self.assertIsInstance(outcome, UserError)
                self.assertIn(words, str(outcome))
                self.assertNotOversold()

    def test_hold_gets_what_the_other_gave_up(self):
        with self.registry.cursor() as cr:
            self.take(self.open(cr), 2)._release()
            self.assertIsInstance(self.run_behind(cr, lambda env: self.hold(3, env)), int)
        self.assertNotOversold()

    def test_many_at_once(self):
        """Eight who ask for one of three units each: three get it, the others are counted."""
        with self.assertNoLogs("odoo.addons.oms.models.flow.oms_claim"):
            finishes = [self.start(lambda env: self.hold(1, env)) for _number in range(8)]
            outcomes = [finish() for finish in finishes]
        self.assertEqual(len([each for each in outcomes if isinstance(each, int)]), 3)
        self.assertEqual(len([each for each in outcomes if isinstance(each, UserError)]), 5)
        self.assertEqual(self.left(), 0)
        self.assertNotOversold()

    def test_crossing_carts(self):
        """Carts that name the same goods in opposite order do not stand in each other's way."""
        with self.committed() as env:
            other = self.make_product(env, "Gate two").id
            env["stock.quant"]._update_available_quantity(
                env["product.product"].browse(other), self.place(env), 100
            )
        self.stock(97)
        requests = [(self.product, self.site, 1), (other, self.site, 1)]

        def fill(env, requests):
            return [env["oms.claim"]._hold(requests, "cart", 5) for _number in range(10)]

        with self.assertNoLogs("odoo.addons.oms.models.transaction"):
            finishes = [
                self.start(lambda env, asked=asked: fill(env, asked))
                for asked in (requests, requests[::-1]) * 2
            ]
            for finish in finishes:
                self.assertEqual(len(finish()), 10)
        self.assertNotOversold(100)

    # === TIME === #

    def test_expiring_hold_goes_to_one_of_two(self):
        """Extended or taken by somebody else: whoever has the guard first decides."""
        claim = self.hold(3)
        self.pass_time(claim)
        with self.registry.cursor() as cr:
            self.take(self.open(cr), 3)
            outcome = self.run_behind(cr, lambda env: env["oms.claim"].browse(claim)._extend(5))
        self.assertIsInstance(outcome, UserError)
        self.assertEqual(self.promised(), 3)
        self.assertNotOversold()

    def test_extension_that_came_first(self):
        claim = self.hold(3)
        with self.registry.cursor() as cr:
            self.take_guard(self.open(cr))
            finish = self.start(lambda env: env["oms.claim"].browse(claim)._extend(5))
            self.assertIsInstance(self.run_behind(cr, lambda env: self.hold(3, env)), UserError)
            self.assertIsNone(finish())
        self.assertNotOversold()

    def test_job_leaves_a_hold_that_is_being_extended(self):
        claim = self.hold(3)
        self.pass_time(claim)
        with self.registry.cursor() as cr:
            held = self.open(cr)["oms.claim"].browse(claim)
            held.expires_at = "2999-01-01 00:00:00"
            cr.flush()
            with self.committed() as env:
                env["oms.claim"]._cron_expire()
        self.assertEqual(self.state(claim), "active")

    # === TRANSFER === #

    def test_transfers_cross(self):
        """Two who want what the other holds: nobody gets it, and nobody loses what he has."""
        with self.committed() as env:
            other = self.make_product(env, "Gate two").id
            env["stock.quant"]._update_available_quantity(
                env["product.product"].browse(other), self.place(env), 3
            )
        mine = self.hold(3)
        with self.committed() as env:
            [theirs] = env["oms.claim"]._hold([(other, self.site, 3)], "cart", 5)

        def transfer(claim, product):
            return lambda env: env["oms.claim"].browse(claim)._transfer([(product, self.site, 3)])

        finishes = [self.start(transfer(mine, other)), self.start(transfer(theirs, self.product))]
        for finish in finishes:
            self.assertIsInstance(finish(), UserError)
        self.assertEqual((self.state(mine), self.state(theirs)), ("active", "active"))
        self.assertNotOversold()

    def test_transferred_once(self):
        claim = self.hold(3)

        def transfer(env):
            return env["oms.claim"].browse(claim)._transfer(reference="somebody")

        outcomes = [finish() for finish in [self.start(transfer), self.start(transfer)]]
        self.assertEqual(sorted(type(each).__name__ for each in outcomes), ["HoldEnded", "list"])
        self.assertEqual(self.promised(), 3)
        self.assertNotOversold()

    # === WHO STANDS IN THE OWN WAY === #

    def install(self):
        with self.registry.cursor() as cr:
            cr.execute(gate_sql.functions())

    def test_own_guard(self):
        """Who holds goods while his own transaction has their guard is told so after a while."""
        self.addCleanup(self.install)
        with patch.object(gate_sql, "LOCK_TIMEOUT", SQL("'100ms'")):
            self.install()
        with self.registry.cursor() as cr:
            env = self.open(cr)
            self.take_guard(env)
            with self.assertRaisesRegex(UserError, "for a while"):
                self.hold(1, env)
            cr.rollback()
        self.assertNotOversold()

    # === DEATH IN THE MIDDLE === #

    def assertDead(self, outcome):
        self.assertIn(type(outcome).__name__, ("OperationalError", "InterfaceError"))

    def assertDiesBehind(self, lock, record_id, work):
        """Kill the connection of a step in its midst, where it waits for a row."""
        with self.registry.cursor() as cr:
            cr.execute(lock, [record_id])
            self.assertDead(self.kill_behind(cr, work))

    def test_killed_while_taking(self):
        """Killed when it has counted in the row and made the claim, whose site it now looks up."""
        for origin in ("cart", "reservation"):
            self.assertDiesBehind(
                "SELECT FROM oms_site WHERE id = %s FOR UPDATE",
                self.site,
                lambda env, origin=origin: self.hold(3, env, origin=origin),
            )
            self.assertEqual(self.promised(), 0)
            self.assertNotOversold()
        self.hold(3)
        self.assertNotOversold()

    def test_killed_while_extending(self):
        claim = self.hold(3)
        with self.committed() as env:
            before = env["oms.claim"].browse(claim).expires_at
        self.assertDiesBehind(
            "SELECT FROM oms_claim WHERE id = %s FOR UPDATE",
            claim,
            lambda env: env["oms.claim"].browse(claim)._extend(500),
        )
        with self.committed() as env:
            self.assertEqual(env["oms.claim"].browse(claim).expires_at, before)
            env["oms.claim"].browse(claim)._extend(600)
        self.assertNotOversold()

    def test_killed_while_transferring(self):
        claim = self.hold(2)

        def transfer(env):
            return env["oms.claim"].browse(claim)._transfer([(self.product, self.site, 3)])

        def die(env):
            with self.killed_after(self.Claim, "_take_instead"):
                transfer(env)

        self.assertDead(self.start(die)())
        self.assertEqual((self.state(claim), self.promised()), ("active", 2))
        with self.committed() as env:
            transfer(env)
        self.assertEqual((self.state(claim), self.promised()), ("released", 3))
        self.assertNotOversold()

    def test_killed_while_claiming_for_an_order(self):
        """Nothing stays of a claim whose connection died, and its guard is free."""
        self.die(lambda env: (self.take(env, 3), self.kill(env.cr), env.cr.execute("SELECT 1")))
        self.hold(3)
        self.assertNotOversold()

    # === WORK ON WHAT IS HELD === #

    def test_work_that_fails_gives_back_at_once(self):
        def buy(env):
            with env["oms.claim"]._holding([(self.product, self.site, 3)], "cart", 5) as ids:
                retrying(env, lambda own: own["oms.claim"].browse(ids)._confirm_nothing())

        self.assertIsInstance(self.start(buy)(), AttributeError)
        self.assertEqual(self.promised(), 0)
        self.assertNotOversold()

    def test_work_whose_connection_dies_gives_back_at_once(self):
        def buy(env):
            with env["oms.claim"]._holding([(self.product, self.site, 3)], "cart", 5) as ids:
                self.assertEqual(self.promised(), 3)
                retrying(env, lambda own: own["oms.claim"].browse(ids)._confirm(lines(own)))

        order = self.order(3)

        def lines(env):
            return env["sale.order"].browse(order).order_line

        with self.killed_after(self.Claim, "_confirm"):
            outcome = self.start(buy)()
        self.assertDead(outcome)
        self.assertEqual(self.promised(), 0)
        self.assertEqual(self.read_orders(order), [(False, 0)])

    def test_process_that_dies_gives_back_when_the_time_is_over(self):
        """Nobody is left to give back; the time limit does it, job or no job."""
        with patch.object(self.Claim, "_give_back", side_effect=SystemExit):

            def buy(env):
                with env["oms.claim"]._holding([(self.product, self.site, 3)], "cart", 5) as ids:
                    taken.extend(ids)
                    raise SystemExit

            taken = []
            with self.assertRaises(SystemExit), self.committed() as env:
                buy(env)
        self.assertEqual(self.promised(), 3)
        self.pass_time(taken[0])
        self.assertEqual(self.left(), 3)
        self.hold(3)
        self.assertNotOversold()
