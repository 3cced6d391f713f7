"""Opens the throw-away Odoo database that `bin/bench` prepared for a benchmark."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
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


@contextmanager
def environment(registry: Any = None) -> Iterator[Any]:
    """Open a transaction of the superuser, which is committed at the end.

    :param registry: see :func:`open_registry`, which is asked for it by default
    """
    import odoo

    with (registry or open_registry()).cursor() as cr:
        yield odoo.api.Environment(cr, odoo.SUPERUSER_ID, {})


def server_seconds(connection: Any) -> float | None:
    """Return the processor time that the server's process of a connection has used.

    :return: None if it runs elsewhere or is gone
    """
    try:
        text = Path(f"/proc/{connection.info.backend_pid}/schedstat").read_text()
    except OSError:
        return None
    return int(text.split()[0]) / 1e9
