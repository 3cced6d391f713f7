"""Orders of a day in March, and what is counted of them."""

from datetime import date

from ..common import DATE_ORDER, OmsCase


class DemandCase(OmsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sites.tz = "Europe/Paris"
        cls.demand = cls.env["oms.demand"]

    @classmethod
    def make_order(cls, *lines, date_order=DATE_ORDER, **vals):
        """Confirming an order dates it today; here it is as if it had been confirmed then."""
        order = super().make_order(*lines, **vals)
        order.date_order = date_order
        return order

    def count(self, *days):
        self.demand._count(self.company, list(days) or [date(2024, 3, 4)])
        rows = self.demand.search([("company_id", "=", self.company.id)])
        return {
            (row.product_id, row.site_id, row.day, row.source): (row.quantity, row.lost)
            for row in rows
        }

    def cherry(self):
        if not hasattr(self, "_cherry"):
            self._cherry = self.make_product("Cherry")
        return self._cherry
