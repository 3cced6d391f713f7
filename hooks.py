"""Installation hooks of the addon."""


def post_init_hook(env):
    """Give every warehouse that existed before the addon its site, and companies their sequence.

    Archived warehouses get an archived site, so that a later unarchiving finds it.

    :param odoo.api.Environment env: superuser environment of the installation
    """
    env["stock.warehouse"].with_context(active_test=False).search([])._oms_ensure_sites()
    env["res.company"].search([])._oms_ensure_order_sequences()


def uninstall_hook(env):
    """Take away what the addon made in the database that Odoo does not know to be its own.

    :param odoo.api.Environment env: superuser environment of the removal
    """
    env["oms.site.slot"]._uninstall_sql()
    env["oms.supply"]._uninstall_sql()
    env["oms.position"]._uninstall_sql()
    env["res.company"]._uninstall_sequences()
