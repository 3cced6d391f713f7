"""Runs Odoo's own suites in the complete registry of a database.

Usage: native_suite.py ODOO-SERVER-ARGUMENT…

Odoo's runner runs the tests tagged `at_install` while it loads their module, before the modules
that depend on it: an addon on top would never take part in them. Here all tests run when all
modules are loaded, those tagged `at_install` first.
"""

import sys
from collections.abc import Iterable

from odoo.tools import config


def main() -> None:
    """Start the server as Odoo's command line does, with the tests put off to its end."""
    config.parse_config(sys.argv[1:], setup_logging=True)

    from odoo.service import server
    from odoo.tests import loader

    native = loader.make_suite

    def make_suite(module_names: Iterable[str], position: str = "at_install") -> loader.OdooSuite:
        if position == "at_install":
            return loader.OdooSuite()
        names = list(module_names)
        return loader.OdooSuite([*native(names, "at_install"), *native(names, "post_install")])

    loader.make_suite = make_suite
    sys.exit(server.start(preload=config["db_name"], stop=True))


if __name__ == "__main__":
    main()
