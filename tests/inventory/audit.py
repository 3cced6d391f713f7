"""What the tests of the audit share."""

from datetime import timedelta

from odoo import fields
from odoo.tools import SQL

from ..common import OmsCase


class AuditCase(OmsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # No worker runs the scheduled jobs of a test database.
        cls.env["oms.audit"]._get_jobs().write(
            {
                "active": True,
                "failure_count": 0,
                "nextcall": fields.Datetime.now() + timedelta(days=1),
            }
        )
        cls.env["oms.audit.line"].search([]).unlink()
        cls.products = cls.apple + cls.berry

    def sql(self, query, *args):
        """Run raw SQL, past the ORM."""
        self.env.flush_all()
        self.env.cr.execute(SQL(query, *args))
        self.env.invalidate_all()

    def audit(self, products=None):
        """Look at the products of the test, and return the run."""
        self.env.flush_all()
        audit = self.env["oms.audit"]._start_run("user", products or self.products)
        self.env.invalidate_all()
        return audit

    def find(self, kind):
        """Run an audit and return the one finding of a kind; there must be no other kind."""
        audit = self.audit()
        self.assertEqual(audit.line_ids.mapped("kind"), [kind])
        self.assertEqual(audit.state, "differences")
        return audit.line_ids

    def assertClean(self):
        audit = self.audit()
        self.assertFalse(audit.line_ids, audit.line_ids.mapped("sentence"))
        self.assertEqual(audit.state, "clean")
