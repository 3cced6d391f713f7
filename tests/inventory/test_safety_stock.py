import random
from datetime import date, timedelta

from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from ..common import OmsCase

TODAY = date(2024, 3, 4)


@tagged("post_install", "-at_install")
class TestSafetyStock(OmsCase):
    """What rules hold back is promised to nobody, by the nearest rule of either kind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        category = cls.env["product.category"]
        cls.fruit = category.create({"name": "Fruit"})
        cls.exotic = category.create({"name": "Exotic", "parent_id": cls.fruit.id})
        cls.apple.categ_id, cls.berry.categ_id = cls.fruit, cls.exotic
        cls.stores = cls.env["oms.network"].create(
            {"name": "Stores", "site_ids": [(6, 0, (cls.near + cls.middle).ids)]}
        )

    def rule(self, operator="subtract", quantity=2.0, **vals):
        return self.env["oms.safety.stock"].create(
            {"operator": operator, "quantity": quantity, **vals}
        )

    def available(self, product, site):
        found = self.env["oms.position"]._get_positions(site.ids, product.ids)
        return found[0].available if found else 0.0

    # === THE RULE OF RULES === #

    def nearest(self, rules, product, site, family):
        """The rule that counts, in plain Python."""
        above, category = [], product.categ_id
        while category:
            above.append(category)
            category = category.parent_id
        about = []
        for rule in rules:
            if (rule.operator == "subtract") != (family == "ring"):
                continue
            if not (rule.date_from or TODAY) <= TODAY <= (rule.date_to or TODAY):
                continue
            goods = (
                0 if rule.product_id == product
                else 1 + above.index(rule.categ_id) if rule.categ_id in above
                else 99 if not rule.product_id and not rule.categ_id
                else None
            )  # fmt: skip
            place = (
                0 if rule.site_id == site
                else 1 if rule.network_id and site in rule.network_id.site_ids
                else 2 if not rule.site_id and not rule.network_id
                else None
            )  # fmt: skip
            if goods is not None and place is not None:
                about.append((goods, place, rule.sequence, rule.id, rule))
        return min(about)[-1] if about else None

    def expected(self, rules, product, site, stock):
        gate = self.nearest(rules, product, site, "gate")
        if gate and (
            stock < gate.quantity or (gate.operator == "at_most" and stock == gate.quantity)
        ):
            return 0.0
        ring = self.nearest(rules, product, site, "ring")
        return max(stock - ring.quantity, 0.0) if ring else stock

    @freeze_time(TODAY)
    def test_against_the_reference(self):
        """Random rules of all scopes and dates: reads, screen and reference agree."""
        draw = random.Random(4)
        # The view asks the clock of the database, so the dates are those of years ago or none.
        past = {"date_from": "2000-01-01", "date_to": "2000-12-31"}
        products = self.apple + self.berry
        stock = {}
        for product in products:
            for site in self.sites:
                stock[product, site] = float(draw.randint(0, 9))
                if stock[product, site]:
                    self.stock(product, (site, stock[product, site]))
        for _case in range(12):
            self.env["oms.safety.stock"].search([]).unlink()
            for _rule in range(draw.randint(1, 8)):
                goods = draw.choice(
                    [{}, {"product_id": draw.choice(products).id}]
                    + [{"categ_id": category.id} for category in (self.fruit, self.exotic)]
                )
                places = draw.choice(
                    [{}, {"site_id": draw.choice(self.sites).id}, {"network_id": self.stores.id}]
                )
                dates = draw.choice([{}, {}, {}, past])
                self.rule(
                    draw.choice(["subtract", "below", "at_most"]),
                    float(draw.randint(0, 8)),
                    sequence=draw.randint(1, 3),
                    **goods,
                    **places,
                    **dates,
                )
            rules = self.env["oms.safety.stock"].search([])
            self.env.flush_all()
            self.env["oms.position"].invalidate_model()
            shown = self.env["oms.position"].search([("product_id", "in", products.ids)])
            shown = {(p.product_id, p.site_id): p.available for p in shown}
            for (product, site), quantity in stock.items():
                expected = self.expected(rules, product, site, quantity)
                self.assertEqual(self.available(product, site), expected)
                self.assertEqual(
                    shown.get((product, site), 0.0), expected, (product.name, site.code, quantity)
                )

    def test_dates(self):
        """The first and the last day count."""
        self.stock(self.apple, (self.near, 5))
        self.rule(date_from=TODAY, date_to=TODAY + timedelta(days=1))
        positions = self.env["oms.position"]
        for day, left in ((-1, 5), (0, 3), (1, 3), (2, 5)):
            with freeze_time(TODAY - timedelta(days=3)):
                at = f"{TODAY + timedelta(days=day)} 12:00:00"
                answer = positions.get_availability(["Apple"], sites=["NEAR"], at=at)
            self.assertEqual(answer[0]["available"], left, day)

    def test_other_company(self):
        other = self.env["res.company"].create({"name": "Other company"})
        elsewhere = self.make_site("Elsewhere", "ELSE", company=other)
        self.stock(self.apple, (elsewhere, 5), (self.near, 5))
        self.rule(company_id=other.id)
        self.assertEqual(self.available(self.apple, self.near), 5)
        self.assertEqual(self.available(self.apple, elsewhere), 3)

    def test_archived_rule_and_network(self):
        self.stock(self.apple, (self.near, 5))
        rule = self.rule(network_id=self.stores.id)
        self.assertEqual(self.available(self.apple, self.near), 3)
        self.stores.active = False
        self.assertEqual(self.available(self.apple, self.near), 5)
        self.stores.active = True
        rule.active = False
        self.assertEqual(self.available(self.apple, self.near), 5)

    def test_site_in_debt_stays_in_debt(self):
        self.stock(self.apple, (self.near, -3))
        self.rule()
        self.assertEqual(self.available(self.apple, self.near), -3)

    # === WHAT HEEDS IT === #

    def test_orders_leave_it(self):
        """An order takes what is above the safety stock, and waits for the rest."""
        self.stock(self.apple, (self.near, 5))
        rule = self.rule(site_id=self.near.id)
        order = self.make_order((self.apple, 4))
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 3})
        self.assertEqual(order.oms_state, "partial")
        rule.unlink()
        self.run_cron()
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 4})

    def test_claims_leave_it(self):
        self.stock(self.apple, (self.near, 5))
        self.rule()
        values = {"product_id": self.apple.id, "site_id": self.near.id}
        with self.assertRaisesRegex(UserError, "3 are available at Near, not 4"):
            self.env["oms.claim"].create({**values, "quantity": 4})
        self.env["oms.claim"].create({**values, "quantity": 3})
        self.assertEqual(self.available(self.apple, self.near), 0)

    def test_gate_closes_the_site(self):
        """The nearest site sends nothing while it has too few, a farther one does."""
        self.stock(self.apple, (self.near, 5), (self.far, 5))
        self.rule("at_most", 5, site_id=self.near.id)
        self.assertEqual(self.plan(self.make_order((self.apple, 1))), {("FAR", "Apple"): 1})

    def test_screen_tells(self):
        self.stock(self.apple, (self.near, 5))
        self.rule()
        position = self.env["oms.position"].search(
            [("product_id", "=", self.apple.id), ("site_id", "=", self.near.id)]
        )
        self.assertEqual((position.on_hand, position.safety, position.available), (5, 2, 3))

    # === SETTING UP === #

    def test_bad_input(self):
        for vals, sentence in (
            ({"quantity": -1}, "zero or above"),
            ({"quantity": float("inf")}, "zero or above"),
            ({"quantity": float("nan")}, "zero or above"),
            ({"quantity": 0.001}, "finer than quantities are"),
            ({"product_id": self.make_product("Gone", active=False).id}, "is archived"),
        ):
            with self.assertRaisesRegex(ValidationError, sentence):
                self.rule(**vals)
        for vals in (
            {"product_id": self.apple.id, "categ_id": self.fruit.id},
            {"site_id": self.near.id, "network_id": self.stores.id},
            {"date_from": "2024-03-05", "date_to": "2024-03-04"},
        ):
            with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
                self.rule(**vals)
        other = self.env["res.company"].create({"name": "Other company"})
        with self.assertRaises(UserError):
            self.rule(site_id=self.near.id, company_id=other.id)

    def test_roles(self):
        rule = self.rule()
        for group in ("oms.group_order_operator", "oms.group_site_operator"):
            user = self.make_user(group, group)
            self.assertTrue(rule.with_user(user).read(["quantity"]))
            with self.assertRaises(AccessError):
                rule.with_user(user).quantity = 1
        manager = self.make_user("safety-manager", "oms.group_order_manager")
        rule.with_user(manager).quantity = 1
        system = self.make_user("safety-system", "oms.group_channel_user")
        with self.assertRaises(AccessError):
            rule.with_user(system).read(["quantity"])
