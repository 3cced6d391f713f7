import json

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..common import OmsCase

OURS = (
    "oms.network",
    "oms.site",
    "oms.channel",
    "oms.strategy",
    "oms.decision",
    "oms.claim",
    "oms.fulfillment",
    "oms.fulfillment.line",
)


class RolesCase(OmsCase):
    """One order shipped by two sites, on a channel of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 3), (cls.far, 9))
        cls.stock(cls.berry, (cls.near, 9))
        cls.order = cls.make_order((cls.apple, 10), user_id=False)
        cls.phone = cls.make_channel("Phone", "TPHONE")
        cls.phone_order = cls.make_order((cls.berry, 1), oms_channel_id=cls.phone.id, user_id=False)
        cls.claims = cls.order.order_line.oms_claim_ids

    def visible(self, user, model):
        return self.env[model].with_user(user).search([])

    def assertCannot(self, user, operation, *models):
        for model in models:
            with self.subTest(model=model, operation=operation):
                self.assertFalse(self.env[model].with_user(user).has_access(operation))

    def assertReadsAll(self, records, user):
        """Check that what the form shows of the records, by the addon, can be read."""
        records = records.with_user(user)
        shown = records.get_view(view_type="form")["models"][records._name]
        names = [
            name
            for name in shown
            for field in [records._fields[name]]
            if field._module == "oms" and records._has_field_access(field, "read")
        ]
        self.assertTrue(names)
        for record in records:
            record.invalidate_recordset()
            record.web_read({name: {} for name in names})


@tagged("post_install", "-at_install")
class TestSiteOperator(RolesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls.make_user("near-operator", "oms.group_site_operator")
        cls.near.user_ids = cls.user
        cls.part = cls.order.oms_fulfillment_ids.filtered(lambda f: f.site_id == cls.near)

    def test_sees_own_sites_only(self):
        self.assertEqual(self.visible(self.user, "oms.site"), self.near)
        parts = self.visible(self.user, "oms.fulfillment")
        self.assertEqual(parts.site_id, self.near)
        self.assertIn(self.part, parts)
        self.assertEqual(self.visible(self.user, "oms.fulfillment.line").site_id, self.near)
        self.assertEqual(self.visible(self.user, "oms.claim").site_id, self.near)
        pickings = self.visible(self.user, "stock.picking")
        self.assertEqual(pickings.picking_type_id.warehouse_id, self.near.warehouse_id)
        self.assertIn(self.part.picking_ids, pickings)

    def test_orders_are_named_and_no_links(self):
        """The form of an order needs rights on invoices, which a site operator has not."""
        seller = self.make_user("seller", "sales_team.group_sale_salesman_all_leads")
        for model in ("oms.fulfillment", "oms.claim", "oms.rejection"):
            for user, closed in ((self.user, True), (seller, False)):
                with self.subTest(model=model, user=user.login):
                    view = self.env[model].with_user(user).get_view(view_type="form")
                    fields_ = etree.fromstring(view["arch"]).findall(".//field[@name='order_id']")
                    self.assertEqual(
                        ["no_open" in (field.get("options") or "") for field in fields_], [closed]
                    )

    def test_named_nowhere_sees_nothing(self):
        other = self.make_user("nowhere", "oms.group_site_operator")
        for model in ("oms.site", "oms.fulfillment", "oms.fulfillment.line", "oms.claim"):
            self.assertFalse(self.visible(other, model))
        self.assertFalse(
            self.visible(other, "stock.picking").filtered("picking_type_id.warehouse_id")
        )

    def test_changes_nothing_of_ours(self):
        for operation in ("write", "create", "unlink"):
            self.assertCannot(self.user, operation, *OURS)
        self.assertCannot(self.user, "read", "oms.decision", "oms.strategy")

    def test_screens_open(self):
        self.assertReadsAll(self.part, self.user)
        self.assertReadsAll(self.part.picking_ids, self.user)
        self.assertReadsAll(self.near, self.user)

    def test_works_on_its_transfers(self):
        picking = self.part.picking_ids.with_user(self.user)
        self.ship(picking)
        self.assertEqual(self.part.state, "shipped")
        self.assertEqual(self.order.order_line.qty_delivered, 3)

    def test_cancels_its_transfers(self):
        self.part.picking_ids.with_user(self.user).action_cancel()
        self.assertEqual(self.part.state, "rejected")
        self.assertEqual(self.order.oms_state, "partial")

    def test_does_not_touch_other_transfers(self):
        other = self.order.picking_ids - self.part.picking_ids
        with self.assertRaises(AccessError):
            other.with_user(self.user).action_cancel()

    def test_another_role_adds_its_view(self):
        self.user.group_ids += self.env.ref("oms.group_order_operator")
        self.assertIn(self.far, self.visible(self.user, "oms.site"))
        self.assertLessEqual(
            self.order.oms_fulfillment_ids, self.visible(self.user, "oms.fulfillment")
        )
        self.assertLessEqual(self.order.picking_ids, self.visible(self.user, "stock.picking"))


@tagged("post_install", "-at_install")
class TestSalesperson(RolesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls.make_user("seller", "sales_team.group_sale_salesman")
        cls.colleague = cls.make_user("colleague", "sales_team.group_sale_salesman")

    def make_own(self):
        order = self.make_order((self.berry, 2), confirm=False, user_id=self.user.id)
        order.with_user(self.user).action_confirm()
        return order

    def test_cancels(self):
        # With purchases installed, Odoo lets nobody cancel who may not read them.
        self.user.group_ids += self.env.ref("stock.group_stock_user")
        order = self.make_own()
        self.cancel(order.with_user(self.user))
        self.assertEqual(order.oms_state, "cancelled")

    def test_confirms_raises_and_lowers(self):
        order = self.make_own()
        line = order.order_line.with_user(self.user)
        self.assertEqual(self.plan(order), {("NEAR", "Berry"): 2})
        line.product_uom_qty = 12
        self.assertEqual(order.oms_state, "partial")
        line.product_uom_qty = 1
        self.assertEqual(self.plan(order), {("NEAR", "Berry"): 1})
        self.assertBalanced(order)

    def test_sees_what_belongs_to_own_orders(self):
        mine = self.make_own()
        theirs = self.make_own()
        theirs.user_id = self.colleague
        for model, of in (
            ("oms.fulfillment", "oms_fulfillment_ids"),
            ("oms.decision", "oms_decision_ids"),
        ):
            visible = self.visible(self.user, model)
            self.assertLessEqual(mine[of], visible)
            self.assertFalse(visible & theirs[of])

    def test_screens_open(self):
        order = self.make_own()
        self.assertReadsAll(order, self.user)
        self.assertReadsAll(order.oms_decision_ids, self.user)
        self.assertReadsAll(order.oms_fulfillment_ids, self.user)

    def test_configures_nothing(self):
        for operation in ("write", "create", "unlink"):
            self.assertCannot(self.user, operation, *OURS)

    def test_asks_again(self):
        order = self.make_own()
        order.with_user(self.user).order_line.product_uom_qty = 15
        self.stock(self.berry, (self.far, 20))
        order.with_user(self.user).action_oms_source()
        self.assertEqual(order.oms_state, "sourced")


@tagged("post_install", "-at_install")
class TestOrderRoles(RolesCase):
    def test_operator(self):
        user = self.make_user("operator", "oms.group_order_operator")
        for model in ("oms.fulfillment", "oms.decision", "oms.claim", "oms.site", "oms.channel"):
            everything = self.env[model].search([])
            self.assertEqual(self.visible(user, model), everything, model)
        self.assertCannot(user, "write", "oms.site", "oms.channel", "oms.network", "oms.strategy")
        self.assertCannot(user, "create", "oms.fulfillment", "oms.claim", "oms.decision")
        self.order.with_user(user).order_line.product_uom_qty = 11
        self.assertEqual(self.order.order_line.oms_qty_open, 0)

    def test_operator_opens_all_screens(self):
        user = self.make_user("operator", "oms.group_order_operator")
        for records in (
            self.order,
            self.order.oms_fulfillment_ids,
            self.order.oms_decision_ids,
            self.claims,
            self.near,
            self.network,
            self.channel,
            self.strategy,
        ):
            with self.subTest(model=records._name):
                self.assertReadsAll(records, user)

    def test_manager_configures(self):
        user = self.make_user("manager", "oms.group_order_manager")
        self.near.with_user(user).write({"parcel_cost": 2.0, "ships": False})
        network = self.env["oms.network"].with_user(user).create({"name": "His"})
        network.site_ids = self.near
        strategy = self.env["oms.strategy"].with_user(user).create({"name": "His"})
        channel = (
            self.env["oms.channel"]
            .with_user(user)
            .create({"name": "His", "code": "HIS", "strategy_id": strategy.id})
        )
        for records in (self.near, network, strategy, channel):
            self.assertReadsAll(records, user)
        supplier = self.make_partner("Mill").with_user(user)
        self.assertTrue(supplier.action_oms_supplier_site()["res_id"])
        self.assertCannot(user, "write", "oms.decision", "oms.claim")
        self.assertCannot(user, "create", "oms.decision", "oms.claim", "oms.fulfillment")

    def test_stock_user_sees_fulfillments_of_all_sites(self):
        user = self.make_user("storekeeper", "stock.group_stock_user")
        parts = self.visible(user, "oms.fulfillment")
        self.assertLessEqual(self.order.oms_fulfillment_ids, parts)
        self.assertReadsAll(self.order.picking_ids, user)
        self.assertReadsAll(self.order.oms_fulfillment_ids, user)
        self.assertCannot(user, "read", "oms.decision", "oms.claim", "oms.strategy")
        for operation in ("write", "create", "unlink"):
            self.assertCannot(user, operation, *OURS)
        self.ship(self.order.picking_ids[0].with_user(user))

    def test_accountant_opens_orders(self):
        user = self.make_user("accountant", "account.group_account_invoice")
        self.assertReadsAll(self.order, user)
        self.assertCannot(user, "read", "oms.decision", "oms.claim", "oms.fulfillment")

    def test_without_any_role(self):
        for groups in ("base.group_user", "base.group_portal", "base.group_public"):
            user = self.make_user(f"plain-{groups}", groups)
            self.assertCannot(user, "read", *OURS)

    def test_other_company_stays_unseen(self):
        other = self.env["res.company"].create({"name": "Daughter"})
        user = self.make_user(
            "their-manager",
            "oms.group_order_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        for model in OURS:
            if model == "oms.strategy":
                continue
            visible = self.visible(user, model)
            self.assertFalse(visible.company_id - other, model)
        self.strategy.company_id = self.company
        self.assertNotIn(self.strategy, self.visible(user, "oms.strategy"))
        self.assertIn(self.env.ref("oms.strategy_balanced"), self.visible(user, "oms.strategy"))
        with self.assertRaises(AccessError):
            self.order.oms_fulfillment_ids.with_user(user).mapped("name")


@tagged("post_install", "-at_install")
class TestChannelUser(HttpCase, RolesCase):
    """The technical user of a channel's own system."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls.make_user("web-system", "oms.group_channel_user")
        cls.channel.user_ids = cls.user
        cls.portal = cls.make_user("visitor", "base.group_portal")
        cls.key = (
            cls.env["res.users.apikeys"]
            .with_user(cls.user)
            .sudo()
            ._generate("rpc", "test", fields.Datetime.add(fields.Datetime.now(), days=1))
        )

    def call(self, model, method, **body):
        return self.url_open(
            f"/json/2/{model}/{method}",
            data=json.dumps(body),
            headers={
                "Authorization": f"Bearer {self.key}",
                "Content-Type": "application/json",
            },
        )

    def test_sees_nothing(self):
        """What it may know, the channel API tells."""
        for operation in ("read", "write", "create", "unlink"):
            self.assertCannot(self.user, operation, *OURS)
        self.assertCannot(
            self.user,
            "read",
            "sale.order",
            "stock.picking",
            "stock.quant",
            "product.product",
            "res.partner",
        )

    def test_is_refused_elsewhere_over_http(self):
        parts = self.order.oms_fulfillment_ids
        for model, method, body in (
            ("sale.order", "search_read", {"domain": [], "fields": ["name"]}),
            ("oms.decision", "search_read", {"domain": [], "fields": ["note"]}),
            ("oms.site", "search_read", {"domain": [], "fields": ["name"]}),
            ("sale.order", "action_oms_source", {"ids": self.order.ids}),
            ("oms.channel", "write", {"ids": self.channel.ids, "vals": {"name": "Mine"}}),
            ("oms.fulfillment", "write", {"ids": parts.ids, "vals": {"name": "Mine"}}),
            ("oms.fulfillment", "read", {"ids": parts.ids, "fields": ["name"]}),
            ("oms.fulfillment", "search_read", {"domain": []}),
            ("oms.channel", "read", {"ids": self.channel.ids, "fields": ["name"]}),
        ):
            with self.subTest(model=model, method=method), mute_logger("odoo.http"):
                response = self.call(model, method, **body)
                self.assertEqual(response.status_code, 403, response.text)
