from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from ..common import LYON, OmsCase


@tagged("post_install", "-at_install")
class TestSimulation(OmsCase):
    """Decisions can be replayed, and orders be tried that do not exist; nothing is changed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 2), (cls.far, 5))
        cls.stock(cls.berry, (cls.far, 5))
        cls.order = cls.make_order((cls.apple, 2), (cls.berry, 1))
        cls.decision = cls.order.oms_decision_ids
        # A parcel costs next to nothing, a kilometer much.
        cls.close = cls.env["oms.strategy"].create(
            {"name": "Close By", "parcel_cost": 0.01, "unit_cost": 0.1, "unit_km_cost": 1.0}
        )

    def replay(self, **values):
        return self.env["oms.simulation"].create(
            {
                "decision_id": self.decision.id,
                "strategy_ids": [(6, 0, (self.strategy | self.close).ids)],
                **values,
            }
        )

    def rows(self, simulation):
        return {row["title"]: row for row in simulation.comparison["rows"]}

    def served(self, row):
        return {site["name"]: site["quantity"] for site in row["sites"]}

    def counts(self):
        models = ("sale.order", "oms.claim", "oms.decision", "oms.fulfillment", "stock.move")
        return {name: self.env[name].search_count([]) for name in models}

    def test_replay_with_the_snapshot(self):
        before = self.counts()
        self.stock(self.apple, (self.near, 100))
        self.stock(self.berry, (self.near, 100))
        simulation = self.replay()
        self.assertEqual(simulation.basis, "snapshot")
        rows = self.rows(simulation)
        self.assertEqual(self.served(rows[self.strategy.name]), {"Far": 3})
        self.assertEqual(self.served(rows["Close By"]), {"Near": 2, "Far": 1})
        made = simulation.comparison["made"]
        self.assertEqual(self.served(made), {"Far": 3})
        self.assertAlmostEqual(made["total"], rows[self.strategy.name]["total"], places=6)
        self.assertEqual(self.counts(), before, "nothing is written")

    def replay_same(self, decision):
        """Replay a decision by its own strategy; return what each site gives."""
        simulation = self.env["oms.simulation"].create(
            {"decision_id": decision.id, "strategy_ids": [(6, 0, self.strategy.ids)]}
        )
        self.assertEqual(simulation.basis, "snapshot")
        return self.served(self.rows(simulation)[self.strategy.name])

    def test_replay_knows_the_room_that_sites_had(self):
        """Far takes 2 more units today: the rest comes from near, in the replay as well."""
        self.stock(self.apple, (self.near, 10))
        self.far.capacity_units = 2.0
        self.strategy.write({"parcel_cost": 0.01, "unit_km_cost": 0.0})
        self.near.unit_cost = 50.0
        decision = self.make_order((self.apple, 4)).oms_decision_ids
        made = self.served(self.rows_of_made(decision))
        self.assertEqual(made, {"Far": 2, "Near": 2})
        self.far.capacity_units = 0
        self.assertEqual(self.replay_same(decision), made)

    def rows_of_made(self, decision):
        return self.env["oms.simulation"].create({"decision_id": decision.id})._prepare_made_row()

    def test_replay_keeps_back_once(self):
        """What the strategy keeps back is not taken off the stock that was seen once more."""
        self.strategy.min_stock = 2
        self.stock(self.apple, (self.near, 3))
        decision = self.make_order((self.apple, 4)).oms_decision_ids
        made = self.served(self.rows_of_made(decision))
        self.assertEqual(self.replay_same(decision), made)
        self.strategy.min_stock = 0
        self.assertEqual(self.replay_same(decision), {"Near": 4}, "seen without what is kept back")

    def test_replay_knows_what_kept_sites_out(self):
        """Asked because that was soft; where it is hard now, the site is not asked."""
        self.far.max_kilometers = 1
        self.strategy.area_rule = "soft"
        decision = self.make_order((self.berry, 1)).oms_decision_ids
        self.assertEqual(self.replay_same(decision), {"Far": 1})
        self.strategy.area_rule = "hard"
        self.assertEqual(self.replay_same(decision), {})

    def test_all_plans_at_the_same_prices(self):
        rows = self.rows(self.replay())
        own, other = rows[self.strategy.name], rows["Close By"]
        self.assertTrue(own["best"])
        self.assertFalse(other["best"])
        # By hand: one parcel more, two apples from near instead of from far.
        kilometers = own["kilometers"] - (other["kilometers"] - own["kilometers"])
        saved = 2 * self.strategy.unit_km_cost * kilometers
        self.assertAlmostEqual(other["difference"], self.strategy.parcel_cost - saved, places=4)

    def test_replay_with_the_stock_of_today(self):
        self.stock(self.apple, (self.near, 100))
        self.stock(self.berry, (self.near, 100))
        rows = self.rows(self.replay(basis="today"))
        self.assertEqual(self.served(rows[self.strategy.name]), {"Near": 3})

    def test_what_the_order_holds_is_its_own(self):
        """Today all of the stock may be held by the order itself."""
        self.make_order((self.apple, 3), (self.berry, 4))
        rows = self.rows(self.replay(basis="today"))
        self.assertFalse(rows[self.strategy.name]["unfilled"])

    def test_parcels_that_are_packed_anyway(self):
        """A replay costs what the decision cost, which joined a parcel of an earlier one."""
        self.order.order_line[0].product_uom_qty = 4
        self.decision = self.order.oms_decision_ids.sorted("id")[-1]
        self.assertEqual(self.decision.site_ids, self.far)
        self.assertLess(self.decision.cost, self.strategy.parcel_cost, "the parcel is paid for")
        for basis in ("snapshot", "today"):
            simulation = self.replay(basis=basis)
            row = self.rows(simulation)[self.strategy.name]
            self.assertEqual(self.served(row), {"Far": 2})
            self.assertAlmostEqual(row["total"], simulation.comparison["made"]["total"], places=6)

    def test_one_parcel_is_no_split(self):
        self.strategy.split_cost = 3.0
        order = self.make_order((self.berry, 1))
        self.decision = order.oms_decision_ids
        self.assertEqual(dict(self.decision.costs)["split"], 0.0)
        simulation = self.replay()
        row = self.rows(simulation)[self.strategy.name]
        self.assertEqual(dict(row["costs"])["Splits"], 0.0)
        self.assertAlmostEqual(row["total"], simulation.comparison["made"]["total"], places=6)

    def test_without_snapshot(self):
        self.decision.write({"kept_explanation": self.decision.explanation, "problem": None})
        simulation = self.replay()
        self.assertEqual(simulation.basis, "today")
        self.assertEqual(self.served(self.rows(simulation)[self.strategy.name]), {"Far": 3})

    def test_test_drive(self):
        before = self.counts()
        with Form(self.env["oms.simulation"]) as form:
            form.channel_id = self.channel
            self.assertIn("message", form.comparison)
            form.latitude, form.longitude = LYON
            with form.line_ids.new() as line:
                line.product_id = self.berry
                line.quantity = 7
        simulation = form.record
        row = self.rows(simulation)[self.strategy.name]
        self.assertEqual(self.served(row), {"Far": 4}, "what is there, less the order's own")
        self.assertEqual(row["unfilled"], 3)
        self.assertEqual(self.counts(), before)

    def test_plans_with_sites_that_the_channel_never_asks(self):
        """The prices are those of a strategy that leaves sites out, which others choose."""
        sites = self.near + self.far
        near, far = self.env["oms.sourcing"]._get_kilometers(self.order, sites)[0]
        self.strategy.max_kilometers = (near + far) / 2
        rows = self.rows(self.replay())
        self.assertEqual(self.served(rows[self.strategy.name]), {"Near": 2})
        self.assertEqual(self.served(rows["Close By"]), {"Near": 2, "Far": 1})
        prices = dict(rows["Close By"]["costs"])
        self.assertEqual(prices["Parcels"], 2 * self.strategy.parcel_cost)

    def test_bad_input_is_answered(self):
        simulation = self.env["oms.simulation"].create({"channel_id": self.channel.id})
        self.assertIn("add a product", simulation.comparison["message"])
        simulation.line_ids = [(0, 0, {"product_id": self.apple.id, "quantity": -1})]
        self.assertIn("above zero", simulation.comparison["message"])
        simulation.line_ids.quantity = 1
        self.channel.network_ids.site_ids = False
        simulation.invalidate_recordset()
        self.assertIn("No site may serve", simulation.comparison["message"])

    def test_roles(self):
        operator = new_test_user(self.env, "drives", groups="oms.group_order_operator")
        mine = self.decision.with_user(operator)
        action = mine.action_replay()
        simulation = (
            self.env["oms.simulation"].with_user(operator).with_context(**action["context"])
        ).create({})
        self.assertEqual(simulation.decision_id, mine)
        self.assertTrue(simulation.comparison["rows"])
        worker = new_test_user(self.env, "packs", groups="oms.group_site_operator")
        with self.assertRaises(AccessError):
            self.env["oms.simulation"].with_user(worker).create({})
