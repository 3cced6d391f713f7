import numpy as np

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from .oms_proposal import KIND_SELECTION


class OmsFlowConstraint(models.Model):
    """What is not to be proposed for a while, learned from a rejection or said by somebody.

    What is left empty counts for all: a constraint with an origin alone forbids all that goes out
    of there.
    """

    _name = "oms.flow.constraint"
    _description = "Constraint of Flows"
    _inherit = ["mail.thread"]
    _order = "until, id"
    _check_company_auto = True

    network_id = fields.Many2one(
        "oms.network", required=True, ondelete="cascade", index=True, check_company=True
    )
    company_id = fields.Many2one(
        related="network_id.company_id", store=True, precompute=True, index=True
    )
    active = fields.Boolean(default=True, tracking=True)
    kind = fields.Selection(KIND_SELECTION, help="Empty: proposals of any kind.")
    origin_id = fields.Many2one(
        "oms.site", string="From", ondelete="cascade", index="btree_not_null", check_company=True
    )
    site_id = fields.Many2one(
        "oms.site", string="To", ondelete="cascade", index="btree_not_null", check_company=True
    )
    supplier_id = fields.Many2one("res.partner", ondelete="cascade", index="btree_not_null")
    product_id = fields.Many2one(
        "product.product", ondelete="cascade", index="btree_not_null", check_company=True
    )
    categ_id = fields.Many2one("product.category", string="Category", ondelete="cascade")
    until = fields.Date(help="The constraint ends after that day; empty: it stays.", tracking=True)
    reason = fields.Char(required=True, tracking=True)
    proposal_id = fields.Many2one(
        "oms.proposal",
        string="Learned From",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )

    _product_check = models.Constraint(
        "CHECK (product_id IS NULL OR categ_id IS NULL)",
        "A constraint is about a product or a category: leave one of them empty.",
    )

    @api.depends("kind", "origin_id", "site_id", "supplier_id", "product_id", "categ_id")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for each in self:
            goods = each.product_id or each.categ_id
            start = each.origin_id or each.supplier_id
            words = [
                kinds.get(each.kind) or self.env._("Anything"),
                goods.display_name if goods else self.env._("all goods"),
                f"{start.display_name or '…'} → {each.site_id.name or '…'}",
            ]
            each.display_name = ", ".join(words)

    @api.constrains(
        "kind", "origin_id", "site_id", "supplier_id", "product_id", "categ_id", "network_id"
    )
    def _check_says_something(self):
        for each in self:
            named = (
                each.origin_id, each.site_id, each.supplier_id, each.product_id, each.categ_id,
            )  # fmt: skip
            if not each.kind and not any(named):
                raise ValidationError(
                    self.env._(
                        "A constraint that names nothing would forbid everything: say what it is "
                        "about, or archive the plan."
                    )
                )

    # === BUSINESS METHODS === #

    @api.model
    def _get_forbidding_sql(self, plan, today):
        """Return a condition that is true of a row ``asked`` if a constraint forbids it.

        :param plan: ``oms.flow.plan``
        :param today: a date
        :return: a condition on ``asked`` with the columns kind, origin_id, site_id, supplier_id
            and product_id
        :rtype: SQL
        """
        self.flush_model()
        self.env["product.template"].flush_model(["categ_id"])
        return SQL(
            """
            EXISTS (
                SELECT FROM oms_flow_constraint learned
             LEFT JOIN product_category above ON above.id = learned.categ_id
                 WHERE learned.active AND learned.network_id = %(network)s
                   AND (learned.until IS NULL OR learned.until >= %(today)s)
                   AND COALESCE(learned.kind, asked.kind) = asked.kind
                   AND (learned.origin_id IS NULL OR learned.origin_id = asked.origin_id)
                   AND (learned.site_id IS NULL OR learned.site_id = asked.site_id)
                   AND (learned.supplier_id IS NULL OR learned.supplier_id = asked.supplier_id)
                   AND (learned.product_id IS NULL OR learned.product_id = asked.product_id)
                   AND (learned.categ_id IS NULL OR EXISTS (
                       SELECT FROM product_product variant
                         JOIN product_template template ON template.id = variant.product_tmpl_id
                         JOIN product_category own ON own.id = template.categ_id
                        WHERE variant.id = asked.product_id
                          AND own.parent_path LIKE above.parent_path || '%%'))
            )
            """,
            network=plan.network_id.id,
            today=today,
        )

    @api.model
    def _get_current(self, plan):
        """Return the constraints that hold for a plan today.

        :param plan: ``oms.flow.plan``
        """
        return self.search(
            [
                ("network_id", "=", plan.network_id.id),
                "|",
                ("until", "=", False),
                ("until", ">=", fields.Date.today()),
            ]
        )

    def _get_product_places(self, product_ids):
        """Return at which places of an array of product ids those are that it is about.

        :param product_ids: sorted, shape (products,)
        :return: positions
        """
        self.ensure_one()
        if not self.product_id and not self.categ_id:
            return np.arange(len(product_ids))
        ids = self.product_id.ids
        if self.categ_id:
            inside = [("categ_id", "child_of", self.categ_id.id)]
            ids = self.env["product.product"].search(inside).ids
        return np.flatnonzero(np.isin(product_ids, ids))

    @api.model
    def _forget_outdated(self):
        """Archive what has run out."""
        today = fields.Date.today()
        self.search([("until", "<", today)]).active = False

    def action_forget(self):
        """Take constraints back: what they forbade may be proposed again."""
        self.env["oms.proposal"]._check_planner()
        self.check_access("read")
        # sudo: planners forget what was learned, whose other fields only managers change
        self.sudo().active = False
