"""Goods that come back to a site, and the clerks who take them in at its screen."""

from collections import defaultdict
from itertools import count

from ..returns.common import ReturnCase

_numbers = count(1)

CODES = {"Apple": "4006381333931", "Berry": "5901234123457", "Cheese": "2000000000039"}


class ReceiptCase(ReturnCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cheese = cls.make_product("Cheese")
        for product in cls.apple + cls.berry + cls.cheese:
            product.barcode = CODES[product.name]
        cls.customer.write({"name": "Ada Lovelace", "email": "ada@example.com", "zip": "75002"})
        cls.clerk = cls.make_user("returns-anna", "oms.group_site_operator", name="Anna")
        cls.other_clerk = cls.make_user("returns-bo", "oms.group_site_operator", name="Bo")
        cls.near.user_ids, cls.middle.user_ids = cls.clerk, cls.other_clerk
        cls.grades = {
            code: cls.env.ref(f"oms.grade_{code.lower()}") for code in ("A", "B", "C", "D")
        }

    # === WHAT THE SCREEN SENDS === #

    def operation(self, record, kind, site=None, **values):
        """An operation as the screen sends it; ``record`` is a return or a device's key."""
        named = {"return_key": record} if isinstance(record, str) else {"return_id": record.id}
        return {
            "uuid": f"test-return-{next(_numbers)}",
            "kind": f"return_{kind}",
            "site_id": (site or self.near).id,
            "at": "2026-01-02T10:00:00Z",
            **named,
            **values,
        }

    def work(self, user=None):
        return self.env["oms.site.work"].with_user(user or self.clerk)

    def do(self, record, kind, user=None, expect="ok", **values):
        """Do one thing at the screen, and return the answer."""
        [answer] = self.work(user).apply([self.operation(record, kind, **values)])
        self.env.invalidate_all()
        self.assertEqual(answer["outcome"], expect, answer["message"])
        return answer

    def scan(self, record, product, quantity=1, **values):
        return self.do(record, "item", barcode=product.barcode, quantity=quantity, **values)

    def grade(self, record, product, code, expect="ok", **values):
        """Grade what is in hand of a product."""
        line = record.order_id.order_line.filtered(lambda each: each.product_id == product)[:1]
        named = {"sale_line_id": line.id} if line else {"product_id": product.id}
        return self.do(
            record, "grade", expect=expect, grade_id=self.grades[code].id, **{**named, **values}
        )

    def begin(self, key="test-key-0001", order=None, **values):
        """Begin a return that nobody announced, and return it."""
        if order:
            values["order_id"] = order.id
        self.do(key, "receive", **values)
        return self.env["oms.return"].search([("receipt_key", "=", key)])

    # === WHAT IS SEEN === #

    def detail(self, record, user=None, site=None):
        ref = record if isinstance(record, str) else record.id
        return self.work(user).get_return_detail((site or self.near).id, ref)

    def rows(self, record, **kwargs):
        """Announced, received and at most, by product."""
        return {
            row["product"]["code"]: (row["announced"], row["received"], row["max"])
            for row in self.detail(record, **kwargs)["lines"]
        }

    def came(self, record):
        """What is booked of a return: product, quantity, grade and whether it is accepted."""
        found = defaultdict(float)
        for item in record.item_ids:
            found[item.product_id.name, item.grade_id.code or "", item.accepted] += item.quantity
        return sorted(
            (name, quantity, code, accepted) for (name, code, accepted), quantity in found.items()
        )

    def checks(self, product, **wrong):
        """Answers to all questions of a product, good ones but for those named by their place."""
        asked = self.env["oms.grade.check"]._get_checks(product)[product.id]
        other = {"yes": "no", "no": "yes"}
        return {
            str(check.id): other[check.good_answer] if f"q{place}" in wrong else check.good_answer
            for place, check in enumerate(asked, 1)
        }

    @classmethod
    def make_serials(cls, product, *names):
        """Put pieces with serial numbers on the shelf of the near site."""
        lots = cls.env["stock.lot"].create(
            [{"name": name, "product_id": product.id} for name in names]
        )
        for lot in lots:
            cls.stock(product, (cls.near, 1), lot_id=lot)
        return lots

    @classmethod
    def deliver_lots(cls, product, *lots):
        """Deliver an order of just these pieces."""
        order = cls.make_order((product, len(lots)))
        picking = order.picking_ids
        picking.do_unreserve()
        picking.move_ids.move_line_ids.unlink()
        for lot in lots:
            cls.env["stock.move.line"].create(
                {
                    "move_id": picking.move_ids.id,
                    "picking_id": picking.id,
                    "product_id": product.id,
                    "lot_id": lot.id,
                    "quantity": 1,
                    "location_id": picking.location_id.id,
                    "location_dest_id": picking.location_dest_id.id,
                }
            )
        picking.move_ids.picked = True
        picking._action_done()
        return order
