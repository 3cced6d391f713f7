from odoo import api, fields, models, tools
from odoo.tools import SQL


class OmsAbility(models.Model):
    """Something that goods ask of the site that handles them, e.g. a license or a large door."""

    _name = "oms.ability"
    _description = "Site Ability"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="Short name that import files use for the ability.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    color = fields.Integer()
    description = fields.Text(translate=True, help="What a site must have to be given it.")
    site_ids = fields.Many2many(
        "oms.site", "oms_site_ability_rel", "ability_id", "site_id", string="Sites"
    )

    _code_uniq = models.UniqueIndex("(code)", "An ability with this code exists already.")

    @api.model
    @tools.ormcache()
    def _is_needed(self):
        """Tell whether any goods need an ability: sourcing asks nothing more without.

        :rtype: bool
        """
        relations = [
            SQL.identifier(self.env[model]._fields["oms_ability_ids"].relation)
            for model in ("product.template", "product.category")
        ]
        [[needed]] = self.env.execute_query(
            SQL(
                "SELECT EXISTS (SELECT FROM %s) OR EXISTS (SELECT FROM %s)",
                *relations,
            )
        )
        return needed

    @api.model
    def _forget_needed(self):
        clear = self.env.registry.clear_cache
        clear()
        # Who asks until then is told what was before, and must not keep it.
        self.env.cr.postcommit.add(clear)
