from datetime import date, datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.oms.models.promise.oms_lead_time_risk import Milestones

from ..api.common import ApiCase
from .test_promise_record import PromiseCase

#: Far enough ahead that the clock of the database, which nobody stops, takes nothing for late.
MONDAY = datetime(2040, 3, 5, 8)


@tagged("post_install", "-at_install")
class TestPromiseRisk(PromiseCase):
    """Sites without opening hours take a day each; two days of transit by carrier."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sites.write({"handling_unit": "days", "handling_time": 1})
        product = cls.make_product("Delivery", type="service")
        cls.carrier = cls.env["delivery.carrier"].create(
            {
                "name": "Slow Post",
                "product_id": product.id,
                "oms_transit_days": 2,
                "oms_delivers_sunday": True,
            }
        )
        with freeze_time(MONDAY):
            cls.order = cls.make_order((cls.apple, 2), carrier_id=cls.carrier.id, user_id=False)
            cls.part = cls.order.oms_fulfillment_ids
            cls.order._oms_promise()
        cls.promise = cls.order.oms_promise_ids
        cls.date = cls.promise.promised_date
        # Odoo stamps records with the clock of the database.
        cls.part.released_at = MONDAY

    def events(self):
        return self.order.oms_event_ids.filtered(lambda event: event.event == "promise.at_risk")

    def exception(self):
        self.env.flush_all()
        self.env["oms.exception"].invalidate_model()
        return self.env["oms.exception"].search([("order_id", "=", self.order.id)])

    def wait_for_risk(self):
        """Let days pass until the promise is at risk."""
        for hours in range(0, 24 * 14, 6):
            moment = MONDAY + timedelta(hours=hours)
            with freeze_time(moment):
                self.follow()
            if self.promise.risk_stage:
                return moment
        self.fail("the promise never was at risk")
        return None

    def test_what_goes_as_planned_is_not_at_risk(self):
        with freeze_time(MONDAY + timedelta(hours=1)):
            self.assertFalse(self.follow())
        self.assertFalse(self.promise.risk_stage)
        self.assertFalse(self.exception())

    def test_at_risk_before_the_miss_and_told_once(self):
        moment = self.wait_for_risk()
        self.assertLessEqual(moment.date(), self.date)
        self.assertEqual(self.promise.state, "open")
        self.assertEqual((self.promise.risk_stage, len(self.events())), ("ship", 1))
        self.assertGreater(self.promise.risk_chance, self.channel.promise_risk)
        exception = self.exception()
        self.assertEqual(exception.kind, "at_risk")
        self.assertIn("should have left", exception.reason)
        with freeze_time(moment + timedelta(hours=1)):
            self.assertFalse(self.follow())
            self.assertFalse(self.follow())
        self.assertEqual(len(self.events()), 1)

    def test_no_later_than_when_it_cannot_be_kept_any_more(self):
        """As soon as a start from scratch comes too late, and the parcel should have left."""
        leaves = self.part._get_lead_dates(MONDAY)[self.part].leaves
        moment = MONDAY
        while True:
            moment += timedelta(hours=6)
            with freeze_time(moment):
                anew = self.part._get_lead_dates()[self.part].promised
                self.follow()
            if moment > leaves and anew > self.date:
                break
            self.assertFalse(self.promise.risk_stage, moment)
        self.assertEqual(self.promise.risk_stage, "ship")

    def test_each_stage_is_told(self):
        moment = self.wait_for_risk()
        with freeze_time(moment):
            self.ship(self.part.picking_ids)
            self.part.picking_ids.date_done = moment + timedelta(days=1)
        with freeze_time(moment + timedelta(days=1, hours=1)):
            self.follow()
            self.assertEqual(self.promise.risk_stage, "arrive")
            self.follow()
        self.assertEqual(len(self.events()), 2)

    def test_what_was_learned_tells_the_chance(self):
        lead = type(self.env["oms.lead.time"])
        until = Milestones(MONDAY + timedelta(hours=2), MONDAY + timedelta(hours=9))
        known = {self.part: 0.45}
        with (
            patch.object(lead, "_get_learner", lambda *_args: True),
            patch.object(lead, "_get_miss_chances", lambda *_args: known),
            patch.object(lead, "_get_milestones", lambda *_args: {self.part: until}),
            freeze_time(MONDAY + timedelta(hours=10)),
        ):
            self.follow()
            self.assertEqual(self.promise.risk_stage, "ship")
            self.assertEqual((self.promise.risk_chance, self.promise.risk_due), (0.45, until[1]))
            known[self.part] = 0.2
            self.follow()
            self.assertFalse(self.promise.risk_stage)
        self.assertEqual(len(self.events()), 1)

    def test_what_never_comes_is_not_looked_at_for_ever(self):
        self.wait_for_risk()
        late = MONDAY + timedelta(days=20)
        with freeze_time(late):
            self.follow()
            self.assertEqual((self.promise.state, self.promise.risk_chance), ("late", 1.0))
            days = self.promise.deviation_days
            self.assertFalse(self.Promise._score_overdue(), "once a day")
            self.assertNotIn(self.promise, self.Promise._search_watched())
        with freeze_time(late + timedelta(days=1)):
            self.assertEqual(self.Promise._score_overdue(), self.promise)
            self.assertEqual(self.promise.deviation_days, days + 1)
        with freeze_time(late + timedelta(days=120)):
            self.assertFalse(self.Promise._score_overdue())
        # What goes on is looked at again.
        self.ship(self.part.picking_ids)
        self.assertEqual(self.part.state, "shipped")
        self.assertIn(self.promise, self.Promise._search_watched())

    def test_it_ends_when_the_goods_come(self):
        moment = self.wait_for_risk()
        with freeze_time(moment):
            self.ship(self.part.picking_ids)
            self.part.picking_ids.date_done = moment
            self.part._set_delivered(moment)
            self.assertFalse(self.exception())
            self.follow()
        self.assertFalse(self.promise.risk_stage)
        self.assertEqual(self.promise.state, "kept")

    def test_it_ends_with_the_order(self):
        moment = self.wait_for_risk()
        with freeze_time(moment):
            self.cancel(self.order)
            self.follow()
        self.assertFalse(self.promise.risk_stage)
        self.assertFalse(self.exception())

    # === PROMISING ANEW === #

    def test_wizard_proposes_a_date_and_tells_the_customer(self):
        moment = self.wait_for_risk()
        self.customer.email = "ada@example.com"
        with freeze_time(moment):
            action = self.exception().action_promise_anew()
            wizard = self.env["oms.promise.anew"].with_context(**action["context"]).create({})
            line = wizard.line_ids
            self.assertEqual(line.old_date, self.date)
            self.assertGreater(line.new_date, self.date)
            before = self.env["mail.mail"].search([])
            wizard.action_promise()
            self.follow()
        new = self.order.oms_promise_ids.filtered("current")
        self.assertEqual(new.promised_date, line.new_date)
        self.assertEqual(self.promise.superseded_by_id, new)
        self.assertEqual(new.confidence, self.channel.promise_confidence)
        self.assertEqual(self.order.commitment_date.date(), new.promised_date)
        self.assertFalse(self.exception())
        mail = self.env["mail.mail"].search([]) - before
        lang = self.env["res.lang"]._lang_get(self.customer.lang or "en_US")
        for day in (self.date, new.promised_date):
            self.assertIn(day.strftime(lang.date_format), mail.body_html)
        self.assertTrue(
            any("Promised for" in (body or "") for body in self.order.message_ids.mapped("body"))
        )

    def test_another_day_than_proposed_is_what_was_agreed(self):
        moment = self.wait_for_risk()
        with freeze_time(moment):
            wizard = self.env["oms.promise.anew"].create({"order_ids": [(6, 0, self.order.ids)]})
            wizard.line_ids.new_date = date(2040, 4, 2)
            wizard.notify = False
            wizard.action_promise()
        new = self.order.oms_promise_ids.filtered("current")
        self.assertEqual((new.basis, new.promised_date), ("agreed", date(2040, 4, 2)))

    def test_no_day_that_has_passed(self):
        moment = self.wait_for_risk()
        with freeze_time(moment), self.assertRaisesRegex(UserError, "day to come"):
            self.order._oms_promise_again({self.order: (moment - timedelta(days=1)).date()})
        self.assertTrue(self.promise.current)

    def test_step_promises_anew(self):
        moment = self.wait_for_risk()
        fine = self.make_order((self.apple, 1))
        with freeze_time(moment):
            texts = self.env.ref("oms.action_promise_anew")._run_oms_promise_anew(self.order | fine)
        self.assertIn("Promised for", texts[self.order.id])
        self.assertIn("stays", texts[fine.id])
        self.assertGreater(self.order.oms_promised_date, self.date)

    def test_steps_are_there_to_be_switched_on(self):
        steps = self.env.ref("oms.workflow_standard").step_ids.filtered(
            lambda step: step.event == "promise.at_risk"
        )
        self.assertEqual(steps.mapped("active"), [False, False])

    def test_who_promises_anew(self):
        clerk = self.make_user("clerk", "oms.group_site_operator")
        seller = self.make_user("seller", "sales_team.group_sale_salesman_all_leads")
        operator = self.make_user("operator", "oms.group_order_operator")
        for user in (clerk, seller):
            with self.assertRaises(AccessError):
                self.env["oms.promise.anew"].with_user(user).create(
                    {"order_ids": [(6, 0, self.order.ids)]}
                )
        with freeze_time(MONDAY + timedelta(hours=1)):
            wizard = (
                self.env["oms.promise.anew"]
                .with_user(operator)
                .create({"order_ids": [(6, 0, self.order.ids)]})
            )
            wizard.line_ids.new_date = self.date + timedelta(days=2)
            wizard.action_promise()
        self.assertEqual(self.order.oms_promised_date, self.date + timedelta(days=2))

    def test_the_job_runs(self):
        over = self.pin(self.order, "2024-03-08", fulfillment_id=self.part.id, tz="UTC")
        over.flush_recordset()
        self.cr.execute("UPDATE oms_promise SET state = 'open' WHERE id = %s", [over.id])
        self.env.invalidate_all()
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_promise").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual((over.state, over.risk_stage), ("late", "ship"))
        self.assertEqual(len(self.events()), 1)

    def test_watching_many_costs_no_query_each(self):
        def count(number):
            orders = self.env["sale.order"]
            for _index in range(number):
                orders |= self.make_order((self.apple, 1), carrier_id=self.carrier.id)
            orders._oms_promise()
            promises = orders.oms_promise_ids
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            promises.with_prefetch()._watch()
            self.env.flush_all()
            return self.cr.sql_log_count - before

        count(1)
        few = count(2)
        self.assertLessEqual(count(9), few + 2)


@tagged("post_install", "-at_install")
class TestPromiseTold(ApiCase):
    def test_channel_is_told_the_date(self):
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 1), oms_external_ref="W-9")
        promise = order.oms_promise_ids
        self.assertTrue(promise, "the standard workflow promises")
        [status] = self.api.order_status(references=["W-9"])["orders"]
        day = fields.Date.to_string(promise.promised_date)
        self.assertEqual((status["promised"], status["shipments"][0]["promised"]), (day, day))
