from datetime import UTC, datetime, timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.oms.connectors.carrier.contract import Capability, Status, Track, TrackingEvent

from ..carrier.carrier_case import CarrierCase, FakeCarrier


@tagged("post_install", "-at_install")
class TestWay(CarrierCase):
    """Labels, tracking numbers and the day on which goods are expected."""

    def setUp(self):
        super().setUp()
        self.policy = self.env["oms.return.policy"].create(
            {"name": "Test", "company_id": self.company.id, "way_days": 5}
        )
        self.channel.return_policy_id = self.policy
        self.env["oms.site"].search([("id", "not in", self.sites.ids)]).takes_returns = False
        self.far.partner_id.write(
            {
                "street": "Quai 7",
                "zip": "13002",
                "city": "Marseille",
                "country_id": self.env.ref("base.fr").id,
            }
        )

    def ask(self, **vals):
        order = self.ship(self.release()).sale_id
        return self.env["oms.return"]._request(
            {
                "order_id": order.id,
                "lines": [{"sale_line_id": order.order_line[:1].id, "quantity": 1}],
                **vals,
            }
        )

    def test_label_to_the_site(self):
        carrier = self.use(FakeCarrier())
        record = self.ask(site_id=self.far.id, way="label")
        self.run_tasks()
        shipment = carrier.bought[-1]
        self.assertEqual((shipment.sender.city, shipment.receiver.city), ("Paris", "Marseille"))
        self.assertEqual(len(record._get_labels()), 1)
        self.assertIn(record.tracking, record._get_labels().name)
        self.assertEqual(record.carrier_id, self.method)

    def test_brought_to_a_site(self):
        carrier = self.use(FakeCarrier())
        record = self.ask(site_id=self.far.id)
        self.run_tasks()
        self.assertEqual(record.way, "dropoff")
        self.assertFalse([each for each in carrier.bought if each.sender.city == "Paris"])

    def test_no_carrier_gives_one(self):
        carrier = self.use(FakeCarrier())
        carrier.capabilities -= {Capability.RETURN_LABEL}
        record = self.ask(site_id=self.far.id, way="label")
        self.assertEqual(record.state, "authorized")
        self.assertIn("There is no return label", record.message_ids[0].body)

    def test_picked_up_at_home(self):
        """No carrier is told by its interface: a person is, also where a customer asked."""
        carrier = self.use(FakeCarrier())
        self.policy.allow_pickup = True
        reason = self.env.ref("oms.return_reason_too_small")
        order = self.ship(self.release()).sale_id
        portal = self.make_user("pickup-customer", "base.group_portal")
        line = {"sale_line_id": order.order_line[:1].id, "quantity": 1, "reason_id": reason.id}
        order.order_line[:1].invalidate_recordset()
        record = (
            self.env["oms.return"]
            .with_user(portal)
            .sudo()
            ._request({"order_id": order.id, "origin": "portal", "way": "pickup", "lines": [line]})
        )
        [activity] = record.activity_ids
        self.assertEqual(activity.summary, "Order the pick-up")
        self.assertIn("Paris", activity.note)
        self.assertTrue(activity.user_id._is_internal())
        self.run_tasks()
        self.assertEqual(carrier.bought[-1].sender.city, "Paris", "its label is bought as well")
        view = record._get_page_view()
        self.assertEqual(view.status, "We arrange the pick-up")
        self.assertIn("write to you", " ".join(view.advice))
        self.assertIn("Stick the label", " ".join(view.advice))

    def test_expected(self):
        self.use(FakeCarrier())
        before = fields.Datetime.now() + timedelta(days=5)
        record = self.ask(site_id=self.far.id)
        after = fields.Datetime.now() + timedelta(days=5)
        self.assertTrue(before <= record.expected_at <= after)
        self.assertEqual(record.picking_ids.move_ids.date, record.expected_at)
        day = fields.Datetime.now() + timedelta(days=9)
        record.expected_at = day.replace(microsecond=0)
        self.env.flush_all()
        supply = self.env["oms.supply"].search([("picking_id", "=", record.picking_ids.id)])
        self.assertEqual(supply.expected_at, record.expected_at)
        self.assertEqual((supply.site_id, supply.quantity), (self.far, 1))

    def test_the_carrier_has_it(self):
        self.use(FakeCarrier())
        record = self.ask(site_id=self.far.id, way="label")
        self.run_tasks()
        moment = datetime(2024, 3, 9, 8, 30, tzinfo=UTC)
        number = record.tracking
        handler = self.env["oms.carrier.webhook"]

        def tell(status, when):
            event = TrackingEvent(status, when)
            return handler._take(self.account, [Track(number, (event,))])

        tell(Status.CREATED, moment)
        self.assertEqual(record.state, "authorized")
        applied = tell(Status.PICKED_UP, moment + timedelta(hours=2))
        self.assertEqual(record.state, "in_transit")
        self.assertEqual(record.shipped_at, datetime(2024, 3, 9, 10, 30))
        self.assertIn(record.name, applied.text)
        tell(Status.PICKED_UP, moment + timedelta(hours=9))
        self.assertEqual(record.shipped_at, datetime(2024, 3, 9, 10, 30))
        unknown = handler._take(self.account, [Track("NOBODYS", ())])
        self.assertIn("NOBODYS", unknown.missing)
