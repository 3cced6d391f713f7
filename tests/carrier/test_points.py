import json
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.oms.connectors.carrier import ADAPTERS, PickupPoint
from odoo.addons.oms.connectors.outcome import Ok, Unknown

from ..api.common import ApiCase
from .carrier_case import CarrierCase, FakeCarrier

SHOP = PickupPoint(
    "R-17",
    "Kiosk am Markt",
    "Marktplatz 1",
    "75002",
    "Paris",
    "FR",
    latitude=48.8698,
    longitude=2.3412,
    distance=0.6,
    opening_hours={0: (("09:00", "12:00"), ("14:00", "18:00")), 5: (("10:00", "13:00"),)},
    carrier="relays",
)
FURTHER = PickupPoint("R-18", "Tabac", "Rue Loin 9", "75010", "Paris", "FR", distance=3.2)


class ShopCarrier(FakeCarrier):
    """A carrier outside with two relay points in Paris."""

    def __init__(self, *answers, **kwargs):
        super().__init__(*answers, **kwargs)
        self.asked = []
        self.silent = False

    def pickup_points(self, account, near):
        self.asked.append((near.country, near.zip))
        if self.silent:
            return Unknown("nobody answers")
        return Ok((SHOP, FURTHER) if near.zip.startswith("75") else ())


@tagged("post_install", "-at_install")
class TestPoints(CarrierCase, ApiCase):
    def setUp(self):
        super().setUp()
        self.env["delivery.carrier"].search([("id", "!=", self.method.id)]).active = False
        self.carrier = ShopCarrier()
        self.enterContext(patch.dict(ADAPTERS, {"gls": self.carrier}))
        self.account.write({"adapter": "gls", "base_url": "https://gls.example.com"})
        self.account.invalidate_recordset()
        self.method.write({"oms_use_locations": True, "oms_code": "shop"})
        self.method.oms_has_points = True
        self.channel.carrier_ids = self.method
        self.stock(self.apple, (self.near, 20))
        self.near.partner_id.write({"zip": "75001", "country_id": self.env.ref("base.fr").id})

    def promise(self, zip_code="75002", **arguments):
        self.env.flush_all()
        answer = self.api.promise(
            lines=[{"product": "Apple", "quantity": 2.0}],
            ship_to={"country": "FR", "zip": zip_code, "city": "Paris"},
            services=["relay"],
            **arguments,
        )
        [option] = answer["options"]
        return option

    def place(self, reference, point, **values):
        self.env.flush_all()
        order = {
            "reference": reference,
            "customer": {"name": "Lea Vert", "email": "lea@example.com"},
            "ship_to": {
                "name": "Lea Vert",
                "street": "Rue de la Paix 12",
                "country": "FR",
                "zip": "75002",
                "city": "Paris",
                "phone": "+33 1 23",
            },
            "lines": [{"product": "Apple", "quantity": 2.0}],
            "method": "shop",
            **values,
        }
        if point:
            order["point"] = {"id": point} if isinstance(point, str) else point
        with self.enter_registry_test_mode():
            answer = self.api.place_orders(orders=[order])["orders"][0]
        self.env.invalidate_all()
        return answer

    def find(self, reference):
        return self.env["sale.order"].search([("oms_external_ref", "=", reference)])

    def learn(self):
        self.assertIsNone(self.promise()["points"])
        self.run_tasks()

    # === WHAT IS TOLD === #

    def test_known_after_a_task_asked(self):
        self.assertIsNone(self.promise()["points"], "it is not known yet")
        self.assertEqual(self.carrier.asked, [], "nobody is called while a channel waits")
        self.promise()
        self.run_tasks()
        self.assertEqual(self.carrier.asked, [("FR", "75002")], "asked once")
        first, second = self.promise()["points"]
        self.assertEqual(
            (first["id"], first["name"], first["street"], first["zip"], first["network"]),
            ("R-17", "Kiosk am Markt", "Marktplatz 1", "75002", "relays"),
        )
        self.assertEqual(
            first["hours"][0],
            {
                "weekday": 1,
                "periods": [
                    {"opens": "09:00", "closes": "12:00"},
                    {"opens": "14:00", "closes": "18:00"},
                ],
            },
        )
        self.assertEqual(second["kilometers"], 3.2)
        self.assertEqual(len(self.promise(points=1)["points"]), 1)
        self.assertEqual(len(self.carrier.asked), 1)

    @mute_logger("odoo.addons.oms.models.task.oms_task_run")
    def test_asked_anew_after_it_could_not_be_asked(self):
        """An account that lacked something for an hour must not silence an area for good."""
        self.assertIsNone(self.promise()["points"])
        self.account.base_url = False
        self.run_tasks()
        self.assertEqual(self.carrier.asked, [])
        self.account.base_url = "https://gls.example.com"
        self.env["oms.carrier.area"].search([]).next_ask = False
        self.learn()
        self.assertEqual(len(self.promise()["points"]), 2)

    @mute_logger("odoo.addons.oms.models.carrier.oms_carrier_cache")
    def test_asked_anew_after_an_answer_that_nobody_can_read(self):
        with patch.object(self.carrier, "pickup_points", side_effect=KeyError("shops")):
            self.learn()
        area = self.env["oms.carrier.area"].search([])
        self.assertEqual(area.error, "KeyError")
        area.next_ask = False
        self.learn()
        self.assertEqual(len(self.promise()["points"]), 2)
        self.assertEqual(
            set(self.env["oms.task"].search([("kind", "=", "carrier.points")]).mapped("state")),
            {"done"},
        )

    def test_postcodes_with_and_without_blanks_are_one_area(self):
        self.learn()
        self.assertEqual(len(self.promise("75 002")["points"]), 2)
        self.assertEqual(len(self.carrier.asked), 1)

    def test_what_is_old_is_told_and_asked_for_anew(self):
        self.learn()
        area = self.env["oms.carrier.area"].search([])
        old = fields.Datetime.now() - timedelta(days=2)
        area.write({"answered_at": old, "next_ask": old})
        self.assertEqual(len(self.promise()["points"]), 2)
        self.run_tasks()
        self.assertEqual(len(self.carrier.asked), 2)
        ancient = fields.Datetime.now() - timedelta(days=20)
        area.write({"answered_at": ancient, "next_ask": ancient})
        self.assertIsNone(self.promise()["points"], "shops close in three weeks")

    @mute_logger("odoo.addons.oms.models.task.oms_task_run")
    def test_a_silent_carrier_is_left_alone_for_some_minutes(self):
        self.carrier.silent = True
        self.learn()
        area = self.env["oms.carrier.area"].search([])
        self.assertEqual(area.error, "nobody answers")
        self.assertIsNone(self.promise()["points"])
        self.run_tasks()
        self.assertEqual(len(self.carrier.asked), 1)
        area.next_ask = fields.Datetime.now() - timedelta(minutes=1)
        self.carrier.silent = False
        self.promise()
        self.run_tasks()
        self.assertEqual(len(self.promise()["points"]), 2)
        self.assertFalse(area.error)

    def test_beside_stores(self):
        near = {"country": "FR", "zip": "75002"}
        self.env.flush_all()
        self.assertIsNone(self.api.pickup_sites(near=near)["points"])
        self.run_tasks()
        answer = self.api.pickup_sites(near=near)
        self.assertEqual([each["id"] for each in answer["points"]], ["R-17", "R-18"])
        self.assertEqual(answer["points"][0]["method"], "shop")
        # From the middle of the postcode to the shop: some hundred meters.
        self.assertLess(answer["points"][0]["kilometers"], 1.5)
        answer = self.api.pickup_sites(near=near, services=["relay"], max_kilometers=2.0)
        self.assertEqual([each["id"] for each in answer["points"]], ["R-17"])
        self.assertEqual(answer["sites"], [])
        self.assertEqual(self.api.pickup_sites(near=near, services=["collect"])["points"], [])
        place = {"latitude": 48.87, "longitude": 2.34}
        self.assertIsNone(self.api.pickup_sites(near=place)["points"])

    def test_the_demo_carrier_needs_nobody(self):
        demo = self.env["oms.carrier.account"].create({"name": "Demo", "adapter": "simulator"})
        self.method.oms_account_ids = demo
        points = self.promise()["points"]
        self.assertEqual(len(points), 3)
        self.assertFalse(self.env["oms.carrier.area"].search([]))

    # === ORDERS === #

    def test_the_chosen_point_reaches_the_label(self):
        self.learn()
        option = self.promise()
        answer = self.place("R-1", "R-17", promise=option["token"])
        self.assertEqual(answer["status"], "placed", answer)
        order = self.find("R-1")
        self.assertEqual(order.oms_service, "relay")
        self.assertEqual(order.pickup_location_data["name"], "Kiosk am Markt")
        picking = order.picking_ids
        self.assertEqual(
            (picking.oms_point_ref, picking.oms_point_network, picking.oms_point_adapter),
            ("R-17", "relays", "gls"),
        )
        self.assertEqual(picking.partner_id.street, "Marktplatz 1")
        picking.carrier_id = self.method
        self.ship(picking)
        self.run_tasks()
        [shipment] = self.carrier.bought
        self.assertEqual(shipment.pickup_point, "R-17")
        self.assertEqual(shipment.pickup_address.street, "Marktplatz 1")
        self.assertEqual((shipment.receiver.name, shipment.receiver.zip), ("Lea Vert", "75002"))
        self.assertEqual(shipment.receiver.street, "Rue de la Paix 12".replace(" 12", "") + " 12")
        self.assertTrue(picking.oms_parcel_ids)

    def test_unknown_points_are_refused_one_by_one(self):
        self.learn()
        self.env.flush_all()
        answer = self.place("R-2", "R-99")
        self.assertEqual((answer["status"], answer["error"]["code"]), ("refused", "unknown_point"))
        self.assertIn("R-99", answer["error"]["message"])
        answer = self.place("R-3", None)
        self.assertEqual((answer["status"], answer["error"]["code"]), ("refused", "invalid"))
        self.assertIn("point", answer["error"]["message"])
        self.assertFalse(self.find("R-2") | self.find("R-3"))
        self.assertEqual(self.place("R-4", "R-18")["status"], "placed")

    def test_a_point_near_another_postcode(self):
        self.learn()
        home = {"country": "FR", "zip": "69001", "city": "Lyon", "street": "Quai 1", "name": "Lea"}
        self.assertEqual(self.place("R-5", "R-17", ship_to=home)["status"], "placed")

    def test_an_order_waits_for_what_is_not_known_yet(self):
        answer = self.place("R-6", "R-17")
        self.assertEqual((answer["status"], answer["error"]["code"]), ("parked", "unknown_point"))
        self.run_tasks()
        self.assertEqual(self.find("R-6").pickup_location_data["id"], "R-17")
        self.assertEqual(self.place("R-6", "R-17")["status"], "unchanged")

    def test_points_of_carriers_that_cannot_be_asked(self):
        self.carrier.capabilities -= {"pickup_points"}
        answer = self.place("R-7", "4567A")
        self.assertEqual((answer["status"], answer["error"]["code"]), ("refused", "invalid"))
        self.assertIn("point.street", answer["error"]["message"])
        told = {
            "id": "4567A", "name": "Relais", "street": "Rue A 1", "zip": "75003", "city": "Paris"
        }  # fmt: skip
        self.assertEqual(self.place("R-8", told)["status"], "placed")
        picking = self.find("R-8").picking_ids
        self.assertEqual((picking.oms_point_ref, picking.oms_point_adapter), ("4567A", "gls"))
        answer = self.place("R-9", {**told, "country": "ZZ"})
        self.assertEqual((answer["status"], answer["error"]["code"]), ("refused", "invalid"))
        self.assertIn("ZZ", answer["error"]["message"])

    def test_orders_to_the_door_have_no_point(self):
        answer = self.place("R-9", "R-17", service="home", method=None)
        self.assertEqual((answer["status"], answer["error"]["code"]), ("refused", "invalid"))

    def test_the_point_is_changed_and_left(self):
        self.learn()
        self.place("R-10", "R-17")
        order = self.find("R-10")
        home = order._oms_get_home()
        self.env.flush_all()
        change = {"reference": "R-10", "change": "1", "point": {"id": "R-18"}}
        with self.enter_registry_test_mode():
            [answer] = self.api.change_order(changes=[change])["orders"]
        self.env.invalidate_all()
        self.assertEqual(answer["status"], "changed", answer)
        self.assertEqual(order.pickup_location_data["id"], "R-18")
        self.assertEqual(order.partner_shipping_id.street, "Rue Loin 9")
        self.assertEqual(order._oms_get_home(), home)
        picking = order.picking_ids.filtered(lambda each: each.state != "cancel")
        self.assertEqual(picking.oms_point_ref, "R-18")
        order.carrier_id = self.method.copy({"oms_use_locations": False, "oms_code": "home"})
        self.assertFalse(order.pickup_location_data)
        self.assertEqual(order.partner_shipping_id, home)
        self.assertFalse(picking.oms_point_ref)

    def test_another_point_for_a_customer_of_no_country(self):
        self.learn()
        self.place("R-10", "R-17")
        order = self.find("R-10")
        order._oms_get_home().country_id = False
        self.env.flush_all()
        change = {"reference": "R-10", "change": "1", "point": {"id": "R-18"}}
        with self.enter_registry_test_mode():
            [answer] = self.api.change_order(changes=[change])["orders"]
        self.env.invalidate_all()
        self.assertEqual(answer["status"], "refused", answer)
        self.assertEqual(answer["error"]["code"], "unknown_point")
        self.assertEqual(order.pickup_location_data["id"], "R-17")

    def test_no_other_carrier_takes_it_there(self):
        self.learn()
        self.place("R-11", "R-17")
        picking = self.find("R-11").picking_ids
        picking.carrier_id = self.method
        other = self.env["oms.carrier.account"].create(
            {"name": "First", "adapter": "simulator", "sequence": 1}
        )
        self.method.oms_account_ids |= other
        picking.action_oms_labels()
        task = self.tasks(picking)
        self.assertEqual(task.arguments["account_id"], self.account.id)

    # === ODOO'S SCREENS === #

    def look(self, order, *near):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            found = order._get_pickup_locations(*near)
        self.env.invalidate_all()
        return found

    def test_odoos_selector(self):
        order = self.make_order((self.apple, 2), confirm=False)
        order.carrier_id = self.method
        order.partner_shipping_id.write(
            {"zip": "75002", "city": "Paris", "country_id": self.env.ref("base.fr").id}
        )
        [first, second] = self.look(order)["pickup_locations"]
        self.assertEqual(first["opening_hours"]["0"], ["09:00 - 12:00", "14:00 - 18:00"])
        self.assertEqual(first["opening_hours"]["6"], [])
        self.assertTrue(second["latitude"], "of its postcode, where the carrier tells none")
        self.assertEqual(self.carrier.asked, [("FR", "75002")], "somebody waits: asked at once")
        order._set_pickup_location(json.dumps(first))
        self.assertEqual(order.pickup_location_data["id"], "R-17")
        self.carrier.silent = True
        found = self.look(order, "31000", self.env.ref("base.fr"))
        self.assertIn("error", found)

    def test_a_seller_chooses(self):
        seller = new_test_user(self.env, "relay_seller", "sales_team.group_sale_salesman_all_leads")
        order = self.make_order((self.apple, 2), confirm=False)
        order.write({"carrier_id": self.method.id, "oms_service": "relay"})
        order.partner_shipping_id.write(
            {"zip": "75002", "city": "Paris", "country_id": self.env.ref("base.fr").id}
        )
        self.env.flush_all()
        with self.enter_registry_test_mode():
            action = order.with_user(seller).action_oms_point()
        choice = self.env[action["res_model"]].browse(action["res_id"]).with_user(seller)
        self.assertEqual(choice.point_ids.mapped("name"), ["Kiosk am Markt", "Tabac"])
        self.assertEqual(
            choice.point_ids[0].hours, "Mo 09:00 - 12:00, 14:00 - 18:00; Sa 10:00 - 13:00"
        )
        with Form(choice) as form:
            form.zip = "31000"
        with self.enter_registry_test_mode():
            choice.action_search()
        self.assertFalse(choice.point_ids)
        self.assertTrue(choice.problem)
        choice.zip = "75002"
        choice.action_search()
        choice.point_ids[1].action_choose()
        self.assertIn("Tabac", order.oms_point_text)
        order.action_confirm()
        self.assertEqual(order.picking_ids.oms_point_ref, "R-18")
        self.assertEqual(order.partner_shipping_id.street, "Rue Loin 9")

    def test_a_seller_chooses_a_promise_to_a_relay_point(self):
        seller = new_test_user(self.env, "relay_seller", "sales_team.group_sale_salesman_all_leads")
        order = self.make_order((self.apple, 2), confirm=False)
        order.partner_shipping_id.write(
            {"zip": "75002", "city": "Paris", "country_id": self.env.ref("base.fr").id}
        )
        action = order.with_user(seller).action_oms_promise()
        choice = self.env[action["res_model"]].browse(action["res_id"]).with_user(seller)
        [option] = choice.option_ids.filtered(lambda each: each.service == "relay")
        action = option.action_choose()
        self.assertEqual(order.carrier_id, self.method)
        self.assertEqual(self.carrier.asked, [], "nobody is asked while the order is written")
        self.env.flush_all()
        then = self.env[action["type"]].with_user(seller).browse(action["id"])
        with self.enter_registry_test_mode():
            action = then.with_context(**action["context"]).run()
        choice = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(choice.order_id, order)
        self.assertEqual(choice.point_ids.mapped("name"), ["Kiosk am Markt", "Tabac"])

    def test_who_sees_what_carriers_told(self):
        self.learn()
        area = self.env["oms.carrier.area"].search([])
        operator = new_test_user(self.env, "relay_operator", "oms.group_order_operator")
        self.assertIn("Kiosk", area.with_user(operator).point_text)
        self.assertFalse(area.with_user(operator).has_access("write"))
        area.with_user(operator).action_ask()
        self.run_tasks()
        self.assertEqual(len(self.carrier.asked), 2)
        clerk = new_test_user(self.env, "relay_clerk", "oms.group_site_operator")
        self.assertFalse(area.with_user(clerk).has_access("read"))
