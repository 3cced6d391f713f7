"""Those outside whom the addon talks to: pure Python, no Odoo."""
