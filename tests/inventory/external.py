"""Builders for tests of external stock."""

from datetime import timedelta

from odoo import fields

from ..common import OmsCase


class ExternalCase(OmsCase):
    """A supplier, a distributor and a third party's warehouse, with apples and berries."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.now = fields.Datetime.now()
        cls.mill = cls.make_partner("Mill", ref="MILL", is_company=True)
        cls.supplier = cls.mill._oms_ensure_supplier_site(cls.company)
        cls.distributor = cls.make_external_site("Depot", "DEPOT", "distributor")
        cls.keeper = cls.make_external_site("Keeper", "KEEP", "third_party")
        cls.apple.default_code = "APPLE"
        cls.berry.default_code = "BERRY"
        cls.Stock = cls.env["oms.external.stock"]

    @classmethod
    def make_external_site(cls, name, code, kind, company=None):
        company = company or cls.company
        return cls.env["oms.site"].create(
            {"name": name, "code": code, "kind": kind, "company_id": company.id}
        )

    @classmethod
    def ago(cls, hours):
        """Return the moment so many hours before the test began."""
        return cls.now - timedelta(hours=hours)

    @classmethod
    def feed(cls, site, *rows, user=None, **kwargs):
        """Load (product code, quantity[, lead days]) rows as the site's feed."""
        names = ("product", "quantity", "lead_days")
        stock = cls.env["oms.external.stock"].with_user(user or cls.env.user)
        return stock.load_feed(
            site.code, [dict(zip(names, row, strict=False)) for row in rows], **kwargs
        )

    def stored(self, site):
        """Return what is stored of a site: (quantity, lead days) by product code."""
        return {
            stock.product_id.default_code: (stock.quantity, stock.lead_days)
            for stock in self.Stock.search([("site_id", "=", site.id)])
        }

    def available(self, site, product):
        return site._get_available(product).get((site.id, product.id), 0.0)
