import random
from collections import defaultdict
from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .external import ExternalCase


class SupplyCase(ExternalCase):
    """Documents that bring goods to sites."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Supply = cls.env["oms.supply"]
        cls.products = cls.apple + cls.berry

    @classmethod
    def purchase(cls, site, product, quantity, **vals):
        """Order goods from the mill and return the open receipt."""
        order = cls.env["purchase.order"].create(
            {
                "partner_id": cls.mill.id,
                "picking_type_id": site.warehouse_id.in_type_id.id,
                "order_line": [
                    Command.create(
                        {"product_id": product.id, "product_qty": quantity, "price_unit": 1, **vals}
                    )
                ],
            }
        )
        order.button_confirm()
        return order.picking_ids

    @classmethod
    def resupply(cls, source, target, product, quantity):
        """Have a site resupplied from another over the transit location; return both transfers."""
        warehouse = target.warehouse_id
        warehouse.resupply_wh_ids += source.warehouse_id
        route = warehouse.resupply_route_ids.filtered(
            lambda route: route.supplier_wh_id == source.warehouse_id
        )
        known = cls.env["stock.picking"].search([]).ids
        cls.env["stock.rule"].run(
            [
                cls.env["stock.rule"].Procurement(
                    product,
                    quantity,
                    product.uom_id,
                    warehouse.lot_stock_id,
                    "Resupply",
                    "Resupply",
                    cls.company,
                    {
                        "warehouse_id": warehouse,
                        "route_ids": route,
                        # Transfers of one reference would be merged.
                        "reference_ids": cls.env["stock.reference"].create({"name": "Resupply"}),
                    },
                )
            ]
        )
        pickings = cls.env["stock.picking"].search([("id", "not in", known)])
        leaving = pickings.filtered(lambda p: p.location_id.warehouse_id == source.warehouse_id)
        return leaving, pickings - leaving

    @classmethod
    def carry(cls, source, target, product, quantity):
        """Make one open transfer straight from a site to another."""
        picking = cls.env["stock.picking"].create(
            {
                "picking_type_id": source.warehouse_id.int_type_id.id,
                "location_id": source.warehouse_id.lot_stock_id.id,
                "location_dest_id": target.warehouse_id.lot_stock_id.id,
                "move_ids": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_qty": quantity,
                            "location_id": source.warehouse_id.lot_stock_id.id,
                            "location_dest_id": target.warehouse_id.lot_stock_id.id,
                        }
                    )
                ],
            }
        )
        picking.action_confirm()
        return picking

    @classmethod
    def send_back(cls, picking, quantity):
        """Have a customer return goods of a shipped transfer; return the open receipt."""
        wizard = (
            cls.env["stock.return.picking"]
            .with_context(active_id=picking.id, active_ids=picking.ids, active_model=picking._name)
            .create({})
        )
        wizard.product_return_moves.quantity = quantity
        return wizard._create_return()

    def supply(self, *domain):
        self.Supply.invalidate_model()
        return self.Supply.search([("product_id", "in", self.products.ids), *domain])


@tagged("post_install", "-at_install")
class TestSupply(SupplyCase):
    """What is on its way, by documents of all kinds."""

    def assertSupply(self, records, **values):
        self.assertRecordValues(records, [values])

    def test_purchase(self):
        receipt = self.purchase(self.near, self.apple, 4, date_planned="2024-03-04 12:00:00")
        order = receipt.purchase_id
        [supply] = self.supply()
        self.assertSupply(
            supply,
            product_id=self.apple.id,
            site_id=self.near.id,
            company_id=self.company.id,
            kind="receipt",
            quantity=4,
            overdue=True,
            picking_id=receipt.id,
            purchase_id=order.id,
            purchase_line_id=order.order_line.id,
            partner_id=self.mill.id,
            origin=order.name,
            move_id=receipt.move_ids.id,
        )
        self.assertEqual(supply.expected_at, receipt.move_ids.date)
        self.assertEqual(supply.action_open_document()["res_id"], receipt.id)
        receipt.move_ids.date = fields.Datetime.now() + timedelta(days=1)
        self.assertFalse(self.supply().overdue)
        self.assertFalse(self.supply(("overdue", "=", True)))
        self.ship(receipt, 4)
        self.assertFalse(self.supply())

    def test_unit_of_the_product(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self.purchase(self.near, self.apple, 2, product_uom_id=dozen.id)
        self.assertEqual(self.supply().quantity, 24)

    def test_receipt_in_two_steps(self):
        self.near.warehouse_id.reception_steps = "two_steps"
        receipt = self.purchase(self.near, self.apple, 4)
        self.assertSupply(self.supply(), kind="receipt", quantity=4, site_id=self.near.id)
        self.ship(receipt, 4)
        self.assertFalse(self.supply(), "what has arrived is on hand, not under way")

    def test_transit_counts_once_and_for_the_target(self):
        self.stock(self.apple, (self.near, 9))
        leaving, arriving = self.resupply(self.near, self.far, self.apple, 3)
        self.assertEqual(leaving.location_dest_id.usage, "transit")
        for picking in (leaving, arriving):
            self.assertSupply(
                self.supply(),
                kind="transfer",
                quantity=3,
                site_id=self.far.id,
                picking_id=arriving.id,
                company_id=self.company.id,
            )
            self.ship(picking, 3)
        self.assertFalse(self.supply())

    def test_transit_between_companies(self):
        """What is in transit belongs to the company of the site that it reaches."""
        other = self.env["res.company"].create({"name": "Daughter"})
        theirs = self.make_site("Theirs", "THEIR", company=other)
        transit = self.env.ref("stock.stock_location_inter_company")
        self.env["stock.move"].create(
            {
                "product_id": self.apple.id,
                "product_uom_qty": 2,
                "location_id": transit.id,
                "location_dest_id": theirs.warehouse_id.lot_stock_id.id,
                "company_id": other.id,
            }
        )._action_confirm()
        self.assertSupply(
            self.supply(), kind="transfer", site_id=theirs.id, company_id=other.id, quantity=2
        )

    def test_straight_transfer(self):
        self.stock(self.apple, (self.near, 9))
        self.carry(self.near, self.far, self.apple, 3)
        self.assertSupply(self.supply(), kind="transfer", quantity=3, site_id=self.far.id)

    def test_return_of_a_customer(self):
        self.stock(self.apple, (self.near, 9))
        order = self.make_order((self.apple, 5))
        self.ship(order.picking_ids)
        back = self.send_back(order.picking_ids, 2)
        self.assertSupply(
            self.supply(),
            kind="return",
            quantity=2,
            site_id=self.near.id,
            picking_id=back.id,
            partner_id=self.customer.id,
        )

    def test_production(self):
        """Whatever a production location brings, with or without manufacturing installed."""
        workshop = self.env["stock.location"].create({"name": "Work", "usage": "production"})
        move = self.env["stock.move"].create(
            {
                "product_id": self.apple.id,
                "product_uom_qty": 2,
                "location_id": workshop.id,
                "location_dest_id": self.near.warehouse_id.lot_stock_id.id,
            }
        )
        move._action_confirm()
        supply = self.supply()
        self.assertSupply(supply, kind="production", quantity=2, site_id=self.near.id)
        action = supply.action_open_document()
        self.assertEqual((action["res_model"], action["res_id"]), ("stock.move", move.id))

    def test_what_is_no_supply(self):
        self.stock(self.apple, (self.near, 9))
        self.make_order((self.apple, 5))
        draft = self.env["purchase.order"].create(
            {
                "partner_id": self.mill.id,
                "order_line": [Command.create({"product_id": self.apple.id, "product_qty": 2})],
            }
        )
        self.assertEqual(draft.state, "draft")
        stock = self.near.warehouse_id.lot_stock_id
        shelf = self.env["stock.location"].create({"name": "Shelf", "location_id": stock.id})
        self.env["stock.move"].create(
            {
                "product_id": self.apple.id,
                "product_uom_qty": 2,
                "location_id": stock.id,
                "location_dest_id": shelf.id,
            }
        )._action_confirm()
        self.assertFalse(self.supply())

    def test_external_stock(self):
        self.feed(self.distributor, ("APPLE", 5, 3))
        self.feed(self.keeper, ("APPLE", 5, 3), updated_at=str(self.ago(25)))
        self.feed(self.supplier, ("APPLE", 0, 3), ("BERRY", 1))
        apple = self.supply(("product_id", "=", self.apple.id))
        self.assertSupply(
            apple, kind="external", quantity=5, lead_days=3, site_id=self.distributor.id
        )
        coming = apple.expected_at - fields.Datetime.now()
        self.assertAlmostEqual(coming / timedelta(days=1), 3, 2)
        self.assertFalse(apple.overdue)
        berry = self.supply(("product_id", "=", self.berry.id))
        self.assertSupply(berry, kind="external", quantity=1, partner_id=self.mill.id)
        action = apple.action_open_document()
        self.assertEqual(action["res_model"], "oms.external.stock")
        self.assertEqual(action["res_id"], apple.external_stock_id.id)

    # === AGREEMENT === #

    def test_random_documents_agree_with_positions(self):
        """Sums are what positions call incoming, and what a plain count of the documents says."""
        draw = random.Random(3)
        self.middle.warehouse_id.reception_steps = "three_steps"
        for product in self.products:
            self.stock(product, *((site, 500) for site in self.sites))
        self.feed(self.distributor, ("APPLE", 50), ("BERRY", 50))
        self.coming, self.expected = [], defaultdict(float)
        actions = (
            self.do_purchase, self.do_resupply, self.do_carry, self.do_return,
            self.do_receive, self.do_receive, self.do_cancel,
        )  # fmt: skip
        for _step in range(40):
            product, (source, target) = draw.choice(self.products), draw.sample(self.sites, 2)
            draw.choice(actions)(draw, product, source, target)
            self.assertAgrees()
        self.assertTrue(self.coming, "something is left on its way")

    def await_goods(self, picking, site, product, quantity):
        self.coming.append((picking, site, product))
        self.expected[site, product] += quantity

    def do_purchase(self, draw, product, _source, target):
        quantity = draw.randint(2, 9)
        self.await_goods(self.purchase(target, product, quantity), target, product, quantity)

    def do_resupply(self, draw, product, source, target):
        quantity = draw.randint(2, 9)
        leaving, arriving = self.resupply(source, target, product, quantity)
        if draw.random() < 0.7:
            self.ship(leaving, quantity)
            self.await_goods(arriving, target, product, quantity)
        else:
            self.expected[target, product] += quantity

    def do_carry(self, draw, product, source, target):
        quantity = draw.randint(2, 9)
        self.await_goods(self.carry(source, target, product, quantity), target, product, quantity)

    def do_return(self, draw, product, source, _target):
        order = self.make_order(
            (product, 5), oms_channel_id=False, warehouse_id=source.warehouse_id.id
        )
        self.ship(order.picking_ids)
        quantity = draw.randint(1, 5)
        back = self.send_back(order.picking_ids, quantity)
        self.await_goods(back, source, product, quantity)

    def do_receive(self, draw, _product, _source, _target):
        """Receive all or a part, with or without a backorder of the rest."""
        if not self.coming:
            return
        picking, site, product = self.coming.pop(draw.randrange(len(self.coming)))
        asked = sum(picking.move_ids.mapped("product_qty"))
        got = draw.randint(1, int(asked))
        backorder = draw.random() < 0.5
        self.ship(picking, got, backorder=backorder)
        rest = picking.backorder_ids
        self.expected[site, product] -= got if rest else asked
        if rest:
            self.coming.append((rest, site, product))

    def do_cancel(self, draw, _product, _source, _target):
        if not self.coming:
            return
        picking, site, product = self.coming.pop(draw.randrange(len(self.coming)))
        self.expected[site, product] -= sum(picking.move_ids.mapped("product_qty"))
        picking.action_cancel()

    def assertAgrees(self):
        sums = {
            (site, product): quantity
            for site, product, quantity in self.Supply._read_group(
                [("product_id", "in", self.products.ids), ("kind", "!=", "external")],
                ["site_id", "product_id"],
                ["quantity:sum"],
            )
        }
        positions = self.env["oms.position"]._get_positions(self.sites.ids, self.products.ids)
        incoming = {
            (
                self.sites.browse(position.site_id),
                self.products.browse(position.product_id),
            ): position.incoming
            for position in positions
            if position.incoming
        }
        expected = {key: quantity for key, quantity in self.expected.items() if quantity}
        self.assertEqual(sums, incoming)
        self.assertEqual(sums, expected)


@tagged("post_install", "-at_install")
class TestSupplyRoles(SupplyCase):
    """Supply is seen by those who see the stock of its site."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.purchase(cls.near, cls.apple, 4)
        cls.purchase(cls.far, cls.berry, 4)
        cls.feed(cls.distributor, ("APPLE", 5))

    def seen_by(self, user):
        return self.Supply.with_user(user).search([("product_id", "in", self.products.ids)]).site_id

    def test_site_operators_see_their_sites(self):
        clerk = self.make_user("supply-clerk", "oms.group_site_operator")
        self.assertFalse(self.seen_by(clerk))
        self.near.user_ids = clerk
        self.assertEqual(self.seen_by(clerk), self.near)
        self.near.user_ids += self.make_user("supply-other", "oms.group_site_operator")
        self.distributor.user_ids = clerk
        self.assertEqual(self.seen_by(clerk), self.near + self.distributor)

    def test_others_see_all_of_their_company(self):
        for groups in (
            "sales_team.group_sale_salesman",
            "stock.group_stock_user",
            "oms.group_order_operator",
            "oms.group_order_manager",
        ):
            user = self.make_user(f"supply-{groups}", groups)
            self.assertEqual(self.seen_by(user), self.near + self.far + self.distributor)
            for operation in ("write", "create", "unlink"):
                self.assertFalse(self.Supply.with_user(user).has_access(operation))

    def test_strangers_see_nothing(self):
        for groups in ("base.group_user", "base.group_portal", "oms.group_channel_user"):
            with self.assertRaises(AccessError):
                self.seen_by(self.make_user(f"supply-{groups}", groups))
        other = self.env["res.company"].create({"name": "Daughter"})
        stranger = self.make_user(
            "supply-stranger",
            "oms.group_order_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        self.assertFalse(self.seen_by(stranger))

    def test_screens_open(self):
        """All columns of the list can be read by all who see it, documents by name."""
        for groups in ("sales_team.group_sale_salesman", "oms.group_site_operator"):
            user = self.make_user(f"supply-reads-{groups}", groups)
            self.near.user_ids += user
            supply = self.Supply.with_user(user).search([("site_id", "=", self.near.id)])
            names = supply.get_view(view_type="list")["models"]["oms.supply"]
            self.env.invalidate_all()
            [shown] = supply.web_read(
                {
                    name: {"fields": {"display_name": {}}}
                    if supply._fields[name].type == "many2one"
                    else {}
                    for name in names
                }
            )
            self.assertEqual(shown["quantity"], 4)
            self.assertIn("Mill", shown["partner_id"]["display_name"])

    def test_grouped_by_week(self):
        operator = self.make_user("supply-groups", "oms.group_order_operator")
        groups = self.Supply.with_user(operator)._read_group(
            [("product_id", "in", self.products.ids)], ["expected_at:week"], ["quantity:sum"]
        )
        self.assertEqual(sum(quantity for _week, quantity in groups), 13)
