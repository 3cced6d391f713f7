"""Runs pytest where Odoo cannot be imported.

Usage: python -S pure_pytest.py FOLDER… -- PYTEST-ARGUMENT…

The folders hold the packages that may be imported. Their `.pth` files, which lead to Odoo, are not
followed.
"""

import importlib.util
import sys

if __name__ == "__main__":
    split = sys.argv.index("--")
    sys.path += sys.argv[1:split]
    if importlib.util.find_spec("odoo"):
        sys.exit("Odoo can be imported here: these tests would not prove that it is not needed.")
    import pytest

    sys.exit(pytest.main(sys.argv[split + 1 :]))
