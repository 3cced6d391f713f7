"""Opens the throw-away Odoo database that `bin/bench` prepared for a benchmark."""

from __future__ import annotations

import os
import sys
from typing import Any


def open_registry() -> Any:
    """Read the configuration and load the registry, in this process.

    :raises SystemExit: the environment names no configuration or database
    """
    try:
        config_path, database = os.environ["OMS_ODOO_CONFIG"], os.environ["OMS_DATABASE"]
    except KeyError as error:
        sys.exit(f"{error.args[0]} is not set: start this benchmark with `bin/bench`.")
    import odoo
    from odoo.modules.registry import Registry

    odoo.tools.config.parse_config(["-c", config_path, "-d", database, "--log-level", "critical"])
    return Registry(database)
