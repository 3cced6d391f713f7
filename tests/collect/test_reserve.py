from datetime import timedelta

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged

from .collect_case import NOW, CollectCase


@tagged("post_install", "-at_install")
class TestReserve(CollectCase):
    def test_kept_without_being_sold(self):
        with self.at(NOW):
            fulfillment = self.reserve((self.apple, 3))
        order = fulfillment.order_id
        self.assertEqual((order.state, fulfillment.state), ("draft", "planned"))
        self.assertEqual(
            (fulfillment.pickup_state, fulfillment.work_state), ("preparing", "accepted")
        )
        self.assertEqual(fulfillment.pickup_until, NOW + timedelta(hours=48))
        self.assertEqual(order.oms_reserved_until, fulfillment.pickup_until)
        self.assertFalse(order.picking_ids)
        claim = order.order_line.oms_claim_ids
        self.assertEqual(
            (claim.origin, claim.quantity, claim.site_id), ("reservation", 3, self.store)
        )

    def test_held_against_others(self):
        self.reserve((self.apple, 8))
        self.assertEqual(self.available(self.apple), 2)
        order = self.collect_order((self.apple, 5))
        self.assertEqual(order.order_line.oms_qty_open, 3)
        with self.assertRaisesRegex(UserError, "has nothing of what"):
            self.reserve((self.apple, 1))

    def test_what_is_there_is_kept(self):
        fulfillment = self.reserve((self.apple, 12), (self.berry, 2))
        self.assertEqual(fulfillment.line_ids.mapped("quantity"), [10, 2])

    def test_put_aside(self):
        fulfillment = self.reserve()
        clerk = fulfillment.with_user(self.clerk)
        clerk._make_ready("Shelf R")
        self.assertEqual((fulfillment.pickup_state, fulfillment.work_state), ("ready", "ready"))
        self.assertEqual(fulfillment.storage_place, "Shelf R")
        [mail] = self.mails(fulfillment)
        self.assertIn("decide in the store", mail.body_html)
        clerk._make_ready()
        self.assertEqual(len(self.mails(fulfillment)), 1)

    def test_sold(self):
        fulfillment = self.reserve((self.apple, 3))
        order = fulfillment.order_id
        clerk = fulfillment.with_user(self.clerk)
        clerk._make_ready()
        with self.assertRaisesRegex(UserError, "only reserved"):
            clerk._collect()
        self.assertEqual(clerk._sell(), [])
        self.assertEqual((order.state, order.oms_fulfillment_ids), ("sale", fulfillment))
        self.assertEqual((fulfillment.state, fulfillment.pickup_state), ("delivered", "collected"))
        self.assertEqual(order.order_line.qty_delivered, 3)
        self.assertEqual((self.on_hand(self.apple), self.available(self.apple)), (7, 7))
        self.assertBalanced(order)
        with self.assertRaisesRegex(UserError, "handed over already"):
            clerk._sell()

    def test_a_part_is_sold(self):
        fulfillment = self.reserve((self.apple, 3), (self.berry, 2))
        order, line = fulfillment.order_id, fulfillment.line_ids[0]
        fulfillment.with_user(self.clerk)._sell({line: 1})
        self.assertEqual((order.state, order.oms_state), ("sale", "sourced"))
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [1, 0])
        self.assertEqual(order.order_line.mapped("qty_delivered"), [1, 0])
        self.assertEqual((self.available(self.apple), self.available(self.berry)), (9, 10))
        self.assertBalanced(order)

    def test_wrong_quantities(self):
        fulfillment = self.reserve((self.apple, 3))
        line = fulfillment.line_ids
        with self.assertRaisesRegex(ValidationError, "3 are here"):
            fulfillment._sell({line: 4})
        with self.assertRaisesRegex(UserError, "Nothing is taken"):
            fulfillment._sell({line: 0})
        self.assertEqual((fulfillment.order_id.state, self.available(self.apple)), ("draft", 7))

    def test_released(self):
        fulfillment = self.reserve((self.apple, 3))
        order = fulfillment.order_id
        fulfillment.with_user(self.clerk)._release_reservation("Too red")
        self.assertEqual((order.state, fulfillment.state), ("cancel", "cancelled"))
        self.assertEqual((fulfillment.pickup_state, fulfillment.work_state), (False, False))
        self.assertEqual(self.available(self.apple), 10)
        with self.assertRaisesRegex(UserError, "is not a reservation"):
            fulfillment._sell()
        with self.assertRaisesRegex(UserError, "is not a reservation"):
            self.make_ready()._release_reservation()

    def test_reminder_then_expiry(self):
        with self.at(NOW):
            fulfillment = self.reserve((self.apple, 3))
            order = fulfillment.order_id
            fulfillment._make_ready()
        for moment, mails, state in (
            (NOW + timedelta(hours=35), 1, "ready"),
            (NOW + timedelta(hours=36), 2, "ready"),
            (NOW + timedelta(hours=47), 2, "ready"),
            (NOW + timedelta(hours=48), 3, "expired"),
        ):
            with self.subTest(moment=moment), self.at(moment):
                self.run_pickup_cron()
                self.assertEqual(
                    (len(self.mails(fulfillment)), fulfillment.pickup_state), (mails, state)
                )
        self.assertEqual((order.state, self.available(self.apple)), ("cancel", 10))
        self.assertIn("fulfillment.expired", self.events(order))

    def test_time_is_over_before_the_job_runs(self):
        with self.at(NOW):
            fulfillment = self.reserve((self.apple, 3))
        with self.at(NOW + timedelta(hours=49)):
            for what in (fulfillment._sell, fulfillment._make_ready):
                with self.assertRaisesRegex(UserError, "is over"):
                    what()
            with self.assertRaisesRegex(UserError, "is over"):
                fulfillment._extend_pickup(NOW + timedelta(hours=99))

    def test_longer(self):
        with self.at(NOW):
            fulfillment = self.reserve((self.apple, 3))
            until = NOW + timedelta(hours=99)
            fulfillment.with_user(self.clerk)._extend_pickup(until)
            self.assertEqual(fulfillment.order_id.oms_reserved_until, until)
        with self.at(NOW + timedelta(hours=60)):
            self.run_pickup_cron()
            self.assertEqual(fulfillment.pickup_state, "preparing")
            fulfillment._sell()
        self.assertEqual(fulfillment.state, "delivered")

    def test_nothing_is_there_after_all(self):
        """A clerk who cannot find the goods has the customer told."""
        fulfillment = self.reserve((self.apple, 3))
        fulfillment.with_user(self.clerk)._reject(self.env.ref("oms.reason_not_in_stock"))
        self.assertEqual((fulfillment.order_id.state, fulfillment.state), ("cancel", "rejected"))
        self.assertIn("could not keep", self.mails(fulfillment).body_html)

    def test_confirmed_by_a_seller(self):
        """Odoo's own button sells what was reserved, and the store hands it over as usual."""
        fulfillment = self.reserve((self.apple, 3))
        order = fulfillment.order_id
        order.action_confirm()
        self.assertEqual((fulfillment.state, order.oms_state), ("released", "sourced"))
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 3})
        self.assertBalanced(order)
        # Sold after its time: sourced as if nothing had been kept.
        with self.at(NOW):
            late = self.reserve((self.apple, 3))
        with self.at(NOW + timedelta(days=9)):
            late.order_id.action_confirm()
        self.assertEqual(self.plan(late.order_id), {("NEAR", "Apple"): 3})
        self.assertBalanced(late.order_id)

    def test_whatever_the_channel_waits_for(self):
        """A customer in the store does not wait for a review or a wave."""
        self.channel.workflow_id = self.env.ref("oms.workflow_grace")
        fulfillment = self.reserve((self.apple, 3))
        fulfillment._sell()
        self.assertEqual(fulfillment.state, "delivered")
        self.channel.write({"workflow_id": self.env.ref("oms.workflow_standard").id})
        self.channel.wave_minutes = 30
        fulfillment = self.reserve((self.apple, 3))
        fulfillment._sell()
        self.assertEqual(fulfillment.state, "delivered")

    def test_lots(self):
        watch = self.make_product("Watch", tracking="serial")
        lots = self.env["stock.lot"].create(
            [{"name": name, "product_id": watch.id} for name in ("W1", "W2", "W3")]
        )
        self.stock(watch, (self.store, 1), lot_id=lots[0])
        fulfillment = self.reserve((watch, 1))
        fulfillment._sell()
        self.assertEqual(fulfillment.line_ids.move_ids.lot_ids, lots[0])
        for lot in lots[1:]:
            self.stock(watch, (self.store, 1), lot_id=lot)
        fulfillment = self.reserve((watch, 1))
        with (
            self.assertRaisesRegex(UserError, "which lot or serial number of .*Watch"),
            self.env.cr.savepoint(),
        ):
            fulfillment._sell()
        self.env.invalidate_all()
        # One that was sold, one of another store, and one of other goods.
        far, other = self.env["stock.lot"].create(
            [
                {"name": "W9", "product_id": watch.id},
                {"name": "W2", "product_id": self.make_product("Ring", tracking="serial").id},
            ]
        )
        self.stock(watch, (self.middle, 1), lot_id=far)
        for wrong in (lots[0], far, other):
            with (
                self.subTest(lot=wrong.display_name),
                self.assertRaisesRegex(UserError, "not free here"),
                self.env.cr.savepoint(),
            ):
                fulfillment._sell(lots={fulfillment.line_ids: [(wrong, 1)]})
            self.env.invalidate_all()
        fulfillment._sell(lots={fulfillment.line_ids: [(lots[2], 1)]})
        self.assertEqual(fulfillment.line_ids.move_ids.lot_ids, lots[2])
        self.assertBalanced(fulfillment.order_id)

    def test_several_companies(self):
        other = self.env["res.company"].create({"name": "Daughter"})
        site = self.make_site("Theirs", "THEIR", company=other)
        site.reserves = True
        channel = self.make_channel("Theirs", "TTHEIR", company_id=other.id, network_ids=False)
        self.stock(self.apple, (site, 4))
        env = self.env(context={**self.env.context, "allowed_company_ids": other.ids})
        order = self.make_order(
            (self.apple, 3),
            confirm=False,
            oms_service="reserve",
            company_id=other.id,
            oms_channel_id=channel.id,
            oms_collect_site_id=site.id,
        )
        fulfillment = order.with_env(env)._oms_reserve()
        self.assertEqual((fulfillment.company_id, self.available(self.apple)), (other, 10))
        fulfillment._sell()
        self.assertEqual((order.state, self.on_hand(self.apple, site)), ("sale", 1))

    def test_button_of_the_quotation(self):
        seller = self.make_user("seller", "sales_team.group_sale_salesman")
        order = self.make_order(
            (self.apple, 2),
            confirm=False,
            user_id=seller.id,
            oms_service="reserve",
            oms_collect_site_id=self.store.id,
        )
        self.assertTrue(order.with_user(seller).oms_can_reserve)
        answer = order.with_user(seller).action_oms_reserve()
        self.assertIn("Reserved at Near until", answer["params"]["message"])
        self.assertFalse(order.with_user(seller).oms_can_reserve)
        with self.assertRaisesRegex(UserError, "reserved already"):
            order.with_user(seller).action_oms_reserve()
        with self.assertRaisesRegex(UserError, "Only quotations"):
            self.collect_order().action_oms_reserve()

    def test_dialog(self):
        fulfillment = self.reserve((self.apple, 3))
        action = fulfillment.with_user(self.clerk).action_sell()
        Wizard = self.env[action["res_model"]].with_user(self.clerk)
        with Form(Wizard.with_context(**action["context"])) as form:
            self.assertTrue(form.reserved)
            with form.line_ids.edit(0) as line:
                line.quantity = 1
        form.record.action_confirm()
        self.assertEqual(fulfillment.order_id.order_line.qty_delivered, 1)


@tagged("post_install", "-at_install")
class TestReserveByChannel(CollectCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = cls.make_user("web-system", "oms.group_channel_user")
        cls.channel.user_ids = cls.system
        cls.api = cls.env["oms.api"].with_user(cls.system)

    def place(self, reference, quantity, **more):
        self.env.flush_all()
        given = {
            "reference": reference,
            "customer": {"name": "Bob", "email": "bob@example.com"},
            "ship_to": {
                "name": "Bob",
                "street": "1",
                "zip": "75001",
                "city": "Paris",
                "country": "FR",
            },
            "lines": [{"product": "Apple", "quantity": float(quantity)}],
            "service": "reserve",
            "collect_at": "NEAR",
            **more,
        }
        [answer] = self.api.place_orders(orders=[given])["orders"]
        order = self.env["sale.order"].search([("oms_external_ref", "=", reference)])
        return answer, order

    def test_placed(self):
        answer, order = self.place("R-1", 3)
        self.assertEqual((answer["status"], order.state), ("placed", "draft"))
        fulfillment = order.oms_fulfillment_ids
        self.assertEqual((fulfillment.pickup_state, self.available(self.apple)), ("preparing", 7))
        _again, same = self.place("R-1", 3)
        self.assertEqual((same, len(same.oms_fulfillment_ids)), (order, 1))
        fulfillment._sell()
        self.assertEqual(order.state, "sale")

    def test_with_what_the_cart_held(self):
        self.env.flush_all()
        held = self.api.hold(lines=[{"product": "Apple", "site": "NEAR", "quantity": 10.0}])
        self.env.invalidate_all()
        self.assertEqual(self.available(self.apple), 0)
        _answer, order = self.place("R-2", 4, holds=[hold["id"] for hold in held["holds"]])
        self.assertEqual(order.order_line.oms_claim_ids.quantity, 4)
        self.assertEqual(self.available(self.apple), 6)

    def test_nothing_there(self):
        self.collect_order((self.apple, 10))
        answer, order = self.place("R-3", 1)
        self.assertEqual((answer["status"], order), ("parked", self.env["sale.order"]))
        self.assertIn("has nothing of what", answer["error"]["message"])

    def test_cancelled_by_the_channel(self):
        _answer, order = self.place("R-4", 3)
        self.api.cancel(references=["R-4"])
        self.env.invalidate_all()
        self.assertEqual((order.state, self.available(self.apple)), ("cancel", 10))

    def test_sold_at_once(self):
        self.channel.reserve_hours = 0
        answer, order = self.place("R-5", 3)
        self.assertEqual((answer["status"], order.state), ("placed", "sale"))
