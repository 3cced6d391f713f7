from datetime import timedelta

from odoo import fields, models

#: Supplier, site, how many days from today it is to come, and what of.
RECEIPTS = (
    ("CERA", "LYO-DC", -2, "TAB-00", 24),
    ("CERA", "ORL-DC", 12, "DEC-00", 30),
    ("FOND", "LYO-DC", 5, "CUI-00", 36),
    ("FOND", "ORL-DC", 19, "JAR-00", 20),
)
#: Supplier, hours since it said so, hours for which that counts (0: for good), and of what.
FEEDS = (("CERA", 1, 0, "TAB-00"), ("FOND", 30, 24, "CUI-00"))
#: Channel, kind of its share, amount, and of what.
SHARES = (
    ("WEB", "protected", 6, "LUM-001"),
    ("PHONE", "fixed", 10, "TEX-002"),
    ("MARKET", "capped", 15, "DEC-003"),
    ("MARKET", "percent", 20, "CUI-004"),
)
#: Network, how stock is held back there, how much, and of what.
SAFETY = (("Stores", "subtract", 1, "TEX-001"), ("Stores", "at_most", 3, "LUM-003"))
RESERVED = ("PARIS", "LUM-002", 1)


class OmsImportDemo(models.AbstractModel):
    """What is around the stock of the demo network: what comes, who holds it, who may sell it."""

    _inherit = "oms.import.demo"

    def _surround_stock(self):
        """Have goods on their way, stock of suppliers, shares, safety stock and a reservation."""
        for supplier, site, days, prefix, quantity in RECEIPTS:
            self._order_supply(supplier, site, days, prefix, quantity)
        for supplier, age, limit, prefix in FEEDS:
            self._feed(supplier, age, limit, prefix)
        for channel, kind, amount, product in SHARES:
            self._share(channel, kind, amount, product)
        for network, operator, quantity, product in SAFETY:
            self._hold_back(network, operator, quantity, product)
        self._reserve(*RESERVED)

    def _find_demo_products(self, prefix):
        return self.env["product.product"].search([("default_code", "=like", f"{prefix}%")])

    def _find_demo_record(self, model, code):
        return self.env[model].search(
            [("code", "=", code), ("company_id", "=", self.env.company.id)]
        )

    def _find_supplier(self, reference):
        return self.env["res.partner"].search([("ref", "=", reference)], limit=1)

    def _order_supply(self, supplier, site, days, prefix, quantity):
        """Order goods of a supplier, to come in some days."""
        planned = fields.Datetime.now() + timedelta(days=days)
        site = self._find_demo_record("oms.site", site)
        order = self.env["purchase.order"].create(
            {
                "partner_id": self._find_supplier(supplier).id,
                "picking_type_id": site.warehouse_id.in_type_id.id,
                "order_line": [
                    fields.Command.create(
                        {
                            "product_id": product.id,
                            "product_qty": quantity,
                            "price_unit": product.standard_price,
                            "date_planned": planned,
                        }
                    )
                    for product in self._find_demo_products(prefix)
                ],
            }
        )
        order.button_confirm()

    def _feed(self, supplier, age, limit, prefix):
        """Have a supplier say what it has."""
        supplier = self._find_supplier(supplier)
        site = supplier._oms_ensure_supplier_site(self.env.company)
        site.feed_max_age_hours = limit
        self.env["oms.external.stock"].load_feed(
            site.code,
            [
                {"product": product.default_code, "quantity": 20 + 7 * number, "lead_days": 5}
                for number, product in enumerate(self._find_demo_products(prefix))
            ],
            updated_at=fields.Datetime.to_string(fields.Datetime.now() - timedelta(hours=age)),
        )

    def _share(self, channel, kind, amount, product):
        self.env["oms.allocation"].create(
            {
                "channel_id": self._find_demo_record("oms.channel", channel).id,
                "product_id": self._find_demo_products(product).id,
                "kind": kind,
                "amount": amount,
            }
        )

    def _hold_back(self, network, operator, quantity, product):
        here = [("name", "=", network), ("company_id", "=", self.env.company.id)]
        self.env["oms.safety.stock"].create(
            {
                "network_id": self.env["oms.network"].search(here).id,
                "operator": operator,
                "quantity": quantity,
                "product_id": self._find_demo_products(product).id,
            }
        )

    def _reserve(self, site, product, quantity):
        """Have somebody come to a store for goods within two days, if they are still there."""
        site = self._find_demo_record("oms.site", site)
        product = self._find_demo_products(product)
        if site._get_available(product).get((site.id, product.id), 0.0) < quantity:
            return
        self.env["oms.claim"].create(
            {
                "product_id": product.id,
                "site_id": site.id,
                "quantity": quantity,
                "origin": "reservation",
                "reference": self.env._("Camille Petit, by telephone"),
                "expires_at": fields.Datetime.now() + timedelta(days=2),
            }
        )
