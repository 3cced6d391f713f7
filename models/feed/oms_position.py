from odoo import api, models

from . import feed_sql, watch_sql


class OmsPosition(models.Model):
    """The tables and triggers of the feeds come and go with those of positions."""

    _inherit = "oms.position"

    @api.model
    def _install_sql(self):
        self.env.cr.execute(feed_sql.tables())
        return super()._install_sql()

    @api.model
    def _get_machinery_sql(self):
        return [*super()._get_machinery_sql(), *watch_sql.triggers()]

    @api.model
    def _uninstall_sql(self):
        self.env.cr.execute(watch_sql.removal())
        res = super()._uninstall_sql()
        self.env.cr.execute(feed_sql.removal())
        return res
