from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import OmsCase


@tagged("post_install", "-at_install")
class TestChannel(OmsCase):
    """Channels: their sites, their default, what they refuse."""

    def test_orchestrated_channel_needs_a_strategy(self):
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.channel.strategy_id = False
        self.channel.orchestrated = False
        self.channel.strategy_id = False
        with self.assertRaises(ValidationError):
            self.channel.orchestrated = True

    def test_new_channel_starts_with_the_balanced_strategy(self):
        channel = self.env["oms.channel"].create({"name": "Phone", "code": "TPHONE"})
        self.assertEqual(channel.strategy_id, self.env.ref("oms.strategy_balanced"))

    def test_sites_come_from_its_networks(self):
        self.assertEqual(self.channel.site_ids, self.sites)
        self.network.site_ids -= self.far
        self.assertEqual(self.channel.site_ids, self.near + self.middle)
        second = self.env["oms.network"].create({"name": "South", "site_ids": [(4, self.far.id)]})
        self.channel.network_ids += second
        self.assertEqual(self.channel.site_ids, self.sites)

    def test_without_networks_all_sites_of_the_company_serve(self):
        self.channel.network_ids = False
        expected = self.env["oms.site"].search([("company_id", "=", self.company.id)])
        self.assertEqual(self.channel.site_ids, expected)

    def test_archived_sites_do_not_serve(self):
        self.near.warehouse_id.active = False
        self.channel.invalidate_recordset()
        self.assertEqual(self.channel.site_ids, self.middle + self.far)

    def test_archived_network_serves_nothing(self):
        self.network.active = False
        self.env.invalidate_all()
        self.assertFalse(self.channel.site_ids)
        self.assertFalse(self.channel._get_sourcing_sites())

    def test_sites_that_ship_and_suppliers_are_sourced(self):
        supplier = self.make_partner("Mill")._oms_ensure_supplier_site(self.company)
        keeper = supplier.copy({"code": "KEEP", "kind": "third_party"})
        self.network.site_ids += supplier + keeper
        self.middle.ships = False
        self.assertIn(supplier, self.channel.site_ids)
        self.assertEqual(self.channel._get_sourcing_sites(), self.near + self.far + supplier)

    def test_sourcing_sites_come_in_order_of_priority(self):
        self.far.sequence, self.near.sequence, self.middle.sequence = 1, 2, 3
        self.assertEqual(
            self.channel._get_sourcing_sites().ids, (self.far + self.near + self.middle).ids
        )

    def test_codes_are_unique_in_a_company(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.make_channel("Again", "TWEB")

    def test_networks_of_another_company_are_refused(self):
        other = self.env["res.company"].create({"name": "Daughter"})
        theirs = self.env["oms.network"].create({"name": "Theirs", "company_id": other.id})
        with self.assertRaises(UserError):
            self.channel.network_ids += theirs

    def test_counts_its_orders(self):
        self.stock(self.apple, (self.near, 1))
        self.make_order((self.apple, 1))
        self.make_order((self.apple, 1))
        self.make_order((self.apple, 1), confirm=False)
        self.env.flush_all()
        self.channel.invalidate_recordset()
        self.assertEqual((self.channel.order_count, self.channel.waiting_count), (2, 1))
        waiting = self.env["sale.order"].search(self.channel.action_view_waiting()["domain"])
        self.assertEqual(waiting.mapped("oms_state"), ["waiting"])


@tagged("post_install", "-at_install")
class TestDefaultChannel(OmsCase):
    """Quotations made by hand start on the default channel of their company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.company"].create({"name": "Daughter"})
        cls.channel.is_default = True

    def quotation(self, company, **vals):
        return (
            self.env["sale.order"]
            .with_company(company)
            .create({"partner_id": self.customer.id, **vals})
        )

    def test_one_default_per_company(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.make_channel("Phone", "TPHONE", is_default=True)

    def test_archived_default_makes_room(self):
        self.channel.active = False
        self.env.flush_all()
        channel = self.make_channel("Phone", "TPHONE", is_default=True)
        self.assertEqual(self.quotation(self.company).oms_channel_id, channel)

    def test_each_company_has_its_own(self):
        self.assertEqual(self.quotation(self.company).oms_channel_id, self.channel)
        self.assertFalse(self.quotation(self.other).oms_channel_id)
        theirs = self.make_channel(
            "Theirs", "TWEB", company_id=self.other.id, network_ids=False, is_default=True
        )
        self.assertEqual(self.quotation(self.other).oms_channel_id, theirs)
        self.assertEqual(self.quotation(self.company).oms_channel_id, self.channel)

    def test_a_stated_channel_wins(self):
        phone = self.make_channel("Phone", "TPHONE")
        self.assertEqual(
            self.quotation(self.company, oms_channel_id=phone.id).oms_channel_id, phone
        )

    def test_salesperson_gets_it_without_rights_on_channels(self):
        user = self.make_user("seller", "sales_team.group_sale_salesman")
        order = self.env["sale.order"].with_user(user).create({"partner_id": self.customer.id})
        self.assertEqual(order.oms_channel_id, self.channel)

    def test_channel_of_another_company_is_refused(self):
        theirs = self.make_channel("Theirs", "TX", company_id=self.other.id, network_ids=False)
        with self.assertRaises(UserError):
            self.quotation(self.company, oms_channel_id=theirs.id)

    def test_a_copy_keeps_the_channel_and_nothing_else(self):
        phone = self.make_channel("Phone", "TPHONE")
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 2), oms_channel_id=phone.id, oms_external_ref="R1")
        copy = order.copy()
        self.assertEqual(copy.oms_channel_id, phone)
        self.assertFalse(copy.oms_external_ref)
        self.assertFalse(copy.oms_state)
        self.assertFalse(
            copy.oms_fulfillment_ids + copy.order_line.oms_fulfillment_line_ids.fulfillment_id
        )
        self.assertFalse(copy.oms_decision_ids)
        self.assertFalse(copy.order_line.oms_claim_ids)
        self.assertFalse(copy.order_line.oms_qty_open)
        copy.action_confirm()
        self.assertEqual(copy.oms_state, "sourced")
        self.assertEqual(
            order.oms_fulfillment_ids & copy.oms_fulfillment_ids, order.browse().oms_fulfillment_ids
        )


@tagged("post_install", "-at_install")
class TestExternalReference(OmsCase):
    """The number that a channel gives an order is unique in the channel."""

    def test_database_refuses_a_duplicate(self):
        self.make_order((self.apple, 1), confirm=False, oms_external_ref="R-1")
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.make_order((self.apple, 1), confirm=False, oms_external_ref="R-1")

    def test_other_channels_may_use_it(self):
        phone = self.make_channel("Phone", "TPHONE")
        self.make_order((self.apple, 1), confirm=False, oms_external_ref="R-1")
        order = self.make_order(
            (self.apple, 1), confirm=False, oms_external_ref="R-1", oms_channel_id=phone.id
        )
        self.assertEqual(order.oms_external_ref, "R-1")

    def test_orders_without_reference_do_not_clash(self):
        orders = [self.make_order((self.apple, 1), confirm=False) for _ in range(2)]
        self.assertFalse(any(order.oms_external_ref for order in orders))
