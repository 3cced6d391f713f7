"""Uninstalls the addon from a database and prints what is left of it.

Usage: roundtrip.py CONFIG DATABASE MODULE
"""

from __future__ import annotations

import sys

import odoo.modules.registry
from odoo import SUPERUSER_ID, api
from odoo.tools import config

# What bears the addon's name, by kind of thing.
LEFT_BEHIND = {
    "external identifier": "SELECT name FROM ir_model_data WHERE module = %(module)s",
    "model": "SELECT model FROM ir_model WHERE model LIKE %(model)s",
    "field": "SELECT model || '.' || name FROM ir_model_fields WHERE model LIKE %(model)s"
    " OR name LIKE %(prefix)s OR relation LIKE %(model)s",
    "parameter": "SELECT key FROM ir_config_parameter WHERE key LIKE %(model)s",
    "scheduled action": "SELECT c.cron_name FROM ir_cron c JOIN ir_act_server s"
    " ON s.id = c.ir_actions_server_id LEFT JOIN ir_model m ON m.id = s.model_id"
    " WHERE m.id IS NULL OR m.model LIKE %(model)s",
    "view": "SELECT name FROM ir_ui_view WHERE model LIKE %(model)s OR key LIKE %(model)s",
    "sequence": "SELECT code FROM ir_sequence WHERE code LIKE %(model)s",
    "table": "SELECT relname FROM pg_class WHERE relkind IN ('r', 'v', 'm', 'S')"
    " AND relname LIKE %(prefix)s",
    "column": "SELECT table_name || '.' || column_name FROM information_schema.columns"
    " WHERE table_schema = 'public' AND column_name LIKE %(prefix)s",
    "function": "SELECT proname FROM pg_proc WHERE proname LIKE %(prefix)s",
    "trigger": "SELECT tgname FROM pg_trigger WHERE tgname LIKE %(prefix)s",
}


def main() -> None:
    """Uninstall, look, print; the exit code is 1 if anything is left."""
    path, database, module = sys.argv[1:4]
    config.parse_config(["-c", path, "-d", database], setup_logging=True)
    registry = odoo.modules.registry.Registry(database)
    with registry.cursor() as cursor:
        env = api.Environment(cursor, SUPERUSER_ID, {})
        addon = env["ir.module.module"].search([("name", "=", module)])
        if addon.state != "installed":
            sys.exit(f"{module} is {addon.state or 'unknown'} before it is to be uninstalled")
        addon.button_immediate_uninstall()
    registry = odoo.modules.registry.Registry(database)
    with registry.cursor() as cursor:
        parameters = {"module": module, "model": f"{module}.%", "prefix": f"{module}\\_%"}
        left = []
        for kind, statement in LEFT_BEHIND.items():
            cursor.execute(statement, parameters)
            left += [f"{kind} {row[0]}" for row in cursor.fetchall()]
    for each in left:
        print(f"LEFT BEHIND: {each}")
    sys.exit(1 if left else 0)


if __name__ == "__main__":
    main()
