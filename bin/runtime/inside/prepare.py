"""Installs or updates modules in a database and has its asset bundles made.

Usage: prepare.py CONFIG DATABASE install|update MODULE[,MODULE…]
"""

from __future__ import annotations

import sys

import odoo.modules.registry
from odoo import SUPERUSER_ID, api
from odoo.tools import config


def main() -> None:
    """Do it in one process: loading the registry is the larger part of the time."""
    path, database, mode, names = sys.argv[1:5]
    config.parse_config(["-c", path, "-d", database], setup_logging=True)
    modules = names.split(",")
    options = {"install_modules": modules} if mode == "install" else {"upgrade_modules": modules}
    registry = odoo.modules.registry.Registry.new(database, update_module=True, **options)
    with registry.cursor() as cursor:
        env = api.Environment(cursor, SUPERUSER_ID, {})
        wanted = env["ir.module.module"].search([("name", "in", modules)])
        unfinished = [
            f"{each.name} is {each.state}" for each in wanted if each.state != "installed"
        ]
        unknown = set(modules) - set(wanted.mapped("name"))
        unfinished += [f"{name} is unknown" for name in sorted(unknown)]
        if unfinished:
            sys.exit("Not installed: " + ", ".join(unfinished))
        env["ir.qweb"]._pregenerate_assets_bundles()


if __name__ == "__main__":
    main()
