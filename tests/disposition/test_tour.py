from odoo.tests import tagged

from ..common import TourCase
from .common import DispositionCase


@tagged("post_install", "-at_install")
class TestDispositionTour(TourCase, DispositionCase):
    """From the grade to the stock at the other site, on screen."""

    def test_override_and_send(self):
        self.make_sold(self.apple, self.far, 10)
        found = self.bring_back(self.apple, 2, self.grade_a).disposition_ids
        self.assertEqual((found.kind, found.target_site_id), ("send", self.far))
        self.env["oms.disposition"].search([("id", "not in", found.ids)]).unlink()
        self.start_tour_surely("/odoo", "oms_disposition", login="admin")
        self.env.invalidate_all()
        self.assertEqual(
            (found.kind, found.target_site_id, found.override_reason, found.overridden),
            ("send", self.middle, "The store asked for it", True),
        )
        self.assertEqual(found.state, "done")
        self.assertEqual(self.promised(self.apple, self.middle), 2)
