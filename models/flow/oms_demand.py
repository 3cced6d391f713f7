from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

SOURCE_SELECTION = [
    ("orders", "Orders"),
    ("counter", "Sold without an Order"),
    ("unserved", "Cancelled for Want of Stock"),
    ("refused", "Refused Basket"),
    ("manual", "Told by People"),
]


class OmsDemand(models.Model):
    """What was wanted of a product on a day, at the site where it was wanted.

    That is where the customer collects, or the site next to him; which site shipped does not
    matter. What orders show is counted by a job, see :mod:`.demand_sql`. What became no order is
    written when it happens, or by people whom customers asked for it.
    """

    _name = "oms.demand"
    _description = "Demand by Site"
    _order = "day desc, id desc"
    _rec_name = "product_id"
    _log_access = False

    product_id = fields.Many2one(
        "product.product", required=True, index=True, ondelete="cascade", check_company=True,
        domain=[("is_storable", "=", True)],
    )  # fmt: skip
    categ_id = fields.Many2one(related="product_id.categ_id")
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    site_id = fields.Many2one(
        "oms.site", string="Wanted at", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", related="site_id.company_id", store=True, precompute=True, index=True
    )
    day = fields.Date(
        required=True,
        default=fields.Date.context_today,
        help="In the time zone of the site.",
    )
    quantity = fields.Float(
        digits="Product Unit", required=True, help="All that was wanted, served or not."
    )
    lost = fields.Float(
        string="Of It Missing",
        digits="Product Unit",
        help="Of it, what was refused or cancelled for want of stock, or was not there at the site "
        "that should have served it.",
    )
    local = fields.Float(
        string="Of It Only There",
        digits="Product Unit",
        help="Of it, what no other site could have served: collected or reserved there, or sold at "
        "its till.",
    )
    source = fields.Selection(SOURCE_SELECTION, required=True, default="manual", readonly=True)
    key = fields.Char(default="", readonly=True, help="What tells rows of one day apart.")

    _series_uniq = models.UniqueIndex(
        "(product_id, site_id, day, source, key) WHERE source != 'manual'",
        "This demand is counted already.",
    )
    _company_idx = models.Index("(company_id, day)")
    _quantity_check = models.Constraint("CHECK (quantity > 0)", "What was wanted is above zero.")
    _lost_check = models.Constraint(
        "CHECK (lost >= 0)", "What was missing of a demand is not below zero."
    )
    _local_check = models.Constraint(
        "CHECK (local >= 0)", "What only one site could serve is not below zero."
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """What people write down is told by people, and could not be served."""
        for vals in vals_list:
            if vals.get("source", "manual") != "manual":
                raise UserError(self.env._("Only what people were told is written down by hand."))
            vals.setdefault("lost", vals.get("quantity", 0.0))
        return super().create(vals_list)

    def write(self, vals):
        self._check_manual()
        if vals.get("source", "manual") != "manual":
            raise UserError(self.env._("Only what people were told is written down by hand."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_counted(self):
        self._check_manual()

    def _check_manual(self):
        if any(demand.source != "manual" for demand in self):
            raise UserError(
                self.env._("What was counted from orders is not changed by hand: change the order.")
            )

    # === WHAT BECAME NO ORDER === #

    @api.model
    def _record(self, source, rows):
        """Write down what was wanted and could not be had; of one key the most counts.

        :param str source: 'unserved' or 'refused'
        :param rows: (product id, site id, quantity in the unit of the product, key) tuples
        """
        merged = {}
        for product_id, site_id, quantity, key in rows:
            place = (product_id, site_id, key or "")
            merged[place] = merged.get(place, 0.0) + quantity
        values = [(*place, quantity) for place, quantity in sorted(merged.items()) if quantity > 0]
        if not values:
            return
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO oms_demand AS demand
                       (product_id, site_id, company_id, day, quantity, lost, source, key)
                SELECT given.product_id, site.id, site.company_id,
                       (%(now)s AT TIME ZONE 'UTC' AT TIME ZONE COALESCE(site.tz, 'UTC'))::date,
                       given.quantity, given.quantity, %(source)s, given.key
                  FROM unnest(%(products)s, %(sites)s, %(keys)s, %(quantities)s::float8[])
                    AS given (product_id, site_id, key, quantity)
                  JOIN oms_site site ON site.id = given.site_id
                  JOIN product_product variant ON variant.id = given.product_id
                  JOIN product_template template ON template.id = variant.product_tmpl_id
                 WHERE template.is_storable
                ON CONFLICT (product_id, site_id, day, source, key) WHERE source != 'manual'
                DO UPDATE SET quantity = GREATEST(demand.quantity, EXCLUDED.quantity),
                              lost = GREATEST(demand.lost, EXCLUDED.lost)
                """,
                now=fields.Datetime.now(),
                source=source,
                products=[row[0] for row in values],
                sites=[row[1] for row in values],
                keys=[row[2] for row in values],
                quantities=[row[3] for row in values],
            ),
            # Whoever writes the same at once is run again.
            log_exceptions=False,
        )
        self.invalidate_model()

    @api.model
    def _record_refused(self, asked, key):
        """Write down what is missing of goods that a basket could not get.

        :param asked: (product id, site id, quantity) tuples
        :param str key: of the basket: when it asks again on the day, it is the same demand
        """
        positions = self.env["oms.position"]._get_positions(
            [row[1] for row in asked], [row[0] for row in asked]
        )
        there = {(each.product_id, each.site_id): each.available for each in positions}
        self._record(
            "refused",
            [
                (
                    product_id,
                    site_id,
                    quantity - max(there.get((product_id, site_id), 0.0), 0.0),
                    key,
                )
                for product_id, site_id, quantity in asked
            ],
        )

    @api.model
    def _get_weeks(self, product, site, end, weeks):
        """Return what was wanted of a product at a site in each of the weeks before a day.

        :rtype: list[float]
        """
        begin = end - timedelta(weeks=weeks)
        result = [0.0] * weeks
        for demand in self.search_fetch(
            [
                ("product_id", "=", product.id),
                ("site_id", "=", site.id),
                ("day", ">=", begin),
                ("day", "<", end),
            ],
            ["day", "quantity"],
        ):
            result[(demand.day - begin).days // 7] += demand.quantity
        return result
