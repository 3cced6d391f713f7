import random
from datetime import timedelta
from fractions import Fraction
from math import ceil, floor

from odoo import Command, fields
from odoo.tests import tagged

from .common import KitCase


@tagged("post_install", "-at_install")
class TestKit(KitCase):
    """How many kits their parts make up, at each site and in all."""

    def test_the_part_of_which_there_is_least(self):
        kit = self.make_kit("Set", (self.bolt, 2), (self.nut, 3))
        self.stock(self.bolt, (self.near, 9), (self.far, 4))
        self.stock(self.nut, (self.near, 7), (self.middle, 30))
        self.assertEqual(self.at_sites(kit), {"NEAR": 2, "MID": 0, "FAR": 0})
        answer = self.ask(kit, detail=True)
        self.assertEqual(answer["available"], 2)
        self.assertEqual(self.ask(kit)["available"], 2)
        [near] = [site for site in answer["sites"] if site["site"] == "NEAR"]
        self.assertEqual(
            near["parts"],
            [
                {
                    "product": "Nut",
                    "product_id": self.nut.id,
                    "unit": self.nut.uom_id.name,
                    "per_kit": 3,
                    "available": 7,
                    "kits": 2,
                },
                {
                    "product": "Bolt",
                    "product_id": self.bolt.id,
                    "unit": self.bolt.uom_id.name,
                    "per_kit": 2,
                    "available": 9,
                    "kits": 4,
                },
            ],
        )
        self.assertNotIn("on_hand", near, "a kit has no stock of its own")

    def test_a_kit_ships_whole_from_one_site(self):
        """Bolts here and nuts there are no kit; in all it is the sum over the sites."""
        kit = self.make_kit("Set", (self.bolt, 1), (self.nut, 1))
        self.stock(self.bolt, (self.near, 10), (self.middle, 2))
        self.stock(self.nut, (self.far, 10), (self.middle, 3))
        self.assertEqual(self.ask(kit)["available"], 2)
        self.assertEqual(self.ask(kit, networks=None, sites=["NEAR", "FAR"])["available"], 0)
        self.assertEqual(kit.oms_available_qty, 2)

    def test_what_was_promised_of_parts_counts(self):
        kit = self.make_kit("Set", (self.bolt, 2), (self.nut, 1))
        self.stock(self.bolt, (self.near, 20))
        self.stock(self.nut, (self.near, 20))
        self.assertEqual(self.ask(kit)["available"], 10)
        self.make_open_move(self.bolt, self.near, -3)
        self.assertEqual(self.ask(kit)["available"], 8)
        self.hold((self.bolt, self.near, 5))
        self.assertEqual(self.ask(kit)["available"], 6)
        self.env["oms.safety.stock"].create(
            {"operator": "subtract", "quantity": 17, "product_id": self.nut.id}
        )
        self.assertEqual(self.ask(kit)["available"], 3)

    def test_at_a_date(self):
        kit = self.make_kit("Set", (self.bolt, 2), (self.nut, 1))
        self.stock(self.bolt, (self.near, 4))
        self.stock(self.nut, (self.near, 5))
        now = fields.Datetime.now()
        self.make_open_move(self.bolt, self.near, 10, now + timedelta(days=3))
        self.make_open_move(self.nut, self.near, -1, now + timedelta(days=8))

        def at(days):
            return self.ask(kit, at=fields.Datetime.to_string(now + timedelta(days=days)))

        self.assertEqual(self.ask(kit)["available"], 2)
        self.assertEqual(at(1)["available"], 2)
        self.assertEqual(at(5)["available"], 4, "7 bolts are enough, one nut of 5 is promised")

    def test_own_stock_of_a_kit_is_none(self):
        """What lies around of a product that became a kit is not shipped by Odoo."""
        kit = self.make_product("Set")
        self.stock(kit, (self.near, 50))
        self.assertEqual(self.ask(kit)["available"], 50)
        bill = self.make_bill(kit, (self.bolt, 1))
        self.stock(self.bolt, (self.near, 2))
        self.assertEqual(self.ask(kit)["available"], 2)
        self.assertEqual(self.at_sites(kit), {"NEAR": 2})
        bill.active = False
        self.assertEqual(self.ask(kit)["available"], 50, "an archived bill makes no kit")
        bill.write({"active": True, "type": "normal"})
        self.assertEqual(self.ask(kit)["available"], 50, "what is manufactured is no kit")

    def test_parts_without_stock(self):
        card = self.make_product("Card", is_storable=False)
        service = self.make_product("Help", type="service", is_storable=False)
        kit = self.make_kit("Set", (self.bolt, 2), (card, 1), (service, 1), (self.nut, 0))
        self.stock(self.bolt, (self.near, 5))
        self.assertEqual(self.ask(kit)["available"], 2, "optional parts limit nothing")
        self.assertIsNone(self.ask(self.make_kit("Paper", (card, 2)))["available"])
        self.assertEqual(self.ask(self.make_kit("New", (self.nut, 1)))["available"], 0)

    def test_nested(self):
        inner = self.make_kit("Inner", (self.bolt, 2), (self.nut, 1))
        outer = self.make_kit("Outer", (inner, 2), (self.bolt, 1))
        self.stock(self.bolt, (self.near, 16))
        self.stock(self.nut, (self.near, 100))
        self.assertEqual(self.ask(outer)["available"], 3)
        self.assertEqual(self.ask(inner)["available"], 8)

    def test_units(self):
        """A bill by the dozen, a part by the dozen, a product sold by the dozen."""
        dozen = {"product_uom_id": self.dozen.id}
        kit = self.make_kit(
            "Set", (self.bolt, 2, dozen), (self.nut, 6), product_qty=1, product_uom_id=self.dozen.id
        )
        # 12 kits take 24 bolts and 6 nuts.
        self.stock(self.bolt, (self.near, 7))
        self.stock(self.nut, (self.near, 100))
        self.assertEqual(self.ask(kit)["available"], 3)
        by_dozen = self.make_product("Box", is_storable=False, uom_id=self.dozen.id)
        self.make_bill(by_dozen, (self.bolt, 12), product_uom_id=self.dozen.id)
        self.stock(self.bolt, (self.near, 20))
        self.assertEqual(self.ask(by_dozen)["available"], 2)

    def test_variants(self):
        attribute = self.env["product.attribute"].create(
            {
                "name": "Size",
                "value_ids": [Command.create({"name": name}) for name in ("Small", "Large")],
            }
        )
        template = self.env["product.template"].create(
            {
                "name": "Set",
                "type": "consu",
                "attribute_line_ids": [
                    Command.create(
                        {"attribute_id": attribute.id, "value_ids": attribute.value_ids.ids}
                    )
                ],
            }
        )
        small, large = template.product_variant_ids
        value = large.product_template_attribute_value_ids
        only_large = {"bom_product_template_attribute_value_ids": value.ids}
        self.make_bill(small, (self.bolt, 1), (self.nut, 1, only_large))
        self.stock(self.bolt, (self.near, 10))
        self.stock(self.nut, (self.near, 4))
        self.assertEqual((self.ask(small)["available"], self.ask(large)["available"]), (10, 4))
        self.assertEqual(template.oms_available_qty, 14)
        own = self.make_bill(small, (self.bolt, 5), product_id=small.id, sequence=-1)
        self.assertEqual((self.ask(small)["available"], self.ask(large)["available"]), (2, 4))
        own.active = False
        self.assertEqual(self.ask(small)["available"], 10)

    def test_companies(self):
        """Each company's sites put kits together by the bill of the company."""
        other = self.env["res.company"].create({"name": "Other"})
        self.env.user.company_ids += other
        abroad = self.make_site("Abroad", "ABR", company=other)
        kit = self.make_kit("Set", (self.bolt, 2), company_id=self.company.id)
        self.make_bill(kit, (self.bolt, 5), company_id=other.id, sequence=-1)
        self.stock(self.bolt, (self.near, 10), (abroad, 10))
        companies = self.env.company + other
        position = self.env["oms.position"].with_context(allowed_company_ids=companies.ids)
        [answer] = position.get_availability([kit.id], sites=["NEAR", "ABR"], detail=True)
        self.assertEqual(
            {site["site"]: site["available"] for site in answer["sites"]}, {"NEAR": 5, "ABR": 2}
        )
        self.assertEqual(answer["available"], 7)
        self.assertTrue(kit._oms_is_kit(other))
        self.assertFalse(self.bolt._oms_is_kit(other))

    def test_shares_of_parts(self):
        kit = self.make_kit("Set", (self.bolt, 2), (self.nut, 1))
        self.stock(self.bolt, (self.near, 10), (self.far, 10))
        self.stock(self.nut, (self.far, 10))
        market = self.make_channel("Market", "TMAR")
        self.env["oms.allocation"].create(
            {
                "channel_id": market.id,
                "kind": "protected",
                "amount": 14,
                "product_id": self.bolt.id,
            }
        )
        self.assertEqual(self.ask(kit, channel="TMAR", networks=None)["available"], 5)
        # Six bolts are left, and they are counted where nuts are.
        self.assertEqual(self.ask(kit, channel="TWEB", networks=None)["available"], 3)
        rows = self.channel._explain_sellable(kit)
        self.assertEqual(
            [(row["kind"], row["quantity"]) for row in rows],
            [("available", 5), ("held", -2), ("sellable", 3)],
        )

    def test_shares_can_be_taken_at_once(self):
        """What is told of all sites together breaks no limit, and no kit is left out."""
        kit = self.make_kit("Set", (self.bolt, 1), (self.nut, 1))
        self.stock(self.bolt, (self.near, 10), (self.middle, 10))
        self.stock(self.nut, (self.near, 2), (self.middle, 3))
        self.env["oms.allocation"].create(
            {
                "channel_id": self.channel.id,
                "kind": "capped",
                "amount": 4,
                "product_id": self.bolt.id,
            }
        )
        answer = self.ask(kit, channel="TWEB", networks=None, detail=True)
        self.assertEqual(answer["available"], 4)
        taken = {site["site"]: site["available"] for site in answer["sites"]}
        self.hold(
            (kit, self.near, taken["NEAR"]), (kit, self.middle, taken["MID"]), channel=self.channel
        )
        self.assertEqual(self.ask(kit, channel="TWEB", networks=None)["available"], 0)

    def test_a_channel_is_not_told_of_parts(self):
        kit = self.make_kit("Set", (self.bolt, 1))
        self.stock(self.bolt, (self.near, 3))
        user = self.make_user("machine", "oms.group_channel_user")
        self.channel.user_ids += user
        kit.default_code = "SET-OF-BOLTS"
        answers = (
            self.env["oms.api"]
            .with_user(user)
            .availability(products=["SET-OF-BOLTS"], by_site=True)
        )
        [answer] = answers["products"]
        self.assertEqual(answer["available"], 3)
        self.assertEqual(answer["sites"], [{"site": "NEAR", "available": 3}])

    def test_queries_do_not_depend_on_how_many_kits(self):
        parts = [self.make_product(f"Part {number}") for number in range(12)]
        for part in parts:
            self.stock(part, (self.near, 10), (self.far, 5))
        inner = [self.make_kit(f"Inner {n}", (parts[n], 1), (parts[n + 1], 2)) for n in range(10)]
        outer = [self.make_kit(f"Outer {n}", (inner[n], 2), (parts[n], 1)) for n in range(10)]
        self.env["oms.allocation"].create(
            {
                "channel_id": self.channel.id,
                "kind": "capped",
                "amount": 6,
                "product_id": parts[0].id,
            }
        )
        for kwargs in ({}, {"detail": True}, {"channel": "TWEB"}, {"at": "soon"}):
            if "at" in kwargs:
                soon = fields.Datetime.now() + timedelta(days=1)
                kwargs = {"at": fields.Datetime.to_string(soon), "detail": True}
            counts = []
            for kits in (outer[:2] + inner[:2], outer + inner):
                ids = [kit.id for kit in kits]
                self.env["oms.position"].get_availability(ids, **kwargs)
                self.env.flush_all()
                self.env.invalidate_all()
                with self.queries() as statements:
                    self.env["oms.position"].get_availability(ids, **kwargs)
                counts.append(len(statements))
            self.assertEqual(counts[0], counts[1], kwargs)


@tagged("post_install", "-at_install")
class TestRandomKits(KitCase):
    """Bills drawn at random, against an explosion by recursion in plain Python."""

    def draw(self, rng):
        """Make kits within kits; return the kits and what their bills say.

        :return: by kit: how many a bill makes, and (part, quantity, units of the part per unit)
        """
        parts = [self.make_product(f"Part {n}") for n in range(5)]
        loose = self.make_product("Loose", is_storable=False)
        bills, kits = {}, []
        for number in range(6):
            kit = self.make_product(f"Kit {number}", is_storable=rng.random() < 0.5)
            made = rng.choice([1, 1, 2, 3])
            by_dozen = rng.random() < 0.2
            lines, said = [], []
            for _line in range(rng.randint(1, 4)):
                part = rng.choice([*kits, *parts, *parts, loose] if kits else parts)
                quantity = rng.choice([0, 1, 1, 2, 3, 0.5])
                unit = rng.choice([self.unit, self.unit, self.dozen])
                lines.append((part, quantity, {"product_uom_id": unit.id}))
                said.append((part, Fraction(quantity), 12 if unit == self.dozen else 1))
            self.make_bill(
                kit,
                *lines,
                product_qty=made,
                product_uom_id=(self.dozen if by_dozen else self.unit).id,
            )
            bills[kit] = (made * (12 if by_dozen else 1), said)
            kits.append(kit)
        return kits, parts, bills

    def need(self, bills, kit, count, exact=False):
        """Return what so many kits take when they are ordered, by part."""
        needs = {}

        def explode(whole, quantity):
            made, lines = bills[whole]
            for part, per_bill, ratio in lines:
                amount = quantity * per_bill / made
                if part in bills:
                    explode(part, amount * ratio)
                elif part.is_storable:
                    # Each line is rounded up to the hundredth of its unit, as Odoo does.
                    rounded = amount if exact else Fraction(ceil(amount * 100), 100)
                    needs[part] = needs.get(part, Fraction(0)) + rounded * ratio

        explode(kit, Fraction(count))
        return {part: needed for part, needed in needs.items() if needed}

    def count(self, bills, kit, stock):
        """Return how many kits a site can put together, one after the other."""
        count = 0
        one = self.need(bills, kit, 1, exact=True)
        while all(
            self.need(bills, kit, count + 1).get(part, 0) <= stock.get(part, 0)
            and one[part] * (count + 1) <= stock.get(part, 0)
            for part in one
        ):
            count += 1
        return count

    def test_against_the_reference(self):
        rng = random.Random(20261128)
        for _round in range(5):
            kits, parts, bills = self.draw(rng)
            there = {}
            for site in self.sites:
                for part in parts:
                    if rng.random() < 0.8:
                        quantity = Fraction(rng.randint(0, 4000), rng.choice([1, 100]) * 10)
                        quantity = Fraction(floor(quantity * 100), 100)
                        self.stock(part, (site, float(quantity)))
                        there.setdefault(site, {})[part] = quantity
            for kit in kits:
                if not self.need(bills, kit, 1, exact=True):
                    self.assertIsNone(self.ask(kit)["available"])
                    continue
                expected = {
                    site.code: self.count(bills, kit, stock) for site, stock in there.items()
                }
                found = self.at_sites(kit)
                for code, count in expected.items():
                    self.assertEqual(found.get(code, 0), count, f"{kit.name} at {code}")
                self.assertEqual(self.ask(kit)["available"], sum(expected.values()))

    def test_orders_take_what_is_said(self):
        """Odoo's own explosion of an order leaves of each part what the reference says."""
        rng = random.Random(7)
        kits, parts, bills = self.draw(rng)
        for part in parts:
            self.stock(part, (self.near, 1000))
        self.channel.orchestrated = False
        ordered = {}
        for kit in kits:
            count = rng.randint(1, 5)
            order = self.make_order((kit, count), warehouse_id=self.near.warehouse_id.id)
            self.assertFalse(order.oms_fulfillment_ids)
            for part, needed in self.need(bills, kit, count).items():
                ordered[part] = ordered.get(part, 0) + needed
        for part in parts:
            self.assertAlmostEqual(
                self.ask(part)["available"], float(1000 - ordered.get(part, 0)), 6, part.name
            )
        stock = {part: 1000 - ordered.get(part, 0) for part in parts}
        for kit in kits:
            if self.need(bills, kit, 1, exact=True):
                self.assertEqual(self.at_sites(kit)["NEAR"], self.count(bills, kit, stock))
