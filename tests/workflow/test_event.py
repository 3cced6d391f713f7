from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.oms.models.workflow import oms_event

from .common import WorkflowCase

FAILS = "raise UserError('The printer is on fire')"


@tagged("post_install", "-at_install")
class TestEvent(WorkflowCase):
    """An event is never lost: what fails is parked, and goes on from there."""

    def setUp(self):
        super().setUp()
        self.stock(self.apple, (self.near, 9))
        self.broken = self.make_action("Print", state="code", code=FAILS)

    def run_retries(self):
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_run_events").method_direct_trigger()

    def test_failed_step_parks(self):
        """The order is confirmed, the failed step undone, the ones after it wait."""
        self.make_step(self.broken)
        order = self.make_order((self.apple, 2))
        event = self.event(order)
        self.assertEqual((order.state, order.oms_state), ("sale", "waiting"))
        self.assertEqual((event.state, event.error), ("parked", "The printer is on fire"))
        self.assertEqual(self.outcomes(event), [("Print", "failed")])
        self.assertEqual(order.oms_parked_count, 1)

    def test_what_a_failed_step_did_is_undone(self):
        self.broken.code = "records.write({'note': 'half'})\n" + FAILS
        self.make_step(self.broken)
        self.assertFalse(self.make_order((self.apple, 2)).note)

    def test_retry_goes_on_where_it_stopped(self):
        count = "records.write({'client_order_ref': (records.client_order_ref or '') + 'x'})"
        self.make_step(self.make_action("Count", state="code", code=count), sequence=1)
        self.make_step(self.broken)
        order = self.make_order((self.apple, 2))
        event = self.event(order)
        self.broken.code = "pass"
        event.action_retry()
        self.assertEqual((event.state, order.oms_state), ("done", "sourced"))
        self.assertEqual(order.client_order_ref, "x")
        self.assertFalse(event.error)

    def test_skip_and_discard(self):
        self.make_step(self.broken)
        skipped, given_up = (self.event(self.make_order((self.apple, 2))) for _order in range(2))
        skipped.action_skip()
        self.assertEqual((skipped.state, skipped.order_id.oms_state), ("done", "sourced"))
        given_up.action_discard()
        self.assertEqual((given_up.state, given_up.order_id.oms_state), ("discarded", "waiting"))
        for action in ("action_retry", "action_skip", "action_discard"):
            with self.assertRaises(UserError):
                getattr(skipped, action)()

    def test_step_that_may_fail(self):
        self.make_step(self.broken, on_failure="continue")
        order = self.make_order((self.apple, 2))
        self.assertEqual((self.event(order).state, order.oms_state), ("done", "sourced"))

    def test_one_of_many_fails(self):
        """The others of the batch go on."""
        self.broken.code = "if any(r.note for r in records):\n    " + FAILS
        self.make_step(self.broken)
        orders = self.env["sale.order"].union(
            *(self.make_order((self.apple, 1), confirm=False) for _order in range(3))
        )
        orders[1].note = "special"
        orders.action_confirm()
        self.assertEqual(orders.mapped("oms_state"), ["sourced", "waiting", "sourced"])
        self.assertEqual([self.event(order).state for order in orders], ["done", "parked", "done"])

    @mute_logger("odoo.addons.oms.models.workflow.oms_event")
    def test_unexpected_error(self):
        self.broken.code = "1 / 0"
        self.make_step(self.broken)
        self.assertIn("division by zero", self.event(self.make_order((self.apple, 2))).error)

    def test_faster_transaction(self):
        """Losing against another transaction is no failure: the whole request is run again."""

        def lose(*_args):
            raise SerializationFailure

        with (
            patch.object(type(self.source), "_oms_run_for", lose),
            self.assertRaises(SerializationFailure),
        ):
            self.make_order((self.apple, 2))

    def test_job_tries_again_and_gives_up(self):
        self.make_step(self.broken)
        event = self.event(self.make_order((self.apple, 2)))
        for attempt in range(2, oms_event.MOST_ATTEMPTS + 1):
            event.next_try -= timedelta(days=1)
            self.run_retries()
            self.assertEqual(event.attempts, attempt)
        self.assertFalse(event.next_try)
        self.broken.code = "pass"
        self.run_retries()
        self.assertEqual(event.state, "parked")
        event.action_retry()
        self.assertEqual(event.state, "done")

    def test_not_before_its_time(self):
        self.make_step(self.broken)
        event = self.event(self.make_order((self.apple, 2)))
        self.run_retries()
        self.assertEqual(event.attempts, 1)

    def test_action_is_gone(self):
        self.make_step(self.broken, sequence=1)
        self.broken.unlink()
        event = self.event(self.make_order((self.apple, 2)))
        self.assertEqual(event.state, "parked")
        self.assertIn("is gone", event.error)

    def test_action_not_set_up(self):
        notify = self.make_action("Tell", state="oms_notify")
        self.make_step(notify)
        event = self.event(self.make_order((self.apple, 2)))
        self.assertIn("Choose the message", event.error)

    def test_notify(self):
        template = self.env["mail.template"].create(
            {
                "name": "Thanks",
                "model_id": self.env.ref("sale.model_sale_order").id,
                "subject": "Thanks for {{ object.name }}",
                "partner_to": "{{ object.partner_id.id }}",
                "body_html": "<p>It is on its way.</p>",
            }
        )
        self.customer.email = "customer@example.com"
        self.make_step(self.make_action("Tell", state="oms_notify", oms_template_id=template.id))
        order = self.make_order((self.apple, 2))
        self.assertEqual(self.event(order).state, "done")
        mail = self.env["mail.mail"].search([("subject", "=", f"Thanks for {order.name}")])
        self.assertEqual((mail.state, mail.recipient_ids), ("outgoing", self.customer))

    def test_emit(self):
        """An event raised by a step runs its own steps, and knows where it comes from."""
        mark = self.make_action("Mark", state="code", code="records.write({'note': 'told'})")
        self.make_step(mark, event="order.sourced")
        emit = self.make_action("Emit", state="oms_emit", oms_event="order.sourced")
        self.make_step(emit, sequence=60)
        order = self.make_order((self.apple, 2))
        self.assertIn("told", order.note)
        self.assertEqual(self.event(order, "order.sourced").parent_id, self.event(order))

    def test_circle(self):
        """Events that raise each other end, parked with the reason."""
        emit = self.make_action("Again", state="oms_emit", oms_event="order.placed")
        self.make_step(emit, sequence=60)
        order = self.make_order((self.apple, 2))
        events = self.event(order)
        self.assertEqual(len(events), oms_event.MOST_CHAINED + 1)
        self.assertIn("circle", events[0].error)

    def test_deleted_with_the_order(self):
        order = self.make_order((self.apple, 2))
        event = self.event(order)
        self.cancel(order)
        order.unlink()
        self.assertFalse(event.exists())
