"""What people at one site, in sales and outside the company see of the others' work."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..common import OmsCase

INTERNAL_OF_ORDER = (
    "oms_channel_id",
    "oms_external_ref",
    "oms_content_hash",
    "oms_waiting_reason",
    "oms_state",
    "oms_import_id",
    "oms_fulfillment_ids",
    "oms_fulfillment_count",
    "oms_decision_ids",
    "oms_decision_count",
)
INTERNAL_OF_LINE = (
    "oms_claim_ids",
    "oms_fulfillment_line_ids",
    "oms_qty_open",
    "oms_site_names",
)


class SitesCase(OmsCase):
    """One order of each of two sites, and a clerk of the first."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 20))
        cls.stock(cls.berry, (cls.far, 20))
        cls.clerk = cls.make_user("near-clerk", "oms.group_site_operator")
        cls.near.user_ids = cls.clerk
        cls.own = cls.make_order((cls.apple, 4), user_id=False)
        cls.foreign = cls.make_order((cls.berry, 4), user_id=False)

    def visible(self, user, model):
        return self.env[model].with_user(user).search([])

    def batch(self, order):
        picking = order.picking_ids
        return self.env["stock.picking.batch"].create(
            {"picking_type_id": picking.picking_type_id.id, "picking_ids": [(6, 0, picking.ids)]}
        )

    def records(self, order):
        """Return what there is of an order at its site."""
        moves = order.picking_ids.move_ids
        moves._action_assign()
        quants = self.env["stock.quant"].search(
            [("product_id", "in", moves.product_id.ids), ("location_id.usage", "=", "internal")]
        )
        return (order, order.order_line, moves, moves.move_line_ids, quants, self.batch(order))


WORDS = "One box is damaged."


@tagged("post_install", "-at_install")
class TestClerk(SitesCase):
    def test_sees_own_site_only(self):
        for own, foreign in zip(self.records(self.own), self.records(self.foreign), strict=True):
            with self.subTest(model=own._name):
                self.assertTrue(own and foreign)
                visible = self.visible(self.clerk, own._name)
                self.assertLessEqual(own, visible)
                self.assertFalse(foreign & visible)
                with self.assertRaises(AccessError):
                    foreign.with_user(self.clerk).check_access("write")

    def test_other_roles_add_their_view(self):
        foreign = self.records(self.foreign)
        for role in ("stock.group_stock_manager", "oms.group_order_operator"):
            user = self.make_user(f"clerk-{role}", f"oms.group_site_operator,{role}")
            for records in foreign:
                with self.subTest(role=role, model=records._name):
                    self.assertLessEqual(records, self.visible(user, records._name))

    def test_salesperson_keeps_what_sales_gives(self):
        own_documents = "sales_team.group_sale_salesman"
        colleague = self.make_user("colleague", own_documents)
        self.foreign.user_id = colleague
        for role in ("oms.group_site_operator", "stock.group_stock_manager"):
            user = self.make_user(f"seller-{role}", f"{own_documents},{role}")
            mine = self.make_order((self.berry, 1), user_id=user.id)
            visible = self.visible(user, "sale.order")
            self.assertIn(mine, visible)
            self.assertNotIn(self.foreign, visible)
            self.assertLessEqual(
                mine.order_line.move_ids, self.visible(user, "stock.move"), "as without the role"
            )

    def test_ships_part_and_the_rest(self):
        picking = self.own.picking_ids.with_user(self.clerk)
        picking.do_unreserve()
        self.ship(picking, 3, backorder=True)
        rest = self.own.picking_ids - picking.sudo()
        self.assertEqual(len(rest), 1)
        self.ship(rest.with_user(self.clerk))
        self.assertEqual(self.own.order_line.qty_delivered, 4)
        self.assertEqual(self.own.oms_fulfillment_ids.state, "shipped")

    def test_ships_in_two_steps(self):
        self.near.warehouse_id.delivery_steps = "pick_ship"
        order = self.make_order((self.apple, 2), user_id=False)
        for _step in range(2):
            picking = order.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
            self.assertEqual(len(picking), 1)
            self.ship(picking.with_user(self.clerk))
        self.assertEqual(order.order_line.qty_delivered, 2)

    def test_ships_what_odoo_alone_delivers(self):
        self.channel.orchestrated = False
        order = self.make_order((self.apple, 2), warehouse_id=self.near.warehouse_id.id)
        self.assertFalse(order.oms_fulfillment_ids)
        self.ship(order.picking_ids.with_user(self.clerk))
        self.assertEqual(order.order_line.qty_delivered, 2)
        self.assertIn(order, self.visible(self.clerk, "sale.order"))

    def make_resupply(self):
        """Make the two chained transfers that bring goods from Near to Far."""
        warehouse = self.far.warehouse_id
        warehouse.resupply_wh_ids = self.near.warehouse_id
        route = warehouse.resupply_route_ids
        self.env["stock.rule"].run(
            [
                self.env["stock.rule"].Procurement(
                    self.apple,
                    2.0,
                    self.apple.uom_id,
                    warehouse.lot_stock_id,
                    "Resupply",
                    "Resupply",
                    self.company,
                    {"warehouse_id": warehouse, "route_ids": route},
                )
            ]
        )
        moves = self.env["stock.move"].search([("origin", "=", "Resupply")])
        out = moves.filtered(lambda move: move.location_id.warehouse_id == self.near.warehouse_id)
        self.assertEqual(out.move_dest_ids, moves - out)
        return out, moves - out

    def test_sends_and_receives_between_sites(self):
        out, receipt = self.make_resupply()
        receiver = self.make_user("far-clerk", "oms.group_site_operator")
        self.far.user_ids = receiver
        self.env.invalidate_all()
        self.ship(out.picking_id.with_user(self.clerk))
        self.assertEqual(out.state, "done")
        self.assertEqual(receipt.state, "assigned")
        receipt.picking_id.do_unreserve()
        self.env.invalidate_all()
        self.ship(receipt.picking_id.with_user(receiver))
        self.assertEqual(receipt.state, "done")
        self.assertEqual(receipt.quantity, 2)

    def test_cancels_what_another_site_waits_for(self):
        out, receipt = self.make_resupply()
        self.env.invalidate_all()
        out.picking_id.with_user(self.clerk).action_cancel()
        self.assertEqual(out.state, "cancel")
        self.assertEqual(receipt.state, "cancel" if out.propagate_cancel else "confirmed")

    def test_talks_about_its_fulfillments(self):
        part = self.own.oms_fulfillment_ids.with_user(self.clerk)
        message = part.message_post(body=WORDS)
        self.assertIn(message, part.message_ids)
        activity = part.activity_schedule("mail.mail_activity_data_todo", user_id=self.clerk.id)
        self.assertIn(activity, part.activity_ids)
        activity.action_feedback(feedback="Repacked")
        foreign = self.foreign.oms_fulfillment_ids.with_user(self.clerk)
        with self.assertRaises(AccessError):
            foreign.message_post(body=WORDS)


@tagged("post_install", "-at_install")
class TestOthers(SitesCase):
    def test_nobody_writes_fulfillments(self):
        for role in ("oms.group_order_operator", "oms.group_order_manager"):
            user = self.make_user(role, role)
            with self.assertRaises(AccessError):
                self.own.oms_fulfillment_ids.with_user(user).write({"state": "shipped"})
            self.own.oms_fulfillment_ids.with_user(user).message_post(body=WORDS)

    def test_salesperson_sees_claims_of_own_orders(self):
        group = "sales_team.group_sale_salesman"
        seller = self.make_user("seller", group)
        colleague = self.make_user("colleague", group)
        self.own.user_id = seller
        self.foreign.user_id = colleague
        claims = self.visible(seller, "oms.claim")
        self.assertLessEqual(self.own.order_line.oms_claim_ids, claims)
        self.assertFalse(claims & self.foreign.order_line.oms_claim_ids)
        everything = self.make_user("leads", "sales_team.group_sale_salesman_all_leads")
        self.assertEqual(self.visible(everything, "oms.claim"), self.env["oms.claim"].search([]))

    def test_customer_reads_nothing_internal(self):
        visitor = self.make_user("visitor", "base.group_portal")
        self.own.partner_id = visitor.partner_id
        for records, names in (
            (self.own, INTERNAL_OF_ORDER),
            (self.own.order_line, INTERNAL_OF_LINE),
        ):
            seen = records.with_user(visitor)
            self.assertTrue(seen.read(["name"]))
            for name in names:
                with self.subTest(field=name), self.assertRaises(AccessError):
                    seen.read([name])
                if records._fields[name]._description_searchable:
                    with self.subTest(search=name), self.assertRaises(AccessError):
                        seen.search([(name, "!=", False)])

    def test_no_field_of_the_addon_is_open_to_customers(self):
        """Whatever model of Odoo a customer may read, what the addon added to it stays internal."""
        visitor = self.make_user("visitor", "base.group_portal")
        checked = 0
        for model in self.env.values():
            Model = self.env[model._name].with_user(visitor)
            if model._abstract or model._transient or not Model.has_access("read"):
                continue
            for name, field in Model._fields.items():
                if name.startswith("oms_"):
                    checked += 1
                    with self.subTest(field=f"{model._name}.{name}"):
                        self.assertFalse(Model._has_field_access(field, "read"))
        self.assertGreater(checked, 15)

    def test_customer_accepts_a_quotation(self):
        visitor = self.make_user("visitor", "base.group_portal")
        for user in (visitor, self.env.ref("base.public_user")):
            order = self.make_order(
                (self.apple, 2), confirm=False, partner_id=visitor.partner_id.id, user_id=False
            )
            order.partner_shipping_id = self.customer
            self.env.invalidate_all()
            order.with_user(user).sudo()._validate_order()
            self.assertEqual(order.state, "sale")
            self.assertEqual(order.oms_state, "sourced")
            self.assertEqual(self.plan(order), {("NEAR", "Apple"): 2})
            self.assertTrue(order.oms_decision_ids)
