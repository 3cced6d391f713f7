from unittest.mock import patch

from odoo.tests import new_test_user, tagged

from ...models.returns_portal import oms_return_ask_code
from ..common import TourCase
from ..returns.common import ReturnCase


class ReturnTourCase(TourCase, ReturnCase):
    """An order of three products, of which two come back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(
            cls.env,
            "return_customer",
            "base.group_portal",
            email="ada@example.com",
            name="Ada Lovelace",
        )
        cls.customer = cls.user.partner_id
        cls.cherry = cls.make_product("Cherry")
        cls.stock(cls.cherry, (cls.near, 5))
        cls.near.kind = "store"
        cls.near.pickup_note = "Second floor"
        cls.order = cls.deliver((cls.apple, 1), (cls.berry, 1), (cls.cherry, 1))

    def assertTwoComeBack(self, **vals):
        self.env.invalidate_all()
        made = self.order.oms_return_ids
        self.assertEqual(len(made), 1)
        self.assertEqual(
            {line.product_id: line.quantity for line in made.line_ids},
            {self.apple: 1.0, self.cherry: 1.0},
        )
        for name, value in vals.items():
            self.assertEqual(made[name], value)
        return made


@tagged("post_install", "-at_install")
class TestCustomerTour(ReturnTourCase):
    """A customer in front of a desktop."""

    browser_size = "1366x768"

    def test_two_of_three(self):
        path = f"/my/orders/{self.order.id}"
        self.start_tour_surely(path, "oms_portal_return", login="return_customer")
        made = self.assertTwoComeBack(origin="portal", way="dropoff", site_id=self.near)
        self.assertEqual(made.line_ids.filtered("note").mapped("note"), ["It hums and stays dark."])


@tagged("post_install", "-at_install")
class TestCustomerPhoneTour(ReturnTourCase):
    """The same, and a guest, on a telephone."""

    browser_size = "360x740"
    touch_enabled = True

    def test_two_of_three(self):
        path = f"/my/orders/{self.order.id}"
        self.start_tour_surely(path, "oms_portal_return", login="return_customer")
        self.assertTwoComeBack(origin="portal", way="dropoff", site_id=self.near)

    def test_a_guest(self):
        asks = self.env.registry["oms.return.ask"]
        ask = asks._ask

        def ask_and_mail(model, *args):
            ask_id = ask(model, *args)
            # The job, which runs right after.
            model.sudo()._cron_send_codes()
            return ask_id

        path = f"/oms/returns?order={self.order.name}"
        with (
            patch.object(asks, "_ask", ask_and_mail),
            patch.object(oms_return_ask_code, "make_code", lambda: "K7Q2M9XD"),
        ):
            self.start_tour_surely(path, "oms_guest_return")
        self.assertTwoComeBack(origin="portal", state="cancelled")

    def test_from_a_mail(self):
        made = self.ask(self.order, (self.apple, 1))
        path, key = made._get_customer_url().removeprefix(made.get_base_url()).split("#")
        self.assertEqual(path, "/oms/returns/open")
        # The mail's page goes on by itself, maybe before a tour could begin there.
        self.start_tour_surely(f"/oms/returns#{key}", "oms_return_from_mail")


@tagged("post_install", "-at_install")
class TestSellerTour(ReturnTourCase):
    """A seller with a telephone."""

    browser_size = "360x740"

    def test_two_of_three(self):
        seller = self.make_user("return-seller", "oms.group_site_operator")
        self.near.user_ids = seller
        self.start_tour_surely("/odoo/oms-store-return", "oms_store_return", login=seller.login)
        self.assertTwoComeBack(origin="store", outcome="exchange", site_id=self.near)
