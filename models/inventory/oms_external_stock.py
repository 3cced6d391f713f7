from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, float_round

from . import external_sql
from .external_limits import MAX_LEAD_DAYS, MAX_QUANTITY
from .oms_site_feed import FEED_FIELDS

SOURCE_SELECTION = [
    ("api", "API"),
    ("file", "File"),
    ("pricelist", "Vendor Price List"),
    ("manual", "Manual"),
]
#: Relative difference below which two quantities are the same.
SAME = 1e-9


class OmsExternalStock(models.Model):
    """What a supplier, a distributor or a third party's warehouse says it has of a product.

    It counts as available at its site as long as it is fresh: a row older than the limit of its
    site counts as zero everywhere, from that second on.
    """

    _name = "oms.external.stock"
    _description = "External Stock"
    _order = "site_id, product_id"
    _rec_name = "product_id"
    _check_company_auto = True

    product_id = fields.Many2one(
        "product.product",
        required=True,
        ondelete="cascade",
        check_company=True,
        domain=[("is_storable", "=", True)],
    )
    categ_id = fields.Many2one(related="product_id.categ_id")
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    site_id = fields.Many2one(
        "oms.site",
        required=True,
        ondelete="cascade",
        index=True,
        domain=[("warehouse_id", "=", False)],
        help="Supplier, distributor or third party's warehouse that has the goods.",
    )
    company_id = fields.Many2one(related="site_id.company_id", store=True)
    quantity = fields.Float(
        required=True,
        digits="Product Unit",
        help="What the site says it has, in the product's unit.",
    )
    taken = fields.Float(
        digits="Product Unit",
        readonly=True,
        default=0.0,
        help="What was ordered there since the site spoke last: it counts no more, until the site "
        "speaks again and knows of it.",
    )
    lead_days = fields.Integer(
        string="Lead Time",
        required=True,
        default=0,
        aggregator="max",
        help="Calendar days from an order there until the goods can be here.",
    )
    updated_at = fields.Datetime(
        string="Updated",
        required=True,
        readonly=True,
        default=fields.Datetime.now,
        help="When the site said so.",
    )
    source = fields.Selection(SOURCE_SELECTION, required=True, readonly=True, default="manual")
    counted = fields.Float(
        string="Counts",
        compute="_compute_age",
        digits="Product Unit",
        help="What counts as available before claims: nothing of what is stale.",
    )
    age_hours = fields.Float(
        string="Age (Hours)",
        compute="_compute_age",
        help="Time since the site said so.",
    )
    stale = fields.Boolean(
        compute="_compute_age",
        search="_search_stale",
        help="Older than the limit of the site: it counts as zero until the next update.",
    )

    _key_uniq = models.UniqueIndex(
        "(product_id, site_id)", "The site has a row for this product already: change that one."
    )
    # NaN and infinity are larger than any number.
    _quantity_check = models.Constraint(
        f"CHECK (quantity >= 0 AND quantity <= {MAX_QUANTITY})",
        "A site has a quantity of zero or more.",
    )
    _lead_days_check = models.Constraint(
        f"CHECK (lead_days BETWEEN 0 AND {MAX_LEAD_DAYS})",
        "A lead time is between 0 and 3650 days.",
    )

    # === COMPUTE METHODS === #

    @api.depends("quantity", "taken", "updated_at", "site_id.feed_max_age_hours")
    def _compute_age(self):
        now = fields.Datetime.now()
        for stock in self:
            age = now - (stock.updated_at or now)
            limit = stock.site_id.feed_max_age_hours
            stock.age_hours = max(age / timedelta(hours=1), 0.0)
            stock.stale = bool(limit) and age > timedelta(hours=limit)
            stock.counted = 0.0 if stock.stale else max(stock.quantity - stock.taken, 0.0)

    @api.model
    def _search_stale(self, operator, value):
        if operator != "in":
            return NotImplemented
        self.env["oms.site"].flush_model(["feed_max_age_hours"])
        self.flush_model(["site_id", "updated_at"])
        moment = SQL("%s::timestamp", fields.Datetime.now())
        stale = Domain("id", "in", external_sql.stale_ids(moment))
        return Domain.OR(stale if wanted else ~stale for wanted in value)

    @api.depends("product_id", "site_id")
    def _compute_display_name(self):
        for stock in self:
            stock.display_name = f"{stock.product_id.display_name} @ {stock.site_id.display_name}"

    # === CONSTRAINTS === #

    @api.constrains("site_id", "product_id")
    def _check_key(self):
        """Hold what is typed to what feeds are held to; see also :meth:`_stamp`."""
        for stock in self:
            fault = (
                self._get_archived_fault(stock.site_id)
                or self._get_archived_fault(stock.product_id)
                or self._get_site_fault(stock.site_id)
                or self._get_stock_fault(stock.product_id.is_storable)
            )
            if fault:
                raise ValidationError(fault)

    @api.model
    def _get_site_fault(self, site):
        """Say in words why a site cannot have external stock, or return ''."""
        if site.warehouse_id:
            return self.env._(
                "The site %(site)s is the warehouse %(warehouse)s: its stock is what Inventory "
                "says. Choose a supplier, a distributor or a third party's warehouse.",
                site=site.name,
                warehouse=site.warehouse_id.name,
            )
        return ""

    @api.model
    def _get_archived_fault(self, record):
        """Say in words that a site or a product is archived, or return ''."""
        if not record.active:
            return self.env._(
                "%s is archived: take it out of the archive, or choose another one.",
                record.display_name,
            )
        return ""

    @api.model
    def _get_stock_fault(self, storable):
        """Say in words why a product cannot have external stock, or return ''."""
        if storable:
            return ""
        return self.env._("Odoo keeps no stock of this product: tick Track Inventory on it first.")

    @api.model
    def _get_quantity_fault(self, quantity):
        """Say in words why a quantity cannot be, or return ''."""
        # Written so that "not a number" fails too.
        if not 0 <= quantity <= MAX_QUANTITY:
            return self.env._(
                "The quantity %(quantity)s is not between 0 and %(most)s.",
                quantity=f"{quantity:g}",
                most=f"{MAX_QUANTITY:,}",
            )
        # All units of measure are kept to the same number of decimals.
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        if abs(float_round(quantity, digits) - quantity) > SAME * max(1.0, quantity):
            return self.env._(
                "The quantity %(quantity)s is too fine: quantities are kept with %(digits)s "
                "decimals.",
                quantity=f"{quantity:.12g}",
                digits=digits,
            )
        return ""

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self._forget_feeds()
        return super().create([self._stamp(vals) for vals in vals_list])

    def write(self, vals):
        self._forget_feeds()
        return super().write(self._stamp(vals))

    def unlink(self):
        self._forget_feeds()
        return super().unlink()

    @api.model
    def _stamp(self, vals):
        """Make what somebody types news of this moment, whatever else the values say.

        :raises ValidationError: the quantity cannot be; Odoo would round it or stumble over it
        """
        quantity = vals.get("quantity")
        fault = isinstance(quantity, int | float) and self._get_quantity_fault(quantity)
        if fault:
            raise ValidationError(fault)
        return {**vals, "taken": 0.0, "updated_at": fields.Datetime.now(), "source": "manual"}

    @api.model
    def _forget_feeds(self):
        """Have sites read their feeds anew."""
        self.env["oms.site"].invalidate_model(FEED_FIELDS, flush=False)
