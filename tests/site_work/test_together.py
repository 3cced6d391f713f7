import random
from unittest.mock import patch

from odoo.tests import tagged

from .common import WorkCase


@tagged("post_install", "-at_install")
class TestTogether(WorkCase):
    """Two people, lost answers, and the same thing told many times."""

    def test_two_people_pick_one_order(self):
        self.apple.barcode = "4006381333931"
        bob = self.make_user("clerk-bob", "oms.group_site_operator", name="Bob")
        self.near.user_ids += bob
        work = self.make_work((self.apple, 2))
        self.do(work, "start")
        answer = self.do(work, "start", user=bob, expect="warning")
        self.assertIn("Anna works on this", answer["message"])
        self.assertEqual(answer["detail"]["worker"]["name"], "Anna")
        self.do(work, "scan", user=bob, barcode=self.apple.barcode)
        self.do(work, "scan", barcode=self.apple.barcode)
        answer = self.do(work, "scan", user=bob, barcode=self.apple.barcode, expect="refused")
        self.assertIn("Picked already by Anna", answer["message"])
        self.assertEqual(self.rows(work), [("Apple", 2, 2, 0)])
        self.do(work, "start", user=bob, take_over=True)
        self.assertEqual(work.worker_id, bob)
        self.do(work, "leave", user=bob)
        self.assertFalse(work.worker_id)

    def test_who_picks_first_works_on_it(self):
        bob = self.make_user("clerk-bob", "oms.group_site_operator", name="Bob")
        self.near.user_ids += bob
        scanned, typed = self.make_work((self.apple, 2)), self.make_work((self.berry, 2))
        self.do(scanned, "scan", barcode="of nobody", expect="refused")
        self.assertFalse(scanned.worker_id)
        self.do(scanned, "scan", barcode=self.apple.barcode)
        self.do(typed, "set_picked", user=bob, line_id=typed.line_ids.id, quantity=1)
        # Whoever helps does not take it over.
        self.do(scanned, "scan", user=bob, barcode=self.apple.barcode)
        self.assertEqual([scanned.worker_id, typed.worker_id], [self.clerk, bob])
        self.assertTrue(scanned.worker_since)
        screen = self.env["oms.site.work"].with_user(self.clerk)
        mine = screen.get_work(self.near.id, {"mine": True})["cards"]
        self.assertEqual([card["id"] for card in mine], scanned.ids)
        self.do(scanned, "ready")
        self.assertFalse(scanned.worker_id)

    def test_any_order_of_duplicates_is_as_once(self):
        """Shuffled sends with repeats end as each operation done once does, in plain Python."""
        for seed in range(6):
            with self.subTest(seed=seed):
                dice = random.Random(seed)
                ordered = dice.randint(2, 5)
                work = self.make_work((self.apple, ordered), (self.berry, 2))
                self.stock(self.apple, (self.near, 20))
                self.stock(self.berry, (self.near, 20))
                operations = [
                    self.operation(
                        work, "scan", barcode=product.barcode, quantity=dice.randint(1, 2)
                    )
                    for product in (self.apple, self.berry)
                    for _scan in range(dice.randint(1, 4))
                ]
                sent = operations + dice.choices(operations, k=8)
                dice.shuffle(sent)
                wanted, done, refused = {self.apple: ordered, self.berry: 2}, {}, set()
                picked = {self.apple: 0, self.berry: 0}
                by_barcode = {product.barcode: product for product in wanted}
                for each in sent:
                    if each["uuid"] in done:
                        continue
                    product = by_barcode[each["barcode"]]
                    fits = picked[product] + each["quantity"] <= wanted[product]
                    done[each["uuid"]] = fits
                    picked[product] += each["quantity"] if fits else 0
                screen = self.env["oms.site.work"].with_user(self.clerk)
                place = 0
                while place < len(sent):
                    size = dice.randint(1, 4)
                    for each, answer in zip(
                        sent[place : place + size],
                        screen.apply(sent[place : place + size]),
                        strict=True,
                    ):
                        self.assertEqual(answer["uuid"], each["uuid"])
                        if answer["outcome"] == "refused":
                            refused.add(each["uuid"])
                    place += size
                self.env.invalidate_all()
                self.assertEqual(refused, {key for key, fits in done.items() if not fits})
                self.assertEqual(
                    {(row[0], row[2]) for row in self.totals(work)},
                    {(product.default_code, count) for product, count in picked.items()},
                )

    def totals(self, work):
        """Quantities of the detail by product."""
        totals = {}
        for code, demand, picked, _packed in self.rows(work):
            before = totals.get(code, (0, 0))
            totals[code] = (before[0] + demand, before[1] + picked)
        return [(code, *both) for code, both in totals.items()]

    def test_one_bad_operation_spoils_no_other(self):
        work = self.make_work((self.apple, 2))
        screen = self.env["oms.site.work"].with_user(self.clerk)
        operations = [
            self.operation(work, "scan", barcode=self.apple.barcode),
            self.operation(work, "explode"),
            {"uuid": "short", "fulfillment_id": work.id, "kind": "scan"},
            {"kind": "scan"},
            self.operation(self.env["oms.fulfillment"].browse(999999999), "scan"),
            self.operation(work, "short", line_id=999999999, reason_id=1),
            self.operation(work, "pack", lines=[{"quantity": "much"}]),
            self.operation(work, "scan", barcode=self.apple.barcode),
        ]
        answers = screen.apply(operations)
        self.assertEqual([answer["outcome"] for answer in answers], ["ok", *["refused"] * 6, "ok"])
        self.assertTrue(all(answer["message"] for answer in answers))
        self.env.invalidate_all()
        self.assertEqual(self.rows(work), [("Apple", 2, 2, 0)])
        again = dict(operations[0], kind="ready")
        self.assertEqual(screen.apply([again])[0]["outcome"], "refused")

    def test_a_failure_of_the_server_changes_nothing(self):
        work = self.make_work((self.apple, 2))
        model = type(self.env["oms.site.work"])

        def fail(screen, fulfillment, operation):
            fulfillment._pick()
            raise ZeroDivisionError

        with (
            patch.object(model, "_apply_scan", fail),
            self.assertLogs("odoo.addons.oms.models.site_work.oms_site_work_apply", "ERROR"),
        ):
            answer = self.do(work, "scan", barcode="x", expect="refused")
        self.assertIn("Nothing was changed", answer["message"])
        self.assertEqual(self.rows(work), [("Apple", 2, 0, 0)])

    def test_statements_do_not_grow_with_the_work(self):
        self.stock(self.apple, (self.near, 100))
        screen = self.env["oms.site.work"].with_user(self.clerk)
        counts = []
        for more in (2, 10):
            for _order in range(more):
                self.make_work((self.apple, 2), (self.berry, 1)) if more == 2 else self.make_work()
            self.env.flush_all()
            screen.get_work(self.near.id)
            self.env.invalidate_all()
            with self.queries() as statements:
                answer = screen.get_work(self.near.id)
            counts.append(len(statements))
        self.assertEqual(len(answer["cards"]), 12)
        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[0], 30)
