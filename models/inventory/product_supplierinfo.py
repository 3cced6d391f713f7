from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .external_limits import MAX_LEAD_DAYS, MAX_QUANTITY
from .external_sql import Entry

#: What the external stock of a line follows from.
STOCK_FIELDS = {
    "partner_id",
    "product_id",
    "product_tmpl_id",
    "company_id",
    "product_uom_id",
    "delay",
    "oms_stock_quantity",
    "oms_stock_date",
}


class ProductSupplierinfo(models.Model):
    _inherit = "product.supplierinfo"

    oms_stock_quantity = fields.Float(
        string="Vendor's Stock",
        digits="Product Unit",
        copy=False,
        help="What the vendor says it has, in the unit of this line. It becomes external stock at "
        "the vendor's site, with the lead time of this line.",
    )
    oms_stock_date = fields.Datetime(
        string="Vendor's Stock On",
        copy=False,
        help="When the vendor said so; the moment at which the quantity is typed or imported "
        "unless another one is given. Empty: the line says nothing of the vendor's stock.",
    )

    _oms_stock_quantity_check = models.Constraint(
        f"CHECK (COALESCE(oms_stock_quantity, 0) BETWEEN 0 AND {MAX_QUANTITY})",
        "A vendor has a stock of zero or more.",
    )

    @api.constrains("oms_stock_date", "product_id", "product_tmpl_id")
    def _oms_check_stock(self):
        now = fields.Datetime.now()
        for line in self.filtered("oms_stock_date"):
            if line.oms_stock_date > now:
                raise ValidationError(
                    self.env._(
                        "%(vendor)s cannot have said on %(date)s UTC what it has: that is still "
                        "to come.",
                        vendor=line.partner_id.name,
                        date=line.oms_stock_date,
                    )
                )
            if not line._oms_get_stock_product():
                raise ValidationError(
                    self.env._(
                        "%(product)s has several variants: name the one of which %(vendor)s has "
                        "stock on the line.",
                        product=line.product_tmpl_id.name,
                        vendor=line.partner_id.name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create([self._oms_date_stock(vals) for vals in vals_list])
        lines._oms_follow_stock(lines._oms_get_stock_keys())
        return lines

    def write(self, vals):
        vals = self._oms_date_stock(vals)
        if not STOCK_FIELDS & set(vals):
            return super().write(vals)
        keys = self._oms_get_stock_keys()
        res = super().write(vals)
        self._oms_follow_stock(keys | self._oms_get_stock_keys())
        return res

    def unlink(self):
        keys = self._oms_get_stock_keys()
        res = super().unlink()
        self._oms_follow_stock(keys)
        return res

    @api.model
    def _oms_date_stock(self, vals):
        """Say that a quantity that comes without a date is of this moment."""
        # Screens send all fields of a new line: a zero without a date is no news then.
        news = "oms_stock_date" not in vals and "oms_stock_quantity" in vals
        if (vals.get("oms_stock_quantity") and not vals.get("oms_stock_date")) or (self and news):
            return {**vals, "oms_stock_date": fields.Datetime.now()}
        return vals

    # === EXTERNAL STOCK === #

    def _oms_get_stock_product(self):
        """Return the one product that the line is about, if there is one."""
        self.ensure_one()
        variants = self.product_id or self.product_tmpl_id.product_variant_ids
        return variants if len(variants) == 1 else self.env["product.product"]

    def _oms_get_stock_keys(self):
        """Return of what lines that tell a vendor's stock speak.

        A line without company speaks to all companies in which the vendor has a site, or to the
        current one when it has none yet.

        :return: (vendor, product, company) triples
        :rtype: set[tuple]
        """
        lines = self.filtered("oms_stock_date")
        vendors = lines.filtered(lambda line: not line.company_id).partner_id.commercial_partner_id
        companies = defaultdict(lambda: self.env.company)
        # sudo: who keeps price lists need not have rights on sites
        Site = self.env["oms.site"].sudo().with_context(active_test=False)
        for vendor, sites in Site._read_group(
            [("kind", "=", "supplier"), ("partner_id", "in", vendors.ids)],
            ["partner_id"],
            ["company_id:recordset"],
        ):
            companies[vendor] = sites
        return {
            (vendor, product, company)
            for line in lines
            for vendor in line.partner_id.commercial_partner_id
            for product in line._oms_get_stock_product()
            if product.is_storable
            for company in line.company_id or companies[vendor]
        }

    @api.model
    def _oms_follow_stock(self, keys):
        """Bring the external stock at vendors' sites to what their price lists say last.

        :param keys: (vendor, product, company) triples, whose lines were changed
        """
        if not keys:
            return
        # sudo: who keeps price lists need not have rights on sites and their stock
        self = self.sudo()
        sites = self._oms_get_vendor_sites(keys)
        lines = self._oms_get_last_lines(keys)
        Stock = self.env["oms.external.stock"]
        # A price list may take back what it said; what others said later stays.
        rows = {(product, sites[vendor, company]) for vendor, product, company in keys}
        Stock.search(
            [
                ("source", "=", "pricelist"),
                ("product_id", "in", [product.id for product, _site in rows]),
                ("site_id", "in", [site.id for _product, site in rows]),
            ],
            order="product_id, site_id",
        ).filtered(lambda stock: (stock.product_id, stock.site_id) in rows).unlink()
        Stock._write_entries(
            [
                line._oms_prepare_entry(product, sites[vendor, company])
                for (vendor, product, company), line in lines.items()
            ],
            "pricelist",
        )

    @api.model
    def _oms_get_vendor_sites(self, keys):
        """Return the sites of vendors, making the missing ones.

        :return: ``oms.site`` by (vendor, company)
        :rtype: dict
        """
        vendors = defaultdict(lambda: self.env["res.partner"])
        for vendor, _product, company in keys:
            vendors[company] |= vendor
        return {
            (site.partner_id, company): site
            for company, of_company in vendors.items()
            for site in of_company.sudo()._oms_ensure_supplier_site(company)
        }

    @api.model
    def _oms_get_last_lines(self, keys):
        """Return the line that speaks last of each key.

        :return: price list line by key; keys of which no line speaks any more are absent
        :rtype: dict
        """
        lines = self.search(
            [
                ("partner_id.commercial_partner_id", "in", [key[0].id for key in keys]),
                ("product_tmpl_id", "in", [key[1].product_tmpl_id.id for key in keys]),
                ("oms_stock_date", "!=", False),
            ],
            order="oms_stock_date, id",
        )
        last = {}
        for line in lines:
            for key in line._oms_get_stock_keys() & keys:
                last[key] = line
        return last

    def _oms_prepare_entry(self, product, site):
        """Return what the line says of its product, as a row of external stock."""
        self.ensure_one()
        quantity = self.product_uom_id._compute_quantity(
            self.oms_stock_quantity, product.uom_id, rounding_method="DOWN"
        )
        return Entry(
            product.id,
            site.id,
            min(quantity, MAX_QUANTITY),
            min(max(self.delay, 0), MAX_LEAD_DAYS),
            self.oms_stock_date,
        )
