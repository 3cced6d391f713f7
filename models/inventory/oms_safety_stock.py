import math

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import float_round, ormcache

from . import position_sql, safety_sql

OPERATOR_SELECTION = [
    ("subtract", "Keep back the quantity"),
    ("below", "Promise nothing below the quantity"),
    ("at_most", "Promise nothing at or below the quantity"),
]


class OmsSafetyStock(models.Model):
    """A rule on how much of the goods at a site is not promised to anybody.

    For a product at a site one rule of either family counts: one that keeps a quantity back (a
    ring-fence) and one that closes the site for the product while too little is there (a gate).
    Which of several rules counts, and how rules are applied, is written in :mod:`.safety_sql`.
    """

    _name = "oms.safety.stock"
    _description = "Safety Stock"
    _order = "sequence, id"
    _check_company_auto = True

    sequence = fields.Integer(
        default=10,
        help="Of rules for the same products and the same sites the one with the lowest number "
        "counts.",
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        index=True,
        help="The rule counts at sites of this company.",
    )
    product_id = fields.Many2one(
        "product.product",
        ondelete="cascade",
        index="btree_not_null",
        check_company=True,
        domain="[('is_storable', '=', True)]",
        help="A rule for a product goes before those for its category.",
    )
    categ_id = fields.Many2one(
        "product.category",
        string="Product Category",
        ondelete="cascade",
        index="btree_not_null",
        help="The rule counts in the categories below too, where these have none of their own.",
    )
    site_id = fields.Many2one(
        "oms.site",
        ondelete="cascade",
        index="btree_not_null",
        check_company=True,
        help="A rule for a site goes before those for its networks.",
    )
    network_id = fields.Many2one(
        "oms.network",
        ondelete="cascade",
        index="btree_not_null",
        check_company=True,
        help="The rule counts at each site of the network for itself.",
    )
    operator = fields.Selection(
        OPERATOR_SELECTION,
        string="Effect",
        required=True,
        default="subtract",
        help="Keep back: the quantity is taken off what a site can promise.\n"
        "Promise nothing below: while fewer than the quantity are available the site promises "
        "none of them, from then on all.\n"
        "Promise nothing at or below: the same, and the quantity itself is too few.\n"
        "A rule of either kind can count at once: whether enough is there is looked at before "
        "anything is kept back.",
    )
    quantity = fields.Float(
        required=True,
        digits="Product Unit",
        help="In the unit of the product. With zero the rule is an exception from wider ones.",
    )
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    date_from = fields.Date(string="From", help="First day of the rule. Empty: since ever.")
    date_to = fields.Date(string="Until", help="Last day of the rule. Empty: for good.")
    note = fields.Char(help="Why there is the rule.")

    _product_scope_check = models.Constraint(
        "CHECK (product_id IS NULL OR categ_id IS NULL)",
        "A safety stock rule is for a product or for a category: leave one of them empty.",
    )
    _site_scope_check = models.Constraint(
        "CHECK (site_id IS NULL OR network_id IS NULL)",
        "A safety stock rule is for a site or for a network: leave one of them empty.",
    )
    _quantity_check = models.Constraint(
        "CHECK (quantity >= 0 AND quantity < 1e12)",
        "A safety stock is a number of units, zero or above.",
    )
    _dates_check = models.Constraint(
        "CHECK (date_from <= date_to)",
        "A safety stock rule ends on the day on which it begins, or later.",
    )
    _active_idx = models.Index("(id) WHERE active")

    # === COMPUTE METHODS === #

    @api.depends("product_id", "categ_id", "site_id", "network_id")
    def _compute_display_name(self):
        for rule in self:
            goods = rule.product_id or rule.categ_id
            place = rule.site_id or rule.network_id
            rule.display_name = self.env._(
                "%(goods)s, %(place)s",
                goods=goods.display_name if goods else self.env._("All products"),
                place=place.display_name if place else self.env._("all sites"),
            )

    # === CONSTRAINTS === #

    @api.constrains("product_id", "site_id", "network_id")
    def _check_not_archived(self):
        for rule in self:
            for record in (rule.product_id, rule.site_id, rule.network_id):
                if record and not record.active:
                    raise ValidationError(
                        self.env._(
                            "%s is archived: a safety stock rule cannot be made for it. "
                            "Unarchive it or choose another one.",
                            record.display_name,
                        )
                    )

    @api.model
    def _check_quantity(self, quantity):
        """Make sure that a quantity is one, before it is rounded when it is written.

        :raises ValidationError: it is negative, infinite, no number, or finer than units are
        """
        try:
            number = float(quantity or 0.0)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number) or number < 0:
            raise ValidationError(
                self.env._(
                    "%s is no safety stock: give a number of units, zero or above.", quantity
                )
            )
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        if abs(float_round(number, precision_digits=digits) - number) > 1e-9:
            raise ValidationError(
                self.env._(
                    "%(quantity)s is finer than quantities are: give at most %(digits)s decimals, "
                    "or raise the decimal accuracy of “Product Unit”.",
                    quantity=quantity,
                    digits=digits,
                )
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_quantity(vals.get("quantity"))
        self._forget_any()
        return super().create(vals_list)

    def write(self, vals):
        if "quantity" in vals:
            self._check_quantity(vals["quantity"])
        self._forget_any()
        return super().write(vals)

    def unlink(self):
        self._forget_any()
        return super().unlink()

    # === BUSINESS METHODS === #

    @api.model
    def _apply(self, positions, day, product_ids, site_ids):
        """Return the select of positions less what the rules of a day hold back of them.

        :param SQL positions: a select with the columns of :func:`.position_sql.read`
        :param SQL day: a date
        :param product_ids: ids of all products that can be in it
        :param site_ids: ids of all sites that can be in it
        :return: a select of the same columns and ``safety``
        :rtype: SQL
        """
        columns = position_sql.read_columns()
        if not self._is_any():
            return safety_sql.skip(positions, columns)
        self._flush_rules()
        products, sites = position_sql.ids(product_ids), position_sql.ids(site_ids)
        return safety_sql.apply(positions, columns, day, products, sites)

    @api.model
    def _flush_rules(self):
        """Write what rules, and what they are about, follow from."""
        self.flush_model()
        self.env["product.product"].flush_model(["product_tmpl_id"])
        self.env["product.template"].flush_model(["categ_id"])
        self.env["product.category"].flush_model(["parent_path"])
        self.env["oms.site"].flush_model(["company_id"])
        self.env["oms.network"].flush_model(["active"])

    @api.model
    @ormcache()
    def _is_any(self):
        """Tell whether there is any rule: reading positions costs nothing more without.

        :rtype: bool
        """
        # sudo: rules of all companies count at their sites, whoever reads
        return bool(self.sudo().search_count([], limit=1))

    @api.model
    def _forget_any(self):
        clear = self.env.registry.clear_cache
        clear()
        # Who asks until then is told what was before, and must not keep it.
        self.env.cr.postcommit.add(clear)
