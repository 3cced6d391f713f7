"""When customers want the goods, held against when they can come."""

from datetime import date, datetime, timedelta

from odoo import fields
from odoo.tests import Form, tagged

from ...models.promise.outcome import to_moment
from .common import PromiseCase


def noon(day):
    """Return noon in Paris as Odoo keeps it."""
    return to_moment(day, "Europe/Paris")


@tagged("post_install", "-at_install")
class TestWantedDate(PromiseCase):
    def setUp(self):
        super().setUp()
        self.enterContext(self.enter_registry_test_mode())
        self.stock(self.apple, (self.near, 9))

    def soonest(self):
        """Return what is promised of one apple now: its token and its day."""
        option = self.options((self.apple, 1))["home", "standard"]
        return option["token"], date.fromisoformat(option["promised"])

    def order_wanted(self, reference, day, **more):
        given = self.given(
            reference, [(self.apple, 1)], method="standard", wanted_at=noon(day).isoformat(), **more
        )
        [answer] = self.place(given)
        self.assertPlaced(answer)
        return answer, self.find(reference), given

    def test_a_later_day_is_promised(self):
        for reference, more in (("L-1", {}), ("L-2", {"promise": self.soonest()[0]})):
            later = self.soonest()[1] + timedelta(days=6)
            answer, order, given = self.order_wanted(reference, later, **more)
            self.assertEqual((answer["promised"], answer["warning"]), (later.isoformat(), None))
            promise = order.oms_promise_ids
            self.assertEqual((promise.promised_date, promise.earliest_date), (later, later))
            self.assertEqual((promise.basis, promise.confidence), ("given", 0.0))
            self.assertEqual(order.commitment_date, noon(later))
            self.assertEqual(order.oms_promised_date, later)
            [again] = self.place(given)
            self.assertEqual((again["status"], again["promised"]), ("unchanged", later.isoformat()))
            # The workflow finds it promised.
            order._oms_promise()
            self.assertEqual(order.oms_promise_ids, promise)

    def test_the_day_itself_is_promised_with_what_it_rests_on(self):
        token, day = self.soonest()
        _answer, order, _given = self.order_wanted("S-1", day, promise=token)
        promise = order.oms_promise_ids
        self.assertEqual(promise.promised_date, day)
        self.assertEqual(promise.confidence, self.channel.promise_confidence)
        self.assertEqual(order.commitment_date, noon(day))

    def test_a_day_that_cannot_be_kept_is_told(self):
        self.standard.oms_transit_days = 5
        for reference, more in (("I-1", {}), ("I-2", {"promise": self.soonest()[0]})):
            day = self.soonest()[1]
            soon = day - timedelta(days=2)
            answer, order, given = self.order_wanted(reference, soon, **more)
            self.assertEqual(answer["promised"], day.isoformat())
            self.assertEqual(answer["warning"]["code"], "wanted_too_soon")
            self.assertIn("cannot be kept", answer["warning"]["message"])
            self.assertEqual(order.oms_promise_ids.promised_date, day)
            self.assertEqual(order.commitment_date.date(), day)
            self.assertIn("cannot be kept", order.message_ids[:3].mapped("body")[0])
            [again] = self.place(given)
            self.assertEqual(again["warning"]["message"], answer["warning"]["message"])

    def test_what_nobody_has_is_promised_when_somebody_does(self):
        later = self.soonest()[1] + timedelta(days=6)
        given = self.given(
            "N-1", [(self.berry, 1)], method="standard", wanted_at=noon(later).isoformat()
        )
        [answer] = self.place(given)
        self.assertPlaced(answer)
        self.assertEqual((answer["promised"], answer["warning"]), (None, None))
        order = self.find("N-1")
        self.assertEqual(order.commitment_date, noon(later))
        self.stock(self.berry, (self.near, 3))
        order._oms_take_up("stock")
        order._oms_promise()
        self.assertEqual(order.oms_promise_ids.promised_date, later)

    def test_parts_of_which_one_is_too_late(self):
        """Each part is promised for the day that is wanted, or for the first that it can keep."""
        self.stock(self.berry, (self.far, 5))
        self.far.handling_unit, self.far.handling_time = "days", 9
        first = self.soonest()[1]
        between = first + timedelta(days=2)
        given = self.given(
            "P-1",
            [(self.apple, 1), (self.berry, 1)],
            method="standard",
            wanted_at=noon(between).isoformat(),
        )
        [answer] = self.place(given)
        order = self.find("P-1")
        near, far = order.oms_promise_ids.sorted("promised_date")
        self.assertEqual((near.site_id, near.promised_date), (self.near, between))
        self.assertEqual(far.site_id, self.far)
        self.assertGreater(far.promised_date, between)
        self.assertEqual(answer["promised"], far.promised_date.isoformat())
        self.assertEqual(answer["warning"]["code"], "wanted_too_soon")

    def test_a_change_to_a_day_that_cannot_be_kept_is_refused(self):
        self.standard.oms_transit_days = 5
        day = self.soonest()[1]
        _answer, order, _given = self.order_wanted("C-1", day + timedelta(days=4))

        def change(number, wanted):
            [answer] = self.api.change_order(
                changes=[
                    {"reference": "C-1", "change": number, "wanted_at": noon(wanted).isoformat()}
                ]
            )["orders"]
            self.env.invalidate_all()
            return answer

        answer = change("1", day - timedelta(days=3))
        self.assertEqual(
            (answer["status"], answer["error"]["code"], answer["error"]["field"]),
            ("refused", "wanted_too_soon", "changes.0.wanted_at"),
        )
        self.assertEqual(order.oms_promised_date, day + timedelta(days=4))
        self.assertEqual(change("2", day + timedelta(days=2))["status"], "changed")
        self.assertEqual(order.oms_promised_date, day + timedelta(days=2))
        promise = order.oms_promise_ids.filtered("current")
        self.assertEqual(promise.earliest_date, day + timedelta(days=2))
        self.assertEqual(order.commitment_date, noon(day + timedelta(days=2)))

    def test_a_date_of_a_person_is_promised_as_it_is(self):
        """Whoever names a date in Odoo has settled it with the customer."""
        self.standard.oms_transit_days = 5
        soon = fields.Datetime.now() + timedelta(days=1)
        order = self.make_order((self.apple, 1), commitment_date=soon)
        order._oms_promise()
        self.assertEqual(order.oms_promise_ids.basis, "given")
        self.assertEqual(order.commitment_date, soon)

    def test_the_day_is_that_of_the_destination(self):
        """At eleven in the evening UTC it is tomorrow in Paris."""
        _token, day = self.soonest()
        late = datetime.combine(day, datetime.min.time()) + timedelta(days=3, hours=23)
        given = self.given("Z-1", [(self.apple, 1)], method="standard", wanted_at=late.isoformat())
        [answer] = self.place(given)
        self.assertEqual(answer["promised"], (day + timedelta(days=4)).isoformat())

    # === QUOTATIONS === #

    def test_the_date_of_a_quotation_falls_with_its_plan(self):
        self.customer.write({"country_id": self.france.id, "zip": "75001", "city": "Paris"})
        order = self.make_order((self.apple, 3), confirm=False)

        def choose():
            action = order.action_oms_promise()
            choice = self.env[action["res_model"]].browse(action["res_id"])
            Form(choice)
            choice.option_ids.filtered(
                lambda each: each.service == "home" and each.carrier_id == self.standard
            ).action_choose()

        choose()
        self.assertTrue(order.commitment_date and order.oms_promised_plan)
        order.order_line.product_uom_qty = 4
        order.write({"note": "Ring twice"})
        order.write({"order_line": [(1, order.order_line.id, {"product_uom_qty": 5})]})
        self.assertFalse(order.oms_promised_plan)
        self.assertFalse(order.commitment_date)
        # A date that somebody named meanwhile stays.
        choose()
        named = fields.Datetime.now() + timedelta(days=20)
        order.commitment_date = named
        order.write({"order_line": [(1, order.order_line.id, {"product_uom_qty": 6})]})
        self.assertFalse(order.oms_promised_plan)
        self.assertEqual(order.commitment_date, named)

    # === EACH PROMISE ONCE === #

    def test_a_promise_is_used_once(self):
        token, _day = self.soonest()
        first = self.given("U-1", [(self.apple, 1)], promise=token)
        second = self.given("U-2", [(self.apple, 1)], promise=token)
        answers = self.place(first, second)
        self.assertEqual([each["status"] for each in answers], ["placed", "refused"])
        self.assertEqual(answers[1]["error"]["code"], "promise_used")
        self.assertFalse(self.find("U-2"))
        [again] = self.place(second)
        self.assertEqual((again["status"], again["error"]["code"]), ("refused", "promise_used"))
        [again] = self.place(first)
        self.assertEqual((again["status"], again["order"]), ("unchanged", self.find("U-1").name))
        refused = self.env["oms.promise.token"]._find_used({"nobody's"})
        self.assertFalse(refused)
        # Nor is anything held for it any more, and an order that is cancelled has used it, too.
        with self.assertRaisesRegex(Exception, "placed with the promise already"):
            self.api.hold(promise=token)
        self.find("U-1").action_cancel()
        [again] = self.place(second)
        self.assertEqual(again["error"]["code"], "promise_used")

    def test_a_promise_of_an_order_that_was_not_placed_is_free(self):
        token, _day = self.soonest()
        wrong = self.given("F-1", [(self.apple, 2)], promise=token)
        right = self.given("F-2", [(self.apple, 1)], promise=token)
        answers = self.place(wrong, right)
        self.assertEqual([each["status"] for each in answers], ["refused", "placed"])
