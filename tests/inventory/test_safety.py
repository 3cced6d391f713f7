import random
from datetime import date, timedelta

from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.oms.models.inventory import safety_sql

from ..common import OmsCase

TODAY = date(2024, 3, 4)


def counting_rule(rules, product, site, day, ring):
    """Return the rule of a family that counts: the truth, in plain Python."""

    def category_distance(category):
        distance, nearest = 0, product.categ_id
        while nearest and nearest != category:
            distance, nearest = distance + 1, nearest.parent_id
        return distance if nearest else None

    found = []
    for rule in rules:
        distance = category_distance(rule.categ_id) if rule.categ_id else 0
        if (
            rule.active
            and rule.company_id == site.company_id
            and (rule.operator == "subtract") == ring
            and (not rule.date_from or rule.date_from <= day)
            and (not rule.date_to or day <= rule.date_to)
            and rule.product_id in (product, product.browse())
            and distance is not None
            and rule.site_id in (site, site.browse())
            and (
                not rule.network_id or (rule.network_id.active and site in rule.network_id.site_ids)
            )
        ):
            goods = (0, 0) if rule.product_id else (1, distance) if rule.categ_id else (2, 0)
            place = 0 if rule.site_id else 1 if rule.network_id else 2
            found.append((goods, place, rule.sequence, rule.id, rule))
    return min(found)[-1] if found else None


def expected_safety(rules, product, site, available, day):
    """Return what is held back of what is available: the truth, in plain Python."""
    if available <= 0:
        return 0.0
    gate = counting_rule(rules, product, site, day, ring=False)
    if gate and (
        available < gate.quantity or (gate.operator == "at_most" and available <= gate.quantity)
    ):
        return available
    ring = counting_rule(rules, product, site, day, ring=True)
    return min(available, ring.quantity) if ring else 0.0


class SafetyCase(OmsCase):
    """A tree of categories, products in it, two networks, and a site of another company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["oms.safety.stock"].search([]).active = False
        cls.food = cls.env["product.category"].create({"name": "Food"})
        cls.fruit = cls.env["product.category"].create({"name": "Fruit", "parent_id": cls.food.id})
        cls.citrus = cls.env["product.category"].create(
            {"name": "Citrus", "parent_id": cls.fruit.id}
        )
        cls.bread = cls.make_product("Bread", categ_id=cls.food.id)
        cls.lemon = cls.make_product("Lemon", categ_id=cls.citrus.id)
        cls.apple.categ_id = cls.fruit
        cls.berry.categ_id = False
        cls.products = cls.apple + cls.berry + cls.bread + cls.lemon
        cls.north = cls.env["oms.network"].create(
            {"name": "North", "site_ids": [(6, 0, (cls.near + cls.middle).ids)]}
        )

    @classmethod
    def rule(cls, quantity=0.0, *about, operator="subtract", **vals):
        """Make a rule about records of any kind: ``rule(3, product, site)``."""
        names = {
            "product.product": "product_id",
            "product.category": "categ_id",
            "oms.site": "site_id",
            "oms.network": "network_id",
        }
        return cls.env["oms.safety.stock"].create(
            {
                "quantity": quantity,
                "operator": operator,
                **{names[record._name]: record.id for record in about},
                **vals,
            }
        )

    def held(self, product, site, available, day=TODAY):
        """Return what is held back of one product at one site."""
        return self.all_held([(product.id, site.id, available)], day)[product.id, site.id]

    def all_held(self, positions, day=TODAY):
        """Return what is held back by product and site, in the way of reads and of the view."""
        self.env["oms.safety.stock"]._flush_rules()
        products, sites, quantities = map(list, zip(*positions, strict=True))
        select = SQL(
            "SELECT *, available AS had FROM unnest(%s::integer[], %s::integer[], %s::float8[]) "
            "AS given (product_id, site_id, available)",
            products,
            sites,
            quantities,
        )
        columns, day = SQL("product_id, site_id, had"), SQL("%s::date", day)
        ids = (SQL("%s::integer[]", products), SQL("%s::integer[]", sites))
        answers = []
        for arguments in (ids, ()):
            rows = self.env.execute_query_dict(safety_sql.apply(select, columns, day, *arguments))
            self.assertEqual(len(rows), len(positions))
            for row in rows:
                self.assertAlmostEqual(row["available"], row["had"] - row["safety"])
            answers.append({(row["product_id"], row["site_id"]): row["safety"] for row in rows})
        self.assertEqual(*answers, "reads and the view agree")
        return answers[0]


@tagged("post_install", "-at_install")
class TestSafety(SafetyCase):
    """Which rule counts, and what it holds back."""

    def test_random_rules(self):
        """Any rules, against the same said in plain Python."""
        company = self.env["res.company"].create({"name": "Other"})
        foreign = self.make_site("Foreign", "FOR", company=company)
        sites = self.sites + foreign
        for seed in range(4):
            draw = random.Random(seed)
            rules = self.env["oms.safety.stock"]
            for _number in range(45):
                rules += self.random_rule(draw, company if draw.random() < 0.1 else self.company)
            for day in (TODAY, TODAY + timedelta(days=2)):
                given = [
                    (product.id, site.id, draw.choice((-2.0, 0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 9.0)))
                    for product in self.products
                    for site in sites
                ]
                held = self.all_held(given, day)
                for product_id, site_id, available in given:
                    product = self.products.browse(product_id)
                    site = sites.browse(site_id)
                    with self.subTest(seed=seed, product=product.name, site=site.name, day=day):
                        self.assertAlmostEqual(
                            held[product_id, site_id],
                            expected_safety(rules, product, site, available, day),
                        )
            rules.unlink()

    def random_rule(self, draw, company):
        own = company == self.company
        about = {
            "product_id": draw.choice(self.products).id if draw.random() < 0.35 else False,
            "site_id": draw.choice(self.sites).id if own and draw.random() < 0.35 else False,
        }
        if not about["product_id"] and draw.random() < 0.6:
            about["categ_id"] = draw.choice(self.food + self.fruit + self.citrus).id
        if own and not about["site_id"] and draw.random() < 0.5:
            about["network_id"] = draw.choice(self.network + self.north).id
        start = TODAY + timedelta(days=draw.randint(-3, 3))
        return self.env["oms.safety.stock"].create(
            {
                **about,
                "company_id": company.id,
                "operator": draw.choice(("subtract", "below", "at_most")),
                "quantity": draw.choice((0.0, 0.5, 1.0, 2.0, 3.0, 5.0)),
                "sequence": draw.randint(1, 3),
                "active": draw.random() < 0.9,
                "date_from": start if draw.random() < 0.4 else False,
                "date_to": start + timedelta(days=draw.randint(0, 3))
                if draw.random() < 0.4
                else False,
            }
        )

    def test_ring_fence(self):
        """What is there is lowered, to no less than nothing, and never raised."""
        self.rule(3, self.apple)
        for available, safety in ((5.0, 3.0), (3.0, 3.0), (2.0, 2.0), (0.0, 0.0), (-4.0, 0.0)):
            self.assertEqual(self.held(self.apple, self.near, available), safety)
        self.assertEqual(self.held(self.berry, self.near, 5.0), 0.0)

    def test_gate_below(self):
        """Nothing is promised while fewer are there than the quantity, then everything."""
        self.rule(3, self.apple, operator="below")
        for available, safety in ((2.99, 2.99), (3.0, 0.0), (5.0, 0.0), (-4.0, 0.0)):
            self.assertEqual(self.held(self.apple, self.near, available), safety)

    def test_gate_at_most(self):
        """The quantity itself is too few."""
        self.rule(3, self.apple, operator="at_most")
        for available, safety in ((2.0, 2.0), (3.0, 3.0), (3.01, 0.0)):
            self.assertEqual(self.held(self.apple, self.near, available), safety)

    def test_gate_is_not_misled_by_floats(self):
        """0.1 + 0.2 is not below 0.3 and not above it."""
        rule = self.rule(0.3, self.apple, operator="below")
        self.assertEqual(self.held(self.apple, self.near, 0.3 - 1e-16), 0.0)
        rule.operator = "at_most"
        self.assertEqual(self.held(self.apple, self.near, 0.1 + 0.2), 0.1 + 0.2)

    def test_gate_looks_before_the_ring_fence(self):
        self.rule(4, self.apple)
        self.rule(5, operator="below")
        self.assertEqual(self.held(self.apple, self.near, 5.0), 4.0)
        self.assertEqual(self.held(self.apple, self.near, 4.5), 4.5)

    def test_goods_go_before_places(self):
        """A rule for the product everywhere wins over one for its category at this site."""
        self.rule(1, self.near)
        self.assertEqual(self.held(self.lemon, self.near, 9.0), 1.0)
        self.rule(2, self.food, self.near)
        self.assertEqual(self.held(self.lemon, self.near, 9.0), 2.0)
        self.rule(3, self.fruit)
        self.assertEqual(self.held(self.lemon, self.near, 9.0), 3.0)
        self.rule(4, self.citrus)
        self.assertEqual(self.held(self.lemon, self.near, 9.0), 4.0)
        self.rule(5, self.lemon)
        self.assertEqual(self.held(self.lemon, self.near, 9.0), 5.0)
        self.assertEqual(self.held(self.apple, self.near, 9.0), 3.0)
        self.assertEqual(self.held(self.bread, self.near, 9.0), 2.0)
        self.assertEqual(self.held(self.berry, self.near, 9.0), 1.0)

    def test_site_goes_before_network(self):
        self.rule(1, self.apple)
        self.rule(2, self.apple, self.north)
        self.rule(3, self.apple, self.near)
        held = [self.held(self.apple, site, 9.0) for site in self.sites]
        self.assertEqual(held, [3.0, 2.0, 1.0])

    def test_sequence_then_age(self):
        first = self.rule(1, self.apple)
        second = self.rule(2, self.apple)
        self.assertEqual(self.held(self.apple, self.near, 9.0), 1.0)
        second.sequence = 5
        self.assertEqual(self.held(self.apple, self.near, 9.0), 2.0)
        (first + second).active = False
        self.assertEqual(self.held(self.apple, self.near, 9.0), 0.0)

    def test_exception_with_zero(self):
        """A rule with zero takes a product out of what holds for all."""
        self.rule(3)
        self.rule(0, self.apple)
        self.assertEqual(self.held(self.apple, self.near, 9.0), 0.0)
        self.assertEqual(self.held(self.berry, self.near, 9.0), 3.0)

    def test_dates_are_inclusive(self):
        day = timedelta(days=1)
        self.rule(1)
        self.rule(3, self.apple, date_from=TODAY, date_to=TODAY + day)
        held = [self.held(self.apple, self.near, 9.0, TODAY + n * day) for n in (-1, 0, 1, 2)]
        self.assertEqual(held, [1.0, 3.0, 3.0, 1.0])

    def test_what_rules_are_about_changes(self):
        """Another category, another network, an archived network, another company's rule."""
        self.rule(2, self.fruit)
        self.rule(3, self.berry, self.north)
        self.assertEqual(self.held(self.berry, self.far, 9.0), 0.0)
        self.north.site_ids += self.far
        self.assertEqual(self.held(self.berry, self.far, 9.0), 3.0)
        self.north.active = False
        self.assertEqual(self.held(self.berry, self.far, 9.0), 0.0)
        self.berry.categ_id = self.citrus
        self.assertEqual(self.held(self.berry, self.far, 9.0), 2.0)
        self.citrus.parent_id = self.food
        self.assertEqual(self.held(self.berry, self.far, 9.0), 0.0)

    def test_more_rules_than_a_byte_has_bits(self):
        """Hundreds of rules, each about its own product, all found."""
        products = self.env["product.product"].create(
            [{"name": f"P{n}", "is_storable": True} for n in range(70)]
        )
        for number, product in enumerate(products):
            self.rule(number + 1, product, operator="subtract" if number % 3 else "at_most")
        held = self.all_held([(product.id, self.near.id, 50.0) for product in products])
        for number, product in enumerate(products):
            kept_back, closed = min(50.0, number + 1), 50.0 * (number + 1 >= 50)
            safety = kept_back if number % 3 else closed
            self.assertEqual(held[product.id, self.near.id], safety)

    def test_without_rules_nothing_is_asked(self):
        """Whether there are rules is asked once for all, and again after whoever changed one."""
        rules = self.env["oms.safety.stock"]
        self.stock(self.apple, (self.near, 5))

        def read():
            [position] = self.env["oms.position"]._get_positions(self.near.ids, self.apple.ids)
            return position.safety, position.available

        self.assertEqual(read(), (0.0, 5.0))
        with self.queries() as statements:
            self.assertEqual(read(), (0.0, 5.0))
        self.assertFalse([each for each in statements if "safety_stock" in each])
        rule = self.rule(2)
        self.assertEqual(read(), (2.0, 3.0))
        rule.active = False
        self.assertEqual(read(), (0.0, 5.0))
        self.env.cr.postcommit.run()
        with self.queries() as statements:
            self.assertFalse(rules._is_any())
        self.assertTrue(statements, "asked between the change and its commit: asked again")
