from odoo import fields, models
from odoo.tools import SQL

from .flow_offers import Offers

#: Days in which receipts tell how reliable a supplier is, and how many of them it takes.
LATENESS_DAYS = 365
FEWEST_RECEIPTS = 5

#: What is read of price lists.
SELLER_FIELDS = (
    "partner_id", "product_tmpl_id", "product_id", "product_uom_id", "currency_id", "delay",
    "min_qty", "price", "discount",
)  # fmt: skip

_LATENESS = """
    SELECT purchase.partner_id,
           AVG(EXTRACT(EPOCH FROM move.date - line.date_planned) / 86400.0)::float8,
           STDDEV_SAMP(EXTRACT(EPOCH FROM move.date - line.date_planned) / 86400.0)::float8
      FROM purchase_order purchase
      JOIN purchase_order_line line ON line.order_id = purchase.id
      JOIN stock_move move ON move.purchase_line_id = line.id
      JOIN stock_location source ON source.id = move.location_id
     WHERE purchase.company_id = %(company)s AND purchase.partner_id = ANY(%(partners)s)
       AND move.state = 'done' AND move.date >= %(since)s AND line.date_planned IS NOT NULL
       AND source.usage = 'supplier'
  GROUP BY purchase.partner_id
    HAVING COUNT(*) >= %(fewest)s
"""


class OmsFlowRun(models.Model):
    """Who sells what is planned, when it comes, and what an order costs: one source for all."""

    _inherit = "oms.flow.run"

    def _get_offers(self, facts):
        """Return what suppliers offer today, and how they keep to it.

        :rtype: Offers
        """
        company, sellers = self.company_id, self._find_sellers(facts)
        products = self.env["product.product"].browse(facts.product_ids.tolist())
        _decimal, smallest = self._get_smallest(products)
        return Offers(
            facts,
            sellers,
            company,
            fields.Date.today(),
            self._get_lateness(sellers.partner_id),
            self.env["oms.supplier.terms"]._get_terms(company, sellers.partner_id),
            smallest,
        )

    def _find_sellers(self, facts):
        """Return the price lists that hold today for the goods of the plan.

        :rtype: product.supplierinfo
        """
        products = self.env["product.product"].browse(facts.product_ids.tolist())
        # Of hundreds of thousands of goods no more is kept in memory than is looked at.
        products.fetch(["product_tmpl_id"])
        templates = products.product_tmpl_id
        templates.fetch(["purchase_ok", "uom_id"])
        today = fields.Date.today()
        return self.env["product.supplierinfo"].search_fetch(
            [
                ("product_tmpl_id", "in", templates.filtered("purchase_ok").ids),
                ("company_id", "in", (self.company_id.id, False)),
                ("partner_id.active", "=", True),
                "|",
                ("date_start", "=", False),
                ("date_start", "<=", today),
                "|",
                ("date_end", "=", False),
                ("date_end", ">=", today),
            ],
            SELLER_FIELDS,
            order="sequence, id",
        )

    def _get_lateness(self, partners):
        """Return how much later than agreed the goods of suppliers came.

        :param partners: ``res.partner``
        :return: days on average and their standard deviation by id, of those of whom enough came
        :rtype: dict[int, tuple[float, float]]
        """
        self.env["purchase.order.line"].flush_model()
        self.env["stock.move"].flush_model(["date", "state", "purchase_line_id"])
        self.env.cr.execute(
            SQL(
                _LATENESS,
                company=self.company_id.id,
                partners=partners.ids,
                since=fields.Datetime.subtract(fields.Datetime.now(), days=LATENESS_DAYS),
                fewest=FEWEST_RECEIPTS,
            )
        )
        return {partner: (late, wide) for partner, late, wide in self.env.cr.fetchall()}
