from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import OfferCase


@tagged("post_install", "-at_install")
class TestRoles(OfferCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerks = {}
        for site in cls.sites:
            clerk = cls.make_user(f"clerk-{site.code}", "oms.group_site_operator")
            site.user_ids = clerk
            cls.clerks[site] = clerk
        cls.order = cls.make_order((cls.apple, 2), user_id=False)

    def test_who_is_asked_sees_and_accepts(self):
        clerk, offer = self.clerks[self.middle], self.offer(self.order, self.middle)
        self.assertEqual(self.env["oms.offer"].with_user(clerk).search([]), offer)
        # It is planned at another site, and seen all the same while it is offered.
        fulfillment = offer.fulfillment_id.with_user(clerk)
        self.assertTrue(fulfillment.name)
        self.assertEqual(fulfillment.line_ids.product_id, self.apple)
        action = offer.with_user(clerk).action_accept()
        result = self.env["oms.fulfillment"].with_user(clerk).browse(action["res_id"])
        self.assertEqual((result.site_id, result.state), (self.middle, "released"))
        self.assertEqual(offer.user_id, clerk)

    def test_who_was_slower_sees_it_no_more(self):
        slow = self.clerks[self.middle]
        fulfillment = self.order.oms_fulfillment_ids
        self.offer(self.order, self.near).with_user(self.clerks[self.near])._accept()
        with self.assertRaises(AccessError):
            fulfillment.with_user(slow).check_access("read")

    def test_who_was_not_asked_does_not_answer(self):
        stranger, offer = self.clerks[self.far], self.offer(self.order, self.near)
        for answer in ("_accept", "_decline"):
            with self.assertRaises(AccessError):
                getattr(offer.with_user(stranger), answer)()
        with self.assertRaises(AccessError):
            offer.with_user(self.clerks[self.near]).write({"state": "accepted"})

    def test_who_is_asked_gives_back_nothing_of_another_site(self):
        """The reason would change the stock of a site at which he does not work."""
        fulfillment = self.order.oms_fulfillment_ids
        reason = self.env["oms.reject.reason"].search([("offered", "=", True)], limit=1)
        asked = fulfillment.with_user(self.clerks[self.middle])
        with self.assertRaisesRegex(AccessError, "decline the offer"):
            asked._reject(reason)
        wizard = self.env["oms.fulfillment.reject"].with_user(self.clerks[self.middle])
        wizard = wizard.create({"fulfillment_ids": fulfillment.ids, "reason_id": reason.id})
        with self.assertRaises(AccessError):
            wizard.action_confirm()
        self.assertEqual(self.states(self.order), {"Near": "open", "Middle": "open"})
        self.assertTrue(fulfillment.with_user(self.clerks[self.near])._reject(reason))
        self.assertFalse(self.offer(self.order, self.middle))

    def test_sellers_see_and_do_not_answer(self):
        seller = self.make_user("seller", "sales_team.group_sale_salesman")
        offer = self.offer(self.order, self.near).with_user(seller)
        self.assertTrue(offer.site_id)
        with self.assertRaises(AccessError):
            offer._accept()

    def test_the_dialog(self):
        clerk, offer = self.clerks[self.near], self.offer(self.order, self.near)
        action = offer.with_user(clerk).action_decline()
        wizard = (
            self.env[action["res_model"]]
            .with_user(clerk)
            .with_context(**action["context"])
            .create({"note": "No time"})
        )
        wizard.action_decline()
        self.assertEqual((offer.state, offer.note, offer.user_id), ("declined", "No time", clerk))

    def test_other_companies_see_nothing(self):
        company = self.env["res.company"].create({"name": "Other"})
        boss = self.make_user(
            "other-boss",
            "oms.group_order_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.assertFalse(self.env["oms.offer"].with_user(boss).search([]))
