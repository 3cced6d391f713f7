"""Orders that a site works on, and a clerk who does it at the screen."""

from itertools import count

from ..exception.common import ExceptionCase

_numbers = count(1)


class WorkCase(ExceptionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.berry, (cls.near, 10))
        cls.apple.barcode = "4006381333931"
        cls.berry.barcode = "5901234123457"
        cls.clerk = cls.make_user("clerk-anna", "oms.group_site_operator", name="Anna")
        cls.near.user_ids = cls.clerk

    def operation(self, fulfillment, kind, **values):
        """An operation as the screen sends it, with an id of its own."""
        return {
            "uuid": f"test-operation-{next(_numbers)}",
            "fulfillment_id": fulfillment.id,
            "kind": kind,
            "at": "2026-01-02T10:00:00Z",
            **values,
        }

    def do(self, fulfillment, kind, user=None, expect="ok", **values):
        """Do one thing at the screen, and return the answer."""
        work = self.env["oms.site.work"].with_user(user or self.clerk)
        [answer] = work.apply([self.operation(fulfillment, kind, **values)])
        self.env.invalidate_all()
        self.assertEqual(answer["outcome"], expect, answer["message"])
        return answer

    def make_work(self, *lines, **vals):
        """An order of the near site, released."""
        order = self.make_order(*(lines or [(self.apple, 2)]), **vals)
        fulfillment = order.oms_fulfillment_ids
        self.assertEqual(fulfillment.site_id, self.near)
        return fulfillment

    def rows(self, fulfillment, user=None):
        """Quantities of the detail: (product, demand, picked, packed)."""
        detail = self.env["oms.site.work"].with_user(user or self.clerk).get_detail(fulfillment.id)
        return [
            (row["product"]["code"], row["demand"], row["picked"], row["packed"])
            for row in detail["lines"]
        ]
