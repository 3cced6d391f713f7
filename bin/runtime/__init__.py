"""What `bin/demo`, `bin/test`, `bin/bench` and `bin/screenshots` share.

Standard library only: these modules run before anything has been fetched. The scripts in
`inside/` are the exception; they run in an environment that has Odoo.
"""
