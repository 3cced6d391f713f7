from collections import defaultdict

from odoo import fields, models
from odoo.tools import SQL


class ProductProduct(models.Model):
    _inherit = "product.product"

    oms_need_ids = fields.Many2many(
        "oms.ability",
        string="Abilities Needed",
        compute="_compute_oms_need_ids",
        compute_sudo=True,
        help="What the site that handles the product must be able to do: what the product, its "
        "category and the categories above need.",
        groups="base.group_user",
    )

    def _compute_oms_need_ids(self):
        Ability = self.env["oms.ability"]
        needs = self._get_ability_needs() if Ability._is_needed() else {}
        for product in self:
            product.oms_need_ids = Ability.browse(needs.get(product._origin.id, ()))

    def _get_ability_needs(self):
        """Read what the products need, in one query.

        :return: ids of active abilities by product id
        :rtype: dict[int, list[int]]
        """
        self.env["oms.ability"].flush_model(["active"])
        self.env["product.template"].flush_model(["categ_id", "oms_ability_ids"])
        self.env["product.category"].flush_model(["parent_path", "oms_ability_ids"])
        self.flush_model(["product_tmpl_id"])
        needs = defaultdict(list)
        for product_id, ability_id in self.env.execute_query(
            SQL(
                """
                SELECT need.product_id, need.ability_id FROM (
                    SELECT product.id AS product_id, rel.ability_id
                      FROM product_product product
                      JOIN oms_ability_product_rel rel USING (product_tmpl_id)
                     WHERE product.id = ANY(%(ids)s)
                     UNION
                    SELECT product.id, rel.ability_id
                      FROM product_product product
                      JOIN product_template template ON template.id = product.product_tmpl_id
                      JOIN product_category category ON category.id = template.categ_id
                      JOIN product_category above
                        ON category.parent_path LIKE above.parent_path || '%%'
                      JOIN oms_ability_category_rel rel ON rel.categ_id = above.id
                     WHERE product.id = ANY(%(ids)s)
                ) AS need
                  JOIN oms_ability ability ON ability.id = need.ability_id AND ability.active
              ORDER BY ability.sequence, ability.id
                """,
                ids=list(self._origin.ids),
            )
        ):
            needs[product_id].append(ability_id)
        return needs
