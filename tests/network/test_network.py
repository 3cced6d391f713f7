from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import OmsCase


@tagged("post_install", "-at_install")
class TestNetwork(OmsCase):
    """Groups of sites."""

    def test_counts_and_opens_its_sites(self):
        self.assertEqual(self.network.site_count, 3)
        action = self.network.action_view_sites()
        found = self.env["oms.site"].search(action["domain"])
        self.assertEqual(found, self.sites.sorted())

    def test_names_are_unique_in_a_company(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.env["oms.network"].create({"name": "Test network"})

    def test_sites_of_another_company_are_refused(self):
        other = self.env["res.company"].create({"name": "Daughter"})
        site = self.env["oms.site"].search([("company_id", "=", other.id)], limit=1)
        with self.assertRaises(UserError):
            self.network.site_ids += site
