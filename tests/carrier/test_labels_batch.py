from odoo.tests import tagged
from odoo.tools import mute_logger

from .carrier_case import CarrierCase, FakeCarrier

RUN = "odoo.addons.oms.models.task.oms_task_run"


class Interrupted(FakeCarrier):
    """A carrier during whose thinking something happens."""

    def __init__(self, happening):
        super().__init__()
        self.happening = happening

    def buy(self, account, shipment):
        answer = super().buy(account, shipment)
        self.happening()
        return answer


@tagged("post_install", "-at_install")
class TestLabelsBatch(CarrierCase):
    """Many transfers at once, other people's carriers, and what is cancelled meanwhile."""

    def pickings(self, count):
        self.stock(self.apple, (self.near, 2 * count))
        address = {"street": "Rue de la Paix 12", "city": "Paris", "zip": "75002"}
        self.customer.write({**address, "country_id": self.env.ref("base.fr").id})
        orders = self.env["sale.order"]
        for _order in range(count):
            orders |= self.make_order((self.apple, 1), confirm=False)
        orders.carrier_id = self.method
        orders.action_confirm()
        self.assertEqual(len(orders.picking_ids), count)
        orders.picking_ids.carrier_id = self.method
        return orders.picking_ids

    def count(self, pickings):
        """Return the statements that asking for the labels of transfers takes."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        tasks = pickings._oms_request_labels()
        self.env.flush_all()
        taken = self.env.cr.sql_log_count - before
        self.assertEqual(tasks.mapped("res_id"), pickings.ids)
        return taken

    def test_as_many_statements_for_fifty_as_for_one(self):
        self.env.company.oms_gs1_prefix = "4012345"
        pickings = self.pickings(51)
        self.count(pickings[50])
        self.env["oms.task"].search([("kind", "=", "carrier.buy")]).unlink()
        one, fifty = self.count(pickings[50]), self.count(pickings[:50])
        self.assertLessEqual(one, 30)
        self.assertLessEqual(fifty, one + 2, "Odoo reads 50 transfers as it reads one")
        codes = [
            code
            for task in self.env["oms.task"].search([("kind", "=", "carrier.buy")])
            for code in task.arguments["ssccs"].values()
        ]
        self.assertEqual(len(set(codes)), 51)
        self.assertLessEqual(self.count(pickings[:50]), one, "they are there already")

    def test_tasks_in_the_order_asked(self):
        pickings = self.pickings(3)
        first = pickings[1]._oms_request_labels()
        tasks = pickings.sorted("id", reverse=True)._oms_request_labels()
        self.assertEqual(tasks.mapped("res_id"), sorted(pickings.ids, reverse=True))
        self.assertIn(first, tasks)

    # === ACCOUNTS === #

    def test_the_next_account_that_the_site_may_use(self):
        carrier = self.use(FakeCarrier())
        elsewhere = self.account.copy({"name": "Far", "sequence": 1, "site_ids": self.far.ids})
        incomplete = self.env["oms.carrier.account"].create(
            {"name": "No keys", "adapter": "sendcloud", "sequence": 2}
        )
        self.method.oms_account_ids |= elsewhere | incomplete
        picking = self.ship(self.release())
        self.run_tasks()
        self.assertEqual(len(carrier.bought), 1)
        self.assertEqual(picking.oms_parcel_ids.account_id, self.account)
        self.assertEqual(self.method._oms_find_account(self.far), elsewhere)

    # === OTHER PEOPLE'S CARRIERS === #

    def test_manual_numbers(self):
        """Who brings the parcel to a shop writes its number down; no label is bought."""
        carrier = self.use(FakeCarrier())
        picking = self.release()
        picking.carrier_tracking_ref = "BY-HAND-1"
        self.ship(picking)
        self.run_tasks()
        self.assertEqual((picking.state, carrier.bought), ("done", []))
        self.assertEqual(picking.carrier_tracking_ref, "BY-HAND-1")
        self.assertEqual(picking.oms_fulfillment_id.state, "shipped")

    def test_odoos_own_carriers(self):
        for kind in ("fixed", "base_on_rule"):
            method = self.method.copy(
                {
                    "delivery_type": kind,
                    "fixed_price": 4.0,
                    "tracking_url": "https://post.example.com/<shipmenttrackingnumber>",
                    "price_rule_ids": [
                        (
                            0,
                            0,
                            {
                                "variable": "weight",
                                "operator": ">=",
                                "max_value": 0.0,
                                "list_base_price": 4.0,
                            },
                        )
                    ],
                }
            )
            self.stock(self.apple, (self.near, 5))
            order = self.make_order((self.apple, 2), confirm=False)
            order.carrier_id = method
            order.action_confirm()
            picking = order.picking_ids
            self.assertEqual(picking.carrier_id, method)
            picking.carrier_tracking_ref = "OWN-1"
            self.ship(picking)
            self.run_tasks()
            self.assertEqual(picking.state, "done", kind)
            self.assertEqual(picking.carrier_tracking_url, "https://post.example.com/OWN-1")
            self.assertFalse(self.tasks(picking))
            self.assertEqual(order.oms_fulfillment_ids.state, "shipped")

    # === CANCELLED === #

    def test_cancelled_by_its_moves(self):
        carrier = self.use(FakeCarrier())
        picking = self.release()
        picking.action_oms_labels()
        self.run_tasks()
        [number] = picking.oms_parcel_ids.mapped("tracking_number")
        picking.move_ids._action_cancel()
        self.run_tasks()
        self.assertEqual((picking.state, carrier.cancelled), ("cancel", [number]))

    def test_cancelled_while_the_carrier_is_asked(self):
        def cancel():
            self.env.invalidate_all()
            picking.action_cancel()
            self.env.flush_all()

        carrier = self.use(Interrupted(cancel))
        picking = self.release()
        picking.action_oms_labels()
        self.run_tasks()
        self.assertEqual(len(carrier.bought), 1)
        self.assertEqual(carrier.cancelled, picking.oms_parcel_ids.mapped("tracking_number"))
        self.assertEqual(len(carrier.cancelled), 1)
        self.assertEqual(picking.oms_parcel_ids.state, "cancelled")
        self.assertFalse(picking.carrier_tracking_ref)
        self.assertEqual(self.tasks(picking).state, "cancelled")

    @mute_logger(RUN)
    def test_cancelled_order(self):
        carrier = self.use(FakeCarrier("after"))
        picking = self.release()
        picking.action_oms_labels()
        self.run_tasks(again=False)
        picking.sale_id._action_cancel()
        self.run_tasks()
        self.assertEqual(len(carrier.cancelled), 1)
