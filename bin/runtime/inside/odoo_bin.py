"""Odoo's own command line, for a Python that can import it.

A program file is needed: with several workers Odoo starts itself again by this path, which
`python -m odoo` does not survive.
"""

import odoo.cli

if __name__ == "__main__":
    odoo.cli.main()
