from collections import defaultdict

from odoo import api, fields, models

from .disposition_case import Case, Facts, Goods


class OmsDisposition(models.Model):
    """Gathers what is known of returned goods, once for all that are decided on together."""

    _inherit = "oms.disposition"

    @api.model
    def _prepare_case(self, company, goods):
        """Put goods into the words of the engine.

        :param company: ``res.company`` whose goods they are
        :param list goods: (product, grade, site, quantity, reason) tuples
        :rtype: Case
        :raises UserError: the company has no policy
        """
        policy = self.env["oms.disposition.policy"]._get_policy(company)
        rules = self._get_rules(company)
        products = self.env["product.product"].union(*(each[0] for each in goods))
        grades = self.env["oms.grade"].search([("active", "=", True)])
        facts = self._gather_facts(policy, company, products, grades)
        return Case(
            policy,
            facts,
            [
                Goods(
                    product.sudo(),
                    grade.sudo(),
                    site.sudo(),
                    quantity,
                    rules._get_matching(product.sudo(), grade, site, reason),
                )
                for product, grade, site, quantity, reason in goods
            ],
        )

    @api.model
    def _gather_facts(self, policy, company, products, grades):
        """Return what is known of products at all sites of a company.

        :rtype: Facts
        """
        # sudo: where goods are worth most follows from all sites, whoever asks
        self = self.sudo()
        products = products.sudo().with_company(company)
        sites = self.env["oms.site"].search(
            [
                ("company_id", "=", company.id),
                ("warehouse_id", "!=", False),
                ("is_offline", "=", False),
            ]
        )
        Value = self.env["oms.value"]
        currency = company.currency_id
        unit = self.env["oms.sourcing"]._get_unit_kg()

        pace = Value._get_pace(policy, sites, products)
        lives = self.env["oms.stock.rule"]._get_limits(company, products, sites).life
        places = [(site_id, product_id) for product_id in products.ids for site_id in sites.ids]

        def convert(amount, of):
            return of._convert(amount, currency, company, fields.Date.today(), round=False)

        return Facts(
            sites=sites,
            prices=dict(
                zip(products, Value._get_prices(company, products)[0].tolist(), strict=True)
            ),
            rates={key: rate for key, (rate, _variance) in pace.items()},
            variances={key: variance for key, (_rate, variance) in pace.items()},
            lives=dict(zip(places, lives.tolist(), strict=True)),
            ahead=self._get_ahead(sites, products, grades),
            kilograms={p: p.weight * unit or policy.default_weight for p in products},
            credits=self._get_supplier_credits(company, products, convert),
            worth={p: p.standard_price for p in products},
            lanes={
                (lane.origin_id.id, lane.site_id.id): lane
                for lane in self.env["oms.lane"].search([("origin_id", "in", sites.ids)])
            },
        )

    @api.model
    def _get_ahead(self, sites, products, grades):
        """Return what is at sites, or comes, and is sold before what is added now.

        :return: quantity by (site id, product id, grade id)
        :rtype: dict
        """
        ahead = defaultdict(float)
        new = grades.filtered("sellable")
        stock = self.env["oms.value"]._get_stock(sites, products)
        for (site_id, product_id), left in stock.items():
            for grade in new:
                ahead[site_id, product_id, grade.id] += max(left, 0.0)
        site_of = {site.warehouse_id: site.id for site in sites}
        apart = (grades - new).ids
        here = [("product_id", "in", products.ids), ("location_id.oms_grade_id", "in", apart)]
        for product, location, quantity in self.env["stock.quant"]._read_group(
            here, ["product_id", "location_id"], ["quantity:sum"]
        ):
            if location.warehouse_id in site_of:
                key = site_of[location.warehouse_id], product.id, location.oms_grade_id.id
                ahead[key] += quantity
        coming = [
            ("product_id", "in", products.ids),
            ("location_dest_id.oms_grade_id", "in", apart),
            ("state", "in", ("waiting", "confirmed", "partially_available", "assigned")),
        ]
        for product, location, quantity in self.env["stock.move"]._read_group(
            coming, ["product_id", "location_dest_id"], ["product_qty:sum"]
        ):
            if location.warehouse_id in site_of:
                key = site_of[location.warehouse_id], product.id, location.oms_grade_id.id
                ahead[key] += quantity
        return dict(ahead)

    @api.model
    def _get_supplier_credits(self, company, products, convert):
        """Return what suppliers give for a unit of products that they take back."""
        found = {}
        for product in products:
            seller = self._get_returning_supplier(company, product)
            if seller:
                price = seller.product_uom_id._compute_price(seller.price, product.uom_id)
                found[product] = (
                    convert(price, seller.currency_id) * seller.oms_return_percent / 100.0
                )
        return found

    @api.model
    def _get_returning_supplier(self, company, product):
        """Return the first supplier that takes a product back."""
        return product.seller_ids.filtered(
            lambda seller: (
                seller.oms_return_percent
                and seller.company_id in (company, company.browse())
                and seller.product_id in (product, product.browse())
            )
        )[:1]
