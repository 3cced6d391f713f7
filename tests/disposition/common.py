from ..returns.common import ReturnCase


class DispositionCase(ReturnCase):
    """Goods of Paris that came back at the near site, and a policy of plain numbers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.grade_a = cls.env.ref("oms.grade_a")
        cls.grade_b = cls.env.ref("oms.grade_b")
        cls.grade_d = cls.env.ref("oms.grade_d")
        cls.env["oms.disposition.rule"].search([]).active = False
        cls.terms = cls.env["oms.disposition.policy"].create(
            {
                "name": "Plain",
                "company_id": cls.company.id,
                "sales_weeks": 10,
                "horizon_days": 100,
                "decline_percent": 0,
                "interest_percent": 0,
                "holding_percent": 0,
                "salvage_percent": 0,
                "handling_cost": 0.5,
                "dispatch_cost": 0.5,
                "transfer_kg_cost": 1.0,
                "transfer_kg_km_cost": 0,
                "carbon_price": 0,
                "scrap_cost": 0.25,
            }
        )
        cls.apple.weight = 1.0

    @classmethod
    def make_sold_singly(cls, product, site, count):
        """Have it be so that units were sold one a day: as a Poisson stream comes."""
        for number in range(count):
            cls.make_sold(product, site, 1, days_ago=7 + number)

    @classmethod
    def empty(cls, product, site):
        """Take away what a site has of a product."""
        stock = site.warehouse_id.lot_stock_id
        left = cls.env["stock.quant"]._get_available_quantity(product, stock)
        cls.env["stock.quant"]._update_available_quantity(product, stock, -left)

    def bring_back(self, product, quantity, grade, site=None, **vals):
        """Have goods of an order come back, judged; return the item."""
        order = self.deliver((product, quantity))
        record = self.ask(order, (product, quantity))
        items = record._receive(
            [{"product_id": product.id, "quantity": quantity, **vals}], site or self.near
        )
        record._inspect([{"item_id": item.id, "grade_id": grade.id} for item in items])
        return items

    def promised(self, product, site):
        """What can be promised of a product at a site."""
        positions = self.env["oms.position"]._get_positions([site.id], [product.id])
        return sum(position.available for position in positions)

    def incoming(self, product, site):
        positions = self.env["oms.position"]._get_positions([site.id], [product.id])
        return sum(position.incoming for position in positions)
