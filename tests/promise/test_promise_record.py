import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import OmsCase

ZONES = ("Europe/Paris", "America/Los_Angeles", "Pacific/Auckland", "Asia/Kolkata", "UTC")


class PromiseCase(OmsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 500))
        cls.Promise = cls.env["oms.promise"]
        cls.channel.workflow_id = cls.env["oms.workflow"].create(
            {
                "name": "Source only",
                "step_ids": [
                    fields.Command.create(
                        {
                            "event": event,
                            "name": "Source",
                            "action_id": cls.env.ref("oms.action_source").id,
                        }
                    )
                    for event in ("order.placed", "fulfillment.rejected")
                ],
            }
        )

    def pin(self, order, day, **vals):
        return self.Promise._pin([{"order_id": order.id, "promised_date": day, **vals}])

    def follow(self):
        """Do what the scheduled job does, in the transaction of the test."""
        self.Promise._promise_missing()
        self.Promise._score_overdue()
        return self.Promise._search_watched()._watch()

    def deliver(self, parts, moment):
        for picking in parts.picking_ids.filtered(lambda picking: picking.state != "done"):
            self.ship(picking)
        parts.picking_ids.date_done = moment - timedelta(hours=1)
        parts._set_delivered(moment)


@tagged("post_install", "-at_install")
class TestPromiseRecord(PromiseCase):
    def test_one_that_cannot_be_promised_keeps_no_other_waiting(self):
        first, second = (self.make_order((self.apple, 1)) for _order in range(2))
        (first | second).commitment_date = fields.Datetime.now() + timedelta(days=5)
        prepare = type(first)._oms_prepare_known

        def fail(order, part):
            if order == first:
                raise ZeroDivisionError
            return prepare(order, part)

        with (
            patch.object(type(first), "_oms_prepare_known", fail),
            mute_logger("odoo.addons.oms.models.promise.oms_promise_follow"),
        ):
            made = self.Promise._promise_apart(first | second)
        self.assertEqual(made.order_id, second)

    # === PINNING === #

    def test_the_same_promise_is_one(self):
        order = self.make_order((self.apple, 2))
        first = self.pin(order, "2030-05-01", confidence=0.9, basis="lane")
        self.assertEqual(first.fulfillment_id, order.oms_fulfillment_ids)
        self.assertEqual((first.site_id, first.channel_id), (self.near, self.channel))
        again = self.Promise._pin(
            [
                {
                    "order_id": order.id,
                    "fulfillment_id": first.fulfillment_id.id,
                    "promised_date": "2030-05-01",
                }
            ]
        )
        self.assertEqual(again, first)
        self.assertEqual(order.oms_promise_ids, first)
        self.assertEqual(order.commitment_date.date(), date(2030, 5, 1))

    def test_another_date_supersedes(self):
        order = self.make_order((self.apple, 2))
        first = self.pin(order, "2030-05-01")
        second = self.pin(order, "2030-05-04", fulfillment_id=first.fulfillment_id.id)
        self.assertEqual(first.superseded_by_id, second)
        self.assertEqual((first.current, second.current), (False, True))
        self.assertEqual(order.commitment_date.date(), date(2030, 5, 4))
        self.assertFalse(order.oms_event_ids.filtered(lambda event: event.event == "date.changed"))

    def test_each_fulfillment_has_its_own(self):
        self.stock(self.berry, (self.far, 5))
        order = self.make_order((self.apple, 2), (self.berry, 2))
        near, far = order.oms_fulfillment_ids.sorted(lambda part: part.site_id != self.near)
        self.Promise._pin(
            [
                {"order_id": order.id, "site_id": self.near.id, "promised_date": "2030-05-01"},
                {"order_id": order.id, "site_id": self.far.id, "promised_date": "2030-05-03"},
            ]
        )
        self.assertEqual(near.promised_date, date(2030, 5, 1))
        self.assertEqual(far.promised_date, date(2030, 5, 3))
        self.assertEqual(order.oms_promised_date, date(2030, 5, 3))

    def test_a_date_of_the_user_is_a_promise_too(self):
        order = self.make_order((self.apple, 2))
        first = self.pin(order, "2030-05-01", confidence=0.9)
        order.commitment_date = "2030-05-09 10:00:00"
        second = order.oms_promise_ids - first
        self.assertEqual((second.basis, second.confidence), ("agreed", 0.0))
        self.assertEqual(second.promised_date, date(2030, 5, 9))
        self.assertEqual(first.superseded_by_id, second)

    def test_nonsense_is_refused(self):
        order = self.make_order((self.apple, 2))
        with self.assertRaises(ValidationError):
            self.pin(order, False)
        with self.assertRaises(ValidationError):
            self.pin(order, "2030-05-01", confidence=1.5)
        self.assertFalse(order.oms_promise_ids)

    def test_a_promise_before_sourcing_finds_its_goods(self):
        order = self.make_order((self.apple, 2), confirm=False)
        promise = self.pin(order, "2030-05-01", site_id=self.near.id)
        self.assertFalse(promise.fulfillment_id)
        order.action_confirm()
        self.assertEqual(promise.fulfillment_id, order.oms_fulfillment_ids)
        self.assertEqual(order.oms_promise_ids, promise)

    # === SCORING === #

    def test_scores_are_those_of_the_calendar(self):
        """Against plain Python, for arrivals around midnight of many time zones."""
        rng = random.Random(5)
        now = datetime(2026, 3, 20, 12)
        self.channel.promise_early_days = 1
        cases = []
        with freeze_time(now):
            for _index in range(30):
                zone = rng.choice(ZONES)
                promised = date(2026, 3, rng.randrange(10, 25))
                earliest = promised - timedelta(days=rng.randrange(3))
                arrived = datetime(2026, 3, rng.randrange(8, 20), rng.randrange(24), 30)
                arrived = arrived if rng.random() < 0.8 else None
                order = self.make_order((self.apple, 1))
                promise = self.pin(order, promised, earliest_date=earliest, tz=zone, confidence=0.9)
                cases.append((promise, promised, earliest, zone, arrived))
            for promise, *_dates, arrived in cases:
                if arrived:
                    self.deliver(promise.fulfillment_id, arrived)
        with freeze_time(now):
            self.Promise._score_overdue()
        states = Counter()
        for promise, promised, earliest, zone, arrived in cases:
            moment = (arrived or now).replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
            days = (moment.date() - promised).days
            if arrived is None:
                expected = ("late", days) if days > 0 else ("open", 0)
            elif days > 0:
                expected = "late", days
            elif (earliest - moment.date()).days > 1:
                expected = "early", days
            else:
                expected = "kept", days
            self.assertEqual((promise.state, promise.deviation_days), expected)
            self.assertEqual(promise.arrived_at, arrived or False)
            states[expected[0]] += 1
        self.assertEqual(set(states), {"open", "kept", "early", "late"})
        self._check_groups([promise for promise, *_rest in cases])

    def _check_groups(self, promises):
        decided = [each for each in promises if each.state in ("kept", "early", "late")]
        domain = [("id", "in", [each.id for each in promises])]
        [(share, days)] = self.Promise._read_group(
            domain, [], ["kept_share:avg", "deviation_days:avg"]
        )
        self.assertAlmostEqual(share, sum(each.state != "late" for each in decided) / len(decided))
        self.assertAlmostEqual(
            float(days), sum(each.deviation_days for each in decided) / len(decided)
        )

    def test_late_as_soon_as_the_day_is_over(self):
        order = self.make_order((self.apple, 1))
        with freeze_time("2026-03-10 10:00:00"):
            promise = self.pin(order, "2026-03-11", tz="Europe/Paris")
        with freeze_time("2026-03-11 22:59:00"):
            self.follow()
            self.assertEqual(promise.state, "open")
        with freeze_time("2026-03-11 23:01:00"):
            self.follow()
            self.assertEqual((promise.state, promise.deviation_days), ("late", 1))
            self.follow()
        with freeze_time("2026-03-13 23:01:00"):
            self.follow()
            self.assertEqual((promise.state, promise.deviation_days), ("late", 3))

    def test_delivery_that_is_taken_back(self):
        order = self.make_order((self.apple, 1))
        with freeze_time("2026-03-10 10:00:00"):
            promise = self.pin(order, "2026-03-11", tz="UTC")
            self.deliver(promise.fulfillment_id, datetime(2026, 3, 10, 9))
            self.assertEqual(promise.state, "kept")
            promise.fulfillment_id._unset_delivered()
            self.assertEqual((promise.state, promise.arrived_at), ("open", False))

    def test_cancelled_orders_are_dropped(self):
        order = self.make_order((self.apple, 1))
        promise = self.pin(order, "2030-03-11")
        self.cancel(order)
        self.assertEqual(promise.state, "dropped")

    def test_a_later_date_does_not_make_the_first_one_kept(self):
        order = self.make_order((self.apple, 1))
        with freeze_time("2026-03-10 10:00:00"):
            first = self.pin(order, "2026-03-11", tz="UTC")
            part = first.fulfillment_id
            second = self.pin(order, "2026-03-15", tz="UTC", fulfillment_id=part.id)
        with freeze_time("2026-03-14 10:00:00"):
            self.deliver(part, datetime(2026, 3, 14, 9))
            self.assertEqual((first.state, second.state), ("late", "kept"))

    def test_what_is_sourced_elsewhere_keeps_the_date(self):
        self.stock(self.apple, (self.far, 50))
        order = self.make_order((self.apple, 1))
        first = self.pin(order, "2030-03-11", confidence=0.9, basis="lane")
        gone = first.fulfillment_id
        gone._reject(
            self.env.ref("oms.reject_reason_closed", raise_if_not_found=False)
            or self.env["oms.reject.reason"].search([], limit=1)
        )
        order._oms_take_up("rejected")
        new = order.oms_fulfillment_ids - gone
        self.assertTrue(new)
        second = new.promise_ids
        self.assertEqual(second.promised_date, first.promised_date)
        self.assertEqual((second.confidence, second.made_at), (first.confidence, first.made_at))
        self.assertEqual((first.state, first.superseded_by_id), ("dropped", second))
        self.assertEqual(second.site_id, self.far)

    def test_scoring_many_costs_no_query_each(self):
        def count(number):
            parts = self.env["oms.fulfillment"]
            for _index in range(number):
                parts |= self.make_order((self.apple, 1)).oms_fulfillment_ids
            self.Promise._pin(
                [
                    {"order_id": part.order_id.id, "fulfillment_id": part.id, "promised_date": day}
                    for part, day in zip(parts, ["2030-01-01", "2030-01-02"] * number, strict=False)
                ]
            )
            for picking in parts.picking_ids:
                self.ship(picking)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            parts.with_prefetch()._set_delivered()
            self.env.flush_all()
            spent = self.cr.sql_log_count - before
            self.assertEqual(set(parts.promise_ids.mapped("state")), {"kept"})
            return spent

        few = count(2)
        self.assertLessEqual(count(9), few + 2)

    # === STEP === #

    def test_step_promises_by_lead_time(self):
        order = self.make_order((self.apple, 1))
        part = order.oms_fulfillment_ids
        dates = part._get_lead_dates()[part]
        texts = self.env.ref("oms.action_promise_date")._run_oms_promise(order)
        promise = order.oms_promise_ids
        self.assertEqual(promise.promised_date, dates.promised)
        self.assertEqual(promise.confidence, self.channel.promise_confidence)
        self.assertIn("Promised for", texts[order.id])
        self.env.ref("oms.action_promise_date")._run_oms_promise(order)
        self.assertEqual(order.oms_promise_ids, promise)

    def test_step_takes_the_date_of_the_order(self):
        order = self.make_order((self.apple, 1), commitment_date="2030-06-01 10:00:00")
        order._oms_promise()
        promise = order.oms_promise_ids
        self.assertEqual((promise.basis, promise.promised_date), ("given", date(2030, 6, 1)))
        self.assertEqual(order.commitment_date, datetime(2030, 6, 1, 10))

    def test_what_is_sourced_later_is_promised_by_the_job(self):
        self.channel.workflow_id = self.env.ref("oms.workflow_standard")
        order = self.make_order((self.berry, 1))
        self.assertFalse(order.oms_promise_ids)
        self.stock(self.berry, (self.near, 5))
        order._oms_take_up("stock")
        self.follow()
        self.assertEqual(order.oms_promise_ids.fulfillment_id, order.oms_fulfillment_ids)

    # === CALIBRATION === #

    def test_curve(self):
        Row = self.Promise.sudo()
        expected = {}
        for confidence, kept, late in ((0.8, 7, 3), (0.95, 4, 1)):
            for index in range(kept + late):
                order = self.make_order((self.apple, 1), confirm=False)
                promise = Row.create(
                    {
                        "order_id": order.id,
                        "promised_date": "2024-03-10",
                        "confidence": confidence,
                        "tz": "UTC",
                        "channel_id": self.channel.id,
                    }
                )
                Row.flush_model()
                self.env.cr.execute(
                    "UPDATE oms_promise SET state = %s WHERE id = %s",
                    ["kept" if index < kept else "late", promise.id],
                )
                promise.invalidate_recordset()
            expected[confidence] = (kept + late, kept / (kept + late))
        curve = self.env["oms.promise.calibration"].get_curve(
            [("channel_id", "=", self.channel.id)]
        )
        self.assertEqual(
            {point["confidence"]: (point["number"], point["kept"]) for point in curve}, expected
        )
        # Wilson's interval of 7 in 10, as tables have it.
        self.assertAlmostEqual(curve[0]["lower"], 0.3968, places=4)
        self.assertAlmostEqual(curve[0]["upper"], 0.8922, places=4)

    def counted(self):
        [*curve] = self.env["oms.promise.calibration"].get_curve(
            [("channel_id", "=", self.channel.id)]
        )
        return [(point["number"], point["kept"]) for point in curve]

    def account(self, moment):
        """Return the states that the account of promises counts at a moment."""
        rows = self.env["oms.lead.model"]._read_promises(self.channel, moment)
        return [state for _part, _day, state, _made in rows]

    def lose(self, part):
        """Lose what a fulfillment sent; return the one that sends it again."""
        order = part.order_id
        for picking in part.picking_ids.filtered(lambda picking: picking.state != "done"):
            self.ship(picking)
        before = order.oms_fulfillment_ids
        part._lose()
        order._oms_take_up("lost")
        return order.oms_fulfillment_ids - before

    def test_what_was_lost_and_sent_again_counts_once(self):
        """For the customer it was one promise, kept if the goods came by the date after all."""
        confidence = self.channel.promise_confidence
        now = datetime(2026, 3, 10, 10)
        for times, arrived, kept in ((1, 14, 0.0), (1, 11, 1.0), (2, 11, 1.0), (2, 14, 0.0)):
            with self.subTest(times=times, arrived=arrived), self.env.cr.savepoint() as savepoint:
                with freeze_time(now):
                    order = self.make_order((self.apple, 1))
                    first = self.pin(
                        order, "2026-03-12", tz="UTC", confidence=confidence, basis="lane"
                    )
                    part = first.fulfillment_id
                    for _time in range(times):
                        part = self.lose(part)
                        self.assertEqual(part.promise_ids.promised_date, date(2026, 3, 12))
                with freeze_time(datetime(2026, 3, 13, 12)):
                    self.follow()
                    self.env.flush_all()
                with freeze_time(datetime(2026, 3, arrived, 10)):
                    self.deliver(part, datetime(2026, 3, arrived, 9))
                    self.env.flush_all()
                    # Who lost it is told so all the same.
                    self.assertEqual(len(order.oms_promise_ids), times + 1)
                    self.assertEqual(self.counted(), [(1, kept)])
                    state = "kept" if kept else "late"
                    self.assertEqual(self.account(datetime(2026, 3, 15)), [state])
                savepoint.rollback()
                self.env.invalidate_all()

    def test_what_was_lost_for_good_is_late(self):
        with freeze_time("2026-03-10 10:00:00"):
            order = self.make_order((self.apple, 1))
            first = self.pin(order, "2026-03-12", tz="UTC", confidence=0.9, basis="lane")
            for picking in order.picking_ids:
                self.ship(picking)
            first.fulfillment_id._lose()
        with freeze_time("2026-03-13 12:00:00"):
            self.follow()
            self.env.flush_all()
        self.assertEqual(self.counted(), [(1, 0.0)])

    def test_goods_that_were_not_lost_count_beside(self):
        """A part that was sourced later has the date of the first one, and goods of its own."""
        with freeze_time("2026-03-10 10:00:00"):
            order = self.make_order((self.apple, 1), (self.berry, 1))
            first = self.pin(order, "2026-03-12", tz="UTC", confidence=0.9, basis="lane")
            self.stock(self.berry, (self.far, 5))
            order._oms_take_up("stock")
            later = order.oms_fulfillment_ids - first.fulfillment_id
            self.assertTrue(later.promise_ids)
        with freeze_time("2026-03-11 10:00:00"):
            self.deliver(first.fulfillment_id, datetime(2026, 3, 11, 9))
        with freeze_time("2026-03-14 10:00:00"):
            self.deliver(later, datetime(2026, 3, 14, 9))
            self.env.flush_all()
        self.assertEqual(self.counted(), [(2, 0.5)])

    # === ROLES === #

    def test_who_sees_promises(self):
        order = self.make_order((self.apple, 1), user_id=False)
        promise = self.pin(order, "2030-03-11")
        other = self.env["res.company"].create({"name": "Other company"})

        def sees(login, groups, **vals):
            user = self.make_user(login, groups, **vals)
            return promise.with_user(user).search([("id", "=", promise.id)])

        clerk = self.make_user("clerk", "oms.group_site_operator")
        self.assertFalse(promise.with_user(clerk).search([("id", "=", promise.id)]))
        self.near.user_ids = clerk
        self.assertTrue(promise.with_user(clerk).search([("id", "=", promise.id)]))
        self.assertTrue(sees("seller", "sales_team.group_sale_salesman"))
        self.assertTrue(sees("boss", "oms.group_order_manager"))
        stranger = {"company_id": other.id, "company_ids": [(6, 0, other.ids)]}
        self.assertFalse(sees("other-boss", "oms.group_order_manager", **stranger))
        order.user_id = clerk
        self.assertFalse(sees("seller2", "sales_team.group_sale_salesman"))
        with self.assertRaises(AccessError):
            sees("web", "oms.group_channel_user")
        boss = self.env["res.users"].search([("login", "=", "boss")])
        for operation in ("write", "create", "unlink"):
            self.assertFalse(promise.with_user(boss).has_access(operation))
        self.assertFalse(self.env["oms.promise.calibration"].with_user(clerk).has_access("read"))
