"""Fills a database with the demo network or with the user's files.

Usage: load.py CONFIG DATABASE RESULT [ORDERS SITES STOCK MONTH LIMIT]

Lines `PROGRESS DONE TOTAL TEXT` go to standard output; RESULT gets a JSON object: what the addon
returned, or `refused` with its sentence. MONTH and LIMIT may be empty.
"""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

import odoo.modules.registry
from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.tools import config


def show(done: int, total: int, text: str) -> None:
    """Say how far it is."""
    print(f"PROGRESS {done} {total} {text}", flush=True)


def load(env: Any, arguments: list[str]) -> Any:
    """Call the addon."""
    imports = env["oms.import"]
    if not arguments:
        return imports._load_demo_network()
    orders, sites, stock, month, limit = arguments
    return imports._replay_files(
        orders,
        sites,
        stock,
        month=month or None,
        limit=int(limit) if limit else None,
        progress=show,
    )


def main() -> None:
    """Load, commit, write the result."""
    path, database, target = sys.argv[1:4]
    warnings.simplefilter("ignore")
    config.parse_config(["-c", path, "-d", database, "--log-level=warn"], setup_logging=True)
    registry = odoo.modules.registry.Registry(database)
    result: Any
    with registry.cursor() as cursor:
        env = api.Environment(cursor, SUPERUSER_ID, {})
        try:
            result = load(env, sys.argv[4:])
            cursor.commit()
        except UserError as error:
            cursor.rollback()
            result = {"refused": str(error)}
    with open(target, "w", encoding="utf-8") as sink:
        json.dump(result or {}, sink, default=str)


if __name__ == "__main__":
    main()
