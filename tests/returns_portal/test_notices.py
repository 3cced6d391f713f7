from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from ..returns.common import ReturnCase


@tagged("post_install", "-at_install")
class TestNotices(ReturnCase):
    """What customers are told of their returns, and when."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write({"email": "ada@example.com", "name": "Ada"})
        cls.order = cls.deliver((cls.apple, 5))

    def setUp(self):
        super().setUp()
        self.env.cr.flush()
        self.known = self.env["mail.mail"].search([])

    def commit(self):
        """Do what is done at the end of a transaction; return the mails that are new since."""
        self.env.cr.flush()
        new = self.env["mail.mail"].search([]) - self.known
        self.known |= new
        return new

    def test_agreed_at_once_is_one_mail(self):
        made = self.ask(self.order, (self.apple, 1), origin="portal")
        [mail] = self.commit()
        self.assertIn(made.name, mail.subject)
        self.assertIn("is agreed", mail.body_html)
        self.assertIn(made._get_customer_url(), mail.body_html)
        self.assertFalse(self.commit(), "once")

    def test_goods_as_people_read_them(self):
        """Pieces are counted; what is weighed has its unit, with the decimals that it has."""
        self.ask(self.order, (self.apple, 1), origin="portal")
        body = self.commit().body_html
        self.assertIn("1 × Apple", body)
        self.assertNotIn("Units", body)
        flour = self.make_product("Flour", uom_id=self.env.ref("uom.product_uom_kgm").id)
        self.stock(flour, (self.near, 9))
        order = self.deliver((flour, 2.5))
        made = self.ask(order, (flour, 1.5), origin="portal")
        self.assertIn("1.5 kg Flour", self.commit().body_html)
        [line] = made._get_page_view().lines
        self.assertEqual(line.goods, "1.5 kg Flour")
        with self.assertRaisesRegex(UserError, "5 kg Flour are more than can be returned: 1 kg"):
            self.ask(order, (flour, 5), origin="portal")
        with self.assertRaisesRegex(UserError, "9 × Apple are more than can be returned: 4\\."):
            self.ask(self.order, (self.apple, 9), origin="portal")

    def test_looked_at_first(self):
        self.policy.review = "reviewed"
        made = self.ask(self.order, (self.apple, 1), origin="portal")
        self.assertIn("We look at it", self.commit().body_html)
        made._refuse("It was <b>worn</b>.")
        body = self.commit().body_html
        self.assertIn("It was &lt;b&gt;worn&lt;/b&gt;.", body)

    def test_by_the_channels_system(self):
        """Marketplaces tell their customers by themselves, unless the channel says otherwise."""
        self.ask(self.order, (self.apple, 1), origin="api")
        self.assertFalse(self.commit())
        self.channel.message_line_ids = [(0, 0, {"moment": "return_authorized"})]
        template = self.env.ref("oms.mail_return_authorized")
        self.assertEqual(self.channel.message_line_ids.template_id, template)
        self.ask(self.order, (self.apple, 1), origin="api")
        self.assertEqual(len(self.commit()), 1)

    def test_another_mail(self):
        own = self.env.ref("oms.mail_return_authorized").copy({"subject": "Of our own"})
        self.channel.message_line_ids = [
            (0, 0, {"moment": "return_authorized", "template_id": own.id})
        ]
        self.ask(self.order, (self.apple, 1), origin="portal")
        self.assertEqual(self.commit().subject, "Of our own")
        with self.assertRaises(ValidationError):
            self.channel.message_line_ids.template_id = self.env.ref("oms.mail_tracking_shipped")

    def test_given_up(self):
        made = self.ask(self.order, (self.apple, 1), origin="store")
        self.commit()
        made._cancel()
        self.assertIn("is cancelled", self.commit().body_html)

    def test_what_the_customer_keeps(self):
        self.policy.keep_below = 100
        # Nothing was paid here that could be given back.
        with patch.object(self.env.registry["oms.return"], "_settle", lambda returns: None):
            made = self.ask(self.order, (self.apple, 1), origin="portal", way="label")
        self.assertEqual(made.way, "keep")
        bodies = self.commit().mapped("body_html")
        self.assertTrue(bodies)
        self.assertTrue(all("please keep the goods" in body for body in bodies), bodies)

    def test_archived_mails_are_not_sent(self):
        self.env.ref("oms.mail_return_authorized").active = False
        self.ask(self.order, (self.apple, 1), origin="portal")
        self.assertFalse(self.commit())

    def test_a_broken_mail_stops_nothing(self):
        self.env.ref("oms.mail_return_authorized").body_html = "<p t-out='object.nothing'/>"
        with self.assertLogs("odoo.addons.oms", "ERROR"):
            made = self.ask(self.order, (self.apple, 1), origin="portal")
            self.commit()
        self.assertEqual(made.state, "authorized")
        self.assertTrue(any("failed" in body for body in made.message_ids.mapped("body")))

    def test_guests_who_share_a_customer(self):
        self.customer.email = False
        guest = self.make_partner("Grace", email="grace@example.com", parent_id=self.customer.id)
        order = self.make_order((self.apple, 1), partner_shipping_id=guest.id)
        self.assertEqual(order._oms_get_return_partner(), guest)
        self.customer.email = "ada@example.com"
        self.assertEqual(order._oms_get_return_partner(), self.customer)
