"""The feed beside transactions that are really committed, at once and in any order."""

import random
import threading
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.oms.models.feed import oms_feed
from odoo.addons.oms.models.transaction import reading_committed

from ..inventory.gate_case import GateCase
from .feed_case import Client

#: Writers at once, and what each of them does.
WRITERS = 3
STEPS = 25


@tagged("post_install", "-at_install")
class TestFeedCommits(GateCase):
    def setUp(self):
        super().setUp()
        with self.committed() as env:
            self.others = [self.make_product(env, f"Gate {n}").id for n in range(4)]

    def clean(self):
        with self.committed() as env:
            products = env["product.product"].search([("name", "=like", "Gate%")]).ids
        res = super().clean()
        with self.committed() as env:
            env.cr.execute("DELETE FROM oms_feed_stock WHERE product_id = ANY(%s)", [products])
            env.cr.execute("DELETE FROM oms_position_news WHERE product_id = ANY(%s)", [products])
        return res

    def call(self, name, *args, **kwargs):
        with self.committed() as env:
            return getattr(env["oms.channel"].browse(self.channel), name)(*args, **kwargs)

    def open_client(self):
        client = Client(self.call)
        client.snapshot()
        return client

    def put(self, env, product, quantity):
        """Change what is there, and have it written."""
        env["stock.quant"]._update_available_quantity(
            env["product.product"].browse(product), self.place(env), quantity
        )
        env.flush_all()

    def publish_in(self, env):
        """Publish in a transaction that is open yet, as a publisher in its midst."""
        return env["oms.feed"]._publish_batch()

    def told(self, client):
        return {row["product_id"]: row["available"] for row in client.follow()}

    # === WHO COMMITS LAST === #

    def test_slow_transaction_is_not_skipped(self):
        """It began and wrote first and commits last; who reads in between misses nothing."""
        client = self.open_client()
        slow, fast = self.others[:2]
        with self.registry.cursor() as own:
            self.put(self.open(own), slow, 1)
            with self.committed() as env:
                self.put(env, fast, 2)
            self.assertEqual(self.told(client), {fast: 2})
            between = client.cursor
            with self.committed() as env:
                self.put(env, fast, 2)
            self.assertEqual(self.told(client), {fast: 4})
            own.commit()
        self.assertEqual(self.told(client), {slow: 1})
        self.assertEqual(self.told(client), {})
        client.cursor = between
        self.assertEqual(self.told(client), {slow: 1, fast: 4})

    def test_slow_transaction_over_the_same_product(self):
        """Both change the same product; its quantity is whole when the last one is committed."""
        client = self.open_client()
        product = self.others[0]
        with self.registry.cursor() as own:
            # By another record of the stock: else one would wait for the other.
            self.put(self.open(own), product, 1)
            with self.committed() as env:
                self.put(env, product, 10)
            self.assertEqual(self.told(client), {product: 10})
            own.commit()
        self.assertEqual(self.told(client), {product: 11})

    def test_rolled_back(self):
        client = self.open_client()
        with self.registry.cursor() as own:
            self.put(self.open(own), self.others[0], 1)
            self.assertEqual(self.told(client), {})
            own.rollback()
        self.assertEqual(self.told(client), {})

    def test_folded_while_it_is_published(self):
        """Somebody folds an entry in a transaction that is open when it is published."""
        client = self.open_client()
        told, fresh = self.others[:2]
        with self.committed() as env:
            self.put(env, told, 1)
        self.assertEqual(self.told(client), {told: 1})
        with self.committed() as env:
            self.put(env, fresh, 2)
        with self.registry.cursor() as own:
            own.execute("SELECT oms_position_compact(1000000)")
            self.assertEqual(self.told(client), {fresh: 2})
            own.commit()
        # Told again, which does no harm; lost it must not be.
        self.assertLessEqual(self.told(client).items(), {(fresh, 2)})
        self.assertEqual(self.told(client), {})

    def test_published_while_it_is_folded(self):
        """Somebody publishes an entry in a transaction that is open when it is folded."""
        client = self.open_client()
        with self.committed() as env:
            self.put(env, self.others[0], 1)
        with self.registry.cursor() as own:
            self.publish_in(self.open(own))
            with self.committed() as env:
                env.cr.execute("SELECT oms_position_compact(1000000)")
            own.commit()
        self.assertEqual(self.told(client), {self.others[0]: 1})
        self.assertEqual(self.told(client), {})

    # === PUBLISHERS === #

    def test_two_publishers(self):
        """The second one waits for the first and goes on behind its numbers."""
        client = self.open_client()
        one, two = self.others[:2]
        with self.committed() as env:
            self.put(env, one, 1)
        with self.registry.cursor() as own:
            self.publish_in(self.open(own))
            with self.committed() as env:
                self.put(env, two, 2)
            rows = self.run_behind(own, lambda env: client.follow())
        self.assertEqual({row["product_id"]: row["available"] for row in rows}, {one: 1, two: 2})
        with self.committed() as env:
            env.cr.execute(
                "SELECT COUNT(*), COUNT(DISTINCT number), MAX(number) <= "
                "(SELECT last FROM oms_feed_state) FROM oms_feed_stock"
            )
            count, numbers, within = env.cr.fetchone()
        self.assertEqual(count, numbers)
        self.assertTrue(within)

    def test_reader_does_not_wait_for_ever(self):
        """Another publisher takes long: the reader gets what is published, the rest next time."""
        client = self.open_client()
        with self.committed() as env:
            self.put(env, self.others[0], 1)
        with self.registry.cursor() as own:
            self.publish_in(self.open(own))
            with patch.object(oms_feed, "PATIENCE", "50ms"):
                self.assertEqual(self.told(client), {})
            own.commit()
        self.assertEqual(self.told(client), {self.others[0]: 1})

    def test_publisher_killed_half_way(self):
        """Nothing of what it did is there, and the next one does all of it."""
        client = self.open_client()
        with self.committed() as env:
            self.put(env, self.others[0], 1)
            self.hold(1, env)

        def die(env):
            self.publish_in(env)
            self.kill(env.cr)
            env.cr.execute("SELECT 1")

        self.die(die)
        self.assertEqual(self.told(client), {self.others[0]: 1, self.product: 2})

    def test_waiting_publisher_killed(self):
        client = self.open_client()
        with self.committed() as env:
            self.put(env, self.others[0], 1)
        with self.registry.cursor() as own:
            own.execute("SELECT FROM oms_feed_state FOR UPDATE")
            self.kill_behind(own, lambda env: env["oms.feed"]._publish())
        self.assertEqual(self.told(client), {self.others[0]: 1})

    # === WHATEVER COMES === #

    def work(self, seed, failures):
        """Change stock and hold goods, some of it rolled back, as one of several at once."""
        try:
            self.churn(seed)
        except Exception as error:
            failures.append(error)

    def churn(self, seed):
        draw = random.Random(seed)
        for _step in range(STEPS):
            product = draw.choice(self.others)
            kind = draw.choice(("put", "put", "hold", "fold", "fail"))
            if kind == "hold":
                with self.committed() as env:
                    env["oms.claim"]._hold([(product, self.site, 1)], "cart", 5)
                continue
            with self.registry.cursor() as own:
                env = self.open(own)
                if kind == "fold":
                    own.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
                    own.execute("SELECT oms_position_compact(%s)", [draw.choice((1, 5, 1000))])
                else:
                    # An entry of its own for each: quants would make writers fail on each other.
                    own.execute(
                        "INSERT INTO stock_quant "
                        "(product_id, location_id, company_id, quantity, reserved_quantity, "
                        "in_date) SELECT %s, id, company_id, %s, 0, now() FROM stock_location "
                        "WHERE id = %s",
                        [product, draw.randint(1, 9), self.place(env).id],
                    )
                if kind == "fail":
                    own.rollback()

    def test_snapshot_and_changes_are_the_truth(self):
        """Clients that read at any moment know in the end what is there, each change included."""
        with self.committed() as env:
            for product in self.others:
                self.put(env, product, 1000)
        for seed in range(3):
            clients, failures = [self.open_client()], []
            writers = [
                threading.Thread(target=self.work, args=(f"{seed} {number}", failures), daemon=True)
                for number in range(WRITERS)
            ]
            for writer in writers:
                writer.start()
            while any(writer.is_alive() for writer in writers):
                for client in clients:
                    client.follow(limit=1)
                if len(clients) < 3:
                    clients.append(self.open_client())
            for writer in writers:
                writer.join()
            self.assertEqual(failures, [])
            with self.committed() as env:
                answers = env["oms.position"].get_availability(self.others, channel=self.channel)
            truth = {each["product_id"]: each["available"] for each in answers}
            for client in clients:
                client.follow(limit=2)
                self.assertEqual({key: client.known[key] for key in truth}, truth)
        self.assertNotEqual(truth, dict.fromkeys(self.others, 1000))


@tagged("post_install", "-at_install")
class TestFeedCommitsBound(TestFeedCommits):
    """The same, with entries done with as soon as nobody has one in hand."""

    def setUp(self):
        super().setUp()
        self.patch(oms_feed, "MANY", -1)

    def until(self):
        """Return up to which entry all are told, and the last one that there is."""
        with self.committed() as env:
            env.cr.execute(
                "SELECT entry, (SELECT last_value FROM oms_position_delta_id_seq) "
                "FROM oms_position_told_until"
            )
            return env.cr.fetchone()

    def test_entries_in_hand_are_not_done_with(self):
        client = self.open_client()
        slow, fast = self.others[:2]
        with self.registry.cursor() as own:
            self.put(self.open(own), slow, 1)
            with self.committed() as env:
                self.put(env, fast, 2)
            self.assertEqual(self.told(client), {fast: 2})
            until, last = self.until()
            self.assertLess(until, last, "one of them is open yet")
            own.commit()
        self.assertEqual(self.told(client), {slow: 1})
        until, last = self.until()
        self.assertEqual(until, last)
        self.assertEqual(self.told(client), {})
        with self.committed() as env:
            env.cr.execute("SELECT oms_position_compact(1000000)")
        self.assertEqual(self.told(client), {}, "folding what was told tells nothing")

    def test_all_of_a_batch_only(self):
        """While there is more to tell than one batch, nothing is done with."""
        client = self.open_client()
        self.patch(oms_feed, "BATCH", 2)
        with self.committed() as env:
            for product in self.others:
                self.put(env, product, 1)
        before = self.until()[0]
        with self.committed() as env, reading_committed(env) as own:
            self.assertEqual(own["oms.feed"]._publish_batch(), (2, True))
        self.assertEqual(self.until()[0], before)
        self.assertEqual(self.told(client), dict.fromkeys(self.others, 1))
