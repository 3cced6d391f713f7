import random
from datetime import timedelta

from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from ..common import OmsCase
from .test_safety import TODAY, expected_safety


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
                held = expected_safety(rules, product, site, quantity, TODAY)
                expected = quantity - held
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
