from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from ..returns.common import ReturnCase

UUID = "0b0e7a52-6a1c-4d6f-9c59-2f5d1d1f6a01"
OTHER_UUID = "0b0e7a52-6a1c-4d6f-9c59-2f5d1d1f6a02"


@tagged("post_install", "-at_install")
class TestSeller(ReturnCase):
    """A seller in a store takes down what a customer brings back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write({"name": "Ada Lovelace", "email": "ada@example.com"})
        cls.seller = cls.make_user("return-seller", "oms.group_site_operator")
        cls.near.user_ids = cls.seller
        cls.counter = cls.env["oms.store.return"].with_user(cls.seller)
        cls.order = cls.deliver((cls.apple, 2), (cls.berry, 1), oms_external_ref="Web-9")

    def wish(self, *lines, **more):
        return {
            "lines": [
                {
                    "id": self.line_of(self.order, product).id,
                    "quantity": quantity,
                    "reason": self.reason.id,
                    "note": "",
                }
                for product, quantity in lines
            ],
            **more,
        }

    def find(self, text):
        return [each["id"] for each in self.counter.find_orders(self.near.id, text)]

    def test_where(self):
        self.near.takes_returns = False
        self.assertNotIn(self.near.id, [each["id"] for each in self.counter.get_counters()])
        with self.assertRaisesRegex(UserError, "takes no returns"):
            self.counter.get_order(self.near.id, self.order.id)
        self.near.takes_returns = True
        self.assertEqual(self.counter.get_counters()[0]["id"], self.near.id)
        for nowhere in (0, None, "1", 2**31 - 1):
            with self.assertRaises(UserError):
                self.counter.get_order(nowhere, self.order.id)

    def test_finding_the_order(self):
        name = self.order.name
        for text in (name, name.lower(), "Web-9", "lovelace", "ada@example.com"):
            self.assertIn(self.order.id, self.find(text), text)
        for text in ("", "a", "%%%", "___", "nobody at all", "a\0bcd"):
            self.assertFalse(self.find(text), text)

    def test_by_serial_number(self):
        phone = self.make_product("Phone", tracking="serial")
        lot = self.env["stock.lot"].create({"name": "SN-777", "product_id": phone.id})
        self.stock(phone, (self.near, 1), lot_id=lot)
        order = self.deliver((phone, 1))
        self.assertEqual(self.find("SN-777"), [order.id])

    def test_taken_down_once(self):
        told = self.counter.get_order(self.near.id, self.order.id)
        self.assertEqual([line["available"] for line in told["lines"]], [2.0, 1.0])
        request = self.counter.request
        result = request(self.near.id, UUID, self.order.id, self.wish((self.apple, 2)))
        again = request(self.near.id, UUID, self.order.id, self.wish((self.apple, 2)))
        self.assertEqual(result, again)
        made = self.order.oms_return_ids
        self.assertEqual(len(made), 1)
        self.assertEqual(
            (made.origin, made.way, made.site_id, made.state),
            ("store", "dropoff", self.near, "authorized"),
        )
        with self.assertRaisesRegex(UserError, "being returned already"):
            request(self.near.id, OTHER_UUID, self.order.id, self.wish((self.apple, 1)))

    def test_what_cannot_be_read(self):
        good = self.wish((self.apple, 1))
        for uuid, wish in (
            (None, good),
            ("x", good),
            (UUID, None),
            (UUID, []),
            (UUID, {}),
            (UUID, {"lines": 3}),
            (UUID, {"lines": [{"id": "x"}]}),
            (UUID, {"lines": [{"id": 1e400, "quantity": 1}]}),
            (UUID, {"lines": []}),
            (UUID, self.wish((self.apple, float("nan")))),
            (UUID, self.wish((self.apple, 1), outcome="gold")),
        ):
            with self.assertRaises(UserError):
                self.counter.request(self.near.id, uuid, self.order.id, wish)
        self.assertFalse(self.order.oms_return_ids)

    def test_other_companies(self):
        other = self.env["res.company"].create({"name": "Daughter"})
        site = self.env["stock.warehouse"].search([("company_id", "=", other.id)]).oms_site_ids
        site.takes_returns = True
        self.seller.write({"company_ids": [(4, other.id)]})
        site.user_ids = self.seller
        counter = self.counter.with_context(allowed_company_ids=[other.id, self.company.id])
        self.assertFalse(counter.find_orders(site.id, self.order.name))
        with self.assertRaisesRegex(UserError, "not there any more"):
            counter.get_order(site.id, self.order.id)

    def test_only_people_at_work(self):
        portal = self.make_user("return-portal", "base.group_portal")
        clerk = self.make_user("return-clerk", "base.group_user")
        for user in (portal, clerk):
            counter = self.env["oms.store.return"].with_user(user)
            for call in (
                counter.get_counters,
                lambda counter=counter: counter.find_orders(self.near.id, self.order.name),
                lambda counter=counter: counter.get_order(self.near.id, self.order.id),
            ):
                with self.assertRaises(AccessError):
                    call()


@tagged("post_install", "-at_install")
class TestOffice(ReturnCase):
    """Somebody in the back office takes down what a customer tells on the telephone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls.deliver((cls.apple, 2), (cls.berry, 1))
        cls.clerk = cls.make_user("return-office", "oms.group_order_operator")

    def open_dialog(self, order=None):
        order = order or self.order
        context = {"active_model": "sale.order", "active_id": order.id}
        return Form(self.env["oms.return.new"].with_user(self.clerk).with_context(**context))

    def test_taken_down(self):
        form = self.open_dialog()
        self.assertEqual(len(form.line_ids), 2)
        with form.line_ids.edit(0) as line:
            self.assertEqual((line.product_id, line.available), (self.apple, 2.0))
            line.quantity = 1
            line.reason_id = self.reason
        form.way = "dropoff"
        form.site_id = self.middle
        action = form.save().action_request()
        made = self.env["oms.return"].browse(action["res_id"])
        self.assertEqual(made.order_id, self.order)
        self.assertEqual(
            (made.origin, made.site_id, made.line_ids.quantity), ("office", self.middle, 1.0)
        )

    def test_nothing_chosen(self):
        with self.assertRaisesRegex(UserError, "Choose what comes back"):
            self.open_dialog().save().action_request()

    def test_why_not(self):
        self.ask(self.order, (self.apple, 2))
        form = self.open_dialog()
        self.assertEqual(len(form.line_ids), 1)
        self.assertIn("being returned already", form.kept)

    def test_roles(self):
        clerk = self.make_user("return-nobody", "base.group_user")
        with self.assertRaises(AccessError):
            self.env["oms.return.new"].with_user(clerk).create({"order_id": self.order.id})
